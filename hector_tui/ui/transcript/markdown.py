"""Markdown that grows: a source cut into blocks that are parsed once and never again.

CommonMark's block structure is decided line by line and from left to right: what a later line says cannot change a
top-level block that ended before it. So every append parses only from the last block that may still change, and
everything before it is *frozen*. Two things would make that last block grow without bound, and are cut as well:

- a list is cut before its last item (an item means the same on its own; only its number must be remembered);
- a fence or a table is cut after so many lines, and the rest is parsed with the fence line or the table head in front.

What remains, one paragraph, quote or item longer than `WINDOW`, is cut by force at the end of a line or word. Every
forced cut depends on the text alone and never on how it arrived, so a streamed source ends in the same rows as one
given at once.

The one thing that acts backwards is a link reference definition (`[label]: url`): when one is frozen, `take_stale()`
names the blocks that may have used it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rich.cells import split_graphemes

from hector_tui.ui.transcript.grammar import References, as_label, labels_in, parse_blocks

WINDOW, WINDOW_LINES = 8_192, 1_024
"""Characters and lines parsed at a time, and the longest block there can be. A thousand headings take 30 ms."""
FENCE_LINES, FENCE_CHARACTERS = 32, 3_072
"""A fence is frozen in parts of so many lines, or fewer when they are long."""
TABLE_ROWS, TABLE_CHARACTERS = 30, 6_144
"""A table's columns are laid out by its first rows; then it is frozen in parts of so many."""

FOOTNOTE = "footnote_reference_open"
"""The token a footnote begins with."""

# The last line of a stream, while it may still turn into something else: a setext underline, a list marker, a fence, a
# footnote, a formula. Showing it would make the paragraph before it blink.
_UNDECIDED_LINE = re.compile(
    r"[ ]{0,3}(?:[-=*_+#>|~:` ]*|\d{1,9}[.)]?[ ]?|(?:```|~~~).*|\$\$?[ ]*|\\\[?[ ]*|\[(?:\^[^\s\[\]]*(?:\]:?[ ]*)?)?)\Z"
)


