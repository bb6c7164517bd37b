"""Printing text that came from outside: nothing in it may act on the terminal."""

from __future__ import annotations

import json
import locale
import sys
from collections.abc import Mapping

from hector_tui.ui.text import clean


def say(text: str) -> None:
    """Print a line on standard output, control characters made visible."""
    print(clean(text))


def warn(text: str) -> None:
    """Print a line on standard error, control characters made visible."""
    print(clean(text), file=sys.stderr)


def say_json(data: Mapping[str, object]) -> None:
    """Print one JSON object on a line; ASCII only, so nothing in it can act on a terminal."""
    print(json.dumps(data, ensure_ascii=True), flush=True)


def prints_unicode() -> bool:
    """Whether glyphs outside ASCII can be expected to show.

    Both must be UTF-8: with `LC_ALL=C` Python writes UTF-8 all the same, and the terminal would show scrambled text.
    """
    encodings = (locale.getencoding(), getattr(sys.stdout, "encoding", None) or "")
    return all(name.lower().replace("-", "").replace("_", "") == "utf8" for name in encodings)


def counted(number: int, one: str, many: str = "") -> str:
    """`1 turn`, `2 turns`, `1,200 memories`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
