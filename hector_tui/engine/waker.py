"""Waking a reader on another thread's event loop, at most once for everything that is new."""

from __future__ import annotations

import asyncio


class Waker:
    """Lets one task sleep until another thread has something for it.

    The writer first publishes, then calls `wake`; the reader first parks, then looks. Whatever the order in which the
    two run, either the reader sees what was published or the writer sees that it parks, so no wake-up is lost and no
    lock is needed.
    """

    __slots__ = ("_event", "_loop", "_parked")

    def __init__(self) -> None:
        self._parked = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event: asyncio.Event | None = None

    def wake(self) -> None:
        """Wake the reader if it sleeps; from any thread, and free when it does not."""
        if not self._parked:
            return
        self._parked = False
        loop, event = self._loop, self._event
        if loop is None or event is None:
            return
        try:
            loop.call_soon_threadsafe(event.set)
        except RuntimeError:
            # The reader's loop is closed: it went away without saying so, and misses nothing.
            return

    def park(self) -> None:
        """Announce that the caller is about to sleep; it must look for news once more before `sleep`."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop or self._event is None:
            self._loop = loop
            self._event = asyncio.Event()
        self._event.clear()
        self._parked = True

    def unpark(self) -> None:
        """Take `park` back, because there was news."""
        self._parked = False

    async def sleep(self) -> None:
        """Sleep until `wake`; call `park` before."""
        assert self._event is not None
        try:
            await self._event.wait()
        finally:
            self._parked = False
