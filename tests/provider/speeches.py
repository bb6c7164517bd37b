"""Every wire format the loopback provider speaks, chosen by a request's path."""

from __future__ import annotations

from tests.provider import anthropic, chat, gemini, ollama, responses
from tests.provider.speech import ReceivedRequest, Speech

SPEECHES: tuple[Speech, ...] = (anthropic, responses, chat, gemini, ollama)


def speech_of(request: ReceivedRequest) -> Speech:
    """The format of a request; chat completions for one of no known format."""
    return next((speech for speech in SPEECHES if speech.speaks(request)), chat)
