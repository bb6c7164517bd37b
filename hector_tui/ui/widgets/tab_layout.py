"""The tab strip as a pure function: which runs of text stand in one row, in which role, and what a click means.

From the widest to the narrowest:

     1 ● planner   2 ! coder   3 ○ notes •4   +                    hector-tui · nord
     1 ● planner   2 ! coder   3 ○ notes •4   +
     1 ● planner   2 ! cod…    3 ○ not… •4    +         titles shrink, the active one last
     ‹2!1  3 ○ notes •4   4 ● sum…   5›•2   +           then the strip scrolls
     2/5 ! coder   !1   +                               below 60 cells: the active one alone

Numbers, glyphs, unread and queue marks never shrink: they are what the strip is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len

from hector_tui.ui.text import clean_line, shorten

TabState = Literal["idle", "working", "needs_you", "failed", "waiting"]
"""What the session of a tab is doing; `waiting` is for a free worker or for another agent."""

GLYPHS: dict[TabState, str] = {"idle": "○", "working": "●", "needs_you": "!", "failed": "✗", "waiting": "◔"}
"""One shape per state, so that no state is told by colour alone."""

COMPACT_BELOW = 60
"""The width in cells under which only the active tab is shown."""

MIN_TITLE = 4
"""Cells a title keeps while all tabs are in the row."""

MIN_TITLE_SCROLLED = 8
"""Cells a title keeps once some tabs are out of the row anyway; fewer tabs that can be told apart are worth more."""

MAX_TITLE = 24
_NEW = " + "
_MORE_THAN = 99

_NEEDS: tuple[tuple[str, TabState | Literal["unread"]], ...] = (
    (GLYPHS["needs_you"], "needs_you"),
    (GLYPHS["failed"], "failed"),
    ("•", "unread"),
)
"""How hidden tabs that need the person are told, by urgency."""

Role = TabState | Literal["gap", "index", "title", "unread", "queued", "mark", "new", "brand"]
"""What a run is, which decides how it is painted."""


@dataclass(frozen=True, slots=True)
class TabItem:
    """One session as its tab shows it.

    Args:
        session_id: What messages about the tab carry; never shown.
        title: Foreign text; cleaned when it is laid out.
        state: What the session is doing.
        unread: Answers that came while the tab was hidden.
        queued: Messages sent and not yet begun.
    """

    session_id: str
    title: str
    state: TabState = "idle"
    unread: int = 0
    queued: int = 0


@dataclass(frozen=True, slots=True)
class TabTarget:
    """What a click on a run means: this session, a new one, or the tabs hidden on one side."""

    kind: Literal["session", "new", "earlier", "later"]
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class TabRun:
    """Text of one role; `active` is true within the active tab."""

    text: str
    role: Role
    target: TabTarget | None = None
    active: bool = False


@dataclass(frozen=True, slots=True)
class TabLayout:
    """One row of runs, and the tabs it shows: those from `first` up to, not including, `end`."""

    runs: tuple[TabRun, ...]
    first: int
    end: int

    def target_at(self, x: int) -> TabTarget | None:
        """Return what stands at cell `x` of the row, None for nothing that reacts."""
        edge = 0
        for run in self.runs:
            edge += cell_len(run.text)
            if x < edge:
                return run.target
        return None


def layout_tabs(
    items: Sequence[TabItem], active: str, width: int, *, brand: str = "", first: int = 0, follow: bool = True
) -> TabLayout:
    """Lay out the tabs in one row of at most `width` cells; under 30 cells it may have to be cropped.

    Args:
        items: The tabs in their order.
        active: The session shown; may be none of them.
        width: Cells available.
        brand: Text for the right end, the first thing to go.
        first: The leftmost tab before this layout, so that the strip scrolls no further than it must.
        follow: Scroll so that the active tab is visible; False while the person looks elsewhere.
    """
    active_index = next((index for index, item in enumerate(items) if item.session_id == active), None)
    if width < COMPACT_BELOW and items:
        return _compact(items, active_index, width, min(first, len(items) - 1), follow=follow)
    tabs = [_Tab.of(index, item, active=index == active_index) for index, item in enumerate(items)]
    room = width - len(_NEW)
    brand = clean_line(brand)
    if sum(tab.fixed + tab.title_width for tab in tabs) + cell_len(brand) + 2 <= room:
        runs = [*(run for tab in tabs for run in tab.runs(tab.title_width)), _NEW_RUN]
        pad = width - sum(cell_len(run.text) for run in runs) - cell_len(brand) - 1
        return TabLayout((*runs, TabRun(" " * pad, "gap"), TabRun(brand, "brand")), 0, len(tabs))
    if sum(tab.least(MIN_TITLE) for tab in tabs) <= room:
        return TabLayout((*_filled(tabs, room, MIN_TITLE), _NEW_RUN), 0, len(tabs))
    return _scrolled(tabs, active_index, room, first, follow=follow)


_NEW_RUN = TabRun(_NEW, "new", TabTarget("new"))


@dataclass(frozen=True, slots=True)
class _Tab:
    """A tab with everything measured: ` 3 ○ notes •4 +2 ` and a cell between it and the next."""

    item: TabItem
    number: str
    title: str
    title_width: int
    badges: tuple[TabRun, ...]
    fixed: int
    active: bool

    @classmethod
    def of(cls, index: int, item: TabItem, *, active: bool) -> _Tab:
        title = clean_line(item.title, MAX_TITLE) or "untitled"
        number = str(index + 1)
        badges = tuple(_badges(item, active=active))
        fixed = len(f" {number} ") + len(GLYPHS[item.state]) + 1 + sum(len(run.text) for run in badges) + 2
        return cls(item, number, title, cell_len(title), badges, fixed, active)

    def least(self, title: int) -> int:
        return self.fixed + min(self.title_width, title)

    def runs(self, title_width: int) -> list[TabRun]:
        target, active = TabTarget("session", self.item.session_id), self.active
        return [
            TabRun(f" {self.number} ", "index", target, active),
            TabRun(f"{GLYPHS[self.item.state]} ", self.item.state, target, active),
            TabRun(_padded(self.title, title_width), "title", target, active),
            *self.badges,
            TabRun(" ", "title", target, active),
            TabRun(" ", "gap"),
        ]


def _badges(item: TabItem, *, active: bool) -> list[TabRun]:
    target = TabTarget("session", item.session_id)
    badges = []
    if item.unread > 0:
        badges.append(TabRun(f" •{_count(item.unread)}", "unread", target, active))
    if item.queued > 0:
        badges.append(TabRun(f" +{_count(item.queued)}", "queued", target, active))
    return badges


def _count(number: int) -> str:
    return str(number) if number <= _MORE_THAN else f"{_MORE_THAN}+"


def _padded(title: str, width: int) -> str:
    # A double-width character that does not fit leaves a cell, which must be filled to keep the row in step.
    title = shorten(title, width)
    return title + " " * (width - cell_len(title))


def _filled(tabs: Sequence[_Tab], room: int, least_title: int) -> list[TabRun]:
    """Give every tab its least width, then the rest of the room to the active title, then evenly to the others."""
    widths = [min(tab.title_width, least_title) for tab in tabs]
    spare = room - sum(tab.least(least_title) for tab in tabs)
    for index, tab in enumerate(tabs):
        if tab.active:
            grown = min(tab.title_width, widths[index] + spare)
            spare -= grown - widths[index]
            widths[index] = grown
    while spare > 0 and (short := [index for index, tab in enumerate(tabs) if widths[index] < tab.title_width]):
        for index in short[:spare]:
            widths[index] += 1
        spare -= min(spare, len(short))
    return [run for tab, width in zip(tabs, widths, strict=True) for run in tab.runs(width)]


def _scrolled(tabs: Sequence[_Tab], active: int | None, room: int, first: int, *, follow: bool) -> TabLayout:
    """Show as many tabs as fit at their least width, and marks that count those hidden on either side."""
    # ` ‹12!3 `: the arrow, both numbers, the glyph between them, and a cell on either side.
    mark = 2 * len(str(len(tabs))) + 4
    first = min(max(first, 0), len(tabs) - 1)
    if follow and active is not None:
        if active < first:
            first = active
        elif active >= _end_from(tabs, first, room, mark):
            first = _first_for(tabs, active + 1, room, mark)
    first = min(first, _first_for(tabs, len(tabs), room, mark))
    end = _end_from(tabs, first, room, mark)
    left = _mark(tabs[:first], "earlier")
    right = _mark(tabs[end:], "later")
    room -= sum(cell_len(run.text) for run in (*left, *right))
    return TabLayout((*left, *_filled(tabs[first:end], room, MIN_TITLE_SCROLLED), *right, _NEW_RUN), first, end)


def _end_from(tabs: Sequence[_Tab], first: int, room: int, mark: int) -> int:
    room -= mark if first > 0 else 0
    end = first
    while end < len(tabs) and (room := room - tabs[end].least(MIN_TITLE_SCROLLED)) >= (
        mark if end + 1 < len(tabs) else 0
    ):
        end += 1
    return max(end, first + 1)


def _first_for(tabs: Sequence[_Tab], end: int, room: int, mark: int) -> int:
    room -= mark if end < len(tabs) else 0
    first = end
    while first > 0 and (room := room - tabs[first - 1].least(MIN_TITLE_SCROLLED)) >= (mark if first > 1 else 0):
        first -= 1
    return min(first, end - 1)


def _mark(hidden: Sequence[_Tab], kind: Literal["earlier", "later"]) -> list[TabRun]:
    if not hidden:
        return []
    target = TabTarget(kind)
    count = TabRun(f" ‹{len(hidden)}" if kind == "earlier" else f" {len(hidden)}›", "mark", target)
    return [count, *_needs([tab.item for tab in hidden], target), TabRun(" ", "gap")]


def _needs(items: Sequence[TabItem], target: TabTarget) -> list[TabRun]:
    """How many of hidden tabs need the person, told of the most urgent kind among them."""
    urgencies = [urgency for item in items if (urgency := urgency_of(item)) is not None]
    if not urgencies:
        return []
    glyph, role = _NEEDS[min(urgencies)]
    return [TabRun(f"{glyph}{_count(urgencies.count(min(urgencies)))}", role, target)]


def urgency_of(item: TabItem) -> int | None:
    """How much a tab needs the person, 0 the most; None for one that needs nothing.

    A failed turn that was looked at needs nothing more: its glyph stays, but it is not unread.
    """
    if item.state == "needs_you":
        return 0
    if not item.unread:
        return None
    return 1 if item.state == "failed" else 2


def _compact(items: Sequence[TabItem], active: int | None, width: int, first: int, *, follow: bool) -> TabLayout:
    """Show one tab, its place among the others, and whether another one needs the person."""
    shown = active if follow and active is not None else first
    item = items[shown]
    is_active = shown == active
    target = TabTarget("session", item.session_id)
    others = [other for index, other in enumerate(items) if index not in (shown, active)]
    head = [
        TabRun(f" {shown + 1}/{len(items)} ", "index", target, is_active),
        TabRun(f"{GLYPHS[item.state]} ", item.state, target, is_active),
    ]
    tail = [*_badges(item, active=is_active), TabRun(" ", "title", target, is_active), TabRun(" ", "gap")]
    needing = [other for other in others if urgency_of(other) is not None]
    if needing:
        most = min(needing, key=lambda other: urgency_of(other) or 0)
        tail += [*_needs(others, TabTarget("session", most.session_id)), TabRun(" ", "gap")]
    room = width - sum(cell_len(run.text) for run in (*head, *tail)) - len(_NEW)
    title = TabRun(clean_line(item.title, max(room, 0)) or "untitled"[: max(room, 0)], "title", target, is_active)
    return TabLayout((*head, title, *tail, _NEW_RUN), shown, shown + 1)
