"""Which process a live turn belongs to, and whether that process is still there.

Each process holds a file lock that the kernel releases however the process ends, so after `kill -9` the next start
knows at once. A process id would almost do, but ids are used again, and after a reboot nearly always.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import portalocker

from hector_tui.domain.keys import new_id
from hector_tui.errors import ProfileError

_GATE = "gate"
"""Not `*.lock`: the lock files of owners are found by that ending."""
_GATE_WAIT_S = 20.0
"""Seconds to wait at the gate: longer than a salvage may take (`salvage.LIMIT_S`)."""
_POLL_S = 0.02


class Owner:
    """This process's claim on the turns it runs. Making one waits while another process replaces the database.

    Args:
        folder: Where the lock files of a profile stand.

    Raises:
        ProfileError: The lock file cannot be made, or the gate did not open.
    """

    def __init__(self, folder: Path) -> None:
        self.owner_id = new_id()
        self._folder = folder
        self._path = _lock_path(folder, self.owner_id)
        with locked(folder / _GATE):
            try:
                self._file = open(self._path, "w", encoding="utf-8")  # noqa: SIM115 - held until close
                portalocker.lock(self._file, portalocker.LOCK_EX | portalocker.LOCK_NB)
            except OSError as error:
                raise _no_lock_file(folder, error) from error

    def is_gone(self, owner_id: str) -> bool:
        """Whether the process behind an id has ended. Its lock file is removed when it has."""
        return owner_id != self.owner_id and _has_ended(_lock_path(self._folder, owner_id))

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Hold the gate, so that no process can join; yields whether this one is the only one that uses the profile.

        Whoever puts another file in the place of the database does it here: a process that had the old one open would
        go on writing into a file nobody reads again.

        Raises:
            ProfileError: The gate did not open.
        """
        with locked(self._folder / _GATE):
            yield all(_has_ended(path) for path in self._folder.glob("*.lock") if path != self._path)

    def close(self) -> None:
        """Give the claim up; safe to call twice."""
        if not self._file.closed:
            # The claim is the lock and not the file: one that stays, as in a folder that became read-only, is found
            # unlocked and removed by the next start that can.
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            self._file.close()


@contextmanager
def locked(path: Path, timeout_s: float = _GATE_WAIT_S) -> Iterator[None]:
    """Hold a file lock; blocks the thread for up to `timeout_s` seconds. The file stays behind, which harms nobody.

    Raises:
        ProfileError: It cannot be made, or another process holds it for longer.
    """
    deadline = time.monotonic() + timeout_s
    try:
        file = open(path, "a", encoding="utf-8")  # noqa: SIM115 - closed below
    except OSError as error:
        raise _no_lock_file(path.parent, error) from error
    with file:
        while True:
            try:
                portalocker.lock(file, portalocker.LOCK_EX | portalocker.LOCK_NB)
                break
            except portalocker.LockException as error:
                if time.monotonic() >= deadline:
                    raise ProfileError(
                        "another hector-tui is working on this profile's database",
                        where=str(path.parent),
                        hint="Try again when it has finished.",
                    ) from error
                time.sleep(_POLL_S)
        yield


def _has_ended(path: Path) -> bool:
    try:
        with open(path, "r+", encoding="utf-8") as file:
            portalocker.lock(file, portalocker.LOCK_EX | portalocker.LOCK_NB)
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        return True
    except (OSError, portalocker.LockException):
        return False
    return True


def _lock_path(folder: Path, owner_id: str) -> Path:
    return folder / f"{owner_id}.lock"


def _no_lock_file(folder: Path, error: OSError) -> ProfileError:
    return ProfileError(
        f"no lock file can be made ({error.strerror or error})",
        where=str(folder),
        hint="Check that the folder is yours and writable, and that the disk is not full.",
    )
