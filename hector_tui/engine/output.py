"""The per-request output queue: one run's events as a log with independent readers.

A put never waits and never drops, so a slow, frozen or vanished reader cannot delay a run. A reader takes everything
new at once, from any thread; one that comes late starts from the first event. The queue ends with exactly one terminal
event.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple

from hector_tui.domain.events import OutputEvent, is_terminal
from hector_tui.domain.keys import SessionKey
from hector_tui.engine.waker import Waker


class EventRecord(NamedTuple):
    """An event with its place.

    Attributes:
        seq: Position in its queue, from 0.
        at: Seconds since the epoch, UTC.
    """

    seq: int
    at: float
    event: OutputEvent


class OutputQueue:
    """The events of one run, in order, written by one thread and read by any.

    Appending to a list and reading its length are atomic in CPython; the log only ever grows, so reading needs no lock.
    """

    __slots__ = ("_clock", "_ended", "_gate", "_log", "_readers", "key", "run_id")

    def __init__(self, run_id: str, key: SessionKey, clock: Callable[[], float] = time.time) -> None:
        self.run_id = run_id
        self.key = key
        self._clock = clock
        self._log: list[EventRecord] = []
        self._readers: tuple[OutputReader, ...] = ()
        self._gate = threading.Lock()
        self._ended = False

    def __len__(self) -> int:
        return len(self._log)

    def __repr__(self) -> str:
        return f"<OutputQueue {self.run_id} {len(self._log)} events{' ended' if self._ended else ''}>"

    @property
    def ended(self) -> bool:
        """Whether the terminal event has been put."""
        return self._ended

    def put(self, event: OutputEvent) -> None:
        """Append an event and wake the readers that sleep.

        Raises:
            RuntimeError: The queue has ended; nothing may follow its terminal event.
        """
        if self._ended:
            raise RuntimeError(f"{event!r} was put after the terminal event of run {self.run_id}")
        self._log.append(EventRecord(len(self._log), self._clock(), event))
        if is_terminal(event):
            self._ended = True
        for reader in self._readers:
            reader.waker.wake()

    def reader(self) -> OutputReader:
        """A new reader that starts at the first event; close it when done."""
        reader = OutputReader(self)
        with self._gate:
            self._readers = (*self._readers, reader)
        return reader

    def since(self, cursor: int) -> Sequence[EventRecord]:
        """Everything from a position on."""
        return self._log[cursor:]

    def detach(self, reader: OutputReader) -> None:
        """Wake a reader no longer."""
        with self._gate:
            self._readers = tuple(other for other in self._readers if other is not reader)


class OutputReader:
    """One independent reading of an OutputQueue; used by one task."""

    __slots__ = ("_cursor", "_queue", "waker")

    def __init__(self, queue: OutputQueue) -> None:
        self._queue = queue
        self._cursor = 0
        self.waker = Waker()

    @property
    def queue(self) -> OutputQueue:
        """What it reads."""
        return self._queue

    @property
    def finished(self) -> bool:
        """Whether it has taken the terminal event."""
        return self._queue.ended and self._cursor >= len(self._queue)

    def take(self) -> Sequence[EventRecord]:
        """Everything new since the last call; never waits."""
        records = self._queue.since(self._cursor)
        self._cursor += len(records)
        return records

    async def wait(self) -> None:
        """Sleep until `take` has something to give, or everything was taken."""
        while self._cursor >= len(self._queue) and not self._queue.ended:
            self.waker.park()
            if self._cursor < len(self._queue) or self._queue.ended:
                self.waker.unpark()
                return
            await self.waker.sleep()

    async def __aiter__(self) -> AsyncIterator[EventRecord]:
        while not self.finished:
            await self.wait()
            for record in self.take():
                yield record

    def close(self) -> None:
        """Be woken no longer; what was taken stays valid."""
        self._queue.detach(self)
