"""What an agent remembers beyond the next prompt, and how one recall is described."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hector_tui.domain.keys import SessionKey


class RecallScope(StrEnum):
    """How far a recall may look."""

    SESSION = "session"
    """This session and this agent: the SessionKey."""
    AGENT = "agent"
    """Every session of this agent."""
    ALL = "all"
    """Every session of every agent."""


class MemoryKind(StrEnum):
    """Where a memory came from."""

    MESSAGE = "message"
    """A message of a conversation, kept as it was said."""
    NOTE = "note"
    """Something written on purpose by the `remember` tool or by a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One long-term memory; SQLite holds it, the vector store only finds it.

    Attributes:
        memory_id: A UUID, also the id of its point in the vector store.
        role: `user`, `assistant` or `note`: whose words these are.
        created_at: Seconds since the epoch, UTC.
        indexed: Whether the vector store has it.
    """

    memory_id: str
    key: SessionKey
    kind: MemoryKind
    role: str
    text: str
    created_at: float
    turn_id: str = ""
    pinned: bool = False
    indexed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryHit:
    """A memory that a recall found.

    Attributes:
        score: 0 to 1, comparable within one recall only.
        found_by: `vector`, `text` or `both`.
        session_title: The title of the session it came from, for the screen.
    """

    memory: Memory
    score: float
    found_by: str
    session_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryFilter:
    """Which memories a query may see. Empty fields do not restrict."""

    session_id: str = ""
    agent_id: str = ""

    @classmethod
    def of(cls, key: SessionKey, scope: RecallScope) -> MemoryFilter:
        """The filter that a scope means for a SessionKey."""
        match scope:
            case RecallScope.SESSION:
                return cls(session_id=key.session_id, agent_id=key.agent_id)
            case RecallScope.AGENT:
                return cls(agent_id=key.agent_id)
            case RecallScope.ALL:
                return cls()


class MemoryAccess(Protocol):
    """What a tool may do with the memory of the SessionKey it runs for."""

    async def remember(self, key: SessionKey, text: str, *, turn_id: str) -> Memory:
        """Store a note; it is durable when this returns. The same text twice stores once.

        Raises:
            ToolError: The text is empty or longer than a memory may be.
        """
        ...

    async def recall(self, key: SessionKey, question: str, *, limit: int | None = None) -> Sequence[MemoryHit]:
        """The memories that answer a question best, best first, within the agent's scope."""
        ...

    async def newest_notes(self, key: SessionKey, *, limit: int | None = None) -> Sequence[MemoryHit]:
        """The notes written last within the agent's scope, for a question whose words no memory contains."""
        ...
