"""In which order turns run, how many at a time, and what a second message does to a session that is busy."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hector_tui.domain.events import OutputEvent, RunCancelled, RunFailed, RunFinished, StateChanged
from hector_tui.domain.turns import Turn, TurnStatus
from hector_tui.engine.run import Run
from hector_tui.errors import EngineClosed, SessionBusy, SessionError, UnknownAgent, UnknownSession
from hector_tui.llm.base import ModelRequest
from hector_tui.llm.script import Script, ScriptStep, say
from hector_tui.sessions import turn_rows
from tests.support.engine import (
    AGENT,
    Config,
    Stage,
    answer_of,
    ask,
    config_of,
    ending,
    new_session,
    open_engine,
    query,
    said,
    start_engine,
    streamed,
    the_turn,
)
from tests.support.memory import until

QUEUED: list[OutputEvent] = [StateChanged("queued")]


async def ended(*runs: Run) -> None:
    for run in runs:
        await run.wait()


# Order within a session


async def test_fifty_turns_sent_at_once_are_answered_in_the_order_sent(tmp_path: Path) -> None:
    async with open_engine(tmp_path, config_of(), script=Script.echo(3)) as engine:
        key = await new_session(engine)
        questions = [f"{number:08x}" for number in range(50)]
        runs = await asyncio.gather(*(engine.chat.send(key, question) for question in questions))
        await ended(*runs)
        records = await engine.chat.history(key.session_id, limit=100)

    assert [record.turn.text for record in records] == questions
    assert [record.turn.ordinal for record in records] == list(range(1, 51))
    assert [answer_of(record).split()[0] for record in records] == [f"{question}:0" for question in questions]
    starts = [record.turn.started_at or 0.0 for record in records]
    ends = [record.turn.finished_at or 0.0 for record in records]
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False)), "two turns ran at the same time"
    rows = query(tmp_path, "SELECT seq, role FROM messages ORDER BY seq")
    assert rows == [(seq, "user" if seq % 2 else "assistant") for seq in range(1, 101)]


async def test_each_turn_sees_the_answers_before_it(tmp_path: Path) -> None:
    stage = Stage()
    config = config_of(memory={"strategy": "buffer_window", "window_size": 100})
    async with open_engine(tmp_path, config, script=stage.script) as engine:
        key = await new_session(engine)
        runs = [await engine.chat.send(key, f"question {number}") for number in range(4)]
        await stage.let_go()
        await ended(*runs)
        for number, run in enumerate(runs):
            (request,) = run.agent.sent(run.state)
            history = "".join(part.text for part in request.parts if part.kind == "history")
            assert history.count("[assistant]") == number
            assert all(f"re: question {earlier}" in history for earlier in range(number))
    assert stage.most == 1


async def test_a_turn_that_fails_does_not_hold_up_the_next(tmp_path: Path) -> None:
    def choose(_request: ModelRequest, number: int) -> ScriptStep:
        if number == 0:
            raise ZeroDivisionError("a bug in an adapter")
        return say("fine")

    async with open_engine(tmp_path, config_of(), script=Script(choose)) as engine:
        key = await new_session(engine)
        runs = [await engine.chat.send(key, "one"), await engine.chat.send(key, "two")]
        await ended(*runs)
        assert ending(runs[0]) == RunFailed("an internal error (ZeroDivisionError); the log has the details")
        assert isinstance(ending(runs[1]), RunFinished)
        assert [run.status for run in runs] == [TurnStatus.FAILED, TurnStatus.DONE]


# Side by side


async def test_different_sessions_run_side_by_side(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        runs = [await engine.chat.send(await new_session(engine), f"q{number}") for number in range(20)]
        await stage.until_standing(*(f"q{number}" for number in range(20)))
        await stage.let_go("q7")
        await ended(runs[7])
        assert [number for number, run in enumerate(runs) if run.output.ended] == [7]
        await stage.let_go()
        await ended(*runs)
        assert [streamed(run) for run in runs] == [f"re: q{number}" for number in range(20)]


async def test_two_agents_of_one_session_run_side_by_side(tmp_path: Path) -> None:
    stage = Stage()
    config: Config = {"agents": {name: {"llm": "offline", "tools": []} for name in ("left", "right")}}
    async with open_engine(tmp_path, config, script=stage.script) as engine:
        left = await new_session(engine, "left", "shared")
        right = await new_session(engine, "right", "shared")
        runs = [await engine.chat.send(left, "to left"), await engine.chat.send(right, "to right")]
        await stage.until_standing("to left", "to right")
        assert set(engine.chat.activity("shared").running) == {left, right}
        await stage.let_go()
        await ended(*runs)


async def test_an_agent_runs_no_more_than_its_worker_pool(tmp_path: Path) -> None:
    stage = Stage()
    config: Config = {
        "agents": {
            "narrow": {"llm": "offline", "tools": [], "task": {"worker_pool": 2}},
            "wide": {"llm": "offline", "tools": []},
        }
    }
    async with open_engine(tmp_path, config, script=stage.script) as engine:
        narrow = [await engine.chat.send(await new_session(engine, "narrow"), f"n{number}") for number in range(5)]
        await stage.until_standing("n0", "n1")
        wide = [await engine.chat.send(await new_session(engine, "wide"), f"w{number}") for number in range(3)]
        await stage.until_standing("n0", "n1", "w0", "w1", "w2")
        assert [run.started_at is not None for run in narrow] == [True, True, False, False, False]

        await stage.let_go("n0")
        await stage.until_standing("n1", "n2", "w0", "w1", "w2")
        await stage.let_go()
        await ended(*narrow, *wide)
        assert [name for name in stage.arrived if name[0] == "n"] == ["n0", "n1", "n2", "n3", "n4"]


@pytest.mark.parametrize("where", ["argument", "file"])
async def test_the_engine_runs_no_more_than_its_limit(tmp_path: Path, where: str) -> None:
    stage = Stage()
    config = {**config_of(), "global": {"performance": {"max_concurrency": 3}}} if where == "file" else config_of()
    concurrency = 3 if where == "argument" else None
    async with open_engine(tmp_path, config, script=stage.script, concurrency=concurrency) as engine:
        runs = [await engine.chat.send(await new_session(engine), f"q{number}") for number in range(9)]
        await stage.until_standing("q0", "q1", "q2")
        await stage.let_go()
        await ended(*runs)
    assert stage.most == 3
    assert stage.arrived == [f"q{number}" for number in range(9)]


async def test_an_agent_with_a_long_queue_takes_no_places_of_the_engine(tmp_path: Path) -> None:
    stage = Stage()
    config: Config = {
        "agents": {
            "narrow": {"llm": "offline", "tools": [], "task": {"worker_pool": 1}},
            "wide": {"llm": "offline", "tools": []},
        }
    }
    async with open_engine(tmp_path, config, script=stage.script, concurrency=2) as engine:
        runs = [await engine.chat.send(await new_session(engine, "narrow"), f"n{number}") for number in range(5)]
        runs.append(await engine.chat.send(await new_session(engine, "wide"), "w"))
        await stage.until_standing("n0", "w")
        await stage.let_go()
        await ended(*runs)


# Waiting


async def test_waiting_is_visible(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script, concurrency=1) as engine:
        busy, other = await new_session(engine), await new_session(engine)
        running = await engine.chat.send(busy, "a")
        await stage.until_standing("a")
        behind = await engine.chat.send(busy, "b")  # waits for its session
        beside = await engine.chat.send(other, "c")  # waits for a place

        assert [event for event in said(running) if event == StateChanged("queued")] == QUEUED
        assert (said(behind), said(beside)) == (QUEUED, QUEUED)
        assert engine.chat.runs(busy.session_id) == [running, behind]
        activity = engine.chat.activity(busy.session_id)
        assert (activity.running, activity.queued) == ((busy,), 1)
        assert (activity.last_ordinal, activity.last_status) == (2, TurnStatus.QUEUED)
        activity = engine.chat.activity(other.session_id)
        assert (activity.running, activity.queued) == ((), 1)
        assert (await the_turn(engine, behind)).turn.status is TurnStatus.QUEUED

        await stage.let_go()
        await ended(running, behind, beside)
        activity = engine.chat.activity(busy.session_id)
        assert (activity.running, activity.queued, activity.last_status) == ((), 0, TurnStatus.DONE)


async def test_waiting_can_be_cancelled(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script, concurrency=1) as engine:
        busy, other = await new_session(engine), await new_session(engine)
        running = await engine.chat.send(busy, "a")
        await stage.until_standing("a")
        behind = await engine.chat.send(busy, "b")
        last = await engine.chat.send(busy, "c")
        beside = await engine.chat.send(other, "d")
        for run in (behind, beside):
            engine.chat.runner.cancel(run, "not needed")
        await ended(behind, beside)
        assert not running.output.ended
        for run in (behind, beside):
            assert ending(run) == RunCancelled("not needed")
            assert (await the_turn(engine, run)).turn.status is TurnStatus.CANCELLED

        await stage.let_go()
        await ended(running, last)
        assert stage.arrived == ["a", "c"]
        assert engine.chat.runs(busy.session_id) == []


async def test_stopping_a_session_leaves_what_waits_in_it(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        key = await new_session(engine)
        running = await engine.chat.send(key, "a")
        await stage.until_standing("a")
        behind = await engine.chat.send(key, "b")
        assert await engine.chat.cancel(key.session_id) == 1
        await ended(running)
        await stage.until_standing("b")
        await stage.let_go()
        await ended(behind)
        assert isinstance(ending(running), RunCancelled)
        assert isinstance(ending(behind), RunFinished)


async def test_a_run_being_cancelled_is_still_a_run(tmp_path: Path) -> None:
    """Until its outcome is stored it is listed, so that closing and deleting wait for it."""
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        key = await new_session(engine)
        running = await engine.chat.send(key, "a")
        await stage.until_standing("a")
        behind = await engine.chat.send(key, "b")
        engine.chat.runner.cancel(behind, "not needed")
        assert engine.chat.runs(key.session_id) == [running, behind]
        await ended(behind)
        assert engine.chat.runs(key.session_id) == [running]
        await stage.let_go()
        await ended(running)


# Policies


async def test_interrupt_stops_what_runs_and_what_waits(tmp_path: Path) -> None:
    stage = Stage(before="half ")
    async with open_engine(tmp_path, config_of(queue_policy="interrupt"), script=stage.script) as engine:
        key = await new_session(engine)
        first = await engine.chat.send(key, "a")
        await stage.until_standing("a")
        second = await engine.chat.send(key, "b")
        await ended(first)
        await stage.until_standing("b")
        third = await engine.chat.send(key, "c")
        await stage.let_go()
        await ended(second, third)
        assert ending(first) == ending(second) == RunCancelled("a newer message came")
        assert isinstance(ending(third), RunFinished)
        assert [answer_of(await the_turn(engine, run)) for run in (first, second, third)] == [
            "half ",
            "half ",
            "half re: c",
        ]


async def test_of_many_interrupting_messages_at_once_the_last_is_answered(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(queue_policy="interrupt"), script=stage.script) as engine:
        key = await new_session(engine)
        runs = await asyncio.gather(*(engine.chat.send(key, f"q{number}") for number in range(10)))
        await ended(*runs[:9])
        await stage.let_go()
        await ended(*runs)
        assert [run.status for run in runs] == [TurnStatus.CANCELLED] * 9 + [TurnStatus.DONE]


async def test_reject_refuses_while_a_turn_runs(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(queue_policy="reject"), script=stage.script) as engine:
        key, other = await new_session(engine), await new_session(engine)
        running = await engine.chat.send(key, "a")
        with pytest.raises(SessionBusy, match="is still answering"):
            await engine.chat.send(key, "b")
        beside = await engine.chat.send(other, "c")
        await stage.let_go()
        await ended(running, beside)
        await ask(engine, key, "d")
        texts = [record.turn.text for record in await engine.chat.history(key.session_id)]
        assert texts == ["a", "d"]


async def test_of_many_messages_at_once_reject_takes_one(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(queue_policy="reject"), script=stage.script) as engine:
        key = await new_session(engine)
        sent = await asyncio.gather(
            *(engine.chat.send(key, f"{number:08x}") for number in range(10)), return_exceptions=True
        )
        runs = [run for run in sent if isinstance(run, Run)]
        assert len(runs) == 1
        assert [type(refusal) for refusal in sent if not isinstance(refusal, Run)] == [SessionBusy] * 9
        await stage.let_go()
        await ended(*runs)
        assert len(await engine.chat.history(key.session_id)) == 1


# Accepting


async def test_a_message_that_is_stored_is_answered_although_its_sender_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A screen that closes while it sends must not leave a turn that is queued for ever."""
    loop = asyncio.get_running_loop()
    accept = turn_rows.accept

    async with open_engine(tmp_path, config_of(), script=Script.echo(3)) as engine:
        key = await new_session(engine)
        sending = asyncio.create_task(engine.chat.send(key, "cafe0001"))

        def accept_and_leave(connection: sqlite3.Connection, *details: Any) -> Turn:
            turn = accept(connection, *details)
            loop.call_soon_threadsafe(sending.cancel)
            return turn

        monkeypatch.setattr(turn_rows, "accept", accept_and_leave)
        await asyncio.wait({sending})
        assert sending.cancelled()
        await until(lambda: engine.chat.activity(key.session_id).last_status is TurnStatus.DONE)
        (record,) = await engine.chat.history(key.session_id)
        assert answer_of(record).startswith("cafe0001:0")


