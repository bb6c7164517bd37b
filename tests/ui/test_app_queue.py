"""Waiting messages on screen: taken back, edited, moved, taken out; a policy for one session; offers after a crash."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from textual.widgets import OptionList

from hector_tui.ui.app import Start
from hector_tui.ui.screens.dialogs import EditText
from hector_tui.ui.screens.queue import QueueScreen
from hector_tui.ui.widgets.prompt import Prompt
from tests.provider import LoopbackProvider, echo
from tests.provider.answers import Answer
from tests.ui.support import Person, echo_config, running

SLOW = 8.0
"""Words per second of the answer that the others wait behind; it is stopped before it ends."""


@asynccontextmanager
async def busy_session(tmp_path: Path) -> AsyncIterator[Person]:
    """A session in which the first message is being answered slowly and two more wait."""

    def answer(request: object) -> Answer:
        body = request.body  # type: ignore[attr-defined]
        slow = "first" in str(body["messages"][-1]["content"])
        return echo(body, words=400 if slow else 3, rate=SLOW if slow else 0)

    async with (
        LoopbackProvider(answer) as provider,
        running(tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url)]) as person,
    ):
        await person.begin("echo")
        for number, text in enumerate(("first 0000000a", "second 0000000b", "third 0000000c")):
            await person.send(text)
            await person.until(lambda: not person.chat.prompt.value, "the message to be taken")
            await person.until(partial(_are_waiting, person, number), "its place in the queue")
        await person.sees("◔ second 0000000b", "◔ third 0000000c")
        yield person


def _waiting(person: Person) -> int:
    return person.chat.desk.activity(person.active.info.session_id).queued


def _are_waiting(person: Person, number: int) -> bool:
    return _waiting(person) == number


async def _stop_and_see_asked(person: Person, *questions: str) -> None:
    """Stop the slow answer; then exactly these must have been asked, in this order."""
    person.tap("escape")
    await person.sees("esc again to stop")
    person.tap("escape")
    await _sees_asked(person, *questions)


async def _sees_asked(person: Person, *questions: str) -> None:
    await person.until(
        lambda: len(person.active.questions) == len(questions) and not person.active.is_live, f"asked: {questions}"
    )
    assert person.active.questions == list(questions)
    assert _waiting(person) == 0


async def test_up_in_the_empty_prompt_takes_the_last_waiting_message_back(tmp_path: Path) -> None:
    async with busy_session(tmp_path) as person:
        person.tap("up")
        await person.until(lambda: person.chat.prompt.value == "third 0000000c", "the message in the prompt")
        await person.until(lambda: _waiting(person) == 1, "one message to wait")
        await _stop_and_see_asked(person, "first 0000000a", "second 0000000b")


async def test_the_queue_dialog_moves_edits_and_takes_out(tmp_path: Path) -> None:
    async with busy_session(tmp_path) as person:
        person.tap("f4")
        await person.sees("Waiting messages", "1  second 0000000b", "2  third 0000000c")
        person.tap("J")
        await person.sees("1  third 0000000c", "2  second 0000000b")
        person.tap("d")
        await person.until(lambda: _waiting(person) == 1, "one message to wait")
        rows = person.app.screen.query_one(OptionList)
        await person.until(lambda: rows.option_count == 1 and rows.highlighted == 0, "one message in the list")
        person.tap("e")
        await person.sees("Edit the message")
        person.app.screen.query_one(Prompt).rewrite("fourth\n0000000f")
        await person.sees("> fourth", "0000000f")
        person.tap("enter")
        await person.sees("1  fourth⏎0000000f")
        # The line break is one, and not the sign that stands for it in the list.
        person.tap("e")
        await person.until(lambda: isinstance(person.app.screen, EditText), "the dialog again")
        assert person.app.screen.query_one(Prompt).value == "fourth\n0000000f"
        person.tap("escape")
        await person.until(lambda: isinstance(person.app.screen, QueueScreen), "the list")
        person.tap("escape")
        await person.until(lambda: not isinstance(person.app.screen, QueueScreen), "the dialog to close")
        await _stop_and_see_asked(person, "first 0000000a", "fourth\n0000000f")


async def test_a_message_is_chosen_by_a_click_and_goes_back_into_the_prompt(tmp_path: Path) -> None:
    async with busy_session(tmp_path) as person:
        person.tap("f4")
        await person.sees("2  third 0000000c")
        await person.pilot.click(OptionList, offset=(4, 1))
        await person.until(lambda: person.app.screen.query_one(OptionList).highlighted == 1, "the clicked message")
        person.tap("p")
        await person.until(lambda: person.chat.prompt.value == "third 0000000c", "the message in the prompt")
        assert person.prompt_is_ready
        await person.until(lambda: _waiting(person) == 1, "one message to wait")


async def test_a_message_can_be_asked_at_once(tmp_path: Path) -> None:
    async with busy_session(tmp_path) as person:
        person.tap("f4")
        await person.sees("1  second 0000000b")
        person.tap("j")
        await person.until(lambda: person.app.screen.query_one(OptionList).highlighted == 1, "the second message")
        person.tap("n")
        await person.sees("Nothing waits.")
        person.tap("escape")
        await _sees_asked(person, "first 0000000a", "third 0000000c", "second 0000000b")


async def test_a_policy_holds_for_one_session(tmp_path: Path) -> None:
    async with busy_session(tmp_path) as person:
        await person.send("/policy reject")
        await person.hears("will now: reject")
        await person.send("refused 0000000d")
        await person.hears("still answering")
        assert person.chat.prompt.value == "refused 0000000d"
        await _stop_and_see_asked(person, "first 0000000a", "second 0000000b", "third 0000000c")


async def test_an_interrupted_answer_offers_to_go_on(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(lambda request: echo(request.body, words=400, rate=SLOW)) as provider,
        running(tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url)]) as person,
    ):
        await person.begin("echo")
        await person.send("long 0000000e")
        await person.sees("0000000e:2")
    async with (
        LoopbackProvider(lambda request: echo(request.body, words=3)) as provider,
        running(
            tmp_path / "profile",
            config=[echo_config(tmp_path, provider.base_url)],
            start=Start(restore=True),
        ) as person,
    ):
        await person.sees("0000000e:2", "/continue goes on with it, /retry asks again")
        await person.send("/retry")
        await person.until(lambda: len(person.active.questions) == 2 and not person.active.is_live, "the answer")
        assert person.active.questions == ["long 0000000e", "long 0000000e"]
