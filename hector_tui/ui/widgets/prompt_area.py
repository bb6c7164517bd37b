"""The text area beneath the prompt: its looks, its size, and labels that stand for big pastes."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.text import Text
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, Location, Selection

from hector_tui.ui.text import clean, clean_line
from hector_tui.ui.widgets.prompt_paste import PasteFolds, is_big

MAX_ROWS = 10
"""Rows the prompt grows to before it scrolls, unless it is told otherwise; never more than half the screen."""

# A draft or a sent prompt folds only when showing it would make every key slow: folded text cannot be edited.
_RESTORED_LINES, _RESTORED_CHARACTERS = 200, 20_000
_GUTTER = "> "
_BLINKS = 20
"""Changes of the cursor, two a second, after which it stays: blinking is most of what an idle program costs. GTK's
stops after the same ten seconds."""


def identified(bindings: Sequence[BindingType]) -> list[BindingType]:
    """A text area's own bindings with ids, so that they can be remapped: `cursor_left(True)` is `select_left`."""
    named: list[BindingType] = []
    for binding in bindings:
        if isinstance(binding, Binding):
            name = re.sub(r"cursor_(\w+)\(True\)", r"select_\1", binding.action)
            named.append(dataclasses.replace(binding, id=f"prompt.{name}"))
    return named


