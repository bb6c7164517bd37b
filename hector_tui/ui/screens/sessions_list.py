"""The list half of the sessions screen: what is asked for, what is shown, and the preview of the chosen session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from hector_tui.domain.excerpts import search_words
from hector_tui.domain.listing import SessionQuery, SessionRow, SessionView, SortBy
from hector_tui.engine.thread import EngineThread
from hector_tui.ui.desk import Desk
from hector_tui.ui.guarded import Work, run_guarded
from hector_tui.ui.key_names import readable
from hector_tui.ui.keymap import bindings_of, keys_of
from hector_tui.ui.screens.dialog import Dialog
from hector_tui.ui.screens.sessions_keys import footer, heading
from hector_tui.ui.screens.sessions_preview import preview
from hector_tui.ui.screens.sessions_undo import UndoList
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
_EMPTY: dict[SessionView, str] = {
    "current": "No session yet. ctrl+n begins one.",
    "archived": "Nothing is archived.",
    "deleted": "The trash is empty.",
}


class SessionsList(Dialog[Sequence[str]]):
    """Filter, list and preview; `SessionsScreen` adds what can be done.

    Args:
        desk: The open conversations, and the way to all others.
        engine: Tells which sessions change.
        tabs_changed: Called when tabs went away or got other titles.
    """

    CSS_PATH = "sessions.tcss"
    AUTO_FOCUS = "#sessions-filter"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-tall")]  # noqa: RUF012 - Textual's type
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (110, "-wide")]  # noqa: RUF012 - Textual's type

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
        self._previewed = ""

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
            if self._previewed != row.info.session_id:  # one that is being read stays where it is
                self._previewed = row.info.session_id
                self.query_one("#sessions-preview").scroll_home(animate=False)

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
        way_back = f" · {'u' if in_list else self._key_of('undo')} undoes" if self._undo and self._note else ""
        note.update(Content.styled(clean_line(f"{self._note}{way_back}"), "$tab-needs-you"))
        note.display = bool(self._note)
        self.query_one("#sessions-keys", Static).update(
            footer(self._query.view, self._key_of, in_list=in_list, width=width)
        )

    def _key_of(self, action: str) -> str:
        """The key of an action of this screen, as it is now; empty for none."""
        own = next((binding for binding in bindings_of(type(self)) if binding.action == action), None)
        keys = keys_of(self.app).of_binding(own) if own is not None else ("enter",)
        return readable(keys[0]) if keys else ""

    def _do(self, work: Work) -> None:
        run_guarded(self, work, group="sessions")
