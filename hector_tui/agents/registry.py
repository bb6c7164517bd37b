"""`AgentRegistry`: agent id -> Agent, built once; a broken agent file is an entry with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from hector_tui.agents.agent import Agent
from hector_tui.errors import AgentDisabled, UnknownAgent

Readiness = Literal["ready", "needs_key", "no_server", "disabled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEntry:
    """One agent of the configuration.

    Attributes:
        agent: None for a disabled one.
        readiness: Whether a message to it has a chance.
        detail: The key it needs, the server that was not found, or why it is disabled.
    """

    agent_id: str
    agent: Agent | None
    readiness: Readiness = "ready"
    detail: str = ""


class AgentRegistry:
    """The agents of an engine; read-only once made.

    Raises:
        ValueError: Two entries share an id; the configuration reports that first, naming both files.
    """

    def __init__(self, entries: Iterable[AgentEntry]) -> None:
        found: dict[str, AgentEntry] = {}
        for entry in entries:
            if entry.agent_id in found:
                raise ValueError(f"two agents have the id {entry.agent_id!r}")
            found[entry.agent_id] = entry
        self._entries: Mapping[str, AgentEntry] = MappingProxyType(found)

    def __iter__(self) -> Iterator[AgentEntry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, agent_id: str) -> Agent:
        """The agent with an id: the same object every time.

        Raises:
            UnknownAgent: There is none; the message lists those there are.
            AgentDisabled: Its file is broken; the message is the reason.
        """
        entry = self._entries.get(agent_id)
        if entry is None:
            known = ", ".join(sorted(self._entries)) or "none"
            raise UnknownAgent(f"there is no agent {agent_id!r}", hint=f"Agents: {known}.")
        if entry.agent is None:
            raise AgentDisabled(f"the agent {agent_id!r} is disabled: {entry.detail}")
        return entry.agent
