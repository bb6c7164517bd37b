"""The theme on screen: begun with, chosen, previewed, and read again when its file is edited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from textual.app import App
from textual.theme import Theme

from hector_tui.errors import ThemeError
from hector_tui.ui.guarded import run_guarded
from hector_tui.ui.text import clean
from hector_tui.ui.themes import DEFAULT_THEME, ThemeLibrary

_SHOWN_S = 12.0


class Appearance:
    """Which theme the app shows.

    Args:
        app: Shows it.
        library: Where themes come from.
        redraw: Draws the theme of the present name again; Textual sees no change in an equal name.
        keep: Remembers a theme that was chosen, for the next start.
        start_theme: The theme of this start alone, which goes before the remembered one; empty for none.
    """

    def __init__(
        self,
        app: App[None],
        library: ThemeLibrary,
        *,
        redraw: Callable[[], None],
        keep: Callable[[str], None],
        start_theme: str = "",
    ) -> None:
        self._app = app
        self._library = library
        self._redraw = redraw
        self._keep = keep
        self._start_theme = start_theme
        self._remembered = ""

    def names(self) -> tuple[str, ...]:
        """Every theme there is; looks at folders."""
        return self._library.names()

    def begin(self, remembered: str) -> str:
        """Show the first theme; returns why it is not the wanted one, empty when it is."""
        self._remembered = remembered
        theme, error = self._library.load_or_default(self._start_theme or remembered or DEFAULT_THEME)
        self._show(theme)
        return str(error) if error is not None else ""

    def follow(self, remembered: str) -> None:
        """The settings name a theme; a change is shown, unless this start was given another."""
        if remembered == self._remembered:
            return
        self._remembered = remembered
        if not self._start_theme and remembered != self._app.theme:
            self._try(remembered)

    def choose(self, name: str) -> None:
        """Show a theme and remember it; one that cannot be used is told, and nothing changes."""
        if self._try(name):
            self._remember(name)

    def files(self) -> tuple[Path, ...]:
        """Where the shown theme is read from, and where a file of the person's would hide it."""
        return self._library.places(self._app.theme)

    async def reload(self) -> None:
        """The file of the shown theme was edited: show it as it is now; a broken one leaves the last good one."""
        name = self._app.theme
        try:
            theme = await asyncio.to_thread(self._library.load, name)
        except ThemeError as error:
            self._tell(f"{error} The colours stay as they were.")
            return
        if name == self._app.theme:
            self._show(theme)

    def pick(self) -> None:
        """Let the person choose, each theme shown on the real screen while it is looked at."""
        run_guarded(self._app, self._pick, group="themes", exclusive=True)

    async def _pick(self) -> None:
        from hector_tui.ui.screens.theme_picker import ThemePicker

        # Twenty files take 130 ms to parse: not in the loop that draws. They are read again each time, so a file that
        # was just written is offered.
        themes, errors = await asyncio.to_thread(self._library.load_all)
        for theme in themes:
            self._app.register_theme(theme)
        for error in errors:
            self._tell(str(error))
        before = self._app.theme
        picker = ThemePicker(themes, current=before, preview=self._preview)
        self._app.push_screen(picker, partial(self._picked, before))

    def _preview(self, name: str) -> None:
        self._app.theme = name

    def _picked(self, before: str, name: str | None) -> None:
        self._app.theme = name or before
        if name:
            self._remember(name)

    def _try(self, name: str) -> bool:
        try:
            self._show(self._library.load(name))
        except ThemeError as error:
            self._tell(str(error))
            return False
        return True

    def _show(self, theme: Theme) -> None:
        shown = self._app.theme == theme.name
        self._app.register_theme(theme)
        if shown:
            self._redraw()
        else:
            self._app.theme = theme.name

    def _remember(self, name: str) -> None:
        self._start_theme = ""
        if name != self._remembered:
            self._remembered = name
            self._keep(name)

    def _tell(self, text: str) -> None:
        self._app.notify(clean(text), severity="warning", timeout=_SHOWN_S, markup=False)
