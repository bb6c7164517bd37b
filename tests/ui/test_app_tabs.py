from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hector_tui.ui.app import Start
from hector_tui.ui.screens.agent_picker import AgentPicker
from hector_tui.ui.screens.dialogs import AskText
from tests.provider import LoopbackProvider
from tests.ui.support import Person, echo_config, running, stored


@asynccontextmanager
async def echoing(folder: Path, start: Start | None = None) -> AsyncIterator[Person]:
    """The app with an agent whose answers carry the first word of the question."""
    async with (
        LoopbackProvider() as provider,
        running(folder / "profile", config=[echo_config(folder, provider.base_url)], start=start) as person,
    ):
        yield person


async def _three_tabs(person: Person) -> None:
    for title in ("one", "two", "three"):
        conversation = await person.begin("echo")
        await person.chat.desk.rename(conversation, title)
    person.chat.refresh_tabs()


async def test_a_new_tab_by_the_picker(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await person.begin("echo")
        await person.press("ctrl+n")
        await person.until(lambda: isinstance(person.app.screen, AgentPicker), "the picker")
        await person.sees("New session with", "Says what it is told")
        await person.press("enter")
        await person.until(lambda: len(person.chat.desk.workspace) == 2, "a second tab")
        assert await person.ask("hello") == " ".join(f"hello:{number}" for number in range(20))


async def test_keys_go_through_the_tabs_around_the_end(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await _three_tabs(person)

        async def shows(title: str) -> None:
            await person.until(lambda: person.active.info.title == title, f"tab {title}")

        await person.press("ctrl+pagedown")
        await shows("one")
        await person.press("ctrl+pageup")
        await shows("three")
        await person.press("alt+2")
        await shows("two")
        await person.press("ctrl+x", "1")
        await shows("one")
        await person.press("ctrl+x", "l")
        await shows("two")
        await person.press("alt+9")
        await shows("two")


async def test_a_tab_can_be_moved_and_stays_there(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await _three_tabs(person)
        await person.press("ctrl+x", "H")
        await person.until(lambda: person.titles == ["one", "three", "two"], "the third tab in the middle")
        await person.press("ctrl+x", "H", "ctrl+x", "H")
        await person.until(lambda: person.titles == ["three", "one", "two"], "the third tab in front, and no further")
        await person.ask("hello")
    async with echoing(tmp_path, Start(restore=True)) as person:
        assert person.titles == ["three", "one", "two"]
        assert person.active.info.title == "three"


async def test_closing_shows_the_neighbour_and_reopening_brings_it_back(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await _three_tabs(person)
        await person.press("alt+2")
        await person.until(lambda: person.active.info.title == "two", "tab two")
        await person.ask("hello")
        await person.press("ctrl+f4")
        await person.until(lambda: person.titles == ["one", "three"], "two tabs")
        assert person.active.info.title == "three"
        await person.press("ctrl+x", "u")
        await person.until(lambda: person.titles == ["one", "three", "two"], "the closed tab at the end")
        assert person.active.info.title == "two"
        await person.until(lambda: person.answer.startswith("hello:0"), "its history")
        await person.press("ctrl+x", "u")
        await person.hears("No tab was closed")


async def test_closing_the_last_tab_shows_the_agents_again(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await person.begin("echo")
        await person.send("/close")
        await person.until(lambda: person.chat.active is None and person.is_at_home, "the home screen")
        await person.press("enter")
        await person.until(lambda: person.chat.active is not None, "a new tab")


async def test_rename_by_key_and_by_command(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await person.begin("echo")
        await person.press("f2")
        await person.until(lambda: isinstance(person.app.screen, AskText), "the question for a title")
        await person.press(*"Plans", "enter")
        await person.until(lambda: person.titles == ["Plans"], "the new title")
        await person.send("/rename Other plans")
        await person.until(lambda: person.titles == ["Other plans"], "the second title")
        assert not person.chat.prompt.value
        await person.sees("Other plans")
        assert stored(tmp_path / "profile", "SELECT title FROM sessions") == [("Other plans",)]


async def test_a_deleted_session_leaves_its_tab_and_stays_in_the_trash(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await person.begin("echo")
        await person.ask("hello")
        await person.send("/delete")
        await person.until(lambda: person.chat.active is None, "no tab")
        assert stored(tmp_path / "profile", "SELECT deleted_at IS NOT NULL FROM sessions") == [(1,)]
    async with echoing(tmp_path, Start(restore=True)) as person:
        assert person.is_at_home


async def test_each_tab_has_its_own_draft_and_keeps_it_over_a_restart(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await person.begin("echo")
        await person.write("first\ndraft")
        await person.begin("echo")
        assert person.chat.prompt.value == ""
        await person.write("second draft")
        await person.press("alt+1")
        await person.until(lambda: person.chat.prompt.value == "first\ndraft", "the draft of tab one")
        await person.press("alt+2")
        await person.until(lambda: person.chat.prompt.value == "second draft", "the draft of tab two")
        await person.press("end", "!")
        await person.press("ctrl+q")
    async with echoing(tmp_path, Start(restore=True)) as person:
        await person.until(lambda: person.chat.prompt.value == "second draft!", "the draft of tab two")
        await person.press("alt+1")
        await person.until(lambda: person.chat.prompt.value == "first\ndraft", "the draft of tab one")


async def test_asking_again_leaves_the_draft_alone(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await person.begin("echo")
        await person.ask("hello")
        await person.begin("echo")
        await person.press("alt+1")
        await person.until(lambda: person.answer.startswith("hello:0"), "tab one")
        await person.write("half a thought")
        await person.press("ctrl+x", "a")
        await person.until(lambda: len(person.active.questions) == 2 and not person.active.is_live, "a second answer")
        assert person.chat.prompt.value == "half a thought"
        await person.press("alt+2")
        await person.until(lambda: person.chat.prompt.value == "", "tab two")
        await person.press("alt+1")
        await person.until(lambda: person.chat.prompt.value == "half a thought", "the draft of tab one")


async def test_a_restart_shows_the_history(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await person.begin("echo")
        first = await person.ask("hello")
        second = await person.ask("again")
    async with echoing(tmp_path, Start(restore=True)) as person:
        await person.until(lambda: person.active.questions == ["hello", "again"], "both questions")
        assert person.answer == second
        assert first != second
        await person.press("up")
        assert person.chat.prompt.value == "again"


async def test_a_named_session_is_opened_and_an_unknown_one_is_said(tmp_path: Path) -> None:
    async with echoing(tmp_path, Start(agent_id="echo", session_id="plans")) as person:
        await person.until(lambda: person.active.info.session_id == "plans", "the session")
        await person.ask("hello")
    async with echoing(tmp_path, Start(session_id="plans")) as person:
        await person.until(lambda: person.answer.startswith("hello:0"), "its history")
    async with echoing(tmp_path, Start(session_id="nothing")) as person:
        await person.hears("nothing")
        assert person.is_at_home
