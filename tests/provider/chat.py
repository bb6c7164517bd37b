"""Chat completions, as OpenAI's reference prints them: https://platform.openai.com/docs/api-reference/chat-streaming."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hector_tui.llm.base import StopReason
from hector_tui.llm.script import words_of
from tests.provider.answers import CACHED_TOKENS, INPUT_TOKENS, Answer, WireCall
from tests.provider.speech import ReceivedRequest, event, portions

MEDIA_TYPE = "text/event-stream; charset=utf-8"
_REASONS = {
    StopReason.END: "stop",
    StopReason.TOOL_CALLS: "tool_calls",
    StopReason.LENGTH: "length",
    StopReason.REFUSAL: "content_filter",
}


def speaks(request: ReceivedRequest) -> bool:
    """Whether a request is of this format."""
    return request.place.endswith("/chat/completions")


def events(answer: Answer, request: ReceivedRequest) -> Iterator[bytes]:
    """The body of a streamed answer, event by event."""
    model = str(request.body.get("model", ""))
    yield event(_chunk(model, {"role": "assistant", "content": ""}))
    for word in words_of(answer.thinking):
        yield event(_chunk(model, {"reasoning_content": word}))
    for word in words_of(answer.text):
        yield event(_chunk(model, {"content": word}))
    for index, call in enumerate(answer.calls):
        yield from (event(_chunk(model, {"tool_calls": [part]})) for part in _call_fragments(index, call))
    if answer.failure:
        yield b"data: " + refusal(500, answer.failure) + b"\n\n"
        return
    reason = answer.reason(_REASONS)
    if reason != "none":
        yield event(_chunk(model, {}, reason))
    if answer.usage and (request.body.get("stream_options") or {}).get("include_usage"):
        yield event({**_chunk(model, {}), "choices": [], "usage": _usage(answer.said)})
    if answer.done:
        yield b"data: [DONE]\n\n"


def delta_event(text: str | None, model: str = "loop-1") -> bytes:
    """One token of an answer as an event; None is the end."""
    return event(_chunk(model, {"content": text}) if text is not None else _chunk(model, {}, "stop"))


def refusal(status: int, words: str) -> bytes:
    """The body of an answer with such a status."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return json.dumps({"error": {"message": words, "type": kind, "param": None, "code": None}}).encode()


def document(request: ReceivedRequest, models: Sequence[str]) -> object:
    """The list of models; None for a question."""
    if request.method != "GET":
        return None
    return {"object": "list", "data": [{"id": name, "object": "model"} for name in models]}


def _call_fragments(index: int, call: WireCall) -> Iterator[dict[str, Any]]:
    function = {"name": call.name, "arguments": ""}
    yield {"index": index, "id": call.call_id, "type": "function", "function": function}
    for part in portions(call.arguments, call.piece):
        yield {"index": index, "function": {"arguments": part}}


def _chunk(model: str, delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-123",
        "object": "chat.completion.chunk",
        "created": 1694268190,
        "model": model,
        "system_fingerprint": "fp_44709d6fcb",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}],
    }


def _usage(output_tokens: int) -> dict[str, Any]:
    return {
        "prompt_tokens": INPUT_TOKENS,
        "completion_tokens": output_tokens,
        "total_tokens": INPUT_TOKENS + output_tokens,
        "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }
