from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.widgets import OptionList

from hector_tui.domain.turns import TurnStatus
from hector_tui.ui.commands import COMMANDS
from hector_tui.ui.screens.help import HelpScreen
from hector_tui.ui.screens.leader import LeaderScreen
from tests.provider import Answer, LoopbackProvider, ReceivedRequest
from tests.ui.hostile import acting, drawn
from tests.ui.support import Person, echo_config, running, stored

LONG = Answer(text="word " * 2_000, rate=50)


def _respond(request: ReceivedRequest) -> Answer:
    """Stream without end to whom asks for it."""
    asked = str(request.body["messages"][-1]["content"])
    return LONG if asked.startswith("stream") else Answer(text=f"You said: **{asked}**")


@asynccontextmanager
async def talking(folder: Path) -> AsyncIterator[Person]:
    """The app with a tab open."""
    async with (
        LoopbackProvider(_respond) as provider,
        running(folder / "profile", config=[echo_config(folder, provider.base_url)]) as person,
    ):
        await person.begin("echo")
        yield person


async def _streams(person: Person) -> None:
    await person.send("stream")
    await person.until(lambda: "word" in person.answer, "the first words")


# Esc and Ctrl+C


async def test_the_second_escape_stops_the_answer_and_keeps_what_came(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await _streams(person)
        await person.sees("esc esc to stop")
        await person.press("escape")
        await person.sees("esc again to stop")
        assert person.active.is_live
        await person.press("escape")
        await person.until(lambda: not person.active.is_live, "the end")
        await person.until(lambda: person.status_of(person.active) is TurnStatus.CANCELLED, "cancelled")
        assert person.answer.startswith("word word")
        await person.sees("stopped by you")
        ((text,),) = stored(tmp_path / "profile", "SELECT parts FROM messages WHERE role = 'assistant'")
        assert person.answer.strip() in str(text)


async def test_escape_stops_nothing_when_nothing_runs(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await person.ask("hello")
        await person.press("escape", "escape")
        assert person.status_of(person.active) is TurnStatus.DONE
        assert person.prompt_is_ready


async def test_control_c_clears_then_stops_then_quits(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await _streams(person)
        await person.write("a draft")
        await person.press("ctrl+c")
        assert person.chat.prompt.value == ""
        assert person.active.is_live
        await person.press("ctrl+c")
        await person.until(lambda: not person.active.is_live, "the answer to stop")
        await person.press("ctrl+c")
        await person.hears("ctrl+c again quits")
        assert person.app.is_running
        await person.press("ctrl+c")
        await person.until(lambda: not person.app.is_running, "the end of the app")


async def test_control_c_copies_a_selection_and_leaves_the_draft(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await person.write("take this")
        await person.press("shift+home", "ctrl+c")
        await person.hears("Copied selection, 9 characters")
        assert person.app.clipboard == "take this"
        assert person.chat.prompt.value == "take this"


# Slash commands, the leader key, the palette


async def test_an_unknown_command_is_answered_by_a_suggestion_and_sent_nowhere(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await person.send("/renam Plans")
        await person.hears("There is no command /renam. Did you mean /rename?")
        assert person.chat.prompt.value == "/renam Plans"
        assert stored(tmp_path / "profile", "SELECT 1 FROM turns") == []


@pytest.mark.parametrize("text", ["/delete the second paragraph", "/quit smoking, how?", "/archive x", "/stop that"])
async def test_words_after_a_command_that_takes_none_are_no_command(tmp_path: Path, text: str) -> None:
    async with talking(tmp_path) as person:
        before = person.active
        await person.send(text)
        await person.hears("takes nothing after it: nothing was done")
        assert person.active is before
        assert person.chat.prompt.value == text
        assert stored(tmp_path / "profile", "SELECT 1 FROM turns") == []


@pytest.mark.parametrize("text", ["/etc/hosts is a file", "/etc/hosts", "/help\nis a command", "/ alone"])
async def test_a_path_is_a_message(tmp_path: Path, text: str) -> None:
    async with talking(tmp_path) as person:
        await person.ask(text)
        assert stored(tmp_path / "profile", "SELECT text FROM turns") == [(text,)]


@pytest.mark.parametrize("text", ["exit", "/quit", ":q", "/exit"])
async def test_words_that_quit(tmp_path: Path, text: str) -> None:
    async with talking(tmp_path) as person:
        await person.send(text)
        await person.until(lambda: not person.app.is_running, "the end of the app")


async def test_commands_open_what_they_name(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await person.send("/help")
        await person.until(lambda: isinstance(person.app.screen, HelpScreen), "help")
        await person.sees("New session", "ctrl+n")
        await person.press("escape")
        await person.until(lambda: person.app.screen is person.chat, "the conversation")
        await person.send("/HISTORY")
        await person.until(lambda: person.chat.inspector.panel == "history", "the history panel")


async def test_the_leader_key_lists_what_follows_it_and_does_it(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await person.press("ctrl+x")
        await person.until(lambda: isinstance(person.app.screen, LeaderScreen), "the list")
        await person.sees("New session", "Copy answer or block", "Go to a tab")
        await person.press("question_mark")
        await person.until(lambda: isinstance(person.app.screen, HelpScreen), "help")
        await person.press("escape")
        await person.press("ctrl+x", "escape")
        await person.until(lambda: person.app.screen is person.chat, "the conversation")


async def test_every_leader_key_leads_somewhere(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        for command in COMMANDS:
            name = command.action.partition("(")[0]
            assert hasattr(person.chat, f"action_{name}"), command.command_id
        leaders = [command.leader for command in COMMANDS if command.leader]
        assert len(leaders) == len(set(leaders))


async def test_the_palette_lists_every_command_and_every_tab(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await person.chat.desk.rename(person.active, "Plans")
        await person.press("ctrl+p")
        await person.until(lambda: isinstance(person.app.screen, CommandPalette), "the palette")
        wanted = {command.title for command in COMMANDS} | {"Go to: Plans"}

        def listed() -> set[str]:
            options = person.app.screen.query_one(OptionList).options
            return {str(option.prompt).partition("  ")[0].strip() for option in options}

        await person.until(lambda: wanted <= listed(), "all commands")
        await person.press(*"rename", "enter")
        await person.until(lambda: person.app.screen not in (person.chat,), "what was chosen")
        await person.sees("Rename this session")


@pytest.mark.parametrize("title", ["[link=http://x]y[/] 6", "[@click=app.quit]x[/]", "[/]", "\\[b", "[red]x[/red]"])
async def test_a_title_is_no_markup_in_the_palette(tmp_path: Path, title: str) -> None:
    async with talking(tmp_path) as person:
        await person.chat.desk.rename(person.active, title)
        await person.press("ctrl+p")
        await person.until(lambda: isinstance(person.app.screen, CommandPalette), "the palette")
        await person.sees("Archive this session")
        await person.press(*"goto")
        await person.sees(f"Go to: {title}")
        assert acting(drawn(person.app)) == []
        await person.press("escape")


# Copying and the inspector's memory of what was chosen


async def test_the_last_answer_is_copied_as_markdown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # No program of the system takes part.
    monkeypatch.setenv("TERM", "xterm-256color")
    async with talking(tmp_path) as person:
        await person.press("alt+c")
        await person.hears("There is no answer to copy yet")
        await person.ask("hello")
        written: list[str] = []
        driver = person.app._driver
        assert driver is not None
        monkeypatch.setattr(driver, "write", written.append)
        await person.press("alt+c")
        await person.hears("Copied answer, 19 characters, by the terminal (OSC 52, which never answers)")
        assert person.app.clipboard == "You said: **hello**"
        assert sum("\x1b]52;c;WW91IHNhaWQ6ICoqaGVsbG8qKg==" in text for text in written) == 1


async def test_a_chosen_theme_and_a_hidden_inspector_are_remembered(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        assert person.chat.inspector.display
        await person.press("f3")
        await person.until(lambda: not person.chat.inspector.display, "the inspector to go")
        await person.send("/theme nord")
        await person.until(lambda: person.app.theme == "nord", "the theme")
        await person.send("/theme norrd")
        await person.hears("Did you mean 'nord'?")
    async with talking(tmp_path) as person:
        assert person.app.theme == "nord"
        assert not person.chat.inspector.display
