"""A program in a pseudo-terminal of which every byte is noted with its time; what the screen showed is seen afterwards.

The emulation of a terminal costs more than what is measured, so that none runs meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.window.machine import cpu_s, resident_mb
from tests.pty.terminal import Terminal

COLUMNS, ROWS = 120, 40
PATIENCE_S = 120.0
_QUIET_BYTES = 300
"""More than a blinking cursor writes, less than a frame that shows anything."""


class Watched(Terminal):
    """Runs a program and notes what it draws.

    Args:
        arguments: For this Python interpreter.
        env: The whole environment of the program.
    """

    def __init__(self, arguments: Sequence[str], env: Mapping[str, str]) -> None:
        self._chunks: list[tuple[float, bytes]] = []
        super().__init__(arguments, env=env, columns=COLUMNS, rows=ROWS)

    def _received(self, data: bytes) -> None:
        self._chunks.append((time.monotonic(), data))
        self._raw += data

    @property
    def sent(self) -> int:
        """Bytes the program has written until now."""
        with self._news:
            return len(self._raw)

    @property
    def cpu_s(self) -> float:
        """Seconds of CPU of the program with everything it started."""
        return cpu_s(self.process.pid)

    @property
    def resident_mb(self) -> float:
        """Its memory, in MB."""
        return resident_mb(self.process.pid)

    def says(self, words: str, since: int = 0) -> float:
        """Wait until it writes words after so many bytes; when that was, on the monotonic clock.

        Raises:
            RuntimeError: It never did; the message has the end of what it wrote.
        """
        wanted, seen = words.encode(), since
        deadline = time.monotonic() + PATIENCE_S
        with self._news:
            while (place := self._raw.find(wanted, max(since, seen - len(wanted)))) < 0:
                seen = len(self._raw)
                if self.process.poll() is not None or not self._news.wait(deadline - time.monotonic()):
                    raise RuntimeError(f"never said {words!r}: {bytes(self._raw[-600:])!r}")
            return self._time_of(place + len(wanted))

    def settle(self, quiet_s: float = 0.5) -> None:
        """Wait until hardly anything was written for so long.

        Raises:
            RuntimeError: It goes on writing.
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            before = self.sent
            time.sleep(quiet_s)
            if self.sent - before < _QUIET_BYTES:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"never quiet: {self.raw[-600:]!r}")

    def ask(self, question: str) -> tuple[float, int]:
        """Type a question and, once it stands there, Enter; when that was, and the bytes written until then."""
        self.type(question)
        self.settle()
        sent, now = self.sent, time.monotonic()
        self.press("enter")
        return now, sent

    def screens(self) -> Iterator[tuple[float, str]]:
        """When the screen changed, and its text from then on; once, after the program has ended or rests."""
        with self._news:
            chunks, self._chunks = self._chunks, []
        for at, data in chunks:
            self._stream.feed(data)
            yield at, "\n".join(self._screen.display)

    def _time_of(self, place: int) -> float:
        """When the byte before a place came."""
        size = len(self._raw)
        for at, data in reversed(self._chunks):
            size -= len(data)
            if size < place:
                return at
        raise AssertionError(f"byte {place} was never written")
