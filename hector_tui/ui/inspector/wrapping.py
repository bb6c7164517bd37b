"""Wrapping plain text to a width in cells, remembered from one refresh to the next."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells

from hector_tui.ui.text import clean

_KEPT = 256
"""Texts whose wrapping is remembered; a request has a handful of parts, a history page some dozens."""


class Wrapper:
    """Wraps texts to one width; a text that did not change is not wrapped again.

    Args:
        width: Cells per line, at least 16.
    """

    def __init__(self, width: int) -> None:
        self.width = max(16, width)
        self._known: dict[tuple[str, int], tuple[str, ...]] = {}

    def lines(self, text: str, indent: int = 0) -> tuple[str, ...]:
        """The text in lines, cleaned; broken at spaces where there are any.

        Args:
            text: Foreign text of any length.
            indent: Spaces before every line; with them a line has at most `width` cells.
        """
        known = self._known.pop((text, indent), None)
        if known is None:
            room, space = self.width - indent, " " * indent
            paragraphs = clean(text).expandtabs(4).split("\n")
            known = tuple(f"{space}{line}" for paragraph in paragraphs for line in _wrapped(paragraph, room))
            if len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
        self._known[text, indent] = known
        return known


def _wrapped(paragraph: str, room: int) -> list[str]:
    if cell_len(paragraph) <= room:
        return [paragraph]
    lines: list[str] = []
    line = ""
    for word in paragraph.split(" "):
        candidate = f"{line} {word}" if line else word
        if cell_len(candidate) <= room:
            line = candidate
            continue
        if line:
            lines.append(line)
        *whole, line = chop_cells(word, room) or [""]
        lines.extend(whole)
    return [*lines, line]
