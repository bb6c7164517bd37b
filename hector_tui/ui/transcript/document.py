"""One session's transcript: its entries, and the reader's place among them.

Nothing is rendered until it stands in view, so a document of ten thousand entries opens as fast as one of ten, and a
hidden one costs nothing. The reader's place is *this row of this part of this entry*, never a distance from the top:
heights above may be guesses, and be corrected, without the text in view moving by a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from hector_tui.ui.transcript.blocks import Stop, grown
from hector_tui.ui.transcript.entries import AnswerEntry, Entry
from hector_tui.ui.transcript.flow import GAP, Budget, Place, Row, Slot
from hector_tui.ui.transcript.rows import DocumentRows
from hector_tui.ui.transcript.styles import TranscriptStyles
from hector_tui.ui.transcript.walking import next_question, next_stop

STEP = 3
"""Rows the view moves at once while it follows a growing answer. Text that stands still can be read, and every move
writes the whole screen: with one row at a time that is most of what goes to the terminal."""


class View(NamedTuple):
    """What stands in view."""

    rows: list[Row]
    at_end: bool
    """Whether the last row of the document is in view."""


class Bookmark(NamedTuple):
    """A reader's place, to come back to."""

    top: Place
    following: bool


class TranscriptDocument(DocumentRows):
    """The entries of one session, in order.

    Args:
        entries: What is there from the start.
        has_older: There are older entries that can be asked for.

    Raises:
        ValueError: Two entries have the same id.
    """

    def __init__(self, entries: Sequence[Entry] = (), *, has_older: bool = False) -> None:
        super().__init__()
        self.has_older = has_older
        self.older_asked = False
        """Older entries were asked for and have not come yet."""
        self.following = True
        """The view stays at the end while the document grows."""
        self.new_below = False
        """Something was added since the reader left the end."""
        self.stop: Stop | None = None
        """What the block cursor stands on."""
        self.pinned = False
        """The view does not begin to follow when the end comes into it: somebody selects text, or looks for some."""
        self.on_change: Callable[[], None] | None = None
        """Set by the widget that shows the document."""
        self._on_entry_change = self._entry_changed
        """One bound method for all entries; each mention of it would make another, of 64 bytes."""
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
            self.stop = None
        self._notify()

    def last_answer(self) -> AnswerEntry | None:
        """The last answer in which anything was said."""
        for slot in reversed(self._flow.slots):
            if isinstance(slot.entry, AnswerEntry) and slot.entry.text:
                return slot.entry
        return None

    def last_answer_text(self) -> str:
        """The Markdown of the last answer; empty when there is none."""
        answer = self.last_answer()
        return "" if answer is None else answer.text

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
        slot.entry.on_change = self._on_entry_change

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
            if self.pinned and len(rows) < height:
                # The end is in view and there is more room than before: text comes in from above.
                rows = self._flow.rows_up(height, budget)
            if len(rows) == height or (self.pinned and rows):
                self._top = rows[0].place
                at_end = self._flow.place_below(rows[-1].place, 1, budget) is None
                self.following = at_end and not self.pinned
                self._followed_height = height if self.following else 0
                self.new_below = self.new_below and not at_end
                return View(rows, at_end)
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

    def pin(self, pinned: bool) -> None:
        """Keep the view where it is from now on, or let it follow again once the end stands in it."""
        if pinned and not self.pinned:
            self.following = False
        self.pinned = pinned

    def bookmark(self) -> Bookmark:
        """Where the reader is."""
        return Bookmark(self._top, self.following)

    def go_to(self, bookmark: Bookmark) -> None:
        """Go back to where the reader was; the end has moved on for one who followed it."""
        if bookmark.following:
            self.scroll_end()
        elif self._flow.slots:
            self.following = False
            self._top = bookmark.top

    def reveal(self, place: Place, height: int) -> None:
        """Move the view so that a row stands in it, unless it does already."""
        rows = self.view(height).rows
        if any(row.place == place for row in rows):
            return
        self.following = False
        above = bool(rows) and place < rows[0].place
        self._top = self._flow.place_above(place, min(2, height // 4) if above else height // 2, Budget())

    # The block cursor

    @property
    def cursor(self) -> Entry | None:
        """The entry the block cursor stands on, or in."""
        return None if self.stop is None else self.stop.entry

    def move_cursor(self, step: int, height: int) -> None:
        """Move the block cursor to the next stop (1) or the one before (-1), starting at the last entry in view."""
        slots = self._flow.slots
        if not slots:
            return
        if self.stop is None:
            rows = self.view(height).rows
            self.stop = Stop(rows[-1].entry if rows else slots[-1].entry)
        else:
            self.stop = next_stop(self._flow, self._by_id[self.stop.entry.id], self.stop, step)
        self.reveal(Place(self.order(self.stop.entry), max(0, self.stop.first), 0), height)

    def settled_stop(self) -> Stop | None:
        """What the block cursor stands on, as it is now: a block may have grown since."""
        if self.stop is not None:
            self.stop = grown(self.stop)
        return self.stop

    def put_cursor(self, entry: Entry) -> None:
        """Set the block cursor on an entry, without moving the view."""
        self.stop = Stop(entry)

    def go_to_question(self, step: int, height: int) -> bool:
        """Put the next question (1) or the one before (-1) at the top of the view; False when none is loaded there."""
        rows = self.view(height).rows
        if not rows:
            return False
        here = rows[-1].place if self.following and step < 0 else rows[0].place
        if self.stop is not None and any(row.entry is self.stop.entry and row.place.part == 0 for row in rows):
            here = Place(self.order(self.stop.entry), 0, 0)
        if step < 0 and here.part == here.line == 0:
            # A question that begins here already is not the one before.
            here = here._replace(part=GAP)
        slot = next_question(self._flow, here, step)
        if slot is None:
            return False
        self.stop = Stop(slot.entry)
        self.following = False
        self._top = Place(slot.order, 0, 0)
        return True

    def release(self) -> None:
        """Forget what can be rendered again; the reader's place stays. For a session that is hidden."""
        self._flow.forget()

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
