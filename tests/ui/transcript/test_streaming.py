"""However an answer arrives, it ends as if it had come at once."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hector_tui.ui.transcript import markdown
from hector_tui.ui.transcript.entries import AnswerEntry
from hector_tui.ui.transcript.grammar import parse_blocks
from hector_tui.ui.transcript.markdown import Block, MarkdownSource
from hector_tui.ui.transcript.parts import Layout
from tests.ui.transcript.support import lines, looks, painted, theme, whole

# Beginnings, middles and ends of every construct, to be put together in any order.
PIECES = st.one_of(
    st.sampled_from(
        ["- item\n", "  - nested\n", "- ", "1. one\n", "2. two\n", "10) x\n", "- [ ] t\n", "* star\n", "+ plus\n"]
    ),
    st.sampled_from(["# head\n", "***\n", "---\n", "===\n", "-", "=", "1."]),
    st.sampled_from(["```python\n", "```\n", "~~~\n", "x = 1\n", "    code\n", "\ttab\n"]),
    st.sampled_from(["a | b\n", "--|--\n", "| a | b |\n", "|---|---|\n", "| 1 | 2 |\n", "|"]),
    st.sampled_from(["[foo]: /url\n", "[foo] ", "[foo][bar]", "[bar]: <x y> 'title\n", "'\n"]),
    st.sampled_from(["<div>\n", "</div>\n", "<!-- c\n", "-->\n"]),
    st.sampled_from(["`code", "**bold**", "*em", "~~s~~", "\\", "&amp;", "![i](u)", '[l](u "t")']),
    st.sampled_from(["[^1]", "[^1]: note\n", "[^2]:", "    more\n", "[^", "[^1]: [^2]: "]),
    st.sampled_from(["$$\n", "$$", "$a_1$", "\\[\n", "\\]\n", "\\(a_1\\)", "$", "> $$\n"]),
    st.sampled_from(["www.a.b", "x@y.z", "http://c.d/e_f_", "é\u0301", "日本", "👨\u200d👩\u200d👧", "مرحبا"]),
    st.sampled_from(["\n", "\n\n", "\r\n", "\r", "  \n", " ", "   ", "\t"]),
)
TEXTS = st.lists(PIECES, min_size=1, max_size=30).map("".join)
# Nothing but characters that mean something; hardly ever a construct, nearly always the edge of one.
NOISE = st.text(alphabet="`*_[]()<>#|-+=~$^:!\\& \n\t1.ax\r", min_size=1, max_size=80)
NASTY = st.one_of(TEXTS, NOISE)


@contextmanager
def small_limits() -> Iterator[None]:
    """Cut fences, tables and windows after a few lines, so that short texts meet every cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markdown, "FENCE_LINES", 3)
        patch.setattr(markdown, "TABLE_ROWS", 3)
        patch.setattr(markdown, "WINDOW", 120)
        patch.setattr(markdown, "WINDOW_LINES", 8)
        yield


def stream(text: str, cuts: list[int], *, chance: random.Random) -> MarkdownSource:
    """Feed a text in pieces, rendering now and then in between."""
    source = MarkdownSource()
    start = 0
    for size in cuts:
        source.append(text[start : start + size])
        start += size
        if chance.random() < 0.8:
            source.advance()
            if chance.random() < 0.3:
                lines(source, 40)
    source.append(text[start:])
    source.finish()
    while source.behind:
        source.advance()
    return source


def rows(source: MarkdownSource) -> list[str]:
    return [line.text for line in lines(source, 40)]


