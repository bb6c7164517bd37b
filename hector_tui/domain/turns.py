"""A turn: one user message and everything done to answer it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.messages import FilePart, StoredMessage
from hector_tui.domain.usage import Usage

LIMIT = "limit:"
"""How the stop reason of a turn begins that ended at a limit of its agent; the name of the limit follows."""


class TurnStatus(StrEnum):
    """Where a turn stands."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    """Paused until a person decides something."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """The process ended while the turn was live."""

    @property
    def is_live(self) -> bool:
        """Whether the turn is still to be answered."""
        return self in _LIVE

    def may_become(self, other: TurnStatus) -> bool:
        """Whether the change is allowed; a settled turn never changes again."""
        return other in _NEXT.get(self, frozenset())


_LIVE = frozenset({TurnStatus.QUEUED, TurnStatus.RUNNING, TurnStatus.WAITING})
_SETTLED = frozenset({TurnStatus.DONE, TurnStatus.FAILED, TurnStatus.CANCELLED, TurnStatus.INTERRUPTED})
_NEXT = {
    TurnStatus.QUEUED: _SETTLED | {TurnStatus.RUNNING},
    TurnStatus.RUNNING: _SETTLED | {TurnStatus.WAITING},
    TurnStatus.WAITING: _SETTLED | {TurnStatus.RUNNING},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn as it stands in the database.

    Attributes:
        ordinal: Position among all turns of its session, whichever agent; the order on screen.
        text: What the person asked.
        files: What they attached to it.
        error: Why it failed, in one line; empty otherwise.
        agent_version: Fingerprint of the agent's configuration that answered.
        created_at, started_at, finished_at: Seconds since the epoch, UTC; None while it has not happened.
    """

    turn_id: str
    key: SessionKey
    ordinal: int
    status: TurnStatus
    text: str
    created_at: float
    started_at: float | None = None
    finished_at: float | None = None
    error: str = ""
    stop_reason: str = ""
    model: str = ""
    agent_version: str = ""
    usage: Usage = field(default_factory=Usage)
    files: tuple[FilePart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRecord:
    """A turn with its messages: what a transcript shows."""

    turn: Turn
    messages: tuple[StoredMessage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPrompt:
    """A message a person sent, as a search of all sessions shows it.

    Attributes:
        turn_id: The newest turn that asked it.
        text: Its beginning, written as it would be to reach the same agent again.
        session_title: Of the session it was sent in.
        created_at: Seconds since the epoch, UTC.
    """

    turn_id: str
    text: str
    session_title: str
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInfo:
    """One conversation as lists and tabs show it.

    Attributes:
        agent_id: The agent a message without `@agent` goes to.
        title: What a person or the first exchange named it; empty while neither has.
        turns: How many turns it has.
        queue_policy: What happens to a message sent while a turn runs; empty means as the agent's file says.
        named: A person chose the title; nothing overwrites it.
        created_at, updated_at, deleted_at: Seconds since the epoch, UTC; one that has `deleted_at` is in the trash.
        model: The model chosen for this session alone, as `source/name`; empty for that of its agent.
        model_window: Tokens its source said it holds; 0 when unknown.
    """

    session_id: str
    agent_id: str
    title: str
    created_at: float
    updated_at: float
    turns: int = 0
    archived: bool = False
    queue_policy: str = ""
    named: bool = False
    pinned: bool = False
    deleted_at: float | None = None
    model: str = ""
    model_window: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TabInfo:
    """An open tab: what must survive a restart besides the conversation itself.

    Attributes:
        position: From 0, left to right.
        draft: What stands in its prompt and was not sent.
        beside: Whether it is shown beside the active one.
        seen_ordinal: The last turn the person has looked at; later ones are unread.
    """

    session_id: str
    position: int
    draft: str = ""
    active: bool = False
    beside: bool = False
    seen_ordinal: int = 0
