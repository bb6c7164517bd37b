"""Our requests as Ollama's `/api/chat`.

Format: https://docs.ollama.com/api/chat.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hector_tui.domain.messages import FilePart, Message, Role, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from hector_tui.errors import ConfigError, RequestRejected
from hector_tui.llm.attachments import content_of, file_text, is_picture, question_at, unseen
from hector_tui.llm.base import ModelRequest, StructuredOutput
from hector_tui.llm.ollama_facts import ModelFacts
from hector_tui.llm.openai_request import chat_tool
from hector_tui.llm.structured import in_words, schema_of
from hector_tui.llm.surrogates import whole_text
from hector_tui.llm.tool_calls import call_arguments

FIELDS = {"tools": "tools", "thinking": "think", "response_format": "format"}
"""The fields a request can do without, by what `refused.py` calls them."""

_NUMBER = re.compile(r"-?\d+")
_DURATION = re.compile(r"-?(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+")


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaSettings:
    """What every request to a model carries.

    Attributes:
        temperature, max_tokens: Used when a request does not say; None is not sent.
        window: Tokens of context the server is told to give the model; 0 leaves it to the server.
        keep_alive: How long the model stays loaded, as Ollama writes it: `10m`, `0`, `-1`; empty leaves it to it.
    """

    model: str
    temperature: float | None = None
    max_tokens: int | None = None
    window: int = 0
    keep_alive: str = ""


def checked_keep_alive(text: str) -> str:
    """A duration as Ollama reads it.

    Raises:
        ConfigError: It is none.
    """
    written = text.strip()
    if written and not (_NUMBER.fullmatch(written) or _DURATION.fullmatch(written)):
        raise ConfigError(
            f"keep_alive {text!r} is not a duration",
            hint="Write it as 10m, 1h30m or a number of seconds; 0 unloads at once, -1 never.",
        )
    return written


def body(settings: OllamaSettings, request: ModelRequest, facts: ModelFacts, left_out: frozenset[str]) -> bytes:
    """The JSON body.

    Args:
        settings: What the model carries in every request; a request's own values go before them.
        request: The request.
        facts: What the model can do; what it cannot do is not asked of it.
        left_out: What the server refused before, by the names of `FIELDS`.
    """
    output = request.output
    form = _form(output) if output is not None and "response_format" not in left_out else ""
    words = in_words(output) if output is not None and not form else ""
    system = "\n\n".join(filter(None, (request.system, words)))
    data: dict[str, Any] = {
        "model": settings.model,
        "messages": list(_messages(request, system, facts)),
        "stream": True,
    }
    if request.tools and facts.may("tools"):
        data["tools"] = [chat_tool(tool) for tool in request.tools]
    if facts.does("thinking"):
        # Only where it is known: a model that cannot think answers `think` with status 400.
        data["think"] = True
    if form:
        data["format"] = form
    if settings.keep_alive:
        is_number = _NUMBER.fullmatch(settings.keep_alive) is not None
        data["keep_alive"] = int(settings.keep_alive) if is_number else settings.keep_alive
    if options := _options(settings, request):
        data["options"] = options
    refused = {FIELDS[part] for part in left_out}
    kept = {name: value for name, value in data.items() if name not in refused}
    return whole_text(json.dumps(kept, ensure_ascii=False)).encode()


def _options(settings: OllamaSettings, request: ModelRequest) -> dict[str, Any]:
    values = {
        "temperature": request.temperature if request.temperature is not None else settings.temperature,
        "num_predict": request.max_tokens if request.max_tokens is not None else settings.max_tokens,
        "num_ctx": settings.window or None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _form(output: StructuredOutput) -> str | dict[str, Any]:
    """The form of the answer; empty where only words can ask for it."""
    match output.format:
        case "json":
            return schema_of(output) or "json"
        case "enum":
            return {"type": "string", "enum": list(output.choices)}
        case _:
            return ""


def _messages(request: ModelRequest, system: str, facts: ModelFacts) -> Iterator[dict[str, Any]]:
    if system:
        yield {"role": "system", "content": system}
    this_turn = question_at(request.messages)
    for number, message in enumerate(request.messages):
        match message.role:
            case Role.USER:
                yield _asked(message, request.files, facts, is_now=number == this_turn)
            case Role.ASSISTANT:
                # Models are made to read their thoughts while they use tools, and not those of earlier turns.
                yield from _spoken(message, with_thoughts=number > this_turn and facts.does("thinking"))
            case Role.TOOL:
                yield from _results(message)


def _asked(message: Message, files: Mapping[str, bytes], facts: ModelFacts, *, is_now: bool) -> dict[str, Any]:
    """What a person said, with text files in the words and pictures beside them.

    Raises:
        RequestRejected: A file is not there any more, or the question has a picture and the model is known to see none.
    """
    words: list[str] = []
    images: list[str] = []
    for part in message.parts:
        match part:
            case TextPart(text) if text:
                words.append(text)
            case FilePart() if not is_picture(part):
                words.append(file_text(part, files))
            case FilePart() if facts.may("vision"):
                images.append(base64.b64encode(content_of(part, files)).decode("ascii"))
            case FilePart(_, name) if is_now:
                raise RequestRejected(
                    f"the model sees no pictures, and {name!r} is one",
                    hint="Take another model, or ask without the picture.",
                )
            case FilePart(_, name):
                words.append(unseen(name))
            case _:
                pass
    made: dict[str, Any] = {"role": "user", "content": "\n\n".join(words)}
    return {**made, "images": images} if images else made


def _spoken(message: Message, *, with_thoughts: bool) -> Iterator[dict[str, Any]]:
    text = "".join(part.text for part in message.parts if isinstance(part, TextPart))
    thoughts = "".join(part.text for part in message.parts if isinstance(part, ThinkingPart)) if with_thoughts else ""
    calls = message.tool_calls
    if not text and not calls:
        return
    made: dict[str, Any] = {"role": "assistant", "content": text}
    if thoughts:
        made["thinking"] = thoughts
    if calls:
        made["tool_calls"] = [_call(call) for call in calls]
    yield made


def _call(call: ToolCallPart) -> dict[str, Any]:
    return {"id": call.call_id, "function": {"name": call.name, "arguments": call_arguments(call.arguments)}}


def _results(message: Message) -> Iterator[dict[str, Any]]:
    """Results in the order of their calls, which is how templates without ids tell them apart."""
    for part in message.parts:
        if isinstance(part, ToolResultPart):
            yield {"role": "tool", "tool_name": part.name, "tool_call_id": part.call_id, "content": part.text}
