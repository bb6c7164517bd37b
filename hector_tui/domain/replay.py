"""A stored turn as the events it was made of, so that a screen draws stored and live turns with the same code."""

from __future__ import annotations

from collections.abc import Iterator

from hector_tui.domain.events import (
    Notice,
    OutputEvent,
    RunCancelled,
    RunFailed,
    RunFinished,
    StateChanged,
    TerminalEvent,
    TextDelta,
    ThinkingDelta,
    ToolCallFinished,
    ToolCallStarted,
)
from hector_tui.domain.messages import FilePart, Role, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from hector_tui.domain.turns import LIMIT, Turn, TurnRecord, TurnStatus


def replay(record: TurnRecord) -> Iterator[OutputEvent]:
    """The events of a stored turn; a settled one ends with its terminal event, a live one without."""
    iteration = 0
    for stored in record.messages:
        message = stored.message
        if message.role is Role.USER:
            continue
        if message.role is Role.ASSISTANT:
            iteration += 1
            yield StateChanged("model", iteration)
        for part in message.parts:
            if not isinstance(part, FilePart):  # those belong to the question
                yield _event(part)
    if record.turn.stop_reason.startswith(LIMIT):
        yield Notice("warning", f"Stopped at the limit `{record.turn.stop_reason.removeprefix(LIMIT)}` of its agent.")
    if (terminal := terminal_of(record.turn)) is not None:
        yield terminal


def terminal_of(turn: Turn) -> TerminalEvent | None:
    """How a turn ended, as an event; None while it is live."""
    match turn.status:
        case TurnStatus.DONE:
            return RunFinished(turn.stop_reason, turn.usage)
        case TurnStatus.FAILED:
            return RunFailed(turn.error)
        case TurnStatus.CANCELLED | TurnStatus.INTERRUPTED:
            return RunCancelled(turn.error)
        case _:
            return None


def _event(part: TextPart | ThinkingPart | ToolCallPart | ToolResultPart) -> OutputEvent:
    match part:
        case TextPart(text):
            return TextDelta(text)
        case ThinkingPart(text, signature):
            return ThinkingDelta(text, signature)
        case ToolCallPart(call_id, name, arguments, signature):
            return ToolCallStarted(call_id, name, arguments, signature)
        case ToolResultPart(call_id, name, text, is_error, duration_s):
            return ToolCallFinished(call_id, name, text, is_error, duration_s)
