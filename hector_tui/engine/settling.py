"""Storing how turns begin and end, also when the database refuses at first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from hector_tui.agents.agent import Agent
from hector_tui.domain.turns import Turn, TurnStatus
from hector_tui.engine.places import Place
from hector_tui.errors import StoreConflict, StoreError
from hector_tui.memory.service import MemoryService
from hector_tui.sessions.approvals import ApprovalTable
from hector_tui.sessions.service import SessionService
from hector_tui.sessions.turn_rows import Settlement

Stored = Literal["yes", "later", "refused"]
"""Whether a turn's end is on disk, will be tried again, or can never be stored because its row has changed."""

LEASE_S = 10.0
"""Seconds without a sign of life after which a process no longer holds up the turns that wait behind its own."""
_POLL_S = 0.2
"""Seconds between two looks at whether an earlier turn in another process has ended."""
_RETRY_S = 2.0
"""Seconds between two attempts to store what the database refused."""

logger = logging.getLogger(__name__)


class Settler:
    """Writes the beginning and the end of turns.

    What the database refuses (a full disk, a lost share) is kept in memory and tried again until it is stored or the
    program ends; until then nothing says that it is saved.

    Args:
        report: Called with the reason while something is unsaved, and with an empty text when all is saved.
        approvals: Which tools need not ask any more.
        is_gone: Whether the process behind an owner id has ended.
    """

    def __init__(
        self,
        sessions: SessionService,
        memory: MemoryService,
        report: Callable[[str], None],
        *,
        approvals: ApprovalTable,
        is_gone: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.approvals = approvals
        self._sessions = sessions
        self._memory = memory
        self._report = report
        self._is_gone = is_gone
        self._unsaved: dict[str, tuple[Turn, Settlement]] = {}
        self._retrying: asyncio.Task[None] | None = None

    @property
    def unsaved(self) -> int:
        """Turns whose end is not stored yet."""
        return len(self._unsaved)

    async def begin(self, turn: Turn, agent: Agent, place: Place, *, model: str) -> None:
        """Mark a turn as running, once every earlier turn of its SessionKey has ended, in whichever process.

        Waiting for another process is no work: others get the place meanwhile.

        Args:
            turn: The turn.
            agent: Who answers.
            place: Is given to others meanwhile.
            model: The label of the one that will answer.

        Raises:
            StoreError: It could not be stored.
        """
        while await self._sessions.start(turn.turn_id, model=model, agent_version=agent.version):
            # A process that was killed is known to be gone at once; one that is frozen, when its lease has expired.
            await self._sessions.recover(self._is_gone, lease_s=LEASE_S)
            async with place.away():
                await asyncio.sleep(_POLL_S)

    async def wait(self, turn: Turn, waits: bool) -> None:
        """Mark a running turn as waiting for a person, or as running again.

        Raises:
            StoreError: It could not be stored.
        """
        await self._sessions.wait(turn.turn_id, waits)

    async def settle(self, turn: Turn, agent: Agent, settlement: Settlement) -> Stored:
        """Store how a turn ended, with what it leaves to long-term memory."""
        if settlement.status is TurnStatus.DONE:
            memories = self._memory.memories_of_turn(turn.key, agent.memory, turn, settlement.messages)
            settlement = replace(settlement, memories=tuple(memories))
        try:
            await self._sessions.settle(turn.turn_id, settlement)
        except StoreConflict as error:
            logger.warning("turn %s cannot be saved: %s", turn.turn_id, error)
            return "refused"
        except StoreError as error:
            logger.warning("turn %s is not saved yet: %s", turn.turn_id, error)
            self._unsaved[turn.turn_id] = (turn, settlement)
            self._report(str(error))
            if self._retrying is None or self._retrying.done():
                self._retrying = asyncio.create_task(self._retry(), name="settle-again")
            return "later"
        self._memory.notify(turn.key)
        return "yes"

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
            except StoreConflict as error:
                logger.warning("turn %s cannot be saved: %s", turn_id, error)
            except StoreError as error:
                logger.warning("turn %s is still not saved: %s", turn_id, error)
                continue
            del self._unsaved[turn_id]
            self._memory.notify(turn.key)
