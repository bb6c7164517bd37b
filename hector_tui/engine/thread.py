"""The engine's thread with its own event loop, so that nothing the terminal does can delay an agent."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from hector_tui.errors import EngineClosed

if TYPE_CHECKING:
    # Half of what a start imports; the opener does it on its thread, after the first frame.
    from hector_tui.engine.host import Engine

T = TypeVar("T")
Opener = Callable[[], Awaitable["Engine"]]

logger = logging.getLogger(__name__)

SWITCH_S = 0.001
"""Seconds after which a thread that waits may go on. An engine with twenty streams gives way at every read and write
of a socket; with Python's own 5 ms each time, an interface that draws as fast as it can held it up for 160 ms, with
1 ms for 40 (`tests/pty/test_frozen.py` prints it)."""


class EngineThread:
    """Runs an engine in a thread and bridges calls to it.

    Args:
        opener: Opens the engine; called on the new loop.

    Attributes:
        closing_failure: What went wrong while the engine was closed. The thread has nobody to raise it to.
    """

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._opened: Future[Engine] = Future()
        # A caller that stops waiting cancels what it waits for; a running future does not let itself be cancelled.
        self._opened.set_running_or_notify_cancel()
        self.closing_failure: Exception | None = None
        self._is_closing = False
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="hector-engine", daemon=True)

    def start(self) -> None:
        """Start the thread; `opened` tells when the engine is there. Threads of this process take turns sooner then."""
        sys.setswitchinterval(min(SWITCH_S, sys.getswitchinterval()))
        self._thread.start()

    async def opened(self) -> Engine:
        """The engine, once it is open.

        Raises:
            HectorError: It could not be opened.
        """
        return await asyncio.wrap_future(self._opened)

    @property
    def engine(self) -> Engine:
        """The open engine.

        Raises:
            RuntimeError: It is not open yet.
        """
        if not self._opened.done():
            raise RuntimeError("the engine is not open yet")
        return self._opened.result()

    async def call(self, command: Callable[[Engine], Awaitable[T]]) -> T:
        """Run a command on the engine's loop and wait for its result here.

        Raises:
            EngineClosed: The engine has ended.
            HectorError: The engine could not be opened, or the command refused.
        """
        engine = await self.opened()
        assert self._loop is not None

        async def run() -> T:
            return await command(engine)

        work = run()
        try:
            result = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError as error:  # its loop is closed
            work.close()
            raise EngineClosed("hector-tui is closing") from error
        try:
            return await asyncio.wrap_future(result)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if result.cancelled() and self._is_closing and (task is None or not task.cancelling()):
                # The end of the engine's loop took the command with it; nobody has cancelled the caller.
                raise EngineClosed("hector-tui is closing") from None
            raise

    def close(self, timeout_s: float) -> bool:
        """Close the engine and end the thread; returns whether it ended in time."""
        # Set before the look at the loop, as the thread sets its loop before the look at this: one sees the other.
        self._is_closing = True
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # the loop is closed: the thread has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(_log_unhandled)
        if self._is_closing:
            self._stop.set()
        try:
            engine = await self._opener()
        except BaseException as error:
            self._opened.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        self._opened.set_result(engine)
        try:
            await self._stop.wait()
        finally:
            await self._close(engine)

    async def _close(self, engine: Engine) -> None:
        try:
            await engine.aclose()
        except Exception as error:
            # Raised, it would end in a traceback on the terminal that was just given back.
            logger.exception("the engine could not be closed")
            self.closing_failure = error


def _log_unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    logger.error("unhandled in the engine: %s", context.get("message"), exc_info=context.get("exception"))
