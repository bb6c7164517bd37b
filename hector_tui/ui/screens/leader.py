"""The list of keys after the leader key; the next key decides."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from hector_tui.ui.screens.dialog import Dialog
from hector_tui.ui.text import shorten

_COLUMN = 34
"""Cells a title gets, unless there are so many keys that they need more columns."""
_LEAST_COLUMN = 25
"""The narrowest a column gets; with less room the list scrolls by the arrow keys."""
_SHARE = 0.8
"""Of the screen's height that the list may take."""

_SCROLLS = {"up": -1, "down": 1, "pageup": -8, "pagedown": 8}
"""Rows that keys move the list by."""


class LeaderScreen(Dialog[str]):
    """Waits for one key; the answer is its name, or None when none came.

    Args:
        rows: Keys with what they do.
        wait_s: Seconds the list waits for a key before it goes away.
    """

    DEFAULT_CSS = """
    LeaderScreen {
        align: center bottom;
        background: transparent;
        & > VerticalScroll {
            width: 100%;
            height: auto;
            max-height: 80%;
            padding: 1 2 0 2;
            background: $panel;
            border-top: hkey $primary;
            scrollbar-size-vertical: 1;
        }
        & > .leader-keys { width: 100%; padding: 0 3; background: $panel; color: $text-muted; }
    }
    """

    def __init__(self, rows: tuple[tuple[str, str], ...], *, wait_s: float = 4.0) -> None:
        super().__init__()
        self._rows = rows
        self._wait_s = wait_s
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """The keys in as many columns as fit."""
        width, rows = self.app.size.width - 4, int(self.app.size.height * _SHARE) - 4
        columns = max(1, width // _COLUMN, min(width // _LEAST_COLUMN, -(-len(self._rows) // max(1, rows))))
        title_width = max(1, width // columns - 5)
        height = -(-len(self._rows) // columns)
        lines = []
        for row in range(height):
            cells = self._rows[row::height]
            lines.append(
                Content.assemble(
                    *(
                        part
                        for key, title in cells
                        for part in (
                            (f"{key:>3} ", "$text-primary bold"),
                            f"{shorten(title, title_width):<{title_width + 1}}",
                        )
                    )
                )
            )
        with VerticalScroll(can_focus=False):
            yield Static(Content("\n").join(lines), markup=False)
        keys = self.key_line(("a key", "does it"), ("dialog.leave", "leave"))
        yield Static(keys, classes="leader-keys", markup=False)

    def on_mount(self) -> None:
        """Do not wait for ever."""
        self._wait()

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(self._wait_s, self.action_leave)

    def on_key(self, event: events.Key) -> None:
        """The next key is the answer, unless it scrolls a list that is longer than the screen."""
        event.stop()
        event.prevent_default()
        if rows := _SCROLLS.get(event.key):
            self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)
            # Whoever looks for a key is still there.
            self._wait()
            return
        self.answer(None if event.key == "escape" else event.character or event.key)
