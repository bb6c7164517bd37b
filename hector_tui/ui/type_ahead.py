"""What is typed while the program starts: kept, and typed again when somebody listens."""

from __future__ import annotations

from textual import events
from textual.message_pump import MessagePump

_KEPT = frozenset(
    {
        "alt+enter",
        "backspace",
        "ctrl+j",
        "ctrl+u",
        "ctrl+w",
        "delete",
        "down",
        "end",
        "enter",
        "home",
        "left",
        "right",
        "shift+enter",
        "tab",
        "up",
    }
)
"""Keys that write or choose. Any other, such as Ctrl+Q, means the program itself and is not put off."""
_MOST = 20_000
"""Events kept; more is no hand."""


class TypeAhead:
    """The keys and pastes that came before there was a prompt, in their order.

    What a terminal answers by itself never gets here: the parser takes it out of the stream.

    Attributes:
        is_open: Whether events are still kept.
    """

    def __init__(self) -> None:
        self._events: list[events.Key | events.Paste] = []
        self.is_open = True

    @property
    def has_text(self) -> bool:
        """Whether there are words among the keys."""
        return any(
            isinstance(event, events.Paste) or (event.is_printable and event.key != "space") for event in self._events
        )

    def keep(self, event: events.Event) -> bool:
        """Keep an event for later; returns False when it is not to be put off."""
        if not self.is_open or len(self._events) >= _MOST:
            return False
        match event:
            case events.Key() if event.is_printable or event.key in _KEPT:
                again: events.Key | events.Paste = events.Key(event.key, event.character)
            case events.Paste():
                again = events.Paste(event.text)
            case _:
                return False
        # Which keys belong to the tail of a paste is told by the times the terminal's parser stamped on them.
        again.time = event.time
        self._events.append(again)
        return True

    def release(self, pump: MessagePump, *, enter_for_line_breaks: bool = False) -> None:
        """Type everything again and keep nothing from now on; what is typed meanwhile comes after it.

        Args:
            pump: Where keys go.
            enter_for_line_breaks: Nothing is being written: before the terminal was set up, Enter came as Ctrl+J.
        """
        self.is_open = False
        kept, self._events = self._events, []
        for event in kept:
            if enter_for_line_breaks and isinstance(event, events.Key) and event.key == "ctrl+j":
                event.key = "enter"
            pump.post_message(event)
