"""What a terminal shows as text a reviewer can read: the rows as they are, then the styles of each row.

A snapshot is the file beside the tests that a screen must still look like. Pictures of the same would be a tenth of a
megabyte each, and a diff of them says nothing.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

EXPECTED = Path(__file__).parent / "expected"
UPDATE = "HECTOR_TUI_UPDATE_SNAPSHOTS"
"""The environment variable that takes what is shown now for right."""
_MEASURED = re.compile(r"\d+\.\d\d s|\d+ ms")
"""What is measured while a scene plays, and differs from run to run."""
_NAMES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def snapshot_of(strips: Sequence[Strip], title: str) -> str:
    """A screen as text.

    Args:
        strips: Its rows.
        title: The first line.
    """
    rows = [[segment for segment in strip if segment.text] for strip in strips]
    legend: dict[str, str] = {}
    runs = [" ".join(_runs(row, legend)) for row in rows]
    text = [_told("".join(segment.text for segment in row)) for row in rows]
    lines = [title, "", *(f"{number:>3} │{row}│" for number, row in enumerate(text, start=1))]
    lines += ["", "Styles of each row: a name and a number of cells.", ""]
    lines += [f"{number:>3} {row}" for number, row in enumerate(runs, start=1)]
    lines += ["", *(f"{name:>2} = {described}" for described, name in legend.items())]
    return "\n".join(lines) + "\n"


def _runs(row: Iterable[Segment], legend: dict[str, str]) -> Iterable[str]:
    """The styles of a row from left to right; equal neighbours are one."""
    for described, segments in groupby(row, key=lambda segment: _described(segment.style)):
        name = legend.setdefault(described, _name(len(legend)))
        yield f"{name}{sum(segment.cell_length for segment in segments)}"


def _name(number: int) -> str:
    first, second = divmod(number, len(_NAMES))
    return (_NAMES[first - 1] if first else "") + _NAMES[second]


def _described(style: Style | None) -> str:
    """Colours and attributes; not what a click does."""
    if style is None:
        return "plain"
    flags = ("bold", "dim", "italic", "underline", "reverse", "strike")
    words = [flag for flag in flags if getattr(style, flag)]
    colour = style.color.triplet.hex if style.color is not None and style.color.triplet else "default"
    ground = style.bgcolor.triplet.hex if style.bgcolor is not None and style.bgcolor.triplet else "default"
    return " ".join([f"{colour} on {ground}", *words])


def _told(row: str) -> str:
    return _MEASURED.sub(lambda found: re.sub(r"\d", "0", found[0]), row)


def check(name: str, shown: str) -> str:
    """Compare with the file of that name; returns what differs, empty for nothing."""
    path = EXPECTED / f"{name}.txt"
    if os.environ.get(UPDATE):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
        return ""
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    if expected == shown:
        return ""
    names = f"{path.name}, as it should be", f"{path.name}, as it is"
    return "\n".join(difflib.unified_diff(expected.splitlines(), shown.splitlines(), *names, lineterm=""))
