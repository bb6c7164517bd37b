"""The `remember` and `recall` tools: long-term memory at the model's own request.

Recall also happens by itself before every turn; the tool is for questions that come up on the way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hector_tui.domain.events import MemoryWritten
from hector_tui.domain.memories import MemoryAccess, MemoryHit
from hector_tui.domain.tools import ToolOutcome, ToolSpec
from hector_tui.errors import HectorError, ToolError
from hector_tui.tools.arguments import only_known, optional_integer, required_text
from hector_tui.tools.base import ToolContext

MAX_MEMORY_CHARACTERS = 4_000
MAX_QUESTION_CHARACTERS = 1_000
MAX_MEMORIES = 20
_SHOWN_CHARACTERS = 1_000
"""Characters of one recalled memory: a whole pasted file would push the conversation out of the prompt."""

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


class RememberTool:
    """Stores a note in long-term memory."""

    spec = ToolSpec(
        name="remember",
        description=(
            "Store one fact in long-term memory, so that it is known in later conversations. "
            "Use it when the user asks to remember something or states a lasting preference."
        ),
        parameters={
            "type": "object",
            "properties": {
                "text": {
                    "type": "string",
                    "description": "The fact as one sentence that is understood without the conversation.",
                    "maxLength": MAX_MEMORY_CHARACTERS,
                }
            },
            "required": ["text"],
            "additionalProperties": False,
        },
    )

    def __init__(self, memory: MemoryAccess) -> None:
        self._memory = memory

    async def call(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        """Store the argument `text`; it is durable when this returns.

        Raises:
            ToolError: The text is not acceptable, or could not be stored.
        """
        only_known(arguments, ("text",))
        text = required_text(arguments, "text", max_chars=MAX_MEMORY_CHARACTERS)
        try:
            memory = await self._memory.remember(context.key, text, turn_id=context.turn_id)
        except ToolError:
            raise
        except HectorError as error:
            raise ToolError(f"the memory could not be stored: {error}") from error
        context.emit(MemoryWritten(memory_id=memory.memory_id, text=memory.text))
        return ToolOutcome(f"Remembered: {memory.text}")


class RecallTool:
    """Searches long-term memory.

    Args:
        memory: The memory of whoever the call runs for.
        clock: Gives the time in seconds since the epoch, for the age of a memory.
    """

    spec = ToolSpec(
        name="recall",
        description="Search long-term memory for what was said or noted before, best matches first.",
        parameters={
            "type": "object",
            "properties": {
                "question": {
                    "type": "string",
                    "description": "What to look for, in full words.",
                    "maxLength": MAX_QUESTION_CHARACTERS,
                },
                "limit": {
                    "type": "integer",
                    "description": "The largest number of memories.",
                    "minimum": 1,
                    "maximum": MAX_MEMORIES,
                },
            },
            "required": ["question"],
            "additionalProperties": False,
        },
    )

    def __init__(self, memory: MemoryAccess, clock: Callable[[], float] = time.time) -> None:
        self._memory = memory
        self._clock = clock

    async def call(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        """The memories that answer the argument `question`, as a list.

        Raises:
            ToolError: An argument is not acceptable, or the memory could not be read.
        """
        only_known(arguments, ("question", "limit"))
        question = required_text(arguments, "question", max_chars=MAX_QUESTION_CHARACTERS)
        limit = optional_integer(arguments, "limit", minimum=1, maximum=MAX_MEMORIES)
        try:
            hits = await self._memory.recall(context.key, question, limit=limit)
            notes = [] if hits else await self._memory.newest_notes(context.key, limit=limit)
        except ToolError:
            raise
        except HectorError as error:
            raise ToolError(f"the memory could not be searched: {error}") from error
        now = self._clock()
        if hits:
            heading = "1 memory:" if len(hits) == 1 else f"{len(hits)} memories, best match first:"
            return ToolOutcome(_listing(heading, hits, now))
        if notes:
            # "What do you know about me" shares no word with any note, and is asked all the time.
            return ToolOutcome(_listing("Nothing matches these words. The newest notes:", notes, now))
        return ToolOutcome("Nothing in memory matches this question.")


def _listing(heading: str, hits: Sequence[MemoryHit], now: float) -> str:
    return "\n".join([heading, *(f"{place}. {_line(hit, now)}" for place, hit in enumerate(hits, start=1))])


def _line(hit: MemoryHit, now: float) -> str:
    memory = hit.memory
    # One line each: a memory with line breaks could otherwise imitate the next entry of the list.
    text = " ".join(memory.text.split())
    if len(text) > _SHOWN_CHARACTERS:
        text = f"{text[:_SHOWN_CHARACTERS]}…"
    origin = "noted" if memory.role == "note" else f"{memory.role} said"
    session = " ".join(hit.session_title.split())
    where = f' in "{session}"' if session else ""
    return f"{text} ({origin} {age_text(now - memory.created_at)}{where})"


def age_text(seconds: float) -> str:
    """How long ago something was, in the largest unit that fits: `just now`, `5 minutes ago`, `3 days ago`."""
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        count = int(seconds // unit)
        if count >= 1:
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"
