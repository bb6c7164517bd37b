"""A field for one line that a paste can neither garble nor send."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from hector_tui.ui.text import clean_line
from hector_tui.ui.widgets.own_keys import run_own_binding
from hector_tui.ui.widgets.prompt_paste import PasteGuard


class LineInput(Input):
    """Textual's `Input`: pastes are visible and on one line, their tail takes no Enter, and keys count in order.

    Args:
        value: The text to begin with; the first focus selects it, so that typing replaces it.
        placeholder: What the empty field says.
        max_length: The longest text in characters; None for no limit.
    """

    DEFAULT_CSS = """
    LineInput > .input--placeholder { color: $text-muted; }
    """

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        max_length: int | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        self._guard = PasteGuard()
        super().__init__(
            clean_line(value)[:max_length],
            placeholder=clean_line(placeholder),
            max_length=max_length or 0,
            select_on_focus=True,
            id=id,
            classes=classes,
        )

    def on_paste(self, event: events.Paste) -> None:
        """Insert the paste as one clean line; `Input` would drop all lines but the first."""
        event.stop()
        event.prevent_default()
        self._guard.pasted(event.time)
        line = clean_line(event.text)
        if self.selection.is_empty:
            self.insert_text_at_cursor(line)
        else:
            self.replace(line, *self.selection)

    async def on_key(self, event: events.Key) -> None:
        """Take only printable keys while the burst of a paste lasts, and the others in their order."""
        if self._guard.belongs_to_paste(event.time) and not event.is_printable:
            event.stop()
            event.prevent_default()
        elif not event.is_printable:
            await run_own_binding(self, event)
