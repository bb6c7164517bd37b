"""The rows of a document, wherever they stand: for copying, selecting and searching, which look beyond the view."""

from __future__ import annotations

from collections.abc import Sequence

from hector_tui.ui.transcript.entries import Entry
from hector_tui.ui.transcript.flow import GAP, Budget, Flow, Place, Slot
from hector_tui.ui.transcript.lines import Line


class DocumentRows:
    """Answers questions about rows; what was not rendered is rendered for it, and forgotten again later."""

    def __init__(self) -> None:
        self._flow = Flow()
        self._by_id: dict[str, Slot] = {}

    def order(self, entry: Entry) -> int:
        """The entry's number, as places count them."""
        return self._by_id[entry.id].order

    def holds(self, entry: Entry) -> bool:
        """Whether an entry is still here."""
        slot = self._by_id.get(entry.id)
        return slot is not None and slot.entry is entry

    def lines_of(self, place: Place) -> Sequence[Line]:
        """The rows of the part a place is in, rendered if need be."""
        return self._flow.lines(place, Budget())

    def parsed_to(self, entry: Entry, text: int, offset: int) -> int:
        """The part that shows a character of one of an entry's searchable texts, parsed as far as that."""
        slot = self._by_id[entry.id]
        self._flow.ready(slot, Budget())
        while entry.behind and entry.part_at(text, offset) >= len(entry.parts) - 1:
            self._flow.ready(slot, Budget())
        return entry.part_at(text, offset)

    def settled(self, place: Place) -> Place:
        """The place a row has now: while an answer grows, one part may become several."""
        if self._flow.index(place.order) not in range(len(self._flow.slots)):
            return place
        return self._flow.place_below(place, 0, Budget()) or place

    def row_beside(self, place: Place, rows: int) -> Place:
        """The row so many rows below a place, or above it; the last or the first one when there are not so many."""
        if rows < 0:
            return self._flow.place_above(place, -rows, Budget())
        below = self._flow.place_below(place, rows, Budget())
        while below is None and rows > 0:
            rows -= 1
            below = self._flow.place_below(place, rows, Budget())
        return below or place

    def line_at(self, place: Place) -> Line | None:
        """The row at a place; None when there is none."""
        lines = self.lines_of(place)
        return lines[place.line] if 0 <= place.line < len(lines) else None

    def text_between(self, start: tuple[Place, int] | None, end: tuple[Place, int] | None) -> str:
        """The text of a selection, rows that were wrapped joined again.

        Args:
            start: Its first row, and the character of that row it starts with; None for the first of all.
            end: Its last row, and the character it ends before; None for the end of all.
        """
        if not self._flow.slots:
            return ""
        first_place = self._flow.start() if start is None else self.settled(start[0])
        last_place = Place(self._flow.slots[-1].order + 1, GAP, 0) if end is None else self.settled(end[0])
        copied: list[str] = []
        for row in self._flow.walk(first_place, last_place):
            said, decoration = row.line.said, row.line.decoration
            first = max(0, start[1] - decoration) if start is not None and row.place == first_place else 0
            last = max(0, end[1] - decoration) if end is not None and row.place == last_place else None
            copied.append(said[first:last])
            copied.append(row.line.joint if row.line.wraps else "\n")
        return "".join(copied).rstrip("\n")