async def test_what_cannot_be_accepted_leaves_nothing(tmp_path: Path) -> None:
    async with open_engine(tmp_path, config_of(), script=Script.echo(3)) as engine:
        key = await new_session(engine)
        with pytest.raises(SessionError, match="nothing to send"):
            await engine.chat.send(key, " \n ")
        with pytest.raises(UnknownAgent, match=f"Agents: {AGENT}"):
            await engine.chat.send(type(key)(key.session_id, "nobody"), "hello")
        with pytest.raises(UnknownSession):
            await engine.chat.send(type(key)("missing", AGENT), "hello")
        assert query(tmp_path, "SELECT count(*) FROM turns") == [(0,)]
        assert engine.chat.runs(key.session_id) == []


async def test_deleting_a_session_stops_its_runs_first(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        key = await new_session(engine)
        runs = [await engine.chat.send(key, name) for name in "abc"]
        await stage.until_standing("a")
        engine.chat.runner.cancel(runs[1], "not needed")
        await engine.chat.delete_session(key.session_id)
        assert await engine.chat.library.purge([key.session_id]) == [key.session_id]
        assert [ending(run) for run in runs] == [
            RunCancelled("the session was deleted"),
            RunCancelled("not needed"),
            RunCancelled("the session was deleted"),
        ]
        assert engine.chat.problems() == {}
        for table in ("sessions", "turns", "messages", "journal"):
            assert query(tmp_path, f"SELECT count(*) FROM {table}") == [(0,)]


async def test_a_message_that_comes_while_the_program_ends_is_refused_or_kept_as_interrupted(tmp_path: Path) -> None:
    stage = Stage()
    engine = await start_engine(tmp_path, config_of(), script=stage.script)
    key = await new_session(engine)
    await engine.chat.send(key, "first")
    await stage.until_standing("first")
    agent = engine.registry.get(key.agent_id)
    turn = await engine._store.sessions.accept(key, "late")
    closing = asyncio.create_task(engine.chat.runner.aclose())
    await until(lambda: engine.chat.runner.is_closing)
    with pytest.raises(EngineClosed):
        await engine.chat.send(key, "later still")
    late = engine.chat.runner.submit(turn, agent)
    await asyncio.gather(closing, late.wait())
    assert late.status is TurnStatus.INTERRUPTED
    assert (await the_turn(engine, late)).turn.status is TurnStatus.INTERRUPTED
    assert stage.arrived == ["first"]
    await engine.aclose()
