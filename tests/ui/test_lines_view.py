from __future__ import annotations

from collections.abc import Sequence

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Offset
from textual.selection import Selection
from textual.strip import Strip

from hector_tui.ui.themes import own_variables
from hector_tui.ui.widgets.lines_view import LinesView


class CountingView(LinesView):
    """A view that notes which of its rows were drawn, and how often a layout was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[int] = []

    def render_line(self, y: int) -> Strip:
        self.rows.append(y)
        return super().render_line(y)


class LinesApp(App[None]):
    """A view alone, ten rows high, without animation."""

    def on_mount(self) -> None:
        self.animation_level = "none"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return own_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        yield CountingView()


def numbered(count: int) -> list[Content]:
    return [Content(f"line {index}") for index in range(count)]


def shown(view: LinesView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


async def test_lines_are_shown_as_they_are() -> None:
    app = LinesApp()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(CountingView)
        view.set_lines([Content("plain"), Text("rich [b]"), Content.styled("styled", "bold $primary")])
        await pilot.pause()
        assert shown(view)[:4] == ["plain", "rich [b]", "styled", ""]
        assert view.line_count == 3
        styled = next(iter(view.render_line(2)))
        assert styled.style is not None and styled.style.bold


async def test_equal_lines_draw_nothing_and_changed_ones_only_themselves() -> None:
    app = LinesApp()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(CountingView)
        view.set_lines(numbered(8))
        await pilot.pause()
        view.rows.clear()
        view.set_lines(numbered(8))
        await pilot.pause()
        assert view.rows == []
        lines = numbered(8)
        lines[3] = Content("line three, longer")
        view.set_lines(lines)
        await pilot.pause()
        assert view.rows == [3]
        assert shown(view)[3] == "line three, longer"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Content("same"), Content.styled("same", "bold")),
        (Content.styled("same", "bold"), Content.styled("same", "italic")),
        (Text("same"), Text("same", style="bold")),
        (Text("same"), Text.assemble(("same", "bold"))),
        (Content("same"), Text("same", style="bold")),
    ],
)
async def test_a_change_of_style_alone_is_a_change(old: Content | Text, new: Content | Text) -> None:
    app = LinesApp()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(CountingView)
        view.set_lines([old])
        await pilot.pause()
        before = list(view.render_line(0))
        view.rows.clear()
        view.set_lines([new])
        await pilot.pause()
        assert view.rows == [0]
        assert list(view.render_line(0)) != before


async def test_a_changed_line_out_of_view_is_not_drawn_until_it_is_seen() -> None:
    app = LinesApp()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(CountingView)
        view.set_lines(numbered(100))
        await pilot.pause()
        view.rows.clear()
        lines = numbered(100)
        lines[50] = Content("changed")
        view.set_lines(lines)
        await pilot.pause()
        assert view.rows == []
        view.scroll_to(y=45, animate=False)
        await pilot.pause()
        assert shown(view)[5] == "changed"


async def test_the_place_is_kept_when_lines_change_and_clamped_when_they_go() -> None:
    app = LinesApp()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(CountingView)
        view.set_lines(numbered(100))
        await pilot.pause()
        view.scroll_to(y=60, animate=False)
        await pilot.pause()
        view.set_lines([Content(f"other {index}") for index in range(120)])
        await pilot.pause()
        assert shown(view)[0] == "other 60"
        view.set_lines(numbered(30))
        await pilot.pause()
        assert shown(view)[0] == "line 20"
        assert shown(view)[-1] == "line 29"
        view.set_lines([])
        await pilot.pause()
        assert shown(view) == [""] * 10
        assert view.scroll_offset == Offset(0, 0)


async def test_lines_are_never_wrapped_but_can_be_scrolled_to_the_side() -> None:
    app = LinesApp()
    async with app.run_test(size=(20, 5)) as pilot:
        view = app.query_one(CountingView)
        view.set_lines([Content("".join(chr(97 + index % 26) for index in range(60)))])
        await pilot.pause()
        assert shown(view)[0] == "abcdefghijklmnopqrst"
        view.focus()
        await pilot.press("right", "right")
        await pilot.wait_for_animation()
        assert shown(view)[0].startswith("c")


async def test_a_width_that_still_fits_asks_for_no_layout() -> None:
    app = LinesApp()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(CountingView)
        view.set_lines([Content("9 tokens"), Content("x")])
        await pilot.pause()
        size = view.virtual_size
        view.set_lines([Content("10 tokens"), Content("x")])
        assert view.virtual_size == size
        await pilot.resize_terminal(5, 10)
        await pilot.pause()
        assert view.virtual_size.width == 9


async def keys(app: LinesApp, pressed: Sequence[str]) -> int:
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(CountingView)
        view.set_lines(numbered(100))
        view.focus()
        await pilot.pause()
        for key in pressed:
            await pilot.press(key)
            await pilot.wait_for_animation()
        return view.scroll_offset.y


@pytest.mark.parametrize(
    ("pressed", "line"),
    [
        (["down", "j", "up"], 1),
        (["k"], 0),
        (["pagedown"], 10),
        (["space", "ctrl+d", "ctrl+u"], 10),
        (["end"], 90),
        (["G", "home"], 0),
        (["G", "pageup"], 80),
        (["G", "g"], 0),
    ],
)
async def test_keys_scroll(pressed: list[str], line: int) -> None:
    assert await keys(LinesApp(), pressed) == line


async def test_the_keys_of_the_tabs_are_left_to_the_tabs() -> None:
    app = LinesApp()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(CountingView)
        view.set_lines([Content("x" * 200)])
        view.focus()
        await pilot.pause()
        await pilot.press("ctrl+pagedown")
        assert view.scroll_offset.x == 0
        await pilot.press("right")
        assert view.scroll_offset.x == 1


async def test_every_key_can_be_remapped() -> None:
    assert all(getattr(binding, "id", None) for binding in LinesView.BINDINGS)
    app = LinesApp()
    app.set_keymap({"lines.end": "z"})
    assert await keys(app, ["z"]) == 90
    app = LinesApp()
    app.set_keymap({"lines.end": "z"})
    assert await keys(app, ["end"]) == 0


async def test_text_can_be_selected_across_lines() -> None:
    app = LinesApp()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(CountingView)
        view.set_lines(numbered(5))
        await pilot.pause()
        await pilot.mouse_down(CountingView, offset=(2, 1))
        await pilot.hover(CountingView, offset=(4, 3))
        await pilot.mouse_up(CountingView, offset=(4, 3))
        await pilot.pause()
        assert app.screen.get_selected_text() == "ne 1\nline 2\nline "
        assert view.get_selection(Selection(Offset(0, 0), Offset(4, 0))) == ("line", "\n")
        styles = {segment.text: segment.style for segment in view.render_line(1)}
        assert styles["ne 1"] != styles["li"]


async def test_a_theme_change_draws_the_lines_in_the_new_colours() -> None:
    app = LinesApp()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(CountingView)
        view.set_lines([Content.styled("text", "$primary")])
        await pilot.pause()
        before = next(iter(view.render_line(0)))
        app.theme = "gruvbox"
        await pilot.pause()
        after = next(iter(view.render_line(0)))
        assert before.text == after.text == "text"
        assert before.style != after.style


async def test_foreign_characters_in_a_line_are_shown_and_its_styles_stay_in_place() -> None:
    app = LinesApp()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(CountingView)
        view.set_lines([Content.assemble("a\x1b[2J\n\t", ("bold", "bold"), "\u202e")])
        await pilot.pause()
        assert shown(view)[0] == "a␛[2J⏎ bold⇇"
        bold = [segment.text for segment in view.render_line(0) if segment.style is not None and segment.style.bold]
        assert bold == ["bold"]
        view.set_lines([Content.assemble(("a\ud83d\ude00", "bold"), "b")])
        await pilot.pause()
        assert shown(view)[0] == "a😀b"
