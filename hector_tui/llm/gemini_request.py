"""Our requests as Gemini's `generateContent`: the address and the JSON body.

Format: https://ai.google.dev/api/generate-content.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlunsplit

from hector_tui.domain.messages import FilePart, Message, Role, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from hector_tui.domain.tools import ToolSpec
from hector_tui.errors import ConfigError, RequestRejected
from hector_tui.llm.addresses import split_address
from hector_tui.llm.attachments import content_of, file_text, is_picture, question_at, unseen
from hector_tui.llm.base import ModelRequest, StructuredOutput
from hector_tui.llm.gemini_schema import openapi_schema
from hector_tui.llm.structured import in_words
from hector_tui.llm.surrogates import whole_text
from hector_tui.llm.tool_calls import call_arguments, call_name

SIGNATURE = "gemini:"
"""Before a signature of a thought or of a tool call."""
TEXT_SIGNATURE = "gemini:text:"
"""Before a signature that came with words of the answer; a signature is Base64 and has no colon."""
MADE_ID = "made_"
"""Before the id of a call that came without one; it is ours, and not sent back."""

_VERSION = "/v1beta"
_LONGEST_NAME = 64
_VERSIONED = re.compile(r"/v\d+(?:alpha\d*|beta\d*)?(?:/|$)")
_COPIED = re.compile(r"/openai$|/models(?:/[^/]*)?$|/chat/completions$")
_THINKS = re.compile(r"gemini-(?:2\.5|[3-9]|\d\d|(?:flash|pro|flash-lite)-latest)")
_COMBINES = re.compile(r"gemini-(?:[3-9]|\d\d|(?:flash|pro|flash-lite)-latest)")
_SPECIAL = re.compile(r"-(?:image|tts|live|native-audio|embedding)")
"""Models of a family that do without what the others of it have: drawing, speaking, listening ones."""
_BINARY = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif", "application/pdf"})
"""What is sent as it is: https://ai.google.dev/gemini-api/docs/image-understanding."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a model takes, told by its name: Gemini answers what one does not take with status 400.

    Attributes:
        thinks: Whether it can be asked to show its thoughts.
        has_tools, has_form: Whether it takes tools, and a form of the answer.
        has_system: Gemma 3 takes neither a system prompt nor tools.
        combines: Whether the form of an answer can be set while there are tools; before Gemini 3 it cannot.
    """

    thinks: bool = True
    has_system: bool = True
    has_tools: bool = True
    has_form: bool = True
    combines: bool = True


def abilities_of(model: str, left_out: frozenset[str] = frozenset()) -> Abilities:
    """What a model takes, by its name and by what it refused before."""
    name = model.rpartition("/")[2].lower()
    is_gemma_3 = name.startswith("gemma-3")
    return Abilities(
        thinks=_THINKS.match(name) is not None and _SPECIAL.search(name) is None and "thinking" not in left_out,
        has_system=not is_gemma_3 and "system" not in left_out,
        has_tools=not is_gemma_3 and "tools" not in left_out,
        has_form=not is_gemma_3 and "response_format" not in left_out,
        combines=_COMBINES.match(name) is not None,
    )


def stream_url(base_url: str, model: str) -> str:
    """The address of a model's streamed answers; without a version in the path `/v1beta` is assumed.

    Raises:
        ConfigError: It is not an http or https address, or it holds a key.
    """
    return _endpoint(base_url, f"/{_resource(model)}:streamGenerateContent", {"alt": "sse"})


def models_url(base_url: str) -> str:
    """The address that lists the models; raises as `stream_url` does."""
    return _endpoint(base_url, "/models", {"pageSize": "1000"})


def _endpoint(base_url: str, path: str, query: Mapping[str, str]) -> str:
    parts = split_address(base_url)
    given = dict(parse_qsl(parts.query))
    if "key" in given:
        raise ConfigError(
            "the provider's address holds a key",
            hint="Take `key=...` out of it and set `api_key`: it goes in a header.",
        )
    base = parts.path.rstrip("/")
    while (shorter := _COPIED.sub("", base)) != base:
        base = shorter
    if not _VERSIONED.search(base):
        base += _VERSION
    return urlunsplit((parts.scheme, parts.netloc, base + path, urlencode({**given, **query}), ""))


def _resource(model: str) -> str:
    """A model's path: a plain name is one of `models/`, a longer one such as `tunedModels/mine` says where it is."""
    return quote(model if "/" in model else f"models/{model}", safe="/-_.~")


def body(
    model: str,
    request: ModelRequest,
    *,
    temperature: float | None,
    max_tokens: int | None,
    thinking: int = 0,
    left_out: frozenset[str] = frozenset(),
) -> bytes:
    """The JSON body. What the request leaves open takes the model's setting; what both leave open is not sent.

    Args:
        model: The model.
        request: The request.
        temperature: Of the model.
        max_tokens: Of the model.
        thinking: Tokens it may think with; 0 leaves it to the model.
        left_out: What the model refused before, by the names of `refused.py`.

    Raises:
        RequestRejected: A file cannot be sent.
    """
    abilities = abilities_of(model, left_out)
    wording = _Wording(request, abilities)
    data: dict[str, Any] = {"contents": list(_contents(request, "" if abilities.has_system else wording.system))}
    if wording.system and abilities.has_system:
        data["systemInstruction"] = {"parts": [{"text": wording.system}]}
    if wording.tools:
        data["tools"] = [{"functionDeclarations": [_declaration(tool) for tool in wording.tools]}]
    config = wording.form
    value = request.temperature if request.temperature is not None else temperature
    if value is not None and "temperature" not in left_out:
        config["temperature"] = value
    if (bound := request.max_tokens if request.max_tokens is not None else max_tokens) is not None:
        config["maxOutputTokens"] = bound
    if abilities.thinks:
        config["thinkingConfig"] = {"includeThoughts": True, **({"thinkingBudget": thinking} if thinking else {})}
    if config:
        data["generationConfig"] = config
    return whole_text(json.dumps(data, ensure_ascii=False)).encode()


