"""The one thread in which the vector store lives: its calls block, and none of them may block the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from hector_tui.errors import MemoryIndexError
from hector_tui.memory.base import VectorStore
from hector_tui.memory.opening import OpenedStore, StoreOpener

T = TypeVar("T")


class StoreThread:
    """Opens, uses and closes the store, one call at a time, in a thread of its own.

    The store is a variable of that thread: a caller that is cancelled while `open` runs cannot lose an open store,
    since `close` queues behind it and finds it.

    Args:
        opener: Opens the store.
    """

    def __init__(self, opener: StoreOpener) -> None:
        self._opener = opener
        self._store: VectorStore | None = None
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hector-vectors")

    async def open(self, *, afresh: str = "") -> OpenedStore:
        """Open the store, closing the one that was open.

        Args:
            afresh: Why an empty one is begun in any case; empty to open what is there.

        Raises:
            MemoryIndexLocked: Another process has it.
            MemoryIndexError: It cannot be opened.
        """
        return await self._call(lambda: self._open(afresh))

    async def run(self, work: Callable[[VectorStore], T]) -> T:
        """Do something with the open store.

        Raises:
            MemoryIndexError: No store is open, or the work failed.
        """
        return await self._call(lambda: self._work(work))

    async def confirm(self) -> None:
        """Note that everything is queued for a store that began empty.

        Raises:
            MemoryIndexError: The note could not be written.
        """
        await self._call(self._opener.confirm)

    async def close(self) -> None:
        """Close the store and let another process have it; it can be opened again.

        Raises:
            MemoryIndexError: The last changes could not be flushed; it is closed all the same.
        """
        await self._call(self._close)

    def end(self) -> None:
        """Close the store and end the thread, without waiting for it."""
        self._executor.submit(self._close)
        self._executor.shutdown(wait=False)

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def _open(self, afresh: str) -> OpenedStore:
        self._close()
        opened = self._opener.open(afresh=afresh)
        self._store = opened.store
        return opened

    def _work(self, work: Callable[[VectorStore], T]) -> T:
        if self._store is None:
            raise MemoryIndexError("the vector store is not open")
        return work(self._store)

    def _close(self) -> None:
        store, self._store = self._store, None
        try:
            if store is not None:
                store.close()
        finally:
            self._opener.release()
