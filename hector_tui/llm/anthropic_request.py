"""Our requests as Anthropic Messages: the address and the JSON body.

Format: https://platform.claude.com/docs/en/api/messages/create, version 2023-06-01: the later one refuses the
temperature older models still take, and servers that imitate the format do not know it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlunsplit

from hector_tui.domain.tools import ToolSpec
from hector_tui.llm.addresses import split_address
from hector_tui.llm.anthropic_messages import lacks_thought, mark_for_cache, messages_of
from hector_tui.llm.anthropic_models import effort_of, traits_of
from hector_tui.llm.base import ModelRequest, StructuredOutput
from hector_tui.llm.structured import in_words, schema_of
from hector_tui.llm.surrogates import whole_text
from hector_tui.llm.tool_calls import parameters_of

VERSION = "2023-06-01"
INTERLEAVED = "interleaved-thinking-2025-05-14"
"""What lets a model with a budget think between its tool calls; those that take an effort do it unasked."""

YIELDING = frozenset({"temperature", "thinking", "output_config", "prefill"})
"""What a request can do without."""

_LEAST_BUDGET = 1_024
_HIGHEST_TEMPERATURE = 1.0
_ENDPOINTS = ("/messages", "/models", "/v1")
_NOT_IN_SCHEMAS = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
)
"""What a schema must not say; it is told to the model in the description instead, as the vendor's own clients do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the settings of a model say; None and 0 leave it to the model.

    Attributes:
        thinking: Tokens it may think with.
        left_out: What the model has refused before and is not sent any more.
    """

    temperature: float | None = None
    max_tokens: int | None = None
    thinking: int = 0
    left_out: frozenset[str] = frozenset()

    def may_send(self, part: str) -> bool:
        """Whether the model has not refused a part."""
        return part not in self.left_out


def anthropic_url(base_url: str, endpoint: str) -> str:
    """The address of an endpoint such as `/messages` or `/models`; the address is known with and without `/v1`.

    Raises:
        ConfigError: It is not an http or https address.
    """
    parts = split_address(base_url)
    path = parts.path.rstrip("/")
    for known in _ENDPOINTS:
        path = path.removesuffix(known)
    return urlunsplit((parts.scheme, parts.netloc, f"{path}/v1{endpoint}", parts.query, ""))


def models_url(base_url: str) -> str:
    """The address that lists the models, all on one page; raises as `anthropic_url` does."""
    url = anthropic_url(base_url, "/models")
    return f"{url}{'&' if '?' in url else '?'}limit=1000"


def body(model: str, request: ModelRequest, parameters: Parameters) -> bytes:
    """The JSON body. What the request leaves open takes the model's setting.

    Raises:
        RequestRejected: A file is of a kind no model of this format takes, or is gone.
    """
    traits = traits_of(model)
    messages = messages_of(request.messages, request.files)
    data: dict[str, Any] = {"model": model, "messages": messages, "stream": True}
    if request.tools:
        data["tools"] = [_tool(tool) for tool in request.tools]
        mark_for_cache(data["tools"][-1])
    beginning = prefill_of(model, request, parameters)
    if system := _system(model, request, parameters, asks_beginning=not beginning):
        data["system"] = [{"type": "text", "text": system}]
        mark_for_cache(data["system"][0])
    bound = request.max_tokens if request.max_tokens is not None else parameters.max_tokens
    data["max_tokens"] = bound if bound is not None else traits.max_tokens
    thinking = _thinking(model, messages, parameters)
    data |= thinking
    if (budget := data.get("thinking", {}).get("budget_tokens", 0)) and data["max_tokens"] <= budget:
        # The bound counts thoughts too, and was meant for the answer.
        data["max_tokens"] += budget
    temperature = request.temperature if request.temperature is not None else parameters.temperature
    if temperature is not None and traits.takes_temperature and not thinking and parameters.may_send("temperature"):
        data["temperature"] = min(temperature, _HIGHEST_TEMPERATURE)
    if request.output is not None and is_held_to_schema(model, request.output, parameters):
        form = {"type": "json_schema", "schema": _closed(schema_of(request.output))}
        data["output_config"] = {**data.get("output_config", {}), "format": form}
    if beginning:
        messages.append({"role": "assistant", "content": [{"type": "text", "text": beginning}]})
    return whole_text(json.dumps(data, ensure_ascii=False)).encode()


def is_held_to_schema(model: str, output: StructuredOutput, parameters: Parameters) -> bool:
    """Whether the provider itself holds the answer to its form; otherwise it is asked for in words."""
    has_schema = output.format == "enum" or (output.format == "json" and bool(output.schema))
    return has_schema and traits_of(model).takes_schema and parameters.may_send("output_config")


def prefill_of(model: str, request: ModelRequest, parameters: Parameters) -> str:
    """The beginning of the answer that is put into the model's mouth; empty where the model refuses one."""
    output = request.output
    if output is None or is_held_to_schema(model, output, parameters) or parameters.thinking:
        return ""
    takes_prefill = traits_of(model).takes_prefill and parameters.may_send("prefill")
    return output.prefill.rstrip() if takes_prefill else ""


def _system(model: str, request: ModelRequest, parameters: Parameters, *, asks_beginning: bool) -> str:
    if request.output is None or is_held_to_schema(model, request.output, parameters):
        return request.system.strip()
    words = in_words(request.output, prefill=asks_beginning)
    return "\n\n".join(part for part in (request.system.strip(), words) if part)


def _thinking(model: str, messages: list[dict[str, Any]], parameters: Parameters) -> dict[str, Any]:
    """How to think; nothing leaves it to the model, of which the newest think unasked."""
    budget = parameters.thinking if parameters.may_send("thinking") else 0
    match traits_of(model).thinking:
        case "adaptive" if budget:
            # Without `display` the newest models send their thoughts empty.
            thinking = {"thinking": {"type": "adaptive", "display": "summarized"}}
            effort = {"output_config": {"effort": effort_of(budget)}}
            return {**thinking, **effort} if parameters.may_send("output_config") else thinking
        case "budget" if budget and not lacks_thought(messages):
            return {"thinking": {"type": "enabled", "budget_tokens": max(_LEAST_BUDGET, budget)}}
        case _:
            return {}


def _tool(tool: ToolSpec) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "input_schema": parameters_of(tool)}


def _closed(schema: Any) -> Any:
    """A schema as the provider takes it: objects are closed, and what it does not know is said in words."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    found = {
        name: {key: _closed(inner) for key, inner in value.items()}
        if name in ("properties", "$defs", "definitions") and isinstance(value, Mapping)
        else _closed(value)
        for name, value in schema.items()
        if name not in _NOT_IN_SCHEMAS
    }
    said = [f"{name}: {json.dumps(schema[name])}" for name in _NOT_IN_SCHEMAS if name in schema]
    if said:
        found["description"] = " ".join([*filter(None, [str(found.get("description") or "")]), f"({', '.join(said)})"])
    if found.get("type") == "object":
        found["additionalProperties"] = False
    return found
