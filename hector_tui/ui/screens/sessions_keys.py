"""The two lines of the sessions screen that say what is listed and what the keys do; both take clicks."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len
from textual.content import Content
from textual.style import Style

from hector_tui.domain.listing import SessionQuery, SessionView, SortBy
from hector_tui.ui.numbers import counted

_SORT_NAMES: dict[SortBy, str] = {
    "used": "last used",
    "created": "begun",
    "title": "title",
    "agent": "agent",
    "turns": "turns",
}
_VIEW_NAMES: dict[SessionView, tuple[str, str]] = {
    "current": ("session", "sessions"),
    "archived": ("archived", "archived"),
    "deleted": ("deleted", "deleted"),
}
"""What one and what several are called."""

_Key = tuple[str, str, str]
"""The letter in the list, which is fixed, what it does, the action; its key everywhere is the keymap's."""

_KEYS: tuple[_Key, ...] = (
    ("enter", "open", "open"),
    ("", "back", "step_back"),
    ("d", "delete", "delete"),
    ("u", "undo", "undo"),
    ("r", "rename", "rename"),
    ("a", "archive", "archive"),
    ("f", "fork", "fork"),
    ("space", "mark", "mark"),
    ("v", "archived/deleted", "view"),
    ("s", "sort", "sort"),
    ("p", "pin", "pin"),
    ("/", "", "other_part"),
)
_IN_TRASH: dict[str, str] = {"open": "bring back and open", "delete": "delete for good", "undo": "bring back"}
_NOT_IN_TRASH = ("rename", "archive", "fork", "pin")


def heading(query: SessionQuery, total: int, marked: int, *, is_cut: bool, width: int) -> Content:
    """What is listed, how many, and in which order."""
    arrow = "↑" if query.reverse else "↓"
    parts = [
        (counted(total, *_VIEW_NAMES[query.view]), "view"),
        (f"by {_SORT_NAMES[query.sort]} {arrow}", "sort"),
    ]
    if marked:
        parts.append((f"{marked} marked", "open"))
    if is_cut:
        parts.append(("newest matches only", ""))
    return _line(parts, width)


def footer(view: SessionView, key_of: Callable[[str], str], *, in_list: bool, width: int) -> Content:
    """The keys, the most needed first, as many as fit.

    Args:
        view: What is listed.
        key_of: The key of an action as it is now; empty for none.
        in_list: Whether single letters act.
        width: Cells there are.
    """
    parts = []
    for letter, does, action in _KEYS:
        if view == "deleted" and action in _NOT_IN_TRASH:
            continue
        if action == "other_part":
            does = "filter" if in_list else "list"
        if view == "deleted":
            does = _IN_TRASH.get(action, does)
        if action == "archive" and view == "archived":
            does = "put back"
        if key := letter if in_list and letter else key_of(action):
            parts.append((f"{key} {does}", action))
    if not in_list:
        # In the filter the way to the short keys is worth more than a long one.
        parts.insert(2, parts.pop())
    return _line(parts, width)


def _line(parts: list[tuple[str, str]], width: int) -> Content:
    pieces: list[Content] = []
    used = 0
    for text, action in parts:
        cells = cell_len(text) + (3 if pieces else 0)
        if used + cells > width and pieces:
            break
        used += cells
        if pieces:
            pieces.append(Content.styled(" · ", "$chat-dim"))
        piece = Content.styled(text, "$chat-dim")
        if action:
            piece = piece.stylize(Style.from_meta({"@click": f"screen.{action}"}))
        pieces.append(piece)
    return Content("").join(pieces)
