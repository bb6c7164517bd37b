"""A provider that asks to wait: the seconds are counted down where the answer will be, and Esc ends them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hector_tui.domain.turns import TurnStatus
from hector_tui.ui.transcript.entries import NoticeEntry
from hector_tui.ui.waiting import Wait
from hector_tui.ui.widgets.status_line import StatusLine
from tests.provider import Answer, LoopbackProvider
from tests.ui.support import Person, echo_config, running, stored


def busy(seconds: str) -> Answer:
    return Answer(
        status=429, raw=b'{"error": {"message": "Slow down"}}', headers={"retry-after": seconds}, framing="length"
    )


def notice(person: Person) -> str:
    active = person.active
    assert active is not None
    return "\n".join(entry.text for entry in active.document.entries if isinstance(entry, NoticeEntry))


def status(person: Person) -> str:
    return person.chat.query_one("#status", StatusLine).info.state


def config(folder: Path, base_url: str) -> Path:
    path = echo_config(folder, base_url)
    path.write_text(path.read_text().replace("max_retries: 0", "max_retries: 2"))
    return path


async def test_the_wait_counts_down_and_esc_ends_it(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    async with (
        LoopbackProvider(busy("100")) as provider,
        running(profile, config=[config(tmp_path, provider.base_url)]) as person,
    ):
        conversation = await person.begin("echo")
        await person.chat.desk.send(conversation, "hello")
        await person.until(lambda: "Slow down: trying again in" in notice(person), "the wait")
        (first,) = re.findall(r"again in (?:1 m )?(\d+) s", notice(person))
        assert "esc esc stops it" in notice(person)
        await person.until(lambda: status(person) == "trying again in", "the wait in the status line")
        await person.until(
            lambda: re.findall(r"again in (?:1 m )?(\d+) s", notice(person)) not in ([first], []), "the next second"
        )
        await person.press("escape", "escape")
        await person.until(lambda: not conversation.is_live, "the end of the wait")
        assert notice(person).splitlines()[0].endswith("Slow down: not tried again")
        assert len(provider.posts) == 1
        assert stored(profile, "SELECT status FROM turns") == [(TurnStatus.CANCELLED.value,)]
        ((parts,),) = stored(profile, "SELECT parts FROM messages")
        assert [part["text"] for part in json.loads(str(parts))] == ["hello"]


async def test_after_the_wait_the_answer_comes_and_nothing_of_the_wait_is_stored(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    async with (
        LoopbackProvider([busy("0"), Answer(text="here I am")]) as provider,
        running(profile, config=[config(tmp_path, provider.base_url)]) as person,
    ):
        conversation = await person.begin("echo")
        await person.chat.desk.send(conversation, "hello")
        await person.until(lambda: person.answer == "here I am" and not conversation.is_live, "the answer")
        assert notice(person) == "try 1: too many requests (429): Slow down: tried again"
        assert conversation.live_phase == ""
        assert len(provider.posts) == 2
        assert not [row for row in stored(profile, "SELECT parts FROM messages") if "Slow" in str(row)]


def test_seconds_are_rounded_up_and_a_line_that_says_the_same_is_not_drawn_again() -> None:
    wait = Wait(110.2, "busy", now=100.0)
    assert (wait.left_s(100.0), wait.entry.text) == (11, "busy: trying again in 11 s; esc esc stops it")
    drawn: list[int] = []
    wait.entry.on_change = lambda _entry, first: drawn.append(first)
    wait.tick(100.1)
    assert drawn == []
    wait.tick(109.9)
    assert (drawn, wait.entry.text) == ([0], "busy: trying again in 1 s; esc esc stops it")
    wait.tick(110.2)
    assert wait.entry.text == "busy: trying again"
    wait.begin(150.0, "still busy", now=111.0)
    assert wait.entry.text == "still busy: trying again in 39 s; esc esc stops it"
    wait.end()
    assert wait.entry.text == "still busy: tried again"
