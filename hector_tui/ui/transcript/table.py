"""Tables: columns that fit the width, text wrapped inside cells, and stacked rows where no column would fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rich.segment import Segment

from hector_tui.ui.transcript.lines import Line, Margin, Run
from hector_tui.ui.transcript.styles import BOLD, TranscriptStyles
from hector_tui.ui.transcript.wrapping import Row, measure, wrap

SEPARATOR = " │ "
NARROWEST = 5
"""Cells a column needs at least (or less, when its content is narrower); below that the rows are stacked."""

LONGEST_WORD = 16
"""Cells up to which a column is kept wide enough for a word that is not ASCII."""

_WORD_ENDS = re.compile(r"\s+")

Cell = Sequence[Run]
STACKED: tuple[int, ...] = ()
"""Column widths that say: no column fits, show each row as `header: value` lines."""


class Table(NamedTuple):
    """A parsed table; every row has as many cells as the header."""

    header: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    alignments: Sequence[str]
    """`left`, `center` or `right` for each column."""


def column_widths(table: Table, width: int) -> tuple[int, ...]:
    """Share a width out among the columns; `STACKED` when they cannot stand side by side."""
    columns = list(zip(table.header, *table.rows, strict=True))
    wanted = [max(1, *(_natural_width(cell) for cell in column)) for column in columns]
    available = width - len(SEPARATOR) * (len(wanted) - 1)
    if sum(min(NARROWEST, cells) for cells in wanted) > available:
        return STACKED
    if sum(wanted) <= available:
        return tuple(wanted)
    # Every column its longest word first, so that words stay whole; then a share of what is left.
    words = [max(1, *(_longest_word(cell) for cell in column)) for column in columns]
    if sum(words) > available:
        return tuple(_shares(words, available))
    more = _shares([most - least for most, least in zip(wanted, words, strict=True)], available - sum(words))
    return tuple(least + share for least, share in zip(words, more, strict=True))


def _shares(wanted: Sequence[int], available: int) -> list[int]:
    """Share cells out: who wants little gets it, the others share what is left equally."""
    shares = list(wanted)
    waiting = set(range(len(wanted)))
    remaining = available
    while waiting:
        share = remaining // len(waiting)
        content = {column for column in waiting if wanted[column] <= share}
        if not content:
            for position, column in enumerate(sorted(waiting)):
                shares[column] = share + (1 if position < remaining % len(waiting) else 0)
            break
        remaining -= sum(wanted[column] for column in content)
        waiting -= content
    return shares


def _natural_width(cell: Cell) -> int:
    text = "".join(part for part, _ in cell)
    return max(measure(line) for line in text.split("\n")) if text else 1


def _longest_word(cell: Cell) -> int:
    # A wide character may begin a row of its own, so a text of those has no long words.
    words = _WORD_ENDS.split("".join(part for part, _ in cell))
    return max(measure(word) if word.isascii() else min(measure(word), LONGEST_WORD) for word in words)


def header_lines(table: Table, widths: tuple[int, ...], margin: Margin, styles: TranscriptStyles) -> list[Line]:
    """The header row and the rule under it; nothing when rows are stacked, because each value names its column."""
    if widths is STACKED or not widths:
        return []
    bold = [[(text, style + BOLD) for text, style in cell] for cell in table.header]
    lines = row_lines(bold, table, widths, margin, styles)
    rule = "─┼─".join("─" * cells for cells in widths)
    lines.append(margin.line([Segment(rule, styles.rule)], first=False))
    return lines


def row_lines(
    cells: Sequence[Cell],
    table: Table,
    widths: tuple[int, ...],
    margin: Margin,
    styles: TranscriptStyles,
) -> list[Line]:
    """One row of the table, as high as its highest cell.

    Args:
        cells: What stands in the row.
        table: The table, for its header and alignments.
        widths: Cells of each column, or `STACKED`.
        margin: Where the table stands.
        styles: The theme.
    """
    if not widths:
        return _stacked_lines(cells, table, margin, styles)
    columns = [wrap(cell, cells_wide) for cell, cells_wide in zip(cells, widths, strict=True)]
    lines: list[Line] = []
    for index in range(max(len(column) for column in columns)):
        segments: list[Segment] = []
        for number, (column, cells_wide) in enumerate(zip(columns, widths, strict=True)):
            if number:
                segments.append(Segment(SEPARATOR, styles.rule))
            last = number + 1 == len(columns)
            row = column[index] if index < len(column) else Row([], False, "")
            segments.extend(_aligned(row, cells_wide, table.alignments[number], styles, last=last))
        lines.append(margin.line(segments, first=not lines))
    return lines


def _aligned(row: Row, width: int, alignment: str, styles: TranscriptStyles, *, last: bool) -> list[Segment]:
    blank = width - sum(measure(segment.text) for segment in row.segments)
    if blank <= 0:
        return row.segments
    left = {"right": blank, "center": blank // 2}.get(alignment, 0)
    right = 0 if last else blank - left
    return [Segment(" " * left, styles.base), *row.segments, Segment(" " * right, styles.base)]


def _stacked_lines(cells: Sequence[Cell], table: Table, margin: Margin, styles: TranscriptStyles) -> list[Line]:
    lines: list[Line] = []
    for title, cell in zip(table.header, cells, strict=True):
        runs: list[Run] = [(text, style + BOLD) for text, style in title]
        runs += [(": ", styles.dim), *cell] if runs else cell
        hanging = margin.indent((), (Segment("  ", styles.base),)) if margin.width > 4 else margin
        for row in wrap(runs, hanging.width):
            lines.append(
                (hanging if lines else margin).line(row.segments, first=not lines, wraps=row.wraps, joint=row.joint)
            )
    return lines
