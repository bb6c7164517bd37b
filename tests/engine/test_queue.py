"""What waits in a session can be seen, edited, moved, taken out, and asked at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hector_tui.domain.events import RunCancelled
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.turns import TurnStatus
from hector_tui.engine.host import Engine
from hector_tui.engine.run import Run
from hector_tui.errors import SessionBusy, SessionError, StoreError
from tests.support.engine import Stage, answer_of, config_of, ending, execute, new_session, open_engine, query
from tests.support.memory import until


async def line_up(engine: Engine, key: SessionKey, stage: Stage, *questions: str) -> list[Run]:
    """Send messages; the first stands at the gate, the others wait behind it."""
    runs = [await engine.chat.send(key, question) for question in questions]
    await until(lambda: questions[0] in stage.standing)
    return runs


def waiting(engine: Engine, key: SessionKey) -> list[str]:
    return [message.text for message in engine.chat.queue.messages(key.session_id)]


async def answers(engine: Engine, key: SessionKey) -> list[str]:
    return [record.turn.text for record in await engine.chat.history(key.session_id)]


async def test_a_waiting_message_can_be_edited(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        key = await new_session(engine)
        first, second = await line_up(engine, key, stage, "first", "second")
        await engine.chat.queue.edit(key.session_id, second.turn.turn_id, "changed")
        assert waiting(engine, key) == ["changed"]
        await stage.let_go()
        await asyncio.gather(first.wait(), second.wait())
        records = await engine.chat.history(key.session_id)
    assert [record.turn.text for record in records] == ["first", "changed"]
    assert records[1].messages[0].message.text == "changed"
    assert "changed" in answer_of(records[1])


async def test_waiting_messages_can_be_moved(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        key = await new_session(engine)
        runs = await line_up(engine, key, stage, "a", "b", "c", "d")
        await engine.chat.queue.move(key.session_id, runs[3].turn.turn_id, -2)
        assert waiting(engine, key) == ["d", "b", "c"]
        await engine.chat.queue.move(key.session_id, runs[1].turn.turn_id, 1)
        assert waiting(engine, key) == ["d", "c", "b"]
        await stage.let_go()
        await asyncio.gather(*(run.wait() for run in runs))
        assert await answers(engine, key) == ["a", "d", "c", "b"]
    assert stage.arrived == ["a", "d", "c", "b"]
    assert query(tmp_path, "SELECT group_concat(seq) FROM (SELECT seq FROM messages ORDER BY seq)") == [
        ("1,2,3,4,5,6,7,8",)
    ]


async def test_a_message_taken_out_was_never_sent(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        key = await new_session(engine)
        first, second, third = await line_up(engine, key, stage, "first", "second", "third")
        assert await engine.chat.queue.drop(key.session_id, second.turn.turn_id) == "second"
        assert isinstance(ending(second), RunCancelled)
        assert engine.chat.activity(key.session_id).queued == 1
        await stage.let_go()
        await asyncio.gather(first.wait(), third.wait())
        assert await answers(engine, key) == ["first", "third"]
        assert (await engine.chat.session(key.session_id)).turns == 2


async def test_a_message_taken_back_is_the_draft(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        key = await new_session(engine)
        first, second = await line_up(engine, key, stage, "first", "second")
        draft = await engine.chat.queue.take_back(key.session_id, second.turn.turn_id, "@other {}".format)
        assert draft == "@other second"
        assert (await engine.chat.tab(key.session_id)).draft == draft
        assert isinstance(ending(second), RunCancelled)
        await stage.let_go()
        await first.wait()
        assert await answers(engine, key) == ["first"]


async def test_a_message_that_cannot_become_the_draft_still_waits(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        key = await new_session(engine)
        runs = await line_up(engine, key, stage, "first", "second")
        execute(tmp_path, "CREATE TRIGGER no_draft BEFORE INSERT ON tabs BEGIN SELECT RAISE(ABORT, 'no'); END")
        with pytest.raises(StoreError):
            await engine.chat.queue.take_back(key.session_id, runs[1].turn.turn_id, str)
        assert engine.chat.activity(key.session_id).queued == 1
        await stage.let_go()
        await asyncio.gather(*(run.wait() for run in runs))
        assert await answers(engine, key) == ["first", "second"]


async def test_a_message_sent_now_stops_the_running_one_and_goes_first(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        key = await new_session(engine)
        runs = await line_up(engine, key, stage, "a", "b", "c")
        await engine.chat.queue.send_now(key.session_id, runs[2].turn.turn_id)
        await until(lambda: "c" in stage.standing)
        await stage.let_go()
        await asyncio.gather(*(run.wait() for run in runs))
        records = await engine.chat.history(key.session_id)
    assert [(record.turn.text, record.turn.status) for record in records] == [
        ("a", TurnStatus.CANCELLED),
        ("c", TurnStatus.DONE),
        ("b", TurnStatus.DONE),
    ]


async def test_a_running_message_can_no_longer_be_changed(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        key = await new_session(engine)
        (first,) = await line_up(engine, key, stage, "first")
        queue, turn_id = engine.chat.queue, first.turn.turn_id
        with pytest.raises(SessionError, match="not waiting"):
            await queue.edit(key.session_id, turn_id, "x")
        with pytest.raises(SessionError, match="not waiting"):
            await queue.move(key.session_id, turn_id, 1)
        with pytest.raises(SessionError, match="not waiting"):
            await queue.send_now(key.session_id, turn_id)
        with pytest.raises(SessionError, match="not waiting"):
            await queue.drop(key.session_id, turn_id)
        await stage.let_go()
        await first.wait()
        assert await answers(engine, key) == ["first"]


async def test_a_session_can_have_a_policy_of_its_own(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        key, other = await new_session(engine), await new_session(engine)
        await engine.chat.set_queue_policy(key.session_id, "reject")
        runs = [*await line_up(engine, key, stage, "one"), *await line_up(engine, other, stage, "two", "three")]
        with pytest.raises(SessionBusy):
            await engine.chat.send(key, "refused")
        await stage.let_go()
        await asyncio.gather(*(run.wait() for run in runs))
        assert await answers(engine, key) == ["one"]
        assert await answers(engine, other) == ["two", "three"]
        with pytest.raises(SessionError, match="'sometimes'"):
            await engine.chat.set_queue_policy(key.session_id, "sometimes")
