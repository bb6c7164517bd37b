"""Opening a session, streaming, cancelling and closing it, again and again; and what a process holds meanwhile."""

from __future__ import annotations

import gc
import os
import re
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hector_tui.domain.events import TextDelta
from hector_tui.domain.turns import TurnStatus
from hector_tui.engine.host import Engine
from hector_tui.sessions.daily import daily_backups
from tests.provider import Answer, LoopbackProvider
from tests.support.engine import AGENT, new_session, program_tasks
from tests.support.memory import until

ANSWER = Answer(text=" ".join(f"word{number}" for number in range(200)), rate=5_000.0, stall_after=10_000)
"""A stream that has begun and will not end: only a cancel frees what it holds."""

WARM_UP = 20
OF_RUNS = ("pump-", "settle-", "tool-", "journal")
"""How the names of the tasks begin that live because something runs; the journal's ends a moment after the last run."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds.

    Attributes:
        tasks: Names of the program's tasks.
        threads: Names of all threads, without those of asyncio's own pool, which come as needed and stay.
        descriptors: What the open file descriptors lead to.
        rss_bytes: Resident memory.
        objects: Living objects of the program's classes, by class.
    """

    tasks: tuple[str, ...]
    threads: tuple[str, ...]
    descriptors: tuple[str, ...]
    rss_bytes: int
    objects: Counter[str]

    @classmethod
    def now(cls) -> Held:
        """What this process holds now; Linux only."""
        gc.collect()
        return cls(
            tasks=tuple(program_tasks()),
            threads=tuple(
                sorted(thread.name for thread in threading.enumerate() if not thread.name.startswith("asyncio_"))
            ),
            descriptors=tuple(_descriptors()),
            rss_bytes=_resident_bytes(),
            objects=Counter(name for name in map(_class_name, gc.get_objects()) if name.startswith("hector_tui.")),
        )

    def grown(self, before: Held, *, by: int) -> dict[str, int]:
        """The classes that have more than so many objects more than before."""
        more = self.objects - before.objects
        return {name: count for name, count in more.items() if count > by}


async def cycle(engine: Engine, provider: LoopbackProvider) -> str:
    """One session from its opening to its closing, cancelled while it streams; returns its id."""
    chat = engine.chat
    key = await new_session(engine, AGENT)
    await chat.save_tabs([key.session_id], key.session_id)
    run = await chat.send(key, "tell me everything")
    reader = run.output.reader()
    async for record in reader:
        if isinstance(record.event, TextDelta):
            break
    await chat.cancel(key.session_id)
    await run.wait()
    assert run.status is TurnStatus.CANCELLED
    reader.close()
    await chat.save_tabs([], "")
    await chat.close_tab(key.session_id)
    provider.requests.clear()
    return key.session_id


async def warm_up(engine: Engine, provider: LoopbackProvider) -> Held:
    """Some cycles, and the daily backup, which SQLite keeps a descriptor of as long as the database is open."""
    for _ in range(WARM_UP):
        await cycle(engine, provider)
    await until(lambda: bool(daily_backups(engine.options.profile.backups)))
    return await held_at_rest(provider)


async def held_at_rest(provider: LoopbackProvider) -> Held:
    """What is held once connections are closed and the tasks of the last cycle have ended.

    Raises:
        TimeoutError: That never happened.
    """
    await provider.until(lambda server: server.open_connections == 0)
    await until(lambda: not any(name.startswith(OF_RUNS) for name in program_tasks()))
    return Held.now()


def _class_name(item: object) -> str:
    """Where an object's class is defined, and what it is called; of some that are made in C, neither is a string."""
    return f"{type(item).__module__}.{type(item).__qualname__}"


def _descriptors() -> list[str]:
    """Names of files, and kinds of what has no name; the one that lists the folder is gone when it is looked at."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(re.sub(r"\[\d+\]", "", str(descriptor.readlink())))
    return sorted(found)


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
