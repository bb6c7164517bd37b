"""Entries laid out under one another: which rows exist, where each part starts, and what is kept rendered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hector_tui.ui.transcript.entries import Entry
from hector_tui.ui.transcript.heights import Heights
from hector_tui.ui.transcript.lines import Line
from hector_tui.ui.transcript.parts import Layout, Part
from hector_tui.ui.transcript.styles import TranscriptStyles

KEPT_LINES = 1_500
"""Rows kept rendered outside the view, about forty screens."""
BUDGET = 8_192
"""Characters parsed for one view; the rest follows in the next ones."""
GAP = -1
"""The part number of the blank row before an entry."""
USUAL_WIDTH = 80
"""Cells a height is guessed for before the first layout is known."""

_PART_BITS, _LINE_BITS = 24, 16


class Place(NamedTuple):
    """A row, by what it belongs to. Places sort as rows stand on the screen."""

    order: int
    """The entry's number: it does not change when older entries come in before it."""
    part: int
    line: int

    def key(self) -> int:
        """One number that sorts like the place; Textual's text selection wants rows to be numbers."""
        return (((self.order << _PART_BITS) + self.part + 1) << _LINE_BITS) + self.line

    @classmethod
    def from_key(cls, key: int) -> Place:
        """The place a key was made of."""
        rest, line = divmod(key, 1 << _LINE_BITS)
        order, part = divmod(rest, 1 << _PART_BITS)
        return cls(order, part - 1, line)


class Row(NamedTuple):
    """A row in view."""

    entry: Entry
    place: Place
    line: Line


class Slot:
    """An entry's place among the others."""

    __slots__ = ("entry", "gap", "heights", "order")

    def __init__(self, entry: Entry, order: int) -> None:
        self.entry = entry
        self.order = order
        self.gap = 0
        """Blank rows before it."""
        self.heights: Heights | None = None
        """Rows of each part; None until the entry comes near the view."""

    def rows(self, width: int) -> int:
        """How many rows it has, or is guessed to have."""
        return self.gap + (self.entry.estimate(width) if self.heights is None else self.heights.total)


class Budget:
    """How much text may still be parsed for one view."""

    __slots__ = ("characters",)

    def __init__(self, characters: int = BUDGET) -> None:
        self.characters = characters


