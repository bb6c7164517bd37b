"""The wire formats under test."""

from __future__ import annotations

from tests.unit.llm.formats import anthropic, chat, gemini, ollama, responses
from tests.unit.llm.formats.subject import Subject

SUBJECTS: tuple[Subject, ...] = (
    chat.SUBJECT,
    responses.SUBJECT,
    anthropic.SUBJECT,
    gemini.SUBJECT,
    ollama.SUBJECT,
)
