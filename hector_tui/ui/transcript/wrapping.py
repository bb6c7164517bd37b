"""Breaking styled text into rows of a given width, by graphemes, losing nothing but spaces at the breaks.

The text must be clean: Rich measures a joiner outside of an emoji in one way and splits it in another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, split_graphemes
from rich.segment import Segment
from rich.style import Style

from hector_tui.ui.transcript.lines import Run

LONGEST_GRAPHEME = 12
"""Code points drawn in one place: a family of four with skin tones has eleven. With thousands of accents on one letter
Rich takes quadratic time to cut a row, so what is more stands on placeholders beside it."""
PLACEHOLDER = "◌"

# No letters, spaces, punctuation or emoji: most of what is left are accents.
_PILED_UP = re.compile(rf"[^\w\s\x00-\x7f\u2000-\u20cf\u2100-\u2bff\u3000-\u303f\uff00-\uffef]{{{LONGEST_GRAPHEME},}}")
# Characters that take one cell each and never combine: plain slicing measures them right, at the speed of C.
_NARROW = re.compile(r"[\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u2010-\u2027\u2030-\u205e\u2500-\u25fc]*\Z")


class Row(NamedTuple):
    """One wrapped row: its segments, whether the source line goes on, and what stood at the break."""

    segments: list[Segment]
    wraps: bool
    joint: str


class _Span(NamedTuple):
    start: int
    end: int
    next: int
    """Where the following row starts; spaces between `end` and `next` are not shown."""


def wrap(runs: Sequence[Run], width: int) -> list[Row]:
    """Wrap styled text; a newline in it is a hard break. At least one row comes back.

    Args:
        runs: The text.
        width: Cells a row may take, at least 1. A wide character in one single cell still gets a row of its own.
    """
    runs = _tamed(runs)
    text = "".join(run[0] for run in runs)
    cutter = _Cutter(runs)
    rows: list[Row] = []
    start = 0
    while True:
        newline = text.find("\n", start)
        end = len(text) if newline < 0 else newline
        spans = list(_spans(text, start, end, width))
        for index, span in enumerate(spans):
            more = index + 1 < len(spans)
            joint = " " if more and span.next > span.end else ""
            rows.append(Row(cutter.cut(span.start, span.end), more, joint))
        if newline < 0:
            return rows
        start = newline + 1


def fold(runs: Sequence[Run], width: int) -> list[Row]:
    """Break styled text exactly at the width, keeping every space: for code, where columns mean something."""
    runs = _tamed(runs)
    text = "".join(run[0] for run in runs)
    cutter = _Cutter(runs)
    starts = [0, *_fold_points(text, width)]
    ends = [*starts[1:], len(text)]
    last = len(starts) - 1
    return [
        Row(cutter.cut(start, end), index < last, "")
        for index, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def measure(text: str) -> int:
    """Cells a text takes."""
    return len(text) if _NARROW.match(text) else cell_len(text)


def truncate(text: str, width: int) -> str:
    """Cut a text to a width, with an ellipsis where something is missing."""
    if measure(text) <= width:
        return text
    if width < 1:
        return ""
    end = used = 0
    for _, last, cells in split_graphemes(text[: 4 * width])[0]:
        used += cells
        if used >= width:
            break
        end = last
    return text[:end] + "…"


class _Cutter:
    """Cuts a list of runs at rising offsets, in one pass over the list."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs
        self._index = 0
        self._offset = 0
        """Where the current run starts in the whole text."""

    def cut(self, start: int, end: int) -> list[Segment]:
        """The segments of the characters from `start` to `end`."""
        segments: list[Segment] = []
        runs = self._runs
        while self._index < len(runs):
            text, style = runs[self._index]
            run_end = self._offset + len(text)
            if run_end > start and start < end:
                piece = text[start - self._offset : end - self._offset]
                if piece:
                    segments.append(Segment(piece, style))
                start += len(piece)
            if run_end > end:
                break
            self._offset = run_end
            self._index += 1
        return segments


def _spans(text: str, start: int, end: int, width: int) -> Iterator[_Span]:
    if end - start <= width and _NARROW.match(text, start, end):
        yield _Span(start, end, end)
    elif _NARROW.match(text, start, end):
        yield from _narrow_spans(text, start, end, width)
    else:
        yield from _wide_spans(text, start, end, width)


def _narrow_spans(text: str, start: int, end: int, width: int) -> Iterator[_Span]:
    while end - start > width:
        space = text.rfind(" ", start, start + width + 1)
        # A row of nothing but its own indentation would not move forward.
        cut = space if space > start and text[start:space].strip(" ") else start + width
        following = cut
        while following < end and text[following] == " ":
            following += 1
        if following >= end:
            break
        yield _Span(start, _without_spaces(text, start, cut), following)
        start = following
    yield _Span(start, min(_without_spaces(text, start, end), start + width) if end - start > width else end, end)


def _without_spaces(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] == " ":
        end -= 1
    return end


def _wide_spans(text: str, start: int, end: int, width: int) -> Iterator[_Span]:
    """Break after spaces and on either side of wide characters; fold words that are too long."""
    graphemes, _ = split_graphemes(text[start:end])
    row_start = used = 0
    break_at = -1
    """Index of the grapheme a new row may start with."""
    used_at_break = 0
    previous_wide = False
    index = 0
    while index < len(graphemes):
        first, last, cells = graphemes[index]
        # A space that carries an accent is a character like any other.
        space = text[start + first : start + last] == " "
        wide = cells > 1
        if index > row_start and not space and (wide or previous_wide or text[start + first - 1] == " "):
            break_at, used_at_break = index, used
        if used + cells > width and index > row_start and not space:
            if break_at > row_start:
                following, used = break_at, used - used_at_break
            else:
                following, used = index, 0
            row_begin, row_end = start + graphemes[row_start][0], start + graphemes[following][0]
            yield _Span(row_begin, _without_spaces(text, row_begin, row_end), row_end)
            row_start, break_at = following, -1
        used += cells
        previous_wide = wide
        index += 1
    begin = start + graphemes[row_start][0] if graphemes else start
    finish = end
    if used > width:
        finish = _without_spaces(text, begin, end)
    yield _Span(begin, finish, end)


def _fold_points(text: str, width: int) -> Iterator[int]:
    if _NARROW.match(text):
        yield from range(width, len(text), width)
        return
    used = 0
    for index, (first, _, cells) in enumerate(split_graphemes(text)[0]):
        if used + cells > width and index and used:
            yield first
            used = 0
        used += cells


def _tamed(runs: Sequence[Run]) -> Sequence[Run]:
    """The runs, with placeholders between accents that are piled up too high."""
    if all(text.isascii() or not _PILED_UP.search(text) for text, _ in runs):
        return runs
    return [(_without_piles(text), style) for text, style in runs]


def _without_piles(text: str) -> str:
    spans, _ = split_graphemes(text)
    return "".join(
        text[start : min(start + LONGEST_GRAPHEME, last)] if start == first else _spread(text, start, last)
        for first, last, _ in spans
        for start in range(first, last, LONGEST_GRAPHEME)
    )


def _spread(text: str, start: int, last: int) -> str:
    return PLACEHOLDER + text[start : min(start + LONGEST_GRAPHEME, last)]


def styled(text: str, style: Style) -> list[Run]:
    """One run, or none for an empty text."""
    return [(text, style)] if text else []
