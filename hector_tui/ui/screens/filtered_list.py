"""A dialog with a list that typing filters: arrows move, Enter chooses, and the field always has the focus."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from hector_tui.ui.screens.dialog import Answer, Dialog
from hector_tui.ui.text import clean_line, shorten
from hector_tui.ui.widgets.line_input import LineInput


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list.

    Attributes:
        row_id: Names it; empty for a heading, which cannot be chosen.
        content: What is shown; its text is clean.
        words: What a filter looks in, besides what is shown.
    """

    row_id: str
    content: Content
    words: str = ""

    def answers(self, query: Sequence[str]) -> bool:
        """Whether every word typed stands somewhere in it."""
        text = f"{self.content.plain} {self.words}".lower()
        return all(word in text for word in query)

    def shows(self, query: Sequence[str]) -> bool:
        """Whether every word typed can be seen in it; such rows come first."""
        text = self.content.plain.lower()
        return all(word in text for word in query)


_NOTHING = Row("", Content.styled("Nothing has these words.", "$text-muted"))


def _found(rows: Sequence[Row], query: Sequence[str]) -> list[Row]:
    """The rows with the words, each group under its heading; where the words can be seen they stand first."""
    groups: list[list[Row]] = [[]]
    for row in rows:
        if not row.row_id:
            groups.append([row])
        elif row.answers(query):
            groups[-1].append(row)
    groups = [sorted(group, key=lambda row: bool(row.row_id) and not row.shows(query)) for group in groups]
    groups = [group for group in groups if any(row.row_id for row in group)]
    groups.sort(key=lambda group: not any(row.row_id and row.shows(query) for row in group))
    return [row for group in groups for row in group]


class FilteredList(Dialog[Answer]):
    """A title, a field, a list, and what there is to say about the highlighted row.

    Args:
        title: The heading.
        placeholder: What the empty field says.
    """

    AUTO_FOCUS = "LineInput"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012 - Textual's type

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", "Up", show=False, id="list.up"),
        Binding("down", "step(1)", "Down", show=False, id="list.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="list.page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="list.page_down"),
    ]

    def __init__(self, title: str, *, placeholder: str = "type to filter") -> None:
        super().__init__()
        self._title = title
        self._placeholder = placeholder
        self._rows: Sequence[Row] = ()
        self._shown: list[Row] = []

    @abstractmethod
    def rows(self) -> Iterable[Row]:
        """Every row, as it is now."""

    def keys_text(self) -> str:
        """What the keys do, under the list."""
        return self.key_line(("list.up list.down", "choose"), ("enter", "take"), ("dialog.leave", "leave"))

    def describe(self, row_id: str) -> Content:
        """What there is to say about the highlighted row."""
        return Content("")

    def highlighted(self, row_id: str) -> None:
        """A row was reached."""

    @abstractmethod
    def chosen(self, row_id: str) -> None:
        """Enter on a row, or a click."""

    def compose(self) -> ComposeResult:
        """The parts from top to bottom."""
        with Vertical(classes="dialog -list"):
            yield Static(clean_line(self._title), classes="dialog-title", markup=False)
            yield LineInput(placeholder=self._placeholder)
            yield OptionList(compact=True, markup=False, classes="list-rows")
            yield Static(classes="list-detail", markup=False)
            yield Static(self.keys_text(), classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        """The field has the keys; the list only shows."""
        self._list.can_focus = False
        self.show_rows()

    def on_resize(self) -> None:
        """The columns have another room."""
        if self._rows:
            self.show_rows()

    @property
    def current(self) -> str:
        """The id of the highlighted row; empty when there is none."""
        place = self._list.highlighted
        return self._shown[place].row_id if place is not None and place < len(self._shown) else ""

    @property
    def _list(self) -> OptionList:
        return self.query_one(OptionList)

    def show_rows(self, at: str = "") -> None:
        """Draw the list again.

        Args:
            at: The row to highlight; empty for the one that is, or the first.
        """
        at = at or self.current
        self._rows = tuple(self.rows())
        query = self.query_one(LineInput).value.lower().split()
        self._shown = _found(self._rows, query) if query else list(self._rows)
        options = self._list
        # What is highlighted while rows come and go is nobody's choice.
        with self.prevent(OptionList.OptionHighlighted):
            options.clear_options()
            options.add_options([Option(row.content, disabled=not row.row_id) for row in self._shown or [_NOTHING]])
        places = [place for place, row in enumerate(self._shown) if row.row_id]
        wanted = next((place for place in places if self._shown[place].row_id == at), places[0] if places else None)
        options.highlighted = wanted
        self._describe()

    def _describe(self) -> None:
        current = self.current
        self.query_one(".list-detail", Static).update(self.describe(current) if current else Content(""))

    def action_step(self, by: int) -> None:
        """Highlight another row."""
        if by < 0:
            self._list.action_cursor_up()
        else:
            self._list.action_cursor_down()

    def action_page(self, by: int) -> None:
        """Highlight a row a page away."""
        options, place = self._list, self._list.highlighted
        if place is None:
            return
        rows = [index for index, row in enumerate(self._shown) if row.row_id]
        wanted = place + by * max(1, options.size.height - 1)
        options.highlighted = min(rows, key=lambda index: abs(index - wanted))

    @on(Input.Changed)
    def _filter(self, message: Input.Changed) -> None:
        message.stop()
        before = self.current
        self._list.highlighted = None
        self.show_rows()
        if self.current and self.current != before:
            self.highlighted(self.current)

    @on(Input.Submitted)
    def _enter(self, message: Input.Submitted) -> None:
        message.stop()
        if self.current:
            self.chosen(self.current)

    @on(OptionList.OptionHighlighted)
    def _reached(self, message: OptionList.OptionHighlighted) -> None:
        message.stop()
        if self.current:
            self._describe()
            self.highlighted(self.current)

    @on(OptionList.OptionSelected)
    def _clicked(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        if self.current:
            self.chosen(self.current)


def two_columns(title: str, value: str, *, marked: bool, title_cells: int) -> Content:
    """A row of a title and a value; a marked value is bold behind a dot.

    Args:
        title: What it is.
        value: What stands beside it.
        marked: Whether the value stands out.
        title_cells: Where the values begin.
    """
    shown = shorten(clean_line(title), title_cells - 1)
    gap = " " * (title_cells - cell_len(shown))
    return Content.assemble(
        f"  {shown}{gap}", (f"{'•' if marked else ' '} {clean_line(value)}", "bold" if marked else "")
    )
