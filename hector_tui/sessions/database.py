"""One SQLite file: a writer thread, a reading connection, and the checks at the door."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from hector_tui.domain.excerpts import fold
from hector_tui.errors import StoreCorrupt, StoreError, StoreGone
from hector_tui.sessions.damage import means_damage, note_damage, note_of
from hector_tui.sessions.migrations import migrate
from hector_tui.sessions.removed import OpenFile
from hector_tui.sessions.repair import Alone, Repair, nobody_else, repair_if_damaged, replace_damaged
from hector_tui.sessions.schema import MEND_INDEXES
from hector_tui.sessions.writer import START_AGAIN, Writer, store_error

T = TypeVar("T")
BUSY_TIMEOUT_S = 5.0
"""Seconds a transaction waits for another process's; SQLite's default of 0 lost peers their data."""

logger = logging.getLogger(__name__)


class Database:
    """An open database. Make one with `Database.open`.

    Attributes:
        path: The file.
        repaired: The damaged file this one took the place of; None when all was well.
        on_damage: Called with the error when a read or a write meets damage, which the next start repairs, or finds
            that the file is gone.
    """

    def __init__(
        self, path: Path, connection: sqlite3.Connection, reader: aiosqlite.Connection, repaired: Repair | None
    ) -> None:
        self.path = path
        self.repaired = repaired
        self.on_damage: Callable[[StoreError], None] | None = None
        self._has_met_damage = False
        self._is_closed = False
        self._connection = connection
        self._file = OpenFile(path)
        self._writer = Writer(connection, self._file)
        self._reader = reader

    @classmethod
    async def open(cls, path: Path, backups: Path, alone: Alone = nobody_else) -> Database:
        """Open or create the file and bring it to the newest schema.

        A file that is not a database of ours, or is damaged, is renamed - never deleted - and a new one takes its
        place, with the rows that could still be read.

        Args:
            path: The file.
            backups: The folder for copies before migrations.
            alone: Tells whether no other process uses the profile; nobody's database is replaced under its feet.

        Raises:
            StoreTooNew: The file was written by a newer hector-tui.
            StoreCorrupt: It is damaged and another process uses it.
            StoreError: The file cannot be opened or written.
        """
        connection, repaired = await asyncio.to_thread(_open_writing, path, backups, alone)
        try:
            reader = await aiosqlite.connect(path, isolation_level=None)
            reader.row_factory = sqlite3.Row
            await reader.execute("PRAGMA query_only = ON")
            await reader.create_function("folded", 1, fold, deterministic=True)
            await reader.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
        except sqlite3.Error as error:
            connection.close()
            raise store_error(error, str(path)) from error
        return cls(path, connection, reader, repaired)

    @property
    def notices(self) -> tuple[str, ...]:
        """What the person should know about the opening."""
        return (str(self.repaired),) if self.repaired is not None else ()

    @property
    def commits(self) -> int:
        """Transactions committed since the opening; writes that waited together share one."""
        return self._writer.commits

    async def write(self, transaction: Callable[[sqlite3.Connection], T]) -> T:
        """Run a transaction in the writer thread; it is on disk when this returns.

        Raises:
            StoreCorrupt: The file is damaged; the next start repairs it.
            StoreGone: The file was removed; what was stored before is saved.
            StoreError: Nothing of the transaction was stored.
        """
        with self.noting_damage():
            return await asyncio.wrap_future(self._writer.submit(transaction))

    async def rows(self, sql: str, parameters: Sequence[object] = ()) -> Sequence[sqlite3.Row]:
        """Read rows of what is committed.

        Raises:
            StoreCorrupt: The file is damaged; the next start repairs it.
            StoreError: SQLite refused to read.
        """
        if self._file.is_lost and not self._has_met_damage:
            # Reading goes on as before, so that everything can still be looked at; the writer saves it and tells.
            with suppress(StoreError):
                await self.write(lambda connection: None)
        with self.noting_damage():
            try:
                return list(await self._reader.execute_fetchall(sql, parameters))
            except sqlite3.Error as error:
                raise store_error(error, str(self.path)) from error
            except UnicodeDecodeError as error:
                raise StoreCorrupt("the database is damaged", where=str(self.path), hint=START_AGAIN) from error
            except ValueError as error:
                raise StoreError(str(error), where=str(self.path)) from error

    async def row(self, sql: str, parameters: Sequence[object] = ()) -> sqlite3.Row | None:
        """The first row of a query, or None.

        Raises:
            StoreError: SQLite refused to read.
        """
        found = await self.rows(sql, parameters)
        return found[0] if found else None

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        """Let every read in here see one state of the database, whatever other processes write meanwhile.

        For a process that does one thing only: all its reads share the connection.

        Raises:
            StoreError: SQLite refused.
        """
        await self.rows("BEGIN")
        try:
            yield
        finally:
            await self.rows("ROLLBACK")

    @contextmanager
    def noting_damage(self) -> Iterator[None]:
        """Whatever is found damaged in here is noted for the next start, which repairs it, and told to the person."""
        try:
            yield
        except (StoreCorrupt, StoreGone) as error:
            if not self._has_met_damage:  # every batch of the journal may meet it again
                self._has_met_damage = True
                if isinstance(error, StoreCorrupt):
                    logger.error("%s", error)
                    note_damage(self.path, str(error))
                if self.on_damage is not None:
                    self.on_damage(error)
            raise

    async def check(self) -> str:
        """SQLite's own quick check: `ok`, or the first damage it found."""
        found = await self.row("PRAGMA quick_check(1)")
        return str(found[0]) if found else "no answer"

    async def aclose(self) -> None:
        """Finish queued transactions, fold the write-ahead log into the file, and close; safe to call twice.

        Raises:
            StoreGone: The file was removed while it was open. Everything is closed, and what was stored is saved.
        """
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await asyncio.to_thread(self._close_writing)
        finally:
            await self._reader.close()

    def _close_writing(self) -> None:
        self._writer.close()
        if self._file.is_lost:
            gone = self._file.save(self._connection)
            self._connection.close()
            raise gone
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            logger.info("checkpoint at close: %s", error)
        self._connection.close()


