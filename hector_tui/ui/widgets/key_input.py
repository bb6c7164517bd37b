"""A field for a key: shown as dots, cleaned when pasted, never copied out again."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from hector_tui.ui.widgets.prompt_paste import PasteGuard

_QUOTES = "\"'`\u2018\u2019\u201c\u201d"


class KeyInput(Input):
    """Textual's `Input` in its password form, for one key.

    What comes with a copied key - line breaks, white space, quotes - is dropped here already, so that the number of
    dots tells a person whether the paste was whole. Copying out is refused: a screen full of dots must not put a key
    on a clipboard that other programs read.
    """

    def __init__(self, *, placeholder: str = "", id: str | None = None) -> None:
        self._guard = PasteGuard()
        super().__init__(placeholder=placeholder, password=True, id=id, max_length=4_000)

    def __repr__(self) -> str:
        return "<KeyInput>"

    def take(self) -> str:
        """The key; the field is empty afterwards."""
        key = self.value
        self.value = ""
        return key

    def on_paste(self, event: events.Paste) -> None:
        """Insert the paste without what copying brought along."""
        event.stop()
        event.prevent_default()
        self._guard.pasted(event.time)
        key = "".join(event.text.split()).strip(_QUOTES)
        if self.selection.is_empty:
            self.insert_text_at_cursor(key)
        else:
            self.replace(key, *self.selection)

    def on_key(self, event: events.Key) -> None:
        """Take only printable keys while the burst of a paste lasts: its line break must not send half a key."""
        if self._guard.belongs_to_paste(event.time) and not event.is_printable:
            event.stop()
            event.prevent_default()

    def action_copy(self) -> None:
        """Copy nothing."""

    def action_cut(self) -> None:
        """Cut nothing."""
