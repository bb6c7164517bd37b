"""The wire formats under test."""

from __future__ import annotations

from tests.unit.llm.formats import chat, gemini, ollama, responses
from tests.unit.llm.formats.subject import Subject

SUBJECTS: tuple[Subject, ...] = (chat.SUBJECT, responses.SUBJECT, gemini.SUBJECT, ollama.SUBJECT)
