"""Two small questions: one for a line of text, one for yes or no."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Button, Input, Static

from hector_tui.ui.keymap import bindings_of, key_line, keys_of
from hector_tui.ui.screens.dialog import Dialog
from hector_tui.ui.text import clean, clean_line
from hector_tui.ui.widgets.line_input import LineInput
from hector_tui.ui.widgets.prompt import Prompt

_HAND_S = 0.02
"""Seconds between choosing Yes and pressing it that a hand needs; keys that come closer were not typed."""


class AskText(Dialog[str | None]):
    """Asks for one line of text; the answer is None when the person left.

    Args:
        title: What is asked.
        value: The text to begin with, selected so that typing replaces it.
        hint: What the empty field says.
        max_chars: The longest answer, in characters.
    """

    AUTO_FOCUS = "LineInput"

    def __init__(self, title: str, *, value: str = "", hint: str = "", max_chars: int = 200) -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._hint = hint
        self._max_chars = max_chars

    def compose(self) -> ComposeResult:
        """The question, the field and the keys."""
        with Vertical(classes="dialog"):
            yield Static(clean(self._title), classes="dialog-title", markup=False)
            yield LineInput(self._value, placeholder=self._hint, max_length=self._max_chars)
            yield Static(
                self.key_line(("enter", "save"), ("dialog.leave", "leave")), classes="dialog-keys", markup=False
            )

    @on(Input.Submitted)
    def _answer(self, message: Input.Submitted) -> None:
        message.stop()
        text = clean_line(message.value).strip()
        if text:
            self.answer(text)


class EditText(Dialog[str | None]):
    """Asks for other words in place of a text of any number of lines; the answer is None when the person left.

    Args:
        title: What is asked.
        value: The text to begin with.
    """

    AUTO_FOCUS = "Prompt"

    def __init__(self, title: str, value: str) -> None:
        super().__init__()
        self._title = title
        self._value = value

    def compose(self) -> ComposeResult:
        """The title, the text and the keys."""
        with Vertical(classes="dialog -tall"):
            yield Static(clean_line(self._title), classes="dialog-title", markup=False)
            yield Prompt(self._value)
            keys = key_line(
                keys_of(self.app),
                [*bindings_of(Prompt), *bindings_of(type(self))],
                (("prompt.send", "save"), ("prompt.break_line", "new line"), ("dialog.leave", "leave")),
            )
            yield Static(keys, classes="dialog-keys", markup=False)

    @on(Prompt.Submitted)
    def _answer(self, message: Prompt.Submitted) -> None:
        message.stop()
        self.answer(message.text)

    @on(Prompt.DraftChanged)
    @on(Prompt.HelpRequested)
    def _ignore(self, message: Message) -> None:
        message.stop()


class Confirm(Dialog[bool]):
    """Asks yes or no; No has the focus, and Esc means it.

    No single key says yes, and Yes takes Enter only a moment after it was chosen: what a paste or a terminal's own
    reply types within one burst decides nothing.

    Args:
        title: The question.
        message: What it is about, such as a URL; shown in full.
        yes: The word on the button that does it.
        no: The word on the button that does nothing.
    """

    AUTO_FOCUS = "#no"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,right", "other_button", "The other button", show=False, id="confirm.other_button"),
        Binding("up", "scroll_message(-1)", "Scroll up", show=False, id="confirm.scroll_up"),
        Binding("down", "scroll_message(1)", "Scroll down", show=False, id="confirm.scroll_down"),
        Binding("n", "leave", "No", show=False, id="confirm.no"),
    ]

    def __init__(self, title: str, message: str = "", *, yes: str = "Yes", no: str = "No") -> None:
        super().__init__()
        self._title = title
        self._message = message
        self._yes = yes
        self._no = no
        self._chosen_at = float("-inf")

    def compose(self) -> ComposeResult:
        """The question, what it is about, both buttons and the keys."""
        with Vertical(classes="dialog"):
            yield Static(clean(self._title), classes="dialog-title", markup=False)
            with VerticalScroll(classes="dialog-message", can_focus=False):
                yield Static(clean(self._message), markup=False)
            with Horizontal(classes="dialog-buttons"):
                yield Button(clean_line(self._no), id="no", compact=True)
                yield Button(clean_line(self._yes), id="yes", compact=True)
            yield Static(self._keys(), classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        """Show no empty space when there is no message."""
        self.query_one(".dialog-message").display = bool(self._message)
        self.call_after_refresh(self._offer_scrolling)

    def on_resize(self) -> None:
        """The message has another room."""
        self.call_after_refresh(self._offer_scrolling)

    def _offer_scrolling(self) -> None:
        """Name the keys that scroll when there is more of the message than is seen."""
        # Called a refresh later: an answer that came at once has taken the parts away.
        for message in self.query(".dialog-message").results(VerticalScroll):
            self.query_one(".dialog-keys", Static).update(self._keys(scrolls=message.max_scroll_y > 0))

    def _keys(self, *, scrolls: bool = False) -> str:
        scrolling = "confirm.scroll_up confirm.scroll_down" if scrolls else ""
        no = clean_line(self._no).lower()
        return self.key_line((scrolling, "read"), ("← →", "choose"), ("enter", "press"), ("dialog.leave", no))

    def on_key(self, event: events.Key) -> None:
        """Remember when the last key came that was not Enter, by the time the terminal's parser read it."""
        if event.key != "enter":
            self._chosen_at = event.time
        elif event.time - self._chosen_at < _HAND_S:
            event.stop()
            event.prevent_default()

    @on(Button.Pressed)
    def _answer(self, message: Button.Pressed) -> None:
        message.stop()
        self.answer(message.button.id == "yes")

    def action_other_button(self) -> None:
        """Move between No and Yes."""
        self.query_one("#yes" if self.query_one("#no").has_focus else "#no").focus()

    def action_scroll_message(self, rows: int) -> None:
        """Scroll a message that is longer than the dialog."""
        self.query_one(".dialog-message", VerticalScroll).scroll_relative(y=rows, animate=False)

    def action_leave(self) -> None:
        """Answer no."""
        self.answer(False)
