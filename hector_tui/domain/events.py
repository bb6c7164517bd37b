"""The typed events of a run, and their form as JSON.

A run's events are the one source of everything seen of it: the screen draws them, the journal stores them, and the
messages of the turn are assembled from them (domain/assembly.py), so the three can never disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from hector_tui.domain.usage import Usage

Phase = Literal["queued", "starting", "recalling", "model", "retrying", "tools", "settling"]
NoticeLevel = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More words of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """More of the model's reasoning; the signature comes with its last piece."""

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    """The model asked for a tool; `arguments` is its JSON text."""

    call_id: str
    name: str
    arguments: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ToolCallOutput:
    """A running tool said something already."""

    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallFinished:
    """A tool answered, or could not."""

    call_id: str
    name: str
    text: str
    is_error: bool
    duration_s: float


@dataclass(frozen=True, slots=True)
class ApprovalRequested:
    """A tool call waits for a person's decision."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ApprovalDecided:
    """A person decided about a tool call that waited; the reason is theirs."""

    call_id: str
    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RecalledMemory:
    """One line of a recall, small enough to keep with the event."""

    memory_id: str
    text: str
    score: float
    found_by: str
    session_id: str
    session_title: str
    created_at: float


@dataclass(frozen=True, slots=True)
class MemoryRecalled:
    """What long-term memory gave for the question just asked; empty when it knew nothing."""

    hits: tuple[RecalledMemory, ...]


@dataclass(frozen=True, slots=True)
class MemoryWritten:
    """A memory was stored."""

    memory_id: str
    text: str


@dataclass(frozen=True, slots=True)
class UsageUpdated:
    """Tokens of the whole run until now."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the person should know that is not part of the answer."""

    level: NoticeLevel
    text: str


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The run entered another phase; every `model` phase begins a new step of the answer.

    Attributes:
        until: When a `retrying` phase is over and the model is asked again, seconds since the epoch, UTC.
        reason: Why it waits, in one line.
    """

    phase: Phase
    iteration: int = 0
    until: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunFinished:
    """Terminal: the answer is complete and stored."""

    stop_reason: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class RunFailed:
    """Terminal: the run ended in an error. `stored` tells whether the partial answer is in the database."""

    error: str
    stored: bool = True
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class RunCancelled:
    """Terminal: a person stopped it. `stored` tells whether the partial answer is in the database."""

    reason: str = ""
    stored: bool = True


TerminalEvent = RunFinished | RunFailed | RunCancelled
OutputEvent = (
    TextDelta
    | ThinkingDelta
    | ToolCallStarted
    | ToolCallOutput
    | ToolCallFinished
    | ApprovalRequested
    | ApprovalDecided
    | MemoryRecalled
    | MemoryWritten
    | UsageUpdated
    | Notice
    | StateChanged
    | TerminalEvent
)

_TYPES: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        TextDelta,
        ThinkingDelta,
        ToolCallStarted,
        ToolCallOutput,
        ToolCallFinished,
        ApprovalRequested,
        ApprovalDecided,
        MemoryRecalled,
        MemoryWritten,
        UsageUpdated,
        Notice,
        StateChanged,
        RunFinished,
        RunFailed,
        RunCancelled,
    )
}


def is_terminal(event: OutputEvent) -> bool:
    """Whether no event follows this one."""
    return isinstance(event, RunFinished | RunFailed | RunCancelled)


def _plain(value: object) -> object:
    if isinstance(value, Usage | RecalledMemory):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def event_to_dict(event: OutputEvent) -> dict[str, object]:
    """An event as plain JSON values; `type` is its class name."""
    data: dict[str, object] = {"type": type(event).__name__}
    for field in fields(event):
        data[field.name] = _plain(getattr(event, field.name))
    return data


def event_from_dict(data: Mapping[str, Any]) -> OutputEvent:
    """The event that `event_to_dict` wrote; keys it does not know are ignored.

    Raises:
        ValueError: The type is unknown or a field is missing.
    """
    kind = _TYPES.get(str(data.get("type")))
    if kind is None:
        raise ValueError(f"unknown event type {data.get('type')!r}")
    values = {field.name: data[field.name] for field in fields(kind) if field.name in data}
    try:
        if "usage" in values:
            values["usage"] = Usage(**values["usage"])
        if kind is MemoryRecalled:
            values["hits"] = tuple(RecalledMemory(**hit) for hit in values.get("hits", ()))
        event: OutputEvent = kind(**values)
    except TypeError as error:
        raise ValueError(f"a {kind.__name__} event cannot be read: {error}") from error
    return event
