"""Which sessions changed: a coalescing feed for tabs and lists, bounded by the number of sessions."""

from __future__ import annotations

import threading

from hector_tui.engine.waker import Waker

ENGINE = ""
"""Stands for the engine itself among the ids of changed sessions: its problems or its memory state changed."""


class ChangeReader:
    """Collects the ids of changed sessions until someone looks; used by one task."""

    __slots__ = ("_changed", "_gate", "waker")

    def __init__(self) -> None:
        self._changed: dict[str, None] = {}
        self._gate = threading.Lock()
        self.waker = Waker()

    def mark(self, session_id: str) -> None:
        """Note a change; from the engine's thread."""
        with self._gate:
            self._changed[session_id] = None
        self.waker.wake()

    def take(self) -> list[str]:
        """The sessions that changed since the last call, each once."""
        with self._gate:
            changed, self._changed = self._changed, {}
        return list(changed)

    async def wait(self) -> None:
        """Sleep until a session has changed."""
        while not self._changed:
            self.waker.park()
            if self._changed:
                self.waker.unpark()
                return
            await self.waker.sleep()


class ChangeFeed:
    """Tells every reader which sessions changed."""

    __slots__ = ("_gate", "_readers")

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._readers: tuple[ChangeReader, ...] = ()

    def mark(self, session_id: str) -> None:
        """Tell every reader that a session changed."""
        for reader in self._readers:
            reader.mark(session_id)

    def reader(self) -> ChangeReader:
        """A new reader that hears of every change from now on."""
        reader = ChangeReader()
        with self._gate:
            self._readers = (*self._readers, reader)
        return reader

    def detach(self, reader: ChangeReader) -> None:
        """Tell a reader nothing more."""
        with self._gate:
            self._readers = tuple(other for other in self._readers if other is not reader)
