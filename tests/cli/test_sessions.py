"""`hector-tui sessions`: what is listed and shown of a database that is filled here, turn by turn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.messages import Message, Role, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from hector_tui.domain.turns import TurnStatus
from hector_tui.paths import Profile
from hector_tui.sessions.store import Store
from hector_tui.sessions.turn_rows import Settlement
from tests.cli.support import run

KEYS = ["role", "text", "seq", "agent_id", "status", "turn_id", "session_id", "created_at"]
ANSWER = (
    Message(Role.ASSISTANT, (ThinkingPart("hm"), ToolCallPart("c1", "calculator", '{"expression": "1+1"}'))),
    Message(
        Role.TOOL, (ToolResultPart("c1", "calculator", "2"), ToolResultPart("c2", "calculator", "no", is_error=True))
    ),
    Message(Role.ASSISTANT, (TextPart("It is 2."), TextPart("Really."), ToolCallPart("c3", "remember", "{}"))),
)


async def say(
    store: Store,
    key: SessionKey,
    text: str,
    answer: Sequence[Message] = (),
    status: TurnStatus = TurnStatus.DONE,
    error: str = "",
) -> None:
    """One turn from the question to its end; one that stays queued is only accepted."""
    await store.sessions.create(key.agent_id, session_id=key.session_id)
    turn = await store.sessions.accept(key, text)
    if status is TurnStatus.QUEUED:
        return
    await store.sessions.start(turn.turn_id, model="m", agent_version="v")
    if not status.is_live:
        settlement = Settlement(status=status, messages=tuple(answer), error=error)
        await store.sessions.settle(turn.turn_id, settlement)


async def talk(profile: Profile) -> None:
    store = await Store.open(profile)
    await store.sessions.create("coder", session_id="unused")
    await say(store, SessionKey("s1", "coder"), "What is 1+1?", ANSWER)
    await say(store, SessionKey("s1", "critic"), "Is it?", [Message(Role.ASSISTANT, (TextPart("Yes"),))])
    await say(store, SessionKey("s1", "coder"), "And 2+2?", (), TurnStatus.FAILED, "the network is down")
    await store.aclose()


def open_store(runner: asyncio.Runner, profile: Profile) -> Store:
    return runner.run(Store.open(profile))


def test_without_sessions_nothing_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "sessions", "list") == run(capsys, "sessions", "list", "--json")
    assert run(capsys, "sessions", "list").out == ""


def test_sessions_are_listed_last_used_first_without_unused_ones(
    profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(talk(profile))

    async def more() -> None:
        store = await Store.open(profile)
        await say(store, SessionKey("s2", "guide"), "a question\nof two lines")
        await store.sessions.create("coder", session_id="unused-2")
        await store.aclose()

    asyncio.run(more())
    listed = run(capsys, "sessions", "list", "--json").objects
    assert [one["session_id"] for one in listed] == ["s2", "s1"]
    assert {key: listed[1][key] for key in ("agent_id", "title", "turns", "archived")} == {
        "agent_id": "coder",
        "title": "What is 1+1?",
        "turns": 3,
        "archived": False,
    }
    lines = run(capsys, "sessions", "list").out.splitlines()
    assert len(lines) == 2
    assert "1 turn " in lines[0]
    assert lines[0].endswith("A question of two lines")
    limited = run(capsys, "sessions", "list", "--json", "--limit", "1").objects
    assert [one["session_id"] for one in limited] == ["s2"]


def test_a_session_is_one_line_of_json_for_each_message(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(talk(profile))
    result = run(capsys, "sessions", "show", "s1", "--json")
    shown = result.objects
    assert result.status == 0
    assert [(one["role"], one["text"], one["seq"], one["agent_id"], one["status"]) for one in shown] == [
        ("user", "What is 1+1?", 1, "coder", "done"),
        ("assistant", "", 2, "coder", "done"),
        ("tool", "2\nno", 3, "coder", "done"),
        ("assistant", "It is 2.\n\nReally.", 4, "coder", "done"),
        ("user", "Is it?", 1, "critic", "done"),
        ("assistant", "Yes", 2, "critic", "done"),
        ("user", "And 2+2?", 5, "coder", "failed"),
    ]
    assert [list(one) for one in shown if one["role"] != "assistant"] == [KEYS] * 4
    assert list(shown[1]) == [*KEYS, "tool_calls"]
    assert shown[1]["tool_calls"] == [{"call_id": "c1", "name": "calculator", "arguments": '{"expression": "1+1"}'}]
    assert [call["name"] for call in shown[3]["tool_calls"]] == ["remember"]
    assert list(shown[5]) == KEYS
    assert {one["session_id"] for one in shown} == {"s1"}
    assert len({one["turn_id"] for one in shown}) == 3
    assert all(isinstance(one["created_at"], float) for one in shown)


def test_a_session_as_text_has_everything_that_was_said(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(talk(profile))
    shown = run(capsys, "sessions", "show", "s1").out
    assert shown.startswith("# What is 1+1?\ns1 ")
    parts = [
        "user\nWhat is 1+1?\n",
        'coder\n[tool call] calculator {"expression": "1+1"}\n',
        "[tool result] calculator: 2\n[tool error] calculator: no\n",
        "coder\nIt is 2.\n\nReally.\n[tool call] remember {}\n",
        "user\nIs it?\n",
        "critic\nYes\n",
        "user\nAnd 2+2?\n",
        "[failed: the network is down]\n",
    ]
    places = [shown.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)


def test_what_waits_in_another_process_is_shown_without_a_place(
    profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    with asyncio.Runner() as runner:
        store = open_store(runner, profile)
        runner.run(say(store, SessionKey("s1", "coder"), "first", (), TurnStatus.RUNNING))
        runner.run(say(store, SessionKey("s1", "coder"), "second", (), TurnStatus.QUEUED))
        shown = run(capsys, "sessions", "show", "s1", "--json").objects
        text = run(capsys, "sessions", "show", "s1").out
        runner.run(store.aclose())
    assert [(one["text"], one["seq"], one["status"]) for one in shown] == [
        ("first", 1, "running"),
        ("second", None, "queued"),
    ]
    assert list(shown[1]) == KEYS
    assert "first\n\n[running]" in text
    assert "second\n\n[queued]" in text


def test_turns_of_a_process_that_ended_are_shown_as_interrupted(
    profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    with asyncio.Runner() as runner:
        store = open_store(runner, profile)
        runner.run(say(store, SessionKey("s1", "coder"), "first", (), TurnStatus.QUEUED))
        runner.run(store.aclose())
    shown = run(capsys, "sessions", "show", "s1", "--json").objects
    assert [(one["text"], one["seq"], one["status"]) for one in shown] == [("first", None, "interrupted")]


def test_a_long_session_is_shown_whole_and_in_order(
    profile: Profile, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hector_tui.cli.sessions._PAGE", 3)

    async def fill() -> None:
        store = await Store.open(profile)
        for number in range(10):
            await say(store, SessionKey("s1", "coder"), str(number))
        await store.aclose()

    asyncio.run(fill())
    shown = run(capsys, "sessions", "show", "s1", "--json").objects
    assert [one["text"] for one in shown] == [str(number) for number in range(10)]


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_unknown_session_is_status_1(options: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "sessions", "show", "nope", *options)
    assert (result.status, result.out) == (1, "")
    assert "there is no session 'nope'" in result.err
