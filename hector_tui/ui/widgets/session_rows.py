"""One session as a row of text, as a pure function of what is known and the width.

▸✓ ● ★ Compare journal modes •2                assistant    12 turns     3 min ago
       … write-ahead logging is faster when many …
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len

from hector_tui.domain.excerpts import Excerpt, SearchWords, find_marks
from hector_tui.domain.listing import SessionRow
from hector_tui.ui.text import clean_line, shorten
from hector_tui.ui.times import ago
from hector_tui.ui.widgets.tab_layout import GLYPHS, TabState

RowRole = TabState | Literal["pointer", "mark", "pin", "title", "open-title", "match", "unread", "dim", "gap"]
"""What a run is, which decides how it is painted."""

HEAD = 7
"""Cells before the title: the pointer, the mark, the state, the pin."""
_AGENT, _TURNS, _WHEN = 14, 10, 12
_WITH_AGENT_FROM, _WITH_TURNS_FROM = 64, 76


@dataclass(frozen=True, slots=True)
class RowRun:
    """Text of one role."""

    text: str
    role: RowRole


@dataclass(frozen=True, slots=True)
class RowState:
    """What a list adds to a session.

    Attributes:
        state: What it is doing; None for one without a tab that does nothing.
        is_open: It has a tab.
    """

    selected: bool = False
    marked: bool = False
    state: TabState | None = None
    is_open: bool = False


def row_runs(row: SessionRow | None, state: RowState, words: SearchWords, width: int) -> list[RowRun]:
    """The first line of a row, at most `width` cells; None stands for one that is not loaded yet."""
    runs = [
        RowRun("▸" if state.selected else " ", "pointer"),
        RowRun("✓ " if state.marked else "  ", "mark"),
    ]
    if row is None:
        return [*runs, RowRun("…", "dim")]
    glyph: RowRun = RowRun(f"{GLYPHS[state.state]} ", state.state) if state.state is not None else RowRun("  ", "gap")
    runs += [glyph, RowRun("★ " if row.info.pinned else "  ", "pin")]
    tail = _tail(row, width)
    unread = f" •{min(row.unread, 99)}" if row.unread and state.state != "working" else ""
    room = max(width - HEAD - len(unread) - sum(cell_len(run.text) for run in tail), 4)
    title = clean_line(row.info.title, room) or shorten("(nothing said yet)", room)
    role: RowRole = "open-title" if state.is_open else "title"
    runs += marked_runs(Excerpt(title, find_marks(title, words)), role)
    runs.append(RowRun(unread, "unread"))
    return [*runs, RowRun(" " * (room - cell_len(title)), "gap"), *tail]


def match_runs(row: SessionRow | None, width: int) -> list[RowRun]:
    """The second line of a row, while something is searched for: where it was said."""
    if row is None:
        return []
    if not row.match.text:
        return [RowRun(" " * (HEAD + 2) + "in the title", "dim")]
    text = clean_line(row.match.text)
    # Cleaning keeps places, but for the rare characters that become shorter; then nothing is marked.
    marks = row.match.marks if len(text) == len(row.match.text) else ()
    room = max(width - HEAD - 4, 8)
    if marks and marks[0][1] >= room:
        # In a narrow window the beginning gives way to the match.
        left = max(marks[0][0] - room // 3, 1)
        text, marks = f"…{text[left:]}", tuple((start - left + 1, end - left + 1) for start, end in marks)
    shown = shorten(text, room)
    kept = tuple((start, end) for start, end in marks if end < len(shown))
    return [RowRun(" " * (HEAD + 2), "gap"), *marked_runs(Excerpt(shown, kept), "dim")]


def marked_runs(excerpt: Excerpt, role: RowRole) -> list[RowRun]:
    """An excerpt as runs, its marks in the role `match`."""
    runs, at = [], 0
    for start, end in excerpt.marks:
        runs += [RowRun(excerpt.text[at:start], role), RowRun(excerpt.text[start:end], "match")]
        at = end
    return [run for run in (*runs, RowRun(excerpt.text[at:], role)) if run.text]


def _tail(row: SessionRow, width: int) -> Sequence[RowRun]:
    info = row.info
    cells: list[str] = []
    if width >= _WITH_AGENT_FROM:
        cells.append(f"  {clean_line(info.agent_id, _AGENT - 2)}".ljust(_AGENT))
    if width >= _WITH_TURNS_FROM:
        cells.append((f"{info.turns:,} turn" + ("" if info.turns == 1 else "s")).rjust(_TURNS))
    cells.append(ago(info.deleted_at or info.updated_at).rjust(_WHEN))
    return [RowRun("".join(cells) + " ", "dim")]
