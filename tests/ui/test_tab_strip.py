from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown, MouseScrollUp
from textual.strip import Strip
from textual.widgets import Static

from hector_tui.ui.themes import own_variables
from hector_tui.ui.widgets.tab_layout import COMPACT_BELOW, GLYPHS, TabItem, TabLayout, TabState, TabTarget, layout_tabs
from hector_tui.ui.widgets.tab_strip import TabStrip

TABS = (
    TabItem("a", "planner", "working"),
    TabItem("b", "coder", "needs_you", queued=2),
    TabItem("c", "notes", "idle", unread=4),
    TabItem("d", "a rather long title that goes on", "failed"),
    TabItem("e", "summary", "waiting"),
)
MANY = tuple(TabItem(f"s{index}", f"session {index}") for index in range(57))


def text(layout: TabLayout) -> str:
    return "".join(run.text for run in layout.runs)


def test_all_fits_with_the_brand_at_the_right_end() -> None:
    layout = layout_tabs(TABS[:3], "a", 80, brand="hector-tui · nord")
    tabs = " 1 ● planner   2 ! coder +2   3 ○ notes •4   + "
    brand = "hector-tui · nord"
    assert text(layout) == tabs + " " * (79 - len(tabs) - len(brand)) + brand
    assert [run.text for run in layout.runs if run.active and run.role == "title"] == ["planner", " "]


@pytest.mark.parametrize(
    ("width", "row"),
    [
        (
            111,
            " 1 ● planner   2 ! coder +2   3 ○ notes •4   4 ✗ a rather long title tha…   5 ◔ summary   +   hector-tui",
        ),
        (100, " 1 ● planner   2 ! coder +2   3 ○ notes •4   4 ✗ a rather long title tha…   5 ◔ summary   +"),
        (80, " 1 ● planner   2 ! coder +2   3 ○ notes •4   4 ✗ a rather lo…   5 ◔ summary   +"),
        (70, " 1 ● plann…   2 ! coder +2   3 ○ notes •4   4 ✗ a ra…   5 ◔ summ…   +"),
        (62, " 1 ● planner   2 ! coder +2   3 ○ notes •4   2›  +"),
        (59, " 2/5 ! coder +2  •1  +"),
        (40, " 2/5 ! coder +2  •1  +"),
    ],
)
def test_brand_goes_first_then_titles_shrink_then_it_scrolls_then_one_is_left(width: int, row: str) -> None:
    shown = text(layout_tabs(TABS, "b", width, brand="hector-tui"))
    assert " ".join(shown.split()) == " ".join(row.split())
    assert shown.startswith(row[:40].rstrip())


def test_every_state_has_a_shape_of_its_own() -> None:
    assert len(set(GLYPHS.values())) == len(GLYPHS) == 5
    assert all(cell_len(glyph) == 1 for glyph in GLYPHS.values())


def test_counts_never_grow_without_bound() -> None:
    assert " •99+ +99+ " in text(layout_tabs([TabItem("a", "x", unread=100, queued=12345)], "a", 80))
    assert "•" not in text(layout_tabs([TabItem("a", "x", unread=-1, queued=-1)], "a", 80))


def test_an_empty_title_has_a_name() -> None:
    assert "untitled" in text(layout_tabs([TabItem("a", "\n")], "a", 80))
    assert "untitled" in text(layout_tabs([TabItem("a", "")], "a", 40))


def test_the_compact_row_tells_of_another_tab_that_needs_the_person() -> None:
    layout = layout_tabs(TABS, "a", 40)
    assert text(layout).startswith(" 1/5 ● planner  !1 ")
    needing = next(run for run in layout.runs if run.role == "needs_you")
    assert needing.target == TabTarget("session", "b")


def test_no_tabs_leave_a_plus() -> None:
    assert text(layout_tabs([], "", 80)).strip() == "+"
    assert text(layout_tabs([], "", 30)).strip() == "+"


def test_an_overflow_counts_what_is_hidden_and_says_if_it_needs_the_person() -> None:
    tabs = list(MANY)
    tabs[3] = TabItem("s3", "session 3", "needs_you")
    layout = layout_tabs(tabs, "s30", 100, first=20)
    assert text(layout).startswith(f" ‹{layout.first}!1 ")
    assert text(layout).endswith(f" {len(tabs) - layout.end}›  + ")
    assert "31 ○ session 30" in text(layout)


def test_the_marks_tell_of_the_most_urgent_kind_and_how_many_there_are() -> None:
    tabs = list(MANY)
    for place in (1, 2, 3):
        tabs[place] = TabItem(f"s{place}", f"session {place}", "idle", unread=2)
    assert text(layout_tabs(tabs, "s30", 100, first=20)).startswith(" ‹26•3 ")
    tabs[4] = TabItem("s4", "session 4", "failed", unread=1)
    tabs[5] = TabItem("s5", "session 5", "failed")  # looked at
    assert text(layout_tabs(tabs, "s30", 100, first=20)).startswith(" ‹26✗1 ")


def test_the_strip_scrolls_no_further_than_it_must() -> None:
    layout = layout_tabs(MANY, "s30", 100, first=0)
    assert layout.end == 31
    assert layout_tabs(MANY, "s28", 100, first=layout.first).first == layout.first
    assert layout_tabs(MANY, "s10", 100, first=layout.first).first == 10
    assert layout_tabs(MANY, "s56", 100, first=0).end == 57


def test_looking_elsewhere_does_not_follow_the_active_tab() -> None:
    layout = layout_tabs(MANY, "s0", 100, first=20, follow=False)
    assert layout.first == 20
    last = layout_tabs(MANY, "s0", 100, first=999, follow=False)
    assert (last.first, last.end) == (52, 57)
    assert layout_tabs(MANY, "s0", 40, first=20, follow=False).first == 20


