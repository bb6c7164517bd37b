"""The prompt within the whole app: commands with arguments, what was sent, the editor's refusals, early keys."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events

from hector_tui.engine.host import Engine, EngineOptions
from hector_tui.paths import Profile
from hector_tui.ui.app import HectorApp, Start
from hector_tui.ui.inspector.widget import PANELS
from hector_tui.ui.screens.chat import ChatScreen
from hector_tui.ui.screens.prompt_search import PromptSearch
from hector_tui.ui.widgets.completion import CompletionPopup
from tests.provider import LoopbackProvider
from tests.ui.support import QUIET_ENV, Person, echo_config, running, stored


@asynccontextmanager
async def talking(tmp_path: Path) -> AsyncIterator[Person]:
    async with (
        LoopbackProvider() as provider,
        running(tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url)]) as person,
    ):
        await person.begin("echo")
        yield person


def _offered(person: Person) -> list[str]:
    popup = person.chat.query_one("#completion", CompletionPopup)
    return [row.label for row in popup.rows] if popup.display else []


# Commands and their arguments


async def test_commands_take_what_is_offered_for_them(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await person.press(*"/them", "tab")
        await person.until(lambda: "nord" in _offered(person), "the themes")
        await person.press(*"nor")
        await person.until(lambda: _offered(person)[:1] == ["nord"], "one theme first")
        await person.press("enter")
        await person.until(lambda: person.app.theme == "nord", "the theme")
        await person.press(*"/inspec", "enter")
        await person.until(lambda: _offered(person) == list(PANELS), "the panels")
        await person.press(*"mem")
        await person.until(lambda: _offered(person) == ["memory"], "one panel")
        await person.press("enter")
        await person.until(lambda: person.chat.inspector.panel == "memory", "the panel")


async def test_a_session_is_opened_by_its_title_and_one_begun_by_its_agent(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        first = person.active
        await person.ask("compare apples")
        await person.send("/new echo")
        await person.until(lambda: person.chat.active not in (None, first) and person.is_shown, "a second tab")
        await person.press(*"/resu", "enter")
        await person.until(lambda: _offered(person) == [first.info.title], "the title")
        await person.press("down", "enter")
        await person.until(lambda: person.active is first, "the first tab")
        await person.send("/sessions nothing of the kind")
        await person.hears("There is no session called 'nothing of the kind'")


# What was sent


async def test_everything_ever_sent_is_found_and_written_again(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await person.ask("compare apples\nwith pears")
        await person.ask("count the stars")
        await person.begin("echo")
        await person.write("a draft")
        await person.press("ctrl+r")
        await person.until(lambda: isinstance(person.app.screen, PromptSearch), "the search")
        await person.sees("▸ count the stars", "compare apples⏎with pears", "just now")
        await person.press(*"pear")
        await person.sees("▸ compare apples⏎with pears")
        await person.until(lambda: "count the stars" not in person.screen_text, "one left")
        await person.press("enter")
        await person.until(lambda: person.chat.prompt.value == "compare apples\nwith pears", "the prompt again")
        await person.press("ctrl+z")
        assert person.chat.prompt.value == "a draft"


async def test_a_search_that_finds_nothing_says_so_and_leaves_the_draft(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await person.ask("compare apples")
        await person.send("/sent oranges")
        await person.sees("Nothing you sent has these words.")
        await person.press("enter", "escape")
        await person.until(lambda: person.app.screen is person.chat, "the conversation")
        assert person.chat.prompt.value == ""


async def test_control_r_goes_on_to_older_ones(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await person.ask("one apple")
        await person.ask("two apples")
        await person.press("ctrl+r")
        await person.sees("▸ two apples")
        await person.press("ctrl+r")
        await person.sees("▸ one apple")


# The editor


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("no-such-editor --wait", "$EDITOR: there is no program 'no-such-editor'"),
        ("'unclosed", '$EDITOR: "\'unclosed" cannot be read'),
        ("true", "this terminal cannot be lent"),
    ],
)
async def test_an_editor_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, editor: str, words: str
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor)
    async with talking(tmp_path) as person:
        await person.write("a draft")
        await person.press("ctrl+g")
        await person.hears(words)
        assert person.chat.prompt.value == "a draft"


# Keys typed while the program starts


@asynccontextmanager
async def starting(tmp_path: Path, start: Start | None = None) -> AsyncIterator[tuple[Person, threading.Event]]:
    """The app whose engine opens only when the event is set."""
    place = Profile(tmp_path / "profile")
    place.prepare()
    go = threading.Event()
    async with LoopbackProvider() as provider:
        config = echo_config(tmp_path, provider.base_url)

        async def opener() -> Engine:
            await asyncio.to_thread(go.wait)
            return await Engine.open(EngineOptions(profile=place, config_paths=(config,), env=QUIET_ENV))

        app = HectorApp(place, opener, start)
        try:
            async with app.run_test(size=(120, 40)) as pilot:
                person = Person(app, pilot)
                await person.until(lambda: isinstance(app.screen, ChatScreen), "the conversation screen")
                yield person, go
        finally:
            go.set()
            assert await asyncio.to_thread(app.close_engine)


async def test_words_typed_at_the_start_begin_a_session_and_are_sent(tmp_path: Path) -> None:
    async with starting(tmp_path) as (person, go):
        await person.press(*"helo", "backspace", *"lo", "enter", *"and then")
        go.set()
        await person.until(lambda: person.chat.active is not None and person.active.last_ordinal == 1, "the message")
        await person.until(lambda: person.chat.prompt.value.strip() == "and then", "what came after it")
        assert stored(tmp_path / "profile", "SELECT agent_id, text FROM turns") == [("echo", "hello")]


async def test_words_typed_at_the_start_of_a_named_session_stand_in_its_prompt(tmp_path: Path) -> None:
    async with starting(tmp_path, Start(agent_id="echo")) as (person, go):
        await person.press(*"hello")
        person.app.post_message(events.Paste(" pasted\nlines"))
        await person.press(*" ok")
        go.set()
        await person.until(lambda: person.chat.active is not None and person.prompt_is_ready, "the prompt")
        await person.until(lambda: person.chat.prompt.value == "hello pasted\nlines ok", "all of it in order")
        assert stored(tmp_path / "profile", "SELECT 1 FROM turns") == []


@pytest.mark.parametrize("key", ["enter", "ctrl+j"])
async def test_enter_at_the_start_chooses_the_first_agent(tmp_path: Path, key: str) -> None:
    async with starting(tmp_path) as (person, go):
        await person.press(key)
        assert person.chat.active is None
        go.set()
        await person.until(lambda: person.chat.active is not None, "a session")
        assert person.active.agent_id == "echo"


async def test_keys_of_the_program_are_not_put_off(tmp_path: Path) -> None:
    async with starting(tmp_path) as (person, _):
        await person.press("ctrl+q")
        await person.until(lambda: not person.app.is_running, "the end of the app")
