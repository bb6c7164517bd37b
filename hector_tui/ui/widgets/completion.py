"""The popup that lists what the word at the cursor could become."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from hector_tui.ui.completion.suggestion import Suggestion
from hector_tui.ui.text import shorten

MAX_ROWS = 8
"""Rows shown at once; the rest comes by moving."""
_LEAST_DETAIL = 16
"""Cells a meaning needs to be worth its place."""


class CompletionPopup(Widget, can_focus=False):
    """A list with one chosen row, which stays as wide as its parent and as high as it has rows.

    It shows what it is told and moves what is chosen; keys belong to whoever has the focus.

    Attributes:
        choose: Called with a row that was clicked.
    """

    DEFAULT_CSS = """
    CompletionPopup {
        display: none;
        height: auto;
        padding: 0 1;
        background: $panel;
        color: $foreground;

        & .completion--chosen { background: $primary-muted; color: $text-primary; text-style: bold; }
        &:ansi .completion--chosen { background: $block-cursor-background; color: $block-cursor-foreground; }
        & .completion--matched { text-style: underline; }
        & .completion--dim { color: $text-muted; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"completion--chosen", "completion--matched", "completion--dim"}

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.choose: Callable[[Suggestion], None] = lambda suggestion: None
        self._rows: tuple[Suggestion, ...] = ()
        self._chosen: int | None = None
        self._first = 0

    @property
    def rows(self) -> tuple[Suggestion, ...]:
        """All rows, in and out of sight."""
        return self._rows

    @property
    def chosen(self) -> Suggestion | None:
        """The chosen row."""
        return self._rows[self._chosen] if self._chosen is not None else None

    def show(self, rows: Sequence[Suggestion], chosen: int | None) -> None:
        """Show these rows; a row that was chosen before and is still there stays chosen.

        Args:
            rows: What can be chosen; nothing closes the popup.
            chosen: The place of the chosen row from 0 unless one was chosen by hand; None for none.
        """
        by_hand = self.chosen if self._chosen else None
        as_high = min(len(rows), MAX_ROWS) == min(len(self._rows), MAX_ROWS)
        self._rows = tuple(rows)
        places = {row.insert: place for place, row in enumerate(self._rows)}
        self._chosen = (places.get(by_hand.insert, chosen) if by_hand is not None else chosen) if rows else None
        self._first = 0
        self._keep_in_sight()
        self.display = bool(rows)
        if rows:
            self.refresh(layout=not as_high)

    def move(self, by: int) -> None:
        """Choose the row so many places below, around the end."""
        if self._rows:
            from_place = self._chosen if self._chosen is not None else (-1 if by > 0 else 0)
            self._chosen = (from_place + by) % len(self._rows)
            self._keep_in_sight()
            self.refresh()

    def rise(self, rows: int) -> None:
        """Stay so many rows above the end of the parent."""
        if self.styles.offset.y.value != -rows:
            self.styles.offset = (0, -rows)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as there are, within reason."""
        return min(len(self._rows), self._most_rows)

    def render(self) -> Content:
        """The rows in sight."""
        shown = self._rows[self._first : self._first + self._most_rows]
        width = self.content_size.width
        if not shown or width < 1:
            return Content("")
        names = max(cell_len(row.label) + (1 + cell_len(row.hint) if row.hint else 0) for row in shown)
        names = min(names, max(12, width * 6 // 10), width - 2)
        lines = [
            self._line(row, width, names, chosen=self._first + place == self._chosen) for place, row in enumerate(shown)
        ]
        return Content("\n").join(lines)

    def on_click(self, event: events.Click) -> None:
        """Choose the clicked row."""
        event.stop()
        place = self._first + event.get_content_offset_capture(self).y
        if 0 <= place < len(self._rows):
            self.choose(self._rows[place])

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Choose the row below."""
        event.stop()
        self.move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Choose the row above."""
        event.stop()
        self.move(-1)

    @property
    def _most_rows(self) -> int:
        # A short terminal keeps at least two rows of what is being talked about.
        return max(2, min(MAX_ROWS, self.app.size.height - 6))

    def _keep_in_sight(self) -> None:
        if self._chosen is not None:
            most = self._most_rows if self.is_attached else MAX_ROWS
            self._first = max(0, min(self._first, self._chosen), self._chosen - most + 1)

    def _line(self, row: Suggestion, width: int, names: int, *, chosen: bool) -> Content:
        """One row: mark, label with its hint, meaning, and at the right end what stands aside."""
        dim = "" if chosen else self.get_visual_style("completion--dim", partial=True)
        label = shorten(row.label, names)
        matched = self.get_visual_style("completion--matched", partial=True)
        name = Content(label)
        for place in row.matched:
            if place < len(label):
                name = name.stylize(matched, place, place + 1)
        room = names - cell_len(label) - 1
        if row.hint and room > 1:
            name += Content.styled(" " + shorten(row.hint, room), dim)
        line = Content.assemble("▸ " if chosen else "  ", name)
        aside = shorten(row.aside, max(0, width - line.cell_length - 2))
        detail_room = width - names - 4 - (cell_len(aside) + 2 if aside else 0)
        if row.detail and detail_room >= _LEAST_DETAIL:
            gap = " " * (names + 4 - line.cell_length)
            line += Content.styled(gap + shorten(row.detail, detail_room), dim)
        if aside:
            line += Content.styled(" " * (width - line.cell_length - cell_len(aside)) + aside, dim)
        line = line.pad_right(max(0, width - line.cell_length))
        return line.stylize_before(self.get_visual_style("completion--chosen")) if chosen else line
