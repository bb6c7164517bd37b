"""The prompt: where a person writes a message.

It never clears itself. `Submitted` asks the owner to send; the owner answers with `accept()` once the engine has the
message on disk, or with `refuse()`, and then the text is still there.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.text import Text
from textual import events, on
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive, var
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, Location, Selection

from hector_tui.ui.text import clean, clean_line
from hector_tui.ui.widgets.prompt_history import PromptHistory
from hector_tui.ui.widgets.prompt_paste import PasteFolds, PasteGuard, is_big

MAX_ROWS = 10
"""Rows the prompt grows to before it scrolls, unless it is told otherwise; never more than half the screen."""

# A draft or a sent prompt folds only when showing it would make every key slow: folded text cannot be edited.
_RESTORED_LINES, _RESTORED_CHARACTERS = 200, 20_000
_GUTTER = "> "
_ODD_BACKSLASHES = re.compile(r"(?<!\\)(?:\\\\)*\\\Z")


def _identified(bindings: Sequence[BindingType]) -> list[BindingType]:
    """A text area's own bindings with ids, so that they can be remapped: `cursor_left(True)` is `select_left`."""
    named: list[BindingType] = []
    for binding in bindings:
        if isinstance(binding, Binding):
            name = re.sub(r"cursor_(\w+)\(True\)", r"select_\1", binding.action)
            named.append(dataclasses.replace(binding, id=f"prompt.{name}"))
    return named


