"""The list of keys after the leader key; the next key decides."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from hector_tui.ui.screens.dialog import Dialog

_PATIENCE_S = 4.0
"""Seconds the list waits for a key before it goes away."""


class LeaderScreen(Dialog[str]):
    """Waits for one key; the answer is its name, or None when none came.

    Args:
        rows: Keys with what they do.
    """

    DEFAULT_CSS = """
    LeaderScreen {
        align: center bottom;
        background: transparent;
        & > Static {
            width: 100%;
            height: auto;
            max-height: 80%;
            padding: 1 2;
            background: $panel;
            border-top: hkey $primary;
        }
    }
    """

    def __init__(self, rows: tuple[tuple[str, str], ...]) -> None:
        super().__init__()
        self._rows = rows

    def compose(self) -> ComposeResult:
        """The keys in as many columns as fit."""
        columns = max(1, (self.app.size.width - 4) // 34)
        height = -(-len(self._rows) // columns)
        lines = []
        for row in range(height):
            cells = self._rows[row::height]
            lines.append(
                Content.assemble(
                    *(
                        part
                        for key, title in cells
                        for part in ((f"{key:>4} ", "$text-primary bold"), f"{title[:27]:<29}")
                    )
                )
            )
        yield Static(Content("\n").join(lines), markup=False)

    def on_mount(self) -> None:
        """Do not wait for ever."""
        self.set_timer(_PATIENCE_S, self.action_leave)

    def on_key(self, event: events.Key) -> None:
        """The next key is the answer, whatever it is."""
        event.stop()
        event.prevent_default()
        self.answer(None if event.key == "escape" else event.character or event.key)
