"""The block cursor: where it stops, and what code and tables are there to take."""

from __future__ import annotations

import csv
import io

import pytest

from hector_tui.ui.transcript.blocks import BlockKind, CodeBlock, Stop, TableBlock, find_blocks, plain_inline
from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import AnswerEntry, NoticeEntry, UserEntry
from hector_tui.ui.transcript.folds import FoldEntry
from tests.ui.transcript.support import TranscriptApp, theme

TABLE = "| Name | Value |\n|:--|--:|\n| **a** | `1, 2` |\n| b \\| c | [d](http://d) |"
TEXT = f"intro\n\n```python\nx = 1\n```\n\nbetween\n\n{TABLE}\n\n    indented code\n\nthe end"


def laid_out(*entries: AnswerEntry | UserEntry | FoldEntry | NoticeEntry) -> TranscriptDocument:
    document = TranscriptDocument(entries)
    document.set_layout(theme(), 60)
    return document


def walked(document: TranscriptDocument, step: int, height: int = 40) -> list[tuple[BlockKind, str]]:
    """Every stop in one direction, until the cursor moves no more."""
    found: list[tuple[BlockKind, str]] = []
    before: Stop | None = None
    document.move_cursor(step, height)
    while document.stop is not None and document.stop != before:
        before = document.stop
        found.append((before.kind, before.text.split("\n")[0]))
        document.move_cursor(step, height)
    return found


def test_the_cursor_stops_at_entries_and_at_the_blocks_inside_answers() -> None:
    document = laid_out(
        UserEntry("question"), FoldEntry("tool"), AnswerEntry("bot", TEXT, finished=True), NoticeEntry("info", "note")
    )
    document.put_cursor(document.entries[0])
    down = [
        (BlockKind.FOLD, "tool"),
        (BlockKind.ANSWER, "intro"),
        (BlockKind.CODE, "```python"),
        (BlockKind.TABLE, "| Name | Value |"),
        (BlockKind.CODE, "    indented code"),
        (BlockKind.NOTICE, "note"),
    ]
    assert walked(document, 1) == down
    assert walked(document, -1) == [*reversed(down[:-1]), (BlockKind.QUESTION, "question")]


def test_a_long_fence_and_a_long_table_are_one_stop_each() -> None:
    code = "".join(f"line {number}\n" for number in range(200))
    rows = "".join(f"| {number} | x |\n" for number in range(100))
    answer = AnswerEntry("bot", f"```\n{code}```\n\n| a | b |\n|--|--|\n{rows}\nend", finished=True)
    document = laid_out(answer)
    document.put_cursor(answer)
    assert [kind for kind, _ in walked(document, 1)] == [BlockKind.CODE, BlockKind.TABLE]
    document.put_cursor(answer)
    document.move_cursor(1, 20)
    assert document.stop is not None and document.stop.first < document.stop.last
    assert document.stop.copied == code
    document.move_cursor(1, 20)
    (table,) = document.stop.blocks()
    assert isinstance(table, TableBlock) and len(table.rows) == 101


def test_a_block_that_grows_stays_one_stop() -> None:
    answer = AnswerEntry("bot", "```\nfirst\n")
    document = laid_out(answer)
    document.put_cursor(answer)
    document.move_cursor(1, 20)
    for number in range(100):
        answer.append(f"line {number}\n")
        document.view(20)
    stop = document.settled_stop()
    assert stop is not None and stop.copied.endswith("line 99") and stop.copied.startswith("first\n")


def test_code_is_taken_without_its_fence() -> None:
    blocks = find_blocks("```Python title=x\na\n\n  b\n```\n\n> - quoted\n>   ```\n>   c\n>   ```\n\n~~~\nopen")
    assert blocks == [CodeBlock("python", "a\n\n  b\n"), CodeBlock("", "c\n"), CodeBlock("", "open")]


def test_a_table_is_taken_as_written_and_as_values() -> None:
    (table,) = find_blocks(f"before\n\n{TABLE}\n\nafter")
    assert isinstance(table, TableBlock)
    assert table.markdown == TABLE
    assert table.rows == (("Name", "Value"), ("a", "1, 2"), ("b | c", "d"))
    assert table.csv == 'Name,Value\na,"1, 2"\nb | c,d\n'


def test_a_table_in_a_quote_is_a_table_when_it_is_pasted() -> None:
    (table,) = find_blocks("> | a | b |\n> |--|--|\n> | 1 \\| 2 | x |")
    assert isinstance(table, TableBlock)
    assert find_blocks(table.markdown) == [TableBlock(table.markdown, table.rows)]
    assert table.rows == (("a", "b"), ("1 | 2", "x"))


def test_csv_is_read_back_as_it_was() -> None:
    rows = (("a", 'say "hi"', "=1+1"), ("line\nbreak", ",", ""))
    assert tuple(tuple(row) for row in csv.reader(io.StringIO(TableBlock("", rows).csv))) == rows


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("**bold** and `code`", "bold and code"),
        ("[docs](http://a)", "docs"),
        ("![alt **text**](http://a.png)", "alt text"),
        ("a &amp; b \\* c", "a & b * c"),
        ("<b>html</b>", "<b>html</b>"),
    ],
)
def test_one_line_of_markdown_without_its_markup(markdown: str, words: str) -> None:
    assert plain_inline(markdown) == words


def test_what_is_no_answer_has_no_blocks() -> None:
    assert Stop(UserEntry("```\nx\n```")).blocks() == []
    assert find_blocks("") == [] and find_blocks("a | b, no table") == []


async def test_the_mark_stands_beside_the_block_and_not_beside_the_rest() -> None:
    app = TranscriptApp(TranscriptDocument([AnswerEntry("bot", "one\n\n```\ntwo\n```\n\nthree", finished=True)]))
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.focus()
        await pilot.press("alt+up", "alt+down")
        assert [row for row in app.shown() if row.startswith("█")] == ["█  two"]
        await pilot.press("alt+up")
        assert len([row for row in app.shown() if row.startswith("█")]) == 6


async def test_keys_go_from_question_to_question() -> None:
    entries = [
        entry
        for number in range(5)
        for entry in (UserEntry(f"question {number}"), AnswerEntry("bot", "words\n\n" * 20, finished=True))
    ]
    app = TranscriptApp(TranscriptDocument(entries))
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.focus()
        for number in (4, 3, 2):
            await pilot.press("left_curly_bracket")
            assert app.shown()[1].endswith(f"question {number}")
        await pilot.press("right_curly_bracket")
        assert app.shown()[1].endswith("question 3")
        await pilot.press("right_curly_bracket")
        await pilot.press("right_curly_bracket")
        assert app.transcript.document.following


async def test_a_jump_does_not_follow_what_comes_afterwards() -> None:
    answer = AnswerEntry("bot", "words\n\n" * 30)
    app = TranscriptApp(TranscriptDocument([UserEntry("first"), UserEntry("second"), answer]))
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.focus()
        await pilot.press("left_curly_bracket")
        before = app.shown()
        for _ in range(20):
            answer.append("more\n\n")
            await pilot.pause()
        assert app.shown() == before and app.transcript.has_new_below