def _open_writing(path: Path, backups: Path, alone: Alone) -> tuple[sqlite3.Connection, Repair | None]:
    note = note_of(path)
    was_noted = note.exists()
    repaired = repair_if_damaged(path, alone)
    try:
        connection = _connect(path, backups)
        if was_noted and repaired is None:
            _mend_indexes(connection, path)
    except StoreCorrupt as error:
        repaired = replace_damaged(path, error.message, alone)
        connection = _connect(path, backups)
    note.unlink(missing_ok=True)
    return connection, repaired


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
            f"the database cannot be opened ({error.strerror})",
            where=str(path),
            hint="Check that the file and its folder are yours and writable, and that the disk is not full.",
        ) from error
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # What is deleted is overwritten: it cannot be read out of the file, and a salvage cannot bring it back.
        connection.execute("PRAGMA secure_delete = ON")
        migrate(connection, path, backups)
    except sqlite3.Error as error:
        connection.close()
        raise store_error(error, str(path)) from error
    except StoreError:
        connection.close()
        raise
    return connection


def _mend_indexes(connection: sqlite3.Connection, path: Path) -> None:
    """Make every index anew, for a file in which damage was met and no page is damaged.

    Raises:
        StoreCorrupt: That failed too; the connection is closed.
    """
    try:
        for statement in MEND_INDEXES:
            connection.execute(statement)
    except sqlite3.Error as error:
        # Two rows with the same key: an index that knew better was damaged, or one of the rows.
        # And what an index of words keeps about itself can be damaged so that SQLite only speaks of an error.
        is_broken = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_ERROR
        if is_broken or means_damage(error) or isinstance(error, sqlite3.IntegrityError):
            connection.close()
            raise StoreCorrupt(f"its indexes cannot be made ({error})", where=str(path)) from error
        logger.warning("the indexes could not be made anew: %s", error)


def read_only(path: Path) -> closing[sqlite3.Connection]:
    """A connection for readers beside the program; it changes no row, but may leave SQLite's companion files behind.

    Raises:
        sqlite3.Error: There is no such file, or it cannot be read.
    """
    return closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S))


def placeholders(values: Collection[Any]) -> str:
    """`?, ?, ?` for an IN clause."""
    return ", ".join("?" * len(values))
