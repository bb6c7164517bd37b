"""Where a run ends although nothing went wrong: how much it may say, how long it may work, how many tools it may call.

A model can repeat itself for ever, and a tool can ask for itself again. Reaching a limit is no failure: the run is
`done` with what it has said, a notice tells which limit it was, and the stop reason is `limit:` and the limit's name.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from hector_tui.domain.events import (
    ApprovalDecided,
    ApprovalRequested,
    OutputEvent,
    TextDelta,
    ThinkingDelta,
    ToolCallStarted,
)
from hector_tui.errors import LimitReached

Emit = Callable[[OutputEvent], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """The limits of an agent; 0 means no limit.

    Attributes:
        max_output_bytes: UTF-8 bytes of text, thinking and tool arguments in one run.
        max_events: Events of one run.
        max_seconds: From the start of a run to its end, without its waits in a queue and for a person's decision.
        max_tool_calls: Tool calls in one run.
        max_turns: Turns of one SessionKey; the next message is refused.
    """

    max_output_bytes: int
    max_events: int
    max_seconds: float
    max_tool_calls: int
    max_turns: int


class LimitGuard:
    """Stands between an agent and the output of one run, and lets nothing through that is beyond a limit.

    It raises, and does not cancel the run's task: a cancellation is seen at the next wait only, and a stream that has
    much to give need not wait. What it refuses is not said, so an output never is larger than its limit; of words that
    cross it, the ones before are.

    Args:
        limits: The agent's.
        emit: Takes what is within the limits.
    """

    def __init__(self, limits: RunLimits, emit: Emit) -> None:
        self._limits = limits
        self._emit = emit
        self._events = 0
        self._bytes = 0
        self._calls = 0
        self._timeout: asyncio.Timeout | None = None
        self._waiting = 0
        self._left = 0.0

    def emit(self, event: OutputEvent) -> None:
        """Pass an event on.

        Raises:
            LimitReached: It is beyond a limit, as is everything after it; tools run side by side and each hears of it.
        """
        self._events += 1
        limits = self._limits
        match event:
            case TextDelta(text) | ThinkingDelta(text):
                room = limits.max_output_bytes - self._bytes
                self._bytes += _size(text)
                # One event can hold a whole answer, which must not be lost for its last word.
                if 0 < room < _size(text) and not 0 < limits.max_events < self._events:
                    self._emit(replace(event, text=_beginning(text, room)))
            case ToolCallStarted(_, _, arguments):
                self._bytes += _size(arguments)
                self._calls += 1
            case ApprovalRequested():
                self._stop_the_clock()
            case ApprovalDecided():
                self._start_the_clock()
            case _:
                pass
        if 0 < limits.max_events < self._events:
            raise limit_reached("limits.max_events", limits.max_events, "events")
        if 0 < limits.max_output_bytes < self._bytes:
            raise limit_reached("limits.max_output_bytes", limits.max_output_bytes, "bytes of output")
        if 0 < limits.max_tool_calls < self._calls:
            raise limit_reached("limits.max_tool_calls", limits.max_tool_calls, "tool calls")
        self._emit(event)

    @asynccontextmanager
    async def on_time(self) -> AsyncIterator[None]:
        """A block that is left when the time of a run is over.

        Raises:
            LimitReached: It was.
        """
        seconds = self._limits.max_seconds
        try:
            async with asyncio.timeout(seconds or None) as timeout:
                self._timeout = timeout
                yield
        except TimeoutError as error:
            if not timeout.expired():
                raise
            raise limit_reached("limits.max_seconds", seconds, "seconds") from error

    def _stop_the_clock(self) -> None:
        """The run waits for a person, who may be at lunch."""
        self._waiting += 1
        if self._waiting == 1 and self._timeout is not None and (end := self._timeout.when()) is not None:
            self._left = end - asyncio.get_running_loop().time()
            self._timeout.reschedule(None)

    def _start_the_clock(self) -> None:
        self._waiting -= 1
        if not self._waiting and self._timeout is not None and self._limits.max_seconds:
            self._timeout.reschedule(asyncio.get_running_loop().time() + self._left)


def limit_reached(key: str, value: float, unit: str) -> LimitReached:
    """The error of a limit.

    Args:
        key: Where it stands under `agents.<id>`.
        value: How many there may be.
        unit: Of what.
    """
    return LimitReached(
        f"Stopped after {value:,.10g} {unit}, the limit `{key}` of this agent.", name=key.rpartition(".")[2]
    )


def _beginning(text: str, size: int) -> str:
    """As many characters of a text as fit into so many bytes."""
    return text.encode("utf-8", "surrogatepass")[:size].decode("utf-8", "ignore")


def _size(text: str) -> int:
    """Bytes in UTF-8; `surrogatepass` because half of a pair that a model sent must not end its run."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
