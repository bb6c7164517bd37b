"""Anthropic Messages, as the documentation prints them: https://platform.claude.com/docs/en/build-with-claude/streaming.

A ping follows the first event of a block, as it does there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hector_tui.llm.base import StopReason
from hector_tui.llm.script import words_of
from tests.provider.answers import CACHED_TOKENS, INPUT_TOKENS, Answer
from tests.provider.speech import ReceivedRequest, event, portions

MEDIA_TYPE = "text/event-stream; charset=utf-8"
_REASONS = {
    StopReason.END: "end_turn",
    StopReason.TOOL_CALLS: "tool_use",
    StopReason.LENGTH: "max_tokens",
    StopReason.REFUSAL: "refusal",
}
_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def speaks(request: ReceivedRequest) -> bool:
    """Whether a request is of this format."""
    return request.place.endswith("/messages") or "anthropic-version" in request.headers


def events(answer: Answer, request: ReceivedRequest) -> Iterator[bytes]:
    """The body of a streamed answer, event by event."""
    yield _event("message_start", message=_message(str(request.body.get("model", "")), answer.usage))
    for index, (start, deltas) in enumerate(_blocks(answer)):
        yield _event("content_block_start", index=index, content_block=start)
        if index == 0:
            yield _event("ping")
        for delta in deltas:
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    if answer.failure:
        yield _event("error", error={"type": "overloaded_error", "message": answer.failure})
        return
    reason = answer.reason(_REASONS)
    if reason != "none":
        counts = {"output_tokens": answer.said, "output_tokens_details": {"thinking_tokens": 1}}
        usage = {"usage": counts} if answer.usage else {}
        yield _event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, **usage)
    if answer.done:
        yield _event("message_stop")


def refusal(status: int, words: str) -> bytes:
    """The body of an answer with such a status."""
    error = {"type": _KINDS.get(status, "api_error"), "message": words}
    return json.dumps({"type": "error", "error": error, "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"}).encode()


def document(request: ReceivedRequest, models: Sequence[str]) -> object:
    """The list of models; None for a question."""
    if request.method != "GET":
        return None
    listed = [
        {"type": "model", "id": name, "display_name": name.title(), "created_at": "2026-02-04T00:00:00Z"}
        for name in models
    ]
    return {"data": listed, "has_more": False, "first_id": models[0], "last_id": models[-1]}


def _blocks(answer: Answer) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """The start of each content block, and its deltas."""
    if answer.thinking:
        deltas = [{"type": "thinking_delta", "thinking": word} for word in words_of(answer.thinking)]
        deltas.append({"type": "signature_delta", "signature": answer.signature or "EqQBCgIYAhIM1gbcDa9GJwZA2b3h"})
        yield {"type": "thinking", "thinking": "", "signature": ""}, deltas
    if answer.text:
        yield {"type": "text", "text": ""}, [{"type": "text_delta", "text": word} for word in words_of(answer.text)]
    for call in answer.calls:
        parts = ["", *portions(call.arguments, call.piece)]
        start = {"type": "tool_use", "id": call.call_id, "name": call.name, "input": {}}
        yield start, [{"type": "input_json_delta", "partial_json": part} for part in parts]


def _message(model: str, counts: bool) -> dict[str, Any]:
    usage = {
        "input_tokens": INPUT_TOKENS - CACHED_TOKENS - 1,
        "cache_creation_input_tokens": 1,
        "cache_read_input_tokens": CACHED_TOKENS,
        "output_tokens": 1,
    }
    return {
        "id": "msg_014p7gG3wDgGV9EUtLvnow3U",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        **({"usage": usage} if counts else {}),
    }


def _event(kind: str, **fields: Any) -> bytes:
    data: Mapping[str, Any] = {"type": kind, **fields}
    return event(data, kind)
