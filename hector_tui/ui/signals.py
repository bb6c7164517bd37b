"""Ending in good order when the system asks for it: everything saved, the terminal given back, within five seconds.

Textual leaves SIGTERM, SIGHUP and SIGQUIT to the system, which ends the process at once. Three things make it harder
than calling `exit()`:

- A terminal that takes no more output blocks Textual's loop, so a handler of that loop would never be called. Handlers
  of the `signal` module run in the main thread even while it waits for a lock.
- After the SIGHUP of a closed terminal the kernel sends SIGCONT. Textual takes every SIGCONT for the end of a suspend,
  starts its output a second time, and can then wait for ever for the first; here only the one after SIGTSTP counts.
- What still does not end is ended by a thread, after it has closed the engine.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from textual.app import App

ORDERLY_S = 1.8
"""Seconds the app and its terminal get; after that the engine alone is closed."""

_ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


def end_on_signals(app: App[None], save: Callable[[], object]) -> None:
    """Make signals end a running app with the status 128 + number; call it on the app's loop, once it is mounted.

    Args:
        app: What is ended.
        save: Closes the engine in a bounded time; called from another thread, and only if the app has not ended after
            `ORDERLY_S` seconds. The process ends when it returns.
    """
    loop = asyncio.get_running_loop()
    asked = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            return
        asked.set()
        status = 128 + number
        threading.Thread(target=_end_anyway, args=(status, save), name="hector-end", daemon=True).start()
        with suppress(RuntimeError):  # The loop has ended already, and the program is about to.
            loop.call_soon_threadsafe(lambda: app.exit(return_code=status))

    for number in _ENDING:
        signal.signal(number, end)
    _resume_only_after_suspend()


def _end_anyway(status: int, save: Callable[[], object]) -> None:
    # A thread that outlives the program in no case: it is a daemon, and an orderly end does not wait for it.
    threading.Event().wait(ORDERLY_S)
    try:
        save()
    finally:
        os._exit(status)


def _resume_only_after_suspend() -> None:
    """Let the driver's handler of SIGCONT see only the one that ends a suspend of its own."""
    suspend, resume = signal.getsignal(signal.SIGTSTP), signal.getsignal(signal.SIGCONT)
    if not callable(suspend) or not callable(resume):
        return
    suspended = threading.Event()

    def on_stop(number: int, frame: FrameType | None) -> None:
        suspended.set()
        suspend(number, frame)

    def on_continue(number: int, frame: FrameType | None) -> None:
        if suspended.is_set():
            suspended.clear()
            resume(number, frame)

    signal.signal(signal.SIGTSTP, on_stop)
    signal.signal(signal.SIGCONT, on_continue)
