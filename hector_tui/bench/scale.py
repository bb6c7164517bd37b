"""What sessions and running requests cost, and whether the number of sessions slows a request down."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import time
import tracemalloc
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hector_tui.bench.drive import ask, create
from hector_tui.bench.figures import Spread, peak_memory_mb, spread
from hector_tui.bench.heard import Heard
from hector_tui.bench.lifecycles import SESSIONS
from hector_tui.bench.plan import Plan
from hector_tui.bench.stage import HOLD, STANDING, Stage, say_words
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.messages import user_message
from hector_tui.engine.thread import EngineThread
from hector_tui.paths import Profile
from hector_tui.sessions.database import BUSY_TIMEOUT_S
from hector_tui.sessions.rows import parts_text

_HELD = 200
_REQUESTS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One number of sessions.

    Attributes:
        sessions: Rows in the database, each with one answered turn.
        first_event, first_word: From the send, in the reader's thread, one request at a time in sessions of these.
        peak_mb: The most memory of the process until then.
    """

    sessions: int
    first_event: Spread
    first_word: Spread
    peak_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What there can be many of.

    Attributes:
        idle_session_bytes: Python memory per session that exists and was not used by this process.
        used_session_bytes: What stays in memory of a session in which a turn ran.
        running_request_bytes: Python memory per request while it runs, its reader included.
        stored_session_bytes: Bytes of the database per session with one answered turn, without long-term memory.
    """

    idle_session_bytes: float
    used_session_bytes: float
    running_request_bytes: float
    stored_session_bytes: float
    steps: tuple[Step, ...]


async def measure_scale(engine: EngineThread, profile: Profile, plan: Plan, stage: Stage) -> Scale:
    """Measure on an engine whose offline model follows a `Stage`.

    Raises:
        HectorError: A request was refused.
        sqlite3.Error: Sessions could not be put into the database.
    """
    idle, used, running = await _memory(engine, plan, stage)
    steps = []
    there, stored = 0, 0.0
    for sessions in SESSIONS:
        size = profile.database.stat().st_size
        await asyncio.to_thread(_insert_sessions, profile.database, plan.agent_ids, range(there, sessions))
        stored = (profile.database.stat().st_size - size) / (sessions - there)
        heard = await _requests(engine, plan, sessions)
        steps.append(
            Step(
                sessions=sessions,
                first_event=spread(one.first_event_s for one in heard),
                first_word=spread(one.first_word_s for one in heard),
                peak_mb=peak_memory_mb(),
            )
        )
        there = sessions
    return Scale(
        idle_session_bytes=idle,
        used_session_bytes=used,
        running_request_bytes=running,
        stored_session_bytes=stored,
        steps=tuple(steps),
    )


async def _memory(engine: EngineThread, plan: Plan, stage: Stage) -> tuple[float, float, float]:
    """Bytes per idle session, per session that was used, and per running request."""
    agents = plan.agent_ids
    keys = [SessionKey(f"held-{number}", agents[number % len(agents)]) for number in range(_HELD)]
    await create(engine, keys[0])
    await ask(engine, keys[0], say_words(1))  # what the first request leaves in caches belongs to none of them
    tracemalloc.start()
    try:
        empty = _traced()
        for key in keys:
            await create(engine, key)
        idle = _traced()
        standing = asyncio.Semaphore(0)
        readings = [asyncio.create_task(_hold(engine, key, standing)) for key in keys]
        for _ in keys:
            await standing.acquire()
        running = _traced()
        await engine.call(lambda _opened: stage.release())
        await asyncio.gather(*readings)
        del readings
        await engine.call(lambda opened: opened.memory.flush())
        ended = _traced()
    finally:
        tracemalloc.stop()
    return (idle - empty) / _HELD, (ended - idle) / _HELD, (running - idle) / _HELD


async def _hold(engine: EngineThread, key: SessionKey, standing: asyncio.Semaphore) -> None:
    """A request that tells when it stands still, and is read to its end."""
    run = await engine.call(lambda opened: opened.chat.send(key, HOLD))
    reader = run.output.reader()
    async for record in reader:
        if record.event == STANDING:
            standing.release()
    reader.close()


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def _requests(engine: EngineThread, plan: Plan, sessions: int) -> Sequence[Heard]:
    """Ask in sessions spread over all there are."""
    prompt = say_words(plan.load.words)
    keys = [_key(plan.agent_ids, number * sessions // _REQUESTS) for number in range(_REQUESTS)]
    return [await ask(engine, key, prompt) for key in keys]


def _key(agent_ids: Sequence[str], number: int) -> SessionKey:
    return SessionKey(f"scale-{number:06d}", agent_ids[number % len(agent_ids)])


def _insert_sessions(database: Path, agent_ids: Sequence[str], numbers: range) -> None:
    """Sessions with one answered turn each, put into the file past the engine: 100,000 in a few seconds."""
    now = time.time()
    parts = parts_text(user_message("Words from before."))
    with closing(sqlite3.connect(database, isolation_level=None, timeout=BUSY_TIMEOUT_S)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for number in numbers:
            key = _key(agent_ids, number)
            ids = {"session": key.session_id, "agent": key.agent_id, "now": now, "parts": parts}
            for statement in _SESSION:
                connection.execute(statement, ids)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


_SESSION = (
    "INSERT INTO sessions(session_id, agent_id, title, created_at, updated_at, turns)"
    " VALUES (:session, :agent, 'An old session', :now, :now, 1)",
    "INSERT INTO turns(turn_id, session_id, agent_id, ordinal, status, text, created_at, owner)"
    " VALUES ('turn-' || :session, :session, :agent, 1, 'done', 'A question from before.', :now, 'benchmark')",
    "INSERT INTO messages(session_id, agent_id, seq, turn_id, role, parts, created_at)"
    " VALUES (:session, :agent, 1, 'turn-' || :session, 'user', :parts, :now)",
    "INSERT INTO messages(session_id, agent_id, seq, turn_id, role, parts, created_at)"
    " VALUES (:session, :agent, 2, 'turn-' || :session, 'assistant', :parts, :now)",
)
