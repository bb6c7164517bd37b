"""Tool calls on their way in and out: collected from fragments in bounded memory, and sent back as every format can.

What a model wrote as a call is kept as it came. It goes back with every later request of its session, perhaps to
another vendor's model, and a name or arguments that one refuses would end the session for good.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hector_tui.domain.keys import new_id
from hector_tui.domain.tools import ToolSpec
from hector_tui.errors import BadResponse
from hector_tui.llm.base import StopReason, ToolCall
from hector_tui.llm.failures import Origin
from hector_tui.llm.surrogates import whole_text

HELD_CAP = 16 * 1024 * 1024
"""Characters held back of one answer until it ends, where no other limit sees them."""
_PIECE_COST = 10_000
"""What one more call or block counts, however short it is."""
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")


class Held:
    """Counts what a reader holds back until the answer ends, so that an answer without end cannot fill the memory."""

    __slots__ = ("_origin", "_size")

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._size = 0

    def add(self, characters: int, *, pieces: int = 0, what: str = "the tool calls") -> None:
        """Count more.

        Args:
            characters: How many more are held.
            pieces: How many calls or blocks begin with them.
            what: They are, in an error's words.

        Raises:
            BadResponse: It is too much.
        """
        self._size += characters + pieces * _PIECE_COST
        if self._size > HELD_CAP:
            raise BadResponse(f"{what} are larger than {HELD_CAP:,} characters", where=self._origin.where)


@dataclass(slots=True)
class ArrivingCall:
    """A tool call of which more may come."""

    call_id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def complete(self) -> ToolCall:
        """The call as it came, with an id of ours when it has none."""
        return arrived(self.call_id, self.name, "".join(self.arguments))


def arrived(call_id: Any, name: str, arguments: str, signature: str = "", *, made_id: str = "call_") -> ToolCall:
    """A complete call; `made_id` begins the id that one without any is given."""
    known_id = call_id if isinstance(call_id, str) else ""
    return ToolCall(whole_text(known_id) or f"{made_id}{new_id()}", whole_text(name), whole_text(arguments), signature)


def runnable(calls: Iterable[ToolCall], reason: StopReason) -> list[ToolCall]:
    """The calls that may be run: none of an answer that was refused, only whole ones of one that became too long.

    The last call of such an answer may be half of a command, or no more than its name.
    """
    match reason:
        case StopReason.REFUSAL:
            return []
        case StopReason.LENGTH:
            return [call for call in calls if call.arguments and _object_of(call.arguments) is not None]
        case _:
            return list(calls)


def call_arguments(arguments: str) -> dict[str, Any]:
    """Arguments as the object formats want; what a model wrote and is none is shown to it in one."""
    found = _object_of(arguments or "{}")
    return {"not_valid_json": arguments} if found is None else found


def call_arguments_text(arguments: str) -> str:
    """The same as JSON text: several servers parse it again, and fail every later request on what is none."""
    if _object_of(arguments or "{}") is not None:
        return arguments or "{}"
    return json.dumps({"not_valid_json": arguments}, ensure_ascii=False)


def call_name(name: str, longest: int) -> str:
    """A tool's name in the letters every vendor takes; models make up others, such as `web.search`."""
    return _NOT_IN_NAMES.sub("_", name)[:longest] or "unnamed"


def has_usual_letters(call_id: str) -> bool:
    """Whether an id is of the letters every vendor takes."""
    return bool(call_id) and _NOT_IN_NAMES.search(call_id) is None


def hashed_id(call_id: str, length: int) -> str:
    """Another id of so many letters for a call; the same call always gets the same one."""
    return hashlib.sha256(call_id.encode("utf-8", "replace")).hexdigest()[:length]


def parameters_of(tool: ToolSpec) -> dict[str, Any]:
    """A tool's parameters as the JSON Schema of an object, which no server may miss."""
    return dict(tool.parameters) or {"type": "object", "properties": {}}


def _object_of(arguments: str) -> dict[str, Any] | None:
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
