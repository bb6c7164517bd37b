"""Walking through the prompts that were sent, without losing the one being written."""

from __future__ import annotations

from collections.abc import Sequence


class PromptHistory:
    """The sent prompts, oldest first, and a place in them.

    Args:
        sent: The prompts sent before, oldest first.
    """

    __slots__ = ("_draft", "_place", "_sent")

    def __init__(self, sent: Sequence[str] = ()) -> None:
        self._sent = list(sent)
        self._place = len(self._sent)
        self._draft = ""

    @property
    def walking(self) -> bool:
        """Whether a sent prompt is shown in place of the draft."""
        return self._place < len(self._sent)

    def draft(self, current: str) -> str:
        """The unsent text: what is kept aside while a sent prompt is only being looked at, else the current text."""
        return self._draft if self.walking and current == self._sent[self._place] else current

    def older(self, current: str) -> str | None:
        """The prompt sent before the one shown, or None at the oldest; `current` is kept when it is not one of them."""
        self._draft = self.draft(current)
        for place in range(self._place - 1, -1, -1):
            if self._sent[place] != current:
                self._place = place
                return self._sent[place]
        return None

    def newer(self, current: str) -> str | None:
        """The prompt sent after the one shown, in the end the draft; None when the draft is shown already."""
        if not self.walking:
            return None
        self._draft = self.draft(current)
        self._place += 1
        return [*self._sent, self._draft][self._place]

    def record(self, text: str) -> None:
        """Add a prompt that was sent and go back to an empty draft; the same text twice in a row is kept once."""
        if not self._sent or self._sent[-1] != text:
            self._sent.append(text)
        self.leave()

    def leave(self) -> None:
        """Stop walking and forget the draft."""
        self._place = len(self._sent)
        self._draft = ""
