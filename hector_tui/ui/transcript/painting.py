"""Rows to strips: the block cursor's mark, the selection, what was searched for, and the links that stand in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.selection import Selection
from textual.strip import Strip

from hector_tui.ui.transcript.flow import Row
from hector_tui.ui.transcript.inline import URL_KEY
from hector_tui.ui.transcript.lines import Line
from hector_tui.ui.transcript.parts import GUTTER
from hector_tui.ui.transcript.search import Shown, TranscriptSearch
from hector_tui.ui.transcript.styles import TranscriptStyles


def row_strip(row: Row, width: int, styles: TranscriptStyles, *, marked: bool) -> Strip:
    """A row as a strip; the same object each time, unless it is marked by the block cursor.

    Args:
        row: The row.
        width: Cells of the whole view.
        styles: The theme.
        marked: The block cursor stands on the row's entry.
    """
    strip = row.line.strip(width, styles.base)
    if not marked or row.place.part < 0:
        return strip
    mark = Strip([Segment("█", styles.cursor), Segment(" ", styles.base)], GUTTER)
    return Strip.join([mark, strip.crop(GUTTER)])


def selected(strip: Strip, row: Row, selection: Selection, style: Style) -> Strip:
    """A row's strip with the selected part of its text highlighted; gutter, bars and bullets never are."""
    span = selection.get_span(row.place.key())
    if span is None:
        return strip
    # Textual says -1 for "to the end of the row".
    last = len(row.line.text) if span[1] == -1 else span[1]
    return _restyled(strip, max(span[0], row.line.decoration), last, style)


def _restyled(strip: Strip, first: int, last: int, style: Style) -> Strip:
    """A strip with some of its characters in another style."""
    start = strip.index_to_cell_position(first)
    end = strip.index_to_cell_position(last)
    if end <= start:
        return strip
    chosen = Strip(Segment.apply_style(strip.crop(start, end), post_style=style), end - start)
    return Strip.join([strip.crop(0, start), chosen, strip.crop(end)])


class Highlights:
    """Paints what was searched for into rows; a row that did not change keeps its strip, and is not painted again.

    Args:
        search: What to highlight.
        style: How.
        current_style: How the occurrence is shown that the reader has stepped to.
    """

    def __init__(self, search: TranscriptSearch, style: Style, current_style: Style) -> None:
        self.current: Shown | None = None
        self._search = search
        self._style = style
        self._current_style = current_style
        self._painted: dict[int, tuple[Line, Strip, tuple[tuple[int, int, bool], ...], Strip]] = {}
        """By the identity of a row: the row, its strip, what was highlighted in it, and the result."""

    def painted(self, rows: Sequence[Row], strips: Sequence[Strip]) -> list[Strip]:
        """The strips of some rows with their highlights."""
        former, self._painted = self._painted, {}
        return [self._row(row, strip, former) for row, strip in zip(rows, strips, strict=True)]

    def _row(
        self, row: Row, strip: Strip, former: dict[int, tuple[Line, Strip, tuple[tuple[int, int, bool], ...], Strip]]
    ) -> Strip:
        here = self.current
        in_part = here is not None and here.place[:2] == row.place[:2]
        spans = tuple(
            (start, end, in_part and here is not None and match == here.match)
            for start, end, match in self._search.spans(row.entry, row.place)
        )
        if not spans:
            return strip
        known = former.get(id(row.line))
        if known is not None and known[0] is row.line and known[1] is strip and known[2] == spans:
            self._painted[id(row.line)] = known
            return known[3]
        painted = strip
        for start, end, is_current in spans:
            painted = _restyled(painted, start, end, self._current_style if is_current else self._style)
        self._painted[id(row.line)] = (row.line, strip, spans, painted)
        return painted


def links(rows: Iterable[Row]) -> list[str]:
    """The addresses of the links in some rows, from top to bottom, each once."""
    urls: dict[str, None] = {}
    for row in rows:
        for segment in row.line.segments:
            if segment.style is not None and URL_KEY in segment.style.meta:
                urls[str(segment.style.meta[URL_KEY])] = None
    return list(urls)
