"""Numbers as people read them."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """A number and what is counted: `1 session`, `1,200 sessions`; a plural that takes more than an `s` is given."""
    return f"1 {one}" if count == 1 else f"{count:,} {many or one + 's'}"


def score_text(score: float) -> str:
    """A score from 0 to 1 in three characters: `.82`, and `1.0` for a whole one."""
    return "1.0" if score >= 0.995 else f"{score:.2f}".removeprefix("0")


def size_text(size: int) -> str:
    """A number of bytes for people: `412 B`, `12 kB`, `3.4 MB`."""
    if size < 1_000:
        return f"{size} B"
    return f"{size / 1_000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def money_text(dollars: float, estimated: bool = False) -> str:
    """US dollars for people: `$0.0042`, `$0.08`, `$12.40`; `~` before what was estimated."""
    digits = 2 if dollars >= 0.095 or dollars == 0 else 3 if dollars >= 0.0095 else 4
    return f"{'~' if estimated else ''}${dollars:,.{digits}f}"
