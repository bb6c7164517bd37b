"""Work that may hang, such as a look at a dead network drive, in threads that hold up nobody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class DiskThread:
    """Does one thing after another, each in a thread that does not keep the program from ending.

    `asyncio.to_thread` would: its threads are waited for at the end of the loop, and one that hangs in a dead network
    drive never ends.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def run(self, work: Callable[[], T]) -> T:
        """Do something that blocks, after what was asked for before; its errors are raised here.

        A caller that is cancelled leaves at once. What it asked for runs to its end, and the next one waits for it.
        """
        await self._turn.acquire()
        result: Future[T] = Future()
        result.set_running_or_notify_cancel()

        def do() -> None:
            try:
                result.set_result(work())
            except BaseException as error:
                result.set_exception(error)

        threading.Thread(target=do, name="hector-disk", daemon=True).start()
        wrapped = asyncio.wrap_future(result)
        # The turn is over when the work is, not when its caller leaves.
        finished = asyncio.shield(wrapped)
        loop = asyncio.get_running_loop()
        result.add_done_callback(lambda _: _call_soon(loop, self._turn.release))
        return await finished


def _call_soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)
