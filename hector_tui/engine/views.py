"""What the interface is told about agents and sessions: plain values, safe to read from any thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hector_tui.domain.approvals import ApprovalRequest
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.turns import TurnStatus

if TYPE_CHECKING:
    # The interface imports this module before its first frame; what builds these values comes after it.
    from hector_tui.agents.registry import AgentEntry, Readiness
    from hector_tui.memory.service import MemoryView as MemoryView


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """An agent as cards, tabs and the status line show it.

    Attributes:
        detail: The key it needs, the server that was not found, or why it is disabled.
        context_window: Tokens its model can hold; 0 when unknown.
    """

    agent_id: str
    name: str
    description: str
    model: str
    readiness: Readiness
    detail: str = ""
    starters: tuple[str, ...] = ()
    context_window: int = 0
    remembers: bool = False


def agent_view(entry: AgentEntry) -> AgentView:
    """An agent of the registry, usable or not, as it is shown."""
    agent = entry.agent
    if agent is None:
        return AgentView(
            agent_id=entry.agent_id,
            name=entry.agent_id,
            description="",
            model="",
            readiness="disabled",
            detail=entry.detail,
        )
    return AgentView(
        agent_id=agent.agent_id,
        name=agent.name,
        description=agent.description,
        model=agent.model.label,
        readiness=entry.readiness,
        detail=entry.detail,
        starters=agent.starters,
        context_window=agent.model.context_window,
        remembers=agent.memory.long_term is not None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionActivity:
    """What goes on in one session.

    Attributes:
        running: Keys that are being answered now.
        queued: Turns that wait for their lane or for a slot.
        approvals: Tool calls that wait for a person, first asked first.
        last_ordinal: The newest turn this engine has seen in it; 0 when it has seen none.
        last_status: How that turn stands.
    """

    session_id: str
    running: tuple[SessionKey, ...] = ()
    queued: int = 0
    approvals: tuple[ApprovalRequest, ...] = ()
    last_ordinal: int = 0
    last_status: TurnStatus | None = None
