"""Selected text: two ends that hold on to their words while the transcript grows under them.

Textual's own selection asks a widget what stands under the mouse, counts wide characters one code point at a time, and
takes everything to the end of the widget when a drag leaves it. Here an end is a character of a row, and a drag that
leaves the view scrolls it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rich.cells import split_graphemes
from textual.geometry import Offset
from textual.selection import Selection

from hector_tui.ui.transcript.blocks import Stop
from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.flow import Place
from hector_tui.ui.transcript.lines import Line

_WORD = re.compile(r"\w+|[^\w\s]+|\s+")


class Caret(NamedTuple):
    """A character of a row. Carets sort as text is read."""

    place: Place
    at: int
    """Counted in the row's text, gutter included."""


class Range(NamedTuple):
    """What is selected: from where the person began to where they are now; either may come first."""

    anchor: Caret
    head: Caret

    @property
    def ordered(self) -> tuple[Caret, Caret]:
        """The first caret and the last."""
        return (self.anchor, self.head) if self.anchor <= self.head else (self.head, self.anchor)

    def selection(self, document: TranscriptDocument) -> Selection:
        """As Textual keeps it: the character under either end belongs to it."""
        first, last = self.ordered
        line = document.line_at(last.place)
        end = last.at if line is None else after_character(line.text, last.at)
        return Selection(Offset(first.at, first.place.key()), Offset(end, last.place.key()))

    def settled(self, document: TranscriptDocument) -> Range:
        """The same text after parts of an answer were cut anew."""
        return Range(
            self.anchor._replace(place=document.settled(self.anchor.place)),
            self.head._replace(place=document.settled(self.head.place)),
        )


def index_at(text: str, cell: int) -> int:
    """The first code point of the character that covers a cell; the length of the text beyond its end."""
    used = 0
    for start, _, cells in split_graphemes(text)[0]:
        used += cells
        if cell < used:
            return start
    return len(text)


def after_character(text: str, index: int) -> int:
    """Where the character that holds a code point ends."""
    if index >= len(text):
        return len(text)
    return next((end for start, end, _ in split_graphemes(text)[0] if start <= index < end), index + 1)


def before_character(text: str, index: int) -> int:
    """Where the character before a place begins."""
    return max((start for start, end, _ in split_graphemes(text)[0] if end <= index), default=0)


def word_at(place: Place, line: Line, index: int) -> Range | None:
    """The word, the signs or the blanks around a character; None in the gutter and after the end."""
    for found in _WORD.finditer(line.text, line.decoration, line.decoration + len(line.said)):
        if found.start() <= index < found.end():
            return Range(Caret(place, found.start()), Caret(place, found.end() - 1))
    return None


def row_ends(place: Place, line: Line) -> tuple[Caret, Caret]:
    """The first and the last character of a row that are the author's."""
    return Caret(place, line.decoration), Caret(place, max(line.decoration, line.decoration + len(line.said) - 1))


def part_range(document: TranscriptDocument, place: Place) -> Range | None:
    """The paragraph, the code or whatever else a row belongs to, whole."""
    lines = document.lines_of(place)
    first = next((index for index, line in enumerate(lines) if line.said), None)
    if first is None:
        return None
    last = len(lines) - 1
    return Range(
        row_ends(place._replace(line=first), lines[first])[0], row_ends(place._replace(line=last), lines[last])[1]
    )


def stop_range(document: TranscriptDocument, stop: Stop) -> Range | None:
    """The text of a block, whole; None when it has none yet."""
    start, end = stop.span(document.order(stop.entry))
    first = document.settled(start)
    # The end is a place after the last row, and may be one that does not exist.
    last = document.row_beside(document.settled(end), -1) if document.settled(end) > first else first
    while last > first and _is_blank(document, last):
        last = document.row_beside(last, -1)
    while first < last and _is_blank(document, first):
        first = document.row_beside(first, 1)
    first_line, last_line = document.line_at(first), document.line_at(last)
    if first_line is None or last_line is None:
        return None
    return Range(row_ends(first, first_line)[0], row_ends(last, last_line)[1])


def _is_blank(document: TranscriptDocument, place: Place) -> bool:
    line = document.line_at(place)
    return line is None or not line.said


def moved(document: TranscriptDocument, selected: Range, where: str, rows: int) -> Range:
    """A selection extended by a key.

    Args:
        document: The text.
        selected: What is selected now.
        where: `left`, `right`, `home`, `end`, `up` or `down`.
        rows: How many rows `up` and `down` mean.
    """
    anchor, head = selected
    line = document.line_at(head.place)
    if line is None:
        return selected
    first, last = row_ends(head.place, line)
    match where:
        case "left":
            index = before_character(line.text, head.at)
            head = head._replace(at=index) if index >= first.at else _row_end(document, head.place, -1, first)
        case "right":
            index = after_character(line.text, head.at)
            head = head._replace(at=index) if index <= last.at else _row_start(document, head.place, last)
        case "home":
            head = first
        case "end":
            head = last
        case _:
            place = document.row_beside(head.place, rows if where == "down" else -rows)
            return _to_row(document, anchor, place)
    return Range(anchor, head)


def _row_end(document: TranscriptDocument, place: Place, by: int, stay: Caret) -> Caret:
    beside = document.row_beside(place, by)
    line = document.line_at(beside)
    return stay if line is None or beside == place else row_ends(beside, line)[1]


def _row_start(document: TranscriptDocument, place: Place, stay: Caret) -> Caret:
    beside = document.row_beside(place, 1)
    line = document.line_at(beside)
    return stay if line is None or beside == place else row_ends(beside, line)[0]


def _to_row(document: TranscriptDocument, anchor: Caret, place: Place) -> Range:
    """Up and down take whole rows: nobody counts the cells of a column that has no cursor in it."""
    line, anchor_line = document.line_at(place), document.line_at(anchor.place)
    if line is None or anchor_line is None:
        return Range(anchor, anchor)
    begin, finish = row_ends(anchor.place, anchor_line)
    start, end = row_ends(place, line)
    if place >= anchor.place:
        return Range(begin if anchor == finish else anchor, end)
    return Range(finish if anchor == begin else anchor, start)
