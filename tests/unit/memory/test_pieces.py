from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hector_tui.memory.pieces import MAX_PIECES, PIECE_CHARACTERS, pieces_of


def test_a_short_text_is_one_piece_and_white_space_is_none() -> None:
    assert pieces_of("  hello\n\nworld ") == ["hello\n\nworld"]
    assert pieces_of(" \n\t") == pieces_of("") == []


def test_cuts_between_paragraphs_before_lines_before_sentences_before_words() -> None:
    start = "a" * (PIECE_CHARACTERS - 500)
    end = "c" * 600
    assert pieces_of(f"{start}\n\nb b. b\nb{end}") == [start, f"b b. b\nb{end}"]
    assert pieces_of(f"{start} b. b\nb{end}") == [f"{start} b. b", f"b{end}"]
    assert pieces_of(f"{start} b. b{end}") == [f"{start} b.", f"b{end}"]
    assert pieces_of(f"{start} b{end}") == [start, f"b{end}"]
    assert pieces_of(start + end) == [(start + end)[:PIECE_CHARACTERS], end[-100:]]


@given(st.text(alphabet="ab. \n", max_size=9000))
def test_pieces_are_bounded_and_lose_nothing_but_white_space(text: str) -> None:
    pieces = pieces_of(text)
    assert all(0 < len(piece) <= PIECE_CHARACTERS for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_an_endless_text_has_a_bounded_number_of_pieces() -> None:
    assert len(pieces_of("word " * 1_000_000)) == MAX_PIECES
