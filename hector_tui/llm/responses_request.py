"""Our requests in OpenAI's Responses format: the address and the JSON body.

Format: https://platform.openai.com/docs/api-reference/responses/create. The history is ours: every request holds the
whole of it and nothing is stored at the provider, so the reasoning of earlier steps is sent back as the provider
encrypted it, which is what its documents ask of a client without `store`.
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
from hector_tui.llm.dialects import default_path, is_reasoning_model
from hector_tui.llm.providers import takes_images
from hector_tui.llm.structured import in_words, is_strict, schema_of
from hector_tui.llm.surrogates import whole_text
from hector_tui.llm.tool_calls import call_arguments_text, call_name, hashed_id, parameters_of

SIGNATURE = "openai:"
"""What the signatures of this format begin with."""
YIELDING = frozenset(
    (
        *("include", "input.reasoning", "max_output_tokens", "reasoning", "store", "temperature"),
        *("text", "text.format", "tools"),
    )
)
"""What requests can do without when a model refuses it."""
_LONGEST = 64
"""Characters of a call's id, and of a function's name; a longer one is refused with every later request."""
ENCRYPTED = "reasoning.encrypted_content"


def responses_url(base_url: str) -> str:
    """The address requests go to; a path and a query are kept.

    Raises:
        ConfigError: It is not an http or https address.
    """
    return endpoint_url(base_url, "/responses", default_path=default_path(base_url))


def body(
    model: str,
    request: ModelRequest,
    *,
    temperature: float | None,
    max_tokens: int | None,
    left_out: frozenset[str] = frozenset(),
) -> bytes:
    """The JSON body. What the request leaves open takes the model's setting; what both leave open is not sent.

    Args:
        model: The provider's name for it.
        request: What is asked.
        temperature: The model's setting.
        max_tokens: The model's setting.
        left_out: What the model has refused before.

    Raises:
        RequestRejected: A file cannot be sent.
    """
    output = request.output
    by_schema = output is not None and output.format != "xml" and not left_out & {"text", "text.format"}
    data: dict[str, Any] = {
        "model": model,
        "input": list(_items(model, request, with_reasoning="input.reasoning" not in left_out)),
        "stream": True,
        "store": False,
        "tools": [_tool(tool) for tool in request.tools],
        **_thinking(model),
    }
    if instructions := "\n\n".join(part for part in (request.system, _said(output, by_schema)) if part):
        data["instructions"] = instructions
    if output is not None and by_schema:
        data["text"] = {"format": _format(output)}
    value = request.temperature if request.temperature is not None else temperature
    if value is not None and not is_reasoning_model(model):
        data["temperature"] = value
    if (bound := request.max_tokens if request.max_tokens is not None else max_tokens) is not None:
        data["max_output_tokens"] = bound
    if not request.tools:
        del data["tools"]
    sent = {name: field for name, field in data.items() if name not in left_out}
    return whole_text(json.dumps(sent, ensure_ascii=False)).encode()


def _thinking(model: str) -> dict[str, Any]:
    """Reasoning models are asked for a summary to show and for their reasoning to send back; others refuse both."""
    if not is_reasoning_model(model):
        return {}
    return {"reasoning": {"summary": "auto"}, "include": [ENCRYPTED]}


def _said(output: StructuredOutput | None, by_schema: bool) -> str:
    """What the instructions say of an answer's form; `json_object` needs the word JSON there."""
    if output is None:
        return ""
    if by_schema and not output.prefill and (output.format == "enum" or output.schema):
        return ""
    return in_words(output)


def _format(output: StructuredOutput) -> dict[str, Any]:
    schema = schema_of(output)
    if not schema:
        return {"type": "json_object"}
    return {"type": "json_schema", "name": "answer", "schema": schema, "strict": is_strict(schema)}


