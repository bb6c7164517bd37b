"""Bell and desktop: what the running app sends to the terminal when a session ends that nobody looks at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.events import AppBlur, AppFocus

from hector_tui.domain.turns import TurnStatus
from tests.provider import Answer, LoopbackProvider, ReceivedRequest
from tests.ui.support import Person, echo_config, running


def _respond(request: ReceivedRequest) -> Answer:
    asked = str(request.body["messages"][-1]["content"])
    if asked.startswith("fail"):
        return Answer(status=400)
    if asked.startswith("stream long"):
        return Answer(text="word " * 160, rate=20)
    return Answer(text="word " * 40, rate=20) if asked.startswith("stream") else Answer(text="You said so.")


@asynccontextmanager
async def talking(
    folder: Path, monkeypatch: pytest.MonkeyPatch, settings: str = ""
) -> AsyncIterator[tuple[Person, list[str]]]:
    """The app in a terminal that shows OSC 9, with a tab open, and every notification it was sent."""
    for variable in ("TMUX", "STY", "ZELLIJ", "TERM_PROGRAM", "LC_TERMINAL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("KITTY_WINDOW_ID", "1")
    profile = folder / "profile"
    profile.mkdir()
    (profile / "settings.yaml").write_text(settings, encoding="utf-8")
    sent: list[str] = []
    async with (
        LoopbackProvider(_respond) as provider,
        running(profile, config=[echo_config(folder, provider.base_url)]) as person,
    ):
        await person.begin("echo")
        driver = person.app._driver
        assert driver is not None
        write = driver.write

        def heard(text: str) -> None:
            if text.startswith("\x1b]9;") or text == "\x07":
                sent.append(text)
            write(text)

        monkeypatch.setattr(driver, "write", heard)
        yield person, sent


async def test_a_hidden_session_that_ends_is_told_on_the_desktop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with talking(tmp_path, monkeypatch) as (person, sent):
        await person.chat.desk.rename(person.active, "Plans\x1b]52;c;aGk=\x07")
        await person.send("stream long enough for another tab to be opened on a busy machine")
        await person.until(lambda: person.active.is_live, "the answer to begin")
        await person.begin("echo")
        await person.until(lambda: bool(sent), "a notification")
        assert len(sent) == 1
        assert sent[0].startswith("\x1b]9;hector-tui: Plans") and sent[0].endswith(": the answer is done\x07")
        assert sent[0].count("\x1b") == 1 and sent[0].count("\x07") == 1


async def test_the_shown_session_is_told_only_while_the_terminal_has_no_focus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with talking(tmp_path, monkeypatch) as (person, sent):
        await person.ask("hello")
        person.app.post_message(AppBlur())
        await person.until(lambda: not person.app.app_focus, "the focus to go")
        await person.chat.send(person.active, "stream")
        await person.until(lambda: bool(sent), "a notification")
        person.app.post_message(AppFocus())
        await person.until(lambda: person.app.app_focus, "the focus to come back")
        await person.ask("again")
        assert len(sent) == 1


async def test_a_hidden_session_that_fails_is_told_in_the_app_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with talking(tmp_path, monkeypatch, "bell: always\n") as (person, sent):
        first = person.active
        await person.chat.desk.rename(first, "Plans")
        await person.begin("echo")
        await person.chat.send(first, "fail")
        await person.hears("Plans: the answer failed")
        await person.until(lambda: len(sent) == 2, "a notification and the bell")
        assert sent == ["\x1b]9;hector-tui: Plans: the answer failed\x07", "\x07"]


async def test_many_sessions_that_end_at_once_are_one_notification(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with talking(tmp_path, monkeypatch) as (person, sent):
        conversations = [person.active, *[await person.begin("echo") for _ in range(7)]]
        await person.begin("echo")
        for conversation in conversations:
            await person.chat.send(conversation, "hello")
        await person.until(lambda: all(person.status_of(one) is TurnStatus.DONE for one in conversations), "the ends")
        await person.until(lambda: bool(sent), "a notification")
        assert len(sent) == 1


async def test_nothing_is_sent_when_notifications_are_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with talking(tmp_path, monkeypatch, "notifications: off\nbell: always\n") as (person, sent):
        first = person.active
        await person.begin("echo")
        await person.chat.send(first, "fail")
        await person.until(lambda: person.status_of(first) is TurnStatus.FAILED, "the failure")
        await person.ask("hello")
        assert sent == []
