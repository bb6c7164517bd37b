"""Rows to strips: the block cursor's mark, the selection, and the links that stand in them."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.selection import Selection
from textual.strip import Strip

from hector_tui.ui.transcript.flow import Row
from hector_tui.ui.transcript.inline import URL_KEY
from hector_tui.ui.transcript.parts import GUTTER
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
    start = strip.index_to_cell_position(max(span[0], row.line.decoration))
    end = strip.index_to_cell_position(last)
    if end <= start:
        return strip
    chosen = Strip(Segment.apply_style(strip.crop(start, end), post_style=style), end - start)
    return Strip.join([strip.crop(0, start), chosen, strip.crop(end)])


def links(rows: Iterable[Row]) -> list[str]:
    """The addresses of the links in some rows, from top to bottom, each once."""
    urls: dict[str, None] = {}
    for row in rows:
        for segment in row.line.segments:
            if segment.style is not None and URL_KEY in segment.style.meta:
                urls[str(segment.style.meta[URL_KEY])] = None
    return list(urls)
