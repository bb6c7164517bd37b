"""The prompt, driven by keys and by what Textual's terminal parser really makes of bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest
from rich.cells import cell_len
from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Static

from hector_tui.ui.widgets.prompt import MAX_ROWS, Prompt

_PASTE, _PASTE_END = "\x1b[200~", "\x1b[201~"


class PromptApp(App[None]):
    """A prompt below a transcript; keeps the messages it gets."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+d", "note('ctrl+d')"), Binding("pageup", "note('pageup')")]

    def __init__(self, prompt: Prompt) -> None:
        super().__init__()
        self.prompt = prompt
        self.submitted: list[str] = []
        self.drafts: list[str] = []
        self.noted: list[str] = []

    def compose(self) -> ComposeResult:
        transcript = Static()
        transcript.styles.height = "1fr"
        yield transcript
        yield self.prompt

    def on_prompt_submitted(self, message: Prompt.Submitted) -> None:
        assert message.control is self.prompt
        self.submitted.append(message.text)

    def on_prompt_draft_changed(self, message: Prompt.DraftChanged) -> None:
        self.drafts.append(message.text)

    def action_note(self, what: str) -> None:
        self.noted.append(what)


Started = tuple[PromptApp, Prompt, Pilot[None]]


@asynccontextmanager
async def started(prompt: Prompt | None = None, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Started]:
    app = PromptApp(prompt or Prompt())
    async with app.run_test(size=size) as pilot:
        app.prompt.focus()
        await pilot.pause()
        yield app, app.prompt, pilot


async def send_events(pilot: Pilot[None], arriving: Iterable[Message]) -> None:
    """Give the app events as its driver does."""
    driver = pilot.app._driver
    assert driver is not None
    for event in arriving:
        driver.send_message(event)
    await pilot.pause()
    await pilot.pause()


async def send_bytes(pilot: Pilot[None], text: str) -> None:
    await send_events(pilot, list(XTermParser().feed(text)))


def later(arriving: Iterable[Message], seconds: float) -> list[Message]:
    """The events as if they had come later: what a person presses after the burst of a paste is over."""
    moved = list(arriving)
    for event in moved:
        event.time += seconds
    return moved


# Sending


async def test_enter_sends_and_leaves_the_text_to_the_owner() -> None:
    async with started() as (app, prompt, pilot):
        await pilot.press(*"hi", "enter")
        assert app.submitted == ["hi"]
        assert prompt.value == "hi"
        prompt.accept()
        await pilot.pause()
        assert prompt.value == ""
        assert app.drafts[-1] == ""


async def test_a_refused_message_stays_and_can_be_sent_again() -> None:
    async with started() as (app, prompt, pilot):
        await pilot.press(*"hi", "enter")
        prompt.refuse()
        assert prompt.value == "hi"
        await pilot.press("enter")
        assert app.submitted == ["hi", "hi"]


async def test_a_held_enter_sends_once() -> None:
    async with started() as (app, prompt, pilot):
        await pilot.press(*"hi", "enter", "enter", "enter")
        assert app.submitted == ["hi"]
        prompt.accept()
        await pilot.press(*"hi", "enter")
        assert app.submitted == ["hi", "hi"]


async def test_words_written_before_the_answer_stay() -> None:
    async with started() as (app, prompt, pilot):
        await pilot.press(*"one", "enter", *" two")
        prompt.accept()
        assert (app.submitted, prompt.value) == (["one"], " two")


async def test_a_text_changed_before_the_answer_stays() -> None:
    async with started() as (_, prompt, pilot):
        await pilot.press(*"one", "enter", "backspace")
        prompt.accept()
        assert prompt.value == "on"


@pytest.mark.parametrize("text", ["", "   ", "\n \n"])
async def test_nothing_to_say_sends_nothing(text: str) -> None:
    async with started(Prompt(text)) as (app, prompt, pilot):
        await pilot.press("enter")
        assert app.submitted == []
        assert prompt.value == text


async def test_blank_lines_around_a_message_are_not_sent_but_its_indentation_is() -> None:
    async with started(Prompt("\n  code\n\n")) as (app, _, pilot):
        await pilot.press("enter")
        assert app.submitted == ["  code"]


