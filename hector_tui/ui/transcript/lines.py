"""What rendering produces: rows of styled text, and the context they are laid out in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Run = tuple[str, Style]
"""Text in one style, before it is wrapped."""


class Line:
    """One row of the transcript, from its gutter to its last character.

    Args:
        segments: The row's text. Never empty strings.
        decoration: How many characters at the start are not the author's: gutter, bars, bullets, indentation.
        wraps: The next row goes on with the same line of the source; copied text joins them.
        joint: What stood where the row was wrapped: a space, or nothing inside a folded word.
        padding: How many characters at the end are not the author's: what fills a panel up to its edge.
    """

    __slots__ = ("_strip", "decoration", "joint", "padding", "segments", "wraps")

    def __init__(
        self,
        segments: Sequence[Segment],
        decoration: int = 0,
        *,
        wraps: bool = False,
        joint: str = "",
        padding: int = 0,
    ) -> None:
        self.segments = segments
        self.decoration = decoration
        self.wraps = wraps
        self.joint = joint
        self.padding = padding
        self._strip: Strip | None = None

    @property
    def text(self) -> str:
        """The row as plain text, decoration included."""
        return "".join(segment.text for segment in self.segments)

    @property
    def said(self) -> str:
        """The author's part of the row, to its last visible character unless the row was filled up on purpose."""
        text = self.text
        if self.padding:
            return text[self.decoration : len(text) - self.padding]
        said = text[self.decoration :]
        return said if self.wraps else said.rstrip()

    def same_as(self, other: Line) -> bool:
        """Whether the other row looks and copies the same."""
        return (
            self.segments == other.segments
            and self.decoration == other.decoration
            and self.wraps == other.wraps
            and self.joint == other.joint
            and self.padding == other.padding
        )

    def strip(self, width: int, base: Style) -> Strip:
        """The row as a Strip of exactly `width` cells; the same object until the width changes."""
        strip = self._strip
        if strip is None or strip.cell_length != width:
            used = sum(cell_len(segment.text) for segment in self.segments)
            segments = list(self.segments)
            if used < width:
                _pad(segments, width - used, base)
            strip = Strip(segments, max(used, width)).crop(0, width)
            self._strip = strip
        return strip


def _pad(segments: list[Segment], cells: int, style: Style) -> None:
    """Add blank cells, joined to the last segment when it looks the same: fewer escape sequences per row."""
    if segments and segments[-1].style == style:
        segments[-1] = Segment(segments[-1].text + " " * cells, style)
    else:
        segments.append(Segment(" " * cells, style))


@dataclass(frozen=True, slots=True)
class Margin:
    """Where text goes: what stands left of it, and how many cells it may take.

    Args:
        first: What stands left of the next row.
        rest: What stands left of every row after it.
        width: Cells for the text itself; at least 1.
    """

    first: tuple[Segment, ...]
    rest: tuple[Segment, ...]
    width: int

    def after_first(self) -> Margin:
        """The margin once its first row has been written."""
        return self if self.first == self.rest else replace(self, first=self.rest)

    def indent(self, first: tuple[Segment, ...], rest: tuple[Segment, ...]) -> Margin:
        """The margin of what stands inside: `first` and `rest` must be equally wide."""
        cells = sum(cell_len(segment.text) for segment in rest)
        return Margin(self.first + first, self.rest + rest, max(1, self.width - cells))

    def line(
        self,
        segments: Sequence[Segment],
        *,
        first: bool,
        wraps: bool = False,
        joint: str = "",
        decoration: int = 0,
        padding: int = 0,
    ) -> Line:
        """A row with this margin on its left.

        `decoration` and `padding` say how many more characters at its start and its end are not the author's.
        """
        left = self.first if first else self.rest
        decoration += sum(len(segment.text) for segment in left)
        return Line(merge([*left, *segments]), decoration, wraps=wraps, joint=joint, padding=padding)


def merge(segments: Sequence[Segment]) -> list[Segment]:
    """Join neighbours of one style and drop empty ones: every segment costs an escape sequence on the wire."""
    merged: list[Segment] = []
    for segment in segments:
        if not segment.text:
            continue
        if merged and merged[-1].style == segment.style:
            merged[-1] = Segment(merged[-1].text + segment.text, segment.style)
        else:
            merged.append(segment)
    return merged
