"""Markdown blocks to rows of styled text for one width and one theme."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.segment import Segment
from rich.style import Style

from hector_tui.ui.text import clean
from hector_tui.ui.transcript.fences import CodeBlocks
from hector_tui.ui.transcript.grammar import NESTING, parse_blocks
from hector_tui.ui.transcript.inline import inline_runs, pieces
from hector_tui.ui.transcript.lines import Line, Margin, Run
from hector_tui.ui.transcript.markdown import FOOTNOTE, Block, MarkdownSource
from hector_tui.ui.transcript.memo import Memo
from hector_tui.ui.transcript.styles import BOLD, ITALIC, UNDERLINE, TranscriptStyles
from hector_tui.ui.transcript.table import Cell, Table, column_widths, header_lines, row_lines
from hector_tui.ui.transcript.wrapping import fold, measure, wrap

if TYPE_CHECKING:
    from markdown_it.token import Token

BULLETS = "•◦▪"
MOST_COLUMNS = 100
"""A table with more columns is shown as it was written: nobody reads it, and every row would take thousands of rows."""
LONGEST_MARK = 12
"""Cells of a footnote's mark beside its text; a longer one stands above it."""

_TAG = re.compile(r"(<[^<>]*>)")
_TASK = re.compile(r"\[([ xX])\][ \t]+")
_CONTAINER_MARKS = re.compile(r"[>\s]*(?:(?:[-*+]|\d{1,9}[.)])\s+[>\s]*)*")
_TASK_MARKS = {" ": "☐", "x": "☑", "X": "☑"}


class _Node(NamedTuple):
    """A block among its siblings: its tokens from `first` to `last`, and its source lines."""

    first: int
    last: int
    line: int
    end: int


class MarkdownRenderer:
    """Renders the blocks of one answer.

    Args:
        source: The answer.
        styles: The theme.
        memo: What was rendered in the frame before, kept by the caller.
    """

    def __init__(self, source: MarkdownSource, styles: TranscriptStyles, memo: Memo) -> None:
        self._source = source
        self._styles = styles
        self._memo = memo

    def render(self, block: Block, margin: Margin) -> list[Line]:
        """The rows of a block, the blank one before it included."""
        text = self._source.slice(block)
        tokens = parse_blocks(text, dict(self._source.references))
        lines: list[Line] = []
        if block.gap and not (self._source.after_text(block) and _starts_with_definition(text, tokens)):
            lines.append(margin.line((), first=False))
        if any(token.level >= NESTING - 2 for token in tokens):
            lines.extend(self._literal(text, margin, self._styles.base))
        else:
            lines.extend(_BlockWalk(self, self._source, block, text, tokens).lines(margin))
        return lines

    def _literal(self, text: str, margin: Margin, style: Style, *, tags: Style | None = None) -> list[Line]:
        """Text as it was written, one row per line or more; `tags` is the style of HTML tags in it."""
        lines: list[Line] = []
        for source_line in text.removesuffix("\n").split("\n"):
            pieces_of_line = [source_line.expandtabs(4)] if tags is None else _TAG.split(source_line.expandtabs(4))
            # Splitting leaves what matched, the tags, at every odd index.
            runs = [(piece, tags if index % 2 and tags else style) for index, piece in enumerate(pieces_of_line)]
            for row in fold(runs, margin.width):
                lines.append(margin.line(row.segments, first=not lines, wraps=row.wraps, joint=row.joint))
        return lines


class _Inside(NamedTuple):
    """What a block stands inside of."""

    depth: int = 0
    """How many quotes and list items."""
    bullets: int = 0
    """How many of them are items of a list with bullets."""

    def deeper(self, *, bullet: bool = False) -> _Inside:
        return _Inside(self.depth + 1, self.bullets + bullet)