async def test_keys_typed_behind_enter_in_one_burst_are_not_sent() -> None:
    async with started() as (app, prompt, pilot):
        await send_bytes(pilot, "one\rtwo")
        assert app.submitted == ["one"]
        assert prompt.value == "onetwo"


# Line breaks


@pytest.mark.parametrize("key", ["ctrl+j", "shift+enter", "alt+enter"])
async def test_keys_that_break_the_line(key: str) -> None:
    async with started() as (app, prompt, pilot):
        await pilot.press("a", key, "b")
        assert prompt.value == "a\nb"
        assert app.submitted == []


async def test_a_backslash_before_enter_breaks_the_line() -> None:
    async with started() as (app, prompt, pilot):
        await pilot.press("a", "\\", "enter", "b")
        assert prompt.value == "a\nb"
        assert app.submitted == []


async def test_two_backslashes_are_text() -> None:
    async with started(Prompt("C:\\\\")) as (app, _, pilot):
        await pilot.press("enter")
        assert app.submitted == ["C:\\\\"]


async def test_a_line_break_keeps_its_place_in_a_burst() -> None:
    async with started() as (_, prompt, pilot):
        await send_bytes(pilot, "a\nbc\x7fd")
        assert prompt.value == "a\nbd"


# Pastes


async def test_a_small_paste_is_text() -> None:
    async with started() as (app, prompt, pilot):
        await send_bytes(pilot, f"{_PASTE}one\rtwo\r\n{_PASTE_END}")
        assert prompt.text == "one\ntwo\n"
        assert app.submitted == []


async def test_a_pasted_escape_sequence_is_made_visible() -> None:
    async with started() as (_, prompt, pilot):
        await send_events(pilot, [events.Paste("a\x1b[2Jb\u202ec\x07")])
        assert prompt.text == "a␛[2Jb⇇c␇"


async def test_a_paste_that_ends_itself_never_sends() -> None:
    async with started() as (app, prompt, pilot):
        await send_bytes(pilot, f"{_PASTE}innocent{_PASTE_END}\rdelete everything\r{_PASTE_END}")
        assert app.submitted == []
        assert prompt.value == "innocent\ndelete everything\n"


async def test_control_keys_in_the_tail_of_a_paste_do_nothing() -> None:
    async with started(Prompt("kept ")) as (app, prompt, pilot):
        await send_bytes(pilot, f"{_PASTE}x{_PASTE_END}\x15\x04\x1b[A\x7fy")
        assert prompt.value == "kept xy"
        assert app.noted == []


async def test_enter_sends_again_once_the_burst_is_over() -> None:
    async with started() as (app, _, pilot):
        await send_events(pilot, [events.Paste("hello"), *later([events.Key("enter", "\r")], 0.2)])
        assert app.submitted == ["hello"]


async def test_a_big_paste_folds_and_is_sent_whole() -> None:
    pasted = "".join(f"line {number}\n" for number in range(42))
    async with started() as (app, prompt, pilot):
        await pilot.press(*"see ")
        await send_events(pilot, [events.Paste(pasted)])
        assert prompt.text == "see [Pasted #1 · 42 lines]"
        assert prompt.value == f"see {pasted}"
        assert app.drafts[-1] == f"see {pasted}"
        await send_events(pilot, later([events.Key("enter", "\r")], 0.2))
        assert app.submitted == [f"see {pasted}".rstrip()]
        prompt.accept()
        await send_events(pilot, later([events.Paste(pasted)], 1))
        assert prompt.text == "[Pasted #1 · 42 lines]"


async def test_a_megabyte_is_folded() -> None:
    async with started() as (_, prompt, pilot):
        await send_events(pilot, [events.Paste("x" * 1_000_000)])
        assert prompt.text == "[Pasted #1 · 1,000,000 characters]"
        assert len(prompt.value) == 1_000_000


@asynccontextmanager
async def with_fold() -> AsyncIterator[Started]:
    async with started() as (app, prompt, pilot):
        await pilot.press("a")
        prompt.post_message(events.Paste("1\n" * 42))
        await pilot.pause()
        await pilot.press("wait:100", "b")
        assert prompt.text == "a[Pasted #1 · 42 lines]b"
        yield app, prompt, pilot


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (["left", "backspace"], "ab"),
        (["home", "right", "delete"], "ab"),
        (["left", "left", "x"], "ax[Pasted #1 · 42 lines]b"),
        (["home", "right", "right", "x"], "a[Pasted #1 · 42 lines]xb"),
        (["home", "right", "shift+right", "x"], "axb"),
        (["left", "ctrl+w"], "ab"),
        (["home", "right", "alt+delete"], "ab"),
        (["ctrl+left", "ctrl+left", "x"], "ax[Pasted #1 · 42 lines]b"),
        (["ctrl+u"], ""),
    ],
)
async def test_a_fold_is_one_thing_to_the_cursor(keys: list[str], text: str) -> None:
    async with with_fold() as (_, prompt, pilot):
        await pilot.press(*keys)
        assert prompt.text == text


