"""Promises T1 and T3 for the widgets that draw lines themselves: nothing acts, and content is never markup."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from hector_tui.ui.guard import RenderGuard, install_render_guard
from hector_tui.ui.text import clean
from hector_tui.ui.themes import own_variables
from hector_tui.ui.widgets.lines_view import LinesView
from hector_tui.ui.widgets.status_line import StatusInfo, StatusLine
from hector_tui.ui.widgets.tab_strip import TabItem, TabStrip
from tests.ui.hostile import PAYLOADS, acting, drawn


class HostileApp(App[None]):
    """Every widget of ours that is handed foreign text."""

    CSS = "LinesView { height: 8; } Static { height: 8; }"

    def __init__(self) -> None:
        super().__init__()
        self.acted: list[str] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return own_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        yield TabStrip()
        yield StatusLine(id="status")
        yield StatusLine(id="banner")
        yield LinesView()
        yield Static(id="plain")

    def feed(self, text: str) -> None:
        strip = self.query_one(TabStrip)
        strip.tabs = (TabItem("a", text, "working"), TabItem("b", f"x{text}", unread=1, queued=2))
        strip.active = "a"
        strip.brand = text
        self.query_one("#status", StatusLine).info = StatusInfo(text, text, text, 1.0, text, 1, 2, 3, help=text)
        self.query_one("#banner", StatusLine).info = StatusInfo(banner=text or "none", banner_level="error")
        self.query_one(LinesView).set_lines([Content(text), Text(text), Content.styled(text, "bold")])
        self.query_one("#plain", Static).update(Content.styled(clean(text), "bold"))

    async def action_quit(self) -> None:
        self.acted.append("quit")

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        self.acted.append(url)


@pytest.fixture
def guard() -> Iterator[RenderGuard]:
    guard = install_render_guard()
    guard.hits = 0
    yield guard
    guard.hits = 0


def rows(widget: Widget) -> list[str]:
    return [widget.render_line(y).text for y in range(widget.size.height)]


@pytest.mark.parametrize("width", [120, 40])
async def test_no_payload_reaches_the_terminal_as_it_is(guard: RenderGuard, width: int) -> None:
    app = HostileApp()
    async with app.run_test(size=(width, 30)) as pilot:
        for name, payload in PAYLOADS.items():
            app.feed(payload)
            await pilot.pause()
            for widget in app.query(Widget):
                assert [acting(row) for row in rows(widget) if acting(row)] == [], (name, widget)
            assert acting(drawn(app)) == [], name
            assert guard.hits == 0, name


MARKUP = [name for name, payload in PAYLOADS.items() if "[" in payload and not acting(payload)]


async def test_markup_is_shown_literally_and_does_nothing_when_clicked() -> None:
    assert len(MARKUP) >= 8
    app = HostileApp()
    async with app.run_test(size=(200, 30)) as pilot:
        for name in MARKUP:
            payload = PAYLOADS[name]
            app.feed(payload)
            await pilot.pause()
            assert payload[:20] in rows(app.query_one(TabStrip))[0]
            assert f" ✗ {payload} " in rows(app.query_one("#banner", StatusLine))[0]
            assert [row.rstrip() for row in rows(app.query_one(LinesView))[:3]] == [payload] * 3
            assert rows(app.query_one("#plain", Static))[0].rstrip() == payload
            for widget in (TabStrip, "#status", "#banner", LinesView, "#plain"):
                await pilot.click(widget, offset=(8, 0))
        assert app.is_running
    assert app.acted == []