class _BlockWalk:
    """One walk over the tokens of a block."""

    def __init__(
        self, renderer: MarkdownRenderer, source: MarkdownSource, block: Block, text: str, tokens: Sequence[Token]
    ) -> None:
        self._renderer = renderer
        self._styles = renderer._styles
        self._memo = renderer._memo
        self._source = source
        self._block = block
        self._tokens = tokens
        self._source_lines = text.split("\n")
        self._code = CodeBlocks(source, block, self._styles, self._memo)

    def lines(self, margin: Margin) -> list[Line]:
        """All rows of the block."""
        skipped = self._block.prefix.count("\n")
        return self._siblings(
            0, len(self._tokens), (skipped, len(self._source_lines)), margin, self._styles.base, _Inside()
        )

    def _nodes(self, start: int, end: int) -> Iterator[_Node]:
        index = start
        while index < end:
            token = self._tokens[index]
            last = index
            if token.nesting > 0:
                last = index + 1
                while self._tokens[last].level != token.level or self._tokens[last].nesting >= 0:
                    last += 1
            line, line_end = token.map or (0, 0)
            yield _Node(index, last, line, line_end)
            index = last + 1

    def _siblings(
        self, start: int, end: int, source_range: tuple[int, int], margin: Margin, style: Style, inside: _Inside
    ) -> list[Line]:
        """Blocks under one another: at the top a blank row between them, inside others where the author left one.

        Footnotes stand as close as the author put them, because they come in lists.
        """
        lines: list[Line] = []
        below, range_end = source_range
        before = ""
        for node in self._nodes(start, end):
            self._definitions(lines, below, node.line, margin)
            kind = self._tokens[node.first].type
            apart = inside.depth == 0 and not before == kind == FOOTNOTE
            if lines and (apart or self._blank(node.line - 1)):
                lines.append(margin.line((), first=False))
            lines.extend(self._node(node, margin.after_first() if lines else margin, style, inside))
            below = max(below, node.end)
            before = kind
        self._definitions(lines, below, range_end, margin)
        return lines

    def _blank(self, line: int) -> bool:
        return not self._source_lines[line].strip("> \t")

    def _definitions(self, lines: list[Line], start: int, end: int, margin: Margin) -> None:
        """Lines that became no block are link reference definitions. Nobody should have to guess where they went."""
        inside = False
        for number in range(start, end):
            source_line = self._source_lines[number]
            text = source_line[_match_end(source_line) :].strip()
            begins = not inside and text.startswith("[")
            inside = begins or (inside and bool(text))
            if not inside:
                continue
            if begins and lines and self._blank(number - 1):
                lines.append(margin.line((), first=False))
            where = margin.after_first() if lines else margin
            for index, row in enumerate(wrap([(text.expandtabs(4), self._styles.dim)], where.width)):
                lines.append(where.line(row.segments, first=index == 0, wraps=row.wraps, joint=row.joint))

    def _node(self, node: _Node, margin: Margin, style: Style, inside: _Inside) -> list[Line]:
        token = self._tokens[node.first]
        match token.type:
            case "paragraph_open":
                return self._text(self._tokens[node.first + 1].content, margin, style)
            case "heading_open":
                return self._text(self._tokens[node.first + 1].content, margin, self._heading_style(token.tag))
            case "bullet_list_open" | "ordered_list_open":
                return self._list(node, margin, style, inside)
            case "blockquote_open":
                bar = (Segment("▎ ", self._styles.quote_bar),)
                inner = margin.indent(bar, bar)
                quoted = (node.line, node.end)
                return self._siblings(
                    node.first + 1, node.last, quoted, inner, self._styles.quote, inside.deeper()
                ) or [inner.line((), first=True)]
            case "fence":
                return self._code.fence(token.content, token.info, margin, top=node.first == 0)
            case "code_block":
                return self._code.code(token.content, "", margin)
            case "formula_block":
                return self._code.code(token.content, "tex", margin)
            case kind if kind == FOOTNOTE:
                return self._footnote(node, margin, inside)
            case "table_open":
                return (
                    self._table(node, margin, style) if self._has_few_columns(node) else self._source_of(node, margin)
                )
            case "hr":
                return [margin.line([Segment("─" * margin.width, self._styles.rule)], first=True)]
            case _:
                return self._renderer._literal(token.content, margin, style, tags=style + self._styles.tag)

    def _heading_style(self, tag: str) -> Style:
        match tag:
            case "h1":
                return self._styles.heading + UNDERLINE
            case "h2":
                return self._styles.heading
            case "h3":
                return self._styles.heading_small
            case "h4":
                return self._styles.heading_small + ITALIC
            case _:
                return self._styles.dim + BOLD

    def _text(self, content: str, margin: Margin, style: Style) -> list[Line]:
        lines: list[Line] = []
        for piece in pieces(content):
            where = margin.after_first() if lines else margin
            lines.extend(self._memo.get(("text", piece, where, style), self._wrapped, piece, where, style))
        return lines

    def _wrapped(self, content: str, margin: Margin, style: Style) -> list[Line]:
        runs = inline_runs(content, style, self._styles, self._source.references)
        return [
            margin.line(row.segments, first=index == 0, wraps=row.wraps, joint=row.joint)
            for index, row in enumerate(wrap(runs, margin.width))
        ]

    def _list(self, node: _Node, margin: Margin, style: Style, inside: _Inside) -> list[Line]:
        token = self._tokens[node.first]
        number: int | None = None
        if token.type == "ordered_list_open":
            number = int(token.attrs.get("start", 1))
            if inside.depth == 0 and node.first == 0 and self._block.number is not None:
                number = self._block.number
        within = inside.deeper(bullet=number is None)
        lines: list[Line] = []
        for index, item in enumerate(self._nodes(node.first + 1, node.last)):
            if lines and self._blank(item.line - 1):
                lines.append(margin.line((), first=False))
            mark = BULLETS[inside.bullets % len(BULLETS)] if number is None else f"{number + index}."
            lines.extend(self._item(item, mark, margin.after_first() if lines else margin, style, within))
        return lines

    def _item(self, node: _Node, mark: str, margin: Margin, style: Style, inside: _Inside) -> list[Line]:
        marker_style = self._styles.marker
        following = self._tokens[node.first + 1]
        if following.type == "paragraph_open":
            content = self._tokens[node.first + 2]
            task = _TASK.match(content.content)
            if task is not None:
                content.content = content.content[task.end() :]
                mark = _TASK_MARKS[task.group(1)]
        first = (Segment(mark + " ", marker_style),)
        rest = (Segment(" " * measure(mark + " "), style),)
        inner = margin.indent(first, rest)
        lines = self._siblings(node.first + 1, node.last, (node.line, node.end), inner, style, inside)
        return lines or [inner.line((), first=True)]

    def _footnote(self, node: _Node, margin: Margin, inside: _Inside) -> list[Line]:
        """A footnote's text behind its mark, dimmed: it is read where the mark stands, not here."""
        styles = self._styles
        mark = f"[{clean(str(self._tokens[node.first].meta['label']))}] "
        lines: list[Line] = []
        if measure(mark) <= min(LONGEST_MARK, margin.width // 2):
            inner = margin.indent((Segment(mark, styles.marker),), (Segment(" " * measure(mark), styles.base),))
        else:
            lines = self._renderer._literal(mark.rstrip(), margin, styles.marker)
            indentation = (Segment("  ", styles.base),)
            inner = margin.after_first().indent(indentation, indentation)
        within = (node.line, node.end)
        lines += self._siblings(node.first + 1, node.last, within, inner, styles.dim, inside.deeper())
        return lines or [inner.line((), first=True)]

    def _has_few_columns(self, node: _Node) -> bool:
        # The header row comes first: table, head, row, and three tokens for each cell.
        after = node.first + 3 + 3 * MOST_COLUMNS
        return after >= node.last or self._tokens[after].type != "th_open"

    def _source_of(self, node: _Node, margin: Margin) -> list[Line]:
        """A block as it was written, without the head that a part of a table is parsed with."""
        skipped = self._block.prefix.count("\n") if node.first == 0 else 0
        written = "\n".join(self._source_lines[max(node.line, skipped) : node.end])
        return self._renderer._literal(written, margin, self._styles.base)

    def _table(self, node: _Node, margin: Margin, style: Style) -> list[Line]:
        table, (headings, *sources) = self._parse_table(node, style)
        alignments = tuple(table.alignments)
        continued = node.first == 0 and bool(self._block.prefix)
        widths = self._widths(node, table, margin, style)
        lines: list[Line] = []
        if not continued:
            lines = header_lines(table, widths, margin, self._styles)
        for cells, source in zip(table.rows, sources, strict=True):
            if not widths and (lines or continued):
                lines.append(margin.line((), first=False))
            where = margin.after_first() if lines else margin
            # A stacked row names the columns, so it depends on the header too.
            key = ("row", source, widths or headings, alignments, where, style)
            lines.extend(self._memo.get(key, row_lines, cells, table, widths, where, self._styles))
        return lines

    def _widths(self, node: _Node, table: Table, margin: Margin, style: Style) -> tuple[int, ...]:
        """Column widths; a table in parts is laid out by its first part alone."""
        leader = self._block.leader
        top = node.first == 0
        if not top or leader is self._block:
            widths = column_widths(table, margin.width)
            if top:
                leader.column_widths[margin.width] = widths
            return widths
        known = leader.column_widths.get(margin.width)
        if known is None:
            tokens = parse_blocks(self._source.slice(leader), dict(self._source.references))
            walk = _BlockWalk(self._renderer, self._source, leader, self._source.slice(leader), tokens)
            first_part, _ = walk._parse_table(next(walk._nodes(0, len(tokens))), style)
            known = column_widths(first_part, margin.width)
            leader.column_widths[margin.width] = known
        return known

    def _parse_table(self, node: _Node, style: Style) -> tuple[Table, list[tuple[str, ...]]]:
        """The cells of a table, and the source of the cells of each row, the header first."""
        rows: list[list[Cell]] = []
        sources: list[tuple[str, ...]] = []
        alignments: list[str] = []
        for index in range(node.first, node.last):
            token = self._tokens[index]
            if token.type == "tr_open":
                rows.append([])
                sources.append(())
            elif token.type == "th_open":
                alignments.append(str(token.attrs.get("style", "")).removeprefix("text-align:") or "left")
            elif token.type == "inline":
                content = token.content
                rows[-1].append(self._memo.get(("cell", content, style), self._cell, content, style))
                sources[-1] = (*sources[-1], content)
        return Table(rows[0], rows[1:], alignments), sources

    def _cell(self, content: str, style: Style) -> Cell:
        runs: list[Run] = []
        for piece in pieces(content):
            runs.extend(inline_runs(piece, style, self._styles, self._source.references))
        return runs


def _starts_with_definition(text: str, tokens: Sequence[Token]) -> bool:
    """Whether a definition stands before the first block. Blank rows around definitions are those of the author."""
    first = tokens[0].map[0] if tokens and tokens[0].map else None
    return not "".join(text.split("\n")[:first]).isspace() if first != 0 else False


def _match_end(source_line: str) -> int:
    marks = _CONTAINER_MARKS.match(source_line)
    return 0 if marks is None else marks.end()