async def test_undo_brings_a_fold_back_with_its_text() -> None:
    async with with_fold() as (_, prompt, pilot):
        await pilot.press("left", "backspace")
        assert prompt.value == "ab"
        await pilot.press("ctrl+z")
        assert prompt.value == "a" + "1\n" * 42 + "b"
        await pilot.press("ctrl+y")
        assert prompt.value == "ab"


async def test_a_click_within_a_fold_lands_at_its_edge() -> None:
    async with with_fold() as (_, prompt, pilot):
        await pilot.click(prompt, offset=(8, 0))
        assert prompt.cursor_location == (0, 1)
        await pilot.click(prompt, offset=(20, 0))
        assert prompt.cursor_location == (0, 1 + len("[Pasted #1 · 42 lines]"))


# History


async def test_up_and_down_walk_through_what_was_sent() -> None:
    async with started(Prompt("draft", sent=["one", "two\nlines"])) as (app, prompt, pilot):
        seen = []
        for key in ("up", "up", "up", "down", "down", "down"):
            await pilot.press(key)
            seen.append(prompt.value)
        assert seen == ["two\nlines", "one", "one", "two\nlines", "draft", "draft"]
        assert set(app.drafts) == {"draft"}


async def test_up_moves_within_a_text_first() -> None:
    async with started(Prompt("first\nsecond", sent=["one"])) as (_, prompt, pilot):
        await pilot.press("up")
        assert (prompt.value, prompt.cursor_location[0]) == ("first\nsecond", 0)
        await pilot.press("up")
        assert prompt.value == "one"


async def test_up_moves_within_a_wrapped_line_first() -> None:
    async with started(Prompt("word " * 30, sent=["one"]), size=(40, 12)) as (_, prompt, pilot):
        await pilot.press("up")
        assert prompt.value == "word " * 30
        await pilot.press("up", "up", "up", "up")
        assert prompt.value == "one"


async def test_what_was_accepted_is_remembered() -> None:
    async with started() as (_, prompt, pilot):
        await pilot.press(*"hi", "enter")
        prompt.accept()
        await pilot.press("up")
        assert prompt.value == "hi"


async def test_recalling_a_prompt_can_be_undone() -> None:
    async with started(Prompt("draft", sent=["one"])) as (_, prompt, pilot):
        await pilot.press("up", "ctrl+z")
        assert prompt.value == "draft"


async def test_the_draft_of_another_session_is_shown_silently() -> None:
    async with started(Prompt("old", sent=["one"])) as (app, prompt, pilot):
        await pilot.press("up")
        app.drafts.clear()
        prompt.restore("new")
        prompt.set_sent(["other"])
        await pilot.pause()
        assert (prompt.value, prompt.draft, app.drafts) == ("new", "new", [])
        await pilot.press("up")
        assert prompt.value == "other"


async def test_a_change_of_session_is_not_undone_by_a_late_answer() -> None:
    async with started() as (_, prompt, pilot):
        await pilot.press(*"hi", "enter")
        prompt.restore("hi")
        prompt.accept()
        assert prompt.value == "hi"


async def test_a_huge_draft_folds() -> None:
    async with started(Prompt("x\n" * 5_000)) as (_, prompt, _pilot):
        assert prompt.text == "[Pasted #1 · 5,000 lines]"
        assert prompt.value == "x\n" * 5_000


async def test_discarding_can_be_undone() -> None:
    async with started(Prompt("text")) as (_, prompt, pilot):
        prompt.discard()
        assert prompt.value == ""
        await pilot.press("ctrl+z")
        assert prompt.value == "text"


# Keys and looks


