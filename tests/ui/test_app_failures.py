from __future__ import annotations

import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from textual.widgets import Static

from hector_tui.domain.turns import TurnStatus
from hector_tui.engine.host import Engine
from hector_tui.errors import StoreError
from hector_tui.paths import Profile
from hector_tui.sessions.schema import APPLICATION_ID
from hector_tui.ui.app import HectorApp, Start
from hector_tui.ui.guarded import guarded
from hector_tui.ui.screens.chat import ChatScreen
from hector_tui.ui.transcript.entries import NoticeEntry
from hector_tui.ui.widgets.agent_cards import AgentCards
from tests.provider import Answer, LoopbackProvider
from tests.ui.support import Person, echo_config, running, stored

BROKEN_AGENT = """\
agents:
  torn:
    name: Torn
    llm: [this is no name]
"""
STRICT_AGENT = """\
  strict: {name: Strict, description: Answers one at a time, llm: loop, queue_policy: reject}
"""


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _errors(person: Person) -> list[str]:
    """The error lines of the shown transcript."""
    return [entry.source_text() for entry in person.active.document.entries if isinstance(entry, NoticeEntry)]


def _text(person: Person, selector: str) -> str:
    return str(person.chat.query_one(selector, Static).content)


# A turn that fails


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (Answer(status=401, raw=b'{"error": {"message": "Incorrect API key"}}', framing="length"), "key"),
        (Answer(status=500, raw=b"<html>oops</html>", framing="length"), "500"),
        (Answer(text="half an ans", cut_after=400), ""),
    ],
    ids=["401", "500", "cut"],
)
async def test_a_failed_turn_says_one_line_and_can_be_asked_again(tmp_path: Path, answer: Answer, word: str) -> None:
    async with (
        LoopbackProvider([answer, Answer(text="Now it works.")]) as provider,
        running(tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url)]) as person,
    ):
        await person.begin("echo")
        await person.ask("hello")
        await person.until(lambda: person.status_of(person.active) is TurnStatus.FAILED, "a failed turn")
        (line,) = _errors(person)
        assert "\n" not in line
        assert word in line
        assert "Traceback" not in person.screen_text
        await person.press("up")
        assert person.chat.prompt.value == "hello"
        await person.press("ctrl+c")
        await person.send("/retry")
        await person.until(lambda: person.answer == "Now it works.", "the answer")
        assert person.active.questions == ["hello", "hello"]


async def test_a_server_that_is_not_there_is_said_on_its_card_and_in_the_turn(tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{_closed_port()}/v1"
    async with running(tmp_path / "profile", config=[echo_config(tmp_path, address)]) as person:
        await person.sees("server not found")
        await person.begin("echo")
        await person.sees("no server answers at")
        await person.ask("hello")
        (line,) = _errors(person)
        assert address.removesuffix("/v1") in line


async def test_a_hidden_session_that_fails_says_so_once(tmp_path: Path) -> None:
    failure = Answer(status=400, raw=b'{"error": {"message": "no"}}', framing="length", stall_before_headers=False)
    async with (
        LoopbackProvider(failure) as provider,
        running(tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url)]) as person,
    ):
        hidden = await person.begin("echo")
        await person.chat.desk.rename(hidden, "Plans")
        await person.begin("echo")
        await person.chat.desk.send(hidden, "hello")
        await person.hears("Plans: the answer failed")
        await person.ask("something else")
        assert [remark for remark in person.remarks if remark.startswith("Plans:")] == ["Plans: the answer failed"]


# A message that is refused


async def test_a_refused_message_stays_in_the_prompt(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(Answer(text="word " * 1_000, rate=50)) as provider,
        running(tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url, STRICT_AGENT)]) as person,
    ):
        await person.begin("strict")
        await person.send("hello")
        await person.until(lambda: "word" in person.answer, "an answer")
        await person.send("and this")
        await person.hears("Strict is still answering")
        assert person.chat.prompt.value == "and this"
        await person.press("!")
        assert person.chat.prompt.value == "and this!"
        assert stored(tmp_path / "profile", "SELECT text FROM turns") == [("hello",)]


async def test_a_message_with_nothing_for_an_agent_stays_in_the_prompt(tmp_path: Path) -> None:
    async with running(tmp_path / "profile", config=[echo_config(tmp_path, "http://127.0.0.1:1/v1")]) as person:
        await person.begin("echo")
        await person.write("@echo ")
        await person.press("enter")
        await person.hears("there is nothing to send to 'echo'")
        assert person.chat.prompt.value == "@echo "
        assert stored(tmp_path / "profile", "SELECT text FROM turns") == []


# Files that cannot be used


