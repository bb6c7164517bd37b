"""Messages: what a person, an agent and its tools said, in parts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict


class Role(StrEnum):
    """Who speaks. There is no system role: the system prompt is built anew for every request."""

    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class TextPart:
    """Words meant for the reader."""

    text: str


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file a person attached; its bytes stand beside the messages and are loaded for a request only.

    Attributes:
        file_id: SHA-256 of the content, in hexadecimal.
        name: The file's name without its folder.
        media_type: Such as `image/png` or `text/plain`.
        size: In bytes.
    """

    file_id: str
    name: str
    media_type: str
    size: int

    @property
    def is_image(self) -> bool:
        """Whether it goes to a model as a picture; anything else goes as text."""
        return self.media_type.startswith("image/")


@dataclass(frozen=True, slots=True)
class ThinkingPart:
    """A model's reasoning; `signature` is the provider's proof, sent back unchanged where one is required.

    A signature begins with the wire format that made it, such as `anthropic:`; no other format sends it.
    """

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ToolCallPart:
    """A model asks for a tool. `arguments` is JSON text exactly as it wrote it; the signature as of a thought."""

    call_id: str
    name: str
    arguments: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ToolResultPart:
    """What the tool answered; providers reject a call that has none."""

    call_id: str
    name: str
    text: str
    is_error: bool = False
    duration_s: float = 0.0


Part = TextPart | FilePart | ThinkingPart | ToolCallPart | ToolResultPart


@dataclass(frozen=True, slots=True)
class Message:
    """One message: a role and its parts in order."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The words of all text parts, joined by blank lines."""
        return "\n\n".join(part.text for part in self.parts if isinstance(part, TextPart) and part.text)

    @property
    def tool_calls(self) -> tuple[ToolCallPart, ...]:
        """The tool calls of this message, in order."""
        return tuple(part for part in self.parts if isinstance(part, ToolCallPart))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message as it stands in the database.

    Attributes:
        seq: Position among the messages of its SessionKey, from 1, without gaps.
        created_at: Seconds since the epoch, UTC.
    """

    seq: int
    turn_id: str
    message: Message
    created_at: float


class PartDict(TypedDict, total=False):
    """A part as JSON; `kind` tells which."""

    kind: str
    text: str
    signature: str
    call_id: str
    name: str
    arguments: str
    is_error: bool
    duration_s: float
    file_id: str
    media_type: str
    size: int


def user_message(text: str, files: tuple[FilePart, ...] = ()) -> Message:
    """What a person typed and attached, as a message; the files come first, as models read them best."""
    return Message(Role.USER, (*files, TextPart(text)) if text or not files else files)


def part_to_dict(part: Part) -> PartDict:
    """A part as plain JSON values."""
    match part:
        case TextPart(text):
            return {"kind": "text", "text": text}
        case ThinkingPart(text, signature):
            return {"kind": "thinking", "text": text, "signature": signature}
        case FilePart(file_id, name, media_type, size):
            return {"kind": "file", "file_id": file_id, "name": name, "media_type": media_type, "size": size}
        case ToolCallPart(call_id, name, arguments, signature):
            call: PartDict = {"kind": "tool_call", "call_id": call_id, "name": name, "arguments": arguments}
            return {**call, "signature": signature} if signature else call
        case ToolResultPart(call_id, name, text, is_error, duration_s):
            return {
                "kind": "tool_result",
                "call_id": call_id,
                "name": name,
                "text": text,
                "is_error": is_error,
                "duration_s": duration_s,
            }


def part_from_dict(data: PartDict) -> Part:
    """The part that `part_to_dict` wrote.

    Raises:
        ValueError: The kind is unknown or a field is missing.
    """
    try:
        match data["kind"]:
            case "text":
                return TextPart(data["text"])
            case "thinking":
                return ThinkingPart(data["text"], data.get("signature", ""))
            case "tool_call":
                return ToolCallPart(data["call_id"], data["name"], data["arguments"], data.get("signature", ""))
            case "file":
                return FilePart(data["file_id"], data["name"], data["media_type"], data["size"])
            case "tool_result":
                return ToolResultPart(
                    data["call_id"],
                    data["name"],
                    data["text"],
                    data.get("is_error", False),
                    data.get("duration_s", 0.0),
                )
            case kind:
                raise ValueError(f"unknown message part {kind!r}")
    except KeyError as error:
        raise ValueError(f"a message part lacks {error}") from error
