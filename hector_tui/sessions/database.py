"""One SQLite file: a writer thread, a reading connection, and the checks at the door."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from hector_tui.errors import StoreCorrupt, StoreError
from hector_tui.sessions.migrations import migrate
from hector_tui.sessions.schema import APPLICATION_ID
from hector_tui.sessions.writer import Writer, store_error

T = TypeVar("T")
BUSY_TIMEOUT_S = 5.0
"""Seconds a transaction waits for another process's; SQLite's default of 0 lost peers their data."""

logger = logging.getLogger(__name__)


class Database:
    """An open database. Make one with `Database.open`.

    Attributes:
        path: The file.
        notices: What the person should know about the opening, such as a damaged file that was moved aside.
    """

    def __init__(
        self, path: Path, connection: sqlite3.Connection, reader: aiosqlite.Connection, notices: tuple[str, ...]
    ) -> None:
        self.path = path
        self.notices = notices
        self._connection = connection
        self._writer = Writer(connection, str(path))
        self._reader = reader

    @classmethod
    async def open(cls, path: Path, backups: Path) -> Database:
        """Open or create the file and bring it to the newest schema.

        A file that is not a database of ours, or is damaged beyond opening, is renamed - never deleted - and a new
        one begun.

        Raises:
            StoreTooNew: The file was written by a newer hector-tui.
            StoreError: The file cannot be opened or written.
        """
        connection, notices = await asyncio.to_thread(_open_writing, path, backups)
        try:
            reader = await aiosqlite.connect(path, isolation_level=None)
            reader.row_factory = sqlite3.Row
            await reader.execute("PRAGMA query_only = ON")
            await reader.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
        except sqlite3.Error as error:
            connection.close()
            raise store_error(error, str(path)) from error
        return cls(path, connection, reader, notices)

    @property
    def commits(self) -> int:
        """Transactions committed since the opening; writes that waited together share one."""
        return self._writer.commits

    async def write(self, transaction: Callable[[sqlite3.Connection], T]) -> T:
        """Run a transaction in the writer thread; it is on disk when this returns.

        Raises:
            StoreError: Nothing of the transaction was stored.
        """
        return await asyncio.wrap_future(self._writer.submit(transaction))

    async def rows(self, sql: str, parameters: Sequence[object] = ()) -> Sequence[sqlite3.Row]:
        """Read rows of what is committed.

        Raises:
            StoreError: SQLite refused to read.
        """
        try:
            return list(await self._reader.execute_fetchall(sql, parameters))
        except (sqlite3.Error, ValueError) as error:
            raise self._read_error(error) from error

    async def row(self, sql: str, parameters: Sequence[object] = ()) -> sqlite3.Row | None:
        """The first row of a query, or None.

        Raises:
            StoreError: SQLite refused to read.
        """
        found = await self.rows(sql, parameters)
        return found[0] if found else None

    async def check(self) -> str:
        """SQLite's own quick check: `ok`, or the first damage it found."""
        found = await self.row("PRAGMA quick_check(1)")
        return str(found[0]) if found else "no answer"

    async def aclose(self) -> None:
        """Finish queued transactions, fold the write-ahead log into the file, and close; safe to call twice."""
        await asyncio.to_thread(self._close_writing)
        await self._reader.close()

    def _close_writing(self) -> None:
        self._writer.close()
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            logger.info("checkpoint at close: %s", error)
        self._connection.close()

    def _read_error(self, error: Exception) -> StoreError:
        if isinstance(error, sqlite3.Error):
            return store_error(error, str(self.path))
        return StoreError(str(error), where=str(self.path))


def _open_writing(path: Path, backups: Path) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    try:
        return _connect(path, backups), ()
    except StoreCorrupt as error:
        aside = _move_aside(path)
        notice = f"{error.message}; it was kept as {aside.name} and a new database begun"
        logger.warning("%s: %s", path, notice)
        return _connect(path, backups), (notice,)


def _connect(path: Path, backups: Path) -> sqlite3.Connection:
    """A connection in autocommit mode with our pragmas, at the newest schema."""
    try:
        # Created here because SQLite would create it with the umask's rights, readable by others.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(
            path, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False, cached_statements=64
        )
    except OSError as error:
        raise StoreError(
            f"the database cannot be opened ({error.strerror})", where=str(path), hint="Check the folder's rights."
        ) from error
    try:
        _refuse_foreign(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        migrate(connection, path, backups)
    except sqlite3.DatabaseError as error:
        connection.close()
        if "not a database" in str(error) or "malformed" in str(error):
            raise StoreCorrupt(f"the database is damaged ({error})", where=str(path)) from error
        raise store_error(error, str(path)) from error
    except StoreError:
        connection.close()
        raise
    return connection


def _refuse_foreign(connection: sqlite3.Connection) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != APPLICATION_ID:
        raise StoreCorrupt("the file is a database of another program")


def _move_aside(path: Path) -> Path:
    """Rename a file and its companions; two opened within a second get different names."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    for suffix in ("", "-wal", "-shm"):
        companion = path.with_name(path.name + suffix)
        if companion.exists():
            companion.rename(aside.with_name(aside.name + suffix))
    return aside


def read_only(path: Path) -> closing[sqlite3.Connection]:
    """A connection for readers beside the program; it changes no row, but may leave SQLite's companion files behind.

    Raises:
        sqlite3.Error: There is no such file, or it cannot be read.
    """
    return closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S))


def placeholders(values: Sequence[Any]) -> str:
    """`?, ?, ?` for an IN clause."""
    return ", ".join("?" * len(values))
