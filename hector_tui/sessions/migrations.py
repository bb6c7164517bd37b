"""Ordered changes of the schema under `PRAGMA user_version`: one transaction each, a copy of the file before."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from hector_tui.errors import StoreTooNew
from hector_tui.sessions.schema import APPLICATION_ID, VERSION_1

Migration = Callable[[sqlite3.Connection], None]


def _version_1(connection: sqlite3.Connection) -> None:
    for statement in split_statements(VERSION_1):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


MIGRATIONS: tuple[Migration, ...] = (_version_1,)
"""The migration at index n leads from version n to n + 1."""


def split_statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one.

    `Connection.executescript` commits an open transaction first, which would end the one a migration runs in.
    """
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            if statement.strip():
                yield statement
            statement = ""


def migrate(
    connection: sqlite3.Connection, path: Path, backups: Path, migrations: Sequence[Migration] = MIGRATIONS
) -> Path | None:
    """Bring a database to the newest version.

    Args:
        connection: In autocommit mode.
        path: The database file, for messages and the name of the copy.
        backups: The folder for the copy made before the first change of a database that has content.
        migrations: The changes, oldest first.

    Returns:
        The copy that was made, or None.

    Raises:
        StoreTooNew: The file was written by a newer hector-tui; nothing was changed.
        sqlite3.Error: A migration failed; its transaction was rolled back.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        raise StoreTooNew(
            f"the database has schema version {version}, this hector-tui knows {len(migrations)}",
            where=str(path),
            hint="Update hector-tui, or name another profile with --profile.",
        )
    copy = None
    for number in range(version, len(migrations)):
        if version and copy is None:
            copy = _copy(connection, backups / f"{path.stem}-v{version}-{time.strftime('%Y%m%d-%H%M%S')}.db")
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have migrated while this one waited for the lock.
            (now,) = connection.execute("PRAGMA user_version").fetchone()
            if now == number:
                migrations[number](connection)
                connection.execute(f"PRAGMA user_version = {number + 1}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    return copy


def _copy(connection: sqlite3.Connection, target: Path) -> Path:
    """Copy by SQLite's backup API, which also reads what still stands in the write-ahead log."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(target)) as copy:
        connection.backup(copy)
    target.chmod(0o600)
    return target
