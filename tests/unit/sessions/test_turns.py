"""The life of a turn in the database."""

from __future__ import annotations

import asyncio
import json

import pytest

from hector_tui.domain.events import OutputEvent, StateChanged, TextDelta, ToolCallStarted, event_to_dict
from hector_tui.domain.keys import SessionKey, point_id
from hector_tui.domain.memories import Memory, MemoryKind
from hector_tui.domain.messages import Message, Role, TextPart, ToolCallPart, ToolResultPart
from hector_tui.domain.turns import Turn, TurnStatus
from hector_tui.domain.usage import Usage
from hector_tui.errors import StoreConflict, StoreError, UnknownSession
from hector_tui.sessions.database import Database
from hector_tui.sessions.service import SessionService
from hector_tui.sessions.turn_rows import JournalEntry, Settlement

ANSWER = Message(Role.ASSISTANT, (TextPart("84"),))


async def begin(sessions: SessionService, key: SessionKey, text: str) -> Turn:
    turn = await sessions.accept(key, text)
    await sessions.start(turn.turn_id, model="offline", agent_version="v1")
    return turn


async def test_what_was_sent_is_stored_before_anything_runs(sessions: SessionService) -> None:
    info = await sessions.create("math_bot")
    turn = await sessions.accept(SessionKey(info.session_id, "math_bot"), "12 * 7?")

    (record,) = await sessions.history(info.session_id)
    assert (record.turn.turn_id, record.turn.status, record.turn.text) == (turn.turn_id, TurnStatus.QUEUED, "12 * 7?")
    assert (await sessions.get(info.session_id)).title == "12 * 7?"


async def test_a_settled_turn_has_its_messages_in_order(sessions: SessionService) -> None:
    info = await sessions.create("math_bot")
    key = SessionKey(info.session_id, "math_bot")
    turn = await begin(sessions, key, "12 * 7?")
    call = Message(Role.ASSISTANT, (ToolCallPart("c1", "calculator", '{"expression":"12*7"}'),))
    result = Message(Role.TOOL, (ToolResultPart("c1", "calculator", "84", duration_s=0.5),))
    usage = Usage(input_tokens=9, output_tokens=2, estimated=True)
    await sessions.settle(
        turn.turn_id,
        Settlement(status=TurnStatus.DONE, messages=(call, result, ANSWER), stop_reason="end", usage=usage),
    )

    (record,) = await sessions.history(info.session_id)
    assert [stored.message for stored in record.messages[1:]] == [call, result, ANSWER]
    assert [stored.seq for stored in record.messages] == [1, 2, 3, 4]
    assert record.turn.status is TurnStatus.DONE
    assert record.turn.usage == usage
    assert record.turn.finished_at is not None


async def test_queued_messages_get_their_place_when_they_start(sessions: SessionService) -> None:
    info = await sessions.create("math_bot")
    key = SessionKey(info.session_id, "math_bot")
    turns = [await sessions.accept(key, f"question {number}") for number in range(3)]
    for turn in turns:
        await sessions.start(turn.turn_id, model="offline", agent_version="v1")
        await sessions.settle(turn.turn_id, Settlement(status=TurnStatus.DONE, messages=(ANSWER,)))

    records = await sessions.conversation(key, before=2**62)
    roles = [stored.message.role.value for record in records for stored in record.messages]
    assert roles == ["user", "assistant"] * 3
    assert [stored.seq for record in records for stored in record.messages] == list(range(1, 7))


async def test_a_settled_turn_never_changes_again(sessions: SessionService) -> None:
    info = await sessions.create("math_bot")
    turn = await begin(sessions, SessionKey(info.session_id, "math_bot"), "?")
    await sessions.settle(turn.turn_id, Settlement(status=TurnStatus.CANCELLED))
    with pytest.raises(StoreError, match="cancelled cannot become done"):
        await sessions.settle(turn.turn_id, Settlement(status=TurnStatus.DONE))
    assert (await sessions.turn(turn.turn_id)).status is TurnStatus.CANCELLED


async def test_a_turn_cancelled_while_it_waits_keeps_its_message(sessions: SessionService) -> None:
    info = await sessions.create("math_bot")
    turn = await sessions.accept(SessionKey(info.session_id, "math_bot"), "never mind")
    await sessions.settle(turn.turn_id, Settlement(status=TurnStatus.CANCELLED, error="stopped by you"))
    (record,) = await sessions.history(info.session_id)
    assert (record.turn.text, record.turn.status, record.messages) == ("never mind", TurnStatus.CANCELLED, ())


