"""The sessions screen: every session there is, found by what was said, and what can be done with them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from hector_tui.domain.excerpts import search_words
from hector_tui.domain.listing import SessionQuery, SessionRow, SessionView, SortBy
from hector_tui.engine.thread import EngineThread
from hector_tui.ui.desk import Desk
from hector_tui.ui.guarded import Work, run_guarded
from hector_tui.ui.screens.dialog import Dialog
from hector_tui.ui.screens.dialogs import AskText, Confirm
from hector_tui.ui.screens.sessions_keys import footer, heading
from hector_tui.ui.screens.sessions_preview import preview
from hector_tui.ui.screens.sessions_undo import Change, UndoList
from hector_tui.ui.text import clean_line
from hector_tui.ui.widgets.line_input import LineInput
from hector_tui.ui.widgets.session_rows import RowState
from hector_tui.ui.widgets.session_table import PAGE, SessionTable

_TYPING_S = 0.12
"""Seconds without a key after which the list is asked for."""
_CHOOSING_S = 0.06
"""Seconds for which a row is chosen before its conversation is read."""
_CHANGES_S = 0.5
"""Seconds between two looks at a list whose sessions are talking."""
_MAX_MARKED = 50
_SORTS: tuple[SortBy, ...] = ("used", "created", "title", "agent", "turns")
_VIEWS: tuple[SessionView, ...] = ("current", "archived", "deleted")


class SessionsScreen(Dialog[Sequence[str]]):
    """Lists sessions; the answer is the ids of those to open, the last of them to be shown.

    Args:
        desk: The open conversations, and the way to all others.
        engine: Tells which sessions change.
        tabs_changed: Called when tabs went away or got other titles.
    """

    CSS_PATH = "sessions.tcss"
    AUTO_FOCUS = "#sessions-filter"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-tall")]  # noqa: RUF012 - Textual's type
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (110, "-wide")]  # noqa: RUF012 - Textual's type

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

    def __init__(self, desk: Desk, engine: EngineThread, tabs_changed: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._desk = desk
        self._engine = engine
        self._tabs_changed = tabs_changed
        self._query = SessionQuery(with_empty=True)
        self._round = 0
        self._marked: dict[str, None] = {}
        self._undo = UndoList(desk)
        self._note = ""
        self._typing: Timer | None = None
        self._choosing: Timer | None = None

    def compose(self) -> ComposeResult:
        """Filter, list, preview and keys."""
        with Vertical(id="sessions-box"):
            yield LineInput(placeholder="Type to filter by title and by what was said …", id="sessions-filter")
            yield Static(id="sessions-heading", markup=False)
            with Horizontal(id="sessions-body"):
                yield SessionTable(self._state_of, id="sessions-table")
                with VerticalScroll(id="sessions-preview", can_focus=False):
                    yield Static(id="sessions-text", markup=False)
            yield Static(id="sessions-note", markup=False)
            yield Static(id="sessions-keys", markup=False)

    @property
    def table(self) -> SessionTable:
        """The list."""
        return self.query_one(SessionTable)

    def on_mount(self) -> None:
        """Fill the list, and keep it right."""
        self._refresh_words()
        self._reload()
        self._do(self._watch)

    def on_resize(self) -> None:
        """The keys that fit."""
        self._refresh_words()

    # What is listed

    def _reload(self, *, keep: bool = False) -> None:
        """Ask for the list anew; `keep` stays on the chosen row."""
        self._round += 1
        self._do(partial(self._load, self._query, self._round, self.table.selected if keep else 0))

    async def _load(self, query: SessionQuery, this_round: int, selected: int) -> None:
        page = await self._desk.shelf.page(query, selected - selected % PAGE, PAGE)
        if not page.rows and page.total:
            page = await self._desk.shelf.page(query, (page.total - 1) // PAGE * PAGE, PAGE)
        if this_round != self._round or not self.is_mounted:
            return
        self.table.begin(search_words(query.text), page, selected=selected)
        self._refresh_words(is_cut=page.is_cut)
        if not page.total:
            empty = "Nothing matches." if query.text.strip() else _EMPTY[query.view]
            self.query_one("#sessions-text", Static).update(Content.styled(empty, "$chat-dim"))

    @on(SessionTable.PageWanted)
    def _page_wanted(self, message: SessionTable.PageWanted) -> None:
        self._do(partial(self._load_more, self._query, self._round, message.offset))

    async def _load_more(self, query: SessionQuery, this_round: int, offset: int) -> None:
        try:
            page = await self._desk.shelf.page(query, offset, PAGE)
        except Exception:
            self.table.forget_asked()
            raise
        if this_round == self._round and self.is_mounted:
            self.table.add(page)

    async def _watch(self) -> None:
        """List again when sessions change, not more often than a person can follow."""
        feed = self._engine.engine.chat
        reader = feed.changes()
        try:
            while True:
                await reader.wait()
                reader.take()
                self._reload(keep=True)
                await asyncio.sleep(_CHANGES_S)
        finally:
            feed.unsubscribe(reader)

    def _state_of(self, row: SessionRow) -> RowState:
        session_id = row.info.session_id
        is_open = self._desk.workspace.find(session_id) is not None
        state = self._desk.state_of(session_id, row.last_status)
        shown = state if is_open or state != "idle" else None
        return RowState(marked=session_id in self._marked, state=shown, is_open=is_open)

    @on(Input.Changed, "#sessions-filter")
    def _filter_changed(self, message: Input.Changed) -> None:
        message.stop()
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(_TYPING_S, partial(self._ask_for, text=message.value))

    def _ask_for(
        self,
        *,
        text: str | None = None,
        sort: SortBy | None = None,
        view: SessionView | None = None,
        flip: bool = False,
    ) -> None:
        query = self._query
        self._query = SessionQuery(
            text=query.text if text is None else text,
            view=view or query.view,
            sort=sort or query.sort,
            reverse=query.reverse != flip if sort is None else False,
            with_empty=True,
        )
        if self._query != query:
            self._reload()
            self._refresh_words()

    # The chosen session

    @on(SessionTable.Selected)
    def _selected(self, message: SessionTable.Selected) -> None:
        if self._choosing is not None:
            self._choosing.stop()
        self._choosing = self.set_timer(_CHOOSING_S, lambda: self._do(partial(self._preview, message.row)))

    async def _preview(self, row: SessionRow) -> None:
        record = await self._desk.shelf.exchange(row.info.session_id, row.match_turn)
        chosen = self.table.selected_row if self.is_mounted else None
        if chosen is not None and chosen.info.session_id == row.info.session_id:
            is_brief = not self.has_class("-wide")
            shown = preview(row, record, search_words(self._query.text), is_brief=is_brief)
            self.query_one("#sessions-text", Static).update(shown)
            self.query_one("#sessions-preview").scroll_home(animate=False)

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
        self._say(f"{_sessions(len(gone))} deleted for good")
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

    # Words

    def _say(self, text: str) -> None:
        self._note = text
        self._refresh_words()

    def _refresh_words(self, *, is_cut: bool = False) -> None:
        table = self.table
        in_list = table.has_focus
        width = max(self.size.width - (4 if self.has_class("-narrow") or self.has_class("-short") else 6), 20)
        self.query_one("#sessions-heading", Static).update(
            heading(self._query, table.total, len(self._marked), is_cut=is_cut, width=width)
        )
        note = self.query_one("#sessions-note", Static)
        way_back = f" · {'u' if in_list else 'alt+u'} undoes" if self._undo and self._note else ""
        note.update(Content.styled(clean_line(f"{self._note}{way_back}"), "$tab-needs-you"))
        note.display = bool(self._note)
        self.query_one("#sessions-keys", Static).update(footer(self._query.view, in_list=in_list, width=width))

    def _do(self, work: Work) -> None:
        run_guarded(self, work, group="sessions")


_EMPTY: dict[SessionView, str] = {
    "current": "No session yet. ctrl+n begins one.",
    "archived": "Nothing is archived.",
    "deleted": "The trash is empty.",
}


def _sessions(count: int) -> str:
    return "1 session" if count == 1 else f"{count} sessions"
