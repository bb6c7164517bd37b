"""The status line as a pure function: what is said on the left and the right of one row, and what goes first.

     planner · gpt-x · streaming 12 s · esc esc to stop              ctx 43 % · 12.4k tok · f1 help
     planner · streaming 12 s · esc esc to stop         ctx 43 % · f1 help
     planner · streaming 12 s         ctx 43 %

A banner takes the whole left side; the right side makes room for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len

from hector_tui.ui.text import clean_line, shorten

BannerLevel = Literal["info", "warning", "error"]
Part = Literal["agent", "model", "state", "hint", "context", "tokens", "help"]
Role = (
    Part
    | Literal[
        "gap",
        "separator",
        "context-low",
        "context-mid",
        "context-high",
        "banner-info",
        "banner-warning",
        "banner-error",
    ]
)
"""What a run is, which decides how it is painted."""

DROPPED_FIRST: tuple[Part, ...] = ("tokens", "model", "help", "hint", "context", "state")
"""The order in which parts go when the row gets narrow; the agent stays, shortened at last."""

_BANNERS: dict[BannerLevel, tuple[str, Role]] = {
    "info": ("i", "banner-info"),
    "warning": ("▲", "banner-warning"),
    "error": ("✗", "banner-error"),
}
"""A shape and a role per level, so that no level is told by colour alone."""

_SEPARATOR = " · "
_LEAST_GAP = 2
_MID_FROM, _HIGH_FROM = 60, 85


@dataclass(frozen=True, slots=True)
class StatusInfo:
    """Everything the status line can say about the active session; empty and None parts are left out.

    Args:
        agent: Name of the agent that answers.
        model: Name of its model.
        state: What it is doing, in one or two words.
        seconds: How long it has been doing so.
        hint: What the person can do about it, for example `esc esc to stop`.
        context_used: Tokens the next request holds.
        context_window: Tokens the model takes; None if unknown.
        tokens: Tokens of the session.
        cost: What they cost, as it is shown; empty when nobody knows.
        estimated: The token counts were estimated here, not reported by the provider; shown by ~.
        banner: A message that goes before everything else on the left.
        banner_level: How serious the banner is.
        help: The key that helps, last on the right.
    """

    agent: str = ""
    model: str = ""
    state: str = ""
    seconds: float | None = None
    hint: str = ""
    context_used: int | None = None
    context_window: int | None = None
    tokens: int | None = None
    cost: str = ""
    estimated: bool = False
    banner: str = ""
    banner_level: BannerLevel = "info"
    help: str = ""


@dataclass(frozen=True, slots=True)
class StatusRun:
    """Text of one role."""

    text: str
    role: Role


def compact_number(number: int) -> str:
    """Write a count in few cells: 999, 1k, 12.4k, 128k, 1.3M; a zero after the point is left out."""
    value = float(number)
    for unit in ("", "k", "M"):
        text = f"{value:.{0 if unit == '' or value >= 99.95 else 1}f}".removesuffix(".0")
        if float(text) < 1000:
            return text + unit
        value /= 1000
    return f"{value:.1f}".removesuffix(".0") + "G"


def format_seconds(seconds: float) -> str:
    """Write a duration: 12 s, 1 m 05 s, 2 h 03 m."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} m"


def layout_status(info: StatusInfo, width: int) -> tuple[StatusRun, ...]:
    """Lay out one row of exactly `width` cells, without a cell to spare at either end where there is room for it."""
    left, right = _left(info), _right(info)
    if info.banner:
        return _with_banner(info, right, width)
    for dropped in (None, *DROPPED_FIRST):
        left = [part for part in left if part[0] != dropped]
        right = [part for part in right if part[0] != dropped]
        if _width(left) + _width(right) + (_LEAST_GAP if right else 0) + 2 <= width:
            break
    else:
        left = [(part, StatusRun(shorten(run.text, width - 2), run.role)) for part, run in left]
    return _row(_joined(left), _joined(right), width)


_Parts = list[tuple[Part, StatusRun]]


def _left(info: StatusInfo) -> _Parts:
    state = clean_line(info.state)
    if state and info.seconds is not None:
        state = f"{state} {format_seconds(info.seconds)}"
    texts: tuple[tuple[Part, str], ...] = (
        ("agent", clean_line(info.agent)),
        ("model", clean_line(info.model)),
        ("state", state),
        ("hint", clean_line(info.hint)),
    )
    return [(part, StatusRun(text, part)) for part, text in texts if text]


def _right(info: StatusInfo) -> _Parts:
    about = "~" if info.estimated else ""
    parts: _Parts = []
    if info.context_used is not None:
        parts.append(("context", _context(info.context_used, info.context_window, about)))
    if info.tokens is not None:
        cost = f"{_SEPARATOR}{clean_line(info.cost)}" if info.cost else ""
        parts.append(("tokens", StatusRun(f"{about}{compact_number(info.tokens)} tok{cost}", "tokens")))
    if text := clean_line(info.help):
        parts.append(("help", StatusRun(text, "help")))
    return parts


def _context(used: int, window: int | None, about: str) -> StatusRun:
    if window is None or window <= 0:
        return StatusRun(f"ctx {about}{compact_number(used)}", "context")
    share = 100 * used / window
    # A context that is in use is never shown as empty, nor one with room left as full.
    percent = min(max(round(share), 1), 99) if 0 < share < 100 else round(share)
    role: Role = "context-low" if share < _MID_FROM else "context-mid" if share < _HIGH_FROM else "context-high"
    return StatusRun(f"ctx {about}{percent} %", role)


def _with_banner(info: StatusInfo, right: _Parts, width: int) -> tuple[StatusRun, ...]:
    glyph, role = _BANNERS[info.banner_level]
    text = f"{glyph} {clean_line(info.banner, width)}"
    for dropped in (None, *DROPPED_FIRST):
        right = [part for part in right if part[0] != dropped]
        if cell_len(text) + _width(right) + (_LEAST_GAP if right else 0) + 2 <= width:
            break
    return _row([StatusRun(shorten(text, width - 2), role)], _joined(right), width)


def _joined(parts: Sequence[tuple[Part, StatusRun]]) -> list[StatusRun]:
    runs: list[StatusRun] = []
    for _, run in parts:
        runs += [StatusRun(_SEPARATOR, "separator"), run] if runs else [run]
    return runs


def _width(parts: Sequence[tuple[Part, StatusRun]]) -> int:
    return sum(cell_len(run.text) for run in _joined(parts))


def _row(left: list[StatusRun], right: list[StatusRun], width: int) -> tuple[StatusRun, ...]:
    taken = sum(cell_len(run.text) for run in (*left, *right))
    edge = 1 if width >= taken + 2 else 0
    gap = max(width - taken - 2 * edge, 0)
    runs = (StatusRun(" " * edge, "gap"), *left, StatusRun(" " * gap, "gap"), *right, StatusRun(" " * edge, "gap"))
    return tuple(run for run in runs if run.text)
