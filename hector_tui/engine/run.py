"""`Run`: the live execution of one turn, from the queue to its terminal event.

Two tasks carry it. The pump waits for a slot and lets the agent work; the settler waits for the pump, stores the
outcome and only then puts the terminal event. Cancelling cancels the pump alone: with one task, a cancel before its
first step would mean that its body never runs, and every reader would wait for ever.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from hector_tui.agents.agent import Agent
from hector_tui.agents.reasoning import ReasoningState
from hector_tui.domain.events import (
    OutputEvent,
    RunCancelled,
    RunFailed,
    RunFinished,
    StateChanged,
    TerminalEvent,
)
from hector_tui.domain.keys import SessionKey, new_id
from hector_tui.domain.turns import Turn, TurnStatus
from hector_tui.engine.approvals import ApprovalDesk
from hector_tui.engine.journal import Journal
from hector_tui.engine.output import OutputQueue
from hector_tui.engine.places import Place
from hector_tui.engine.settling import Settler, Stored
from hector_tui.errors import HectorError, ProviderError, StoreError
from hector_tui.llm.base import Model
from hector_tui.sessions.turn_rows import Settlement

logger = logging.getLogger(__name__)


class Run:
    """One turn being answered. Made when the turn is accepted, so that it can be watched while it still waits.

    Attributes:
        output: Everything it says, for any number of readers.
        approvals: Its tool calls that wait for a person.
        state: What changes while it works; the inspector looks at it.
        status: Where it stands; changes in the engine's thread only.
        started_at: When the agent began, seconds since the epoch, UTC; None while it waits.
    """

    def __init__(
        self,
        turn: Turn,
        agent: Agent,
        model: Model | None = None,
        *,
        settler: Settler,
        journal: Journal,
        on_change: Callable[[Run], None],
    ) -> None:
        self.run_id = new_id()
        self.turn = turn
        self.agent = agent
        self.output = OutputQueue(self.run_id, turn.key)
        self.approvals = ApprovalDesk(turn, settler.approvals, away=self._away, note=self._waits)
        self.state = ReasoningState(turn=turn, model=model, approver=self.approvals)
        self.status = TurnStatus.QUEUED
        self.started_at: float | None = None
        self._settler = settler
        self._journal = journal
        self._on_change = on_change
        self._place = Place(())
        self._pump: asyncio.Task[str] | None = None
        self._settling: asyncio.Task[None] | None = None
        self._cancel_reason: str | None = None
        self._cancel_status = TurnStatus.CANCELLED
        self._settled = asyncio.Event()
        self.emit(StateChanged("queued"))

    def __repr__(self) -> str:
        return f"<Run {self.run_id} {self.turn.key} {self.status.value}>"

    @property
    def key(self) -> SessionKey:
        """Which session and agent it belongs to."""
        return self.turn.key

    @property
    def model_label(self) -> str:
        """Who answers: the model the session chose, else the agent's own."""
        return (self.state.model or self.agent.model).label

    def adopt(self, agent: Agent, model: Model | None) -> None:
        """Take the agent of a new configuration, before the work has begun; later it does nothing."""
        if self.started_at is None and not self.output.ended:
            self.agent, self.state.model = agent, model

    @property
    def is_cancelling(self) -> bool:
        """Whether a cancel was asked for and the run has not ended yet."""
        return self._cancel_reason is not None and not self.output.ended

    def emit(self, event: OutputEvent) -> None:
        """Take one event: into the output at once, and into the messages of the answer."""
        self.state.answer.apply(event)
        self.output.put(event)

    def start(self, place: Place) -> None:
        """Begin to work as soon as there is a place; the last change is told after the terminal event."""
        self._place = place
        self._pump = asyncio.create_task(self._work(), name=f"pump-{self.run_id}")
        self._settling = asyncio.create_task(self._settle(self._pump), name=f"settle-{self.run_id}")

    def change(self, *, text: str | None = None, ordinal: int | None = None) -> None:
        """Take over what was changed of a turn that still waits."""
        self.turn = replace(
            self.turn,
            text=self.turn.text if text is None else text,
            ordinal=self.turn.ordinal if ordinal is None else ordinal,
        )
        self.state.turn = self.turn

    def drop(self) -> None:
        """End a run that never began and whose turn is not in the database any more."""
        self.status = TurnStatus.CANCELLED
        self.output.put(RunCancelled("taken out of the queue", stored=False))
        self._settled.set()

    def cancel(self, reason: str, status: TurnStatus = TurnStatus.CANCELLED) -> None:
        """Stop as soon as possible, as `cancelled` or `interrupted`; the first call counts.

        A second one does nothing: it would break off the tidying up after the first, and leave the connection open.
        """
        if self._cancel_reason is None:
            self._cancel_reason = reason
            self._cancel_status = status
            if self._pump is not None:
                self._pump.cancel()

    async def wait(self) -> None:
        """Until the terminal event has been put."""
        await self._settled.wait()

    async def _work(self) -> str:
        try:
            await self._place.take()
            self.emit(StateChanged("starting"))
            await self._settler.begin(self.turn, self.agent, self._place, model=self.model_label)
            self.status = TurnStatus.RUNNING
            self.started_at = time.time()
            self._journal.follow(self.turn.turn_id, self.output)
            self._on_change(self)
            return await self.agent.run(self.state, self.emit)
        finally:
            self._place.give()

    def _away(self) -> AbstractAsyncContextManager[None]:
        return self._place.away()

    async def _waits(self, waits: bool) -> None:
        """What waits for a person has changed; with the first call the run waits, after the last it goes on."""
        status = TurnStatus.WAITING if waits else TurnStatus.RUNNING
        changed, self.status = status is not self.status, status
        self._on_change(self)
        if not changed:
            return
        try:
            await self._settler.wait(self.turn, waits)
        except StoreError as error:  # the person is asked all the same; only another process does not see it
            logger.warning("that turn %s waits is not stored: %s", self.turn.turn_id, error)

    async def _settle(self, pump: asyncio.Task[str]) -> None:
        await asyncio.wait({pump})
        settlement, terminal = self._outcome(pump)
        self.emit(StateChanged("settling", self.state.iteration))
        self._journal.leave(self.turn.turn_id)
        stored: Stored = "refused"
        try:
            stored = await self._settler.settle(self.turn, self.agent, settlement)
        except Exception:  # a bug in settling must not leave readers without a terminal event
            logger.exception("run %s could not be settled", self.run_id)
        if stored != "yes":
            terminal = _unstored(terminal, stored)
        # An answer that is not on disk is not done, for whoever looks at the status alone.
        self.status = TurnStatus.FAILED if isinstance(terminal, RunFailed) else settlement.status
        self.output.put(terminal)
        self._settled.set()
        self._on_change(self)

    def _outcome(self, pump: asyncio.Task[str]) -> tuple[Settlement, TerminalEvent]:
        """How the turn ended, for the database and for the readers."""
        usage = self.state.usage
        if self._cancel_reason is not None or pump.cancelled():
            # Also when the agent swallowed the cancellation: what counts is that a person asked for the end.
            status = self._cancel_status
            messages = self.state.answer.messages(unfinished=status.value)
            reason = self._cancel_reason or "stopped"
            return (
                Settlement(status=status, messages=messages, error=reason, usage=usage),
                RunCancelled(reason),
            )
        error = pump.exception()
        if error is None:
            reason = pump.result()
            messages = self.state.answer.messages(unfinished="no answer")
            return (
                Settlement(status=TurnStatus.DONE, messages=messages, stop_reason=reason, usage=usage),
                RunFinished(reason, usage),
            )
        text = _error_text(error)
        messages = self.state.answer.messages(unfinished="failed")
        return (
            Settlement(status=TurnStatus.FAILED, messages=messages, error=text, usage=usage),
            RunFailed(text, retryable=isinstance(error, ProviderError) and error.retryable),
        )


def _error_text(error: BaseException) -> str:
    """One line for the screen; anything but our own errors is a bug and goes to the log with its traceback."""
    if isinstance(error, HectorError):
        return str(error)
    logger.error("a run failed", exc_info=error)
    return f"an internal error ({type(error).__name__}); the log has the details"


def _unstored(terminal: TerminalEvent, stored: Stored) -> TerminalEvent:
    """The terminal event of a turn that could not be saved: it must not look saved."""
    note = "not saved: the turn was deleted or settled elsewhere"
    if stored == "later":
        note = "not saved yet: the database refused; it is tried again"
    match terminal:
        case RunFinished():
            return RunFailed(note, stored=False)
        case RunFailed(error):
            return RunFailed(f"{error} - {note}", stored=False)
        case RunCancelled(reason):
            return RunCancelled(f"{reason} - {note}", stored=False)
