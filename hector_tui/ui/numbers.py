"""Numbers as people read them."""

from __future__ import annotations


def score_text(score: float) -> str:
    """A score from 0 to 1 in three characters: `.82`, and `1.0` for a whole one."""
    return "1.0" if score >= 0.995 else f"{score:.2f}".removeprefix("0")