@given(NASTY, st.lists(st.integers(1, 40), max_size=60), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_streamed_equals_whole(text: str, cuts: list[int], chance: random.Random) -> None:
    assert looks(lines(stream(text, cuts, chance=chance), 40)) == looks(lines(whole(text), 40))


@given(NASTY, st.lists(st.integers(1, 40), max_size=60), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_streamed_equals_whole_where_blocks_are_cut(text: str, cuts: list[int], chance: random.Random) -> None:
    with small_limits():
        assert looks(lines(stream(text, cuts, chance=chance), 40)) == looks(lines(whole(text), 40))


@given(NASTY, st.lists(st.integers(1, 40), max_size=60))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_answer_painted_after_every_piece_equals_whole(text: str, cuts: list[int]) -> None:
    """Parts keep their rows while nothing says they changed; a definition that comes late must say so."""
    layout = Layout(theme(), 40)
    answer = AnswerEntry()
    with small_limits():
        for size in cuts:
            answer.append(text[:size])
            painted(answer, layout)
            text = text[size:]
        answer.append(text)
        answer.finish()
        assert looks(painted(answer, layout)) == looks(painted(AnswerEntry(text=answer.text, finished=True), layout))


@given(NASTY)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_blocks_render_like_one_parse_of_the_whole_text(text: str) -> None:
    together = MarkdownSource(text, finished=True)
    parse_blocks(together.text, together.references)
    together.tail = Block(0, len(together.text))
    assert rows(whole(text)) == rows(together)


@given(TEXTS, st.sampled_from([7, 20, 60]))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_word_is_lost(text: str, width: int) -> None:
    shown = "".join(line.text[line.decoration :] for line in lines(whole(text), width))
    shown = re.sub(r"[\s│─▎]", "", shown)
    for word in re.findall(
        r"item|nested|quote|para|text|more|words|head|code|star|plus|indented|three|things|日本語", text
    ):
        assert word in shown
        shown = shown.replace(word, "", 1)


ONE_BY_ONE = {
    "everything": "# a\n\n- b\n  - c\n\n|d|e|\n|-|-|\n|f|g|\n\n```py\nx = '''\n'''\n```\n> h\n\n[i]\n\n[i]: /j\n",
    "a heading that is none": "a\n#b\n",
    "an item that is none": "- a\n**b** goes on\n",
    "a number that is none": "- a\n1.5 goes on\n",
    "a fence that is none": "a\n```b`c\n",
    "a rule that is none": "- a\n***b***\n",
    "a table that is none": "a\nb | c\n--|-x\n",
    "html that is none": "a\n<divx goes on\n",
    "numbers that all say one": "1. a\n" * 50,
    "a late wide cell": "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 30 + "| wide cell | 3 |\n" * 5,
}


@pytest.mark.parametrize("text", ONE_BY_ONE.values(), ids=ONE_BY_ONE)
def test_one_character_at_a_time(text: str) -> None:
    source = MarkdownSource()
    for character in text:
        source.append(character)
        source.advance()
    source.finish()
    source.advance()
    assert rows(source) == rows(whole(text))


def test_line_ends_of_all_kinds_are_one() -> None:
    source = MarkdownSource()
    for piece in ("a\r", "\nb\r", "c\r\n", "\r", "d"):
        source.append(piece)
    source.finish()
    assert source.text == "a\nb\nc\n\nd"


def test_a_definition_that_comes_late_reaches_back() -> None:
    answer = AnswerEntry()
    layout = Layout(theme(), 40)

    def shown() -> str:
        answer.advance(10_000)
        return "\n".join(line.text for part in answer.parts for line in part.lines(layout))

    answer.append("see [docs]\n\nanother paragraph\n\n")
    assert "see [docs]" in shown()
    answer.append("[docs]: http://there.example\n\nthe end\n")
    assert "see docs (http://there.example)" in shown()


def test_an_undecided_last_line_is_not_shown_yet() -> None:
    source = MarkdownSource("A paragraph\n-")
    source.advance()
    assert rows(source) == ["A paragraph"]
    source.append(" item")
    source.advance()
    assert rows(source) == ["A paragraph", "", "• item"]


@pytest.mark.parametrize("line", ["[", "[^", "[^1", "[^1]", "[^1]: ", "$$", "\\["])
def test_what_may_become_a_footnote_or_a_formula_is_not_shown_yet(line: str) -> None:
    source = MarkdownSource(f"A paragraph\n{line}")
    source.advance()
    assert rows(source) == ["A paragraph"]
    source.append(" goes on")
    source.advance()
    assert rows(source) != ["A paragraph"]


def test_the_head_of_a_table_waits_for_its_dashes() -> None:
    source = MarkdownSource("Text\n\n| a | b |\n|--")
    source.advance()
    assert rows(source) == ["Text"]
    source.append("|---|\n")
    source.advance()
    assert rows(source)[-2:] == ["a │ b", "──┼──"]


def test_what_is_held_back_comes_out_at_the_end() -> None:
    for text in ("a\n-", "a\n\n| b | c |", "a\n12", "a\n```py", "a\n#"):
        source = MarkdownSource(text)
        source.advance()
        source.finish()
        source.advance()
        assert rows(source) == rows(whole(text))


def test_a_finished_answer_refuses_more() -> None:
    source = MarkdownSource("a", finished=True)
    with pytest.raises(ValueError, match="finished"):
        source.append("b")


@pytest.mark.parametrize("unit", ["word *em* and `code`.\n\n", "- item **b**\n", "| a | b |\n", "x = call(1, 'two')\n"])
def test_work_per_append_does_not_grow(unit: str) -> None:
    """Characters handed to the parser per appended character, early in an answer and after 40,000 characters."""
    head = {"| a": "| a | b |\n|---|---|\n", "x =": "```python\n"}.get(unit[:3], "")
    source = MarkdownSource(head)
    source.advance()

    def cost(count: int) -> float:
        before, appended = source.parsed_characters, 0
        for _ in range(count):
            source.append(unit)
            source.advance()
            appended += len(unit)
        return (source.parsed_characters - before) / appended

    early = cost(200)
    for _ in range(40_000 // len(unit)):
        source.append(unit)
        source.advance()
    assert cost(200) <= early * 1.3 + 1
    assert early < 60