def _items(model: str, request: ModelRequest, *, with_reasoning: bool) -> Iterator[dict[str, Any]]:
    now = question_at(request.messages)
    for number, message in enumerate(request.messages):
        match message.role:
            case Role.USER:
                asked = list(_asked(model, request, message, is_now=number == now))
                yield {"type": "message", "role": "user", "content": asked}
            case Role.ASSISTANT:
                yield from _answered(model, message, with_reasoning=with_reasoning)
            case Role.TOOL:
                for part in message.parts:
                    if isinstance(part, ToolResultPart):
                        yield {"type": "function_call_output", "call_id": _call_id(part.call_id), "output": part.text}


def _asked(model: str, request: ModelRequest, message: Message, *, is_now: bool) -> Iterator[dict[str, Any]]:
    for part in message.parts:
        match part:
            case FilePart(_, name) if is_picture(part) and not is_now and not takes_images(model):
                yield {"type": "input_text", "text": unseen(name)}
            case FilePart() if is_picture(part):
                url = data_url(part, request.files, model)
                yield {"type": "input_image", "image_url": url, "detail": "auto"}
            case FilePart():
                yield {"type": "input_text", "text": file_text(part, request.files)}
            case TextPart(text):
                yield {"type": "input_text", "text": text}
            case _:
                continue


def _answered(model: str, message: Message, *, with_reasoning: bool) -> Iterator[dict[str, Any]]:
    """Everything in the order it came; reasoning that led to nothing, as a cancelled answer leaves it, is refused."""
    thoughts: list[dict[str, Any]] = []
    for part in message.parts:
        item: dict[str, Any] | None = None
        match part:
            case ThinkingPart():
                thought = _reasoning(model, part) if with_reasoning else None
                thoughts += [thought] if thought is not None else []
            case TextPart(text) if text:
                item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
            case ToolCallPart():
                item = _call(part)
            case _:
                continue
        if item is not None:
            yield from thoughts
            yield item
            thoughts.clear()


def _call(call: ToolCallPart) -> dict[str, Any]:
    return {
        "type": "function_call",
        "call_id": _call_id(call.call_id),
        "name": call_name(call.name, _LONGEST),
        "arguments": call_arguments_text(call.arguments),
    }


def _call_id(call_id: str) -> str:
    return call_id if len(call_id) <= _LONGEST else hashed_id(call_id, _LONGEST)


def signature_of(model: str, item_id: str, encrypted: str, lengths: list[int]) -> str:
    """What proves a thought: its id and encrypted content.

    Args:
        model: Whose thought it is; another model could not read it.
        item_id: The provider's name for it; may be empty.
        encrypted: The content, in a form only the provider can read.
        lengths: Characters of each paragraph of the summary, so that it can be sent back as it came.
    """
    proof = {"model": model, "id": item_id, "encrypted_content": encrypted, "summary": lengths}
    return SIGNATURE + json.dumps(proof)


def _reasoning(model: str, part: ThinkingPart) -> dict[str, Any] | None:
    """A thought as it came; None for one that is another model's, another format's, or has no proof."""
    if not part.signature.startswith(SIGNATURE):
        return None
    try:
        proof = json.loads(part.signature.removeprefix(SIGNATURE))
    except (ValueError, RecursionError):
        return None
    match proof:
        case {"model": str(thinker), "id": str(item_id), "encrypted_content": str(encrypted), "summary": list(lengths)}:
            if thinker != model:
                return None
            summary = [{"type": "summary_text", "text": text} for text in _paragraphs(part.text, lengths)]
            named = {"id": item_id} if item_id else {}
            return {"type": "reasoning", **named, "summary": summary, "encrypted_content": encrypted}
        case _:
            return None


PARAGRAPH = "\n\n"
"""What stands between two parts of a summary where they are shown as one thought."""


def _paragraphs(text: str, lengths: list[Any]) -> list[str]:
    """The parts of a summary; the whole text as one if it is not what the lengths were taken from."""
    found: list[str] = []
    at = 0
    for length in lengths:
        if not isinstance(length, int):
            return [text] if text else []
        found.append(text[at : at + length])
        at += length + len(PARAGRAPH)
    if PARAGRAPH.join(found) != text:
        return [text] if text else []
    return found


def _tool(tool: ToolSpec) -> dict[str, Any]:
    # Not strict: strict tools must name every parameter as required, which ours do not.
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": parameters_of(tool),
        "strict": False,
    }
