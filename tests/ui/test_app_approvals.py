"""Deciding about tool calls in the running app: seen, deliberate, and never by what was being typed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.content import Content
from textual.events import Paste
from textual.widgets import Input, Static

from hector_tui.domain.approvals import ApprovalRequest
from hector_tui.domain.keys import SessionKey
from hector_tui.ui.widgets import approval_bar
from hector_tui.ui.widgets.approval_bar import ApprovalBar, argument_lines
from tests.ui.support import Person, running, stored

CAREFUL = """\
agents:
  careful:
    name: Careful
    llm: offline
    memory: {long_term: {recall_scope: session}}
    tools: [ask_to_remember]
tools:
  ask_to_remember: {type: remember, require_approval: true}
"""
FERRY = "remember that the ferry leaves at nine"


@asynccontextmanager
async def asked(tmp_path: Path) -> AsyncIterator[tuple[Person, ApprovalBar]]:
    """A session in which a tool call waits for a decision, while somebody types the next message."""
    config = tmp_path / "careful.yaml"
    config.write_text(CAREFUL, encoding="utf-8")
    async with running(tmp_path / "profile", config=[config]) as person:
        await person.begin("careful")
        await person.send(FERRY)
        await person.sees("Careful wants to use remember", "the ferry leaves at nine", "f8 decides", "waiting for you")
        yield person, person.chat.query_one(ApprovalBar)


def notes(tmp_path: Path) -> list[object]:
    return [text for (text,) in stored(tmp_path / "profile", "SELECT text FROM memories WHERE kind = 'note'")]


async def listening(person: Person, bar: ApprovalBar) -> None:
    """Go to the bar and wait until its keys decide."""
    await person.press("f8")
    await person.until(lambda: bar.is_armed, "the bar to listen")


async def test_allowed_once_the_call_runs_and_the_prompt_has_the_keys_again(tmp_path: Path) -> None:
    async with asked(tmp_path) as (person, bar):
        await listening(person, bar)
        await person.press("y")
        await person.until(lambda: not person.active.is_live, "the end of the turn")
        assert len(notes(tmp_path)) == 1
        assert bar.display is False
        await person.until(lambda: person.prompt_is_ready, "the prompt")
        # Once is once.
        await person.send("remember that the harbour is closed on Sundays")
        await person.sees("Careful wants to use remember", "closed on Sundays")


async def test_what_was_being_typed_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # However slowly a busy machine hands the keys on, they come one right after the other.
    monkeypatch.setattr(approval_bar, "QUIET_S", 60.0)
    async with asked(tmp_path) as (person, bar):
        await person.press("y", "a", "n", "space", "1")
        assert bar.request is not None
        assert "yan" in person.chat.prompt.value
        # Gone to in the middle of typing: the keys that follow at once are still not meant for it.
        await person.press("f8", "y", "a", "n", "r", "enter")
        bar.post_message(Paste("y\ny\n"))
        await person.pilot.pause()
        assert bar.request is not None
        assert bar.has_focus
        assert notes(tmp_path) == []
        await person.press("escape")
        assert person.prompt_is_ready
        await person.sees("f8 decides")


async def test_once_left_the_bar_offers_no_keys_any_more(tmp_path: Path) -> None:
    async with asked(tmp_path) as (person, bar):
        await listening(person, bar)

        def is_lit() -> bool:
            content = bar.query_one("#approval-keys", Static).content
            return isinstance(content, Content) and str(content.spans).count("$warning bold") > 1

        # Only then has it drawn itself for the last time, and leaves it as it is.
        await person.until(is_lit, "keys that are lit")
        await person.press("escape")
        await person.sees("f8 decides")
        assert "y once" not in person.screen_text


async def test_refused_with_a_reason_the_model_hears_it(tmp_path: Path) -> None:
    async with asked(tmp_path) as (person, bar):
        await listening(person, bar)
        await person.press("r")
        await person.sees("Why not?")
        person.app.screen.query_one(Input).value = "not on a Sunday"
        await person.press("enter")
        await person.until(lambda: not person.active.is_live, "the end of the turn")
        assert notes(tmp_path) == []
        parts = str(stored(tmp_path / "profile", "SELECT parts FROM messages WHERE role = 'tool'"))
        assert "The person refused" in parts
        assert "not on a Sunday" in parts


async def test_allowed_for_the_session_it_asks_no_more_until_told_to(tmp_path: Path) -> None:
    async with asked(tmp_path) as (person, bar):
        await listening(person, bar)
        await person.press("a")
        await person.until(lambda: not person.active.is_live, "the end of the turn")
        await person.ask("remember that the harbour is closed on Sundays")
        assert len(notes(tmp_path)) == 2
        await person.send("/askagain")
        await person.hears("1 tool asks again")
        await person.send("remember that the lighthouse is red")
        await person.sees("Careful wants to use remember", "lighthouse is red")


async def test_a_hidden_session_that_waits_shows_it_and_is_found(tmp_path: Path) -> None:
    async with asked(tmp_path) as (person, bar):
        waiting = person.active
        await person.begin("careful")
        assert bar.display is False
        await person.sees("1 !")
        await person.press("f8")
        await person.until(lambda: person.active is waiting and bar.request is not None, "the tab that waits")
        person.tap("escape")
        await person.sees("esc again to stop")
        person.tap("escape")
        await person.until(lambda: bar.request is None and not waiting.is_live, "the stop")
        assert notes(tmp_path) == []


def request(number: int) -> ApprovalRequest:
    return ApprovalRequest(
        request_id=str(number),
        key=SessionKey("s", "a"),
        turn_id="t",
        call_id=str(number),
        name="bell",
        arguments="{}",
        asked_at=0.0,
    )


async def test_the_next_call_needs_its_own_moment_of_quiet(tmp_path: Path) -> None:
    async with asked(tmp_path) as (person, bar):
        await listening(person, bar)
        bar.show((request(2),))
        assert bar.has_focus
        assert not bar.is_armed


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ("{}", ["no arguments"]),
        ("", ["no arguments"]),
        ('{"text": "one\\ntwo", "n": 3}', ["text: one", "  two", "n: 3"]),
        ('{"a": {"b": [1]}}', ['a: {"b": [1]}']),
        ("[1", ["[1"]),
    ],
)
def test_arguments_are_shown_as_they_are(arguments: str, lines: list[str]) -> None:
    assert argument_lines(arguments) == lines


def test_arguments_bring_no_control_characters_to_the_screen() -> None:
    (line,) = argument_lines('{"x": "\\u001b[2J\\u202e"}')
    assert "\x1b" not in line
    assert "\u202e" not in line
