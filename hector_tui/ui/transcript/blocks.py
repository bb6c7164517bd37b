"""What the block cursor stands on: a whole entry, or a block of code or a table inside an answer."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from hector_tui.ui.text import clean
from hector_tui.ui.transcript.code import language_of
from hector_tui.ui.transcript.entries import AnswerEntry, Entry, NoticeEntry, UserEntry
from hector_tui.ui.transcript.flow import Place, Row
from hector_tui.ui.transcript.folds import FoldEntry
from hector_tui.ui.transcript.grammar import parse_blocks, parse_inline
from hector_tui.ui.transcript.parts import MarkdownPart

if TYPE_CHECKING:
    from markdown_it.token import Token

WHOLE = -1
"""The first part of a stop that is a whole entry."""
LONGEST = 262_144
"""Characters of a text that are searched for blocks at once; beyond, the block cursor reaches each one by itself."""

_CODE = frozenset({"fence", "code_block"})


class BlockKind(StrEnum):
    """What a stop is, as the interface calls it."""

    QUESTION = "question"
    ANSWER = "answer"
    CODE = "code block"
    TABLE = "table"
    FOLD = "tool call"
    NOTICE = "notice"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Code as its author wrote it.

    Attributes:
        language: What the fence names; empty for none.
    """

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table.

    Attributes:
        markdown: As it was written; put together anew where it stands in a quote or a list.
        rows: The text of the cells without markup, the header first.
    """

    markdown: str
    rows: tuple[tuple[str, ...], ...]

    @property
    def csv(self) -> str:
        """The cells as comma-separated values (RFC 4180, but with the line ends of this system's text files)."""
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows(self.rows)
        return written.getvalue()


@dataclass(frozen=True, slots=True)
class Stop:
    """A place of the block cursor.

    Attributes:
        entry: The entry.
        first: The first part of the block inside it, `WHOLE` for all of the entry.
        last: The last part.
    """

    entry: Entry
    first: int = WHOLE
    last: int = WHOLE

    @property
    def is_whole(self) -> bool:
        """Whether it is the entry itself."""
        return self.first == WHOLE

    def marks(self, row: Row) -> bool:
        """Whether the cursor's mark stands beside a row."""
        if row.entry is not self.entry or row.place.part < 0:
            return False
        if self.is_whole:
            return True
        # The blank row that sets a block apart from the one above belongs to its part.
        blank = row.place.line == 0 and not row.line.said
        return self.first <= row.place.part <= self.last and not blank

    @property
    def text(self) -> str:
        """The Markdown or plain text, as it was written."""
        if self.is_whole:
            return self.entry.source_text()
        parts = [part for part in self.entry.parts[self.first : self.last + 1] if isinstance(part, MarkdownPart)]
        if not parts:
            return ""
        return self.entry.source_text()[parts[0].block.start : parts[-1].block.end].strip("\n")

    @property
    def copied(self) -> str:
        """What the copy key takes: the text, of a block of code what stands inside its fence."""
        blocks = [] if self.is_whole else self.blocks()
        return blocks[0].text if blocks and isinstance(blocks[0], CodeBlock) else self.text

    @property
    def kind(self) -> BlockKind:
        """What it is."""
        if not self.is_whole:
            blocks = find_blocks(self.text)
            return BlockKind.TABLE if blocks and isinstance(blocks[0], TableBlock) else BlockKind.CODE
        match self.entry:
            case UserEntry():
                return BlockKind.QUESTION
            case AnswerEntry():
                return BlockKind.ANSWER
            case FoldEntry():
                return BlockKind.FOLD
            case NoticeEntry():
                return BlockKind.NOTICE
            case _:
                return BlockKind.TEXT

    def blocks(self) -> list[CodeBlock | TableBlock]:
        """The blocks of code and the tables in it, in order; only answers have any."""
        return find_blocks(self.text) if isinstance(self.entry, AnswerEntry) else []

    def span(self, order: int) -> tuple[Place, Place]:
        """The first row of its text, and a place after its last row.

        Args:
            order: The entry's number in its document.
        """
        if self.is_whole:
            return Place(order, self.entry.heading_parts, 0), Place(order + 1, -1, 0)
        return Place(order, self.first, 0), Place(order, self.last + 1, 0)


def inner_stops(entry: Entry) -> list[Stop]:
    """The blocks of code and the tables of an answer, as far as it is parsed."""
    stops: list[Stop] = []
    if not isinstance(entry, AnswerEntry):
        return stops
    for index, part in enumerate(entry.parts):
        if not isinstance(part, MarkdownPart):
            continue
        if part.block.previous is not None and stops and stops[-1].last == index - 1:
            stops[-1] = Stop(entry, stops[-1].first, index)
        elif part.block.previous is None and _part_holds_block(entry, part):
            stops.append(Stop(entry, index, index))
    return stops


def grown(stop: Stop) -> Stop:
    """A stop as it is now: a block that grows gets more parts, and what looked like one may turn out to be none."""
    parts = stop.entry.parts
    if stop.is_whole:
        return stop
    first = parts[stop.first] if stop.first < len(parts) else None
    if not isinstance(first, MarkdownPart) or not _part_holds_block(stop.entry, first):
        return Stop(stop.entry)
    last = stop.first
    while last + 1 < len(parts) and isinstance(part := parts[last + 1], MarkdownPart) and part.block.previous:
        last += 1
    return stop if last == stop.last else Stop(stop.entry, stop.first, last)


def _part_holds_block(entry: Entry, part: MarkdownPart) -> bool:
    """Asked in every frame and at every step of the cursor, and found out once."""
    block = part.block
    if part.holds_block is None or part.holds_block[0] != block.end:
        part.holds_block = block.end, _holds_block(entry.source_text()[block.start : block.end])
    return part.holds_block[1]


def find_blocks(text: str) -> list[CodeBlock | TableBlock]:
    """The blocks of code and the tables of a Markdown text, in order; none when it is longer than `LONGEST`."""
    if len(text) > LONGEST or not _may_hold_block(text):
        return []
    tokens = parse_blocks(text, {})
    found: list[CodeBlock | TableBlock] = []
    for index, token in enumerate(tokens):
        if token.type in _CODE:
            found.append(CodeBlock(language_of(clean(token.info)), token.content))
        elif token.type == "table_open":
            found.append(_table(tokens, index, text))
    return found


def _holds_block(text: str) -> bool:
    return _may_hold_block(text) and any(
        token.type in _CODE or token.type == "table_open" for token in parse_blocks(text, {})
    )


def _may_hold_block(text: str) -> bool:
    return any(mark in text for mark in ("```", "~~~", "|", "    ", "\t"))


def _table(tokens: Sequence[Token], start: int, text: str) -> TableBlock:
    rows: list[list[str]] = []
    sources: list[list[str]] = []
    for token in tokens[start:]:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
            sources.append([])
        elif token.type == "inline":
            rows[-1].append(plain_inline(token.content))
            sources[-1].append(token.content.replace("|", "\\|"))
    first = tokens[start]
    if first.level == 0 and first.map is not None:
        markdown = "\n".join(text.split("\n")[first.map[0] : first.map[1]]).rstrip()
    else:
        lines = [f"| {' | '.join(cells)} |" for cells in sources]
        lines.insert(1, "|" + " --- |" * len(sources[0]))
        markdown = "\n".join(lines)
    return TableBlock(markdown, tuple(tuple(row) for row in rows))


def plain_inline(content: str) -> str:
    """One line of Markdown without its markup: the words of links and emphasis, the alt text of images."""
    return "".join(_words(parse_inline(content, {})))


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        match token.type:
            case "softbreak":
                yield " "
            case "hardbreak":
                yield "\n"
            case "image":
                yield from _words(token.children or [])
            case _:
                yield clean(token.content)
