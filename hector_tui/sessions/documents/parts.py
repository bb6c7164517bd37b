"""Messages of a document: every kind of part with exactly its fields, in messages of those who may say it."""

from __future__ import annotations

from collections.abc import Mapping

from hector_tui.domain.messages import (
    FilePart,
    Message,
    Part,
    Role,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from hector_tui.sessions.documents.document import MAX_MESSAGES, MAX_NAME, MAX_TIME
from hector_tui.sessions.documents.places import Place

_KINDS = {
    Role.USER: ("text", "file"),
    Role.ASSISTANT: ("text", "thinking", "tool_call"),
    Role.TOOL: ("tool_result",),
}
"""What each role can say: any other history is refused by some provider, and would end the session."""
_FILE_ID_CHARACTERS = 64


def message_of(fields: Mapping[str, Place]) -> Message:
    """A message out of its `role` and `parts`.

    Raises:
        DocumentError: They are not as they must be.
    """
    role = Role(fields["role"].one_of([role.value for role in Role]))
    return Message(role, tuple(_part(place, role) for place in fields["parts"].items(MAX_MESSAGES)))


def _part(place: Place, role: Role) -> Part:
    kind = place.member("kind")
    if kind is None:
        place.refuse('lacks "kind"')
    match kind.one_of(_KINDS[role]):
        case "text":
            return TextPart(place.fields("kind", "text")["text"].words())
        case "thinking":
            fields = place.fields("kind", "text", "signature")
            return ThinkingPart(fields["text"].words(), fields["signature"].words())
        case "file":
            return file_of(place)
        case "tool_call":
            fields = place.fields("kind", "call_id", "name", "arguments", optional=("signature",))
            return ToolCallPart(
                fields["call_id"].words(),
                fields["name"].words(),
                fields["arguments"].words(),
                fields["signature"].words() if "signature" in fields else "",
            )
        case _:
            fields = place.fields("kind", "call_id", "name", "text", "is_error", "duration_s")
            return ToolResultPart(
                fields["call_id"].words(),
                fields["name"].words(),
                fields["text"].words(),
                fields["is_error"].flag(),
                fields["duration_s"].number(MAX_TIME),
            )


def file_of(place: Place) -> FilePart:
    """The name of an attached file; its content stands elsewhere.

    Raises:
        DocumentError: A field is not as it must be.
    """
    fields = place.fields("kind", "file_id", "name", "media_type", "size")
    fields["kind"].one_of(("file",))
    file_id = fields["file_id"].words()
    if len(file_id) != _FILE_ID_CHARACTERS or set(file_id) - set("0123456789abcdef"):
        fields["file_id"].refuse("is no SHA-256 in hexadecimal")
    name = fields["name"].name(MAX_NAME, may_be_empty=False)
    if "/" in name:
        fields["name"].refuse("is a path, and must be a name")
    return FilePart(file_id, name, fields["media_type"].name(MAX_NAME, may_be_empty=False), fields["size"].whole())
