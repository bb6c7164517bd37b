from __future__ import annotations

import itertools
import re
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from hector_tui.ui.text import Cleaner, clean, clean_line, shorten
from tests.ui.hostile import PAYLOADS, acting

INTERESTING = (
    "\r\n\t\x00\x1b\x07\x7f\x80\x85\x9b\x9d\u2028\u2029\u202e\u2066\u200b\u200c\u200d\ufe0e\ufe0f\u00ad\ufeff"
    "\ud83d\ude00\udb40\udc41\U000e0041\U000e0100\u180b\u1820😀👩❤🏽क\u094dමیa1#\u20e3漢é"
)
foreign = st.text(st.one_of(st.sampled_from(INTERESTING), st.characters(exclude_categories=())), max_size=60)


def pieces(text: str, cuts: list[int]) -> list[str]:
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ("\x1b[2J", "␛[2J"),
        ("\x00\x07\x7f", "␀␇␡"),
        ("a\x9b2Jb", "a\ufffd2Jb"),
        ("a\ud800b\udfff", "a\ufffdb\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("\udb40\udc41", "Ａ"),
        ("a\r\nb\rc\x85d\u2028e\u2029f\n", "a\nb\nc\nd\ne\nf\n"),
        ("\r\r\n\n", "\n\n\n"),
        ("a\tb", "a\tb"),
        ("gpj\u202eexe", "gpj⇇exe"),
        ("pay\u200bpal\ufeff", "pay◌pal◌"),
        ("Donau\u00addampf", "Donau‧dampf"),
        ("hi\U000e0068\U000e0069\U000e0020\U000e0021", "hiｈｉ␠！"),
        ("a\u200db", "a◌b"),
        ("a\ufe0fb", "a◌b"),
        ("1\ufe0f2", "1◌2"),
        ("😀\ufe0f\ufe0f\ufe0f", "😀\ufe0f◌◌"),
        ("😀\U000e0173", "😀◌"),
    ],
)
def test_what_acts_or_hides_is_shown_by_one_glyph(found: str, shown: str) -> None:
    assert clean(found) == shown


