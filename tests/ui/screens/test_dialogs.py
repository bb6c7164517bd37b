from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Button

from hector_tui.ui.screens.dialog import Dialog
from hector_tui.ui.screens.dialogs import AskText, Confirm
from hector_tui.ui.screens.help import HelpGroup, HelpScreen
from hector_tui.ui.widgets.line_input import LineInput

_UNSET = "unset"


class DialogApp(App[None]):
    """Opens a dialog and keeps its answer."""

    def __init__(self, dialog: Screen[Any]) -> None:
        super().__init__()
        self.dialog = dialog
        self.answer: object = _UNSET

    def on_mount(self) -> None:
        self.push_screen(self.dialog, self.keep)

    def keep(self, answer: object) -> None:
        self.answer = answer


@asynccontextmanager
async def opened(dialog: Screen[Any], size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[DialogApp, Pilot[None]]]:
    app = DialogApp(dialog)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


async def send_bytes(pilot: Pilot[None], text: str) -> None:
    driver = pilot.app._driver
    assert driver is not None
    for event in list(XTermParser().feed(text)):
        driver.send_message(event)
    await pilot.pause()
    await pilot.pause()


def screen_text(app: App[None]) -> str:
    """What the terminal shows, a row per line."""
    return "\n".join("".join(segment.text for segment in row) for row in app.screen._compositor.render_strips())


# AskText


async def test_the_old_text_is_selected_and_typing_replaces_it() -> None:
    async with opened(AskText("Rename session", value="old name")) as (app, pilot):
        await pilot.press(*"new", "enter")
        assert app.answer == "new"


async def test_enter_keeps_the_old_text() -> None:
    async with opened(AskText("Rename session", value=" old ")) as (app, pilot):
        await pilot.press("enter")
        assert app.answer == "old"


async def test_an_empty_answer_is_none_at_all() -> None:
    async with opened(AskText("Rename session", value="old")) as (app, pilot):
        await pilot.press("backspace", "enter")
        assert app.answer == _UNSET
        await pilot.press("escape")
        assert app.answer is None


async def test_a_paste_becomes_one_clean_line() -> None:
    async with opened(AskText("Rename session")) as (app, pilot):
        app.dialog.query_one(LineInput).post_message(events.Paste("a\x1b[2J\nb"))
        await pilot.pause()
        await pilot.press("wait:100", "enter")
        assert app.answer == "a␛[2J⏎b"


async def test_a_paste_that_ends_itself_does_not_answer() -> None:
    async with opened(AskText("Rename session")) as (app, pilot):
        await send_bytes(pilot, "\x1b[200~evil\x1b[201~\rmore\r")
        assert app.answer == _UNSET
        assert app.dialog.query_one(LineInput).value == "evilmore"


async def test_a_paste_replaces_the_selection_and_keeps_the_limit() -> None:
    async with opened(AskText("Rename session", value="old", max_chars=5)) as (app, pilot):
        app.dialog.query_one(LineInput).post_message(events.Paste("new"))
        await pilot.press("wait:100", *"er and longer", "enter")
        assert app.answer == "newer"


# Confirm


async def test_enter_means_no() -> None:
    async with opened(Confirm("Open?", "https://example.com")) as (app, pilot):
        await pilot.press("enter")
        assert app.answer is False


@pytest.mark.parametrize("keys", [["escape"], ["n"], ["right", "escape"], ["right", "left", "enter"]])
async def test_keys_that_mean_no(keys: list[str]) -> None:
    async with opened(Confirm("Open?")) as (app, pilot):
        await pilot.press(*keys)
        assert app.answer is False


@pytest.mark.parametrize("keys", [["right", "enter"], ["tab", "enter"], ["left", "enter"]])
async def test_keys_that_mean_yes(keys: list[str]) -> None:
    async with opened(Confirm("Open?")) as (app, pilot):
        await pilot.press(*keys)
        assert app.answer is True


