"""Fetches what the inspector's shown panel needs, and the context meter of the status line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hector_tui.domain.context import ContextView
from hector_tui.domain.spending import Spending
from hector_tui.domain.usage import Usage
from hector_tui.engine.thread import EngineThread
from hector_tui.errors import HectorError
from hector_tui.ui.conversation import Conversation
from hector_tui.ui.desk import Desk
from hector_tui.ui.inspector.usage_panel import UsageView
from hector_tui.ui.inspector.widget import Inspector

PAUSE_S = 0.3
"""Seconds between two fetches: what changes faster than one can read is fetched once."""
_HISTORY_TURNS = 20
_DAYS = 14


class InspectorFeeder:
    """Keeps at most one fetch under way; a wish that comes meanwhile is granted right after it.

    Attributes:
        context: The last fetched request, with the session it belongs to.
    """

    def __init__(self, engine: EngineThread, desk: Desk) -> None:
        self._engine = engine
        self._desk = desk
        self._busy = False
        self._again = False
        self._context: tuple[str, ContextView] | None = None
        self._spent: tuple[str, Spending | None] = ("", None)

    def context_of(self, session_id: str) -> ContextView | None:
        """The last known request of a session."""
        if self._context is not None and self._context[0] == session_id:
            return self._context[1]
        return None

    def spent_in(self, session_id: str) -> Usage:
        """What the stored turns of a session have spent, as far as it is known."""
        spent = self._spent[1] if self._spent[0] == session_id else None
        return spent.usage if spent is not None else Usage()

    def again(self) -> bool:
        """Fetch once more after the fetch under way; False when none is, so that one has to be begun.

        An answer that streams wishes for news with every frame, and a task for each of them costs as much as a fetch.
        """
        self._again = self._busy
        return self._busy

    async def feed(self, inspector: Callable[[], Inspector | None]) -> bool:
        """Fetch and show for the active conversation, and again as long as somebody wishes for it meanwhile.

        Args:
            inspector: Tells at the moment of each fetch what is to be shown in; None while it is hidden, when the
                meter is fetched all the same.

        Returns:
            Whether something was fetched.
        """
        if self.again():
            return False
        self._busy = True
        try:
            while (conversation := self._desk.workspace.active) is not None:
                self._again = False
                await self._fetch(inspector(), conversation)
                await asyncio.sleep(PAUSE_S)
                if not self._again:
                    break
        finally:
            self._busy = False
        return True

    async def _fetch(self, inspector: Inspector | None, conversation: Conversation) -> None:
        key, words = self._desk.watched(conversation, conversation.draft)
        try:
            sent = await self._engine.call(lambda engine: engine.chat.insight.requests(key))
            view = sent[-1] if sent else await self._engine.call(lambda engine: engine.chat.insight.preview(key, words))
        except HectorError:
            # A disabled agent has no context; its reason is shown where it is chosen.
            return
        self._context = (key.session_id, view)
        session_id = key.session_id
        spent = await self._engine.call(lambda engine: engine.chat.insight.spent("session", session_id=session_id))
        self._spent = (session_id, spent[0] if spent else None)
        if inspector is None or self._desk.workspace.active is not conversation:
            return
        match inspector.panel:
            case "context":
                inspector.show_context(view)
            case "history":
                records = await self._engine.call(lambda engine: engine.chat.history(session_id, limit=_HISTORY_TURNS))
                inspector.show_history(tuple(records))
            case "memory":
                memory = await self._engine.call(lambda engine: engine.chat.insight.memory_view(key))
                inspector.show_memory(memory, conversation.last_recall)
            case "usage":
                await self._fetch_usage(inspector, conversation)

    async def _fetch_usage(self, inspector: Inspector, conversation: Conversation) -> None:
        session_id = conversation.info.session_id
        models = await self._engine.call(lambda engine: engine.chat.insight.spent("model", session_id=session_id))
        agents = await self._engine.call(lambda engine: engine.chat.insight.spent("agent"))
        days = await self._engine.call(lambda engine: engine.chat.insight.spent("day", limit=_DAYS))
        view = UsageView(turn=conversation.last_usage, session=self._spent[1], models=models, agents=agents, days=days)
        inspector.show_usage(view, {agent.agent_id: agent.name for agent in self._desk.agents.values()})
