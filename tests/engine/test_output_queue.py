"""The output queue: independent readers, in any thread, that miss nothing and are woken no more than needed."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from hector_tui.domain.events import OutputEvent, RunFinished, TextDelta
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.usage import Usage
from hector_tui.engine.output import EventRecord, OutputQueue, OutputReader
from hector_tui.engine.waker import Waker

END = RunFinished("end", Usage())


def new_queue() -> OutputQueue:
    return OutputQueue("run-1", SessionKey("s1", "parrot"))


def deltas(count: int) -> list[OutputEvent]:
    return [TextDelta(str(number)) for number in range(count)]


def events(records: Sequence[EventRecord]) -> list[OutputEvent]:
    return [record.event for record in records]


async def everything(reader: OutputReader) -> list[EventRecord]:
    return [record async for record in reader]


class ForeignReader:
    """Reads a queue on an event loop of its own in another thread, and counts what crosses over to wake it.

    Attributes:
        waits: How often it waited for news.
        wakes: How often the writer woke its loop.
    """

    def __init__(self, queue: OutputQueue, *, between: Callable[[], float] = lambda: 0.0) -> None:
        self.records: list[EventRecord] = []
        self.waits = 0
        self.wakes = 0
        self.is_reading = threading.Event()
        self._reader = queue.reader()
        self._between = between
        self._thread = threading.Thread(target=lambda: asyncio.run(self._read()), daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join(20.0)
        assert not self._thread.is_alive(), f"the reader sleeps for ever after {len(self.records)} events"

    async def _read(self) -> None:
        self._count_wakes(asyncio.get_running_loop())
        self.is_reading.set()
        while not self._reader.finished:
            self.waits += 1
            await self._reader.wait()
            self.records.extend(self._reader.take())
            await asyncio.sleep(self._between())

    def _count_wakes(self, loop: asyncio.AbstractEventLoop) -> None:
        wake = loop.call_soon_threadsafe

        def counted(*args: Any, **kwargs: Any) -> asyncio.Handle:
            self.wakes += 1
            return wake(*args, **kwargs)

        loop.call_soon_threadsafe = counted  # type: ignore[method-assign,assignment]  # watched, not changed


async def test_readers_are_independent() -> None:
    queue = new_queue()
    first, second = queue.reader(), queue.reader()
    queue.put(TextDelta("a"))
    assert events(first.take()) == [TextDelta("a")]
    queue.put(TextDelta("b"))
    queue.put(END)
    assert events(first.take()) == [TextDelta("b"), END]
    assert first.finished
    assert not second.finished
    assert events(second.take()) == [TextDelta("a"), TextDelta("b"), END]
    assert second.finished


async def test_a_late_reader_starts_at_the_first_event() -> None:
    queue = new_queue()
    for event in (*deltas(1000), END):
        queue.put(event)
    records = await everything(queue.reader())
    assert events(records) == [*deltas(1000), END]
    assert [record.seq for record in records] == list(range(1001))


async def test_a_reader_that_attaches_in_the_middle_misses_nothing() -> None:
    queue = new_queue()
    for event in deltas(10):
        queue.put(event)
    reading = asyncio.create_task(everything(queue.reader()))
    await asyncio.sleep(0)
    queue.put(END)
    assert events(await reading) == [*deltas(10), END]


async def test_nothing_follows_the_terminal_event() -> None:
    queue = new_queue()
    queue.put(END)
    for event in (TextDelta("late"), END):
        with pytest.raises(RuntimeError, match="after the terminal event of run run-1"):
            queue.put(event)
    assert events(queue.reader().take()) == [END]


async def test_a_finished_reader_does_not_wait() -> None:
    queue = new_queue()
    queue.put(END)
    reader = queue.reader()
    reader.take()
    await asyncio.wait_for(reader.wait(), 20.0)
    assert await everything(reader) == []


async def test_a_closed_reader_is_woken_no_more() -> None:
    queue = new_queue()
    reader = queue.reader()
    waiting = asyncio.create_task(reader.wait())
    await asyncio.sleep(0)
    reader.close()
    queue.put(TextDelta("unheard"))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert events(reader.take()) == [TextDelta("unheard")]
    waiting.cancel()


async def test_a_reader_that_gave_up_waiting_can_wait_again() -> None:
    queue = new_queue()
    reader = queue.reader()
    waiting = asyncio.create_task(reader.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    again = asyncio.create_task(reader.wait())
    await asyncio.sleep(0)
    queue.put(TextDelta("a"))
    await asyncio.wait_for(again, 20.0)
    assert events(reader.take()) == [TextDelta("a")]


def test_a_reader_on_another_loop_gets_everything_in_order() -> None:
    queue = new_queue()
    foreign = ForeignReader(queue)
    foreign.is_reading.wait(20.0)
    for event in (*deltas(20_000), END):
        queue.put(event)
    foreign.join()
    assert events(foreign.records) == [*deltas(20_000), END]
    assert [record.seq for record in foreign.records] == list(range(20_001))


def test_one_wait_costs_one_wake_up_however_much_is_new() -> None:
    queue = new_queue()
    # As the interface reads: it takes what is new, then draws for a frame.
    foreign = ForeignReader(queue, between=lambda: 0.01)
    foreign.is_reading.wait(20.0)
    for event in (*deltas(50_000), END):
        queue.put(event)
    foreign.join()
    assert len(foreign.records) == 50_001
    assert foreign.wakes <= foreign.waits
    assert foreign.waits < 1_000


@pytest.mark.parametrize("seed", range(4))
def test_no_wake_up_is_lost_between_two_threads(seed: int) -> None:
    """Writer and readers meet at every point of `park`, `wake` and `sleep`; one lost wake-up sleeps for ever."""
    chance = random.Random(seed)
    queue = new_queue()
    hasty = ForeignReader(queue)
    lazy = ForeignReader(queue, between=lambda: chance.choice((0.0, 0.0, 0.0005)))
    for reader in (hasty, lazy):
        reader.is_reading.wait(20.0)
    pause = threading.Event()
    for event in deltas(3_000):
        queue.put(event)
        if chance.random() < 0.3:
            pause.wait(chance.random() * 0.0003)
    queue.put(END)
    for reader in (hasty, lazy):
        reader.join()
        assert events(reader.records) == [*deltas(3_000), END]
        assert reader.wakes <= reader.waits


@pytest.mark.parametrize("moment", ["before it parks", "before it sleeps"])
def test_news_at_the_worst_moment_is_not_missed(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """The writer strikes when the reader has looked and seen nothing."""
    queue = new_queue()
    park, sleep = Waker.park, Waker.sleep

    def strike() -> None:
        writer = threading.Thread(target=queue.put, args=(END,))
        writer.start()
        writer.join()

    def late_park(waker: Waker) -> None:
        strike()
        park(waker)

    async def late_sleep(waker: Waker) -> None:
        strike()
        await sleep(waker)

    if moment == "before it parks":
        monkeypatch.setattr(Waker, "park", late_park)
    else:
        monkeypatch.setattr(Waker, "sleep", late_sleep)

    async def read() -> list[EventRecord]:
        return await asyncio.wait_for(everything(queue.reader()), 20.0)

    assert events(asyncio.run(read())) == [END]


def test_a_reader_whose_loop_is_closed_harms_nothing() -> None:
    queue = new_queue()
    gone = queue.reader()

    async def fall_asleep() -> None:
        gone.waker.park()

    asyncio.run(fall_asleep())  # its loop is closed while it sleeps, as when a screen dies
    survivor = queue.reader()
    for event in (TextDelta("a"), TextDelta("b"), END):
        queue.put(event)
    assert events(survivor.take()) == [TextDelta("a"), TextDelta("b"), END]
    assert events(gone.take()) == [TextDelta("a"), TextDelta("b"), END]