class PromptArea(TextArea, inherit_bindings=False):
    """A text area of one to ten rows behind a gutter, in which a folded text is one thing.

    Args:
        text: What stands in it at first.
        hint: What it says while it is empty, on one line.
    """

    DEFAULT_CSS = """
    PromptArea {
        height: auto;
        min-height: 1;
        padding: 0 1;
        border: none;
        background: $surface;
        scrollbar-size-vertical: 1;
        overflow-x: hidden;

        &:focus { border: none; }
        & .prompt--gutter { color: $text-muted; }
        & .text-area--placeholder { color: $text-muted; }
        &:focus .prompt--gutter { color: $primary; text-style: bold; }
        & .prompt--fold { color: $text-primary; background: $primary-muted; }
        &:disabled { opacity: 50%; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"prompt--gutter", "prompt--fold"}

    BINDINGS: ClassVar[list[BindingType]] = identified(TextArea.BINDINGS)

    max_rows: reactive[int] = reactive(MAX_ROWS, layout=True, init=False)
    """Rows it grows to before it scrolls."""

    hint: reactive[str] = reactive("", init=False)
    """What the empty prompt says; cut to one line."""

    def __init__(
        self,
        text: str = "",
        *,
        hint: str = "",
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        # Before the base class, whose own setup already asks where labels are.
        self._folds = PasteFolds()
        self._blinks = 0
        super().__init__(
            self._fitting(clean(text)),
            highlight_cursor_line=False,
            name=name,
            id=id,
            classes=classes,
            disabled=disabled,
        )
        self.match_cursor_bracket = False
        self.set_reactive(PromptArea.hint, hint)
        self.move_cursor(self.document.end)

    @property
    def value(self) -> str:
        """The whole text, with every folded one in full."""
        return self._folds.expand(self.text)

    def replace_value(self, text: str) -> None:
        """Put another text in place of this one; undo brings this one back, its folded texts too."""
        # Not `load_text`, which forgets what could be undone.
        self.replace(self._fitting(clean(text)), (0, 0), self.document.end, maintain_selection_offset=False)

    def _fitting(self, text: str) -> str:
        big = is_big(text, lines=_RESTORED_LINES, characters=_RESTORED_CHARACTERS)
        return self._folds.fold(text) if big else text

    def _load_value(self, text: str) -> None:
        """Begin anew with a text."""
        self._folds.clear()
        self.load_text(self._fitting(clean(text)))
        self.move_cursor(self.document.end)

    # Labels

    def edit(self, edit: Edit) -> EditResult:
        """Do an edit; a label that it touches goes as a whole."""
        top, bottom = edit.top, edit.bottom
        if self._folds and top != bottom:
            edit.from_location = (top[0], self._fold_around(top, at_start=True))
            edit.to_location = (bottom[0], self._fold_around(bottom, at_start=False))
        result = super().edit(edit)
        # The base class scrolls before it knows the new height, and so stops a row short of a new last line.
        self.scroll_cursor_visible()
        return result

    def _fold_around(self, location: Location, *, at_start: bool) -> int:
        """The edge of the label that a place lies inside of, or its own column."""
        row, column = location
        if row < self.document.line_count:
            for start, end in self._folds.spans(self.document[row]):
                if start < column < end:
                    return start if at_start else end
        return column

    def validate_selection(self, selection: Selection) -> Selection:
        """Keep the cursor out of labels: it jumps over them in the direction it moves."""
        if not self._folds:
            return selection
        return Selection(self._outside_folds(selection.start), self._outside_folds(selection.end))

    def _outside_folds(self, location: Location) -> Location:
        row, column = location
        start = self._fold_around(location, at_start=True)
        if start == column:
            return location
        end = self._fold_around(location, at_start=False)
        was_row, was_column = self.cursor_location
        if was_row == row and was_column <= start:
            return row, end
        if was_row == row and was_column >= end:
            return row, start
        return row, start if column - start < end - column else end

    # Keys that belong to the app when they have nothing to do here

    def action_delete_right(self) -> None:
        """Delete the next character; in an empty prompt the key is the app's, where Ctrl+D quits."""
        if not self.text:
            raise SkipAction()
        super().action_delete_right()

    def action_cursor_page_up(self) -> None:
        """Move a page up; when all is in sight the key is the app's, to scroll the transcript."""
        self._skip_when_all_is_in_sight()
        super().action_cursor_page_up()

    def action_cursor_page_down(self) -> None:
        """Move a page down; when all is in sight the key is the app's, to scroll the transcript."""
        self._skip_when_all_is_in_sight()
        super().action_cursor_page_down()

    def _skip_when_all_is_in_sight(self) -> None:
        if self.wrapped_document.height <= self.size.height:
            raise SkipAction()

    # Looks

    def on_mount(self) -> None:
        """Stop the cursor's blinking where animations are off."""
        if self.app.animation_level == "none":
            self.cursor_blink = False

    def _restart_blink(self) -> None:
        """Blink from now on, as long as somebody types."""
        self._blinks = 0
        super()._restart_blink()

    def _toggle_cursor_blink_visible(self) -> None:
        """Blink; stay visible once nobody has typed for a while."""
        self._blinks += 1
        if self._blinks > _BLINKS:
            self._pause_blink()
        else:
            super()._toggle_cursor_blink_visible()

    def on_resize(self) -> None:
        """Cut the hint to the new width."""
        self._fit_hint()

    def watch_hint(self) -> None:
        """Show the new hint."""
        self._fit_hint()

    def _fit_hint(self) -> None:
        width = self.scrollable_content_region.width - self.gutter_width
        self.placeholder = Content(clean_line(self.hint)).truncate(max(1, width), ellipsis=True)

    @property
    def gutter_width(self) -> int:
        """The cells left of the text, where a text area has its line numbers."""
        return len(_GUTTER)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as the text has, up to `max_rows` and up to half the screen."""
        return max(1, min(self.wrapped_document.height, self.max_rows, viewport.height // 2))

    def get_line(self, line_index: int) -> Text:
        """A line of the text, with its labels marked."""
        line = super().get_line(line_index)
        for start, end in self._folds.spans(line.plain):
            line.stylize(self.get_component_rich_style("prompt--fold"), start, end)
        return line

    def render_line(self, y: int) -> Strip:
        """A row of the text behind its gutter."""
        first = y + self.scroll_offset.y == 0
        style = self.get_component_rich_style("prompt--gutter")
        gutter = Strip([Segment(_GUTTER if first else " " * len(_GUTTER), style)], len(_GUTTER))
        body = super().render_line(y)
        width = max(0, self.scrollable_content_region.width - len(_GUTTER))
        return Strip.join([gutter, body.adjust_cell_length(width, self.rich_style)])
