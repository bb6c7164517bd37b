"""The journal: what live runs have streamed, saved every quarter of a second in one transaction for all of them.

After `kill -9` the next start assembles the partial answers from it (sessions/turn_rows.py). It reads each run's
OutputQueue as any reader does, so it can neither delay a run nor miss an event.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from hector_tui.domain.deltas import joined
from hector_tui.domain.events import OutputEvent, StateChanged, event_to_dict, is_terminal
from hector_tui.domain.keys import SessionKey
from hector_tui.engine.output import EventRecord, OutputQueue, OutputReader
from hector_tui.errors import StoreError
from hector_tui.sessions.service import SessionService
from hector_tui.sessions.turn_rows import JournalEntry

INTERVAL_S = 0.25
"""Seconds between two transactions: at most this much streamed text, and the time of one commit, is lost in a crash."""

BEAT_S = 2.0
"""Seconds between two signs of life; a lease expires after five of them (engine/settling.py)."""

logger = logging.getLogger(__name__)


class _Track:
    """How far one run's queue has been saved."""

    __slots__ = ("key", "part", "reader", "turn_id", "unsaved")

    def __init__(self, turn_id: str, key: SessionKey, reader: OutputReader) -> None:
        self.turn_id = turn_id
        self.key = key
        self.reader = reader
        self.part = 0
        self.unsaved: list[OutputEvent] = []

    def entry(self) -> JournalEntry | None:
        self.unsaved.extend(record.event for record in self.reader.take() if _matters(record))
        if not self.unsaved:
            return None
        events = [event_to_dict(event) for event in joined(self.unsaved)]
        return JournalEntry(turn_id=self.turn_id, key=self.key, part=self.part, events=events)

    def saved(self) -> None:
        self.unsaved.clear()
        self.part += 1


class Journal:
    """Saves the events of live runs until they settle.

    Args:
        sessions: Where to.
        report: Called with the reason when saving fails, and with an empty text when it works again.
    """

    def __init__(self, sessions: SessionService, report: Callable[[str], None]) -> None:
        self._sessions = sessions
        self._report = report
        self._tracks: dict[str, _Track] = {}
        self._task: asyncio.Task[None] | None = None
        self._failing = False
        self._beaten_at = float("-inf")

    def follow(self, turn_id: str, output: OutputQueue) -> None:
        """Begin to save a run's events."""
        self._tracks[turn_id] = _Track(turn_id, output.key, output.reader())
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name="journal")

    def leave(self, turn_id: str) -> None:
        """Save no more of a run; call it before the transaction that settles the turn is queued."""
        if (track := self._tracks.pop(turn_id, None)) is not None:
            track.reader.close()

    async def save(self) -> None:
        """Save what is new of every run, in one transaction."""
        pending = [(track, entry) for track in self._tracks.values() if (entry := track.entry()) is not None]
        if not pending:
            return
        # Marked as saved before the wait: events that arrive meanwhile belong to the next part.
        batches = [(track, list(track.unsaved)) for track, _ in pending]
        for track, _ in pending:
            track.saved()
        try:
            await self._sessions.journal([entry for _, entry in pending])
        except StoreError as error:
            for track, events in batches:
                track.unsaved[:0] = events
            self._failing = True
            self._report(str(error))
            logger.warning("the journal could not be saved: %s", error)
            return
        if self._failing:
            self._failing = False
            self._report("")

    async def aclose(self) -> None:
        """End the saving task."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _work(self) -> None:
        """Run while there is something to follow; an idle program has no timer."""
        while self._tracks:
            await asyncio.sleep(INTERVAL_S)
            await self.save()
            await self._beat()

    async def _beat(self) -> None:
        """Tell other processes that this one is alive and its turns go on."""
        now = time.monotonic()
        if now - self._beaten_at < BEAT_S:
            return
        self._beaten_at = now
        try:
            await self._sessions.beat()
        except StoreError as error:
            logger.warning("the lease could not be renewed: %s", error)


def _matters(record: EventRecord) -> bool:
    """Terminal events are stored by settling; of the phases only a new model step shapes the messages."""
    event = record.event
    if isinstance(event, StateChanged):
        return event.phase == "model"
    return not is_terminal(event)
