"""Keeps the vector store in step with the database: one task, woken by new memories, that empties the outbox."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import MemoryFilter
from hector_tui.errors import HectorError, MemoryIndexError, MemoryIndexLocked
from hector_tui.memory.base import Embedder, Found, Vector, VectorStore
from hector_tui.memory.batches import BATCH, BatchWriter, EmbedderFailed
from hector_tui.memory.opening import DAMAGED, StoreOpener
from hector_tui.memory.status import IndexerStatus, IndexerTiming
from hector_tui.memory.store_thread import StoreThread
from hector_tui.sessions.memories import MemoryTable

_KEYS_PER_QUERY = 50
"""SQLite refuses an expression of more than 1,000 alternatives."""
_ASKED_FOR = "it was asked for"
_LOCKED = "another hector-tui indexes this profile; recall searches by words"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Request:
    """Someone wants a SessionKey's entries, or with None everyone's, to be indexed now; `afresh` in an empty store."""

    key: SessionKey | None
    done: asyncio.Future[bool]
    afresh: str = ""


class Indexer:
    """Owns the vector store and the task that fills it. Every method belongs to the engine's event loop.

    Args:
        table: Memories and the outbox.
        embedder: Makes the vectors.
        opener: Opens the store.
        batch_size_of: An agent's batch size, by agent id.
        timing: How long to wait for what.
        clock: Seconds since the epoch, UTC: the clock that stamps the outbox.
    """

    def __init__(
        self,
        table: MemoryTable,
        embedder: Embedder,
        opener: StoreOpener,
        *,
        batch_size_of: Callable[[str], int],
        timing: IndexerTiming | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._table = table
        self._dimension = embedder.dimension
        self._batch_size_of = batch_size_of
        self._timing = timing or IndexerTiming()
        self._clock = clock
        self._thread = StoreThread(opener)
        self._writer = BatchWriter(table, embedder, self._thread)
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._requests: list[_Request] = []
        self._status = IndexerStatus()
        self._is_open = False
        self._is_counted = False
        self._rebuild_size = 0
        self._failures = 0
        self._not_before = 0.0
        self._closing = False

    def start(self) -> None:
        """Begin; returns at once, the store is opened in the background."""
        if self._task is None and not self._closing:
            self._status = replace(self._status, detail="the vector store is being opened")
            self._task = asyncio.create_task(self._work(), name="memory-indexer")

    def notify(self, key: SessionKey, *, at_once: bool = False) -> None:
        """There is new work for a SessionKey.

        Args:
            key: Whose.
            at_once: Index it now, although its batch may not be full.
        """
        if at_once and self._is_working:
            self._ask(key)
        self._wake.set()

    def notify_all(self) -> None:
        """Work for keys the caller does not know, such as deletions with a session: do everything now."""
        if self._is_working:
            self._ask(None)
        self._wake.set()

    async def flush(self, key: SessionKey | None = None, *, timeout_s: float = 5.0) -> bool:
        """Index what waits for a key, or everything.

        Args:
            key: Whose; None for everyone's.
            timeout_s: Seconds to wait; the work goes on when they are over.

        Returns:
            Whether it is all in the vector store. If not, it stays in the outbox and `status` tells why.
        """
        if not self._is_working:
            return False
        request = self._ask(key)
        finished, _ = await asyncio.wait({request.done}, timeout=timeout_s)
        return bool(finished) and not request.done.cancelled() and request.done.result()

    async def rebuild(self) -> bool:
        """Begin an empty store and index every memory of the database; lasts as long as that does.

        Returns:
            Whether every memory is in the vector store. If not, what is missing stays in the outbox and `status` tells
            why; while another process has the store nothing is touched.
        """
        return self._is_working and await self._ask(None, afresh=_ASKED_FOR).done

    def status(self) -> IndexerStatus:
        """How it stands now."""
        return self._status

    async def search(self, vector: Vector, where: MemoryFilter, limit: int) -> Sequence[Found] | None:
        """Search the store; None unless the state is `ready`.

        Raises:
            MemoryIndexError: The store could not be searched.
        """
        if self._status.state != "ready":
            return None
        return await self._thread.run(lambda store: store.search(vector, where, limit))

    async def aclose(self) -> None:
        """Index what waits, within `close_s`, close the store and end the thread; safe to call twice."""
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=self._timing.close_s)
            if not self._task.done():
                logger.warning("indexing was cut short; %d entries stay in the outbox", self._status.pending)
                self._task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._task
        self._is_open = False
        self._status = replace(self._status, state="off", detail="closed")
        try:
            async with asyncio.timeout(self._timing.close_s):
                await self._thread.close()
        except (MemoryIndexError, TimeoutError) as error:
            logger.warning("the vector store did not close well: %s", error)
        self._thread.end()

    @property
    def _is_working(self) -> bool:
        return self._task is not None and not self._task.done() and not self._closing

    def _ask(self, key: SessionKey | None, afresh: str = "") -> _Request:
        request = _Request(key, asyncio.get_running_loop().create_future(), afresh)
        self._requests.append(request)
        self._wake.set()
        return request

    async def _work(self) -> None:
        try:
            while not self._closing:
                await self._round()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause_s()):
                        await self._wake.wait()
                self._wake.clear()
            await self._round()
        finally:
            self._answer(self._take_requests(), False)

    async def _round(self) -> None:
        """Open the store if it is not, do what is due, and note how it went. Raises nothing but a cancellation."""
        requests = self._take_requests()
        succeeded = False
        try:
            if self._may_try(wanted=bool(requests)):
                afresh = next((request.afresh for request in requests if request.afresh), "")
                if afresh or not self._is_open:
                    await self._open(afresh)
                await self._report_ready(await self._index(requests))
                succeeded = not self._writer.refused
            else:
                await self._count_pending()
        except MemoryIndexLocked:
            self._is_open = False
            self._not_before = time.monotonic() + self._timing.takeover_s
            await self._report_failure("locked", _LOCKED)
        except HectorError as error:
            await self._failed(error)
        except Exception as error:
            # Whatever it is, the task must live: without it the outbox grows in silence.
            logger.exception("the memory indexer failed")
            await self._failed(error)
        finally:
            self._answer(requests, succeeded)

    def _may_try(self, *, wanted: bool) -> bool:
        """After a failure, or while another process has the store, wait; a request may cut the wait after a failure."""
        impatient = (wanted or self._closing) and self._status.state != "locked"
        return impatient or time.monotonic() >= self._not_before

    async def _open(self, afresh: str) -> None:
        self._is_open = False
        opened = await self._thread.open(afresh=afresh)
        if not opened.is_empty and not await self._is_whole():
            opened = await self._thread.open(afresh=DAMAGED)
        if opened.is_empty:
            waiting = await self._table.queue_everything()
            await self._thread.confirm()
            self._writer.try_all()
        else:
            waiting = (await self._table.counts(MemoryFilter())).pending
        self._is_open = True
        self._is_counted = False
        self._rebuild_size = waiting if opened.is_empty or waiting > BATCH else 0
        if self._rebuild_size:
            reason = opened.reason or "the last run did not finish it"
            detail = f"the vector index is rebuilt ({reason}); recall searches by words"
            self._status = replace(self._status, state="rebuilding", detail=detail, progress=0.0)

    async def _is_whole(self) -> bool:
        """Whether the store has at least what the outbox says it was given, and finds something at all.

        A damaged folder can open without complaint: with one of its files missing the engine counts every point and
        finds none.
        """
        probe = [self._dimension**-0.5] * self._dimension

        def look(store: VectorStore) -> tuple[int, bool]:
            points = store.count()
            return points, points == 0 or bool(store.search(probe, MemoryFilter(), 1))

        try:
            points, finds = await self._thread.run(look)
        except MemoryIndexError as error:
            logger.warning("the vector store cannot be read: %s", error)
            return False
        counts = await self._table.counts(MemoryFilter())
        known = counts.total - counts.pending
        if not finds or points < known:
            logger.warning("the vector store has %d points of %d, finds %s", points, known, finds)
        return finds and points >= known

    async def _index(self, requests: Sequence[_Request]) -> int:
        """Do what is due; returns how many entries that was. After a failure everything is, what failed among it."""
        if self._rebuild_size or self._failures or self._closing or any(request.key is None for request in requests):
            return await self._empty(None)
        due = {request.key for request in requests if request.key is not None}
        now = self._clock()
        for key, (entries, oldest) in (await self._table.outbox_counts()).items():
            if entries >= self._batch_size_of(key.agent_id) or now - oldest >= self._timing.flush_after_s:
                due.add(key)
        keys = sorted(due)
        written = 0
        for start in range(0, len(keys), _KEYS_PER_QUERY):
            written += await self._empty(keys[start : start + _KEYS_PER_QUERY])
        return written

    async def _empty(self, keys: Sequence[SessionKey] | None) -> int:
        """Do batches until none is left; returns how many entries they had."""
        written = 0
        await self._count_pending()
        waiting = self._status.pending
        while count := await self._writer.write_next(keys):
            written += count
            if self._rebuild_size:
                left = max(0, waiting - written)
                progress = 1.0 - min(1.0, left / self._rebuild_size)
                self._status = replace(self._status, pending=left, progress=progress)
        if keys is None:
            self._rebuild_size = 0
        return written

    async def _report_ready(self, written: int) -> None:
        self._failures = 0
        indexed = self._status.indexed
        if written or not self._is_counted:  # a server is not asked every few seconds for a number nobody changed
            indexed = await self._thread.run(lambda store: store.count())
            self._is_counted = True
        refused = self._writer.refused
        detail = f"{refused} memories could not be embedded and are found by words only" if refused else ""
        self._status = replace(self._status, state="ready", detail=detail, indexed=indexed, progress=1.0)
        await self._count_pending()

    async def _failed(self, error: Exception) -> None:
        if not isinstance(error, EmbedderFailed):
            self._is_open = False  # the next attempt closes it and opens it anew, which finds out what is wrong with it
        pause_s = min(self._timing.retry_s * 2.0**self._failures, self._timing.retry_max_s)
        self._failures = min(self._failures + 1, 30)
        self._not_before = time.monotonic() + pause_s
        logger.warning("memories are not indexed, next attempt in %.0f s: %s", pause_s, error)
        reason = (str(error) or repr(error)).rstrip(".")
        await self._report_failure("degraded", f"{reason}; recall searches by words")

    async def _report_failure(self, state: Literal["locked", "degraded"], detail: str) -> None:
        self._status = replace(self._status, state=state, detail=detail)
        with contextlib.suppress(Exception):  # the database may be what failed, and that is reported already
            await self._count_pending()

    async def _count_pending(self) -> None:
        counts = await self._table.outbox_counts()
        self._status = replace(self._status, pending=sum(entries for entries, _ in counts.values()))

    def _pause_s(self) -> float:
        """Seconds until the next round when nothing wakes it."""
        if self._status.state == "ready":
            return self._timing.poll_s
        return min(self._timing.poll_s, max(0.0, self._not_before - time.monotonic()))

    def _take_requests(self) -> list[_Request]:
        requests, self._requests = self._requests, []
        return requests

    @staticmethod
    def _answer(requests: Sequence[_Request], succeeded: bool) -> None:
        for request in requests:
            if not request.done.done():
                request.done.set_result(succeeded)
