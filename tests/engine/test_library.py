"""What becomes of runs and of recall when sessions are deleted, brought back and forked."""

from __future__ import annotations

from pathlib import Path

import pytest

from hector_tui.domain.events import RunCancelled
from hector_tui.domain.listing import SessionQuery
from hector_tui.domain.memories import MemoryFilter
from hector_tui.errors import SessionError, UnknownSession
from tests.support.engine import AGENT, Stage, ask, config_of, ending, new_session, open_engine, query

REMEMBERING = config_of(memory={"strategy": "buffer_window", "window_size": 20, "long_term": {"recall_scope": "agent"}})


async def test_recall_forgets_and_knows_again(tmp_path: Path) -> None:
    async with open_engine(tmp_path, REMEMBERING) as engine:
        chat, memory = engine.chat, engine.memory
        key = await new_session(engine)
        await ask(engine, key, "The lighthouse of Lindesnes is white")
        await memory.flush()

        async def recalled() -> list[str]:
            found = await chat.insight.search_memory("Which colour has the lighthouse of Lindesnes?", MemoryFilter())
            return [hit.found_by for hit in found.hits if "Lindesnes is white" in hit.memory.text]

        assert await recalled() == ["both"]
        await chat.delete_session(key.session_id)
        assert await recalled() == []
        await memory.flush()
        assert await recalled() == []
        await chat.library.undelete([key.session_id])
        await memory.flush()
        assert await recalled() == ["both"]
        await chat.library.purge([key.session_id])
        assert await recalled() == []
        await memory.flush()
        assert query(tmp_path, "SELECT count(*) FROM outbox") == [(0,)]
        counted = await memory._indexer._thread.run(lambda store: store.count())
        assert counted == 0


async def test_deleting_stops_runs_and_undo_shows_how_they_ended(tmp_path: Path) -> None:
    stage = Stage(before="so far ")
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        key = await new_session(engine)
        run = await engine.chat.send(key, "a")
        await stage.until_standing("a")
        await engine.chat.delete_session(key.session_id)
        assert ending(run) == RunCancelled("the session was deleted")
        with pytest.raises(UnknownSession):
            await engine.chat.send(key, "b")
        with pytest.raises(UnknownSession):
            await engine.chat.delete_session(key.session_id)
        await engine.chat.library.undelete([key.session_id])
        (record,) = await engine.chat.history(key.session_id)
        assert record.messages[-1].message.text.startswith("so far ")


async def test_a_fork_recalls_what_the_first_session_knew_and_goes_on_alone(tmp_path: Path) -> None:
    async with open_engine(tmp_path, REMEMBERING) as engine:
        key = await new_session(engine)
        await ask(engine, key, "The lighthouse of Lindesnes is white")
        await ask(engine, key, "And the one of Lista?")
        forked = await engine.chat.library.fork(key.session_id, 1)
        await engine.chat.library.purge([key.session_id])
        assert forked.turns == 1
        found = await engine.chat.insight.search_memory(
            "lighthouse Lindesnes white", MemoryFilter(session_id=forked.session_id, agent_id=AGENT)
        )
        assert any("Lindesnes" in hit.memory.text for hit in found.hits)
        with pytest.raises(SessionError):
            await engine.chat.library.fork(forked.session_id, -1)


async def test_the_trash_is_emptied_while_the_engine_runs(tmp_path: Path) -> None:
    async with open_engine(tmp_path, config_of()) as engine:
        key = await new_session(engine)
        await ask(engine, key, "hello")
        await engine.chat.delete_session(key.session_id)
        assert await engine.chat.library.purge_expired() == []
        assert await engine.chat.library.purge_expired(-1) == [key.session_id]
        assert (await engine.chat.library.page(SessionQuery(view="deleted"))).total == 0
