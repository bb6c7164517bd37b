"""The dialog that chooses among the links in view."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.content import Content

from hector_tui.ui.screens.filtered_list import FilteredList, Row
from hector_tui.ui.text import clean, clean_line


class LinkPicker(FilteredList[str]):
    """Asks for a link; the answer is its address, or None when the person left.

    Args:
        urls: The addresses, in the order they stand on screen.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        super().__init__("Open a link", placeholder="type to filter")
        self._urls = urls

    def rows(self) -> Iterable[Row]:
        """One line per link, cut at its end; all of it stands below."""
        width = max(20, self.app.size.width)
        for url in self._urls:
            yield Row(url, Content(clean_line(url, width)), clean_line(url))

    def keys_text(self) -> str:
        """Nothing is opened yet: the next dialog asks."""
        return self.key_line(("list.up list.down", "choose"), ("enter", "open"), ("dialog.leave", "leave"))

    def describe(self, row_id: str) -> Content:
        """The whole address."""
        return Content.styled(clean(row_id), "$text-muted")

    def chosen(self, row_id: str) -> None:
        """Take it."""
        self.answer(row_id)
