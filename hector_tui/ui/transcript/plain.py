"""Plain text in a transcript's clothes: what a pager shows of a tool's output, or of an answer as it was written."""

from __future__ import annotations

from rich.style import Style

from hector_tui.ui.transcript.entries import Entry
from hector_tui.ui.transcript.parts import TextPart, chunks
from hector_tui.ui.transcript.styles import TranscriptStyles


class PlainEntry(Entry):
    """A text as it is, of any length: only what is in view is ever wrapped.

    Args:
        text: The text, clean.
        entry_id: A name unique in the document.
    """

    def __init__(self, text: str, *, entry_id: str = "") -> None:
        super().__init__(entry_id)
        self.text = text
        self.parts = [TextPart(chunk, _base) for chunk in chunks(text)]

    def source_text(self) -> str:
        """The text."""
        return self.text

    def part_at(self, text: int, offset: int) -> int:
        """The chunk a character is in."""
        return self._chunk_at(offset)


def _base(styles: TranscriptStyles) -> Style:
    return styles.base
