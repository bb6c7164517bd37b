"""What a transcript consists of: messages, answers and notices; tool calls stand in `folds`."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import count
from typing import Literal

from rich.segment import Segment
from rich.style import Style

from hector_tui.ui.transcript.lines import Line, Run
from hector_tui.ui.transcript.markdown import WINDOW, Block, MarkdownSource
from hector_tui.ui.transcript.memo import Memo
from hector_tui.ui.transcript.parts import (
    ComposedPart,
    Layout,
    MarkdownPart,
    Part,
    TextPart,
    bar_margin,
    chunk_ends,
    chunks,
    text_lines,
)
from hector_tui.ui.transcript.styles import TranscriptStyles
from hector_tui.ui.transcript.wrapping import measure, truncate

NoticeLevel = Literal["info", "warning", "error"]

_ids = count(1)


class Entry:
    """One thing in the transcript.

    An entry owns its text and the list of its parts; which of them are rendered, the document decides.

    Args:
        entry_id: A name unique in its document; made up when empty.
    """

    compact = False
    """Two compact entries stand directly under each other, without a blank row."""
    foldable = False
    opened = False
    """Whether what it can open is open."""
    parsed_characters = 0
    """Work done by a parser so far, in characters; for budgets, tests and benchmarks."""

    def __init__(self, entry_id: str = "") -> None:
        self.id = entry_id or f"entry-{next(_ids)}"
        self.parts: list[Part] = []
        self._chunk_ends: list[int] | None = None
        self.on_change: Callable[[Entry, int], None] | None = None
        """Set by the document: called with the first part that changed."""

    @property
    def heading_parts(self) -> int:
        """How many parts at its start say who speaks, and are not what was said."""
        return 0

    @property
    def growing(self) -> bool:
        """Whether more text is to be expected."""
        return False

    @property
    def behind(self) -> bool:
        """Whether `advance()` has something to do before the parts show all of the text."""
        return False

    def advance(self, budget: int) -> int:
        """Bring the parts up to date with the text.

        Args:
            budget: Characters to parse, about.

        Returns:
            The first part that changed; `len(parts)` when none did.
        """
        return len(self.parts)

    def source_text(self) -> str:
        """The text as it was given, for copying."""
        return ""

    def searchable(self) -> Sequence[str]:
        """The texts a search looks through."""
        return (self.source_text(),)

    def part_at(self, text: int, offset: int) -> int:
        """The part that shows a character of one of the searchable texts, as far as parts are made."""
        return 0

    def _chunk_at(self, offset: int) -> int:
        """Which chunk of its text a character is in; for entries whose parts are such chunks."""
        if self._chunk_ends is None:
            self._chunk_ends = chunk_ends(self.source_text())
        return min(bisect_right(self._chunk_ends, offset), len(self._chunk_ends) - 1)

    def estimate(self, width: int) -> int:
        """About how many rows it will have: from its length and its line ends, which are quick to count."""
        text = self.source_text()
        return 1 + text.count("\n") + (not text.endswith("\n")) + len(text) // width

    def toggle(self) -> bool:
        """Open or close it; False when it has nothing to open."""
        return False

    def forget(self) -> None:
        """Drop everything that can be made again from the text."""
        for part in self.parts:
            part.forget()

    def _changed(self, first: int) -> None:
        for part in self.parts[first:]:
            part.changed()
        if self.on_change is not None:
            self.on_change(self, first)


class UserEntry(Entry):
    """What the person said: a bar on the left, no box.

    Args:
        text: The message, clean. Shown as it was typed, not as Markdown.
        at: The time, as it is to be shown; empty for none.
        label: Who speaks.
        entry_id: A name unique in the document.
    """

    def __init__(self, text: str, at: str = "", label: str = "you", *, entry_id: str = "") -> None:
        super().__init__(entry_id)
        self.text = text
        self.at = at
        self.label = label
        self.parts = [ComposedPart(self._head)]
        self.parts += [TextPart(chunk, _base, _user_bar) for chunk in chunks(text)]

    @property
    def heading_parts(self) -> int:
        """The label."""
        return 1

    def source_text(self) -> str:
        """The message."""
        return self.text

    def part_at(self, text: int, offset: int) -> int:
        """The chunk a character is in, after the label."""
        return 1 + self._chunk_at(offset)

    def _head(self, layout: Layout) -> list[Line]:
        styles = layout.styles
        margin = bar_margin(layout, styles.user_bar)
        return [margin.line(_two_sides(self.label, styles.user_label, self.at, styles.dim, layout), first=True)]


class AnswerEntry(Entry):
    """What an agent says: Markdown that grows.

    Args:
        label: Who speaks; what follows a ` · ` is dimmed. Empty for no label row.
        text: What is there from the start, clean.
        finished: Nothing will be appended.
        note: A short remark under a finished answer, such as `interrupted`; empty for none.
        at: The time, as it is to be shown; empty for none.
        entry_id: A name unique in the document.
    """

    def __init__(
        self,
        label: str = "",
        text: str = "",
        *,
        finished: bool = False,
        note: str = "",
        at: str = "",
        entry_id: str = "",
    ) -> None:
        super().__init__(entry_id)
        self.label = label
        self.at = at
        self._note = ""
        self._source = MarkdownSource(text)
        self._memo: Memo | None = None
        """Made with the first part: most answers of a long history are never looked at."""
        self._head = [ComposedPart(self._label_row)] if label else []
        self._tail: MarkdownPart | None = None
        self._frozen = 0
        self.parts = list(self._head)
        if finished:
            self.finish(note)

    @property
    def text(self) -> str:
        """Everything said so far."""
        return self._source.text

    @property
    def finished(self) -> bool:
        """Whether nothing will be appended any more."""
        return self._source.finished

    @property
    def growing(self) -> bool:
        """Whether it is not finished."""
        return not self._source.finished

    @property
    def behind(self) -> bool:
        """Whether text has come that no part shows yet."""
        return self._source.behind

    def append(self, text: str) -> None:
        """Add text at the end; cheap, whatever is on the screen.

        Raises:
            ValueError: The answer is finished.
        """
        self._source.append(text)
        self._notify()

    def finish(self, note: str = "") -> None:
        """Say that nothing will be appended any more. A second call changes nothing.

        Args:
            note: A short remark under the answer, such as `cancelled`; empty for none.
        """
        if not self._source.finished:
            self._source.finish()
            self._note = note
            self._notify()

    def advance(self, budget: int = WINDOW) -> int:
        """Parse what has come, and bring the parts up to date."""
        if not self.behind:
            return len(self.parts)
        source = self._source
        if self._memo is None:
            self._memo = Memo()
        self._memo.next_round()
        source.advance(budget)
        self.parsed_characters = source.parsed_characters
        stale = {id(block) for block in source.take_stale()}
        first = len(self._head) + self._frozen
        del self.parts[first:]
        for block in source.blocks[self._frozen :]:
            self.parts.append(self._part_of(block, self._memo))
        self._frozen = len(source.blocks)
        if stale:
            self._memo.clear()
            first = self._mark_stale(stale, first)
        self._tail = None if source.tail is None else self._part_of(source.tail, self._memo)
        if self._tail is not None:
            self.parts.append(self._tail)
        if self._note and not source.behind:
            self.parts.append(ComposedPart(self._note_row))
        return first

    def _part_of(self, block: Block, memo: Memo) -> MarkdownPart:
        """The part that shows a block: the tail keeps its part, and with it its rows, when it is frozen."""
        part = self._tail
        if part is not None and part.block is block:
            part.changed()
            return part
        return MarkdownPart(self._source, block, memo)

    def _mark_stale(self, stale: set[int], first: int) -> int:
        for index, part in enumerate(self.parts):
            if isinstance(part, MarkdownPart) and id(part.block) in stale:
                part.changed()
                first = min(first, index)
        return first

    @property
    def heading_parts(self) -> int:
        """The label, if there is one."""
        return len(self._head)

    def source_text(self) -> str:
        """The answer as Markdown."""
        return self._source.text

    def part_at(self, text: int, offset: int) -> int:
        """The part of the block a character is in; the last one there is when it is not parsed yet."""
        return max(0, bisect_right(self.parts, offset, lo=len(self._head), key=_start_of) - 1)

    def forget(self) -> None:
        """Drop all rows."""
        super().forget()
        if self._memo is not None:
            self._memo.clear()

    def _notify(self) -> None:
        if self.on_change is not None:
            self.on_change(self, len(self.parts))

    def _label_row(self, layout: Layout) -> list[Line]:
        styles = layout.styles
        name, dot, rest = self.label.partition(" · ")
        segments = _two_sides(name, styles.agent_label, self.at, styles.dim, layout, more=(dot + rest, styles.dim))
        return [layout.margin().line(segments, first=True)]

    def _note_row(self, layout: Layout) -> list[Line]:
        margin = layout.margin()
        return [margin.line((), first=True), *text_lines([(self._note, layout.styles.dim)], margin)]


class NoticeEntry(Entry):
    """Something the program says: information, a warning or an error.

    Args:
        level: How bad it is.
        text: One or more lines, clean.
        entry_id: A name unique in the document.
    """

    def __init__(self, level: NoticeLevel, text: str, *, entry_id: str = "") -> None:
        super().__init__(entry_id)
        self.level: NoticeLevel = level
        self._set(text)

    def update(self, text: str) -> None:
        """Say something else in its place."""
        self._set(text)
        self._changed(0)

    def _set(self, text: str) -> None:
        self.text = text
        first, *others = chunks(text)
        self.parts = [ComposedPart(lambda layout: self._rows(layout, first))]
        self.parts += [TextPart(other, lambda styles: self._style(styles)) for other in others]

    def source_text(self) -> str:
        """The notice."""
        return self.text

    def part_at(self, text: int, offset: int) -> int:
        """The chunk a character is in."""
        return self._chunk_at(offset)

    def _style(self, styles: TranscriptStyles) -> Style:
        return {"info": styles.dim, "warning": styles.warning, "error": styles.error}[self.level]

    def _rows(self, layout: Layout, text: str) -> list[Line]:
        styles = layout.styles
        sign = {"info": "i ", "warning": "! ", "error": "✗ "}[self.level]
        sign_style = {"info": styles.info, "warning": styles.warning, "error": styles.error}[self.level]
        margin = layout.margin().indent((Segment(sign, sign_style),), (Segment("  ", styles.base),))
        return text_lines([(text, self._style(styles))], margin)


def _start_of(part: Part) -> int:
    """Where in the source a part begins; the remark under an answer stands behind all of it."""
    return part.block.start if isinstance(part, MarkdownPart) else sys.maxsize


def _base(styles: TranscriptStyles) -> Style:
    return styles.base


def _user_bar(styles: TranscriptStyles) -> Style:
    return styles.user_bar


def _two_sides(
    left: str, left_style: Style, right: str, right_style: Style, layout: Layout, *, more: Run | None = None
) -> list[Segment]:
    """A row with one text at the left and one at the right end of the text column; the left one gives way."""
    room = layout.width - (measure(right) + 2 if right else 0)
    name = truncate(left, room)
    rest, rest_style = more or ("", left_style)
    rest = truncate(rest, room - measure(name))
    gap = layout.width - measure(name) - measure(rest) - measure(right)
    segments = [Segment(name, left_style), Segment(rest, rest_style)]
    if right and gap > 0:
        segments += [Segment(" " * gap, layout.styles.base), Segment(right, right_style)]
    return segments
