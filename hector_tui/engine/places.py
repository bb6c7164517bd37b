"""Places among the running: how many runs work at a time, in the whole engine and of one agent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager


class Place:
    """What one run holds while it works.

    Args:
        limits: The semaphores it needs, the agent's own first, so that one agent's queue holds none of the engine's.
    """

    def __init__(self, limits: Sequence[asyncio.Semaphore]) -> None:
        self._limits = limits
        self._held: list[asyncio.Semaphore] = []
        self._away = 0

    async def take(self) -> None:
        """Wait for a place."""
        for limit in self._limits:
            await limit.acquire()
            self._held.append(limit)

    def give(self) -> None:
        """Give it back; nothing happens when it is given already."""
        while self._held:
            self._held.pop().release()

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Lets others work while this run waits for something that is not work: a person, or another process.

        Several waits of one run may overlap; the place is given with the first and taken again after the last. A run
        that is cancelled meanwhile takes none: it has only to end.
        """
        self._away += 1
        self.give()
        try:
            yield
        except BaseException:
            self._away -= 1
            raise
        self._away -= 1
        if not self._away:
            await self.take()
