"""`Runner`: in which order turns run, and how many at a time.

Turns of one SessionKey run one after another, in the order they were sent; those of different keys side by side, up to
a limit of the whole engine and one of each agent. Waiting is visible and can be cancelled.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from hector_tui.agents.agent import Agent
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.turns import Turn, TurnStatus
from hector_tui.engine.journal import Journal
from hector_tui.engine.places import Place
from hector_tui.engine.run import Run
from hector_tui.engine.settling import Settler
from hector_tui.llm.base import Model

_CLOSED = "hector-tui was closed while this was being answered"
CLOSE_TIMEOUT_S = 2.0
"""Seconds that running turns get to store what they have when the program ends."""

logger = logging.getLogger(__name__)


class _Lane:
    """The turns of one SessionKey: the one that runs, those that wait, and those cancelled while they waited."""

    __slots__ = ("current", "leaving", "waiting")

    def __init__(self) -> None:
        self.current: Run | None = None
        self.waiting: deque[Run] = deque()
        self.leaving: list[Run] = []

    def runs(self) -> list[Run]:
        return [*([self.current] if self.current is not None else []), *self.waiting, *self.leaving]


class Runner:
    """Owns every run of the engine.

    Args:
        limit: Runs at a time in the whole engine; 0 for no limit.
        on_change: Called whenever a run was queued, started or has ended.
    """

    def __init__(self, *, settler: Settler, journal: Journal, limit: int, on_change: Callable[[Run], None]) -> None:
        self._settler = settler
        self._journal = journal
        self._on_change = on_change
        self._slots = asyncio.Semaphore(limit) if limit else None
        self._agent_slots: dict[str, asyncio.Semaphore] = {}
        self._lanes: dict[SessionKey, _Lane] = {}
        self._is_closing = False

    @property
    def is_closing(self) -> bool:
        """Whether the program ends, and no new message should be taken."""
        return self._is_closing

    def submit(self, turn: Turn, agent: Agent, model: Model | None = None) -> Run:
        """Queue an accepted turn; the run can be watched and cancelled from now on.

        Args:
            turn: As it was stored.
            agent: Who answers.
            model: The one its session chose; None for the agent's own.
        """
        run = Run(turn, agent, model, settler=self._settler, journal=self._journal, on_change=self._changed)
        lane = self._lanes.setdefault(turn.key, _Lane())
        lane.waiting.append(run)
        if self._is_closing:  # its message was being stored when the end began
            self.cancel(run, _CLOSED, TurnStatus.INTERRUPTED)
        else:
            self._advance(turn.key, lane)
        self._on_change(run)
        return run

    def waiting(self, session_id: str) -> list[Run]:
        """The runs of a session that wait behind another turn, in the order they will be answered."""
        return [run for key, lane in self._lanes.items() if key.session_id == session_id for run in lane.waiting]

    def take_out(self, run: Run) -> bool:
        """Take a waiting run out of its lane; returns False when it runs already."""
        lane = self._lanes.get(run.key)
        if lane is None or run not in lane.waiting:
            return False
        lane.waiting.remove(run)
        run.drop()
        self._on_change(run)
        return True

    def reorder(self, key: SessionKey, runs: Sequence[Run], ordinals: Sequence[int]) -> None:
        """Let the waiting runs of a lane stand in this order."""
        for run, ordinal in zip(runs, ordinals, strict=True):
            run.change(ordinal=ordinal)
        if (lane := self._lanes.get(key)) is not None:
            still = [run for run in runs if run in lane.waiting]
            lane.waiting = deque(sorted(lane.waiting, key=lambda run: (run not in still, run.turn.ordinal)))

    def runs(self, session_id: str) -> list[Run]:
        """The live runs of a session, running ones before those that wait behind them."""
        return [run for key, lane in self._lanes.items() if key.session_id == session_id for run in lane.runs()]

    def all_runs(self) -> list[Run]:
        """Every live run."""
        return [run for lane in self._lanes.values() for run in lane.runs()]

    def cancel(self, run: Run, reason: str, status: TurnStatus = TurnStatus.CANCELLED) -> None:
        """Stop a run, wherever it stands."""
        lane = self._lanes.get(run.key)
        if lane is not None and run in lane.waiting:
            # It has no tasks yet; it gets them so that it ends as every run does, with its outcome stored.
            lane.waiting.remove(run)
            lane.leaving.append(run)
            run.start(self._place(run.agent))
        run.cancel(reason, status)

    async def aclose(self) -> None:
        """Interrupt every run and wait a bounded time until they have stored what they have."""
        self._is_closing = True
        for run in self.all_runs():
            self.cancel(run, _CLOSED, TurnStatus.INTERRUPTED)
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                while runs := self.all_runs():
                    await runs[0].wait()
                    await asyncio.sleep(0)
        except TimeoutError:
            logger.warning("%d runs did not end within %s s", len(self.all_runs()), CLOSE_TIMEOUT_S)

    def _advance(self, key: SessionKey, lane: _Lane) -> None:
        if lane.current is None and lane.waiting:
            lane.current = lane.waiting.popleft()
            lane.current.start(self._place(lane.current.agent))
        if not lane.runs():
            del self._lanes[key]

    def _changed(self, run: Run) -> None:
        if run.output.ended:
            lane = self._lanes[run.key]
            if run is lane.current:
                lane.current = None
            else:
                lane.leaving.remove(run)
            self._advance(run.key, lane)
        self._on_change(run)

    def _place(self, agent: Agent) -> Place:
        """A place among the running, to be waited for."""
        limits = []
        if agent.worker_pool:
            limits.append(self._agent_slots.setdefault(agent.agent_id, asyncio.Semaphore(agent.worker_pool)))
        if self._slots is not None:
            limits.append(self._slots)
        return Place(limits)