async def test_two_agents_in_one_session_have_histories_of_their_own(sessions: SessionService) -> None:
    info = await sessions.create("a")
    for agent, secret in (("a", "apple"), ("b", "pear")):
        turn = await begin(sessions, SessionKey(info.session_id, agent), secret)
        await sessions.settle(turn.turn_id, Settlement(status=TurnStatus.DONE, messages=(ANSWER,)))

    for agent, secret in (("a", "apple"), ("b", "pear")):
        records = await sessions.conversation(SessionKey(info.session_id, agent), before=2**62)
        assert [record.turn.text for record in records] == [secret]
        assert [stored.seq for record in records for stored in record.messages] == [1, 2]
    both = await sessions.history(info.session_id)
    assert [record.turn.ordinal for record in both] == [1, 2]


async def test_a_hundred_messages_at_once_get_a_hundred_places(sessions: SessionService) -> None:
    info = await sessions.create("a")
    key = SessionKey(info.session_id, "a")
    turns = await asyncio.gather(*(sessions.accept(key, str(number)) for number in range(100)))
    assert [turn.ordinal for turn in turns] == list(range(1, 101))
    assert (await sessions.get(info.session_id)).turns == 100


async def test_history_pages_back_from_its_end(sessions: SessionService) -> None:
    info = await sessions.create("a")
    key = SessionKey(info.session_id, "a")
    for number in range(1, 8):
        await sessions.accept(key, str(number))
    last = await sessions.history(info.session_id, limit=3)
    older = await sessions.history(info.session_id, before=last[0].turn.ordinal, limit=3)
    assert [record.turn.text for record in older + last] == ["2", "3", "4", "5", "6", "7"]


async def test_a_journal_becomes_the_partial_answer(sessions: SessionService, database: Database) -> None:
    info = await sessions.create("a")
    key = SessionKey(info.session_id, "a")
    turn = await begin(sessions, key, "tell me")
    events: list[OutputEvent] = [
        StateChanged("model", 1),
        TextDelta("Once upon "),
        TextDelta("a time"),
        ToolCallStarted("c", "clock", "{}"),
    ]
    for part, event in enumerate(events):
        entry = JournalEntry(turn_id=turn.turn_id, key=key, part=part, events=[event_to_dict(event)])
        await sessions.journal([entry, entry])

    successor = SessionService(database, "owner-2")
    (interrupted,) = await successor.recover(lambda owner: owner == "owner-1")
    assert interrupted.status is TurnStatus.INTERRUPTED
    (record,) = await successor.history(info.session_id)
    assert record.messages[1].message.text == "Once upon a time"
    assert record.messages[2].message.parts == (ToolResultPart("c", "clock", "[interrupted]", is_error=True),)
    assert not await database.rows("SELECT * FROM journal")


async def test_turns_of_a_living_process_are_left_alone(sessions: SessionService, database: Database) -> None:
    info = await sessions.create("a")
    turn = await begin(sessions, SessionKey(info.session_id, "a"), "?")
    assert await SessionService(database, "owner-2").recover(lambda _: False) == []
    assert (await sessions.turn(turn.turn_id)).status is TurnStatus.RUNNING


async def test_a_damaged_journal_does_not_block_the_start(sessions: SessionService, database: Database) -> None:
    info = await sessions.create("a")
    key = SessionKey(info.session_id, "a")
    turn = await begin(sessions, key, "?")
    good = json.dumps([event_to_dict(TextDelta("good"))])
    await database.write(
        lambda connection: connection.executemany(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?)",
            [(turn.turn_id, 0, info.session_id, "a", good), (turn.turn_id, 1, info.session_id, "a", '[{"type":"?"}]')],
        )
    )
    (interrupted,) = await SessionService(database, "owner-2").recover(lambda _: True)
    assert interrupted.status is TurnStatus.INTERRUPTED
    (record,) = await sessions.history(info.session_id)
    assert record.messages[1].message.text == "good"


async def test_the_journal_of_a_deleted_session_does_not_fail_that_of_others(
    sessions: SessionService, database: Database
) -> None:
    kept, gone = [await sessions.create("a"), await sessions.create("a")]
    turns = [await begin(sessions, SessionKey(info.session_id, "a"), "?") for info in (kept, gone)]
    await sessions.delete(gone.session_id)
    await sessions.journal(
        [
            JournalEntry(turn_id=turn.turn_id, key=turn.key, part=0, events=[event_to_dict(TextDelta("x"))])
            for turn in reversed(turns)
        ]
    )
    rows = await database.rows("SELECT turn_id FROM journal")
    assert [row["turn_id"] for row in rows] == [turns[0].turn_id]


