"""Our requests as OpenAI chat completions: the address, the headers and the JSON body.

Format: https://platform.openai.com/docs/api-reference/chat/create, spoken by nearly every other server.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hector_tui.domain.messages import FilePart, Message, Role, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from hector_tui.domain.tools import ToolSpec
from hector_tui.llm.addresses import endpoint_url
from hector_tui.llm.attachments import data_url, file_text, is_picture, question_at, unseen
from hector_tui.llm.base import ModelRequest, StructuredOutput
from hector_tui.llm.dialects import Dialect, default_path, is_reasoning_model, thinks_or_calls
from hector_tui.llm.providers import takes_images
from hector_tui.llm.structured import in_words, is_strict, schema_of
from hector_tui.llm.surrogates import whole_text
from hector_tui.llm.tool_calls import call_arguments_text, call_name, parameters_of

YIELDING = frozenset(
    {"stream_options", "temperature", "tools", "response_format", "max_tokens", "max_completion_tokens"}
)
"""What requests can do without when a model refuses it. Of the two names of the bound each gives way to the other."""
_SWAPPED = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_LONGEST_NAME = 64


def chat_url(base_url: str) -> str:
    """The address requests go to. Without a path `/v1` is assumed; a path and a query, as Azure has them, are kept.

    Raises:
        ConfigError: It is not an http or https address.
    """
    return endpoint_url(base_url, "/chat/completions", default_path=default_path(base_url))


def body(
    model: str,
    request: ModelRequest,
    dialect: Dialect,
    *,
    temperature: float | None,
    max_tokens: int | None,
    left_out: frozenset[str] = frozenset(),
) -> bytes:
    """The JSON body. What the request leaves open takes the model's setting; what both leave open is not sent.

    Args:
        model: The provider's name for it.
        request: What is asked.
        dialect: How the host departs from the format.
        temperature: The model's setting.
        max_tokens: The model's setting.
        left_out: What the model has refused before.

    Raises:
        RequestRejected: A file cannot be sent.
    """
    output = request.output
    asks_by_schema = output is not None and output.format != "xml" and "response_format" not in left_out
    if asks_by_schema and dialect.schemas == "words":
        asks_by_schema = False
    data: dict[str, Any] = {
        "model": model,
        "messages": list(_messages(model, request, dialect, in_prompt=_said(output, dialect, asks_by_schema))),
        "stream": True,
    }
    if dialect.asks_for_usage and "stream_options" not in left_out:
        data["stream_options"] = {"include_usage": True}
    if dialect.asks_for_cost:
        data["usage"] = {"include": True}
    if request.tools and "tools" not in left_out:
        data["tools"] = [chat_tool(tool) for tool in request.tools]
        if thinks_or_calls(model, dialect):
            data["reasoning_effort"] = "none"
    if output is not None and asks_by_schema:
        data["response_format"] = _response_format(output, dialect)
    value = request.temperature if request.temperature is not None else temperature
    if value is not None and "temperature" not in left_out and not is_reasoning_model(model):
        data["temperature"] = value
    if (bound := request.max_tokens if request.max_tokens is not None else max_tokens) is not None:
        name = _SWAPPED[dialect.bound_name] if dialect.bound_name in left_out else dialect.bound_name
        if name not in left_out:
            data[name] = bound
    return whole_text(json.dumps(data, ensure_ascii=False)).encode()


def _said(output: StructuredOutput | None, dialect: Dialect, asks_by_schema: bool) -> str:
    """What the system prompt says of an answer's form: everything a schema does not.

    `json_object` needs the word JSON in the prompt (OpenAI and DeepSeek refuse it without).
    """
    if output is None:
        return ""
    takes_schema = dialect.schemas == "schema" and (output.format == "enum" or bool(output.schema))
    if asks_by_schema and takes_schema and not output.prefill:
        return ""
    if output.format == "enum" and asks_by_schema and not takes_schema:
        schema = json.dumps(schema_of(output), ensure_ascii=False)
        return f"Answer with one JSON object that follows this schema:\n{schema}"
    return in_words(output, prefill=not dialect.continues_answers)


def _response_format(output: StructuredOutput, dialect: Dialect) -> dict[str, Any]:
    schema = schema_of(output)
    if not schema or dialect.schemas == "object":
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": is_strict(schema)}}


def _messages(model: str, request: ModelRequest, dialect: Dialect, *, in_prompt: str) -> Iterator[dict[str, Any]]:
    if system := "\n\n".join(part for part in (request.system, in_prompt) if part):
        yield {"role": "system", "content": system}
    now = question_at(request.messages)
    for number, message in enumerate(request.messages):
        match message.role:
            case Role.USER:
                yield {"role": "user", "content": _asked(model, request, message, is_now=number == now)}
            case Role.ASSISTANT:
                yield from _assistant(message, dialect)
            case Role.TOOL:
                yield from _tool_results(message, dialect)
    if request.output is not None and request.output.prefill and dialect.continues_answers:
        yield {"role": "assistant", "content": request.output.prefill, "prefix": True}


def _asked(model: str, request: ModelRequest, message: Message, *, is_now: bool) -> str | list[dict[str, Any]]:
    """A person's words; with files a list of parts, which not every server takes, so only then."""
    if not any(isinstance(part, FilePart) for part in message.parts):
        return message.text
    found: list[dict[str, Any]] = []
    for part in message.parts:
        match part:
            case FilePart(_, name) if is_picture(part) and not is_now and not takes_images(model):
                found.append({"type": "text", "text": unseen(name)})
            case FilePart() if is_picture(part):
                found.append({"type": "image_url", "image_url": {"url": data_url(part, request.files, model)}})
            case FilePart():
                found.append({"type": "text", "text": file_text(part, request.files)})
            case TextPart(text) if text:
                found.append({"type": "text", "text": text})
            case _:
                continue
    return found


def _assistant(message: Message, dialect: Dialect) -> Iterator[dict[str, Any]]:
    """A message of nothing but thinking is left out, and so is thinking, unless the host demands it."""
    text = "".join(part.text for part in message.parts if isinstance(part, TextPart))
    calls = message.tool_calls
    if not text and not calls:
        return
    found: dict[str, Any] = {"role": "assistant", "content": text or None}
    if calls:
        found["tool_calls"] = [_call(call, dialect) for call in calls]
        if dialect.returns_thinking:
            # Empty too: a call that another model made has none, and without the field it is refused.
            thinking = "".join(part.text for part in message.parts if isinstance(part, ThinkingPart))
            found["reasoning_content"] = thinking
    yield found


def _call(call: ToolCallPart, dialect: Dialect) -> dict[str, Any]:
    function = {"name": call_name(call.name, _LONGEST_NAME), "arguments": call_arguments_text(call.arguments)}
    return {"id": dialect.call_id(call.call_id), "type": "function", "function": function}


def _tool_results(message: Message, dialect: Dialect) -> Iterator[dict[str, Any]]:
    for part in message.parts:
        if isinstance(part, ToolResultPart):
            yield {"role": "tool", "tool_call_id": dialect.call_id(part.call_id), "content": part.text}


def chat_tool(tool: ToolSpec) -> dict[str, Any]:
    """A tool as chat completions and Ollama describe it."""
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": parameters_of(tool)},
    }
