"""The file itself: opening, migrating, refusing, failing."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from hector_tui.domain.keys import SessionKey
from hector_tui.errors import StoreError, StoreTooNew
from hector_tui.sessions.database import Database, read_only
from hector_tui.sessions.migrations import MIGRATIONS, migrate
from hector_tui.sessions.service import SessionService


async def test_the_file_is_its_owners_alone(database: Database) -> None:
    assert stat.S_IMODE(database.path.stat().st_mode) == 0o600


async def test_commits_are_durable(database: Database) -> None:
    assert await database.write(lambda connection: connection.execute("PRAGMA synchronous").fetchone()) == (2,)
    assert await database.write(lambda connection: connection.execute("PRAGMA journal_mode").fetchone()) == ("wal",)
    assert await database.write(lambda connection: connection.execute("PRAGMA foreign_keys").fetchone()) == (1,)


@pytest.mark.parametrize("content", [b"not a database at all, just text", b"SQLite format 3\0" + b"\xff" * 4096])
async def test_a_damaged_file_is_kept_and_a_new_one_begun(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sessions.db"
    path.write_bytes(content)
    database = await Database.open(path, tmp_path / "backups")
    try:
        (notice,) = database.notices
        (aside,) = tmp_path.glob("sessions.db.damaged-*")
        assert aside.name in notice
        assert aside.read_bytes() == content
        assert await database.rows("SELECT * FROM sessions") == []
    finally:
        await database.aclose()


async def test_the_database_of_another_program_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE precious(x)")
    database = await Database.open(path, tmp_path / "backups")
    await database.aclose()
    (aside,) = tmp_path.glob("sessions.db.damaged-*")
    with closing(sqlite3.connect(aside)) as other:
        assert other.execute("SELECT name FROM sqlite_schema").fetchall() == [("precious",)]


async def test_a_newer_schema_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    await (await Database.open(path, tmp_path / "backups")).aclose()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match="schema version 999"):
        await Database.open(path, tmp_path / "backups")
    assert path.read_bytes() == before


def test_a_migration_copies_the_file_first_and_is_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path, tmp_path / "backups")
        connection.execute("INSERT INTO sessions VALUES ('s', 'a', 't', 1, 1, 0, 0, '', 0, 0, NULL, '', 0)")

        def broken(connection: sqlite3.Connection) -> None:
            connection.execute("ALTER TABLE sessions ADD COLUMN colour TEXT")
            connection.execute("SELECT * FROM nothing")

        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, path, tmp_path / "backups", (*MIGRATIONS, broken))
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert connection.execute("SELECT * FROM sessions").fetchall() == [
            ("s", "a", "t", 1.0, 1.0, 0, 0, "", 0, 0, None, "", 0)
        ]
    (copy,) = (tmp_path / "backups").iterdir()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with read_only(copy) as backup:
        assert backup.execute("SELECT session_id FROM sessions").fetchall() == [("s",)]


async def test_one_failing_transaction_does_not_undo_its_neighbours(database: Database) -> None:
    def insert(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO sessions VALUES ('kept', 'a', '', 1, 1, 0, 0, '', 0, 0, NULL, '', 0)")

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO sessions VALUES ('lost', 'a', '', 1, 1, 0, 0, '', 0, 0, NULL, '', 0)")
        connection.execute("INSERT INTO sessions VALUES ('', 'a', '', 1, 1, 0, 0, '', 0, 0, NULL, '', 0)")

    results = await asyncio.gather(database.write(insert), database.write(fail), return_exceptions=True)
    assert results[0] is None
    assert isinstance(results[1], StoreError)
    rows = await database.rows("SELECT session_id FROM sessions")
    assert [row["session_id"] for row in rows] == ["kept"]


async def test_a_cancelled_caller_leaves_no_transaction_open(database: Database) -> None:
    sessions = SessionService(database, "owner")
    info = await sessions.create("a")
    key = SessionKey(info.session_id, "a")
    for _ in range(50):
        task = asyncio.create_task(sessions.accept(key, "cancelled"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
    turn = await sessions.accept(key, "kept")
    rows = await database.rows("SELECT count(*) AS turns, max(ordinal) AS last FROM turns")
    assert rows[0]["turns"] == rows[0]["last"] == turn.ordinal


async def test_two_processes_can_write_in_turns(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    first = await Database.open(path, tmp_path / "backups")
    second = await Database.open(path, tmp_path / "backups")
    services = [SessionService(database, f"owner-{number}") for number, database in enumerate((first, second))]
    info = await services[0].create("a")
    key = SessionKey(info.session_id, "a")
    turns = await asyncio.gather(*(services[number % 2].accept(key, str(number)) for number in range(60)))
    assert sorted(turn.ordinal for turn in turns) == list(range(1, 61))
    await first.aclose()
    await second.aclose()


async def test_a_full_disk_stores_nothing_and_says_so(database: Database) -> None:
    sessions = SessionService(database, "owner")
    info = await sessions.create("a")
    key = SessionKey(info.session_id, "a")

    def set_page_limit(pages: int) -> None:
        database._connection.execute(f"PRAGMA max_page_count = {pages}")

    (pages,) = await database.write(lambda connection: connection.execute("PRAGMA page_count").fetchone())
    set_page_limit(pages)
    with pytest.raises(StoreError, match="full"):
        await sessions.accept(key, "x" * 100_000)
    assert await sessions.history(info.session_id) == []
    set_page_limit(1_000_000)
    assert (await sessions.accept(key, "again")).ordinal == 1


async def test_a_closed_database_refuses(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "sessions.db", tmp_path / "backups")
    await database.aclose()
    await database.aclose()
    with pytest.raises(StoreError, match="closed"):
        await database.write(lambda connection: None)
    with pytest.raises(StoreError):
        await database.rows("SELECT 1")
