"""Changes of the sessions screen, and the way back from each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hector_tui.ui.desk import Desk
from hector_tui.ui.numbers import counted

ChangeKind = Literal["delete", "undelete", "archive", "unarchive", "pin", "unpin"]

_BACK: dict[ChangeKind, ChangeKind] = {
    "delete": "undelete",
    "undelete": "delete",
    "archive": "unarchive",
    "unarchive": "archive",
    "pin": "unpin",
    "unpin": "pin",
}
_DONE: dict[ChangeKind, str] = {
    "delete": "deleted",
    "undelete": "brought back",
    "archive": "archived",
    "unarchive": "back in the list",
    "pin": "pinned",
    "unpin": "not pinned any more",
}
_KEPT = 50


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to which sessions."""

    kind: ChangeKind
    session_ids: tuple[str, ...]


class UndoList:
    """Does changes and remembers how to take them back, the last first.

    Args:
        desk: Does them; tabs of sessions that go away are closed, and opened again on the way back.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._done: list[tuple[Change, tuple[str, ...]]] = []

    def __bool__(self) -> bool:
        return bool(self._done)

    async def do(self, change: Change, title: str = "") -> str:
        """Do a change; returns what to tell about it.

        Raises:
            StoreError: Nothing was changed.
        """
        closed = await self._apply(change)
        self._done.append((change, closed))
        del self._done[:-_KEPT]
        what = f"“{title}”" if title else counted(len(change.session_ids), "session")
        return f"{what} {_DONE[change.kind]}"

    async def take_back(self) -> str:
        """Take the last change back; returns what to tell, empty when there is none.

        Raises:
            StoreError: Nothing was changed.
        """
        if not self._done:
            return ""
        change, closed = self._done[-1]
        back = Change(_BACK[change.kind], change.session_ids)
        await self._apply(back)
        self._done.pop()
        await self._desk.open_behind(closed)
        return f"{counted(len(change.session_ids), 'session')} {_DONE[back.kind]}"

    async def _apply(self, change: Change) -> tuple[str, ...]:
        """Do a change; returns the sessions whose tabs were closed for it."""
        ids = change.session_ids
        shelf = self._desk.shelf
        match change.kind:
            case "delete":
                closed = self._open(ids)
                await self._desk.delete_all(ids)
                return closed
            case "archive":
                closed = self._open(ids)
                await shelf.archive(ids, True)
                await self._desk.put_tabs_away(ids)
                return closed
            case "undelete":
                await shelf.undelete(ids)
            case "unarchive":
                await shelf.archive(ids, False)
            case "pin" | "unpin":
                await shelf.pin(ids, change.kind == "pin")
        return ()

    def _open(self, session_ids: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in session_ids if self._desk.workspace.find(name) is not None)
