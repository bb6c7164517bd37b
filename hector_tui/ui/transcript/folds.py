"""Rows that open: tool calls, thinking, recalled memories."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from rich.segment import Segment
from rich.style import Style

from hector_tui.ui.transcript.entries import Entry
from hector_tui.ui.transcript.lines import Line, Run
from hector_tui.ui.transcript.parts import ComposedPart, Layout, text_lines
from hector_tui.ui.transcript.styles import TranscriptStyles
from hector_tui.ui.transcript.wrapping import measure, truncate

FOLD_LINES = 200
"""Lines of an opened fold that are shown; the stored text is never cut."""
FOLD_CHARACTERS = 24_000
"""Characters of an opened fold that are shown, for results that are one endless line."""

ASIDE_WIDTH = 6
"""Cells of the text at the right end, so that states of rows under one another line up."""


class FoldState(StrEnum):
    """How far the thing behind a fold is."""

    RUNNING = "running"
    WAITING = "your word"
    """It waits for a person's decision."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class FoldEntry(Entry):
    """One row that opens: a tool call, thinking, recalled memories.

    Args:
        title: What it is: the tool's name, `thinking`, `recalled`.
        detail: What it did, in one line: `12 * 7 → 84`. Cut to the width, never wrapped.
        state: How far it is; shown by a glyph and a word, not by colour alone.
        glyph: A sign before the title; empty for none.
        aside: What stands at the right, such as `0.01 s`.
        sections: What is shown when it is opened: pairs of heading and text; an empty heading is not shown.
        entry_id: A name unique in the document.
    """

    compact = True
    foldable = True

    def __init__(
        self,
        title: str,
        detail: str = "",
        state: FoldState = FoldState.DONE,
        *,
        glyph: str = "",
        aside: str = "",
        sections: Sequence[tuple[str, str]] = (),
        entry_id: str = "",
    ) -> None:
        super().__init__(entry_id)
        self.title = title
        self.detail = detail
        self.state = state
        self.glyph = glyph
        self.aside = aside
        self.opened = False
        self._sections = dict(sections)
        self.parts = [ComposedPart(self._head)]

    @property
    def sections(self) -> dict[str, str]:
        """A copy of what is shown when it is opened, whole."""
        return dict(self._sections)

    def update(
        self,
        *,
        title: str | None = None,
        detail: str | None = None,
        state: FoldState | None = None,
        aside: str | None = None,
    ) -> None:
        """Change what the row says; None leaves a thing as it is."""
        self.title = self.title if title is None else title
        self.detail = self.detail if detail is None else detail
        self.state = self.state if state is None else state
        self.aside = self.aside if aside is None else aside
        self._changed(0)

    def append_section(self, heading: str, text: str) -> None:
        """Add text to a section; a new section is made when there is none with this heading."""
        self._sections[heading] = self._sections.get(heading, "") + text
        if self.opened:
            self._changed(1)

    def set_section(self, heading: str, text: str) -> None:
        """Replace the text of a section."""
        self._sections[heading] = text
        if self.opened:
            self._changed(1)

    def toggle(self) -> bool:
        """Open it, or close it again; False when there is nothing to see."""
        if not self.opened and not any(self._sections.values()):
            return False
        self.opened = not self.opened
        del self.parts[1:]
        if self.opened:
            self.parts.append(ComposedPart(self._body))
        self._changed(0)
        return True

    def estimate(self, width: int) -> int:
        """One row when it is closed."""
        return 1 if not self.opened else 2

    def source_text(self) -> str:
        """The row, and everything behind it."""
        head = " ".join(part for part in (self.title, self.detail) if part)
        return "\n".join([head, *(text for text in self._sections.values() if text)])

    def searchable(self) -> Sequence[str]:
        """The title, and what is behind it; the detail is made of that, and is searched where there is nothing else."""
        behind = [f"{heading}\n{text}" if heading else text for heading, text in self._sections.items() if text]
        return (self.title, *behind) if behind else (f"{self.title}  {self.detail}",)

    def part_at(self, text: int, offset: int) -> int:
        """The row itself, or what it opens."""
        return 1 if text else 0

    def _head(self, layout: Layout) -> list[Line]:
        styles = layout.styles
        glyph, state_style = _state_look(self.state, styles)
        marker = "▾ " if self.opened else "▸ "
        if not any(self._sections.values()):
            marker = "· "
        status = "" if self.state is FoldState.DONE else f" {self.state.value}"
        aside = f"  {self.aside:>{ASIDE_WIDTH}}"
        right = glyph + status + aside
        left: list[Run] = [(marker, styles.dim)]
        if self.glyph:
            left.append((f"{self.glyph} ", styles.tool))
        left.append((self.title, styles.tool))
        room = layout.width - sum(measure(text) for text, _ in left) - measure(right) - 4
        detail = truncate(" ".join(self.detail.split()), room)
        if detail:
            left.append((f"  {detail}", styles.dim))
        segments = [Segment(text, style) for text, style in left]
        used = sum(measure(text) for text, _ in left)
        gap = max(2, layout.width - used - measure(right))
        segments += [Segment(" " * gap, styles.base), Segment(glyph + status, state_style), Segment(aside, styles.dim)]
        return [layout.margin().line(segments, first=True)]

    def _body(self, layout: Layout) -> list[Line]:
        styles = layout.styles
        bar = (Segment("│ ", styles.rule),)
        margin = layout.margin().indent(bar, bar)
        lines: list[Line] = []
        for heading, text in self._sections.items():
            if not text:
                continue
            if heading:
                lines.append(margin.line([Segment(heading, styles.dim)], first=True))
            shown, more = _head_of(text)
            lines.extend(text_lines([(shown, styles.base)], margin))
            if more:
                lines.append(margin.line([Segment(more, styles.dim)], first=True))
        return lines


def _state_look(state: FoldState, styles: TranscriptStyles) -> tuple[str, Style]:
    match state:
        case FoldState.RUNNING:
            return "◌", styles.info
        case FoldState.WAITING:
            return "!", styles.warning
        case FoldState.DONE:
            return "✓", styles.success
        case FoldState.FAILED:
            return "✗", styles.error
        case FoldState.CANCELLED:
            return "⊘", styles.warning


def _head_of(text: str) -> tuple[str, str]:
    """As much of a text as an opened fold shows, and a remark about the rest; empty when there is none."""
    text = text.rstrip("\n")
    end = -1
    for _ in range(FOLD_LINES):
        end = text.find("\n", end + 1)
        if end < 0:
            end = len(text)
            break
    if end > FOLD_CHARACTERS:
        return text[:FOLD_CHARACTERS], f"… {len(text) - FOLD_CHARACTERS:,} more characters"
    if end < len(text):
        return text[:end], f"… {text.count(chr(10), end):,} more lines"
    return text, ""