class Prompt(TextArea, inherit_bindings=False):
    """A text area of one to ten rows that sends with Enter, folds big pastes and remembers what was sent.

    Args:
        text: The draft to begin with.
        hint: What the empty prompt says, on one line.
        sent: The prompts sent before, oldest first.
        paste_guard: Tells typed keys from pasted ones.
    """

    DEFAULT_CSS = """
    Prompt {
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

    BINDING_GROUP_TITLE = "Prompt"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", id="prompt.send"),
        Binding(
            "ctrl+j,shift+enter,alt+enter",
            "break_line",
            "New line",
            key_display="^j",
            show=False,
            id="prompt.break_line",
        ),
        Binding("question_mark", "help", "Help, from an empty prompt", show=False, id="prompt.help"),
        *_identified(TextArea.BINDINGS),
    ]

    queue_waits: var[bool] = var(False)
    """Whether sent messages still wait: then Up in the empty prompt asks for the last of them, not for history."""

    max_rows: reactive[int] = reactive(MAX_ROWS, layout=True, init=False)
    """Rows it grows to before it scrolls."""

    hint: reactive[str] = reactive("", init=False)
    """What the empty prompt says; cut to one line."""

    @dataclass
    class Submitted(Message):
        """The person wants to send `text`; the owner answers with `accept()` or `refuse()`."""

        prompt: Prompt
        text: str

        @property
        def control(self) -> Prompt:
            """The prompt, for the `on` decorator."""
            return self.prompt

    @dataclass
    class TakeBackRequested(Message):
        """The person wants the last waiting message back in the prompt."""

        prompt: Prompt

        @property
        def control(self) -> Prompt:
            """The prompt, for the `on` decorator."""
            return self.prompt

    @dataclass
    class HelpRequested(Message):
        """The person wants to know the keys."""

        prompt: Prompt

        @property
        def control(self) -> Prompt:
            """The prompt, for the `on` decorator."""
            return self.prompt

    @dataclass
    class DraftChanged(Message):
        """The unsent text is now `text`, with every paste in full."""

        prompt: Prompt
        text: str

        @property
        def control(self) -> Prompt:
            """The prompt, for the `on` decorator."""
            return self.prompt

    def __init__(
        self,
        text: str = "",
        *,
        hint: str = "",
        sent: Sequence[str] = (),
        paste_guard: PasteGuard | None = None,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        # Before the base class, whose own setup already asks where labels are.
        self._folds = PasteFolds()
        self._history = PromptHistory(sent)
        self._guard = paste_guard or PasteGuard()
        self._submitted: tuple[str, str] | None = None
        self._recalled_at: Location | None = None
        super().__init__(
            self._fitting(clean(text)),
            highlight_cursor_line=False,
            name=name,
            id=id,
            classes=classes,
            disabled=disabled,
        )
        self.match_cursor_bracket = False
        self.set_reactive(Prompt.hint, hint)
        self.move_cursor(self.document.end)

    @property
    def value(self) -> str:
        """The whole text, with every paste in full."""
        return self._folds.expand(self.text)

    @property
    def draft(self) -> str:
        """The unsent text: the value, unless a sent prompt is only being looked at."""
        return self._history.draft(self.value)

    def restore(self, text: str) -> None:
        """Show another draft, without a `DraftChanged`: for a change of session."""
        self._submitted = None
        self._history.leave()
        with self.prevent(TextArea.Changed):
            self._replace_all(text)

    def set_sent(self, sent: Sequence[str]) -> None:
        """Walk through these prompts from now on, oldest first."""
        self._history = PromptHistory(sent)

    def accept(self) -> None:
        """The message is on disk: remember it, and clear what was sent; words written since then stay."""
        if self._submitted is None:
            return
        text, shown = self._submitted
        self._submitted = None
        self._history.record(text)
        if not self.text.startswith(shown):
            return
        if self.text[len(shown) :].strip():
            last_line = shown.rpartition("\n")[2]
            self.delete((0, 0), (shown.count("\n"), len(last_line)))
        else:
            self._replace_all("")

    def refuse(self) -> None:
        """The message was not taken: keep the text, so that Enter tries again."""
        self._submitted = None

    def discard(self) -> None:
        """Clear the draft; undo brings it back."""
        self._history.leave()
        self.clear()

    def _fitting(self, text: str) -> str:
        big = is_big(text, lines=_RESTORED_LINES, characters=_RESTORED_CHARACTERS)
        return self._folds.fold(text) if big else text

    def _replace_all(self, text: str) -> None:
        self._folds.clear()
        self.load_text(self._fitting(clean(text)))
        self.move_cursor(self.document.end)

    # Sending and line breaks

    def action_send(self) -> None:
        """Ask the owner to send, or break the line after a lone backslash, for terminals without Shift+Enter."""
        row, column = self.cursor_location
        if self.selection.is_empty and _ODD_BACKSLASHES.search(self.document[row][:column]):
            self.replace("\n", (row, column - 1), (row, column), maintain_selection_offset=False)
            return
        text = self.value.strip("\n").rstrip()
        # A held Enter arrives again before the engine has answered: the same text is sent once.
        if not text or (self._submitted is not None and self._submitted[1] == self.text):
            return
        self._submitted = (text, self.text)
        self.post_message(self.Submitted(self, text))

    def action_break_line(self) -> None:
        """Begin a new line."""
        self._type("\n")

    def action_help(self) -> None:
        """Ask for the keys; only an empty prompt lets its key come here."""
        self.post_message(self.HelpRequested(self))

    def _type(self, text: str) -> None:
        if not self.read_only:
            self.replace(text, *self.selection, maintain_selection_offset=False)

    async def on_key(self, event: events.Key) -> None:
        """Run the prompt's own bindings at once, and tell keys from the tail of a paste.

        Textual runs bindings after a key has travelled up to the app, while later keys are typed already: "hi", Enter,
        "more" in one burst would send "himore".
        """
        if self._guard.belongs_to_paste(event.time):
            event.stop()
            event.prevent_default()
            if event.key in ("enter", "ctrl+j"):
                self._type("\n")
            elif event.is_printable and event.character:
                self._type(event.character)
            return
        # Where nothing is written yet a sign may be a command, as `?` is; after that it is text.
        if event.is_printable and self.text:
            return
        # A text area types Enter as a line break by itself; here only a binding may say what Enter does.
        if event.key == "enter":
            event.prevent_default()
        active = self.screen.active_bindings.get(event.key)
        if active is not None and active.node is self and active.enabled:
            handled = await self.app.run_action(active.binding.action, self)
            if handled:
                event.stop()
                event.prevent_default()

    # Pastes

    async def on_paste(self, event: events.Paste) -> None:
        """Insert what was pasted, made visible and folded when it is big."""
        event.stop()
        event.prevent_default()
        self._guard.pasted(event.time)
        self._insert_paste(event.text)

    def action_paste(self) -> None:
        """Insert what was last copied within the app."""
        self._insert_paste(self.app.clipboard)

    def _insert_paste(self, text: str) -> None:
        text = clean(text)
        if text:
            self._type(self._folds.fold(text) if is_big(text) else text)

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

    # History

    def action_cursor_up(self, select: bool = False) -> None:
        """Move up; from the first row, to the prompt sent before, or from nothing to the last that waits."""
        if self.queue_waits and not self.text:
            self.post_message(self.TakeBackRequested(self))
        elif select or not self._walks(first_row=True):
            super().action_cursor_up(select)
        else:
            self._recall(self._history.older(self.value))

    def action_cursor_down(self, select: bool = False) -> None:
        """Move down; from the last row, to the prompt sent after, in the end to the draft."""
        if select or not self._history.walking or not self._walks(first_row=False):
            super().action_cursor_down(select)
        else:
            self._recall(self._history.newer(self.value))

    def _walks(self, *, first_row: bool) -> bool:
        """Whether Up or Down leaves the text: at its edge, or while a recalled prompt has not been touched."""
        if self._history.walking and self._recalled_at == self.cursor_location:
            return True
        _, y = self.wrapped_document.location_to_offset(self.cursor_location)
        return y == (0 if first_row else self.wrapped_document.height - 1)

    def _recall(self, text: str | None) -> None:
        if text is None:
            return
        # Not `load_text`: an edit can be undone, and the pastes of the draft must outlive the walk.
        self.replace(self._fitting(clean(text)), (0, 0), self.document.end, maintain_selection_offset=False)
        self._recalled_at = self.cursor_location

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

    def on_resize(self) -> None:
        """Cut the hint to the new width."""
        self._fit_hint()

    def watch_hint(self) -> None:
        """Show the new hint."""
        self._fit_hint()

    def _fit_hint(self) -> None:
        width = self.scrollable_content_region.width - self.gutter_width
        self.placeholder = Content(clean_line(self.hint)).truncate(max(1, width), ellipsis=True)

    @on(TextArea.Changed)
    def _tell_draft(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(self.DraftChanged(self, self.draft))

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
