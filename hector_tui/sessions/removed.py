"""A database file that is removed or replaced while it is open, and what saves its content.

An open file lives on without a name: everything is read and written as before, and is gone when the program ends. So
each transaction looks first whether the file is still the one that was opened. If not, all that was ever acknowledged
is copied back to where it belongs, nothing more is taken, and the person is told.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from hector_tui.domain.keys import new_id
from hector_tui.errors import StoreGone
from hector_tui.sessions.repair import free_name, put_in_place, sync

_WORD = "removed"

logger = logging.getLogger(__name__)


class OpenFile:
    """Which file a connection has open, by what the file system calls it.

    Args:
        path: Where it was opened; it exists.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened = _identity(path)
        self._lost: StoreGone | None = None

    @property
    def is_lost(self) -> bool:
        """Whether the file is not where it was opened, or another one is. Costs a microsecond."""
        if self._lost is not None:
            return True
        try:
            return _identity(self.path) != self._opened
        except OSError:
            # A folder that cannot be looked into right now has not lost its files.
            return False

    def save(self, connection: sqlite3.Connection) -> StoreGone:
        """Copy what the connection sees to a file with a name; once, however often it is called.

        Args:
            connection: Has the lost file open, and no transaction.

        Returns:
            What to raise at whoever wants to write.
        """
        if self._lost is None:
            self._lost = self._save(connection)
            logger.error("%s", self._lost)
        return self._lost

    def _save(self, connection: sqlite3.Connection) -> StoreGone:
        part = self.path.with_name(f".{self.path.name}.part-{new_id()}")
        is_replaced = _identity(self.path) is not None
        what = "another file took the database's place" if is_replaced else "the database was removed"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            with closing(sqlite3.connect(part, isolation_level=None)) as copy:
                connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
            if is_replaced:
                sync(part)
                kept = free_name(self.path, _WORD)
                os.replace(part, kept)
                hint = f"All that was saved until then is in {kept}; `hector-tui restore {kept}` brings it back."
            else:
                put_in_place(part, self.path, _WORD)
                hint = "All that was saved until then stands there again. Quit and start again to go on."
        except (OSError, sqlite3.Error) as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            hint = f"It could not be put back ({error}): copy what you need from the screen before you quit."
        return StoreGone(f"{what} while hector-tui ran; nothing more is stored", where=str(self.path), hint=hint)


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and number of a file; None where there is none.

    Raises:
        OSError: That cannot be told.
    """
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino
