"""A list of any number of sessions: it draws the rows in view, and asks for the pages they stand on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from hector_tui.domain.excerpts import SearchWords
from hector_tui.domain.listing import SessionPage, SessionRow
from hector_tui.ui.widgets.session_rows import RowRun, RowState, match_runs, row_runs

PAGE = 50
"""Sessions asked for at a time."""
_PAGES_KEPT = 20
_MARK_CELLS = 4

StateOf = Callable[[SessionRow], RowState]


class SessionTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows rows it was given and asks for those it lacks; a list of 10,000 costs what its window costs.

    Args:
        state_of: What a row's session is doing and whether it is marked; asked anew for each drawing.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--selected",
        "table--pointer",
        "table--mark",
        "table--pin",
        "table--title",
        "table--open-title",
        "table--match",
        "table--unread",
        "table--dim",
        "table--idle",
        "table--working",
        "table--needs-you",
        "table--failed",
        "table--waiting",
    }

    DEFAULT_CSS = """
    SessionTable {
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        overflow-x: hidden;
        & > .table--selected { background: $primary 20%; }
        & > .table--pointer { color: $tab-active; text-style: bold; }
        & > .table--mark { color: $tab-active; text-style: bold; }
        & > .table--pin { color: $tab-unread; }
        & > .table--title { color: $foreground; }
        & > .table--open-title { color: $foreground; text-style: bold; }
        & > .table--match { color: $tab-needs-you; text-style: bold underline; }
        & > .table--unread { color: $tab-unread; text-style: bold; }
        & > .table--dim { color: $chat-dim; }
        & > .table--idle { color: $chat-dim; }
        & > .table--working { color: $tab-working; }
        & > .table--needs-you { color: $tab-needs-you; text-style: bold; }
        & > .table--failed { color: $chat-error; text-style: bold; }
        & > .table--waiting { color: $tab-unread; }
        &:ansi > .table--selected { text-style: reverse; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "select(-1)", "Up", id="sessions.up", show=False),
        Binding("down,j", "select(1)", "Down", id="sessions.down", show=False),
        Binding("home,g", "select(-999999999)", "First", id="sessions.first", show=False),
        Binding("end,G", "select(999999999)", "Last", id="sessions.last", show=False),
    ]

    class PageWanted(Message):
        """Rows in view are not there yet; `offset` is the place of their page's first row."""

        def __init__(self, offset: int) -> None:
            super().__init__()
            self.offset = offset

    class Selected(Message):
        """Another row was chosen, or the chosen one arrived."""

        def __init__(self, row: SessionRow) -> None:
            super().__init__()
            self.row = row

    class Opened(Message):
        """The person asks for the chosen session."""

    class MarkToggled(Message):
        """The person marks the chosen session, or takes the mark away."""

    def __init__(self, state_of: StateOf, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._state_of = state_of
        self._pages: OrderedDict[int, Sequence[SessionRow]] = OrderedDict()
        self._asked: set[int] = set()
        self._total = 0
        self._words = SearchWords()
        self.selected = 0

    @property
    def total(self) -> int:
        """How many rows the list has."""
        return self._total

    @property
    def selected_row(self) -> SessionRow | None:
        """The chosen row, once it is loaded."""
        return self.row_at(self.selected)

    @property
    def row_height(self) -> int:
        """Lines of a row: a second one while something is searched for."""
        return 2 if self._words else 1

    @property
    def rows_in_view(self) -> int:
        """How many rows fit."""
        return max(self.size.height // self.row_height, 1)

    def row_at(self, index: int) -> SessionRow | None:
        """The row at a place; None when it is not loaded."""
        page = self._pages.get(index - index % PAGE, ())
        place = index % PAGE
        return page[place] if place < len(page) else None

    def begin(self, words: SearchWords, first: SessionPage, *, selected: int = 0) -> None:
        """Show another list, of which one page is there."""
        self._words = words
        self._pages.clear()
        self._asked.clear()
        self._total = first.total
        self.selected = max(0, min(selected, first.total - 1))
        self.add(first)
        self.virtual_size = Size(0, self._total * self.row_height)
        self._reveal()

    def add(self, page: SessionPage) -> None:
        """Rows that were asked for; those of a list of another length begin it anew."""
        self._asked.discard(page.offset)
        if page.total != self._total:
            self._total = page.total
            self.virtual_size = Size(0, self._total * self.row_height)
            self.selected = max(0, min(self.selected, self._total - 1))
        self._pages[page.offset] = page.rows
        self._pages.move_to_end(page.offset)
        while len(self._pages) > _PAGES_KEPT:
            self._pages.popitem(last=False)
        self.refresh()
        if page.offset <= self.selected < page.offset + PAGE and (row := self.selected_row) is not None:
            self.post_message(self.Selected(row))

    def action_select(self, by: int) -> None:
        """Choose a row so many places further down."""
        self.select(self.selected + by)

    def select(self, index: int) -> None:
        """Choose the row at a place."""
        index = max(0, min(index, self._total - 1))
        if index == self.selected:
            return
        self.selected = index
        self._reveal()
        self.refresh()
        if (row := self.selected_row) is not None:
            self.post_message(self.Selected(row))

    def _reveal(self) -> None:
        height = self.row_height
        self.scroll_to_region(
            Region(0, self.selected * height, 1, height), animate=False, force=True, immediate=True, x_axis=False
        )

    def render_line(self, y: int) -> Strip:
        """Render one visible line; a row that is not there is asked for."""
        width = self.size.width
        index, second = divmod(self.scroll_offset.y + y, self.row_height)
        base = self.rich_style
        if index >= self._total:
            return Strip.blank(width, base)
        row = self.row_at(index)
        if row is None:
            self._ask(index - index % PAGE)
        is_selected = index == self.selected
        if is_selected:
            base = self.get_component_rich_style("table--selected")
        state = self._state_of(row) if row is not None else RowState()
        state = RowState(selected=is_selected, marked=state.marked, state=state.state, is_open=state.is_open)
        runs = match_runs(row, width) if second else row_runs(row, state, self._words, width)
        return Strip([Segment(run.text, self._style(run, base)) for run in runs if run.text]).adjust_cell_length(
            width, base
        )

    def _style(self, run: RowRun, base: Style) -> Style:
        if run.role == "gap" or base.reverse:
            return base
        return base + self.get_component_rich_style(f"table--{run.role.replace('_', '-')}", partial=True)

    def _ask(self, offset: int) -> None:
        if offset not in self._asked:
            self._asked.add(offset)
            self.post_message(self.PageWanted(offset))

    def forget_asked(self) -> None:
        """What was asked for and did not come may be asked for again."""
        self._asked.clear()

    def on_resize(self) -> None:
        """Keep the chosen row in view."""
        self._reveal()

    def on_click(self, event: events.Click) -> None:
        """Choose a row; at its left edge mark it; the chosen one, or two clicks, open it."""
        index = (self.scroll_offset.y + event.y) // self.row_height
        if not 0 <= index < self._total:
            return
        was_chosen = index == self.selected
        self.select(index)
        if event.x < _MARK_CELLS:
            self.post_message(self.MarkToggled())
        elif was_chosen or event.chain > 1:
            self.post_message(self.Opened())
