"""Copies of a database: whole while others write, checked, counted, and put back."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hector_tui.errors import StoreCorrupt, StoreError, StoreTooNew
from hector_tui.paths import Profile
from hector_tui.sessions import daily
from hector_tui.sessions.backup import Stopped, list_backups, look_at, make_backup, newest_good, restore
from hector_tui.sessions.daily import DAY_S, KEPT, daily_backups, keep_daily_backups, make_daily_backup
from hector_tui.sessions.database import Database
from hector_tui.sessions.owner import Owner
from tests.faults.damage import counts, filled, is_sound, rows_of
from tests.support.memory import until


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """A profile with two conversations, closed."""
    return filled(tmp_path / "profile", sessions=2, turns=4)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def insert(number: int) -> Callable[[sqlite3.Connection], None]:
    """A transaction of two rows that belong together, big enough that a copy takes many steps."""

    def transaction(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO sessions VALUES (?, 'a', ?, 1, 1, 1, 0, '', 0, 0, NULL, '', 0)", (f"s{number}", "x" * 6000)
        )
        connection.execute("INSERT INTO tabs(session_id, draft) VALUES (?, ?)", (f"s{number}", "y" * 6000))

    return transaction


async def test_a_copy_made_while_others_write_is_a_moment_between_two_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hector_tui.sessions.backup._PAGES", 8)
    database = await Database.open(tmp_path / "sessions.db", tmp_path)
    try:
        for number in range(100):
            await database.write(insert(number))
        copying = asyncio.ensure_future(
            asyncio.to_thread(make_backup, database.path, tmp_path / "copy.db", pause_s=0.001)
        )
        written = 100
        while not copying.done():
            await database.write(insert(written))
            written += 1
        await copying
    finally:
        await database.aclose()
    assert written > 110, "nothing was written meanwhile, so this shows nothing"
    assert is_sound(tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        sessions = [name for (name,) in connection.execute("SELECT session_id FROM sessions ORDER BY rowid")]
        tabs = [name for (name,) in connection.execute("SELECT session_id FROM tabs ORDER BY rowid")]
    assert sessions == tabs == [f"s{number}" for number in range(len(sessions))]
    assert 100 <= len(sessions) < written


def test_a_copy_holds_what_stands_in_the_log_alone(tmp_path: Path) -> None:
    async def write_and_copy() -> None:
        database = await Database.open(tmp_path / "sessions.db", tmp_path)
        await database.write(insert(1))
        make_backup(database.path, tmp_path / "copy.db")
        await database.aclose()

    asyncio.run(write_and_copy())
    assert counts(rows_of(tmp_path / "copy.db"))["sessions"] == 1


def test_a_copy_is_one_private_file_that_says_what_is_in_it(profile: Profile, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    made = make_backup(profile.database, folder / "mine.db")
    assert files(folder) == ["mine.db"]
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert (made.sessions, made.turns, made.problem) == (2, 8, "")
    assert made.size == made.path.stat().st_size
    assert rows_of(made.path) == rows_of(profile.database)


def test_nothing_is_ever_written_over(profile: Profile, tmp_path: Path) -> None:
    taken = tmp_path / "taken.db"
    taken.write_text("precious")
    with pytest.raises(StoreError, match="there is a file with this name"):
        make_backup(profile.database, taken)
    assert taken.read_text() == "precious"


def test_a_copy_that_is_stopped_leaves_nothing(profile: Profile, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        make_backup(profile.database, folder / "mine.db", stop=stop)
    assert files(folder) == []


def test_a_folder_that_is_not_there_is_named(profile: Profile, tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "mine.db"
    with pytest.raises(StoreError, match="cannot be written") as failure:
        make_backup(profile.database, target)
    assert failure.value.where == str(target)


def test_a_damaged_database_makes_no_backup(profile: Profile, tmp_path: Path) -> None:
    data = bytearray(profile.database.read_bytes())
    data[5 * 4096 : 20 * 4096] = b"\xff" * 15 * 4096
    profile.database.write_bytes(data)
    with pytest.raises(StoreCorrupt, match="damaged"):
        make_backup(profile.database, tmp_path / "mine.db")
    assert not list(tmp_path.glob("*mine*"))


# Once a day


def at(moment: str) -> float:
    return time.mktime(time.strptime(moment, "%Y%m%d-%H%M%S"))


def test_one_is_made_when_the_newest_is_a_day_old(profile: Profile) -> None:
    made = make_daily_backup(profile)
    assert made is not None and made.path.parent == profile.backups
    assert make_daily_backup(profile) is None
    assert make_daily_backup(profile, clock=lambda: made.made_at + DAY_S - 1) is None
    assert make_daily_backup(profile, clock=lambda: made.made_at + DAY_S + 1) is not None
    assert len(daily_backups(profile.backups)) == 2


def test_one_from_the_future_says_nothing_about_today(profile: Profile) -> None:
    (profile.backups / "sessions-20990101-000000.db").write_bytes(b"")
    assert make_daily_backup(profile) is not None
    assert make_daily_backup(profile) is None


def test_an_empty_database_needs_no_backup(tmp_path: Path) -> None:
    empty = filled(tmp_path / "empty", sessions=1, turns=0)
    assert make_daily_backup(empty) is None
    assert files(empty.backups) == []


def test_the_newest_seven_are_kept_and_no_other_copy_is_touched(profile: Profile) -> None:
    others = ["sessions-v1-20200101-000000.db", "sessions-20200101-000000-manual.db", "notes.db"]
    old = [f"sessions-202001{day:02}-120000.db" for day in range(1, 11)]
    for name in (*others, *old):
        (profile.backups / name).write_bytes(b"")
    made = make_daily_backup(profile)
    assert made is not None
    assert files(profile.backups) == sorted([*others, *old[-KEPT + 1 :], made.path.name])


def test_what_a_killed_process_left_is_removed(profile: Profile) -> None:
    (profile.backups / ".sessions-20200101-000000.db.part-1").write_bytes(b"half")
    make_daily_backup(profile)
    assert len(files(profile.backups)) == 1


async def test_a_backup_that_fails_is_told_once_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = await asyncio.to_thread(filled, tmp_path / "profile", sessions=1, turns=1)
    profile.backups.rmdir()
    profile.backups.write_text("in the way")
    monkeypatch.setattr(daily, "LOOK_S", 0.001)
    looks = 0
    told: list[str] = []

    def count(*arguments: object, **options: object) -> None:
        nonlocal looks
        looks += 1
        make_daily_backup(profile)

    monkeypatch.setattr(daily, "make_daily_backup", count)
    task = asyncio.create_task(keep_daily_backups(profile, told.append, first_s=0.0))
    await until(lambda: looks >= 3)
    task.cancel()
    await asyncio.wait({task})
    assert len(told) == 1
    assert "No backup of the conversations could be made" in told[0]
    assert str(profile.backups) in told[0]


async def test_a_cancelled_backup_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = await asyncio.to_thread(filled, tmp_path / "profile", sessions=2, turns=4)
    monkeypatch.setattr("hector_tui.sessions.backup._PAGES", 1)
    task = asyncio.create_task(keep_daily_backups(profile, lambda _: None, first_s=0.0))
    await until(lambda: bool(files(profile.backups)))
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert files(profile.backups) == []


# Back again


def test_what_was_restored_is_what_was_copied_and_can_be_undone(profile: Profile) -> None:
    before = rows_of(profile.database)
    copy = make_backup(profile.database, profile.backups / "mine.db")
    with closing(sqlite3.connect(profile.database, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM sessions")
    changed = rows_of(profile.database)
    assert changed != before

    restored = restore(profile, copy.path)
    assert rows_of(profile.database) == before
    assert (restored.backup.sessions, restored.backup.turns) == (2, 8)
    assert stat.S_IMODE(profile.database.stat().st_mode) == 0o600
    assert restored.aside is not None and restored.aside.name.startswith("sessions.db.before-restore-")
    assert rows_of(restored.aside) == changed
    assert is_sound(profile.database)

    restore(profile, restored.aside)
    assert rows_of(profile.database) == changed


def test_a_restore_keeps_what_stood_in_the_log_alone(profile: Profile, tmp_path: Path) -> None:
    copy = make_backup(profile.database, profile.backups / "mine.db")
    with closing(sqlite3.connect(profile.database, isolation_level=None)) as connection:
        connection.execute("UPDATE sessions SET title = 'only in the log'")
        # As a process that was killed would leave them: with a log nobody folded into the file.
        left = {path: path.read_bytes() for path in profile.root.glob("sessions.db*")}
    for path, content in left.items():
        path.write_bytes(content)

    restored = restore(profile, copy.path)
    assert "only in the log" not in str(rows_of(profile.database))
    assert restored.aside is not None
    assert "only in the log" in str(rows_of(restored.aside))


def test_a_profile_without_a_database_can_be_given_one(profile: Profile, tmp_path: Path) -> None:
    copy = make_backup(profile.database, tmp_path / "mine.db")
    other = Profile(tmp_path / "other")
    assert restore(other, copy.path).aside is None
    assert rows_of(other.database) == rows_of(profile.database)


@pytest.mark.parametrize("damage", ["cut", "garbage", "foreign", "page", "missing", "folder"])
def test_what_cannot_be_used_is_refused_and_nothing_changes(profile: Profile, tmp_path: Path, damage: str) -> None:
    copy = tmp_path / "mine.db"
    data = make_backup(profile.database, tmp_path / "whole.db").path.read_bytes()
    match damage:
        case "cut":
            copy.write_bytes(data[: len(data) // 2])
        case "garbage":
            copy.write_bytes(b"not a database" * 1000)
        case "foreign":
            with closing(sqlite3.connect(copy)) as connection:
                connection.execute("CREATE TABLE precious(x)")
        case "page":
            copy.write_bytes(data[: 11 * 4096] + b"\xff" * 4096 + data[12 * 4096 :])
        case "folder":
            copy.mkdir()
    before = profile.database.read_bytes()
    with pytest.raises(StoreError):
        restore(profile, copy)
    assert profile.database.read_bytes() == before
    assert not list(profile.root.glob("*restore*")) and not list(profile.root.glob(".*"))


def test_a_backup_of_a_newer_version_is_refused(profile: Profile, tmp_path: Path) -> None:
    copy = make_backup(profile.database, tmp_path / "mine.db")
    with closing(sqlite3.connect(copy.path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreTooNew, match="999"):
        restore(profile, copy.path)
    assert "999" in look_at(copy.path).problem


def test_nobody_loses_the_database_under_his_feet(profile: Profile) -> None:
    copy = make_backup(profile.database, profile.backups / "mine.db")
    owner = Owner(profile.locks)
    with pytest.raises(StoreError, match="a hector-tui is using this profile"):
        restore(profile, copy.path)
    owner.close()
    restore(profile, copy.path)


def test_what_can_be_read_of_a_damaged_file_is_carried_over_on_request(profile: Profile, tmp_path: Path) -> None:
    original = rows_of(profile.database)
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"\0" * 100 + profile.database.read_bytes()[100:])
    with pytest.raises(StoreError):
        restore(profile, damaged)
    restore(profile, damaged, salvages=True)
    assert rows_of(profile.database) == original
    nothing = tmp_path / "nothing.db"
    nothing.write_bytes(b"x" * 10_000)
    with pytest.raises(StoreError, match="nothing of this file can be read"):
        restore(profile, nothing, salvages=True)
    assert rows_of(profile.database) == original


def test_the_newest_that_can_be_used_is_found(profile: Profile) -> None:
    assert newest_good(profile.backups) is None
    good = make_backup(profile.database, profile.backups / "sessions-20260102-030405.db")
    (profile.backups / "sessions-20260202-030405.db").write_bytes(b"x" * 5000)
    listed = list_backups(profile.backups)
    assert [backup.made_at for backup in listed] == [at("20260202-030405"), at("20260102-030405")]
    assert listed[0].problem
    found = newest_good(profile.backups)
    assert found is not None and found.path == good.path
