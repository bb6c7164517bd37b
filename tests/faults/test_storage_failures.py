"""A database that refuses: nothing looks saved that is not, nothing is lost that was said, and it heals by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hector_tui.domain.events import RunCancelled, RunFailed, RunFinished
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.turns import TurnStatus
from hector_tui.engine import journal, settling
from hector_tui.engine.host import Engine
from hector_tui.engine.run import Run
from hector_tui.errors import StoreError
from hector_tui.llm.base import TextChunk
from hector_tui.llm.script import Gate, Script, last_user_text
from hector_tui.sessions import database
from tests.support.engine import (
    Stage,
    answer_of,
    ask,
    config_of,
    ending,
    new_session,
    open_engine,
    query,
    start_engine,
    streamed,
    the_turn,
)
from tests.support.memory import until

NOT_SAVED = "not saved yet: the database refused; it is tried again"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same waits as in the program, shorter."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.02)
    monkeypatch.setattr(settling, "_RETRY_S", 0.02)
    monkeypatch.setattr(journal, "INTERVAL_S", 0.02)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Another program holds the database for longer than anybody waits."""
    connection = sqlite3.connect(root / "profile" / "sessions.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


async def fill_up(engine: Engine) -> None:
    """Let the database have no page more than it has now."""
    await engine._store.database.write(lambda connection: connection.execute("PRAGMA max_page_count = 1").fetchone())


async def make_room(engine: Engine) -> None:
    await engine._store.database.write(
        lambda connection: connection.execute("PRAGMA max_page_count = 1000000").fetchone()
    )


async def standing(engine: Engine, stage: Stage, question: str, key: SessionKey | None = None) -> Run:
    """A run whose answer has begun and stands at the gate."""
    run = await engine.chat.send(key or await new_session(engine), question)
    await until(lambda: question in stage.standing)
    return run


async def saved(engine: Engine, run: Run, status: TurnStatus, answer: str) -> None:
    """Wait until it was tried again with success; then everything is as if nothing had happened."""
    await until(lambda: engine.chat.problems() == {})
    record = await the_turn(engine, run)
    assert (record.turn.status, answer_of(record)) == (status, answer)
    assert [row.seq for row in record.messages] == list(range(1, len(record.messages) + 1))


async def test_an_answer_that_cannot_be_stored_does_not_look_stored(tmp_path: Path) -> None:
    stage = Stage()
    config = config_of(memory={"long_term": {"recall_scope": "session"}})
    async with open_engine(tmp_path, config, script=stage.script) as engine:
        run = await standing(engine, stage, "a")
        with locked(tmp_path):
            await stage.let_go()
            await run.wait()
            assert ending(run) == RunFailed(NOT_SAVED, stored=False)
            assert run.status is TurnStatus.FAILED
            assert engine.chat.activity(run.key.session_id).last_status is TurnStatus.FAILED
            # The turn's, and the journal's when its last words were not written yet.
            reasons = list(engine.chat.problems().values())
            assert reasons
            assert all("the database refused (database is locked)" in reason for reason in reasons)
            assert query(tmp_path, "SELECT status FROM turns") == [("running",)]
            assert streamed(run) == "re: a"
        await saved(engine, run, TurnStatus.DONE, "re: a")
        assert query(tmp_path, "SELECT role, text FROM memories ORDER BY row") == [
            ("user", "a"),
            ("assistant", "re: a"),
        ]
        after = await ask(engine, run.key, "b")
        assert isinstance(ending(after), RunFinished)
        (record, _) = await engine.chat.history(run.key.session_id)
        assert answer_of(record) == "re: a"


async def test_a_full_disk_is_called_a_full_disk(tmp_path: Path) -> None:
    stage = Stage(after="x" * 50_000)
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        runs = [await standing(engine, stage, question) for question in "abc"]
        await fill_up(engine)
        await stage.let_go()
        for run in runs:
            await run.wait()
            assert ending(run) == RunFailed(NOT_SAVED, stored=False)
        (reason,) = set(engine.chat.problems().values())
        assert "database or disk is full" in reason
        assert "Free some space" in reason
        with pytest.raises(StoreError, match="database or disk is full"):
            await engine.chat.send(runs[0].key, "y" * 50_000)
        await make_room(engine)
        for run in runs:
            await saved(engine, run, TurnStatus.DONE, streamed(run))
    assert query(tmp_path, "PRAGMA integrity_check") == [("ok",)]


async def test_what_was_sent_is_refused_as_long_as_it_cannot_be_stored(tmp_path: Path) -> None:
    async with open_engine(tmp_path, config_of(), script=Script.echo(3)) as engine:
        key = await new_session(engine)
        with locked(tmp_path):
            with pytest.raises(StoreError, match=r"database is locked.*Another program holds the file"):
                await engine.chat.send(key, "a")
            assert engine.chat.runs(key.session_id) == []
        assert query(tmp_path, "SELECT count(*) FROM turns") == [(0,)]
        assert isinstance(ending(await ask(engine, key, "a")), RunFinished)


async def test_a_turn_that_cannot_begin_fails_and_is_stored_later(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        first = await standing(engine, stage, "a")
        second = await engine.chat.send(first.key, "b")
        with locked(tmp_path):
            await stage.let_go()
            await second.wait()
            end = ending(second)
            assert isinstance(end, RunFailed)
            assert "database is locked" in end.error
            assert NOT_SAVED in end.error
            assert not end.stored
        await saved(engine, first, TurnStatus.DONE, "re: a")
        record = await the_turn(engine, second)
        assert record.turn.status is TurnStatus.FAILED
        assert (record.turn.text, record.messages) == ("b", ())
        assert stage.arrived == ["a"]


async def test_a_stopped_answer_that_cannot_be_stored(tmp_path: Path) -> None:
    stage = Stage(before="half ")
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        run = await standing(engine, stage, "a")
        with locked(tmp_path):
            await engine.chat.cancel(run.key.session_id)
            await run.wait()
            assert ending(run) == RunCancelled(f"stopped by you - {NOT_SAVED}", stored=False)
        await saved(engine, run, TurnStatus.CANCELLED, "half ")


async def test_a_journal_that_cannot_be_written_stops_no_run(tmp_path: Path) -> None:
    gates = {name: Stage() for name in ("one", "two")}

    def step(name: str) -> Gate:
        return Gate(lambda: gates[name].stand(name))

    script = Script.of((TextChunk("a "), step("one"), TextChunk("b "), step("two"), TextChunk("c")))
    async with open_engine(tmp_path, config_of(), script=script) as engine:
        run = await engine.chat.send(await new_session(engine), "go")
        await until(lambda: query(tmp_path, "SELECT count(*) FROM journal") == [(1,)])
        with locked(tmp_path):
            await gates["one"].let_go()
            await until(lambda: bool(engine.chat.problems()))
            assert streamed(run) == "a b "
            assert not run.output.ended
        await until(lambda: engine.chat.problems() == {})
        stored = "".join(parts for (parts,) in query(tmp_path, "SELECT events FROM journal ORDER BY part"))
        assert stored.index('"a "') < stored.index('"b "')
        await gates["two"].let_go()
        await run.wait()
        assert isinstance(ending(run), RunFinished)
        await saved(engine, run, TurnStatus.DONE, "a b c")
        assert query(tmp_path, "SELECT count(*) FROM journal") == [(0,)]


async def test_a_journal_that_works_again_does_not_hide_an_unsaved_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "_RETRY_S", 3600.0)
    first, second = Stage(), Stage()
    steps = {
        "ends": (Gate(lambda: first.stand("ends")), TextChunk("the end")),
        "goes on": (Gate(lambda: first.stand("goes on")), TextChunk("more "), Gate(lambda: second.stand("goes on"))),
    }
    script = Script(lambda request, _number: steps[last_user_text(request)])
    async with open_engine(tmp_path, config_of(), script=script) as engine:
        ends = await engine.chat.send(await new_session(engine), "ends")
        goes_on = await engine.chat.send(await new_session(engine), "goes on")
        await until(lambda: first.standing == {"ends", "goes on"})
        with locked(tmp_path):
            await first.let_go()
            await ends.wait()
            await until(lambda: len(engine.chat.problems()) == 2)  # the answer, and the journal of the other run
        await until(lambda: '"more "' in str(query(tmp_path, "SELECT events FROM journal")))
        await until(lambda: len(engine.chat.problems()) == 1)
        assert query(tmp_path, "SELECT status FROM turns WHERE turn_id = ?", ends.turn.turn_id) == [("running",)]
        await second.let_go()
        await goes_on.wait()
        assert len(engine.chat.problems()) == 1
    assert query(tmp_path, "SELECT DISTINCT status FROM turns") == [("done",)]  # closing tried once more


async def test_closing_while_the_database_refuses_loses_nothing_it_has(tmp_path: Path) -> None:
    stage = Stage(before="half an answer ")
    engine = await start_engine(tmp_path, config_of(), script=stage.script)
    run = await standing(engine, stage, "a")
    await until(lambda: query(tmp_path, "SELECT count(*) FROM journal") == [(1,)])
    with locked(tmp_path):
        await engine.aclose()
        end = ending(run)
        assert isinstance(end, RunCancelled)
        assert not end.stored
        assert query(tmp_path, "SELECT status FROM turns") == [("running",)]

    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        (turn,) = engine.interrupted
        assert turn.turn_id == run.turn.turn_id
        record = await the_turn(engine, run)
        assert (record.turn.status, answer_of(record)) == (TurnStatus.INTERRUPTED, "half an answer ")
