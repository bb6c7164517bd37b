"""Our requests as OpenAI chat completions: the address, the headers and the JSON body.

Format: https://platform.openai.com/docs/api-reference/chat/create, spoken by nearly every other server.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hector_tui.domain.messages import Message, Role, TextPart, ToolCallPart, ToolResultPart
from hector_tui.domain.tools import ToolSpec
from hector_tui.llm.addresses import endpoint_url, split_address
from hector_tui.llm.base import ModelRequest
from hector_tui.llm.surrogates import whole_text

_SHORT_ID = re.compile(r"[A-Za-z0-9]{9}")


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where a host departs from the format so far that requests fail.

    Attributes:
        asks_for_usage: Whether `stream_options` may be sent; Mistral refuses it (422) and reports usage unasked.
        bound_name: OpenAI's reasoning models refuse `max_tokens`, most others do not know `max_completion_tokens`.
        has_short_ids: Mistral takes only call ids of nine letters and digits, and a session may hold another model's.
    """

    asks_for_usage: bool = True
    bound_name: str = "max_tokens"
    has_short_ids: bool = False

    def call_id(self, call_id: str) -> str:
        """A call id this host takes; the same one always gives the same one."""
        if not self.has_short_ids or _SHORT_ID.fullmatch(call_id):
            return call_id
        return hashlib.sha256(call_id.encode("utf-8", "replace")).hexdigest()[:9]


def dialect_of(base_url: str) -> Dialect:
    """The dialect spoken at an address.

    Raises:
        ConfigError: It is not an http or https address.
    """
    match split_address(base_url).hostname:
        case "api.openai.com":
            return Dialect(bound_name="max_completion_tokens")
        case "api.mistral.ai":
            return Dialect(asks_for_usage=False, has_short_ids=True)
        case _:
            return Dialect()


def chat_url(base_url: str) -> str:
    """The address requests go to. Without a path `/v1` is assumed; a path and a query, as Azure has them, are kept.

    Raises:
        ConfigError: It is not an http or https address.
    """
    return endpoint_url(base_url, "/chat/completions")


def body(
    model: str, request: ModelRequest, dialect: Dialect, *, temperature: float | None, max_tokens: int | None
) -> bytes:
    """The JSON body. What the request leaves open takes the model's setting; what both leave open is not sent."""
    data: dict[str, Any] = {"model": model, "messages": list(_messages(request, dialect)), "stream": True}
    if dialect.asks_for_usage:
        data["stream_options"] = {"include_usage": True}
    if request.tools:
        data["tools"] = [_tool(tool) for tool in request.tools]
    if (value := request.temperature if request.temperature is not None else temperature) is not None:
        data["temperature"] = value
    if (bound := request.max_tokens if request.max_tokens is not None else max_tokens) is not None:
        data[dialect.bound_name] = bound
    return whole_text(json.dumps(data, ensure_ascii=False)).encode()


def _messages(request: ModelRequest, dialect: Dialect) -> Iterator[dict[str, Any]]:
    if request.system:
        yield {"role": "system", "content": request.system}
    for message in request.messages:
        match message.role:
            case Role.USER:
                yield {"role": "user", "content": message.text}
            case Role.ASSISTANT:
                yield from _assistant(message, dialect)
            case Role.TOOL:
                yield from _tool_results(message, dialect)


def _assistant(message: Message, dialect: Dialect) -> Iterator[dict[str, Any]]:
    """Thinking is not sent: no server of this format takes it back. A message of nothing else is left out."""
    text = "".join(part.text for part in message.parts if isinstance(part, TextPart))
    calls = message.tool_calls
    if not text and not calls:
        return
    found: dict[str, Any] = {"role": "assistant", "content": text or None}
    if calls:
        found["tool_calls"] = [_call(call, dialect) for call in calls]
    yield found


def _call(call: ToolCallPart, dialect: Dialect) -> dict[str, Any]:
    function = {"name": call.name, "arguments": _sendable(call.arguments)}
    return {"id": dialect.call_id(call.call_id), "type": "function", "function": function}


def _sendable(arguments: str) -> str:
    """Arguments as a JSON object: several servers parse them again, and fail every later request on what is none."""
    try:
        is_object = isinstance(json.loads(arguments or "{}"), dict)
    except (ValueError, RecursionError):
        is_object = False
    if is_object:
        return arguments or "{}"
    return json.dumps({"not_valid_json": arguments}, ensure_ascii=False)


def _tool_results(message: Message, dialect: Dialect) -> Iterator[dict[str, Any]]:
    for part in message.parts:
        if isinstance(part, ToolResultPart):
            yield {"role": "tool", "tool_call_id": dialect.call_id(part.call_id), "content": part.text}


def _tool(tool: ToolSpec) -> dict[str, Any]:
    parameters = dict(tool.parameters) or {"type": "object", "properties": {}}
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": parameters},
    }
