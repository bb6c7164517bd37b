"""The row that says which files will go with the message."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from hector_tui.ui.attachments import Chip
from hector_tui.ui.text import clean_line

_NAME_CELLS = 40


class AttachmentRow(Static):
    """Names the files of a draft; takes no room while there are none."""

    DEFAULT_CSS = """
    AttachmentRow {
        display: none;
        height: auto;
        max-height: 3;
        padding: 0 2;
        color: $text-muted;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._chips: tuple[Chip, ...] = ()

    def show(self, chips: Sequence[Chip]) -> None:
        """Show these files."""
        if tuple(chips) == self._chips:
            return
        self._chips = tuple(chips)
        self.display = bool(chips)
        self.update(Content("   ").join([_chip(chip) for chip in chips]))


def _chip(chip: Chip) -> Content:
    mark = "✗" if chip.is_refused else "⊕" if chip.is_attached else "·"
    style = "$text-error" if chip.is_refused else "$text-primary" if chip.is_attached else "$text-muted"
    return Content.assemble(
        (f"{mark} ", style), (clean_line(chip.name, _NAME_CELLS), style), " ", clean_line(chip.detail, 120)
    )
