"""The tool calls of one run that wait for a person."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from hector_tui.domain.approvals import ApprovalRequest, Decision
from hector_tui.domain.events import ApprovalDecided, ApprovalRequested, OutputEvent
from hector_tui.domain.keys import new_id
from hector_tui.domain.turns import Turn
from hector_tui.errors import SessionError, StoreError
from hector_tui.llm.base import ToolCall
from hector_tui.sessions.approvals import ApprovalTable

logger = logging.getLogger(__name__)


class ApprovalDesk:
    """Lets the calls of a run wait until a person has decided, and keeps what they allowed for the session.

    Args:
        turn: Whose calls they are.
        table: What was allowed for the rest of the session.
        away: Entered while a call waits; gives the run's place among the running to others.
        note: Called after each change with whether any call waits.
    """

    def __init__(
        self,
        turn: Turn,
        table: ApprovalTable,
        *,
        away: Callable[[], AbstractAsyncContextManager[None]],
        note: Callable[[bool], Awaitable[None]],
    ) -> None:
        self._turn = turn
        self._table = table
        self._away = away
        self._note = note
        self._waiting: dict[str, tuple[ApprovalRequest, asyncio.Future[Decision]]] = {}

    @property
    def requests(self) -> tuple[ApprovalRequest, ...]:
        """What waits, first asked first."""
        return tuple(request for request, _ in self._waiting.values())

    async def ask(self, call: ToolCall, emit: Callable[[OutputEvent], None]) -> Decision:
        """Wait for a person's decision, unless they have allowed this tool for the session.

        Raises:
            LimitReached: `emit` took no more.
        """
        if call.name in await self._allowed():
            return Decision(allowed=True, scope="session")
        request = ApprovalRequest(
            request_id=new_id(),
            key=self._turn.key,
            turn_id=self._turn.turn_id,
            call_id=call.call_id,
            name=call.name,
            arguments=call.arguments,
            asked_at=time.time(),
        )
        decided: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._waiting[request.request_id] = (request, decided)
        try:
            emit(ApprovalRequested(call.call_id, call.name, call.arguments))
            await self._tell()
            async with self._away():
                decision = await decided
        finally:
            del self._waiting[request.request_id]
        emit(ApprovalDecided(call.call_id, decision.allowed, decision.reason))
        await self._tell()
        return decision

    async def decide(self, request_id: str, decision: Decision) -> None:
        """Let a call run, or not. Allowed for the session, the other waiting calls of the same tool run too.

        Raises:
            SessionError: It does not wait any more.
            StoreError: What was allowed for the session could not be stored; the call still waits.
        """
        if request_id not in self._waiting:
            raise SessionError("this tool call does not wait for a decision any more")
        request, _ = self._waiting[request_id]
        if decision.allowed and decision.scope == "session":
            await self._table.allow(request.key, request.name)
        for other, decided in self._waiting.values():
            same_tool = decision.allowed and decision.scope == "session" and other.name == request.name
            if (other is request or same_tool) and not decided.done():
                decided.set_result(decision)

    async def _allowed(self) -> tuple[str, ...]:
        try:
            return tuple(await self._table.allowed(self._turn.key))
        except StoreError as error:  # asking once more is always right
            logger.warning("what %s allowed cannot be read: %s", self._turn.key, error)
            return ()

    async def _tell(self) -> None:
        await self._note(bool(self._waiting))