async def test_keys_with_nothing_to_do_go_to_the_app() -> None:
    async with started() as (app, prompt, pilot):
        await pilot.press("ctrl+d", "pageup")
        assert app.noted == ["ctrl+d", "pageup"]
        prompt.restore("text")
        await pilot.press("home", "ctrl+d")
        assert (app.noted, prompt.value) == (["ctrl+d", "pageup"], "ext")


def test_every_binding_has_an_id_of_its_own() -> None:
    ids = [binding.id for binding in Prompt.BINDINGS if isinstance(binding, Binding)]
    assert len(ids) == len(Prompt.BINDINGS) == len(set(ids))
    assert all(each and each.startswith("prompt.") for each in ids)


async def test_enter_and_ctrl_j_can_change_places() -> None:
    async with started() as (app, _prompt, pilot):
        app.set_keymap({"prompt.send": "ctrl+j", "prompt.break_line": "enter"})
        await pilot.press("a", "enter", "b", "ctrl+j")
        assert app.submitted == ["a\nb"]


async def test_a_disabled_prompt_takes_no_keys() -> None:
    async with started(Prompt("kept")) as (app, prompt, pilot):
        prompt.disabled = True
        await pilot.press("x", "enter")
        assert (prompt.value, app.submitted) == ("kept", [])


@pytest.mark.parametrize(
    ("size", "lines", "rows"), [((80, 24), 1, 1), ((80, 24), 4, 4), ((80, 24), 30, MAX_ROWS), ((40, 12), 30, 6)]
)
async def test_it_grows_to_ten_rows_and_half_the_screen(size: tuple[int, int], lines: int, rows: int) -> None:
    async with started(Prompt("\n".join(["x"] * lines)), size=size) as (_, prompt, _pilot):
        assert prompt.size.height == rows
        prompt.clear()
        await _pilot.pause()
        assert prompt.size.height == 1


async def test_the_cursor_stays_in_sight_while_the_prompt_grows() -> None:
    async with started() as (_, prompt, pilot):
        for _line in range(14):
            await pilot.press("a", "ctrl+j")
            assert prompt.region.contains_point(prompt.cursor_screen_offset)


def _rows(prompt: Prompt) -> list[str]:
    return [prompt.render_line(y).text for y in range(prompt.size.height)]


async def test_the_hint_fits_on_one_row_behind_the_gutter() -> None:
    async with started(Prompt(hint="Message [b]planner[/b] and a lot more words"), size=(30, 12)) as (_, prompt, pilot):
        assert [row.rstrip() for row in _rows(prompt)] == ["> Message [b]planner[/b] an…"]
        await pilot.press("x")
        assert [row.rstrip() for row in _rows(prompt)] == ["> x"]


async def test_wide_characters_wrap_within_the_width() -> None:
    text = "日本語の長いテキスト" * 6 + " 👩‍👩‍👧 é e\u0301 " + "🇩🇪" * 20
    async with started(Prompt(text), size=(33, 30)) as (_, prompt, pilot):
        width = prompt.scrollable_content_region.width
        assert {cell_len(row) for row in _rows(prompt)} == {width}
        await pilot.press("home", "ctrl+home", "end", "x", "backspace")
        assert prompt.region.contains_point(prompt.cursor_screen_offset)


@pytest.mark.parametrize(("level", "blinks"), [("none", False), ("full", True)])
async def test_no_blinking_where_animations_are_off(level: str, blinks: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    app = PromptApp(Prompt())
    monkeypatch.setattr(app, "animation_level", level)
    async with app.run_test():
        assert app.prompt.cursor_blink is blinks


def _blinks_and_shows(area: Prompt) -> tuple[bool, bool]:
    """Whether the cursor's timer runs, and whether the cursor is seen."""
    return area.blink_timer._active.is_set(), area._cursor_visible


async def test_the_cursor_stops_blinking_when_nobody_types_and_starts_again_with_a_key() -> None:
    async with started() as (_app, area, pilot):
        seen = [_blinks_and_shows(area)]
        for _ in range(30):
            area._toggle_cursor_blink_visible()
            seen.append(_blinks_and_shows(area))
        assert seen[:4] == [(True, True), (True, False), (True, True), (True, False)]
        assert set(seen[21:]) == {(False, True)}, "it goes on blinking, or has stopped where it cannot be seen"
        await pilot.press("a")
        area._toggle_cursor_blink_visible()
        assert _blinks_and_shows(area) == (True, False)
