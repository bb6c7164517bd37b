"""The sessions screen: every session there is, found by what was said, and what can be done with them."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from hector_tui.domain.listing import SessionRow, SessionView, SortBy
from hector_tui.ui.numbers import counted
from hector_tui.ui.screens.dialogs import AskText, Confirm
from hector_tui.ui.screens.sessions_list import SessionsList
from hector_tui.ui.screens.sessions_undo import Change
from hector_tui.ui.text import clean_line
from hector_tui.ui.widgets.line_input import LineInput
from hector_tui.ui.widgets.session_table import SessionTable

_MAX_MARKED = 50
_SORTS: tuple[SortBy, ...] = ("used", "created", "title", "agent", "turns")
_VIEWS: tuple[SessionView, ...] = ("current", "archived", "deleted")


class SessionsScreen(SessionsList):
    """Lists sessions; the answer is the ids of those to open, the last of them to be shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "step_back", "Clear the filter, or leave", id="sessions.leave", show=False),
        Binding("ctrl+s", "leave", "Leave", id="sessions.close", show=False, priority=True),
        Binding("up", "choose(-1)", "Up", id="sessions.choose_up", show=False),
        Binding("down", "choose(1)", "Down", id="sessions.choose_down", show=False),
        Binding("pageup", "choose_page(-1)", "Page up", id="sessions.page_up", show=False),
        Binding("pagedown", "choose_page(1)", "Page down", id="sessions.page_down", show=False),
        Binding("tab,shift+tab", "other_part", "Filter or list", id="sessions.other_part", show=False, priority=True),
        Binding("alt+m", "mark", "Mark", id="sessions.mark", show=False, priority=True),
        Binding("alt+r", "rename", "Rename", id="sessions.rename", show=False, priority=True),
        Binding("alt+a", "archive", "Archive", id="sessions.archive", show=False, priority=True),
        Binding("alt+d", "delete", "Delete", id="sessions.delete", show=False, priority=True),
        Binding("alt+u", "undo", "Undo", id="sessions.undo", show=False, priority=True),
        Binding("alt+f", "fork", "Fork", id="sessions.fork", show=False, priority=True),
        Binding("alt+p", "pin", "Pin", id="sessions.pin", show=False, priority=True),
        Binding("alt+s", "sort", "Sort", id="sessions.sort", show=False, priority=True),
        Binding("alt+v", "view", "Current, archived, deleted", id="sessions.view", show=False, priority=True),
    ]

    _LETTERS: ClassVar[dict[str, str]] = {
        "space": "mark",
        "r": "rename",
        "a": "archive",
        "d": "delete",
        "delete": "delete",
        "u": "undo",
        "f": "fork",
        "p": "pin",
        "s": "sort",
        "S": "reverse",
        "v": "view",
        "slash": "other_part",
    }
    """What a single key does while the list has the focus; in the filter it is typed."""

    def _subjects(self) -> list[str]:
        """The marked sessions, else the chosen one."""
        row = self.table.selected_row
        return list(self._marked) or ([row.info.session_id] if row is not None else [])

    # What can be done

    def on_key(self, event: events.Key) -> None:
        """Single letters act on the list while it has the focus."""
        if not self.table.has_focus:
            return
        if event.key == "enter":
            event.stop()
            self.action_open()
        elif (action := self._LETTERS.get(event.key)) is not None:
            event.stop()
            self.call_later(self.run_action, action)

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self.action_open()

    @on(SessionTable.Opened)
    def _opened(self) -> None:
        self.action_open()

    @on(SessionTable.MarkToggled)
    def _mark_toggled(self) -> None:
        self._toggle_mark()

    def action_open(self) -> None:
        """Open the marked sessions, else the chosen one; deleted ones are brought back for it."""
        session_ids = self._subjects()
        if session_ids:
            self._do(partial(self._open, session_ids))

    async def _open(self, session_ids: list[str]) -> None:
        if self._query.view == "deleted":
            await self._desk.shelf.undelete(session_ids)
        self.answer(session_ids)

    def action_step_back(self) -> None:
        """Esc: take the filter away, else leave."""
        field = self.query_one("#sessions-filter", LineInput)
        if field.value:
            field.value = ""
            field.focus()
        else:
            self.action_leave()

    def action_choose(self, by: int) -> None:
        """Choose another row."""
        self.table.select(self.table.selected + by)

    def action_choose_page(self, by: int) -> None:
        """Choose a row a screen away."""
        self.table.select(self.table.selected + by * self.table.rows_in_view)

    def action_other_part(self) -> None:
        """Go from the filter to the list, where letters act, or back."""
        other = "#sessions-filter" if self.table.has_focus else "#sessions-table"
        self.query_one(other).focus()
        self.call_after_refresh(self._refresh_words)

    def action_mark(self) -> None:
        """Mark the chosen session, or take its mark away, and go on to the next."""
        self._toggle_mark()
        self.table.select(self.table.selected + 1)

    def _toggle_mark(self) -> None:
        row = self.table.selected_row
        if row is None:
            return
        if row.info.session_id in self._marked:
            del self._marked[row.info.session_id]
        elif len(self._marked) < _MAX_MARKED:
            self._marked[row.info.session_id] = None
        else:
            self._say(f"At most {_MAX_MARKED} sessions can be marked.")
            return
        self.table.refresh()
        self._refresh_words()

    def action_rename(self) -> None:
        """Ask for a title of the chosen session."""
        row = self.table.selected_row
        if row is None or self._is_deleted_view():
            return
        dialog = AskText("Rename this session", value=row.info.title)
        self.app.push_screen(dialog, lambda title: self._do(partial(self._rename, row, title)) if title else None)

    async def _rename(self, row: SessionRow, title: str) -> None:
        await self._desk.shelf.rename(row.info.session_id, title)
        if (conversation := self._desk.workspace.find(row.info.session_id)) is not None:
            await self._desk.refresh_info(conversation)
        await self._tabs_changed()

    def action_archive(self) -> None:
        """Put sessions away, or back."""
        if not self._is_deleted_view():
            is_current = self._query.view == "current"
            self._change(Change("archive" if is_current else "unarchive", tuple(self._subjects())))

    def action_pin(self) -> None:
        """Let the chosen session stand first, or no more."""
        row = self.table.selected_row
        if row is not None and not self._is_deleted_view():
            self._change(Change("unpin" if row.info.pinned else "pin", (row.info.session_id,)))

    def action_delete(self) -> None:
        """Delete sessions; those in the trash for good, after a question."""
        session_ids = self._subjects()
        if not session_ids:
            return
        if self._query.view != "deleted":
            self._change(Change("delete", tuple(session_ids)))
            return
        what = "this session" if len(session_ids) == 1 else f"these {len(session_ids)} sessions"
        dialog = Confirm(
            f"Delete {what} for good?",
            "Messages and memories go with it. This cannot be undone.",
            yes="Delete",
            no="Keep",
        )
        self.app.push_screen(dialog, lambda sure: self._do(partial(self._purge, session_ids)) if sure else None)

    async def _purge(self, session_ids: list[str]) -> None:
        gone = await self._desk.shelf.purge(session_ids)
        self._marked.clear()
        self._say(f"{counted(len(gone), 'session')} deleted for good")
        self._reload(keep=True)

    def action_undo(self) -> None:
        """Take back the last change; in the trash, bring the chosen sessions back."""
        if self._query.view == "deleted":
            self._change(Change("undelete", tuple(self._subjects())))
        else:
            self._do(self._take_back)

    async def _take_back(self) -> None:
        self._say(await self._undo.take_back() or "Nothing to undo.")
        await self._tabs_changed()
        self._reload(keep=True)

    def action_fork(self) -> None:
        """Begin a session with what was said in the chosen one, up to the turn that matches when one was searched."""
        row = self.table.selected_row
        if row is not None and not self._is_deleted_view():
            self._do(partial(self._fork, row))

    async def _fork(self, row: SessionRow) -> None:
        forked = await self._desk.shelf.fork(row.info.session_id, row.match_turn or None)
        self.answer([forked.session_id])

    def action_sort(self) -> None:
        """The next order."""
        self._ask_for(sort=_SORTS[(_SORTS.index(self._query.sort) + 1) % len(_SORTS)])

    def action_reverse(self) -> None:
        """The same order the other way round."""
        self._ask_for(flip=True)

    def action_view(self) -> None:
        """The current sessions, the archived, the deleted."""
        self._marked.clear()
        self._ask_for(view=_VIEWS[(_VIEWS.index(self._query.view) + 1) % len(_VIEWS)])

    def _change(self, change: Change) -> None:
        if change.session_ids:
            self._do(partial(self._do_change, change))

    async def _do_change(self, change: Change) -> None:
        row = self.table.selected_row
        title = clean_line(row.info.title or "(nothing said yet)", 40) if row is not None else ""
        self._say(await self._undo.do(change, title if len(change.session_ids) == 1 else ""))
        self._marked.clear()
        await self._tabs_changed()
        self._reload(keep=True)

    def _is_deleted_view(self) -> bool:
        if self._query.view == "deleted":
            self._say("Bring it back first: u.")
            return True
        return False
