"""Where themes come from: folders of theme files, the later folder going before the earlier.

Names are file names, so a list of themes costs no parsing, and the start parses the one theme that is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from textual.theme import BUILTIN_THEMES, Theme

from hector_tui.errors import ThemeError
from hector_tui.ui.theme_file import OWN_VARIABLES, HectorTheme, load_theme, own_variables

__all__ = ["DEFAULT_THEME", "OWN_VARIABLES", "HectorTheme", "ThemeLibrary", "load_theme", "own_variables"]

DEFAULT_THEME = "hector-dark"


class ThemeLibrary:
    """The theme files of some folders.

    Args:
        folders: Folders of `*.yaml`, first the bundled one, then the person's; a file in a later folder hides
            the one of the same name before it. A folder that does not exist is an empty one.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    def names(self) -> tuple[str, ...]:
        """Return the names of all themes, sorted; looks at folders only, not into files."""
        return tuple(sorted(self._paths()))

    def load(self, name: str) -> HectorTheme:
        """Read the theme of that name.

        Raises:
            ThemeError: There is none, or its file cannot be used.
        """
        paths = self._paths()
        if name not in paths:
            near = get_close_matches(name, paths, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(sorted(paths)) or 'none'}."
            raise ThemeError(f"there is no theme {name[:40]!r}", hint=hint)
        return load_theme(paths[name])

    def load_or_default(self, name: str) -> tuple[Theme, ThemeError | None]:
        """Return the theme of that name, or one that works and the reason why it is another.

        What works is `hector-dark`, and without a usable file of that either, Textual's own dark theme, so that
        no theme file can keep the program from starting.
        """
        try:
            return self.load(name), None
        except ThemeError as error:
            reason = error
        try:
            return self.load(DEFAULT_THEME), reason
        except ThemeError:
            return BUILTIN_THEMES["textual-dark"], reason

    def places(self, name: str) -> tuple[Path, ...]:
        """Return every path a theme of that name can be read from, whether there is a file or not."""
        return tuple(folder / f"{name}.yaml" for folder in self._folders)

    def load_all(self) -> tuple[tuple[HectorTheme, ...], tuple[ThemeError, ...]]:
        """Read every theme; return those that can be used, sorted by name, and the errors of the others."""
        themes: list[HectorTheme] = []
        errors: list[ThemeError] = []
        for _, path in sorted(self._paths().items()):
            try:
                themes.append(load_theme(path))
            except ThemeError as error:
                errors.append(error)
        return tuple(themes), tuple(errors)

    def _paths(self) -> dict[str, Path]:
        return {
            path.stem: path
            for folder in self._folders
            for path in folder.glob("*.yaml")
            if not path.name.startswith(".") and path.is_file()
        }
