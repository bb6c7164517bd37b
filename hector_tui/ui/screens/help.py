"""The help screen: every key that does something right now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, Vertical, VerticalScroll
from textual.widgets import Static

from hector_tui.ui.screens.dialog import Dialog
from hector_tui.ui.text import clean_line

_KEY_COLUMN = 18
"""The widest the column of keys gets, in cells; longer ones wrap."""


@dataclass(frozen=True, slots=True)
class HelpGroup:
    """Keys that belong together.

    Attributes:
        rows: Keys as a person reads them, such as `ctrl+j`, and what they do.
    """

    title: str
    rows: tuple[tuple[str, str], ...]


class HelpScreen(Dialog[None]):
    """Lists keys in groups; scrolls.

    Args:
        groups: What is listed, in order; groups without rows are left out.
        title: The heading.
    """

    AUTO_FOCUS = "VerticalScroll"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,f1,question_mark", "leave", "Leave", show=False, id="help.leave")
    ]

    def __init__(self, groups: Sequence[HelpGroup], *, title: str = "Keys") -> None:
        super().__init__()
        self._groups = [group for group in groups if group.rows]
        self._title = title

    def compose(self) -> ComposeResult:
        """The groups, one below the other."""
        with Vertical(classes="dialog -tall"):
            yield Static(clean_line(self._title), classes="dialog-title", markup=False)
            with VerticalScroll(classes="help-groups"):
                for group in self._groups:
                    yield Static(clean_line(group.title), classes="help-title", markup=False)
                    with Grid(classes="help-rows") as rows:
                        rows.styles.grid_columns = f"{self._key_width() + 2} 1fr"
                        for keys, description in group.rows:
                            yield Static(clean_line(keys), classes="help-keys", markup=False)
                            yield Static(clean_line(description), markup=False)
            keys = self.key_line(("↑ ↓", "scroll"), ("dialog.leave", "leave"))
            yield Static(keys, classes="dialog-keys", markup=False)

    def _key_width(self) -> int:
        widths = [cell_len(clean_line(keys)) for group in self._groups for keys, _ in group.rows]
        return min(max(widths, default=0), _KEY_COLUMN, self.app.size.width // 3)
