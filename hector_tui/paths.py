"""Where a profile keeps its files, and nothing else does.

A profile is one folder: `--profile DIR`, else `HECTOR_TUI_HOME`, else the user data folder of the platform.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hector_tui.errors import ProfileError

ENV_HOME = "HECTOR_TUI_HOME"
_PRIVATE = stat.S_IRWXU
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Profile:
    """The folder of one profile and the files in it."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file: the record of everything said."""
        return self.root / "sessions.db"

    @property
    def vectors(self) -> Path:
        """The vector folder; can be deleted at any time and is rebuilt from the database."""
        return self.root / "vectors"

    @property
    def vector_marks(self) -> tuple[Path, ...]:
        """Our notes on what the vector stores hold, embedded and at a server; without them they are filled again."""
        return self.vectors / "state.json", self.root / "vectors-server.json"

    @property
    def backups(self) -> Path:
        """Copies of the database: one a day, before migrations, and by hand."""
        return self.root / "backups"

    @property
    def locks(self) -> Path:
        """One lock file per running process."""
        return self.root / "run"

    @property
    def log(self) -> Path:
        """The log file."""
        return self.root / "hector-tui.log"

    @property
    def themes(self) -> Path:
        """The user's own themes."""
        return self.root / "themes"

    @property
    def settings(self) -> Path:
        """What the interface remembers, such as the theme."""
        return self.root / "settings.yaml"

    @property
    def copied(self) -> Path:
        """The text copied last, where no clipboard was sure to take it."""
        return self.root / "copied.txt"

    @property
    def connections(self) -> Path:
        """The providers connected by hand, without their keys."""
        return self.root / "connections.json"

    @property
    def keys(self) -> Path:
        """The keys of those, where no keyring keeps them."""
        return self.root / "keys.json"

    def prepare(self) -> None:
        """Make the folder and its parts, readable by their owner only.

        Raises:
            ProfileError: The folder cannot be made or is not writable.
        """
        try:
            for folder in (self.root, self.backups, self.locks):
                folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE)
            # mkdir's mode is cut by the umask and ignored for folders that exist.
            os.chmod(self.root, _PRIVATE)
            _make_private(self.root)
        except OSError as error:
            raise ProfileError(
                f"the profile folder cannot be used ({error.strerror or error})",
                where=str(self.root),
                hint=f"Name another folder with --profile or {ENV_HOME}.",
            ) from error


def _make_private(root: Path) -> None:
    """Take everybody else's rights from what a profile already holds: an older version, or a copy, may have left some.

    Links are left alone, and so is what belongs to somebody else.
    """
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            with suppress(OSError):
                mode = os.lstat(path).st_mode
                if mode & _OTHERS and not stat.S_ISLNK(mode):
                    os.chmod(path, stat.S_IMODE(mode) & ~_OTHERS)


def find_profile(option: str | None, env: Mapping[str, str]) -> Profile:
    """The profile the command line or the environment names, else the platform's data folder."""
    named = option or env.get(ENV_HOME)
    if named:
        return Profile(Path(named).expanduser().absolute())
    from platformdirs import user_data_path  # 9 ms; not needed when a profile is named

    return Profile(user_data_path("hector-tui", appauthor=False))
