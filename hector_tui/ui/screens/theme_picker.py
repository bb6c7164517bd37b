"""The dialog that chooses a theme: each is shown on the real screen while it is highlighted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual.content import Content
from textual.timer import Timer

from hector_tui.ui.screens.filtered_list import FilteredList, Row
from hector_tui.ui.text import clean_line
from hector_tui.ui.themes import HectorTheme

_PREVIEW_S = 0.06
"""Seconds a theme is highlighted before it is shown: a held arrow key does not draw every theme on its way."""


class ThemePicker(FilteredList[str | None]):
    """Asks for a theme beside the conversation; the answer is its name, or None to leave things as they were.

    Args:
        themes: Those there are.
        current: The name of the one that is shown.
        preview: Shows a theme by its name.
    """

    def __init__(self, themes: Sequence[HectorTheme], *, current: str, preview: Callable[[str], None]) -> None:
        super().__init__("Themes", placeholder="a name, dark or light")
        # Dark ones first: the two kinds side by side would flash the whole screen with every step.
        self._themes = {theme.name: theme for theme in sorted(themes, key=lambda theme: (not theme.dark, theme.name))}
        self._current = current
        self._preview = preview
        self._timer: Timer | None = None

    def on_mount(self) -> None:
        """Begin at the theme that is shown."""
        self.show_rows(self._current)

    def rows(self) -> Iterable[Row]:
        """One line per theme."""
        width = max((len(name) for name in self._themes), default=0)
        for name, theme in self._themes.items():
            mark = "●" if name == self._current else " "
            kind = "terminal" if theme.ansi else "dark" if theme.dark else "light"
            content = Content(f"{mark} {name:<{width}}  {kind}")
            yield Row(name, content, clean_line(theme.description))

    def keys_text(self) -> str:
        """Enter keeps."""
        return self.key_line(("list.up list.down", "look"), ("enter", "keep"), ("dialog.leave", "back"))

    def describe(self, row_id: str) -> Content:
        """The author's sentence."""
        return Content(clean_line(self._themes[row_id].description, 200))

    def highlighted(self, row_id: str) -> None:
        """Show it, once the highlight rests."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_PREVIEW_S, lambda: self._preview(row_id))

    def chosen(self, row_id: str) -> None:
        """Keep it."""
        self.answer(row_id)

    def answer(self, answer: str | None) -> None:
        """Close; a preview that was still to come does not."""
        if self._timer is not None:
            self._timer.stop()
        super().answer(answer)
