"""Cutting a text into pieces small enough to be memories: found by one thought, quoted in a prompt as they are."""

from __future__ import annotations

from collections.abc import Iterator

PIECE_CHARACTERS = 2_000
MAX_PIECES = 16
"""Pieces of one message at most. What lies beyond (32,000 characters, a pasted file) stays readable in the session."""
_BREAKS = ("\n\n", "\n", ". ", " ")
"""Where to cut, best first."""


def pieces_of(text: str) -> list[str]:
    """The pieces of a text, in order, each of 1 to `PIECE_CHARACTERS` characters; none for white space."""
    found: list[str] = []
    for piece in _cut(text):
        if piece:
            found.append(piece)
        if len(found) == MAX_PIECES:
            break
    return found


def _cut(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = _end(text, start)
        yield text[start:end].strip()
        start = end


def _end(text: str, start: int) -> int:
    """Where the piece that begins at `start` ends: at the best break in its second half, else at its full length."""
    limit = start + PIECE_CHARACTERS
    if limit >= len(text):
        return len(text)
    for mark in _BREAKS:
        position = text.rfind(mark, start + PIECE_CHARACTERS // 2, limit)
        if position >= 0:
            return position + len(mark)
    return limit
