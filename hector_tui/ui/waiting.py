"""The wait before a failed request is sent again, as a line of the transcript that counts down."""

from __future__ import annotations

import math

from hector_tui.ui.text import clean_line
from hector_tui.ui.transcript.entries import NoticeEntry
from hector_tui.ui.widgets.status_layout import format_seconds

_REASON_CHARACTERS = 300


class Wait:
    """One wait, or several that follow each other without a word between them.

    It is a part of the live view alone: what is stored of a turn is what was said, not how often it was asked.

    Attributes:
        entry: The line.
        until: When the model is asked again, seconds since the epoch, UTC.
    """

    def __init__(self, until: float, reason: str, now: float) -> None:
        self.entry = NoticeEntry("warning", "")
        self.begin(until, reason, now)

    def begin(self, until: float, reason: str, now: float) -> None:
        """A wait begins, the first or the next."""
        self.until = until
        self._reason = clean_line(reason, _REASON_CHARACTERS)
        self.tick(now)

    def left_s(self, now: float) -> int:
        """Whole seconds until the model is asked again, rounded up; 0 when it is being asked."""
        return max(0, math.ceil(self.until - now))

    def tick(self, now: float) -> None:
        """Count down."""
        left = self.left_s(now)
        if left:
            self._say(f"trying again in {format_seconds(left)}; esc esc stops it")
        else:
            self._say("trying again")

    def end(self) -> None:
        """The model was asked again, or nobody waits any more."""
        self._say("tried again")

    def stop(self) -> None:
        """A person ended the wait."""
        self._say("not tried again")

    def _say(self, what: str) -> None:
        text = f"{self._reason}: {what}"
        if text != self.entry.text:
            self.entry.update(text)
