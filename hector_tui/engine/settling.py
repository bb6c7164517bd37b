"""Storing how turns begin and end, also when the database refuses at first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from hector_tui.agents.agent import Agent
from hector_tui.domain.turns import Turn, TurnStatus
from hector_tui.errors import StoreError
from hector_tui.memory.service import MemoryService
from hector_tui.sessions.service import SessionService
from hector_tui.sessions.turn_rows import Settlement

_RETRY_S = 2.0
"""Seconds between two attempts to store what the database refused."""

logger = logging.getLogger(__name__)


class Settler:
    """Writes the beginning and the end of turns.

    What the database refuses (a full disk, a lost share) is kept in memory and tried again until it is stored or the
    program ends; until then nothing says that it is saved.

    Args:
        report: Called with the reason while something is unsaved, and with an empty text when all is saved.
    """

    def __init__(self, sessions: SessionService, memory: MemoryService, report: Callable[[str], None]) -> None:
        self._sessions = sessions
        self._memory = memory
        self._report = report
        self._unsaved: dict[str, tuple[Turn, Settlement]] = {}
        self._retrying: asyncio.Task[None] | None = None

    @property
    def unsaved(self) -> int:
        """Turns whose end is not stored yet."""
        return len(self._unsaved)

    async def begin(self, turn: Turn, agent: Agent) -> None:
        """Mark a turn as running.

        Raises:
            StoreError: It could not be stored.
        """
        await self._sessions.start(turn.turn_id, model=agent.model.label, agent_version=agent.version)

    async def settle(self, turn: Turn, agent: Agent, settlement: Settlement) -> bool:
        """Store how a turn ended, with what it leaves to long-term memory; returns whether it is on disk."""
        if settlement.status is TurnStatus.DONE:
            memories = self._memory.memories_of_turn(turn.key, agent.memory, turn, settlement.messages)
            settlement = replace(settlement, memories=tuple(memories))
        try:
            await self._sessions.settle(turn.turn_id, settlement)
        except StoreError as error:
            logger.warning("turn %s is not saved yet: %s", turn.turn_id, error)
            self._unsaved[turn.turn_id] = (turn, settlement)
            self._report(str(error))
            if self._retrying is None or self._retrying.done():
                self._retrying = asyncio.create_task(self._retry(), name="settle-again")
            return False
        self._memory.notify(turn.key)
        return True

    async def aclose(self) -> None:
        """Try once more what is unsaved, then give up."""
        if self._retrying is not None:
            self._retrying.cancel()
            await asyncio.wait({self._retrying})
        await self._save_unsaved()

    async def _retry(self) -> None:
        while self._unsaved:
            await asyncio.sleep(_RETRY_S)
            await self._save_unsaved()
        self._report("")

    async def _save_unsaved(self) -> None:
        for turn_id, (turn, settlement) in list(self._unsaved.items()):
            try:
                await self._sessions.settle(turn_id, settlement)
            except StoreError as error:
                logger.warning("turn %s is still not saved: %s", turn_id, error)
                continue
            del self._unsaved[turn_id]
            self._memory.notify(turn.key)
