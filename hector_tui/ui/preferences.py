"""The settings and keys in force, and the file behind them: read, changed from here, and read again when it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from hector_tui.errors import SettingsError
from hector_tui.ui.keymap import Keys
from hector_tui.ui.settings import Change, SettingsFile, change_settings, read_settings
from hector_tui.ui.settings_schema import UiSettings, schema

_ENTER_BREAKS: Mapping[str, tuple[str, ...]] = {
    "prompt.send": ("alt+enter",),
    "prompt.break_line": ("enter", "ctrl+j", "shift+enter"),
}


@runtime_checkable
class FollowsSettings(Protocol):
    """A screen that shows settings or keys, and is told when they are others."""

    def settings_changed(self) -> None:
        """Show them as they are now."""


class Preferences:
    """What a person chose.

    Args:
        path: The settings file.

    Attributes:
        file: What the file says.
        keys: The keys in force.
        errors: What is wrong with the file and its keymap.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = SettingsFile()
        self.keys = Keys()
        self.errors: tuple[SettingsError, ...] = ()
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._checks_keys = False
        self._take(read_settings(path))

    @property
    def settings(self) -> UiSettings:
        """The values of all settings."""
        return self.file.settings

    @property
    def is_settled(self) -> bool:
        """Whether everything chosen here stands in the file."""
        return self._waiting == 0

    def check_keys(self) -> None:
        """Judge the keymap from now on, which needs all of the interface: not before the first frame."""
        self._checks_keys = True
        self._find_keys()

    def read(self) -> None:
        """Take what the file says now."""
        self._take(read_settings(self.path))

    def expect(self, changes: Mapping[tuple[str, ...], Change]) -> None:
        """Let settings count at once; `change` writes them. Keys wait for the file, where their lines are."""
        known = {setting.key: setting.default for setting in schema()}
        plain = {names[0]: value for names, value in changes.items() if len(names) == 1 and names[0] in known}
        values = {key: known[key] if value is None else value for key, value in plain.items()}
        settings = replace(self.file.settings, **values)  # type: ignore[arg-type]  # the caller checked each
        gone = {key for key, value in plain.items() if value is None}
        self.file = replace(self.file, settings=settings, chosen=(self.file.chosen | plain.keys()) - gone)
        self._find_keys()

    async def change(self, changes: Mapping[tuple[str, ...], Change]) -> str:
        """Set some keys in the file, and take what stands in it then.

        Args:
            changes: See `change_settings`.

        Returns:
            What the person should know, such as where an unreadable file went; empty for nothing.

        Raises:
            SettingsError: The file was not written; what was expected counts until the program ends.
        """
        self._waiting += 1
        try:
            async with self._turn:
                moved = await asyncio.to_thread(change_settings, self.path, changes)
        finally:
            self._waiting -= 1
        if self.is_settled:
            self.read()
        return f"{self.path.name} could not be read; it is kept as {moved.name}" if moved is not None else ""

    def _take(self, file: SettingsFile) -> None:
        self.file = file
        self._find_keys()

    def _find_keys(self) -> None:
        base = _ENTER_BREAKS if self.file.settings.enter == "newline" else {}
        if not self._checks_keys or not (self.file.keymap or self.file.leader):
            self.keys, self.errors = Keys(base), self.file.errors
            return
        # Imports every widget of the interface; without a keymap nobody waits for that.
        from hector_tui.ui.keymap_check import check_keymap

        checked = check_keymap(self.file.keymap, self.file.leader, base)
        self.keys, self.errors = checked.keys, (*self.file.errors, *checked.errors)