@pytest.mark.parametrize(
    "text",
    [
        "plain ASCII, with [brackets] and $variables\n\tindented",
        "Größe, naïve café, “quotes” — 100 € ½",
        "漢字かな交じり文、葛\U000e0100城",
        "می\u200cخواهم",
        "क\u094d\u200dष ශ\u0dca\u200dර\u0dd3",
        "👩\u200d👩\u200d👧\u200d👦 ❤\ufe0f 🏳\ufe0f\u200d🌈 👩🏽\u200d🚀 👩\u200d❤\ufe0f\u200d💋\u200d👨",
        "1\ufe0f\u20e3 #\ufe0f\u20e3 ©\ufe0e",
        "ᠠ\u180bᠡ",
        "Ελληνικά עברית العربية ไทย 한국어",
        "│ box ─ ▇▁ ⠿ \ue0b0 nerd font \u2800",
        "e\u0301 combining",
    ],
)
def test_text_that_people_write_comes_back_unchanged(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("emoji", ["😀", "❤\ufe0f", "👩🏽"])
def test_a_chain_of_joined_emoji_stays_near_the_width_it_is_drawn_in(emoji: str) -> None:
    drawn_apart = 2 * 40
    chain = clean("\u200d".join([emoji] * 40))
    assert chain.count("\u200d") == 3
    assert cell_len(chain) >= drawn_apart - 2 * 3


@settings(max_examples=10_000, deadline=None)
@given(foreign, st.lists(st.integers(0, 60), max_size=6))
@example("a\r\nb", [2])
@example("\ud83d\ude00", [1])
@example("😀\u200d\ud83d\ude00", [2, 3])
@example("1\ufe0f\u20e3", [2])
@example("\u200d".join("😀" * 8), [3, 7, 11])
def test_cleaning_pieces_is_cleaning_the_whole(text: str, cuts: list[int]) -> None:
    cleaner = Cleaner()
    parts = [cleaner.feed(piece) for piece in pieces(text, cuts)]
    assert "".join(parts) + cleaner.finish() == clean(text)


def test_every_split_of_every_payload_gives_the_same() -> None:
    for text in PAYLOADS.values():
        whole = clean(text[:200])
        for at in range(len(text[:200]) + 1):
            cleaner = Cleaner()
            assert cleaner.feed(text[:at]) + cleaner.feed(text[at:200]) + cleaner.finish() == whole


def test_a_cleaner_holds_back_at_most_two_characters_and_is_new_after_finish() -> None:
    cleaner = Cleaner()
    assert cleaner.feed("text 1") == "text 1"
    assert cleaner.feed("\ufe0f\ud83d") == ""
    assert cleaner.finish() == "◌\ufffd"
    assert cleaner.finish() == ""
    assert cleaner.feed("\u20e3") == "\u20e3"


@settings(max_examples=10_000, deadline=None)
@given(foreign)
def test_nothing_that_acts_is_left_and_cleaning_twice_is_cleaning_once(text: str) -> None:
    shown = clean(text)
    assert [name for name in acting(shown) if name not in ("U+000A", "U+0009")] == []
    assert clean(shown) == shown
    shown.encode()


@settings(max_examples=2_000, deadline=None)
@given(foreign.filter(lambda text: "\r\n" not in text and not re.search("[\ud800-\udbff][\udc00-\udfff]", text)))
def test_each_character_becomes_exactly_one(text: str) -> None:
    assert len(clean(text)) == len(text)


@given(st.text(st.characters(exclude_categories=("C", "Z", "M")), max_size=60))
def test_letters_digits_and_signs_are_never_touched(text: str) -> None:
    blank_letters = "\u115f\u1160\u3164\uffa0"
    text = "".join(character for character in text if character not in blank_letters)
    assert clean(text) == text


def test_every_control_and_format_character_without_a_glyph_is_made_visible() -> None:
    unchanged = {
        code
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp") and clean(f"x{chr(code)}x")[1] == chr(code)
    }
    # Format characters that are drawn: number signs and marks of Arabic, Syriac and Kaithi.
    drawn = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
    assert unchanged == {0x09, 0x0A} | drawn
    assert all(cell_len(chr(code)) > 0 for code in drawn)


@pytest.mark.parametrize(
    ("text", "cells", "line"),
    [
        ("one\ntwo\tthree\n", None, "one⏎two three"),
        ("\r\n padded ", None, " padded "),
        ("planner", 7, "planner"),
        ("planner", 6, "plann…"),
        ("planner", 1, "…"),
        ("planner", 0, ""),
        ("漢字漢字", 5, "漢字…"),
        ("漢字漢字", 4, "漢…"),
        ("👩\u200d👩\u200d👧\u200d👦 family", 3, "👩\u200d👩\u200d👧\u200d👦…"),
        ("\x1b]0;x\x07", None, "␛]0;x␇"),
    ],
)
def test_a_line_stays_on_its_line_and_in_its_width(text: str, cells: int | None, line: str) -> None:
    assert clean_line(text, cells) == line


@settings(max_examples=1_000, deadline=None)
@given(foreign, st.integers(0, 20))
def test_a_shortened_line_is_never_wider_than_asked(text: str, cells: int) -> None:
    line = clean_line(text, cells)
    assert cell_len(line) <= cells
    assert acting(line) == []


def test_a_label_of_stacked_accents_is_cut_by_its_length() -> None:
    assert len(clean_line("a" + "\u0301" * 100_000, 10)) <= 10 * 16 + 1
    assert clean_line("a" + "\u0301" * 100_000, 10).endswith("…")


def test_shorten_keeps_what_fits() -> None:
    assert shorten("abc", 3) == "abc"
    assert shorten("abc", 3, always=True) == "ab…"
    assert shorten("a", 3, always=True) == "a…"


def test_cleaning_needs_neither_textual_nor_rich() -> None:
    program = (
        "import sys, hector_tui.ui.text as t; t.clean('\\x1b'); t.Cleaner().feed('a'); print(*sorted(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert "hector_tui.ui.text" in loaded
    assert not {"textual", "rich"} & set(loaded)
