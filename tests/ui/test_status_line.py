from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.strip import Strip

from hector_tui.ui.themes import own_variables
from hector_tui.ui.widgets.status_layout import StatusInfo, compact_number, format_seconds, layout_status
from hector_tui.ui.widgets.status_line import StatusLine

FULL = StatusInfo("planner", "gpt-x", "streaming", 12.9, "esc esc to stop", 55_000, 128_000, 12_400, help="f1 help")


def text(info: StatusInfo, width: int) -> str:
    return "".join(run.text for run in layout_status(info, width))


def roles(info: StatusInfo, width: int = 120) -> dict[str, str]:
    return {run.role: run.text for run in layout_status(info, width)}


@pytest.mark.parametrize(
    ("width", "left", "right"),
    [
        (120, "planner · gpt-x · streaming 12 s · esc esc to stop", "ctx 43 % · 12.4k tok · f1 help"),
        (84, "planner · gpt-x · streaming 12 s · esc esc to stop", "ctx 43 % · 12.4k tok · f1 help"),
        (83, "planner · gpt-x · streaming 12 s · esc esc to stop", "ctx 43 % · f1 help"),
        (80, "planner · gpt-x · streaming 12 s · esc esc to stop", "ctx 43 % · f1 help"),
        (70, "planner · streaming 12 s · esc esc to stop", "ctx 43 % · f1 help"),
        (60, "planner · streaming 12 s · esc esc to stop", "ctx 43 %"),
        (40, "planner · streaming 12 s", "ctx 43 %"),
        (30, "planner · streaming 12 s", ""),
        (12, "planner", ""),
    ],
)
def test_parts_go_in_their_order_as_the_row_narrows(width: int, left: str, right: str) -> None:
    row = text(FULL, width)
    assert cell_len(row) == width
    assert row.startswith(f" {left} ")
    assert row.strip() == (f"{left}{' ' * (width - len(left) - len(right) - 2)}{right}" if right else left)


def test_the_agent_is_shortened_at_last() -> None:
    assert text(FULL, 6) == " pla… "


def test_what_is_unknown_is_left_out() -> None:
    assert text(StatusInfo(agent="planner", help="f1 help"), 30) == " planner              f1 help "
    assert text(StatusInfo(help=""), 10) == " " * 10


def test_estimates_are_marked() -> None:
    assert "ctx ~43 % · ~12.4k tok" in text(replace(FULL, estimated=True), 120)


@pytest.mark.parametrize(
    ("used", "window", "shown", "role"),
    [
        (0, 1000, "ctx 0 %", "context-low"),
        (1, 1000, "ctx 1 %", "context-low"),
        (599, 1000, "ctx 60 %", "context-low"),
        (600, 1000, "ctx 60 %", "context-mid"),
        (850, 1000, "ctx 85 %", "context-high"),
        (999, 1000, "ctx 99 %", "context-high"),
        (1000, 1000, "ctx 100 %", "context-high"),
        (1500, 1000, "ctx 150 %", "context-high"),
        (12_400, None, "ctx 12.4k", "context"),
        (12_400, 0, "ctx 12.4k", "context"),
    ],
)
def test_the_context_is_a_share_where_the_window_is_known(used: int, window: int | None, shown: str, role: str) -> None:
    assert roles(replace(FULL, context_used=used, context_window=window))[role] == shown


def test_a_banner_takes_the_left_and_makes_the_right_give_way() -> None:
    info = replace(FULL, banner="The memory folder is in use by another hector-tui", banner_level="warning")
    assert text(info, 120).startswith(" ▲ The memory folder is in use by another hector-tui  ")
    assert text(info, 120).endswith("ctx 43 % · 12.4k tok · f1 help ")
    assert "planner" not in text(info, 120)
    assert text(info, 66).endswith("tui     ctx 43 % ")
    assert text(info, 40) == " ▲ The memory folder is in use by anot… "


def test_levels_of_a_banner_differ_in_shape_and_role() -> None:
    shapes = set()
    for level in ("info", "warning", "error"):
        banner = roles(StatusInfo(banner="x", banner_level=level))[f"banner-{level}"]
        shapes.add(banner)
    assert len(shapes) == 3


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0"),
        (7, "7"),
        (999, "999"),
        (1000, "1k"),
        (1050, "1.1k"),
        (12_400, "12.4k"),
        (99_949, "99.9k"),
        (99_950, "100k"),
        (128_000, "128k"),
        (999_499, "999k"),
        (999_500, "1M"),
        (12_345_678, "12.3M"),
        (5_000_000_000, "5G"),
        (-5, "-5"),
    ],
)
def test_numbers_are_compact(number: int, written: str) -> None:
    assert compact_number(number) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0 s"), (12.9, "12 s"), (59.9, "59 s"), (60, "1 m 00 s"), (3599, "59 m 59 s"), (7400, "2 h 03 m")],
)
def test_durations_are_short(seconds: float, written: str) -> None:
    assert format_seconds(seconds) == written


infos = st.builds(
    StatusInfo,
    agent=st.text(max_size=40),
    model=st.text(max_size=40),
    state=st.text(max_size=20),
    seconds=st.none() | st.floats(0, 1e6),
    hint=st.text(max_size=30),
    context_used=st.none() | st.integers(0, 10**9),
    context_window=st.none() | st.integers(0, 10**7),
    tokens=st.none() | st.integers(0, 10**12),
    estimated=st.booleans(),
    banner=st.just("") | st.text(max_size=200),
    banner_level=st.sampled_from(["info", "warning", "error"]),
    help=st.text(max_size=20),
)


@settings(max_examples=500, deadline=None)
@given(infos, st.integers(2, 200))
def test_a_row_is_exactly_as_wide_as_asked(info: StatusInfo, width: int) -> None:
    assert cell_len(text(info, width)) == width


class CountingLine(StatusLine):
    """A status line that counts how often it was drawn."""

    drawn = 0

    def render_line(self, y: int) -> Strip:
        self.drawn += 1
        return super().render_line(y)


class StatusApp(App[None]):
    """A status line alone."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return own_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        yield CountingLine()


async def test_the_widget_draws_its_info_and_follows_the_width() -> None:
    app = StatusApp()
    async with app.run_test(size=(80, 5)) as pilot:
        line = app.query_one(StatusLine)
        line.info = FULL
        await pilot.pause()
        assert line.render_line(0).text == text(FULL, 80)
        assert line.render_line(1).text.strip() == ""
        await pilot.resize_terminal(40, 5)
        await pilot.pause()
        assert line.render_line(0).text == text(FULL, 40)


async def test_an_equal_info_draws_nothing() -> None:
    app = StatusApp()
    async with app.run_test(size=(80, 5)) as pilot:
        line = app.query_one(CountingLine)
        line.info = FULL
        await pilot.pause()
        line.drawn = 0
        line.info = replace(FULL)
        await pilot.pause()
        assert line.drawn == 0
        line.info = replace(FULL, seconds=13)
        await pilot.pause()
        assert line.drawn == 1
