"""One agent, a hundred and then a thousand sessions at the same time, through everything that is real.

The requests go over loopback HTTP; the turns are stored in SQLite, their memories in SQLite and Qdrant Edge. Every
question carries a nonce that begins with the number of its session, so whatever lands in the wrong place shows.
"""

from __future__ import annotations

import asyncio
import re
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from hector_tui.domain.events import RunFinished
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import MemoryFilter, RecallScope
from hector_tui.engine.host import Engine
from hector_tui.engine.run import Run
from tests.provider import Answer, LoopbackProvider, ReceivedRequest, echo
from tests.support.engine import AGENT, answer_of, ending, new_session, open_engine, query, streamed, wire_config
from tests.support.memory import count_points, until

WORDS = 20
FILES = 4_096
"""Client and server are one process here, so every stream costs two files."""
_NONCE = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{4}\b")


@pytest.fixture(autouse=True)
def _files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, enough), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def nonce(session: int, turn: int) -> str:
    """Eight digits of the session, four of the turn; spread, so that no two look alike."""
    return f"{(session + 1) * 2_654_435_761 % 2**32:08x}{turn:04x}"


class Witness:
    """The provider's side: what it answered to whom, and how many it served at the same time.

    Attributes:
        answers: Nonce -> the exact text it was answered with.
        asked: Every nonce it was asked with.
        foreign: Requests in which nonces of two sessions met.
    """

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.asked: list[str] = []
        self.foreign: list[str] = []

    def respond(self, request: ReceivedRequest) -> Answer:
        body = str(request.body["messages"])
        if len(set(_NONCE.findall(body))) != 1:
            self.foreign.append(body)
        asked = request.body["messages"][-1]["content"].split()[-1]
        self.asked.append(asked)
        answer = echo(request.body, words=WORDS)
        self.answers[asked] = answer.text
        return answer


async def send_all(engine: Engine, keys: list[SessionKey], turn: int) -> list[Run]:
    """Send to all sessions at the same time and wait for all answers."""
    runs = await asyncio.gather(
        *(engine.chat.send(key, f"my number is {nonce(session, turn)}") for session, key in enumerate(keys))
    )
    for run in runs:
        await run.wait()
    return list(runs)


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("sessions", "turns"), [(100, 3), (1_000, 1)])
async def test_nothing_is_lost_doubled_mixed_up_or_leaked(tmp_path: Path, sessions: int, turns: int) -> None:
    witness = Witness()
    memory = {"strategy": "buffer_window", "long_term": {"recall_scope": "session", "batch_size": 2}}
    async with LoopbackProvider(witness.respond) as provider:
        config = wire_config(provider.base_url, memory=memory, task={"worker_pool": sessions})
        async with open_engine(tmp_path, config) as engine:
            keys = list(await asyncio.gather(*(new_session(engine) for _ in range(sessions))))
            waves = [await send_all(engine, keys, turn) for turn in range(turns)]

            assert {id(run.agent) for wave in waves for run in wave} == {id(engine.registry.get(AGENT))}
            for turn, wave in enumerate(waves):
                for session, run in enumerate(wave):
                    assert isinstance(ending(run), RunFinished), ending(run)
                    assert streamed(run) == witness.answers[nonce(session, turn)]
            assert witness.foreign == []
            assert len(witness.asked) == len(witness.answers) == sessions * turns
            for session, key in enumerate(keys):
                records = await engine.chat.history(key.session_id)
                assert [record.turn.text.split()[-1] for record in records] == [nonce(session, n) for n in range(turns)]
                for turn, record in enumerate(records):
                    assert answer_of(record) == witness.answers[nonce(session, turn)]
                    assert [row.seq for row in record.messages] == [2 * turn + 1, 2 * turn + 2]

            await until(lambda: engine.memory.status.state == "ready")
            assert await engine.memory.flush(timeout_s=60.0)
            for session in range(0, sessions, max(1, sessions // 20)):
                found = await engine.chat.insight.search_memory(
                    f"my number is {nonce(session, 0)}", MemoryFilter.of(keys[session], RecallScope.SESSION)
                )
                assert {hit.memory.key for hit in found.hits} == {keys[session]}
                assert any(nonce(session, 0) in hit.memory.text for hit in found.hits)

    numbers = {key.session_id: nonce(session, 0)[:8] for session, key in enumerate(keys)}
    memories = query(tmp_path, "SELECT session_id, agent_id, text FROM memories")
    assert len(memories) == 2 * sessions * turns
    for session_id, agent_id, text in memories:
        assert agent_id == AGENT
        assert set(_NONCE.findall(text)) == {numbers[session_id]}
    assert query(tmp_path, "SELECT count(*) FROM outbox") == [(0,)]
    assert count_points(tmp_path / "profile" / "vectors") == 2 * sessions * turns
    assert query(tmp_path, "SELECT count(*) FROM turns WHERE status <> 'done'") == [(0,)]
    assert query(tmp_path, "SELECT count(*), count(DISTINCT session_id) FROM messages") == [
        (2 * sessions * turns, sessions)
    ]
    assert query(tmp_path, "PRAGMA integrity_check") == [("ok",)]


async def test_a_hundred_sessions_really_run_at_the_same_time(tmp_path: Path) -> None:
    """The provider holds back every answer until all hundred requests are there."""
    async with LoopbackProvider(Answer(text="a " * 100, stall_after=1_000)) as provider:
        config = wire_config(provider.base_url, task={"worker_pool": 100})
        async with open_engine(tmp_path, config) as engine:
            keys = [await new_session(engine) for _ in range(101)]
            runs = [await engine.chat.send(key, "hello") for key in keys]
            await provider.until(lambda server: len(server.posts) == 100)
            await until(lambda: sum(bool(streamed(run)) for run in runs) == 100)
            assert provider.open_connections == 100
            assert [run.started_at is None for run in runs] == [False] * 100 + [True]
            for run in runs:
                engine.chat.runner.cancel(run, "enough")
            for run in runs:
                await run.wait()
            await provider.until(lambda server: server.open_connections == 0)