async def test_no_single_key_says_yes() -> None:
    async with opened(Confirm("Open?")) as (app, pilot):
        await pilot.press("y", "Y", "space", "1", "o")
        assert app.answer == _UNSET


@pytest.mark.parametrize(
    "burst",
    [
        "\x1b[24;80Ry\r",
        "\x1b[C\r",
        "\t\r",
        "\x1b[200~x\x1b[201~\x1b[C\r",
        "\x1b[200~x\x1b[201~\x1b[C" + "z" * 50 + "\r\r",
    ],
)
async def test_what_arrives_in_one_burst_never_says_yes(burst: str) -> None:
    async with opened(Confirm("Open?")) as (app, pilot):
        await send_bytes(pilot, burst)
        assert app.answer is not True


async def test_a_click_answers() -> None:
    async with opened(Confirm("Open?", yes="Open")) as (app, pilot):
        await pilot.click("#yes")
        await pilot.pause()
        assert app.answer is True


async def test_a_message_is_shown_in_full_and_as_it_is() -> None:
    url = "https://example.com/" + "path/" * 20 + "?q=[b]x[/b]#\x1b[31m"
    async with opened(Confirm("Open?", url), size=(40, 20)) as (app, _pilot):
        shown = screen_text(app).replace("\n", "").replace(" ", "")
        assert url.replace("\x1b", "␛") in shown


async def test_a_long_message_scrolls_and_the_buttons_stay() -> None:
    async with opened(Confirm("Delete?", "\n".join(f"line {n}" for n in range(40))), size=(40, 12)) as (app, pilot):
        assert app.screen.region.contains_region(app.dialog.query_one("#yes", Button).region)
        await pilot.press("down", "down")
        assert app.dialog.query_one(".dialog-message", VerticalScroll).scroll_offset.y == 2


@pytest.mark.parametrize(
    ("dialog", "burst"),
    [(AskText("Rename", value="a"), "\r\r\r"), (Confirm("Open?"), "nnn"), (HelpScreen([]), "qqq\x1b")],
)
async def test_a_held_key_closes_one_screen_only(dialog: Screen[Any], burst: str) -> None:
    async with opened(dialog) as (app, pilot):
        await send_bytes(pilot, burst)
        assert app.answer != _UNSET
        assert len(app.screen_stack) == 1


# Help

_GROUPS = [
    HelpGroup("Prompt", (("enter", "Send [b]now[/b]"), ("ctrl+j", "New line"))),
    HelpGroup("Nothing", ()),
    HelpGroup("Many", tuple((f"f{number}", f"Thing {number}") for number in range(1, 41))),
]


async def test_help_lists_groups_with_their_keys() -> None:
    async with opened(HelpScreen(_GROUPS), size=(80, 24)) as (app, _pilot):
        rows = [" ".join(row.split()) for row in screen_text(app).splitlines()]
        assert [row for row in rows if row in ("Prompt", "enter Send [b]now[/b]", "ctrl+j New line", "Nothing")] == [
            "Prompt",
            "enter Send [b]now[/b]",
            "ctrl+j New line",
        ]


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)])
async def test_help_scrolls_to_its_last_row(size: tuple[int, int]) -> None:
    async with opened(HelpScreen(_GROUPS), size=size) as (app, pilot):
        assert "Thing 40" not in screen_text(app) or size[1] == 40
        await pilot.press("end")
        await pilot.pause()
        assert "Thing 40" in screen_text(app)


@pytest.mark.parametrize("key", ["escape", "q", "f1", "question_mark"])
async def test_help_closes(key: str) -> None:
    async with opened(HelpScreen(_GROUPS)) as (app, pilot):
        await pilot.press(key)
        assert app.answer is None


def test_every_binding_has_an_id() -> None:
    for owner in (Dialog, AskText, Confirm, HelpScreen):
        assert all(isinstance(binding, Binding) and binding.id for binding in owner.BINDINGS)
