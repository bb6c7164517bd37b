"""What every dialog has in common: its style sheet, its sizes, and Esc to leave."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from hector_tui.ui.keymap import bindings_of, key_line, keys_of

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A box in the middle of the screen, all of the screen where it is narrow; Esc leaves it."""

    CSS_PATH = "dialogs.tcss"
    # Textual annotates it as an instance variable, so that a ClassVar is a type error here.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (120, "-wide")]  # noqa: RUF012

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,ctrl+c", "leave", "Leave", id="dialog.leave")]

    def key_line(self, *parts: tuple[str, str]) -> str:
        """What this dialog's keys do, as they are now: see `keymap.key_line`."""
        return key_line(keys_of(self.app), bindings_of(type(self)), parts)

    def answer(self, answer: Answer | None) -> None:
        """Close with an answer; only the first one counts.

        `dismiss` pops whatever screen is on top: the second Enter of a held key would take away the screen below.
        """
        if self.is_active:
            self.dismiss(answer)

    def action_leave(self) -> None:
        """Close with the answer that changes nothing."""
        self.answer(None)
