"""The database file is removed, moved or replaced under the program: nothing acknowledged is lost, and it is said."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hector_tui.errors import StoreError, StoreGone
from hector_tui.sessions.database import Database


async def opened(root: Path) -> Database:
    database = await Database.open(root / "profile" / "sessions.db", root / "profile" / "backups")
    # SQLite opens the write-ahead log at the first read, by its name.
    await database.row("SELECT count(*) FROM sessions")
    return database


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    folder = tmp_path / "profile"
    folder.mkdir()
    return folder


def add(word: str) -> Callable[[sqlite3.Connection], None]:
    def write(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE IF NOT EXISTS said (word TEXT)")
        connection.execute("INSERT INTO said VALUES (?)", (word,))

    return write


def said(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [word for (word,) in connection.execute("SELECT word FROM said")]


@pytest.mark.parametrize("what", ["file", "all files", "folder", "moved away"])
async def test_what_was_stored_stands_there_again(tmp_path: Path, profile: Path, what: str) -> None:
    database = await opened(tmp_path)
    told: list[StoreError] = []
    database.on_damage = told.append
    await database.write(add("before"))
    match what:
        case "file":
            database.path.unlink()
        case "all files":
            for path in profile.glob("sessions.db*"):
                path.unlink()
        case "folder":
            shutil.rmtree(profile)
        case _:
            database.path.rename(tmp_path / "elsewhere.db")
    for word in ("after", "still after"):
        with pytest.raises(StoreGone, match="removed while hector-tui ran") as caught:
            await database.write(add(word))
        assert "stands there again" in caught.value.hint
    assert len(told) == 1
    # What is on screen can still be read.
    assert [row["word"] for row in await database.rows("SELECT word FROM said")] == ["before"]
    with pytest.raises(StoreGone):
        await database.aclose()
    await database.aclose()
    assert said(database.path) == ["before"]
    assert database.path.stat().st_mode & 0o077 == 0


async def test_one_that_only_reads_notices_too(tmp_path: Path, profile: Path) -> None:
    database = await opened(tmp_path)
    told: list[StoreError] = []
    database.on_damage = told.append
    await database.write(add("before"))
    database.path.unlink()
    assert await database.rows("SELECT word FROM said")
    assert [type(error) for error in told] == [StoreGone]
    assert said(database.path) == ["before"]
    with pytest.raises(StoreGone):
        await database.aclose()


async def test_closing_saves_what_nobody_noticed(tmp_path: Path, profile: Path) -> None:
    database = await opened(tmp_path)
    await database.write(add("before"))
    shutil.rmtree(profile)
    with pytest.raises(StoreGone, match="removed"):
        await database.aclose()
    assert said(database.path) == ["before"]


async def test_a_file_that_took_the_place_is_left_alone(tmp_path: Path, profile: Path) -> None:
    database = await opened(tmp_path)
    await database.write(add("before"))
    other = profile / "other"
    other.write_bytes(b"somebody's")
    other.rename(database.path)
    with pytest.raises(StoreGone, match="took the database's place") as caught:
        await database.write(add("after"))
    (kept,) = profile.glob("sessions.db.removed-*")
    assert str(kept) in caught.value.hint
    assert said(kept) == ["before"]
    assert database.path.read_bytes() == b"somebody's"
    with pytest.raises(StoreGone):
        await database.aclose()


async def test_a_start_afterwards_has_everything(tmp_path: Path, profile: Path) -> None:
    first = await opened(tmp_path)
    await first.write(add("before"))
    first.path.unlink()
    with pytest.raises(StoreGone):
        await first.aclose()
    second = await opened(tmp_path)
    assert second.repaired is None
    assert [row["word"] for row in await second.rows("SELECT word FROM said")] == ["before"]
    await second.aclose()
