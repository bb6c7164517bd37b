"""The row of tabs at the top: one line of text drawn by the line API, whatever the number of sessions."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from hector_tui.ui.widgets.tab_layout import TabItem, TabLayout, TabRun, TabTarget, layout_tabs

__all__ = ["TabItem", "TabStrip"]


class TabStrip(Widget):
    """Tabs of sessions, the active one joined to what is below it.

    A click on a tab asks for it, a middle click asks to close it, a drag moves it, a click on + asks for a new one;
    the wheel and
    the marks at the ends look at tabs that do not fit, until another tab becomes active. It changes nothing by
    itself: whoever handles the messages sets `tabs` and `active`.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "tab-strip--active",
        "tab-strip--index",
        "tab-strip--idle",
        "tab-strip--working",
        "tab-strip--needs-you",
        "tab-strip--failed",
        "tab-strip--waiting",
        "tab-strip--title",
        "tab-strip--unread",
        "tab-strip--queued",
        "tab-strip--mark",
        "tab-strip--new",
        "tab-strip--brand",
    }
    """One class per role of a run, and one for everything within the active tab."""

    DEFAULT_CSS = """
    TabStrip {
        height: 1;
        background: $panel;
        color: $chat-dim;
        & > .tab-strip--active { background: $background; color: $tab-active; text-style: bold; }
        & > .tab-strip--index { color: $chat-dim; text-style: none; }
        & > .tab-strip--idle { color: $chat-dim; text-style: none; }
        & > .tab-strip--working { color: $tab-working; }
        & > .tab-strip--needs-you { color: $tab-needs-you; text-style: bold; }
        & > .tab-strip--failed { color: $chat-error; text-style: bold; }
        & > .tab-strip--waiting { color: $tab-unread; }
        & > .tab-strip--title { color: $foreground; }
        & > .tab-strip--unread { color: $tab-unread; text-style: bold; }
        & > .tab-strip--queued { color: $chat-dim; text-style: none; }
        & > .tab-strip--mark { color: $tab-active; text-style: bold; }
        & > .tab-strip--new { color: $tab-active; text-style: bold; }
        & > .tab-strip--brand { color: $chat-dim; }
        &:ansi > .tab-strip--active { text-style: bold reverse; }
    }
    """

    ALLOW_SELECT = False

    tabs: reactive[tuple[TabItem, ...]] = reactive(())
    active: reactive[str] = reactive("")
    brand: reactive[str] = reactive("")

    class _OfTab(Message):
        """What a click on a tab means; the two kinds share no handler."""

        def __init__(self, tab_strip: TabStrip, session_id: str) -> None:
            super().__init__()
            self.tab_strip = tab_strip
            self.session_id = session_id

        @property
        def control(self) -> TabStrip:
            """The strip that was clicked."""
            return self.tab_strip

    class TabClicked(_OfTab):
        """The person asks for a session."""

    class CloseClicked(_OfTab):
        """The person asks to close a session's tab."""

    class TabDropped(Message):
        """The person dragged a tab to the place of another one."""

        def __init__(self, tab_strip: TabStrip, session_id: str, before_id: str) -> None:
            super().__init__()
            self.tab_strip = tab_strip
            self.session_id = session_id
            self.before_id = before_id

        @property
        def control(self) -> TabStrip:
            """The strip in which it happened."""
            return self.tab_strip

    class NewClicked(Message):
        """The person asks for a new session."""

        def __init__(self, tab_strip: TabStrip) -> None:
            super().__init__()
            self.tab_strip = tab_strip

        @property
        def control(self) -> TabStrip:
            """The strip that was clicked."""
            return self.tab_strip

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._row: TabLayout | None = None
        self._first = 0
        self._follow = True
        self._pressed = ""

    def watch_tabs(self) -> None:
        """Lay out again; titles and states changed."""
        self._row = None

    def watch_brand(self) -> None:
        """Lay out again; the text at the right changed."""
        self._row = None

    def watch_active(self) -> None:
        """Lay out again and show the tab that became active."""
        self._show_from(self._first, follow=True)

    def _on_resize(self, event: events.Resize) -> None:
        self._show_from(self._first, follow=True)

    def render_line(self, y: int) -> Strip:
        """Render the row; every line after the first is empty."""
        style = self.rich_style
        if y > 0:
            return Strip.blank(self.size.width, style)
        segments = [Segment(run.text, self._run_style(run)) for run in self._current_layout().runs if run.text]
        return Strip(segments).adjust_cell_length(self.size.width, style)

    def _current_layout(self) -> TabLayout:
        if self._row is None:
            self._row = layout_tabs(
                self.tabs, self.active, self.size.width, brand=self.brand, first=self._first, follow=self._follow
            )
            self._first = self._row.first
        return self._row

    def _run_style(self, run: TabRun) -> Style:
        base = self.get_component_rich_style("tab-strip--active") if run.active else self.rich_style
        # On the terminal's own palette the active tab is in reverse, where a coloured glyph would be a coloured block.
        if run.role == "gap" or base.reverse or (run.active and run.role in ("title", "index")):
            return base
        return base + self.get_component_rich_style(f"tab-strip--{run.role.replace('_', '-')}", partial=True)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Remember which tab was pressed; released on another one, it is moved there."""
        target = self._current_layout().target_at(event.x)
        self._pressed = target.session_id if target is not None else ""

    def on_click(self, event: events.Click) -> None:
        """Turn a click into the message its place stands for."""
        event.stop()
        pressed, self._pressed = self._pressed, ""
        released = self._current_layout().target_at(event.x)
        if pressed and released is not None and released.session_id not in ("", pressed):
            self.post_message(self.TabDropped(self, pressed, released.session_id))
            return
        match self._current_layout().target_at(event.x):
            case TabTarget(kind="session", session_id=session_id) if event.button == 2:
                self.post_message(self.CloseClicked(self, session_id))
            case TabTarget(kind="session", session_id=session_id):
                self.post_message(self.TabClicked(self, session_id))
            case TabTarget(kind="new"):
                self.post_message(self.NewClicked(self))
            case TabTarget(kind="earlier"):
                shown = self._current_layout()
                self._show_from(shown.first - max(shown.end - shown.first - 1, 1))
            case TabTarget(kind="later"):
                self._show_from(self._current_layout().end - 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Look one tab further to the right."""
        event.stop()
        self._show_from(self._current_layout().first + 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Look one tab further to the left."""
        event.stop()
        self._show_from(self._current_layout().first - 1)

    def _show_from(self, first: int, *, follow: bool = False) -> None:
        self._first = max(first, 0)
        self._follow = follow
        self._row = None
        self.refresh()
