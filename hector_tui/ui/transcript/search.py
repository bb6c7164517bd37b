"""Searching one transcript: every place a text occurs, and which characters of the drawn rows that is.

What is counted is found in the texts as they are stored, because rendering ten thousand messages would take minutes.
The pattern steps over the markup that rendering takes away, so what is counted is what would be drawn. Rows are
searched only when they are drawn, and only once.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import AnswerEntry, Entry, UserEntry
from hector_tui.ui.transcript.flow import Place
from hector_tui.ui.transcript.lines import Line

SLICE_S = 0.008
"""Seconds of searching between two looks at keys and frames."""
RECENT = 40
"""Entries at the end that are looked at again when something changed: only there does anything grow."""
MOST = 20_000
"""Matches that are kept; nobody steps through more, and one letter has that many in a long session."""
_KEPT_PARTS = 256

_EMPHASIS = r"[*_`~]*"
_BREAK = r"(?:[^\S\n]+|[^\S\n]*\n[\s>]*)"


@lru_cache(maxsize=32)
def source_pattern(text: str) -> re.Pattern[str]:
    """Finds a text in Markdown, whatever marks of emphasis stand between its words."""
    words = [_word_in_source(word) for word in text.split()]
    return re.compile(f"{_EMPHASIS}{_BREAK}{_EMPHASIS}".join(words), re.IGNORECASE)


@lru_cache(maxsize=32)
def plain_pattern(text: str) -> re.Pattern[str]:
    """Finds a text in what is drawn."""
    return re.compile(r"\s+".join(re.escape(word) for word in text.split()), re.IGNORECASE)


def _word_in_source(word: str) -> str:
    """A word whose letters stand together; a sign in it may be escaped, and emphasis may begin or end beside it."""
    pattern = ""
    for index, character in enumerate(word):
        beside_sign = index and not (character.isalnum() and word[index - 1].isalnum())
        pattern += (_EMPHASIS if beside_sign else "") + ("" if character.isalnum() else r"\\?") + re.escape(character)
    return pattern


class Hit(NamedTuple):
    """One occurrence.

    Attributes:
        text: In which of the entry's searchable texts.
        offset: Where in it.
    """

    entry: Entry
    text: int
    offset: int


class Piece(NamedTuple):
    """The characters of one row that belong to an occurrence, the gutter counted."""

    line: int
    start: int
    end: int


class Drawn(NamedTuple):
    """The occurrences in the rows of one part."""

    matches: list[list[Piece]]
    """Those that go on in the next row have several pieces."""
    by_line: dict[int, list[tuple[int, int, int]]]
    """Start, end and which match, by row."""


class Shown(NamedTuple):
    """Where a hit is drawn."""

    place: Place
    """Its row, or the one nearest to it."""
    match: int
    """Which occurrence of its part it is; -1 when it is not drawn, because a fold does not show all of its text."""


class TranscriptSearch:
    """The occurrences of one text in one document.

    Args:
        document: Where to look.
        text: What for; upper and lower case are the same, and any white space is as good as any other.
    """

    def __init__(self, document: TranscriptDocument, text: str) -> None:
        self.document = document
        self.text = text
        self.current: Hit | None = None
        self._found: dict[str, tuple[int, list[Hit]]] = {}
        """By entry: how many characters were searched, and what was found."""
        self._total = 0
        self._drawn_parts: OrderedDict[int, tuple[Sequence[Line], Drawn]] = OrderedDict()
        """By the identity of a part's rows, which are kept here and so cannot be another part's."""

    @property
    def total(self) -> int:
        """How many there are, as far as was searched."""
        return self._total

    @property
    def full(self) -> bool:
        """Whether there are more than anybody steps through; the rest is not counted."""
        return self._total >= MOST

    @property
    def number(self) -> int:
        """Which of them is the current one, from 1; 0 when none is."""
        if self.current is None:
            return 0
        before = 0
        for entry in self.document.entries:
            hits = self._hits(entry)
            if entry is self.current.entry:
                return before + hits.index(self.current) + 1 if self.current in hits else 0
            before += len(hits)
        return 0

    # Finding

    def scan(self, seconds: float = SLICE_S) -> bool:
        """Search entries that were not searched, the newest first; returns whether all were."""
        if not self.text.strip():
            return True
        until = time.monotonic() + seconds
        for entry in reversed(self.document.entries):
            if entry.id in self._found:
                continue
            if self.full:
                return True
            self._search(entry)
            if time.monotonic() > until:
                return False
        return True

    def look_again(self) -> bool:
        """Search what has changed at the end; returns whether anything had."""
        changed = False
        for entry in self.document.entries[-RECENT:]:
            known = self._found.get(entry.id)
            if known is not None and known[0] != _size(entry):
                self._search(entry)
                changed = True
        return changed

    def _search(self, entry: Entry) -> None:
        pattern = source_pattern(self.text) if isinstance(entry, AnswerEntry) else plain_pattern(self.text)
        hits = [
            Hit(entry, number, found.start())
            for number, text in enumerate(entry.searchable())
            for found in pattern.finditer(text)
        ]
        self._total += len(hits) - len(self._hits(entry))
        self._found[entry.id] = (_size(entry), hits)

    def _hits(self, entry: Entry) -> list[Hit]:
        return self._found.get(entry.id, (0, []))[1]

    # Stepping

    def nearest(self, place: Place, *, forward: bool = False) -> Hit | None:
        """The occurrence a reader at a place is shown first; it becomes the current one.

        Args:
            place: Where the reader is.
            forward: The first one from there on, else the last one up to there; beyond it, whatever there is.
        """
        entries = [entry for entry in self.document.entries if self._hits(entry)]
        orders = [self.document.order(entry) for entry in entries]
        before = [hit for entry in entries[: bisect_left(orders, place.order)][-1:] for hit in self._hits(entry)]
        after = [hit for entry in entries[bisect_right(orders, place.order) :][:1] for hit in self._hits(entry)]
        at = bisect_left(orders, place.order)
        here = self._hits(entries[at]) if at < len(entries) and orders[at] == place.order else []
        if forward:
            below = [hit for hit in here if hit.entry.part_at(hit.text, hit.offset) >= place.part]
            first = self._hits(entries[0]) if entries else []
            self.current = next(iter(below or after or first), None)
        else:
            above = [hit for hit in here if hit.entry.part_at(hit.text, hit.offset) <= place.part]
            self.current = next(reversed(above or before), None) or next(iter(here or after), None)
        return self.current

    def step(self, by: int) -> Hit | None:
        """The next occurrence (1) or the one before (-1), around the ends; it becomes the current one."""
        entries = [entry for entry in self.document.entries if self._hits(entry)]
        if not entries:
            self.current = None
            return None
        sums = list(accumulate(len(self._hits(entry)) for entry in entries))
        number = self.number
        index = (number - 1 + by if number else (0 if by > 0 else -1)) % sums[-1]
        which = bisect_right(sums, index)
        hits = self._hits(entries[which])
        self.current = hits[index - sums[which] + len(hits)]
        return self.current

    # Drawing

    def find(self, hit: Hit) -> Shown:
        """Where a hit is drawn; its part is parsed and rendered if need be. A fold must have been opened."""
        part = self.document.parsed_to(hit.entry, hit.text, hit.offset)
        place = Place(self.document.order(hit.entry), part, 0)
        lines = self.document.lines_of(place)
        matches = self._drawn(lines).matches
        nth = self._nth_in_part(hit, part)
        if nth < len(matches):
            return Shown(place._replace(line=matches[nth][0].line), nth)
        # Beyond what an opened fold shows: the row that says how much more there is.
        return Shown(place._replace(line=max(0, len(lines) - 1)), -1)

    def spans(self, entry: Entry, place: Place) -> Sequence[tuple[int, int, int]]:
        """Which characters of a row to highlight: start, end, and which match of its part they belong to.

        Labels are not searched, so they are not highlighted.
        """
        if isinstance(entry, UserEntry | AnswerEntry) and place.part < entry.heading_parts:
            return ()
        if place.part < 0 or not self.text.strip():
            return ()
        return self._drawn(self.document.lines_of(place)).by_line.get(place.line, ())

    def _nth_in_part(self, hit: Hit, part: int) -> int:
        """How many occurrences stand before this one in the same part."""
        hits = self._hits(hit.entry)
        before = 0
        for other in reversed(hits[: hits.index(hit)]):
            if hit.entry.part_at(other.text, other.offset) != part:
                break
            before += 1
        return before

    def _drawn(self, lines: Sequence[Line]) -> Drawn:
        key = id(lines)
        known = self._drawn_parts.get(key)
        if known is None or known[0] is not lines:
            known = self._drawn_parts[key] = (lines, _find_in_rows(lines, plain_pattern(self.text)))
            while len(self._drawn_parts) > _KEPT_PARTS:
                self._drawn_parts.popitem(last=False)
        return known[1]


def _size(entry: Entry) -> int:
    return sum(len(text) for text in entry.searchable())


def _find_in_rows(lines: Sequence[Line], pattern: re.Pattern[str]) -> Drawn:
    """Occurrences in the rows of one part; rows that were wrapped are searched as one."""
    drawn = Drawn([], {})
    first = 0
    while first < len(lines):
        last = first
        while lines[last].wraps and last + 1 < len(lines):
            last += 1
        group = lines[first : last + 1]
        starts = list(accumulate((len(line.said) + len(line.joint) for line in group[:-1]), initial=0))
        text = "".join(line.said + (line.joint if line.wraps else "") for line in group)
        for match in pattern.finditer(text):
            pieces = []
            for index, start in enumerate(starts):
                line = group[index]
                begin, end = max(match.start(), start), min(match.end(), start + len(line.said))
                if begin < end:
                    shift = line.decoration - start
                    pieces.append(Piece(first + index, begin + shift, end + shift))
            for piece in pieces:
                drawn.by_line.setdefault(piece.line, []).append((piece.start, piece.end, len(drawn.matches)))
            drawn.matches.append(pieces)
        first = last + 1
    return drawn
