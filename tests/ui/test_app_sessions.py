"""The sessions screen, the tab list and what goes with them, in the whole app around a real engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.events import Click, MouseUp

from hector_tui.ui.app import Start
from hector_tui.ui.screens.dialogs import AskText, Confirm
from hector_tui.ui.screens.sessions import SessionsScreen
from hector_tui.ui.screens.tab_switcher import TabSwitcher
from hector_tui.ui.widgets.session_table import PAGE, SessionTable
from tests.provider import LoopbackProvider
from tests.ui.support import Person, echo_config, running, stored


@asynccontextmanager
async def echoing(folder: Path, start: Start | None = None, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Person]:
    async with (
        LoopbackProvider() as provider,
        running(folder / "profile", config=[echo_config(folder, provider.base_url)], start=start, size=size) as person,
    ):
        yield person


async def talks(person: Person, *titles: str) -> None:
    """A tab for each title, with one exchange whose question is the title and a word of its own."""
    for title in titles:
        conversation = await person.begin("echo")
        await person.ask(f"{title} question")
        await person.chat.desk.rename(conversation, title)
    person.chat.refresh_tabs()


def table(person: Person) -> SessionTable:
    screen = person.app.screen
    assert isinstance(screen, SessionsScreen)
    return screen.table


def listed(person: Person) -> list[str]:
    rows = [table(person).row_at(index) for index in range(table(person).total)]
    return [row.info.title for row in rows if row is not None]


async def open_screen(person: Person, count: int) -> None:
    await person.press("ctrl+s")
    await person.until(lambda: isinstance(person.app.screen, SessionsScreen), "the sessions screen")
    await person.until(lambda: table(person).total == count, f"{count} sessions")


async def test_typing_filters_by_title_and_by_what_was_said(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await talks(person, "alpha", "beta", "gamma")
        await open_screen(person, 3)
        assert listed(person) == ["gamma", "beta", "alpha"]
        await person.press(*"alph")
        await person.until(lambda: listed(person) == ["alpha"], "the title")
        await person.sees("alpha question", "alpha:0")
        await person.press("escape")
        await person.until(lambda: table(person).total == 3, "all of them again")
        await person.press(*"beta:7")
        await person.until(lambda: listed(person) == ["beta"], "what was answered")
        await person.press("enter")
        await person.until(lambda: person.app.screen is person.chat, "the conversation")
        await person.until(lambda: person.active.info.title == "beta", "the chosen session")


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40), (200, 60)])
async def test_every_size_shows_sessions_and_keys(tmp_path: Path, size: tuple[int, int]) -> None:
    async with echoing(tmp_path, size=size) as person:
        await talks(person, "alpha", "beta")
        await open_screen(person, 2)
        await person.sees("▸", "beta", "alpha", "2 sessions", "enter open")
        widest = max(len(line.rstrip()) for line in person.screen_text.splitlines())
        assert widest <= size[0]


async def test_delete_is_undone_and_tabs_come_back(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await talks(person, "alpha", "beta")
        await open_screen(person, 2)
        await person.press("alt+d")
        await person.until(lambda: listed(person) == ["alpha"], "one session less")
        await person.sees("“beta” deleted · alt+u undoes")
        assert person.titles == ["alpha"]
        await person.press("tab", "u")
        await person.until(lambda: listed(person) == ["beta", "alpha"], "both again")
        assert sorted(person.titles) == ["alpha", "beta"]
        await person.press("escape")
        await person.until(lambda: person.app.screen is person.chat, "the conversation")


async def test_the_trash_gives_back_or_deletes_for_good(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await talks(person, "alpha", "beta", "gamma")
        await open_screen(person, 3)
        await person.press("tab", "space", "space", "d")
        await person.until(lambda: listed(person) == ["alpha"], "two less")
        await person.press("v", "v")
        await person.until(lambda: sorted(listed(person)) == ["beta", "gamma"], "the trash")
        first, second = listed(person)
        await person.press("u")
        await person.until(lambda: listed(person) == [second], "one brought back")
        await person.press("d")
        await person.until(lambda: isinstance(person.app.screen, Confirm), "the question")
        await person.press("right")
        await person.pilot.pause(0.05)
        await person.press("enter")
        await person.until(lambda: isinstance(person.app.screen, SessionsScreen), "the list")
        await person.until(lambda: table(person).total == 0, "an empty trash")
        await person.press("v")
        await person.until(lambda: sorted(listed(person)) == sorted(["alpha", first]), "what is left")
        assert len(stored(tmp_path / "profile", "SELECT 1 FROM sessions")) == 2


async def test_archive_rename_pin_sort_and_fork(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await talks(person, "alpha", "beta", "gamma")
        await open_screen(person, 3)
        await person.press("tab", "a")
        await person.until(lambda: listed(person) == ["beta", "alpha"], "one archived")
        assert person.titles == ["alpha", "beta"]
        await person.press("v")
        await person.until(lambda: listed(person) == ["gamma"], "the archive")
        await person.press("a", "v", "v")
        await person.until(lambda: listed(person) == ["gamma", "beta", "alpha"], "back")
        await person.press("s", "s")
        await person.until(lambda: listed(person) == ["alpha", "beta", "gamma"], "by title")
        await person.press("S")
        await person.until(lambda: listed(person) == ["gamma", "beta", "alpha"], "the other way round")
        await person.press("end", "p")
        await person.until(lambda: listed(person) == ["alpha", "gamma", "beta"], "pinned first")
        await person.press("home", "r")
        await person.until(lambda: isinstance(person.app.screen, AskText), "the question for a title")
        await person.press(*"zeta", "enter")
        await person.until(lambda: isinstance(person.app.screen, SessionsScreen), "the list")
        await person.until(lambda: "zeta" in listed(person), "the new title")
        await person.press("f")
        await person.until(lambda: person.app.screen is person.chat, "the conversation")
        await person.until(lambda: person.active.info.title == "zeta (fork)", "the fork")
        await person.until(lambda: person.active.questions == ["alpha question"], "its history")


async def test_several_open_at_once(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await talks(person, "alpha", "beta", "gamma")
        for _ in range(3):
            await person.press("ctrl+f4")
            await person.pilot.pause()
        await person.until(lambda: not person.titles, "no tab")
        await open_screen(person, 3)
        await person.press("alt+m", "alt+m", "enter")
        await person.until(lambda: sorted(person.titles) == ["beta", "gamma"], "two tabs")


async def test_ten_thousand_sessions_are_asked_for_in_pages(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await talks(person, "alpha")
        await person.chat.engine.call(lambda engine: _fill(engine))
        await open_screen(person, 10_001)
        await person.press("tab", "end")
        await person.until(lambda: table(person).selected_row is not None, "the last row")
        assert table(person).selected == 10_000
        for _ in range(40):
            await person.press("pageup")
        held = sum(table(person).row_at(index) is not None for index in range(10_001))
        assert held <= 20 * PAGE
        assert len(list(person.app.screen.walk_children())) < 40


async def _fill(engine: object) -> None:
    database = engine._store.database  # type: ignore[attr-defined]  # straight into the file: 10,000 turns take minutes
    await database.write(
        lambda connection: (
            connection.executemany(
                "INSERT INTO sessions(session_id, agent_id, title, created_at, updated_at, turns)"
                " VALUES (?, ?, ?, 1, ?, 1)",
                [(f"x{number}", "echo", f"title {number}", number) for number in range(10_000)],
            ).rowcount
        )
    )


async def test_a_deleted_tab_comes_back_by_the_key_of_closed_ones(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await talks(person, "alpha", "beta")
        await person.send("/delete")
        await person.until(lambda: person.titles == ["alpha"], "one tab")
        await person.hears("“beta” deleted")
        await person.press("ctrl+x", "u")
        await person.until(lambda: person.titles == ["alpha", "beta"], "both tabs")
        await person.until(lambda: person.answer.startswith("beta:0"), "its history")


async def test_fork_up_to_a_turn_leaves_the_first_session_as_it_was(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await talks(person, "alpha")
        await person.ask("second thing")
        await person.send("/fork 1")
        await person.until(lambda: person.titles == ["alpha", "alpha (fork)"], "the fork")
        await person.until(lambda: person.active.questions == ["alpha question"], "one turn")
        await person.ask("another end")
        await person.press("alt+1")
        await person.until(lambda: person.active.questions == ["alpha question", "second thing"], "the first session")


async def test_the_first_answer_names_the_tab(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await person.begin("echo")
        await person.ask("hello, could you please compare two journals?")
        await person.until(lambda: person.titles == ["Compare two journals?"], "a title")


async def test_next_that_needs_me_goes_to_failed_then_finished_and_then_nowhere(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await talks(person, "one", "two", "three", "four")
        desk = person.chat.desk
        tabs = list(desk.workspace)
        for conversation, text in ((tabs[0], "finish"), (tabs[1], "fail-500")):
            await desk.send(conversation, text)
        await person.until(
            lambda: all(not desk.activity(tab.info.session_id).running for tab in tabs), "both have ended"
        )
        person.chat.refresh_tabs()
        needing = {item.title for item in desk.workspace.tab_items(desk.activity) if item.unread}
        assert needing == {"one", "two"}
        seen = []
        for _ in range(2):
            before = person.active
            await person.press("alt+n")
            await person.until(lambda before=before: person.active is not before, "another tab")  # type: ignore[misc]
            await person.until(lambda: person.active.seen_ordinal >= 2, "looked at")
            seen.append(person.active.info.title)
        assert set(seen) == {"one", "two"}
        await person.press("alt+n")
        await person.hears("No other session needs you")


async def test_the_list_of_tabs_finds_by_typing(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await talks(person, "alpha", "beta", "gamma")
        await person.press("alt+0")
        await person.until(lambda: isinstance(person.app.screen, TabSwitcher), "the list of tabs")
        await person.sees("▸   2 ○ beta")
        await person.press(*"alp", "enter")
        await person.until(lambda: person.app.screen is person.chat and person.active.info.title == "alpha", "alpha")


async def test_the_tab_before_and_the_one_before_that(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await talks(person, "alpha", "beta", "gamma")
        await person.press("ctrl+tab")
        await person.until(lambda: person.active.info.title == "beta", "the one before")
        person.tap("ctrl+tab")
        await person.until(lambda: person.active.info.title in ("alpha", "gamma"), "another one")


async def test_a_tab_is_dragged(tmp_path: Path) -> None:
    async with echoing(tmp_path) as person:
        await talks(person, "alpha", "beta", "gamma")
        await person.pilot.mouse_down("#tabs", offset=(5, 0))
        # What the app makes of a release in the widget that was pressed.
        await person.pilot._post_mouse_events([MouseUp, Click], widget="#tabs", offset=(30, 0), button=1)
        await person.until(lambda: person.titles[0] != "alpha", "alpha moved")
        assert sorted(person.titles) == ["alpha", "beta", "gamma"]
