"""Ollama's own format, as its documentation prints it: https://docs.ollama.com/api/chat."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from hector_tui.llm.base import StopReason
from hector_tui.llm.script import words_of
from tests.provider.answers import INPUT_TOKENS, Answer
from tests.provider.speech import ReceivedRequest

MEDIA_TYPE = "application/x-ndjson"
_REASONS = {
    StopReason.END: "stop",
    StopReason.TOOL_CALLS: "stop",
    StopReason.LENGTH: "length",
    StopReason.REFUSAL: "stop",
}


def speaks(request: ReceivedRequest) -> bool:
    """Whether a request is of this format."""
    return "/api/" in request.place


def events(answer: Answer, request: ReceivedRequest) -> Iterator[bytes]:
    """The body of a streamed answer, line by line."""
    for word in words_of(answer.thinking):
        yield _line(request, {"content": "", "thinking": word})
    for word in words_of(answer.text):
        yield _line(request, {"content": word})
    for index, call in enumerate(answer.calls):
        function = {"index": index, "name": call.name, "arguments": json.loads(call.arguments or "{}")}
        yield _line(request, {"content": "", "tool_calls": [{"id": call.call_id, "function": function}]})
    if answer.failure:
        yield refusal(500, answer.failure) + b"\n"
        return
    if answer.done:
        reason = answer.reason(_REASONS)
        why = {} if reason == "none" else {"done_reason": reason}
        counts = _counts(answer.said) if answer.usage else {}
        yield _line(request, {"content": ""}, done=True, **why, **counts)


def refusal(status: int, words: str) -> bytes:
    """The body of an answer with such a status."""
    return json.dumps({"error": words}).encode()


def document(request: ReceivedRequest, models: Sequence[str]) -> object:
    """What the server says about its models; None for a question."""
    if request.place.endswith("/api/show"):
        return shown()
    if request.place.endswith("/api/ps"):
        return {"models": []}
    if request.method != "GET":
        return None
    details = {"format": "gguf", "family": "qwen3", "parameter_size": "8.2B", "quantization_level": "Q4_K_M"}
    return {"models": [{"name": name, "model": name, "size": 5_225_388_164, "details": details} for name in models]}


def shown(*capabilities: str, window: int = 40_960, parameters: str = "", **fields: Any) -> dict[str, Any]:
    """What `/api/show` says of a model; of one that can do everything, when nothing is named."""
    return {
        "parameters": parameters,
        "template": "{{ .Prompt }}",
        "details": {"format": "gguf", "family": "qwen3"},
        "model_info": {"general.architecture": "qwen3", "qwen3.context_length": window},
        "capabilities": list(capabilities) or ["completion", "tools", "thinking", "vision"],
        **fields,
    }


def running(model: str, window: int) -> dict[str, Any]:
    """What `/api/ps` says while a model is loaded."""
    return {"models": [{"name": model, "model": model, "size_vram": 0, "context_length": window}]}


def _line(request: ReceivedRequest, message: dict[str, Any], *, done: bool = False, **fields: Any) -> bytes:
    data = {
        "model": request.body.get("model", ""),
        "created_at": "2026-11-22T15:04:05.123456789Z",
        "message": {"role": "assistant", **message},
        "done": done,
        **fields,
    }
    return json.dumps(data, ensure_ascii=False).encode() + b"\n"


def _counts(output_tokens: int) -> dict[str, int]:
    return {
        "total_duration": 4_883_583_458,
        "load_duration": 1_334_875,
        "prompt_eval_count": INPUT_TOKENS,
        "prompt_eval_duration": 342_546_000,
        "eval_count": output_tokens,
        "eval_duration": 4_535_599_000,
    }
