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
class ThinkingPart:
    """A model's reasoning; `signature` is the provider's proof, sent back unchanged where one is required."""

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ToolCallPart:
    """A model asks for a tool. `arguments` is the JSON text exactly as the model wrote it."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResultPart:
    """What the tool answered; providers reject a call that has none."""

    call_id: str
    name: str
    text: str
    is_error: bool = False
    duration_s: float = 0.0


Part = TextPart | ThinkingPart | ToolCallPart | ToolResultPart


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


def user_message(text: str) -> Message:
    """What a person typed, as a message."""
    return Message(Role.USER, (TextPart(text),))


def part_to_dict(part: Part) -> PartDict:
    """A part as plain JSON values."""
    match part:
        case TextPart(text):
            return {"kind": "text", "text": text}
        case ThinkingPart(text, signature):
            return {"kind": "thinking", "text": text, "signature": signature}
        case ToolCallPart(call_id, name, arguments):
            return {"kind": "tool_call", "call_id": call_id, "name": name, "arguments": arguments}
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
                return ToolCallPart(data["call_id"], data["name"], data["arguments"])
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
