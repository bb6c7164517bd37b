"""The script of the measurements: answers of any length, one word at a time, and answers that stand still."""

from __future__ import annotations

import asyncio
import re

from hector_tui.domain.events import TextDelta
from hector_tui.llm.base import ModelRequest, TextChunk
from hector_tui.llm.script import Gate, Pause, Script, ScriptStep, last_user_text, say

HOLD = "Say one word, then stand still."
STANDING = TextDelta("Standing. ")
"""What the interface hears of it first."""
_SAY = re.compile(r"Say (\d+) words\.")


def say_words(count: int) -> str:
    """A prompt that is answered with so many words."""
    return f"Say {count} words."


class Stage:
    """What the offline model does while costs are measured.

    Between two words the event loop runs once, as it does between two words that come from a network.
    """

    def __init__(self) -> None:
        self._released = asyncio.Event()

    @property
    def script(self) -> Script:
        """Answers `say_words(n)` with n words, and `HOLD` with one word and the rest when `release` was called."""
        return Script(self._choose)

    async def release(self) -> None:
        """Let every answer that stands still go on; on the engine's loop."""
        self._released.set()

    def _choose(self, request: ModelRequest, _number: int) -> ScriptStep:
        asked = last_user_text(request)
        if asked == HOLD:
            return (TextChunk(STANDING.text), Gate(self._released.wait), TextChunk("Done."))
        if (found := _SAY.search(asked)) is None:
            return say("This prompt is none of the benchmark's.")
        return tuple(part for number in range(int(found[1])) for part in (TextChunk(f"word{number} "), Pause(0)))