@dataclass(slots=True)
class _Wording:
    """The system prompt, the tools and the form of the answer, as far as the model takes them."""

    request: ModelRequest
    abilities: Abilities
    system: str = ""
    tools: tuple[ToolSpec, ...] = ()
    form: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        output = self.request.output
        self.tools = self.request.tools if self.abilities.has_tools else ()
        can_hold = self.abilities.has_form and (self.abilities.combines or not self.tools)
        self.form = _form(output) if output is not None and can_hold else {}
        words = in_words(output) if output is not None and not self.form else ""
        self.system = "\n\n".join(filter(None, (self.request.system, words)))


def _form(output: StructuredOutput) -> dict[str, Any]:
    """The part of `generationConfig` that holds an answer to its form; empty where only words can."""
    match output.format:
        case "enum":
            schema = {"type": "STRING", "enum": list(output.choices)}
            return {"responseMimeType": "text/x.enum", "responseSchema": schema}
        case "json":
            schema = openapi_schema(output.schema, output.property_ordering)
            form: dict[str, Any] = {"responseMimeType": "application/json"}
            return {**form, "responseSchema": schema} if schema else form
        case _:
            return {}


def _declaration(tool: ToolSpec) -> dict[str, Any]:
    """A tool. One without parameters says nothing of them: an object without properties is refused."""
    made: dict[str, Any] = {"name": tool.name, "description": tool.description}
    if tool.parameters.get("properties"):
        made["parametersJsonSchema"] = {name: value for name, value in tool.parameters.items() if name != "$schema"}
    return made


def _contents(request: ModelRequest, preface: str) -> Iterator[dict[str, Any]]:
    """The messages; a preface goes into the first, for models that take no system prompt."""
    now = question_at(request.messages)
    for number, message in enumerate(request.messages):
        match message.role:
            case Role.ASSISTANT:
                role, parts = "model", list(_spoken(message))
            case Role.USER:
                role, parts = "user", list(_asked(message, request.files, is_now=number == now))
            case Role.TOOL:
                role, parts = "user", [_result(part) for part in message.parts if isinstance(part, ToolResultPart)]
        if not parts:
            continue
        if preface and role == "user":
            parts.insert(0, {"text": preface})
            preface = ""
        yield {"role": role, "parts": parts}


def _asked(message: Message, files: Mapping[str, bytes], *, is_now: bool) -> Iterator[dict[str, Any]]:
    """What a person said and attached.

    Raises:
        RequestRejected: A file is not there any more, or the question has one of a type that Gemini does not take.
    """
    for part in message.parts:
        match part:
            case TextPart(text) if text:
                yield {"text": text}
            case FilePart(_, _, media_type) if media_type in _BINARY:
                data = base64.b64encode(content_of(part, files)).decode("ascii")
                yield {"inlineData": {"mimeType": media_type, "data": data}}
            case FilePart() if not is_picture(part):
                yield {"text": file_text(part, files)}
            case FilePart(_, name, media_type) if is_now:
                raise RequestRejected(
                    f"Gemini takes no pictures of the type {media_type}, and {name!r} is one",
                    hint="Convert it to PNG or JPEG and attach it again.",
                )
            case FilePart(_, name):
                yield {"text": unseen(name)}
            case _:
                pass


def _spoken(message: Message) -> Iterator[dict[str, Any]]:
    """What the model said, with the signatures of this format where it put them.

    Thoughts without one are summaries for people: Gemini reads nothing from them, and other providers' thoughts are not
    its own.
    """
    for part in message.parts:
        match part:
            case ThinkingPart(_, signature) if signature.startswith(TEXT_SIGNATURE):
                # As it came: the words end with a part that has a signature and no words.
                yield {"text": "", "thoughtSignature": signature.removeprefix(TEXT_SIGNATURE)}
            case ThinkingPart(text, signature) if signature.startswith(SIGNATURE):
                yield {"text": text, "thought": True, "thoughtSignature": signature.removeprefix(SIGNATURE)}
            case TextPart(text) if text:
                yield {"text": text}
            case _:
                pass
    for call in message.tool_calls:
        yield _call(call)


def _call(call: ToolCallPart) -> dict[str, Any]:
    named = {**_id(call.call_id), "name": call_name(call.name, _LONGEST_NAME)}
    made: dict[str, Any] = {"functionCall": {**named, "args": call_arguments(call.arguments)}}
    if call.signature.startswith(SIGNATURE):
        made["thoughtSignature"] = call.signature.removeprefix(SIGNATURE)
    return made


def _id(call_id: str) -> dict[str, str]:
    return {} if call_id.startswith(MADE_ID) else {"id": call_id}


def _result(part: ToolResultPart) -> dict[str, Any]:
    said = {"error" if part.is_error else "output": part.text}
    return {"functionResponse": {**_id(part.call_id), "name": call_name(part.name, _LONGEST_NAME), "response": said}}
