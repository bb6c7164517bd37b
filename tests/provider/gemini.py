"""Gemini's `streamGenerateContent`, as its reference prints it: https://ai.google.dev/api/generate-content."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from hector_tui.llm.base import StopReason
from hector_tui.llm.script import words_of
from tests.provider.answers import CACHED_TOKENS, INPUT_TOKENS, Answer
from tests.provider.speech import ReceivedRequest, event

MEDIA_TYPE = "text/event-stream"
_REASONS = {
    StopReason.END: "STOP",
    StopReason.TOOL_CALLS: "STOP",
    StopReason.LENGTH: "MAX_TOKENS",
    StopReason.REFUSAL: "SAFETY",
}
_KINDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def speaks(request: ReceivedRequest) -> bool:
    """Whether a request is of this format."""
    return "GenerateContent" in request.place or "x-goog-api-key" in request.headers


def events(answer: Answer, request: ReceivedRequest) -> Iterator[bytes]:
    """The body of a streamed answer, event by event; a thought's signature comes with its last part."""
    thoughts = words_of(answer.thinking)
    for number, word in enumerate(thoughts, 1):
        signed = {"thoughtSignature": answer.signature} if answer.signature and number == len(thoughts) else {}
        yield _chunk(request, [{"text": word, "thought": True, **signed}])
    for word in words_of(answer.text):
        yield _chunk(request, [{"text": word}])
    for call in answer.calls:
        arguments = json.loads(call.arguments or "{}")
        yield _chunk(request, [{"functionCall": {"id": call.call_id, "name": call.name, "args": arguments}}])
    if answer.failure:
        yield b"data: " + refusal(503, answer.failure) + b"\n\n"
        return
    reason = answer.reason(_REASONS)
    if reason != "none" and answer.done:
        yield _chunk(request, [{"text": ""}], reason, _usage(answer.said) if answer.usage else None)


def refusal(status: int, words: str) -> bytes:
    """The body of an answer with such a status."""
    return json.dumps({"error": {"code": status, "message": words, "status": _KINDS.get(status, "INTERNAL")}}).encode()


def document(request: ReceivedRequest, models: Sequence[str]) -> object:
    """The list of models; None for a question."""
    if request.method != "GET":
        return None
    listed = [{"name": f"models/{name}", "supportedGenerationMethods": ["generateContent"]} for name in models]
    return {"models": listed}


def _chunk(
    request: ReceivedRequest, parts: list[dict[str, Any]], reason: str = "", usage: dict[str, int] | None = None
) -> bytes:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if reason:
        candidate["finishReason"] = reason
    model = request.place.rpartition("/")[2].partition(":")[0]
    counted = {"usageMetadata": usage} if usage is not None else {}
    return event({"candidates": [candidate], **counted, "modelVersion": model, "responseId": "mAitaLmkHPPlz7IPvtfUqQ4"})


def _usage(output_tokens: int) -> dict[str, int]:
    """One token of the output is a thought, as in the other formats."""
    return {
        "promptTokenCount": INPUT_TOKENS,
        "cachedContentTokenCount": CACHED_TOKENS,
        "candidatesTokenCount": output_tokens - 1,
        "thoughtsTokenCount": 1,
        "totalTokenCount": INPUT_TOKENS + output_tokens,
    }
