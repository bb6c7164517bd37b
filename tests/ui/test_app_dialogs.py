"""Dialogs in the running app: their keys stay in sight, what is chosen stays in view, leaving them breaks nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.widgets import OptionList, Static

from hector_tui.ui.app import Start
from hector_tui.ui.commands import COMMANDS
from hector_tui.ui.guarded import run_guarded
from hector_tui.ui.keymap import Keys
from hector_tui.ui.screens.dialogs import AskText, Confirm
from hector_tui.ui.screens.leader import LeaderScreen
from hector_tui.ui.screens.link_picker import LinkPicker
from hector_tui.ui.short_titles import MOST_CELLS, SHORT_TITLES
from hector_tui.ui.widgets.approval_bar import ApprovalBar
from hector_tui.ui.widgets.completion import CompletionPopup
from tests.provider import Answer, LoopbackProvider, ReceivedRequest, WireCall
from tests.ui.support import Person, echo_config, running

MODELS = [f"family/model-{number}" for number in range(60)]
ASKS = """\
tools:
  ask_to_remember: {type: remember, require_approval: true}
"""
LONG = "This is a long fact. " * 80


def _respond(request: ReceivedRequest) -> Answer:
    message = request.body["messages"][-1]
    if message["role"] == "tool":
        return Answer(text="Noted.")
    return Answer(calls=(WireCall("c1", "remember", json.dumps({"text": LONG})),))


@asynccontextmanager
async def app(folder: Path, size: tuple[int, int], *, theme: str = "") -> AsyncIterator[Person]:
    async with LoopbackProvider(_respond, models=MODELS) as provider:
        config = echo_config(folder, provider.base_url, ASKS)
        asking = config.read_text().replace("    llm: loop\n", "    llm: loop\n    tools: [ask_to_remember]\n")
        config.write_text(asking)
        async with running(folder / "profile", config=[config], start=Start(theme=theme), size=size) as person:
            await person.begin("echo")
            yield person


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
async def test_a_long_call_leaves_the_keys_that_decide_in_sight(tmp_path: Path, size: tuple[int, int]) -> None:
    async with app(tmp_path, size) as person:
        await person.send("remember it")
        bar = person.chat.query_one(ApprovalBar)
        await person.until(lambda: bar.display, "the bar")
        await person.sees("Echo wants to use remember", "f8 decides")
        await person.press("f8")
        await person.sees("Echo wants to use remember", "text: This is", "y once", "n no", "esc later")
        await person.press("v")
        await person.until(lambda: "more rows" not in person.screen_text, "all of it")
        await person.sees("Echo wants to use remember", "y once", "esc later")
        rows = person.screen_text.splitlines()
        assert sum("is a long" in row or "long fact" in row for row in rows) <= size[1] // 2
        before = person.screen_text
        await person.press("pagedown")
        await person.until(lambda: person.screen_text != before, "the next rows of the call")
        await person.sees("y once", "esc later")
        await person.until(lambda: bar.is_armed, "the bar to listen")
        await person.press("n")
        await person.until(lambda: not person.active.is_live, "the answer")


async def test_the_model_picker_keeps_its_keys_and_size_while_it_is_searched(tmp_path: Path) -> None:
    async with app(tmp_path, (80, 24)) as person:
        person.chat.action_model()
        await person.sees("Model for this session", "family/model-3", "enter take", "esc leave")
        region = person.app.screen.query_one(".dialog").region
        await person.press(*"zzz")
        await person.sees("No model has these words.", "esc leave")
        assert person.app.screen.query_one(".dialog").region == region


async def test_the_chosen_tab_is_in_view_also_on_the_smallest_screen(tmp_path: Path) -> None:
    async with app(tmp_path, (40, 12)) as person:
        for number in range(2, 14):
            conversation = await person.chat.desk.begin("echo")
            await person.chat.desk.rename(conversation, f"tab {number:02}")
        await person.chat.show_active()
        person.chat.action_tab_list()
        await person.sees("Go to a tab", "13 ○ tab 13", "more; type to find them", "enter go")
        for _ in range(10):
            await person.press("down")
        await person.sees("2 ○ tab 02", "enter go")
        await person.press("enter")
        await person.until(lambda: person.active.info.title == "tab 02", "that tab")
        assert person.prompt_is_ready
        person.chat.action_tab_list()
        await person.sees("2 ○ tab 02", "13 ○ tab 13")
        await person.pilot.click("#switcher-list", offset=(8, 1))
        await person.until(lambda: person.active.info.title == "tab 13", "the tab that was clicked")


async def test_keys_that_are_searched_stand_under_the_part_they_belong_to(tmp_path: Path) -> None:
    async with app(tmp_path, (80, 24)) as person:
        person.chat.action_change_keys()
        await person.sees("Everywhere", "New session")
        await person.press(*"queue")
        await person.sees("Everywhere", "Edit waiting messages", "Queue screen", "Back into the prompt")
        for _ in range(5):
            await person.press("backspace")
        await person.press(*"zzzz")
        await person.sees("Nothing has these words.", "esc leave")


async def test_the_pager_says_how_to_leave_it_on_any_width(tmp_path: Path) -> None:
    async with app(tmp_path, (40, 12)) as person:
        await person.press("ctrl+t")
        await person.sees("q leave")
        for columns in (40, 80, 120):
            await person.pilot.resize_terminal(columns, 24)
            await person.sees("q leave")
            keys = person.app.screen.query_one("#pager-keys", Static)
            assert cell_len(str(keys.content)) <= columns - 2
        assert "y copy" in person.screen_text


async def test_what_comes_back_after_a_dialog_was_left_is_no_error(tmp_path: Path) -> None:
    async with app(tmp_path, (80, 24)) as person:
        left = asyncio.Event()
        for leaves in (True, False):
            dialog = AskText("A question")
            await person.app.push_screen(dialog)

            async def look_late(dialog: AskText = dialog) -> None:
                await left.wait()
                dialog.query_one("#not-there")

            run_guarded(dialog if leaves else person.chat, look_late, group="test")
            await person.pilot.pause()
            if leaves:
                # The workers of a screen outlive its parts by a moment.
                person.app.pop_screen()
                left.set()
                await person.pilot.pause()
                assert not person.remarks
        await person.hears("An internal error (NoMatches)")


def test_titles_after_the_leader_key_fit_their_column() -> None:
    ids = {command.command_id: command for command in COMMANDS}
    assert set(SHORT_TITLES) <= set(ids), "a short title of no command"
    for key, title in Keys().leader_rows(short=True):
        assert cell_len(title) <= MOST_CELLS, f"{title!r} after {key} is cut on 80 columns"
    assert any(cell_len(title) > MOST_CELLS for _, title in Keys().leader_rows())


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
async def test_the_list_after_the_leader_key_shows_whole_titles(tmp_path: Path, size: tuple[int, int]) -> None:
    async with app(tmp_path, size) as person:
        await person.press("ctrl+x")
        await person.until(lambda: isinstance(person.app.screen, LeaderScreen), "the list")
        await person.sees("n New session", "esc leave")
        assert "…" not in person.screen_text.rpartition("New session")[2].partition("esc leave")[0]


@pytest.mark.parametrize("theme", ["hector-dark", "hector-light", "contrast-dark", "terminal"])
async def test_the_chosen_command_can_be_read_in_every_kind_of_theme(tmp_path: Path, theme: str) -> None:
    async with app(tmp_path, (80, 24), theme=theme) as person:
        await person.press("slash")
        await person.sees("▸ /new")
        popup = person.chat.query_one("#completion", CompletionPopup)
        style = popup.get_component_rich_style("completion--chosen")
        assert style.color is not None and style.bgcolor is not None
        assert style.color != style.bgcolor


async def test_a_question_names_its_keys_by_its_own_words(tmp_path: Path) -> None:
    async with app(tmp_path, (40, 12)) as person:
        await person.app.push_screen(Confirm("Forget this memory?", "one line", yes="Forget", no="Keep"))
        await person.sees("esc keep")
        assert "↑ ↓ read" not in person.screen_text
        await person.press("escape")
        await person.app.push_screen(Confirm("Forget this memory?", "many words " * 60, yes="Forget", no="Keep"))
        await person.sees("↑ ↓ read")


async def test_a_start_that_fails_says_why_also_on_the_smallest_screen(tmp_path: Path) -> None:
    async with app(tmp_path, (40, 12)) as person:
        await person.press("ctrl+f4")
        await person.until(lambda: person.is_at_home, "the home screen")
        person.chat.show_fatal("sessions.db is of a newer version")
        await person.sees("cannot start", "sessions.db is of a newer version", "ctrl+q quits")


async def test_the_links_in_view_are_chosen_in_a_list_of_ours(tmp_path: Path) -> None:
    async with app(tmp_path, (80, 24)) as person:
        urls = ["https://one.example/" + "path/" * 30, "https://two.example/"]
        chosen: list[str | None] = []
        person.app.push_screen(LinkPicker(urls), chosen.append)
        await person.sees("Open a link", "https://two.example/", "enter open")
        await person.press(*"two", "enter")
        await person.until(lambda: chosen == [urls[1]], "the chosen link")
        assert not person.app.query(OptionList)
