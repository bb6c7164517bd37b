"""Every example of the CommonMark and GFM specifications: nothing is lost, and streaming changes nothing."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

import pytest
from rich.style import Style

from hector_tui.ui.text import Cleaner, clean
from hector_tui.ui.transcript.entries import AnswerEntry
from hector_tui.ui.transcript.lines import Line
from hector_tui.ui.transcript.parts import Layout
from tests.ui.transcript.reference import Example, VisibleText, examples
from tests.ui.transcript.support import lines, looks, painted, theme, whole

WIDE = 400
"""Cells at which no example wraps."""
ALL = examples()
BY_NAME = [example.name for example in ALL]


# Colours of their own for what we add, so that it can be told from what the author wrote.
STYLES = replace(
    theme(),
    dim=Style(color="#010101"),
    link_target=Style(color="#020202"),
    rule=Style(color="#030303"),
    block_label=Style(color="#040404"),
    marker=Style(color="#050505"),
)
ADDED = (STYLES.dim, STYLES.link_target, STYLES.rule, STYLES.block_label, STYLES.marker)


def written(line: Line) -> str:
    """A row without what its author did not write or the reference does not show: marks, addresses, definitions."""
    position, kept = 0, ""
    for segment in line.segments:
        assert segment.style is not None
        if segment.style.clear_meta_and_links() not in ADDED:
            kept += segment.text[max(0, line.decoration - position) :]
        position += len(segment.text)
    return kept


def squeezed(text: str) -> str:
    """A text without its white space."""
    return re.sub(r"\s", "", text)


def shown(example: Example) -> list[Line]:
    """The rows of an example."""
    return lines(whole(clean(example.markdown)), WIDE, STYLES)


def test_both_specifications_are_whole() -> None:
    assert sum(name.startswith("commonmark-") for name in BY_NAME) >= 650
    assert {example.extension for example in ALL} >= {"table", "strikethrough", "autolink", "tagfilter", "disabled"}
    assert len(ALL) > 690


@pytest.mark.parametrize("example", ALL, ids=BY_NAME)
def test_a_reader_sees_the_text_of_the_reference(example: Example) -> None:
    """Without HTML of the author's, which we show and browsers obey, it is that text and not a character more."""
    reference = VisibleText(example.html)
    rows = [written(line) for line in shown(example)]
    if "<" not in example.markdown:
        assert squeezed("".join(rows)) == squeezed(clean(reference.text))
    else:
        text, position = " ".join(rows), 0
        for word in clean(reference.text).split():
            found = text.find(word, position)
            assert found >= 0, f"{word!r} is not in {text[position:]!r}"
            position = found + len(word)


@pytest.mark.parametrize("example", ALL, ids=BY_NAME)
def test_addresses_and_code_are_those_of_the_reference(example: Example) -> None:
    reference = VisibleText(example.html)
    rows = shown(example)
    text = "\n".join(line.text for line in rows)
    for address in () if reference.foreign or "<a" in example.markdown else reference.addresses:
        path = re.sub(r"^(mailto:|http://(?=www\.))", "", unquote(address))
        assert clean(path) in unquote(text)
    if not reference.foreign and "<pre" not in example.markdown:
        panels = [line.text[line.decoration :].rstrip() for line in rows if is_code(line)]
        wanted = [line for code in reference.code for line in code.removesuffix("\n").split("\n")]
        assert panels == [line.expandtabs(4).rstrip() for line in wanted]


def is_code(line: Line) -> bool:
    """Whether a row stands on the panel of a block of code, and is not its label."""
    styles = [segment.style for segment in line.segments]
    return STYLES.block in styles and STYLES.block_label not in styles


def cut(text: str, chunking: str) -> Iterator[str]:
    """A text in pieces: whole, character by character, or as a seed says."""
    if chunking == "whole":
        yield text
        return
    chance = random.Random(chunking)
    while text:
        size = 1 if chunking == "characters" else chance.choice((1, 1, 2, 3, 5, 8, 13, 30))
        yield text[:size]
        text = text[size:]


def streamed(text: str, chunking: str) -> list[Line]:
    """The rows of an answer that came in pieces and was painted after each of them."""
    answer = AnswerEntry("")
    layout = Layout(theme(), 60)
    cleaner = Cleaner()
    for chunk in cut(text, chunking):
        answer.append(cleaner.feed(chunk))
        painted(answer, layout)
    answer.append(cleaner.finish())
    answer.finish()
    return painted(answer, layout)


def whole_answer(text: str) -> list[Line]:
    """The rows of an answer that was there from the start."""
    return painted(AnswerEntry("", clean(text), finished=True), Layout(theme(), 60))


@pytest.mark.parametrize("chunking", ["whole", "characters", "seed 1", "seed 2", "seed 3"])
@pytest.mark.parametrize("block", range(0, len(ALL), 50))
def test_streamed_equals_whole(block: int, chunking: str) -> None:
    for example in ALL[block : block + 50]:
        assert looks(streamed(example.markdown, chunking)) == looks(whole_answer(example.markdown)), example.name


@pytest.mark.parametrize("chunking", ["seed 4", "seed 5"])
def test_all_examples_as_one_answer(chunking: str) -> None:
    """Blocks of one example go on in the next: fences that are never closed, definitions that come late."""
    chance = random.Random(chunking)
    mixed = chance.sample(ALL, 60)
    text = "\n\n".join(example.markdown for example in mixed)
    assert looks(streamed(text, chunking)) == looks(whole_answer(text))