async def test_deleting_a_session_leaves_nothing_behind(sessions: SessionService, database: Database) -> None:
    info = await sessions.create("a", session_id="again")
    key = SessionKey("again", "a")
    turn = await begin(sessions, key, "?")
    memory = Memory(memory_id=point_id(key, "n"), key=key, kind=MemoryKind.NOTE, role="note", text="x", created_at=1.0)
    await sessions.settle(turn.turn_id, Settlement(status=TurnStatus.DONE, messages=(ANSWER,), memories=(memory,)))
    assert await sessions.delete(info.session_id)

    for table in ("sessions", "turns", "messages", "journal", "memories", "memories_fts"):
        assert await database.rows(f"SELECT * FROM {table}") == [], table
    (entry,) = await database.rows("SELECT op, memory_id FROM outbox")
    assert (entry["op"], entry["memory_id"]) == ("delete", memory.memory_id)
    await sessions.create("a", session_id="again")
    assert await sessions.history("again") == []


async def test_an_unknown_session_is_named(sessions: SessionService) -> None:
    with pytest.raises(UnknownSession, match="'nowhere'"):
        await sessions.accept(SessionKey("nowhere", "a"), "?")


async def test_lone_surrogates_are_stored(sessions: SessionService) -> None:
    info = await sessions.create("a")
    turn = await begin(sessions, SessionKey(info.session_id, "a"), "half \ud83d")
    answer = Message(Role.ASSISTANT, (TextPart("other half \ude00"),))
    await sessions.settle(turn.turn_id, Settlement(status=TurnStatus.DONE, messages=(answer,)))
    (record,) = await sessions.history(info.session_id)
    assert record.turn.text == "half ?"
    assert record.messages[1].message == answer


async def test_turns_of_two_processes_in_one_session_run_in_the_order_of_sending(
    sessions: SessionService, database: Database
) -> None:
    other = SessionService(database, "owner-2")
    info = await sessions.create("a")
    key = SessionKey(info.session_id, "a")
    first, second = await sessions.accept(key, "first"), await other.accept(key, "second")

    assert await other.start(second.turn_id, model="m", agent_version="v") == ("owner-1",)
    assert (await other.turn(second.turn_id)).status is TurnStatus.QUEUED
    assert await sessions.start(first.turn_id, model="m", agent_version="v") == ()
    assert await other.start(second.turn_id, model="m", agent_version="v") == ("owner-1",)
    await sessions.settle(first.turn_id, Settlement(status=TurnStatus.DONE, messages=(ANSWER,)))
    assert await other.start(second.turn_id, model="m", agent_version="v") == ()


async def test_a_frozen_process_loses_its_turns_when_its_lease_expires(database: Database) -> None:
    now = 1_000.0
    frozen = SessionService(database, "frozen", clock=lambda: now)
    waiting = SessionService(database, "waiting", clock=lambda: now)
    info = await frozen.create("a")
    turn = await begin(frozen, SessionKey(info.session_id, "a"), "?")
    assert await waiting.recover(lambda _: False, lease_s=10) == []
    now += 11
    (interrupted,) = await waiting.recover(lambda _: False, lease_s=10)
    assert interrupted.status is TurnStatus.INTERRUPTED

    # It wakes up: what it still streams is not journalled any more, and its end is refused for good.
    entry = JournalEntry(turn_id=turn.turn_id, key=turn.key, part=9, events=[event_to_dict(TextDelta("late"))])
    await frozen.journal([entry])
    assert await database.rows("SELECT * FROM journal") == []
    with pytest.raises(StoreConflict):
        await frozen.settle(turn.turn_id, Settlement(status=TurnStatus.DONE, messages=(ANSWER,)))


async def test_a_sign_of_life_renews_the_lease(database: Database) -> None:
    now = 1_000.0
    alive = SessionService(database, "alive", clock=lambda: now)
    info = await alive.create("a")
    await begin(alive, SessionKey(info.session_id, "a"), "?")
    now += 11
    await alive.beat()
    assert await SessionService(database, "other", clock=lambda: now).recover(lambda _: False, lease_s=10) == []
