"""Reading and acting on a conversation in the running app: blocks, copies, search, pager, jumps, links."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.events import Key
from textual.widgets import Button

from hector_tui.ui.app import Start
from hector_tui.ui.screens.block_menu import BlockMenu
from hector_tui.ui.screens.dialogs import Confirm
from hector_tui.ui.screens.pager import PagerScreen, PagerTranscript
from hector_tui.ui.transcript.entries import UserEntry
from hector_tui.ui.widgets.line_input import LineInput
from hector_tui.ui.widgets.search_bar import SearchBar
from tests.provider import Answer, LoopbackProvider, ReceivedRequest, WireCall
from tests.ui.support import Person, echo_config, running, stored

CODE = "x = 1\nprint(x)\n"
TABLE = "| a | b |\n|---|---|\n| 1 | **two, three** |"
RICH = f"Some *words*.\n\n```python\n{CODE}```\n\n{TABLE}\n\nSee [docs](https://docs.example/a?b=1)."
LONG_OUTPUT = "\n".join(f"row {number}" for number in range(400)) + "\nthe last needle"


def _respond(request: ReceivedRequest) -> Answer:
    message = request.body["messages"][-1]
    asked = str(message["content"])
    if message["role"] == "tool":
        return Answer(text="done")
    if asked.startswith("tool"):
        call = WireCall("c1", "remember", '{"text": "' + "a needle in the arguments" + '"}')
        return Answer(thinking="let me see", calls=(call,))
    if asked.startswith("rich"):
        return Answer(text=RICH)
    if asked.startswith("stream"):
        return Answer(text="word\n\n" * 2_000, rate=80)
    return Answer(text=f"You said {asked}.\n\n" + "filler\n\n" * 30)


@asynccontextmanager
async def reading(
    folder: Path, *, start: Start | None = None, size: tuple[int, int] = (100, 30)
) -> AsyncIterator[Person]:
    """The app with a tab open."""
    async with (
        LoopbackProvider(_respond) as provider,
        running(folder / "profile", config=[echo_config(folder, provider.base_url)], start=start, size=size) as person,
    ):
        if start is None:
            await person.begin("echo")
        yield person


@pytest.fixture(autouse=True)
def no_programs_of_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Copies reach no clipboard of whoever runs the tests, and links no browser."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm-256color")


def _rows(person: Person) -> list[str]:
    """What stands in the transcript, without its scrollbar."""
    return [row.line.text for row in person.chat.transcript._rows]


async def press_yes(person: Person) -> None:
    """Wait for a question and press its Yes."""
    await person.until(
        lambda: isinstance(person.app.screen, Confirm) and bool(person.app.screen.query("#yes")), "a question"
    )
    person.app.screen.query_one("#yes", Button).press()


async def choose(person: Person, key: str) -> None:
    """Open the menu of the chosen block and press a letter."""
    await person.press("enter")
    await person.until(lambda: isinstance(person.app.screen, BlockMenu), "the menu")
    await person.press(key)
    await person.until(lambda: not isinstance(person.app.screen, BlockMenu), "the menu to go")


# Blocks and copies


async def test_the_menu_copies_an_answer_its_code_and_its_table(tmp_path: Path) -> None:
    async with reading(tmp_path) as person:
        await person.ask("rich")
        await person.press("alt+up")
        for key, expected in (
            ("c", RICH),
            ("t", "Some words.\n\npython\nx = 1\nprint(x)\n\na │ b\n──┼───────────\n1 │ two, three\n\nSee docs"),
            ("1", CODE),
            ("2", TABLE),
        ):
            await choose(person, key)
            await person.until(lambda wanted=expected: person.app.clipboard.startswith(wanted), f"{expected!r} copied")  # type: ignore[misc]
        assert (tmp_path / "profile" / "copied.txt").read_text("utf-8") == person.app.clipboard


async def test_the_cursor_on_a_table_offers_csv(tmp_path: Path) -> None:
    async with reading(tmp_path) as person:
        await person.ask("rich")
        await person.press("alt+up", "alt+down", "alt+down")
        await choose(person, "s")
        await person.until(lambda: bool(person.app.clipboard), "a copy")
        assert list(csv.reader(io.StringIO(person.app.clipboard))) == [["a", "b"], ["1", "two, three"]]


@pytest.mark.parametrize(
    ("command", "expected"),
    [("/copy", RICH), ("/copy code", CODE), ("/copy table", TABLE), ("/copy question", "rich"), ("/copy csv", "a,b\n")],
)
async def test_slash_copy_takes_what_it_is_told(tmp_path: Path, command: str, expected: str) -> None:
    async with reading(tmp_path) as person:
        await person.ask("rich")
        await person.send(command)
        await person.until(lambda: person.app.clipboard.startswith(expected), "the copy")


async def test_slash_copy_says_what_it_knows(tmp_path: Path) -> None:
    async with reading(tmp_path) as person:
        await person.send("/copy code")
        await person.hears("There is no code to copy yet")
        await person.send("/copy everything")
        await person.hears("/copy takes all, question, code, table, csv")


async def test_the_whole_conversation_is_copied_also_what_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading(tmp_path) as person:
        for number in range(8):
            await person.ask(f"question {number}")
        session = person.active.info.session_id
    monkeypatch.setattr("hector_tui.ui.conversation.PAGE_TURNS", 2)
    async with reading(tmp_path, start=Start(session_id=session)) as person:
        await person.until(lambda: person.answer.startswith("You said question 7"), "the session")
        assert person.active.document.has_older
        await person.send("/copy all")
        await person.until(lambda: "You said question 0." in person.app.clipboard, "all of it")
        assert person.app.clipboard.index("question 0") < person.app.clipboard.index("question 7")
        monkeypatch.chdir(tmp_path)
        await person.send("/export all.md")
        await person.hears("Exported to")
        assert "You said question 0." in (tmp_path / "all.md").read_text("utf-8")
        await person.send("/export missing/all.md")
        await person.hears("Not exported to missing/all.md: No such file or directory. /export FILE writes")


async def test_a_block_is_quoted_into_the_prompt_after_what_stands_there(tmp_path: Path) -> None:
    async with reading(tmp_path) as person:
        await person.ask("rich")
        await person.write("look:")
        await person.press("alt+up", "alt+down")
        await choose(person, "q")
        assert person.chat.prompt.value == f"look:\n> ```python\n> {CODE.strip()}\n> ```\n\n".replace(
            "\nprint", "\n> print"
        )
        assert person.prompt_is_ready and person.active.document.cursor is None


async def test_a_question_is_edited_and_sent_as_a_new_turn(tmp_path: Path) -> None:
    async with reading(tmp_path) as person:
        await person.ask("first question")
        await person.ask("second question")
        await person.write("a draft")
        await person.press("alt+up", "alt+up", "alt+up", "alt+up")
        cursor = person.active.document.cursor
        assert isinstance(cursor, UserEntry) and cursor.text == "first question"
        await choose(person, "e")
        await person.until(lambda: person.chat.prompt.value == "first question", "the question in the prompt")
        await person.hears("ctrl+z brings it back")
        await person.write(" again")
        await person.press("enter")
        await person.until(lambda: person.answer.startswith("You said first question again"), "the answer")
        texts = stored(tmp_path / "profile", "SELECT text FROM turns ORDER BY ordinal")
        assert texts == [("first question",), ("second question",), ("first question again",)]


async def test_an_answer_is_regenerated_by_the_agent_that_gave_it(tmp_path: Path) -> None:
    async with reading(tmp_path) as person:
        await person.ask("hello")
        await person.press("alt+up")
        await person.press("enter")
        await person.sees("Regenerate: ask its question again")
        await person.press("r")
        await person.until(lambda: person.active.last_ordinal == 2 and not person.active.is_live, "a second turn")
        rows = stored(tmp_path / "profile", "SELECT text, agent_id FROM turns ORDER BY ordinal")
        assert rows == [("hello", "echo"), ("hello", "echo")]


async def test_a_tool_call_opens_by_its_menu_and_by_space_and_all_by_one_key(tmp_path: Path) -> None:
    async with reading(tmp_path) as person:
        await person.ask("tool please")
        folds = [entry for entry in person.active.document.entries if entry.foldable]
        await person.press("alt+up", "alt+up")
        cursor = person.active.document.cursor
        assert cursor in folds
        await choose(person, "o")
        assert [fold.opened for fold in folds] == [fold is cursor for fold in folds]
        await person.press("space")
        assert not any(fold.opened for fold in folds)
        await person.press("ctrl+o")
        assert all(fold.opened for fold in folds)
        await person.press("ctrl+o")
        assert not any(fold.opened for fold in folds)


async def test_control_c_copies_what_a_drag_selected_while_an_answer_streams(tmp_path: Path) -> None:
    async with reading(tmp_path) as person:
        await person.send("stream")
        await person.until(lambda: person.answer.count("word") > 5, "words")
        transcript = person.chat.transcript
        # While the end is followed, what stood under the mouse may have moved on before the button is down.
        await person.until(lambda: person.answer.count("word") > 30, "more than a screen")
        person.tap("pageup")
        await person.until(lambda: not person.active.document.following, "a view that stands")
        row = next(y for y, row in enumerate(transcript._rows) if row.line.said == "word")
        await person.pilot.mouse_down(transcript, offset=(2, row))
        await person.pilot.hover(transcript, offset=(5, row))
        await person.pilot.mouse_up(transcript, offset=(5, row))
        top = person.active.document.top_row()
        before = person.answer.count("word")
        await person.until(lambda: person.answer.count("word") > before + 40, "more words")
        assert transcript.selected_text == "word" and person.active.document.top_row() == top
        person.tap("ctrl+c")
        await person.until(lambda: person.app.clipboard == "word", "the copy")
        assert person.active.is_live
        person.tap("escape")
        await person.until(lambda: not transcript.selected_text, "no selection")
        assert not person.chat.stop_armed
        assert person.active.is_live
        person.tap("escape")
        person.tap("escape")
        await person.until(lambda: not person.active.is_live, "the end")


# Search


async def test_a_search_reaches_turns_that_were_not_loaded_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading(tmp_path) as person:
        for number in range(8):
            await person.ask(f"question {number}")
        session = person.active.info.session_id
    monkeypatch.setattr("hector_tui.ui.conversation.PAGE_TURNS", 2)
    async with reading(tmp_path, start=Start(session_id=session)) as person:
        await person.until(lambda: person.answer.startswith("You said question 7"), "the session")
        await person.until(lambda: len(_rows(person)) == 27, "a full view")
        before = _rows(person)
        assert person.active.document.has_older
        await person.press("ctrl+f", *"question")
        await person.sees("16/16")
        await person.press("space", "0")
        await person.sees("2/2", "You said question 0.")
        await person.press("up")
        await person.sees("1/2")
        await person.press("up")
        await person.sees("↻ 2/2")
        await person.press("escape")
        await person.until(lambda: _rows(person) == before, "where one was")
        assert person.prompt_is_ready


async def test_one_can_stay_at_a_match_and_step_on(tmp_path: Path) -> None:
    async with reading(tmp_path) as person:
        for number in range(3):
            await person.ask(f"question {number}")
        await person.send("/find you said")
        await person.sees("3/3")
        await person.press("up", "tab")
        bar = person.chat.query_one(SearchBar)
        assert not bar.is_open and person.chat.transcript.has_focus
        cursor = person.active.document.cursor
        assert cursor is not None and cursor.source_text().startswith("You said question 1")
        await person.press("N")
        assert "You said question 0" in person.screen_text
        await person.press("n", "n")
        assert "You said question 2" in person.screen_text
        assert person.chat.transcript.searched is not None
        await person.press("escape")
        assert person.chat.transcript.searched is None


async def test_a_match_inside_a_tool_call_opens_it_for_as_long_as_it_is_looked_at(tmp_path: Path) -> None:
    async with reading(tmp_path) as person:
        await person.ask("tool please")
        await person.press("ctrl+f", *"needle")
        await person.until(lambda: any(entry.opened for entry in person.active.document.entries), "an opened row")
        await person.press("escape")
        assert not any(entry.opened for entry in person.active.document.entries)


async def test_a_search_does_not_move_while_an_answer_streams(tmp_path: Path) -> None:
    async with reading(tmp_path) as person:
        await person.ask("hello")
        await person.send("stream")
        await person.until(lambda: person.answer.count("word") > 5, "words")
        person.tap("ctrl+f")
        await person.until(lambda: person.chat.query_one(SearchBar).is_open, "the bar")
        for key in "hello":
            person.tap(key)
        await person.sees("2/2")
        top = person.chat.transcript.first_place
        before = person.answer.count("word")
        await person.until(lambda: person.answer.count("word") > before + 40, "more words")
        assert person.chat.transcript.first_place == top


async def test_another_tab_closes_the_search(tmp_path: Path) -> None:
    async with reading(tmp_path) as person:
        await person.ask("hello")
        first = person.active
        await person.begin("echo")
        await person.press("ctrl+pageup")
        await person.until(lambda: person.active is first and person.is_shown, "the first tab")
        await person.press("ctrl+f", *"hello")
        await person.sees("2/2")
        await person.press("ctrl+pagedown")
        await person.until(lambda: person.active is not first and person.is_shown, "the other tab")
        assert not person.chat.query_one(SearchBar).is_open and not first.document.pinned


# The pager and jumps


async def test_the_pager_shows_all_and_gives_the_place_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with reading(tmp_path) as person:
        for number in range(6):
            await person.ask(f"question {number}")
        session = person.active.info.session_id
    monkeypatch.setattr("hector_tui.ui.conversation.PAGE_TURNS", 2)
    async with reading(tmp_path, start=Start(session_id=session)) as person:
        await person.until(lambda: person.answer.startswith("You said question 5"), "the session")
        await person.press("ctrl+t")
        await person.until(lambda: isinstance(person.app.screen, PagerScreen), "the pager")
        await person.press("g")
        await person.until(lambda: "▌ question 0" in person.screen_text, "the first row")
        await person.press("space")
        assert "▌ question 0" not in person.screen_text
        await person.press("b")
        assert "▌ question 0" in person.screen_text
        await person.press("slash", *"question")
        await person.until(lambda: "1/12" in person.screen_text, "the count")
        await person.press("enter", "n", "n")
        assert person.app.screen.query_one(PagerTranscript).has_focus
        assert "▌ question 1" in person.screen_text
        await person.press("G", "escape", "q")
        await person.until(lambda: person.app.screen is person.chat, "the conversation")
        await person.ask("one more")
        assert "You said one more." in person.screen_text or "filler" in person.screen_text
        assert person.chat.transcript.document.following


async def test_what_streams_is_seen_in_the_pager(tmp_path: Path) -> None:
    async with reading(tmp_path) as person:
        await person.send("stream")
        await person.until(lambda: person.answer.count("word") > 5, "words")
        person.tap("ctrl+t")
        await person.until(lambda: isinstance(person.app.screen, PagerScreen), "the pager")
        pager = person.app.screen.query_one(PagerTranscript)
        frames = person.chat.transcript.frames
        before = pager.frames
        # Such as a change of theme, which reaches every screen.
        person.chat.transcript.notify_style_update()
        await person.until(lambda: pager.frames > before + 5, "frames in the pager")
        assert person.chat.transcript.frames == frames, "the screen below must not draw"
        person.tap("q")
        await person.until(lambda: person.app.screen is person.chat, "the conversation")
        await person.until(lambda: person.chat.transcript.frames > frames + 3, "frames in the conversation")


async def test_a_tool_s_whole_output_is_read_in_the_pager(tmp_path: Path) -> None:
    async with reading(tmp_path) as person:
        await person.ask("tool please")
        fold = next(
            entry for entry in person.active.document.entries if entry.foldable and hasattr(entry, "set_section")
        )
        fold.set_section("result", LONG_OUTPUT)
        person.active.document.put_cursor(fold)
        person.chat.transcript.focus()
        await choose(person, "w")
        await person.until(lambda: isinstance(person.app.screen, PagerScreen), "the pager")
        await person.press("G")
        assert "the last needle" in person.screen_text
        await person.press("slash", *"row 39", "enter")
        assert "row 39" in person.screen_text


async def test_jumps_reach_the_first_question_whatever_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading(tmp_path) as person:
        for number in range(6):
            await person.ask(f"question {number}")
        session = person.active.info.session_id
    monkeypatch.setattr("hector_tui.ui.conversation.PAGE_TURNS", 2)
    async with reading(tmp_path, start=Start(session_id=session)) as person:
        await person.until(lambda: person.answer.startswith("You said question 5"), "the session")
        for number in (5, 4, 3, 2, 1, 0):
            await person.press("alt+pageup")
            await person.sees(f"█ question {number}")
        await person.press("alt+pagedown")
        await person.sees("█ question 1")
        await person.press("ctrl+end")
        assert person.active.document.following
        await person.press("ctrl+home")
        await person.sees("question 0", "You said question 0")


# Links


async def test_a_link_is_shown_whole_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = tmp_path / "xdg-open"
    browser.write_text(f'#!/bin/sh\nprintf "%s" "$1" > {tmp_path}/opened\n', encoding="utf-8")
    browser.chmod(0o755)
    monkeypatch.setenv("DISPLAY", ":0")
    async with reading(tmp_path) as person:
        await person.ask("rich")
        await person.send("/links")
        await person.sees("Open a link", "https://docs.example/a?b=1")
        await person.press("enter")
        await person.until(lambda: isinstance(person.app.screen, Confirm), "the question")
        await person.sees("https://docs.example/a?b=1", "Goes to: docs.example")
        assert person.app.screen.query_one("#no", Button).has_focus
        await person.press("enter")
        assert not (tmp_path / "opened").exists()
        person.chat.open_link("https://docs.example/a?b=1")
        await press_yes(person)
        await person.until(lambda: (tmp_path / "opened").exists(), "the browser")
        await person.until(lambda: (tmp_path / "opened").read_text() == "https://docs.example/a?b=1", "the address")


async def test_a_link_nothing_can_open_is_offered_for_copying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    async with reading(tmp_path) as person:
        person.chat.open_link("https://docs.example/")
        await person.sees("Copy this link?", "No desktop is here")
        await press_yes(person)
        await person.until(lambda: person.app.clipboard == "https://docs.example/", "the copy")


async def test_a_link_that_deceives_is_refused(tmp_path: Path) -> None:
    async with reading(tmp_path) as person:
        person.chat.open_link("javascript:alert(1)")
        await person.hears("only web and mail links are opened")
        assert person.app.screen is person.chat


async def test_what_is_typed_right_after_the_key_of_the_search_is_searched(tmp_path: Path) -> None:
    async with running(tmp_path / "profile") as person:
        await person.begin("guide")
        await person.ask("What is 6*7?")
        # In one burst, as a fast hand or a slow machine has it: nothing waits for the bar.
        for key in ("ctrl+f", "w", "h", "a", "t"):
            event = Key(key, key if len(key) == 1 else None)
            event.set_sender(person.app)
            person.app.post_message(event)
        field = person.chat.query_one("#search-text", LineInput)
        await person.until(lambda: field.value == "what", "the words in the search")
        assert person.chat.prompt.value == ""
