"""Wrapping plain text to a width in cells, remembered from one refresh to the next."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells

from hector_tui.ui.text import clean

_KEPT = 256
"""Texts whose wrapping is remembered; a request has a handful of parts, a history page some dozens."""


class Wrapper:
    """Wraps texts to one width; a text that did not change is not wrapped again.

    Args:
        width: Cells per line, at least 8.
    """

    def __init__(self, width: int) -> None:
        self.width = max(8, width)
        self._known: dict[str, tuple[str, ...]] = {}

    def lines(self, text: str) -> tuple[str, ...]:
        """The text in lines of at most `width` cells, cleaned; broken at spaces where there are any."""
        known = self._known.pop(text, None)
        if known is None:
            known = tuple(line for paragraph in clean(text).split("\n") for line in self._paragraph(paragraph))
            if len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
        self._known[text] = known
        return known

    def _paragraph(self, paragraph: str) -> list[str]:
        if cell_len(paragraph) <= self.width:
            return [paragraph.expandtabs(4)]
        lines: list[str] = []
        line = ""
        for word in paragraph.expandtabs(4).split(" "):
            candidate = f"{line} {word}" if line else word
            if cell_len(candidate) <= self.width:
                line = candidate
                continue
            if line:
                lines.append(line)
            *whole, line = chop_cells(word, self.width) or [""]
            lines.extend(whole)
        return [*lines, line]
