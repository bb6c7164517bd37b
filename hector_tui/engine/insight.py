"""What an agent would send, has sent, spent and remembers: the half of `ChatService` that the inspector looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hector_tui.agents.agent import Agent
from hector_tui.domain.context import ContextView
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import Memory, MemoryFilter
from hector_tui.domain.spending import Spending, SpendingBy
from hector_tui.engine.model_desk import ModelDesk
from hector_tui.engine.runner import Runner
from hector_tui.memory.long_term import Recall
from hector_tui.memory.service import SEARCH_ROWS, MemoryService, MemoryView, Rebuilt
from hector_tui.sessions.service import SessionService
from hector_tui.sessions.spending import SpendingTable


class Insight:
    """Looks into agents, and changes their memory by hand.

    Args:
        agent_of: The agent of an id as it is now; raises `AgentError` for one that is not there or disabled.
        sessions: The conversations.
        models: Which model answers in a session.
        runner: Knows the running turns.
        memory: Long-term memory.
        spending: The sums.
    """

    def __init__(
        self,
        *,
        agent_of: Callable[[str], Agent],
        sessions: SessionService,
        models: ModelDesk,
        runner: Runner,
        memory: MemoryService,
        spending: SpendingTable,
    ) -> None:
        self._agent_of = agent_of
        self._sessions = sessions
        self._models = models
        self._runner = runner
        self._memory = memory
        self._spending = spending

    async def preview(self, key: SessionKey, draft: str) -> ContextView:
        """The request that would be sent if the draft were sent now.

        Raises:
            AgentError: There is no such agent, or it is disabled.
        """
        agent = self._agent_of(key.agent_id)
        return await agent.preview(key, draft, self._models.model_for(await self._sessions.get(key.session_id)))

    async def requests(self, key: SessionKey) -> Sequence[ContextView]:
        """What the running turn of a SessionKey has sent so far, one entry per model call."""
        for run in self._runner.runs(key.session_id):
            if run.key == key:
                return run.agent.sent(run.state)
        return ()

    async def spent(
        self, by: SpendingBy, *, session_id: str = "", since: float = 0.0, limit: int = 100
    ) -> Sequence[Spending]:
        """What was spent, summed by day, agent, model or session; of one session or of all."""
        return await self._spending.spent(by, session_id=session_id, since=since, limit=limit)

    async def memory_view(self, key: SessionKey) -> MemoryView:
        """The memory of one agent in one session.

        Raises:
            AgentError: There is no such agent, or it is disabled.
        """
        return await self._memory.view(key, self._agent_of(key.agent_id).memory)

    async def search_memory(self, question: str, where: MemoryFilter, *, limit: int = SEARCH_ROWS) -> Recall:
        """Memories that answer a question, best first, among those a filter lets through.

        Raises:
            StoreError: The database could not be read.
        """
        return await self._memory.search(question, where, limit=limit)

    async def memories_beginning_with(self, prefix: str, limit: int) -> Sequence[Memory]:
        """The memories whose ids begin so.

        Raises:
            StoreError: The database could not be read.
        """
        return await self._memory.beginning_with(prefix, limit)

    async def rebuild_memory(self) -> Rebuilt:
        """Fill an empty vector store from the database.

        Raises:
            MemoryIndexLocked: Another process has the vector store; nothing was changed.
            MemoryIndexError: It could not be done, or not to the end.
            StoreError: The database could not be read.
        """
        return await self._memory.rebuild()

    async def forget(self, memory_ids: Sequence[str]) -> int:
        """Delete memories, here and in the vector store; returns how many there were.

        Raises:
            StoreError: Nothing was deleted.
        """
        return await self._memory.forget(memory_ids)

    async def remember(self, key: SessionKey, text: str) -> Memory:
        """Store a note by hand.

        Raises:
            ToolError: The text is empty or too long.
            StoreError: It was not stored.
        """
        return await self._memory.remember(key, text, turn_id="")