@dataclass(eq=False, slots=True)
class Block:
    """A frozen piece of the source, or the open tail: what is rendered, cached and evicted as one.

    Args:
        start: Offset of its first character.
        end: Offset after its last character.
        gap: A blank row stands before it.
        prefix: Source to put in front when it is parsed: the fence line or table head it continues.
        number: The number of its first list item, when it goes on with an ordered list.
        previous: The part of the same fence or table before it.
        part: Which part of its fence or table it is, from 0.
    """

    start: int
    end: int
    gap: bool = False
    prefix: str = ""
    number: int | None = None
    previous: Block | None = None
    part: int = 0
    column_widths: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Layout of the table that starts here, by width in cells; the parts that follow use it."""
    lexer_states: tuple[str, ...] | None = None
    """Where the lexer stood at the end of this part of a fence; None until it was highlighted."""
    labels: frozenset[str] | None = None
    """What stands in brackets in it; None until it was asked for."""

    @property
    def leader(self) -> Block:
        """The first part of the table or fence it belongs to; itself when it is one piece."""
        block = self
        while block.previous is not None:
            block = block.previous
        return block


class _Unit(NamedTuple):
    """A top-level block or list item, in lines of the window."""

    line: int
    end: int
    """The line after its last; what follows up to the next unit is blank or a definition."""
    kind: str
    item: int
    """Which item of its list it is, from 0."""
    number: int | None


class MarkdownSource:
    """The text of one answer, and the blocks it consists of so far.

    Args:
        text: What is there from the start. Clean text: control characters are the caller's business.
        finished: Nothing will be appended.
    """

    def __init__(self, text: str = "", *, finished: bool = False) -> None:
        self.blocks: list[Block] = []
        self.tail: Block | None = None
        self.references: References = {}
        self.parsed_characters = 0
        """Work done so far: characters handed to the parser, each counted every time."""
        self._text = ""
        self._pending: list[str] = []
        self._after_return = False
        self._finished = False
        self._open = Block(0, 0)
        """What the text after the last frozen block starts with."""
        self._stale: list[Block] = []
        self._dirty = False
        if text:
            self.append(text)
        if finished:
            self.finish()

    @property
    def text(self) -> str:
        """Everything appended so far, line ends as newlines."""
        if self._pending:
            self._text += "".join(self._pending)
            self._pending.clear()
        return self._text

    @property
    def finished(self) -> bool:
        """Whether nothing will be appended any more."""
        return self._finished

    @property
    def behind(self) -> bool:
        """Whether `advance()` has something to do."""
        return self._dirty

    def append(self, text: str) -> None:
        """Add text at the end. Costs nothing until `advance()`.

        Raises:
            ValueError: The source was finished.
        """
        if self._finished:
            raise ValueError("a finished answer cannot grow")
        if not text:
            return
        if self._after_return and text[0] == "\n":
            text = text[1:]
        self._after_return = text.endswith("\r")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if text:
            self._pending.append(text)
            self._dirty = True

    def finish(self) -> None:
        """Say that nothing will be appended any more."""
        if not self._finished:
            self._finished = True
            self._dirty = True

    def slice(self, block: Block) -> str:
        """The source of a block, with what must stand in front of it."""
        return block.prefix + self._text[block.start : block.end]

    def after_text(self, block: Block) -> bool:
        """Whether the line right before a block is not blank."""
        line = self._text.rfind("\n", 0, max(0, block.start - 1)) + 1
        return bool(self._text[line : block.start].strip())

    def take_stale(self) -> Sequence[Block]:
        """Frozen blocks that must be rendered again, because a definition they may use has come. Asked once."""
        stale, self._stale = self._stale, []
        return stale

    def advance(self, budget: int = WINDOW) -> None:
        """Bring the blocks up to date, as far as the budget goes; `behind` says whether anything is left.

        Args:
            budget: Characters to parse, about; one window is parsed even if it costs more.
        """
        text = self.text
        while self._dirty:
            start = self._open.start
            window = _first_lines(text[start : start + WINDOW])
            truncated = start + len(window) < len(text)
            self._freeze(window, truncated=truncated, final=self._finished and not truncated)
            # Many short lines are as much work as a full window.
            budget -= max(len(window), window.count("\n") * WINDOW // WINDOW_LINES)
            if not truncated:
                self._dirty = False
            elif budget <= 0:
                break
        self._set_tail(text)

    def _set_tail(self, text: str) -> None:
        """Everything not frozen is one block to show, except for an end that may still change its meaning.

        While parsing is behind there is none: what remains may be of any length, and is cut into blocks soon.
        """
        tail = self._open
        end = tail.start if self._dirty else self._decided_end(text, tail.start)
        if end > tail.start and (tail.prefix or not text[tail.start : end].isspace()):
            tail.end = end
            self.tail = tail
        else:
            self.tail = None

    def _decided_end(self, text: str, start: int) -> int:
        """Where the text ends that can be shown without changing its nature with the next character."""
        if self._finished:
            return len(text)
        line = max(start, text.rfind("\n", start) + 1)
        if not self._open.prefix:
            for head in (_line_before(text, line, start), line):
                if _may_become_table(text, head, line, start):
                    return head
        return line if _UNDECIDED_LINE.match(text, line) else len(text)

    def _freeze(self, window: str, *, truncated: bool, final: bool) -> None:
        """Freeze what can be frozen in one window of the open text."""
        self.parsed_characters += len(window)
        begin = self._open.start
        found: References = dict(self.references)
        units, offsets = _units(self._open, window, found)
        complete = len(offsets) if final else len(offsets) - 1
        decided = len(units) if final else _last_decided(units, complete)
        for index, unit in enumerate(units[:decided]):
            self._freeze_parts(unit, window, offsets, begin, complete)
            if index + 1 < len(units):
                following = units[index + 1]
                self._close(begin + offsets[following.line])
                self._continue(unit, following, window, offsets)
        if final:
            self._close(begin + len(window))
        elif decided < len(units):
            self._freeze_parts(units[decided], window, offsets, begin, complete)
        if truncated and self._open.start == begin:
            self._cut_by_force(window, units, lines=complete)
        if len(found) > len(self.references) and self._open.start > begin:
            self._define(begin, self._open.start)

    def _close(self, end: int) -> None:
        """Freeze the open block up to `end`, where the next one starts."""
        block = self._open
        block.end = end
        if end > block.start and (block.prefix or not self._text[block.start : end].isspace()):
            self.blocks.append(block)
        self._open = Block(end, end, gap=bool(self.blocks))

    def _continue(self, unit: _Unit, following: _Unit, window: str, offsets: Sequence[int]) -> None:
        """Tell the open block how it goes on with a list or footnotes: its number, and the blank line before it."""
        self._open.number = following.number
        if following.item or unit.kind == following.kind == FOOTNOTE:
            self._open.gap = window[offsets[following.line - 1] : offsets[following.line]].isspace()

    def _freeze_parts(self, unit: _Unit, window: str, offsets: Sequence[int], begin: int, complete: int) -> None:
        """Freeze the whole parts of the fence or table that the open block is."""
        if unit.kind not in ("fence", "table_open"):
            return
        prefix = self._open.prefix or _head(unit, window, offsets)
        for boundary in _boundaries(unit, offsets, min(unit.end, complete), head=not self._open.prefix):
            block = self._open
            block.end = begin + boundary
            self.blocks.append(block)
            self._open = Block(block.end, block.end, prefix=prefix, previous=block, part=block.part + 1)

    def _cut_by_force(self, window: str, units: Sequence[_Unit], *, lines: int) -> None:
        """Freeze a window that has no place to cut: at the end of a line, else of a word, else of a grapheme."""
        block = self._open
        middle = len(window) // 2
        length = window.rfind("\n", middle) + 1 or window.rfind(" ", middle) + 1 or _grapheme_boundary(window)
        block.end = block.start + length
        self.blocks.append(block)
        self._open = Block(block.end, block.end)
        if units and units[0].kind == "fence" and units[0].end >= lines:
            self._open.prefix = block.prefix or window[: window.find("\n") + 1]
            self._open.previous, self._open.part = block, block.part + 1

    def _define(self, start: int, end: int) -> None:
        """Take over the definitions of newly frozen text, and name the blocks before it that may use them."""
        known = set(self.references)
        parse_blocks(self._text[start:end], self.references)
        defined = {as_label(key) for key in self.references.keys() - known}
        if not defined:
            return
        for block in self.blocks:
            if not (self._labels(block).isdisjoint(defined) and self._labels(block.leader).isdisjoint(defined)):
                block.column_widths.clear()
                self._stale.append(block)

    def _labels(self, block: Block) -> frozenset[str]:
        """The labels a frozen block may name; found once, because a long answer may have hundreds of definitions."""
        if block.labels is None:
            block.labels = labels_in(self._text[block.start : block.end])
        return block.labels


def _first_lines(window: str) -> str:
    """A window without the lines that are too many."""
    if window.count("\n") <= WINDOW_LINES:
        return window
    end = 0
    for _ in range(WINDOW_LINES):
        end = window.find("\n", end) + 1
    return window[:end]


def _line_before(text: str, line: int, start: int) -> int:
    return max(start, text.rfind("\n", start, max(start, line - 1)) + 1)


def _may_become_table(text: str, head: int, line: int, start: int) -> bool:
    """Whether a row at `head` is a paragraph only until the row of dashes under it, at `line`, is complete."""
    if not text.startswith("|", head) or (head < line and text[line:].strip("|: \t-")):
        return False
    return head == start or text[_line_before(text, head, start) : head].isspace()


def _units(opened: Block, window: str, references: References) -> tuple[list[_Unit], list[int]]:
    """The top-level blocks and list items of a window, and the offset of each of its lines."""
    offsets = [0]
    position = window.find("\n") + 1
    while position:
        offsets.append(position)
        position = window.find("\n", position) + 1
    skipped = opened.prefix.count("\n")
    tokens = parse_blocks(opened.prefix + window, references)
    units: list[_Unit] = []
    number: int | None = None
    item = 0
    for token in tokens:
        if token.map is None or token.nesting < 0:
            continue
        first, end = max(0, token.map[0] - skipped), max(0, token.map[1] - skipped)
        if token.level == 0 and token.type in ("bullet_list_open", "ordered_list_open"):
            item = 0
            number = None
            if token.type == "ordered_list_open":
                number = int(token.attrs.get("start", 1))
                if not units and opened.number is not None:
                    number = opened.number
        elif token.level == 1 and token.type == "list_item_open":
            units.append(_Unit(first, end, "item", item, None if number is None else number + item))
            item += 1
        elif token.level == 0:
            units.append(_Unit(first, end, token.type, 0, None))
    return units, offsets


def _last_decided(units: Sequence[_Unit], complete: int) -> int:
    """Index of the last unit that surely starts where it does; all units before it can be frozen.

    A line that is not complete may still become something else. A table's first line belongs to a paragraph
    until the line under it is known.
    """
    for index in range(len(units) - 1, 0, -1):
        unit = units[index]
        needs = unit.line + 2 if unit.kind == "table_open" else unit.line + 1
        if needs <= complete:
            return index
    return 0


def _head(unit: _Unit, window: str, offsets: Sequence[int]) -> str:
    """The fence line, or the first two lines of a table."""
    after = unit.line + (1 if unit.kind == "fence" else 2)
    return window[offsets[unit.line] : offsets[after] if after < len(offsets) else len(window)]


def _boundaries(unit: _Unit, offsets: Sequence[int], end: int, *, head: bool) -> Iterator[int]:
    """Offsets in the window where a fence or table is cut; the line that starts there, before `end`, belongs to it."""
    if unit.kind == "fence":
        most, longest, head_lines = FENCE_LINES, FENCE_CHARACTERS, 1
    else:
        most, longest, head_lines = TABLE_ROWS, TABLE_CHARACTERS, 2
    start = unit.line
    first_row = start + head_lines if head else start
    for line in range(first_row + 1, end):
        if line - first_row >= most or offsets[line] - offsets[start] >= longest:
            yield offsets[line]
            start = first_row = line


def _grapheme_boundary(window: str) -> int:
    """The last offset of a window without any space where it can be cut without breaking a character apart."""
    near = max(0, len(window) - 64)
    spans, _ = split_graphemes(window[near:])
    return near + spans[-1][0] if len(spans) > 1 else len(window)
