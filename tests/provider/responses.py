"""Responses, as OpenAI's reference prints them: https://platform.openai.com/docs/api-reference/responses-streaming."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hector_tui.llm.base import StopReason
from hector_tui.llm.script import words_of
from tests.provider.answers import CACHED_TOKENS, INPUT_TOKENS, Answer, WireCall
from tests.provider.speech import ReceivedRequest, event, portions

MEDIA_TYPE = "text/event-stream; charset=utf-8"
_REASONS = {
    StopReason.END: "completed",
    StopReason.TOOL_CALLS: "completed",
    StopReason.LENGTH: "max_output_tokens",
    StopReason.REFUSAL: "content_filter",
}


def speaks(request: ReceivedRequest) -> bool:
    """Whether a request is of this format."""
    return request.place.endswith("/responses")


def events(answer: Answer, request: ReceivedRequest) -> Iterator[bytes]:
    """The body of a streamed answer, event by event, numbered as OpenAI numbers them."""
    for number, (kind, fields) in enumerate(_events(answer, str(request.body.get("model", "")))):
        yield event({"type": kind, "sequence_number": number, **fields}, name=kind)


def _events(answer: Answer, model: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "response.created", {"response": _response(model, "in_progress")}
    yield "response.in_progress", {"response": _response(model, "in_progress")}
    places = itertools.count()
    output: list[dict[str, Any]] = []
    if answer.thinking or answer.signature:
        output.append(_reasoning_item(answer))
        yield from _reasoning(answer, next(places), output[-1])
    if answer.text:
        output.append(_message_item(answer.text))
        yield from _message(answer.text, next(places), output[-1])
    for call in answer.calls:
        output.append(_call_item(call))
        yield from _call(call, next(places), output[-1])
    if answer.failure:
        failed = {"error": {"code": "server_error", "message": answer.failure}}
        yield "response.failed", {"response": {**_response(model, "failed"), **failed}}
        return
    reason = answer.reason(_REASONS)
    if reason == "none" or not answer.done:
        return
    status = "completed" if reason == "completed" else "incomplete"
    ended = {**_response(model, status), "output": output}
    if status == "incomplete":
        ended["incomplete_details"] = {"reason": reason}
    if answer.usage:
        ended["usage"] = _usage(answer.said)
    yield f"response.{status}", {"response": ended}


def refusal(status: int, words: str) -> bytes:
    """The body of an answer with such a status."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return json.dumps({"error": {"message": words, "type": kind, "param": None, "code": None}}).encode()


def document(request: ReceivedRequest, models: Sequence[str]) -> object:
    """Lists of models are asked for as chat completions are; None for a question."""
    return None


def _reasoning(answer: Answer, place: int, item: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    where = {"item_id": item["id"], "output_index": place, "summary_index": 0}
    yield (
        "response.output_item.added",
        {"output_index": place, "item": {**item, "summary": [], "encrypted_content": ""}},
    )
    yield "response.reasoning_summary_part.added", {**where, "part": {"type": "summary_text", "text": ""}}
    for word in words_of(answer.thinking):
        yield "response.reasoning_summary_text.delta", {**where, "delta": word}
    yield "response.reasoning_summary_text.done", {**where, "text": answer.thinking}
    yield "response.reasoning_summary_part.done", {**where, "part": {"type": "summary_text", "text": answer.thinking}}
    yield "response.output_item.done", {"output_index": place, "item": item}


def _message(text: str, place: int, item: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    where = {"item_id": item["id"], "output_index": place, "content_index": 0}
    yield (
        "response.output_item.added",
        {"output_index": place, "item": {**item, "content": [], "status": "in_progress"}},
    )
    yield "response.content_part.added", {**where, "part": {"type": "output_text", "text": "", "annotations": []}}
    for word in words_of(text):
        yield "response.output_text.delta", {**where, "delta": word, "logprobs": []}
    yield "response.output_text.done", {**where, "text": text, "logprobs": []}
    yield "response.content_part.done", {**where, "part": item["content"][0]}
    yield "response.output_item.done", {"output_index": place, "item": item}


def _call(call: WireCall, place: int, item: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    where = {"item_id": item["id"], "output_index": place}
    started = {**item, "arguments": "", "status": "in_progress"}
    yield "response.output_item.added", {"output_index": place, "item": started}
    for part in portions(call.arguments, call.piece):
        yield "response.function_call_arguments.delta", {**where, "delta": part}
    yield "response.function_call_arguments.done", {**where, "arguments": call.arguments}
    yield "response.output_item.done", {"output_index": place, "item": item}


def _reasoning_item(answer: Answer) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": answer.thinking}] if answer.thinking else []
    item = {"id": "rs_123", "type": "reasoning", "summary": summary}
    return {**item, "encrypted_content": answer.signature} if answer.signature else item


def _message_item(text: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"id": "msg_123", "type": "message", "status": "completed", "role": "assistant", "content": content}


def _call_item(call: WireCall) -> dict[str, Any]:
    return {
        "id": f"fc_{call.call_id}",
        "type": "function_call",
        "status": "completed",
        "call_id": call.call_id,
        "name": call.name,
        "arguments": call.arguments,
    }


def _response(model: str, status: str) -> dict[str, Any]:
    return {
        "id": "resp_123",
        "object": "response",
        "created_at": 1741476777,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": [],
        "store": False,
        "usage": None,
    }


def _usage(output_tokens: int) -> dict[str, Any]:
    return {
        "input_tokens": INPUT_TOKENS,
        "input_tokens_details": {"cached_tokens": CACHED_TOKENS},
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": INPUT_TOKENS + output_tokens,
    }
