"""Wrapping by cells, losing nothing but spaces at the breaks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from hector_tui.ui.transcript.wrapping import LONGEST_GRAPHEME, PLACEHOLDER, fold, measure, truncate, wrap
from tests.ui.transcript.support import plain

ONE, TWO = Style(bold=True), Style(italic=True)
# Joiners stand only where `clean` leaves them: inside an emoji.
GRAPHEMES = ["a", "b", " ", " ", "日", "本", "é", "-", "\u0301", "👍🏽", "✈\ufe0f", "👨\u200d👩\u200d👧", ".", "x"]
TEXT = st.lists(st.sampled_from([*GRAPHEMES, "\n"]), max_size=60).map("".join)
WIDTH = st.integers(2, 20)


@given(TEXT, TEXT, WIDTH)
def test_only_spaces_are_lost_and_no_row_is_too_wide(first: str, second: str, width: int) -> None:
    rows = wrap([(first, ONE), (second, TWO)], width)
    shown = "".join(plain(row.segments) for row in rows)
    assert shown.replace(" ", "") == (first + second).replace(" ", "").replace("\n", "")
    assert all(cell_len(plain(row.segments)) <= width for row in rows)


@given(TEXT, WIDTH)
def test_joined_rows_are_the_source_again(text: str, width: int) -> None:
    text = " ".join(text.split(" "))
    rows = wrap([(text, ONE)], width)
    joined = "".join(plain(row.segments) + (row.joint if row.wraps else "\n") for row in rows)
    assert " ".join(joined.split()) == " ".join(text.split())


@given(st.lists(st.sampled_from(GRAPHEMES), max_size=60).map("".join), WIDTH)
def test_folding_keeps_every_character(text: str, width: int) -> None:
    rows = fold([(text, ONE)], width)
    assert "".join(plain(row.segments) for row in rows) == text
    assert all(cell_len(plain(row.segments)) <= width for row in rows)


@given(TEXT, st.integers(0, 20))
def test_truncating_keeps_the_width(text: str, width: int) -> None:
    text = text.replace("\n", "")
    short = truncate(text, width)
    assert measure(short) <= width
    assert short == text if measure(text) <= width else short.endswith("…") or width == 0


def test_words_stay_whole_and_styles_stay_with_them() -> None:
    rows = wrap([("one two ", ONE), ("three", TWO)], 8)
    assert [plain(row.segments) for row in rows] == ["one two", "three"]
    assert rows[0].wraps and rows[0].joint == " "
    assert rows[1].segments[0].style == TWO


def test_a_wide_character_wider_than_the_row_still_gets_one() -> None:
    assert [plain(row.segments) for row in wrap([("日本", ONE)], 1)] == ["日", "本"]


def test_text_keeps_its_indentation() -> None:
    assert [plain(row.segments) for row in wrap([("    four\n  two", ONE)], 20)] == ["    four", "  two"]


@given(st.integers(0, 200), WIDTH)
def test_piled_up_accents_stand_beside_their_letter(marks: int, width: int) -> None:
    """All of them are shown, but no row has so many characters that cutting it takes long."""
    text = "a" + "\u0301" * marks + "b"
    for rows in (wrap([(text, ONE)], width), fold([(text, ONE)], width)):
        shown = "".join(plain(row.segments) for row in rows)
        assert shown.replace(PLACEHOLDER, "") == text
        assert all(len(plain(row.segments)) <= width * (LONGEST_GRAPHEME + 1) for row in rows)
        assert all(cell_len(plain(row.segments)) <= width for row in rows)


def test_emoji_are_never_taken_apart() -> None:
    family = "👨🏽\u200d👩🏽\u200d👧🏽\u200d👦🏽"
    rows = wrap([(f"{family}" * 6, ONE)], 4)
    assert [plain(row.segments) for row in rows] == [family * 2] * 3