tabs_strategy = st.lists(
    st.builds(
        TabItem,
        session_id=st.uuids().map(str),
        title=st.text(max_size=40),
        state=st.sampled_from(list(GLYPHS)),
        unread=st.integers(0, 200),
        queued=st.integers(0, 200),
    ),
    max_size=70,
)


@settings(max_examples=300, deadline=None)
@given(tabs_strategy, st.integers(0, 69), st.integers(30, 240), st.integers(0, 80), st.booleans())
def test_a_row_never_exceeds_its_width_and_always_shows_the_active_tab(
    tabs: list[TabItem], active: int, width: int, first: int, follow: bool
) -> None:
    active_id = tabs[active].session_id if active < len(tabs) else ""
    layout = layout_tabs(tabs, active_id, width, brand="hector-tui · nord", first=first, follow=follow)
    assert cell_len(text(layout)) <= width
    assert 0 <= layout.first <= layout.end <= len(tabs)
    if follow and active < len(tabs):
        assert layout.first <= active < layout.end
    if tabs and width >= COMPACT_BELOW:
        shown = [run for run in layout.runs if run.role in GLYPHS and run.target and run.target.kind == "session"]
        assert len(shown) == layout.end - layout.first
    edge = 0
    for run in layout.runs:
        for x in range(edge, edge + cell_len(run.text)):
            assert layout.target_at(x) == run.target
        edge += cell_len(run.text)
    assert layout.target_at(edge) is None


class CountingStrip(TabStrip):
    """A strip that counts how often it was drawn."""

    drawn = 0

    def render_line(self, y: int) -> Strip:
        self.drawn += 1
        return super().render_line(y)


class StripApp(App[None]):
    """A strip above some text, and the messages it sent."""

    def __init__(self, tabs: tuple[TabItem, ...], active: str) -> None:
        super().__init__()
        self.items = tabs
        self.active_id = active
        self.heard: list[str] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return own_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        yield CountingStrip()
        yield Static("text")

    def on_mount(self) -> None:
        strip = self.query_one(TabStrip)
        strip.tabs = self.items
        strip.active = self.active_id

    def on_tab_strip_tab_clicked(self, message: TabStrip.TabClicked) -> None:
        assert message.control is self.query_one(TabStrip)
        self.heard.append(f"open {message.session_id}")

    def on_tab_strip_close_clicked(self, message: TabStrip.CloseClicked) -> None:
        self.heard.append(f"close {message.session_id}")

    def on_tab_strip_new_clicked(self, message: TabStrip.NewClicked) -> None:
        assert message.control is self.query_one(TabStrip)
        self.heard.append("new")


def shown(app: StripApp) -> str:
    return app.query_one(TabStrip).render_line(0).text.rstrip()


async def test_clicks_say_what_was_asked_for() -> None:
    app = StripApp(TABS[:3], "a")
    async with app.run_test(size=(80, 5)) as pilot:
        await pilot.pause()
        row = shown(app)
        await pilot.click(TabStrip, offset=(row.index("coder"), 0))
        await pilot.click(TabStrip, offset=(row.index("notes"), 0), button=2)
        await pilot.click(TabStrip, offset=(row.rindex("+"), 0))
        await pilot.click(TabStrip, offset=(79, 0))
        await pilot.pause()
    assert app.heard == ["open b", "close c", "new"]


async def test_the_wheel_and_the_marks_look_at_other_tabs_until_the_active_one_changes() -> None:
    app = StripApp(MANY, "s0")
    async with app.run_test(size=(100, 5)) as pilot:
        await pilot.pause()
        strip = app.query_one(TabStrip)
        assert shown(app).startswith(" 1 ○ session 0")
        await pilot._post_mouse_events([MouseScrollDown], TabStrip, offset=(5, 0))
        assert shown(app).startswith(" ‹1  2 ○ session")
        await pilot._post_mouse_events([MouseScrollUp], TabStrip, offset=(5, 0))
        assert shown(app).startswith(" 1 ○ session 0")
        await pilot.click(TabStrip, offset=(shown(app).index("›"), 0))
        assert shown(app).startswith(" ‹4  5 ○ session")
        await pilot.click(TabStrip, offset=(shown(app).index("‹"), 0))
        assert shown(app).startswith(" 1 ○ session 0")
        strip.active = "s40"
        await pilot.pause()
        assert "41 ○ session 40" in shown(app)
        assert app.heard == []


async def test_a_resize_chooses_another_layout() -> None:
    app = StripApp(TABS, "b")
    async with app.run_test(size=(100, 5)) as pilot:
        await pilot.pause()
        assert "planner" in shown(app)
        await pilot.resize_terminal(40, 5)
        await pilot.pause()
        assert shown(app) == " 2/5 ! coder +2  •1  +"


async def test_equal_tabs_draw_nothing() -> None:
    app = StripApp(TABS, "a")
    async with app.run_test(size=(100, 5)) as pilot:
        await pilot.pause()
        strip = app.query_one(CountingStrip)
        strip.drawn = 0
        strip.tabs = tuple(TabItem(item.session_id, item.title, item.state, item.unread, item.queued) for item in TABS)
        strip.active = "a"
        await pilot.pause()
        assert strip.drawn == 0
        strip.tabs = (*TABS, TabItem("f", "sixth"))
        await pilot.pause()
        assert strip.drawn == 1


@pytest.mark.parametrize("state", list(GLYPHS))
async def test_each_state_is_drawn_with_its_glyph(state: TabState) -> None:
    app = StripApp((TabItem("a", "only", state),), "a")
    async with app.run_test(size=(80, 5)) as pilot:
        await pilot.pause()
        assert shown(app).startswith(f" 1 {GLYPHS[state]} only")