async def test_a_broken_agent_file_is_a_card_with_its_reason(tmp_path: Path) -> None:
    folder = tmp_path / "agents"
    folder.mkdir()
    echo_config(folder, "http://127.0.0.1:1/v1")
    (folder / "torn.yaml").write_text(BROKEN_AGENT, encoding="utf-8")
    async with running(tmp_path / "profile", config=[folder]) as person:
        cards = person.chat.query_one(AgentCards)
        states = {info.agent_id: info.state for info in cards.agents}
        assert states["torn"] == "disabled"
        assert states["echo"] != "disabled"
        await person.hears("torn.yaml")
        await person.press("end")
        await person.sees("✗ disabled", "torn.yaml")
        await person.press("enter")
        await person.pilot.pause()
        assert person.chat.active is None


async def test_a_broken_theme_is_said_and_the_default_is_shown(tmp_path: Path) -> None:
    themes = tmp_path / "profile" / "themes"
    themes.mkdir(parents=True)
    (themes / "mine.yaml").write_text("name: mine\ndark: perhaps\n", encoding="utf-8")
    async with running(tmp_path / "profile", start=Start(theme="mine")) as person:
        assert person.app.theme == "hector-dark"
        await person.hears("mine.yaml")


async def test_an_unknown_theme_is_said_with_the_nearest_name(tmp_path: Path) -> None:
    async with running(tmp_path / "profile", start=Start(theme="nrod")) as person:
        assert person.app.theme == "hector-dark"
        await person.hears("Did you mean 'nord'?")


async def test_settings_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    (tmp_path / "profile").mkdir()
    (tmp_path / "profile" / "settings.yaml").write_text("theme: [\n", encoding="utf-8")
    async with running(tmp_path / "profile") as person:
        await person.hears("settings.yaml:2:1: is not YAML")


async def test_a_trouble_that_goes_on_is_told_once(tmp_path: Path) -> None:
    async with running(tmp_path / "profile") as person:

        async def full() -> None:
            raise StoreError("the disk is full")

        for _ in range(3):
            await guarded(person.app, full)
            await person.hears("the disk is full")
            person.app.notify("Copied.")
        await person.pilot.pause()
        assert person.remarks.count("the disk is full") == 1
        assert person.remarks.count("Copied.") == 3


# An engine that cannot open


async def _says_why_and_can_be_quit(person: Person, *words: str) -> None:
    await person.until(lambda: _text(person, "#home-title") == "hector-tui cannot start", "the reason")
    reason = _text(person, "#home-hint")
    assert all(word in reason for word in words), reason
    await person.sees("ctrl+q quits")
    assert not person.remarks, "said twice"
    await person.press("ctrl+n", "f3", "ctrl+x", "n", "escape", "alt+1", "f2")
    await person.press("ctrl+q")
    await person.until(lambda: not person.app.is_running, "the end")


async def test_a_newer_database_is_refused_with_its_version(tmp_path: Path) -> None:
    (tmp_path / "profile").mkdir()
    with closing(sqlite3.connect(tmp_path / "profile" / "sessions.db")) as database:
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute("PRAGMA user_version = 99")
    async with running(tmp_path / "profile", ready=False) as person:
        await _says_why_and_can_be_quit(person, "schema version 99", "Update hector-tui")


async def test_a_database_that_cannot_be_read_is_kept_and_said(tmp_path: Path) -> None:
    (tmp_path / "profile").mkdir()
    (tmp_path / "profile" / "sessions.db").write_bytes(b"this is no database" * 1_000)
    async with running(tmp_path / "profile") as person:
        await person.hears("sessions.db")
        await person.begin("guide")
    kept = [path for path in (tmp_path / "profile").iterdir() if path.name.startswith("sessions.db.")]
    assert any(path.read_bytes().startswith(b"this is no database") for path in kept)


async def test_an_engine_that_fails_in_an_unforeseen_way_is_said(tmp_path: Path) -> None:
    async def opener() -> Engine:
        raise RuntimeError("nobody thought of [/] this")

    app = HectorApp(Profile(tmp_path), opener)
    async with app.run_test(size=(120, 40)) as pilot:
        person = Person(app, pilot)
        await person.until(lambda: isinstance(app.screen, ChatScreen) and app.screen.is_mounted, "the screen")
        await _says_why_and_can_be_quit(person, "internal error", "nobody thought of [/] this")
    assert app.close_engine()


async def test_configuration_that_is_not_there_is_said(tmp_path: Path) -> None:
    async with running(tmp_path / "profile", config=[tmp_path / "none.yaml"], ready=False) as person:
        await person.until(
            lambda: "none.yaml" in _text(person, "#home-hint") or any("none.yaml" in told for told in person.remarks),
            "the missing file",
        )
