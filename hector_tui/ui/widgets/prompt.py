"""The prompt: where a person writes a message.

It never clears itself. `Submitted` asks the owner to send; the owner answers with `accept()` once the engine has the
message on disk, or with `refuse()`, and then the text is still there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, Location

from hector_tui.ui.completion.mentions import mentioned
from hector_tui.ui.completion.suggestion import CompletionSource
from hector_tui.ui.text import clean
from hector_tui.ui.widgets.completion import CompletionPopup
from hector_tui.ui.widgets.own_keys import run_own_binding
from hector_tui.ui.widgets.prompt_area import MAX_ROWS, PromptArea
from hector_tui.ui.widgets.prompt_completion import PromptCompletion
from hector_tui.ui.widgets.prompt_history import PromptHistory
from hector_tui.ui.widgets.prompt_paste import PasteGuard, is_big

__all__ = ["MAX_ROWS", "Prompt"]

_ODD_BACKSLASHES = re.compile(r"(?<!\\)(?:\\\\)*\\\Z")


class Prompt(PromptArea):
    """Sends with Enter, folds big pastes, remembers what was sent, and completes what is being written.

    Args:
        text: The draft to begin with.
        hint: What the empty prompt says, on one line.
        sent: The prompts sent before, oldest first.
        paste_guard: Tells typed keys from pasted ones.
    """

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
        Binding("tab", "complete", "Complete", show=False, id="prompt.complete"),
        Binding("escape", "close_popup", "Close the popup", show=False, id="prompt.close_popup"),
        Binding("question_mark", "help", "Help, from an empty prompt", show=False, id="prompt.help"),
        *PromptArea.BINDINGS,
    ]

    queue_waits: var[bool] = var(False)
    """Whether sent messages still wait: then Up in the empty prompt asks for the last of them, not for history."""

    @dataclass
    class Submitted(Message):
        """The person wants to send `text`; the owner answers with `accept()` or `refuse()`.

        `mentions` is what stands behind each `@` that the person sees: what a folded paste holds names no file.
        """

        prompt: Prompt
        text: str
        mentions: tuple[str, ...] = ()

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
        self._history = PromptHistory(sent)
        self._guard = paste_guard or PasteGuard()
        self._submitted: tuple[str, str] | None = None
        self._recalled_at: Location | None = None
        self._completion: PromptCompletion | None = None
        super().__init__(text, hint=hint, name=name, id=id, classes=classes, disabled=disabled)

    @property
    def draft(self) -> str:
        """The unsent text: the value, unless a sent prompt is only being looked at."""
        return self._history.draft(self.value)

    @property
    def mentions(self) -> tuple[str, ...]:
        """What stands behind each `@` that the person sees."""
        return tuple(mentioned(self.text))

    def restore(self, text: str) -> None:
        """Show another draft, without a `DraftChanged`: for a change of session."""
        self._submitted = None
        self._history.leave()
        self._close_completion()
        with self.prevent(TextArea.Changed):
            self._load_value(text)

    def set_sent(self, sent: Sequence[str]) -> None:
        """Walk through these prompts from now on, oldest first."""
        self._history = PromptHistory(sent)

    def rewrite(self, text: str) -> None:
        """Put a text in place of the draft, as a person's editor or a search does; undo brings the draft back."""
        self._history.leave()
        if text != self.value:
            self.replace_value(text)
        self._close_completion()

    def forget(self) -> None:
        """Clear what was entered without remembering it: after a command for secrets, somebody's key may be in it."""
        self._submitted = None
        self.replace_value("")

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
            self._load_value("")

    def refuse(self) -> None:
        """The message was not taken: keep the text, so that Enter tries again."""
        self._submitted = None

    def take(self, text: str) -> None:
        """Insert a text at the cursor, as if it had been pasted; undo takes it out again."""
        self._insert_paste(text)

    def discard(self) -> None:
        """Clear the draft; undo brings it back."""
        self._history.leave()
        self.clear()

    # Sending and line breaks

    def action_send(self) -> None:
        """Ask the owner to send, or break the line after a lone backslash, for terminals without Shift+Enter.

        With a popup open, what it has chosen is written first, and sent when nothing is to be added to it.
        """
        row, column = self.cursor_location
        if self.selection.is_empty and _ODD_BACKSLASHES.search(self.document[row][:column]):
            self.replace("\n", (row, column - 1), (row, column), maintain_selection_offset=False)
            return
        if self._completion is not None and self._completion.enter():
            return
        text = self.value.strip("\n").rstrip()
        # A held Enter arrives again before the engine has answered: the same text is sent once.
        if not text or (self._submitted is not None and self._submitted[1] == self.text):
            return
        self._submitted = (text, self.text)
        self.post_message(self.Submitted(self, text, self.mentions))

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
        """Run the prompt's own bindings at once, and tell keys from the tail of a paste."""
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
        await run_own_binding(self, event)

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

    # Completion

    def use_completion(self, popup: CompletionPopup, source: CompletionSource) -> None:
        """Complete what is being written, in that popup, with what the source knows."""
        self._completion = PromptCompletion(self, popup, source)

    def edit(self, edit: Edit) -> EditResult:
        """Do an edit, and offer what the word at the cursor could become."""
        result = super().edit(edit)
        # Here and not when `Changed` arrives: keys of the same burst are handled before that.
        if self._completion is not None:
            self._completion.typed()
        return result

    def action_complete(self) -> None:
        """Write what the popup has chosen, or open it; else the key is the app's, and goes to the next widget."""
        if self._completion is None or not self._completion.complete():
            raise SkipAction()

    def action_close_popup(self) -> None:
        """Close the popup; without one the key is the app's."""
        if self._completion is None or not self._completion.dismiss():
            raise SkipAction()

    def _close_completion(self) -> None:
        if self._completion is not None:
            self._completion.close()

    @on(TextArea.SelectionChanged)
    def _cursor_moved(self) -> None:
        if self._completion is not None:
            self._completion.moved()

    def on_blur(self) -> None:
        """Somebody else has the keys: nothing is chosen here."""
        self._close_completion()

    def on_resize(self) -> None:
        """Keep the popup above the prompt. The base class's own handler fits the hint."""
        if self._completion is not None:
            self._completion.place()

    # History

    def action_cursor_up(self, select: bool = False) -> None:
        """Move up; an open popup goes before the text, and what was sent before, or waits, comes after it."""
        if not select and self._completion is not None and self._completion.move(-1):
            return
        if self.queue_waits and not self.text:
            self.post_message(self.TakeBackRequested(self))
        elif select or not self._walks(first_row=True):
            super().action_cursor_up(select)
        else:
            self._recall(self._history.older(self.value))

    def action_cursor_down(self, select: bool = False) -> None:
        """Move down; an open popup goes before the text, and what was sent after, at last the draft, behind it."""
        if not select and self._completion is not None and self._completion.move(1):
            return
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
        self.replace_value(text)
        self._recalled_at = self.cursor_location
        # A recalled command or file is complete, and the next Up must go on walking.
        self._close_completion()

    @on(TextArea.Changed)
    def _tell_draft(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(self.DraftChanged(self, self.draft))
