"""Our messages as Anthropic's: roles that alternate, every call with its result, proven thoughts as they came.

Format: https://platform.claude.com/docs/en/api/messages. What it refuses with status 400, and would refuse again with
every later request of the session, is repaired here: blank text, repeated call ids, names and ids of other vendors.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hector_tui.domain.messages import (
    FilePart,
    Message,
    Role,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from hector_tui.errors import RequestRejected
from hector_tui.llm.attachments import content_of, is_picture, question_at, unseen
from hector_tui.llm.tool_calls import call_arguments, call_name, has_usual_letters, hashed_id

THOUGHT = "anthropic:"
"""What the signatures of this format begin with in our messages."""
REDACTED = "anthropic:redacted:"
"""What stands before the content of a thought that is sent to us encrypted."""

_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_LONGEST_NAME = 128
_CACHED = {"type": "ephemeral"}
_LEFT_OUT = "[The conversation before this is left out.]"

Block = dict[str, Any]


def messages_of(messages: Sequence[Message], files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """The messages, the first of them the user's, with the last two of the user's marked for the prompt cache.

    Raises:
        RequestRejected: A file is of a kind no model of this format takes, or is gone.
    """
    ids = _CallIds()
    found: list[dict[str, Any]] = []
    now = question_at(messages)
    for number, message in enumerate(messages):
        blocks = list(_blocks(message, files, ids, is_now=number == now))
        role = "assistant" if message.role is Role.ASSISTANT else "user"
        if not blocks:
            continue
        if found and found[-1]["role"] == role:
            found[-1]["content"] += blocks
        else:
            found.append({"role": role, "content": blocks})
    if found and found[0]["role"] == "assistant":
        found.insert(0, {"role": "user", "content": [_text(_LEFT_OUT)]})
    for message_of_user in [message for message in found if message["role"] == "user"][-2:]:
        mark_for_cache(message_of_user["content"][-1])
    return found


def mark_for_cache(block: Block) -> None:
    """Let what stands before the end of a block be read from the cache next time; at most four marks are allowed."""
    block["cache_control"] = _CACHED


def lacks_thought(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the last calls were made without a thought, as by another model, or by this one before it was to think.

    Thinking with a budget is then refused until a new turn begins.
    """
    if not messages or all(block["type"] != "tool_result" for block in messages[-1]["content"]):
        return False
    asked = messages[-2]["content"]
    return asked[0]["type"] not in ("thinking", "redacted_thinking")


def _blocks(message: Message, files: Mapping[str, bytes], ids: _CallIds, *, is_now: bool) -> Iterator[Block]:
    for part in message.parts:
        match part:
            case TextPart(text):
                if text.strip():
                    yield _text(text)
            case FilePart():
                yield _file(part, files, is_now=is_now)
            case ThinkingPart():
                yield from _thought(part)
            case ToolCallPart(call_id, name, arguments):
                yield {"type": "tool_use", "id": ids.asked(call_id), **_call(name, arguments)}
            case ToolResultPart():
                if call_id := ids.answered(part.call_id):
                    yield _result(part, call_id)


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _thought(part: ThinkingPart) -> Iterator[Block]:
    """A thought is sent back only with its own proof: without one, or with another vendor's, it is refused."""
    if part.signature.startswith(REDACTED):
        yield {"type": "redacted_thinking", "data": part.signature.removeprefix(REDACTED)}
    elif part.signature.startswith(THOUGHT):
        yield {"type": "thinking", "thinking": part.text, "signature": part.signature.removeprefix(THOUGHT)}


def _file(part: FilePart, files: Mapping[str, bytes], *, is_now: bool) -> Block:
    content = content_of(part, files)
    if is_picture(part):
        if part.media_type not in _IMAGES and not is_now:
            return _text(unseen(part.name))
        if part.media_type not in _IMAGES:
            raise RequestRejected(
                f"{part.name!r} is {part.media_type}, which Anthropic's models do not see",
                hint="Attach it as PNG, JPEG, GIF or WebP.",
            )
        return {"type": "image", "source": _base64(part.media_type, content)}
    if part.media_type == "application/pdf":
        return {"type": "document", "source": _base64(part.media_type, content), "title": part.name}
    text = content.decode("utf-8-sig", "replace")
    if not text.strip():
        return _text(f"[The file {part.name} is empty.]")
    return {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": text},
        "title": part.name,
    }


def _base64(media_type: str, content: bytes) -> dict[str, str]:
    return {"type": "base64", "media_type": media_type, "data": base64.b64encode(content).decode("ascii")}


def _result(part: ToolResultPart, call_id: str) -> Block:
    text = part.text if part.text.strip() else "(no output)"
    found: Block = {"type": "tool_result", "tool_use_id": call_id, "content": text}
    return {**found, "is_error": True} if part.is_error else found


def _call(name: str, arguments: str) -> Block:
    return {"name": call_name(name, _LONGEST_NAME), "input": call_arguments(arguments)}


class _CallIds:
    """Gives every call of a request an id of its own; some vendors number the calls of each answer anew."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._waiting: dict[str, list[str]] = {}

    def asked(self, call_id: str) -> str:
        """The id of a call."""
        usable = call_id if has_usual_letters(call_id) else f"call_{hashed_id(call_id, 24)}"
        found, number = usable, 1
        while found in self._given:
            number += 1
            found = f"{usable}_{number}"
        self._given.add(found)
        self._waiting.setdefault(call_id, []).append(found)
        return found

    def answered(self, call_id: str) -> str:
        """The id the result of that call names, the oldest that has none; empty when nothing asked for it."""
        waiting = self._waiting.get(call_id)
        return waiting.pop(0) if waiting else ""