class Flow:
    """The rows of a list of entries, rendered only where somebody looks."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.first_order = 0
        self.heights = Heights()
        self.layout: Layout | None = None
        self.rendered_parts = 0
        """How often a part was rendered: tests count this instead of seconds."""
        self._recent: OrderedDict[Part, int] = OrderedDict()
        self._recent_lines = 0
        self._blank = Line([])

    # Entries

    def index(self, order: int) -> int:
        """Where in the list the entry with this number stands."""
        return order - self.first_order

    def slot(self, place: Place) -> Slot:
        """The slot a place belongs to."""
        return self.slots[place.order - self.first_order]

    def append(self, entry: Entry) -> Slot:
        """Add an entry at the end."""
        slot = Slot(entry, self.first_order + len(self.slots))
        self.slots.append(slot)
        self.heights.append(0)
        self._set_gap(len(self.slots) - 1)
        return slot

    def insert_before(self, entries: Sequence[Entry]) -> list[Slot]:
        """Add entries at the top."""
        self.first_order -= len(entries)
        added = [Slot(entry, self.first_order + index) for index, entry in enumerate(entries)]
        self.slots[:0] = added
        self.heights.insert(0, [0] * len(added))
        # The entry that was the first one gets a blank row before it as well.
        for index in range(min(len(added) + 1, len(self.slots))):
            self._set_gap(index)
        return added

    def remove(self, slot: Slot) -> None:
        """Take an entry out; those after it get new numbers."""
        index = self.index(slot.order)
        del self.slots[index]
        self.heights.remove(index)
        for later in self.slots[index:]:
            later.order -= 1
        if index < len(self.slots):
            self._set_gap(index)
        for part in slot.entry.parts:
            self._recent_lines -= self._recent.pop(part, 0)

    def _set_gap(self, index: int) -> None:
        slot = self.slots[index]
        above = self.slots[index - 1].entry if index else None
        slot.gap = 0 if above is None or (above.compact and slot.entry.compact) else 1
        self._measure(slot)

    def _measure(self, slot: Slot) -> None:
        width = USUAL_WIDTH if self.layout is None else self.layout.width
        self.heights.set(self.index(slot.order), slot.rows(width))

    # Layout

    def set_layout(self, styles: TranscriptStyles, width: int) -> bool:
        """Say what to render for; True when that changed, and everything rendered before is forgotten."""
        layout = self.layout
        if layout is not None and layout.styles is styles and layout.width == width:
            return False
        self.layout = Layout(styles, width)
        self._blank = self.layout.margin().line((), first=True)
        self.forget()
        for slot in self.slots:
            slot.heights = None
        self.heights = Heights(slot.rows(width) for slot in self.slots)
        return True

    def forget(self) -> None:
        """Forget what can be rendered again; heights that are known stay known."""
        for slot in self.slots:
            if slot.heights is not None:
                slot.entry.forget()
        self._recent.clear()
        self._recent_lines = 0

    def lines(self, place: Place, budget: Budget) -> Sequence[Line]:
        """The rows of the part a place is in; rendered if need be, and its height then known."""
        slot = self.slot(place)
        if place.part == GAP:
            return (self._blank,) if slot.gap else ()
        if slot.heights is None or (slot.entry.behind and place.part >= len(slot.entry.parts) - 1):
            self.ready(slot, budget)
        if self.layout is None or place.part >= len(slot.entry.parts):
            return ()
        part = slot.entry.parts[place.part]
        lines = part.known_lines(self.layout)
        if lines is None:
            lines = part.lines(self.layout)
            self.rendered_parts += 1
        self._remember(part, len(lines))
        if slot.heights is not None and slot.heights.set(place.part, len(lines)):
            self._measure(slot)
        return lines

    def known_lines(self, place: Place) -> Sequence[Line] | None:
        """The rows of the part a place is in, if they are known."""
        index = self.index(place.order)
        if self.layout is None or not 0 <= index < len(self.slots):
            return None
        parts = self.slots[index].entry.parts
        return parts[place.part].known_lines(self.layout) if 0 <= place.part < len(parts) else None

    def ready(self, slot: Slot, budget: Budget) -> None:
        """Bring an entry's parts up to date, as far as the budget goes."""
        entry = slot.entry
        if entry.behind and (budget.characters > 0 or slot.heights is None):
            before = entry.parsed_characters
            first = entry.advance(max(1, budget.characters))
            budget.characters -= entry.parsed_characters - before
            self.sync(slot, first)
        elif slot.heights is None:
            self.sync(slot, 0)

    def sync(self, slot: Slot, first: int) -> None:
        """Guess the heights of an entry's parts anew, from the first that changed on."""
        if self.layout is None:
            return
        if slot.heights is None:
            slot.heights, first = Heights(), 0
        slot.heights.truncate(first)
        for part in slot.entry.parts[len(slot.heights) :]:
            known = part.known_lines(self.layout)
            slot.heights.append(part.estimate(self.layout.width) if known is None else len(known))
        self._measure(slot)

    def _remember(self, part: Part, lines: int) -> None:
        self._recent_lines += lines - self._recent.pop(part, 0)
        self._recent[part] = lines
        while self._recent_lines > KEPT_LINES and len(self._recent) > 1:
            oldest, count = self._recent.popitem(last=False)
            self._recent_lines -= count
            oldest.forget()

    # Walking

    def start(self) -> Place:
        """The first row."""
        return Place(self.first_order, 0, 0)

    def next_part(self, place: Place, budget: Budget) -> Place | None:
        """The first row of the part after a place's; None at the end."""
        slot = self.slot(place)
        if place.part + 1 >= len(slot.entry.parts) and slot.entry.behind:
            self.ready(slot, budget)
        if place.part + 1 < len(slot.entry.parts):
            return Place(place.order, place.part + 1, 0)
        following = self.index(place.order) + 1
        if following >= len(self.slots):
            return None
        return Place(place.order + 1, GAP if self.slots[following].gap else 0, 0)

    def part_before(self, place: Place, budget: Budget) -> Place | None:
        """The first row of the part before a place's; None at the start."""
        if place.part > 0 or (place.part == 0 and self.slot(place).gap):
            return Place(place.order, place.part - 1, 0)
        index = self.index(place.order) - 1
        if index < 0:
            return None
        slot = self.slots[index]
        self.ready(slot, budget)
        return Place(slot.order, len(slot.entry.parts) - 1, 0)

    def rows_down(self, place: Place, height: int, budget: Budget) -> list[Row]:
        """So many rows from a place on; fewer when the document ends."""
        rows: list[Row] = []
        here: Place | None = place
        while here is not None and len(rows) < height:
            entry = self.slot(here).entry
            lines = self.lines(here, budget)
            last = min(len(lines), here.line + height - len(rows))
            rows.extend(Row(entry, here._replace(line=index), lines[index]) for index in range(here.line, last))
            here = self.next_part(here, budget)
        return rows

    def rows_up(self, height: int, budget: Budget) -> list[Row]:
        """The last rows of all, found from the end."""
        groups: list[list[Row]] = []
        missing = height
        slot = self.slots[-1]
        self.ready(slot, budget)
        here: Place | None = Place(slot.order, len(slot.entry.parts) - 1, 0)
        while here is not None and missing > 0:
            entry = self.slot(here).entry
            lines = self.lines(here, budget)
            first = max(0, len(lines) - missing)
            groups.append([Row(entry, here._replace(line=index), lines[index]) for index in range(first, len(lines))])
            missing -= len(groups[-1])
            here = self.part_before(here, budget)
        return [row for group in reversed(groups) for row in group]

    def place_above(self, place: Place, rows: int, budget: Budget) -> Place:
        """The row so many rows further up, or the first one."""
        line = place.line - rows
        while line < 0:
            before = self.part_before(place, budget)
            if before is None:
                return place._replace(line=0)
            place = before
            line += len(self.lines(place, budget))
        return place._replace(line=line)

    def place_below(self, place: Place, rows: int, budget: Budget) -> Place | None:
        """The row so many rows further down; None beyond the end."""
        line = place.line + rows
        while line >= (length := len(self.lines(place, budget))):
            following = self.next_part(place, budget)
            if following is None:
                return None
            line -= length
            place = following
        return place._replace(line=line)

    def row_of(self, place: Place) -> int:
        """How many rows stand above a place; those never rendered are guessed."""
        index = self.index(place.order)
        slot = self.slots[index]
        above = self.heights.above(index) + place.line
        if place.part == GAP:
            return above
        return (
            above + slot.gap + (0 if slot.heights is None else slot.heights.above(min(place.part, len(slot.heights))))
        )

    def place_of(self, row: int) -> Place:
        """The place so many rows from the top; the reverse of `row_of`."""
        index, inner = self.heights.locate(max(0, row))
        slot = self.slots[index]
        self.ready(slot, Budget())
        if inner < slot.gap or not slot.heights:
            return Place(slot.order, GAP if slot.gap else 0, 0)
        part, line = slot.heights.locate(inner - slot.gap)
        return Place(slot.order, part, min(line, max(0, slot.heights[part] - 1)))

    def walk(self, start: Place, end: Place) -> Iterator[Row]:
        """Every row from one place to another, both included; renders what was not."""
        place: Place | None = start
        while place is not None and place <= end:
            lines = self.lines(place, Budget())
            entry = self.slot(place).entry
            for index in range(place.line, len(lines)):
                here = place._replace(line=index)
                if here > end:
                    return
                yield Row(entry, here, lines[index])
            place = self.next_part(place, Budget())
