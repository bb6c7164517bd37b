"""What can be done with a block of the transcript: the rows of its menu, and the texts they work on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hector_tui.ui.numbers import counted
from hector_tui.ui.transcript.blocks import BlockKind, CodeBlock, Stop, TableBlock
from hector_tui.ui.transcript.folds import FoldEntry

_NUMBERED = 9
"""Blocks inside an answer that the menu names; the block cursor reaches all of them."""


class Act(StrEnum):
    """What a row of the menu does."""

    COPY = "copy"
    COPY_PLAIN = "copy_plain"
    COPY_CODE = "copy_code"
    COPY_TABLE = "copy_table"
    COPY_CSV = "copy_csv"
    QUOTE = "quote"
    EDIT = "edit"
    ASK_AGAIN = "ask_again"
    RAW = "raw"
    SELECT = "select"
    TOGGLE = "toggle"


@dataclass(frozen=True, slots=True)
class BlockAction:
    """One row of the menu.

    Attributes:
        key: The key that does it while the menu is open.
        block: Which block of code or table of the stop it works on, from 0.
    """

    key: str
    title: str
    act: Act
    block: int = 0


def actions_for(stop: Stop, *, is_last_answer: bool = False, in_turn: bool = True) -> list[BlockAction]:
    """What can be done with a block, the likeliest first.

    Args:
        stop: The block.
        is_last_answer: It is, or stands in, the newest answer.
        in_turn: It belongs to a turn, whose question can be asked again.
    """
    kind = stop.kind
    actions: list[BlockAction] = []
    if kind is BlockKind.FOLD and isinstance(stop.entry, FoldEntry):
        actions.append(BlockAction("o", "Close" if stop.entry.opened else "Open", Act.TOGGLE))
    if stop.is_whole:
        copied = "Copy as written, in Markdown" if kind is BlockKind.ANSWER else "Copy"
        actions.append(BlockAction("c", copied, Act.COPY))
        if kind is BlockKind.ANSWER:
            actions.append(BlockAction("t", "Copy as plain text, as it is shown", Act.COPY_PLAIN))
    actions.extend(_inner(stop))
    actions.append(BlockAction("q", "Quote into the prompt", Act.QUOTE))
    if kind is BlockKind.QUESTION and in_turn:
        actions.append(BlockAction("e", "Edit and send again", Act.EDIT))
        actions.append(BlockAction("r", "Ask again", Act.ASK_AGAIN))
    elif kind is BlockKind.ANSWER and in_turn:
        title = "Regenerate: ask its question again" if is_last_answer else "Ask its question again"
        actions.append(BlockAction("r", title, Act.ASK_AGAIN))
    actions.append(BlockAction("v", "Select the text", Act.SELECT))
    actions.append(BlockAction("w", "View raw, whole, in the pager", Act.RAW))
    return actions


def _inner(stop: Stop) -> Iterator[BlockAction]:
    """Copying the code and the tables in a block, with a digit as its key where there may be several."""
    blocks = stop.blocks()
    many = stop.is_whole or len(blocks) > 1
    for index, block in enumerate(blocks[:_NUMBERED]):
        key = str(index + 1) if many else "c"
        match block:
            case CodeBlock():
                yield BlockAction(key, f"Copy code: {_code_name(block)}", Act.COPY_CODE, index)
            case TableBlock():
                yield BlockAction(key, f"Copy table: {_table_name(block)}, as Markdown", Act.COPY_TABLE, index)
                yield BlockAction("" if many else "s", "Copy the same table as CSV", Act.COPY_CSV, index)


def _code_name(block: CodeBlock) -> str:
    lines = block.text.count("\n") + (not block.text.endswith("\n"))
    return f"{block.language or 'no language'}, {counted(lines, 'line')}"


def _table_name(block: TableBlock) -> str:
    rows = len(block.rows) - 1
    columns = len(block.rows[0])
    return f"{counted(rows, 'row')}, {counted(columns, 'column')}"


def text_of(stop: Stop, action: BlockAction) -> tuple[str, str]:
    """What a copying action copies, and what it is called."""
    blocks: Sequence[CodeBlock | TableBlock] = stop.blocks()
    block = blocks[action.block] if action.block < len(blocks) else None
    match action.act, block:
        case Act.COPY_CODE, CodeBlock(text=text):
            return text, "code block"
        case Act.COPY_TABLE, TableBlock(markdown=markdown):
            return markdown, "table"
        case Act.COPY_CSV, TableBlock():
            return block.csv, "table as CSV"
        case _:
            return stop.text, stop.kind


def quoted(text: str) -> str:
    """A text as a Markdown quotation, with an empty line after it to write on."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip("\n").split("\n")) + "\n\n"
