"""Which process a live turn belongs to, and whether that process is still there.

Each process holds a file lock that the kernel releases however the process ends, so after `kill -9` the next start
knows at once. A process id would almost do, but ids are used again, and after a reboot nearly always.
"""

from __future__ import annotations

from pathlib import Path

import portalocker

from hector_tui.domain.keys import new_id
from hector_tui.errors import ProfileError


class Owner:
    """This process's claim on the turns it runs.

    Args:
        folder: Where the lock files of a profile stand.

    Raises:
        ProfileError: The lock file cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.owner_id = new_id()
        self._folder = folder
        self._path = _lock_path(folder, self.owner_id)
        try:
            self._file = open(self._path, "w", encoding="utf-8")  # noqa: SIM115 - held until close
            portalocker.lock(self._file, portalocker.LOCK_EX | portalocker.LOCK_NB)
        except OSError as error:
            raise ProfileError(f"no lock file can be made ({error.strerror or error})", where=str(folder)) from error

    def is_gone(self, owner_id: str) -> bool:
        """Whether the process behind an id has ended. Its lock file is removed when it has."""
        if owner_id == self.owner_id:
            return False
        path = _lock_path(self._folder, owner_id)
        try:
            with open(path, "r+", encoding="utf-8") as file:
                portalocker.lock(file, portalocker.LOCK_EX | portalocker.LOCK_NB)
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            return True
        except (OSError, portalocker.LockException):
            return False
        return True

    def close(self) -> None:
        """Give the claim up; safe to call twice."""
        if not self._file.closed:
            self._path.unlink(missing_ok=True)
            self._file.close()


def _lock_path(folder: Path, owner_id: str) -> Path:
    return folder / f"{owner_id}.lock"
