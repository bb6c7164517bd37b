"""One session's transcript: its entries, and the reader's place among them.

Nothing is rendered until it stands in view, so a document of ten thousand entries opens as fast as one of ten, and a
hidden one costs nothing. The reader's place is *this row of this part of this entry*, never a distance from the top:
heights above may be guesses, and be corrected, without the text in view moving by a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from hector_tui.ui.transcript.entries import AnswerEntry, Entry
from hector_tui.ui.transcript.flow import GAP, Budget, Flow, Place, Row, Slot
from hector_tui.ui.transcript.styles import TranscriptStyles

STEP = 3
"""Rows the view moves at once while it follows a growing answer. Text that stands still can be read, and every move
writes the whole screen: with one row at a time that is most of what goes to the terminal."""


class View(NamedTuple):
    """What stands in view."""

    rows: list[Row]
    at_end: bool
    """Whether the last row of the document is in view."""


class TranscriptDocument:
    """The entries of one session, in order.

    Args:
        entries: What is there from the start.
        has_older: There are older entries that can be asked for.

    Raises:
        ValueError: Two entries have the same id.
    """

    def __init__(self, entries: Sequence[Entry] = (), *, has_older: bool = False) -> None:
        self.has_older = has_older
        self.older_asked = False
        """Older entries were asked for and have not come yet."""
        self.following = True
        """The view stays at the end while the document grows."""
        self.new_below = False
        """Something was added since the reader left the end."""
        self.cursor: Entry | None = None
        """The entry the block cursor stands on."""
        self.on_change: Callable[[], None] | None = None
        """Set by the widget that shows the document."""
        self._flow = Flow()
        self._by_id: dict[str, Slot] = {}
        self._top = Place(0, 0, 0)
        self._followed_height = 0
        """The height for which the top row was chosen while following; 0 when it must be chosen anew."""
        self._top_share: float | None = None
        """After a change of width: how far into its part the top row was, 0 to 1."""
        for entry in entries:
            self._add(entry)

    # Entries

    def __len__(self) -> int:
        return len(self._flow.slots)

    @property
    def entries(self) -> list[Entry]:
        """All entries, the oldest first."""
        return [slot.entry for slot in self._flow.slots]

    @property
    def rendered_parts(self) -> int:
        """How often a part of an entry was rendered so far: work, for tests and benchmarks."""
        return self._flow.rendered_parts

    def entry(self, entry_id: str) -> Entry:
        """The entry of that name.

        Raises:
            KeyError: There is none.
        """
        return self._by_id[entry_id].entry

    def append(self, entry: Entry) -> None:
        """Add an entry at the end.

        Raises:
            ValueError: Its id is taken.
        """
        self._add(entry)
        self._grown()

    def insert_before(self, entries: Sequence[Entry], *, has_older: bool = False) -> None:
        """Add a page of older entries at the top; what stands in view does not move.

        Args:
            entries: The page, its oldest entry first.
            has_older: There is yet another page.

        Raises:
            ValueError: An id is taken.
        """
        self._check_new(entries)
        self.has_older = has_older
        self.older_asked = False
        for slot in self._flow.insert_before(entries):
            self._adopt(slot)
        self._notify()

    def remove(self, entry_id: str) -> None:
        """Take an entry out.

        Raises:
            KeyError: There is none of that name.
        """
        slot = self._by_id.pop(entry_id)
        slot.entry.on_change = None
        self._flow.remove(slot)
        if self._top.order == slot.order:
            self._top = Place(slot.order, GAP, 0)
        elif self._top.order > slot.order:
            self._top = self._top._replace(order=self._top.order - 1)
        if self.cursor is slot.entry:
            self.cursor = None
        self._notify()

    def last_answer_text(self) -> str:
        """The Markdown of the last answer; empty when there is none."""
        for slot in reversed(self._flow.slots):
            if isinstance(slot.entry, AnswerEntry) and slot.entry.text:
                return slot.entry.text
        return ""

    def _check_new(self, entries: Sequence[Entry]) -> None:
        seen = set(self._by_id)
        for entry in entries:
            if entry.id in seen:
                raise ValueError(f"the transcript already has an entry {entry.id!r}")
            seen.add(entry.id)

    def _add(self, entry: Entry) -> None:
        self._check_new([entry])
        self._adopt(self._flow.append(entry))

    def _adopt(self, slot: Slot) -> None:
        self._by_id[slot.entry.id] = slot
        slot.entry.on_change = self._entry_changed

    def _entry_changed(self, entry: Entry, first: int) -> None:
        slot = self._by_id[entry.id]
        if slot.heights is not None and not entry.behind:
            self._flow.sync(slot, first)
        self._grown()

    def _grown(self) -> None:
        if not self.following:
            self.new_below = True
        self._notify()

    def _notify(self) -> None:
        if self.on_change is not None:
            self.on_change()

    # The view

    def set_layout(self, styles: TranscriptStyles, width: int) -> None:
        """Say what the document is rendered for. What was rendered for something else is forgotten.

        Args:
            styles: The theme.
            width: Cells of the text column.
        """
        lines = None if self.following else self._flow.known_lines(self._top)
        if self._flow.set_layout(styles, width):
            self._followed_height = 0
            if lines:
                self._top_share = self._top.line / len(lines)

    def view(self, height: int) -> View:
        """The rows in view, from the reader's place on or up to the end.

        Args:
            height: Rows there is room for.
        """
        if not self._flow.slots or self._flow.layout is None or height < 1:
            return View([], True)
        budget = Budget()
        if not self.following:
            self._settle_top(budget)
            rows = self._flow.rows_down(self._top, height, budget)
            if len(rows) == height:
                self._top = rows[0].place
                self.following = self._flow.place_below(rows[-1].place, 1, budget) is None
                self._followed_height = height if self.following else 0
                self.new_below = self.new_below and not self.following
                return View(rows, self.following)
            # The document ends within the view: stand at its end instead.
            self.following = True
            self._followed_height = 0
        self.new_below = False
        return View(self._followed_rows(height, budget), True)

    def _followed_rows(self, height: int, budget: Budget) -> list[Row]:
        """The last rows; the top one stays for a few rows of growth before the view moves on."""
        step = min(STEP, height // 8)
        room = height
        if self._followed_height == height:
            self._settle_top(budget)
            rows = self._flow.rows_down(self._top, height + 1, budget)
            if height - step <= len(rows) <= height:
                return rows
            if len(rows) > height and self._flow.slots[-1].entry.growing:
                room = height - step
        rows = self._flow.rows_up(room, budget)
        self._followed_height = height
        if rows:
            self._top = rows[0].place
        return rows

    @property
    def behind(self) -> bool:
        """Whether the end, which is followed, has text that is not parsed yet: ask for the view again soon."""
        return self.following and bool(self._flow.slots) and self._flow.slots[-1].entry.behind

    @property
    def total_rows(self) -> int:
        """Rows of the whole document; those never rendered are guessed."""
        return self._flow.heights.total

    def top_row(self) -> int:
        """How many rows stand above the view; those never rendered are guessed."""
        return self._flow.row_of(self._top) if self._flow.slots else 0

    def scroll(self, rows: int) -> None:
        """Move the view by so many rows; negative is up. It stops at either end."""
        if not self._flow.slots or not rows:
            return
        if rows < 0:
            self.following = False
            self._top = self._flow.place_above(self._top, -rows, Budget())
        elif not self.following:
            place = self._flow.place_below(self._top, rows, Budget())
            self.following = place is None
            self._top = place or self._top

    def scroll_to(self, row: int) -> None:
        """Move the view to a row counted from the top, as the scrollbar counts them."""
        if self._flow.slots:
            self.following = False
            self._top = self._flow.place_of(row)

    def scroll_home(self) -> None:
        """Move the view to the first row."""
        if self._flow.slots:
            self.following = False
            self._top = self._flow.start()

    def scroll_end(self) -> None:
        """Move the view to the end, and stay there."""
        self.following = True
        self._followed_height = 0
        self.new_below = False

    def hold(self) -> None:
        """Keep the top row where it is, whatever grows below; the view follows again if the end stays in it."""
        self.following = False

    def reveal(self, entry: Entry, height: int) -> None:
        """Move the view so that an entry's first row stands in it."""
        first = Place(self._by_id[entry.id].order, 0, 0)
        rows = self.view(height).rows
        if any(row.place == first for row in rows):
            return
        self.following = False
        above = bool(rows) and first < rows[0].place
        self._top = first if above else self._flow.place_above(first, max(0, height // 2), Budget())

    def move_cursor(self, step: int, height: int) -> None:
        """Move the block cursor to the next entry (1) or the one before (-1), starting at the last one in view."""
        slots = self._flow.slots
        if not slots:
            return
        if self.cursor is None:
            rows = self.view(height).rows
            index = self._flow.index(rows[-1].place.order) if rows else len(slots) - 1
        else:
            index = self._flow.index(self._by_id[self.cursor.id].order) + step
        self.cursor = slots[max(0, min(index, len(slots) - 1))].entry
        self.reveal(self.cursor, height)

    def release(self) -> None:
        """Forget what can be rendered again; the reader's place stays. For a session that is hidden."""
        self._flow.forget()

    def text_between(self, start: tuple[Place, int] | None, end: tuple[Place, int] | None) -> str:
        """The text of a selection, rows that were wrapped joined again.

        Args:
            start: Its first row, and the character of that row it starts with; None for the first of all.
            end: Its last row, and the character it ends before; None for the end of all.
        """
        if not self._flow.slots:
            return ""
        first_place = self._flow.start() if start is None else start[0]
        last_place = Place(self._flow.slots[-1].order + 1, GAP, 0) if end is None else end[0]
        copied: list[str] = []
        for row in self._flow.walk(first_place, last_place):
            first = start[1] if start is not None and row.place == start[0] else 0
            last = end[1] if end is not None and row.place == end[0] else None
            text = row.line.text[max(first, row.line.decoration) : last]
            copied += (text, row.line.joint) if row.line.wraps else (text.rstrip(), "\n")
        return "".join(copied).rstrip("\n")

    def _settle_top(self, budget: Budget) -> None:
        """Make the reader's place one that exists: entries may have gone, parts may have been cut in two."""
        last = self._flow.slots[-1].order
        if not self._flow.first_order <= self._top.order <= last:
            self._top = Place(max(self._flow.first_order, min(self._top.order, last)), GAP, 0)
        if self._top_share is not None:
            lines = self._flow.lines(self._top, budget)
            self._top = self._top._replace(line=int(self._top_share * len(lines)))
            self._top_share = None
        # None is a top beyond the end; then there are too few rows below it, and the view goes to the end.
        self._top = self._flow.place_below(self._top, 0, budget) or self._top
