"""The parts of an entry: what is rendered, cached and forgotten as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style

from hector_tui.ui.transcript.lines import Line, Margin, Run
from hector_tui.ui.transcript.markdown import Block, MarkdownSource
from hector_tui.ui.transcript.memo import Memo
from hector_tui.ui.transcript.render import MarkdownRenderer
from hector_tui.ui.transcript.styles import TranscriptStyles
from hector_tui.ui.transcript.wrapping import wrap

GUTTER = 2
"""Cells left of all text."""
CHUNK = 4_096
"""Characters of plain text rendered as one part."""


@dataclass(frozen=True, eq=False, slots=True)
class Layout:
    """What rendering depends on besides the text; a new object whenever any of it changes.

    Args:
        styles: The theme.
        width: Cells of the text column, without the gutter.
    """

    styles: TranscriptStyles
    width: int

    def margin(self) -> Margin:
        """The margin of plain text: an empty gutter."""
        gutter = (Segment(" " * GUTTER, self.styles.base),)
        return Margin(gutter, gutter, self.width)


class Part:
    """A piece of an entry; knows its rows as long as they are worth keeping."""

    __slots__ = ("_former", "_layout", "_lines")

    def __init__(self) -> None:
        self._lines: list[Line] | None = None
        self._layout: Layout | None = None
        self._former: list[Line] | None = None
        """Rows before the last change: what did not change keeps its objects, and is not painted again."""

    def render(self, layout: Layout) -> list[Line]:
        """Make the rows."""
        raise NotImplementedError

    def estimate(self, width: int) -> int:
        """About how many rows it will have, without rendering it."""
        raise NotImplementedError

    def known_lines(self, layout: Layout) -> list[Line] | None:
        """The rows, when they are known for this layout."""
        return self._lines if self._layout is layout else None

    def lines(self, layout: Layout) -> list[Line]:
        """The rows, rendered when they are not known."""
        if self._layout is not layout:
            self._former = None
        elif self._lines is not None:
            return self._lines
        lines = self.render(layout)
        former = self._former
        if former is not None:
            for index, (line, old) in enumerate(zip(lines, former, strict=False)):
                if line is not old and line.same_as(old):
                    lines[index] = old
        self._lines, self._layout, self._former = lines, layout, None
        return lines

    def changed(self) -> None:
        """Its text or state changed; the next `lines()` renders again."""
        if self._lines is not None:
            self._former, self._lines = self._lines, None

    def forget(self) -> None:
        """Drop the rows; nobody looks at them."""
        self._lines = self._former = None


class MarkdownPart(Part):
    """One block of an answer."""

    __slots__ = ("_memo", "_source", "block", "holds_block")

    def __init__(self, source: MarkdownSource, block: Block, memo: Memo) -> None:
        super().__init__()
        self._source = source
        self._memo = memo
        self.block = block
        self.holds_block: tuple[int, bool] | None = None
        """Whether code or a table stands in it, and up to where its block went when that was found out."""

    def render(self, layout: Layout) -> list[Line]:
        """Parse and lay out the block."""
        memo = Memo() if self._source.finished else self._memo
        return MarkdownRenderer(self._source, layout.styles, memo).render(self.block, layout.margin())

    def estimate(self, width: int) -> int:
        """From its length and its line ends."""
        block = self.block
        newlines = self._source.text.count("\n", block.start, block.end)
        return block.gap + max(1, newlines, (block.end - block.start) // width)


class TextPart(Part):
    """Plain text, wrapped; line ends and indentation are kept.

    Args:
        text: A piece of the text, at most `CHUNK` characters.
        style: Chooses the style.
        bar: Chooses the style of a bar in the gutter; None for an empty gutter.
        limit: Rows shown at most.
    """

    __slots__ = ("_bar", "_style", "_text")

    def __init__(
        self,
        text: str,
        style: Callable[[TranscriptStyles], Style],
        bar: Callable[[TranscriptStyles], Style] | None = None,
    ) -> None:
        super().__init__()
        self._text = text
        self._style = style
        self._bar = bar

    def render(self, layout: Layout) -> list[Line]:
        """Wrap the text."""
        margin = layout.margin() if self._bar is None else bar_margin(layout, self._bar(layout.styles))
        return text_lines([(self._text, self._style(layout.styles))], margin)

    def estimate(self, width: int) -> int:
        """From its length and its line ends."""
        return max(1 + self._text.count("\n"), len(self._text) // width)


class ComposedPart(Part):
    """Rows made by a function: a label, a fold's head, a notice."""

    __slots__ = ("_compose",)

    def __init__(self, compose: Callable[[Layout], list[Line]]) -> None:
        super().__init__()
        self._compose = compose

    def render(self, layout: Layout) -> list[Line]:
        """Call the function."""
        return self._compose(layout)

    def estimate(self, width: int) -> int:
        """One row."""
        return 1


def bar_margin(layout: Layout, style: Style) -> Margin:
    """A margin with a bar in the gutter."""
    bar = (Segment("▌", style), Segment(" ", layout.styles.base))
    return Margin(bar, bar, layout.width)


def text_lines(runs: Sequence[Run], margin: Margin) -> list[Line]:
    """Wrapped rows of text."""
    expanded = [(text.expandtabs(4), style) for text, style in runs]
    return [
        margin.line(row.segments, first=index == 0, wraps=row.wraps, joint=row.joint)
        for index, row in enumerate(wrap(expanded, margin.width))
    ]


def chunks(text: str) -> Iterator[str]:
    """Cut plain text into pieces at line ends, or within lines that are very long."""
    start = 0
    while len(text) - start > CHUNK:
        cut = text.rfind("\n", start, start + CHUNK)
        if cut > start:
            yield text[start:cut]
            start = cut + 1
        else:
            yield text[start : start + CHUNK]
            start += CHUNK
    yield text[start:]


def chunk_ends(text: str) -> list[int]:
    """Where each of a text's chunks ends."""
    ends: list[int] = []
    end = 0
    for chunk in chunks(text):
        # A chunk begins where the one before ended, or after the newline there.
        end += len(chunk) + (bool(ends) and not text.startswith(chunk, end))
        ends.append(end)
    return ends
