"""Ctrl-C while a question is answered: the first one stops the answer, the next one ends the process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from hector_tui.cli.statuses import EXIT_CANCELLED


class Interrupts:
    """What Ctrl-C does from `watch` on; before, it ends the command as it would end any Python program."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: Callable[[], bool] | None = None
        self._pressed = False

    def watch(self, stop: Callable[[], bool]) -> None:
        """Call `stop` on the running loop at the first Ctrl-C; it says whether there was anything left to stop."""
        self._loop = asyncio.get_running_loop()
        self._stop = stop
        # Not the loop's own `add_signal_handler`, which Windows does not have.
        signal.signal(signal.SIGINT, self._press)

    def _press(self, _number: int, _frame: FrameType | None) -> None:
        if self._pressed or self._loop is None or self._loop.is_closed():
            _end()
        self._pressed = True
        self._loop.call_soon_threadsafe(self._stop_or_end)

    def _stop_or_end(self) -> None:
        if self._stop is None or not self._stop():
            _end()


def _end() -> NoReturn:
    """End without another word: whoever presses twice does not want to wait for anything to be closed.

    Nothing is lost by it. What was streamed is in the journal, and the next start finds the turn by its owner's lock.
    """
    os._exit(EXIT_CANCELLED)


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Interrupts whose handler is gone at the end."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield Interrupts()
    finally:
        signal.signal(signal.SIGINT, before)
