"""Hostile Markdown: the work of one step stays bounded, and nothing is lost."""

from __future__ import annotations

import pytest

from hector_tui.ui.transcript import markdown
from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import AnswerEntry
from hector_tui.ui.transcript.flow import BUDGET
from hector_tui.ui.transcript.inline import LONGEST, pieces
from hector_tui.ui.transcript.markdown import WINDOW, WINDOW_LINES, MarkdownSource
from tests.ui.transcript.bombs import BOMBS
from tests.ui.transcript.support import blocks, render, theme, whole


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_one_step_is_bounded(text: str) -> None:
    """Each call parses about its budget; no block is larger than a window, no inline piece larger than its limit."""
    source = MarkdownSource(text, finished=True)
    steps = 0
    while source.behind:
        before, blocks_before = source.parsed_characters, len(source.blocks)
        source.advance(BUDGET)
        assert len(source.blocks) - blocks_before <= WINDOW_LINES
        assert source.parsed_characters - before <= BUDGET + WINDOW
        steps += 1
        assert steps < 400
    assert all(block.end - block.start <= WINDOW for block in blocks(source))
    assert blocks(source)[0].start == 0 and blocks(source)[-1].end == len(text)
    assert all(one.end == two.start for one, two in zip(source.blocks, source.blocks[1:], strict=False))
    assert all(len(piece) <= LONGEST for block in source.blocks for piece in pieces(source.slice(block)))


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_a_view_renders_few_parts(text: str) -> None:
    document = TranscriptDocument([AnswerEntry("bot", text, finished=True)])
    document.set_layout(theme(), 100)
    document.view(40)
    assert document.rendered_parts <= 43
    while document.behind:
        before = document.rendered_parts
        document.view(40)
        assert document.rendered_parts - before <= 43


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_a_new_width_renders_few_parts_and_parses_nothing_again(text: str) -> None:
    answer = AnswerEntry("bot", text[:100_000], finished=True)
    document = TranscriptDocument([answer])
    document.set_layout(theme(), 100)
    document.view(40)
    while document.behind:
        document.view(40)
    rendered, parsed = document.rendered_parts, answer.parsed_characters
    document.set_layout(theme(), 60)
    document.view(40)
    document.scroll_home()
    document.view(40)
    assert document.rendered_parts - rendered <= 2 * 43
    assert answer.parsed_characters == parsed


def test_a_row_of_any_bomb_is_quick_to_cut() -> None:
    """Rich cuts a row by trying one character after the other, so the characters of a row must be bounded."""
    for text in BOMBS.values():
        document = TranscriptDocument([AnswerEntry("bot", text[:20_000], finished=True)])
        document.set_layout(theme(), 100)
        assert all(len(row.line.text) <= 1_400 for row in document.view(40).rows)


def test_a_long_line_keeps_all_its_words() -> None:
    text = " ".join(f"w{number}" for number in range(20_000))
    shown = " ".join(row.strip() for row in render(text, 80))
    assert shown.split() == text.split()


def test_a_long_word_is_cut_between_characters() -> None:
    family = "👨‍👩‍👧"
    text = family * 4_000
    source = whole(text)
    assert len(source.blocks) > 1
    assert all(source.slice(block).count("👨") * len(family) == len(source.slice(block)) for block in source.blocks)


def test_numbers_of_a_long_list_go_on_behind_every_cut() -> None:
    text = "".join(f"{number}. item\n" for number in range(1, 3_001))
    assert render(text)[-1] == "3000. item"


def test_a_long_table_keeps_its_columns_behind_every_cut() -> None:
    head = "| a | b |\n|---|---|\n"
    rows = render(head + "| one | two |\n" * 100)
    assert len(rows) == 102
    assert len({row.index("│") for row in rows if "│" in row}) == 1


def test_a_fence_is_one_panel_behind_every_cut() -> None:
    rows = render("```python\n" + "x = 1\n" * 200 + "```\n")
    assert rows == [" python", *[" x = 1"] * 200]


def test_parts_of_a_fence_depend_on_the_text_alone() -> None:
    text = "```\n" + "x\n" * 100 + "```\n"
    at_once = [(block.start, block.end) for block in whole(text).blocks]
    source = MarkdownSource()
    for character in text:
        source.append(character)
        source.advance()
    source.finish()
    source.advance()
    assert [(block.start, block.end) for block in source.blocks] == at_once
    assert len(at_once) == 100 // markdown.FENCE_LINES + 1
