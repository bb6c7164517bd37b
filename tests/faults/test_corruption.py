"""A damaged database: the start goes on within seconds, what can be read is carried over, and nothing is deleted."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.listing import SessionQuery
from hector_tui.domain.memories import MemoryFilter
from hector_tui.errors import HectorError, ProfileError, StoreCorrupt, StoreError, StoreTooNew
from hector_tui.paths import Profile
from hector_tui.sessions.backup import make_backup
from hector_tui.sessions.damage import find_damage, note_of
from hector_tui.sessions.database import Database
from hector_tui.sessions.migrations import MIGRATIONS
from hector_tui.sessions.owner import Owner
from hector_tui.sessions.pages import DamagedFile
from hector_tui.sessions.salvage import TABLES, salvage
from hector_tui.sessions.store import Store
from tests.faults.damage import PAGE, Rows, counts, filled, invented, is_sound, leaf_pages, rows_of, say, with_page
from tests.support.engine import config_of, open_engine

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Whole:
    """An undamaged database: its bytes, its rows, and where it stands."""

    path: Path
    data: bytes
    rows: Rows


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    path = filled(tmp_path_factory.mktemp("whole")).database
    rows = rows_of(path)
    assert counts(rows) == {"sessions": 12, "turns": 240, "messages": 480, "tabs": 12, "files": 12, "memories": 240}
    return Whole(path, path.read_bytes(), rows)


@pytest.fixture
def profiles(tmp_path: Path) -> Iterator[Callable[[bytes], Profile]]:
    """Makes a profile with these bytes as its database."""
    numbers = itertools.count()

    def make(data: bytes) -> Profile:
        profile = Profile(tmp_path / f"profile-{next(numbers)}")
        profile.prepare()
        profile.database.write_bytes(data)
        return profile

    yield make
    shutil.rmtree(tmp_path)


async def use(profile: Profile) -> list[str]:
    """Start, read everything and write; damage that shows only then ends the process, and the next start repairs it.

    Returns:
        What the starts had to say.
    """
    notices: list[str] = []
    for _ in range(2):
        store = await Store.open(profile)
        notices += store.notices
        try:
            for info in await store.sessions.latest(1_000):
                for record in await store.sessions.history(info.session_id, limit=1_000):
                    await store.sessions.files(record.turn.key, {part.file_id for part in record.turn.files})
            await store.tabs.open_tabs()
            await store.memories.latest(MemoryFilter(), 10_000)
            await store.memories.search_text("question 3/7", MemoryFilter(), 10)
            await store.library.page(SessionQuery(text="question 3/7"), 0, 10)
            return notices
        except StoreCorrupt as error:
            assert error.hint
        finally:
            await store.aclose()
    raise AssertionError(f"two starts did not make it usable: {notices}")


async def write(profile: Profile) -> None:
    """A whole turn in a new session; a page of an index that only a write looks at takes another start."""
    for _ in range(2):
        store = await Store.open(profile)
        try:
            info = await store.sessions.create("later")
            await say(store, SessionKey(info.session_id, info.agent_id), "is it usable?", "it is")
            assert len(await store.sessions.history(info.session_id)) == 1
            return
        except StoreCorrupt as error:
            assert error.hint
        finally:
            await store.aclose()
    raise AssertionError("two starts did not make it writable")


def kept_aside(profile: Profile) -> list[Path]:
    return [path for path in profile.root.glob("sessions.db.damaged-*") if path.suffix == "" or "-wal" not in path.name]


def check(profile: Profile, damaged: bytes, whole: Whole, *, flips: int = 0) -> Rows:
    """Use a damaged database, and see that it was kept, that nothing was made up, and that the new one works.

    `flips` is the number of bits that were turned: each may have changed the words of one row, and nothing in the file
    tells that from a change someone meant.
    """
    notices = asyncio.run(use(profile))
    found = rows_of(profile.database)
    if notices:
        (aside,) = kept_aside(profile)
        assert aside.read_bytes() == damaged
        assert any(aside.name in notice for notice in notices)
        assert is_sound(profile.database)
    adopted = [(table, row) for table, row in invented(found, whole.rows) if is_adopted(table, row, found, whole)]
    assert len(invented(found, whole.rows)) - len(adopted) <= flips
    asyncio.run(write(profile))
    return found


def is_adopted(table: str, row: tuple[object, ...], found: Rows, whole: Whole) -> bool:
    """Whether a row is one that was put together from rows of the original which belong to it."""
    match table:
        case "turns":
            (text,) = [turn[5] for turn in whole.rows["turns"] if turn[0] == row[0]] or [None]
            return row[14] == "salvage" and row[5] in (text, "")
        case "sessions":
            return any(session[:2] == row[:2] for session in whole.rows["sessions"])
        case _:
            return False


# Whatever happens to the bytes


def test_a_file_cut_anywhere_is_replaced_by_what_is_left(whole: Whole, profiles: Callable[[bytes], Profile]) -> None:
    places = random.Random(1).sample(range(1, len(whole.data)), 25)
    kept = []
    for place in sorted([*places, PAGE, len(whole.data) // PAGE * PAGE - PAGE, len(whole.data) - 1]):
        damaged = whole.data[:place]
        profile = profiles(damaged)
        found = check(profile, damaged, whole)
        assert kept_aside(profile)
        kept.append(len(found["messages"]))
    assert kept == sorted(kept), "a longer rest must not give fewer rows"
    assert kept[-1] >= 470


def test_flipped_bits_cost_no_more_than_the_rows_they_hit(whole: Whole, profiles: Callable[[bytes], Profile]) -> None:
    choice = random.Random(2)
    for _ in range(40):
        damaged = bytearray(whole.data)
        for _ in range(20):
            damaged[choice.randrange(100, len(damaged))] ^= 1 << choice.randrange(8)
        found = check(profiles(bytes(damaged)), bytes(damaged), whole, flips=20)
        # A bit in the header of a page may cost the page.
        assert len(found["messages"]) >= 350


def test_pages_of_noise_cost_no_more_than_themselves(whole: Whole, profiles: Callable[[bytes], Profile]) -> None:
    choice = random.Random(3)
    for _ in range(25):
        damaged = whole.data
        for number in choice.sample(range(1, len(whole.data) // PAGE + 1), 3):
            damaged = with_page(damaged, number, choice.randbytes(PAGE))
        found = check(profiles(damaged), damaged, whole)
        assert len(found["messages"]) >= 300


def test_no_byte_of_the_header_keeps_the_program_from_starting(
    whole: Whole, profiles: Callable[[bytes], Profile]
) -> None:
    choice = random.Random(4)
    for place in range(100):
        damaged = bytearray(whole.data)
        damaged[place] ^= 1 << choice.randrange(8)
        try:
            found = check(profiles(bytes(damaged)), bytes(damaged), whole)
        except StoreTooNew:
            assert 60 <= place < 64  # it says so itself: this is where the version stands
            continue
        assert counts(found) == counts(whole.rows)


@pytest.mark.parametrize("table", ["sessions", "turns", "messages", "memories", "tabs"])
def test_the_loss_of_every_page_of_a_table_does_not_reach_the_others(
    whole: Whole, profiles: Callable[[bytes], Profile], table: str
) -> None:
    damaged = whole.data
    for number in leaf_pages(whole.data, table, whole.path):
        damaged = with_page(damaged, number, b"\xff" * PAGE)
    found = check(profiles(damaged), damaged, whole)
    for other in TABLES:
        if other != table:
            assert found[other] == whole.rows[other]
    if table in ("sessions", "turns"):
        # Their messages tell which there were, in which order, and what was asked.
        assert {row[0] for row in found[table]} == {row[0] for row in whole.rows[table]}
    if table == "turns":
        places = {row[0]: row[3:4] + row[5:6] for row in whole.rows["turns"]}
        assert {row[0]: row[3:4] + row[5:6] for row in found["turns"]} == places


def test_the_first_page_can_be_lost_whole(whole: Whole, profiles: Callable[[bytes], Profile]) -> None:
    damaged = with_page(whole.data, 1, b"\0")
    assert check(profiles(damaged), damaged, whole) == whole.rows


# What can stand in its place


def test_an_empty_file_is_a_new_database(profiles: Callable[[bytes], Profile]) -> None:
    profile = profiles(b"")
    assert asyncio.run(use(profile)) == []
    assert kept_aside(profile) == []


def test_a_log_without_its_file_is_read_and_kept(whole: Whole, tmp_path: Path) -> None:
    profile = Profile(tmp_path / "profile")
    log = profile.root / "sessions.db-wal"

    async def leave_a_log() -> None:
        store = await Store.open(profile)
        info = await store.sessions.create("a", title="only in the log")
        await say(store, SessionKey(info.session_id, "a"), "question", "answer")
        content = log.read_bytes()
        await store.aclose()
        profile.database.write_bytes(b"")
        log.write_bytes(content)

    asyncio.run(leave_a_log())
    before = log.read_bytes()
    notices = asyncio.run(use(profile))
    assert "its write-ahead log is not" in notices[0]
    assert "1 session, 1 turn, 2 messages" in notices[0]
    (kept,) = profile.root.glob("sessions.db.damaged-*-wal")
    assert kept.read_bytes() == before


def test_committed_pages_of_the_log_count_and_others_do_not(whole: Whole, tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    path.write_bytes(whole.data)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("PRAGMA cache_size = 5")
        connection.execute("UPDATE sessions SET title = 'committed'")
        connection.execute("BEGIN")
        connection.execute("UPDATE sessions SET title = 'never committed'")
        # More than the cache holds, so that the log has frames of a transaction that was cut off.
        connection.execute("UPDATE turns SET text = text || hex(zeroblob(2000))")
        left = tmp_path / "left.db"
        left.write_bytes(path.read_bytes())
        log = tmp_path / "sessions.db-wal"
        (tmp_path / "left.db-wal").write_bytes(log.read_bytes())
        connection.execute("ROLLBACK")
    # Without the schema SQLite can read neither of the two.
    left.write_bytes(with_page(left.read_bytes(), 1, b"\0"))
    salvage(left, tmp_path / "saved.db")
    found = rows_of(tmp_path / "saved.db")
    assert {row[2] for row in found["sessions"]} == {"committed"}
    assert found["turns"] == whole.rows["turns"]


def test_a_folder_in_its_place_is_moved_aside(tmp_path: Path) -> None:
    profile = Profile(tmp_path / "profile")
    profile.prepare()
    profile.database.mkdir()
    (profile.database / "precious").write_text("kept")
    (notice,) = asyncio.run(use(profile))
    assert "a folder stands in its place" in notice
    (aside,) = profile.root.glob("sessions.db.damaged-*")
    assert (aside / "precious").read_text() == "kept"


def test_the_database_of_another_program_is_kept_whole(profiles: Callable[[bytes], Profile]) -> None:
    profile = profiles(b"")
    with closing(sqlite3.connect(profile.database)) as other:
        other.execute("CREATE TABLE precious AS SELECT 1 AS a, 2, 3, 4, 5, 6, 7, 8")
        other.commit()
    before = profile.database.read_bytes()
    (notice,) = asyncio.run(use(profile))
    assert "another program" in notice
    assert kept_aside(profile)[0].read_bytes() == before


def test_what_was_deleted_does_not_come_back(tmp_path: Path) -> None:
    profile = Profile(tmp_path / "profile")

    async def tell_and_delete() -> None:
        store = await Store.open(profile)
        kept = await store.sessions.create("a")
        gone = await store.sessions.create("a", title="SECRET title")
        for number in range(30):
            await say(store, SessionKey(gone.session_id, "a"), f"SECRET {number}", "SECRET answer " * 100)
            await say(store, SessionKey(kept.session_id, "a"), f"open {number}", "open answer")
        await store.sessions.delete(gone.session_id)
        await store.aclose()

    asyncio.run(tell_and_delete())
    damaged = with_page(profile.database.read_bytes(), 1, b"\0")
    profile.database.write_bytes(damaged)
    assert b"SECRET answer" not in damaged
    asyncio.run(use(profile))
    found = rows_of(profile.database)
    assert "SECRET" not in str(found)
    assert len(found["turns"]) == 30


# The way back


def test_the_notice_tells_what_was_saved_and_offers_the_newest_good_backup(
    whole: Whole, profiles: Callable[[bytes], Profile]
) -> None:
    profile = profiles(whole.data)
    make_backup(profile.database, profile.backups / "sessions-20260102-030405.db")
    (profile.backups / "sessions-20260303-030405.db").write_bytes(b"damaged too")
    profile.database.write_bytes(with_page(whole.data, 1, b"\0"))
    (notice,) = asyncio.run(use(profile))
    assert "12 sessions, 240 turns, 480 messages and 240 memories" in notice
    assert "2026-01-02 03:04, with 12 sessions and 240 turns: `hector-tui restore latest`" in notice


def test_the_vectors_are_made_anew_for_what_was_saved(whole: Whole, profiles: Callable[[bytes], Profile]) -> None:
    profile = profiles(with_page(whole.data, 1, b"\0"))
    profile.vectors.mkdir()
    mark = profile.vectors / "state.json"
    mark.write_text("{}")
    asyncio.run(use(profile))
    assert not mark.exists()
    with closing(sqlite3.connect(profile.database)) as connection:
        queued = connection.execute("SELECT memory_id FROM outbox WHERE op = 'upsert'").fetchall()
    assert {memory_id for (memory_id,) in queued} == {row[1] for row in whole.rows["memories"]}


def test_reading_ends_when_its_time_is_up_with_the_newest_pages(whole: Whole, tmp_path: Path) -> None:
    ticks = itertools.count()
    saved = salvage(whole.path, tmp_path / "saved.db", limit_s=100, clock=lambda: next(ticks))
    assert saved.is_cut
    assert 0 < saved.messages < 480
    texts = {row[5] for row in rows_of(tmp_path / "saved.db")["turns"]}
    assert "question 11/19" in texts and "question 0/0" not in texts
    assert is_sound(tmp_path / "saved.db")


def test_nobody_loses_a_damaged_database_under_his_feet(whole: Whole, profiles: Callable[[bytes], Profile]) -> None:
    damaged = whole.data[:-PAGE]
    profile = profiles(damaged)
    other = Owner(profile.locks)
    with pytest.raises(StoreCorrupt, match="Close every other hector-tui"):
        asyncio.run(use(profile))
    assert profile.database.read_bytes() == damaged
    other.close()
    check(profile, damaged, whole)


def test_when_no_new_database_can_be_made_the_damaged_one_stays(
    whole: Whole, profiles: Callable[[bytes], Profile], monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = whole.data[:-PAGE]
    profile = profiles(damaged)

    def full(*arguments: object, **options: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("hector_tui.sessions.salvage._queue_for_vectors", full)
    with pytest.raises(StoreError, match="no new one can be made") as failure:
        asyncio.run(use(profile))
    assert str(profile.database) in str(failure.value) and failure.value.hint
    assert profile.database.read_bytes() == damaged
    assert not list(profile.root.glob("sessions.db.*"))


# Damage that shows later


async def test_damage_met_while_reading_is_on_screen_and_mended_by_the_next_start(tmp_path: Path) -> None:
    """The page is not read by the start, so this goes unnoticed until someone opens the session."""
    profile = await asyncio.to_thread(filled, tmp_path / "profile", sessions=2)
    data = profile.database.read_bytes()
    damaged = with_page(data, leaf_pages(data, "messages", profile.database)[1], b"\xff" * PAGE)
    profile.database.write_bytes(damaged)

    async with open_engine(tmp_path, config_of()) as engine:
        assert engine.notices == ()
        with pytest.raises(StoreCorrupt, match="Start hector-tui again"):
            for info in await engine.chat.sessions():
                await engine.chat.history(info.session_id, limit=100)
        assert "the database is damaged" in engine.chat.problems()["damage"]
        assert note_of(profile.database).exists()

    async with open_engine(tmp_path, config_of()) as engine:
        (notice,) = engine.notices
        assert "The database was damaged" in notice
        for info in await engine.chat.sessions():
            assert await engine.chat.history(info.session_id, limit=100)
        assert engine.chat.problems() == {}
    assert not note_of(profile.database).exists()
    assert is_sound(profile.database)


async def test_damage_met_while_writing_is_noted_too(tmp_path: Path) -> None:
    profile = await asyncio.to_thread(filled, tmp_path / "profile", sessions=2)
    data = profile.database.read_bytes()
    damaged = data
    for number in leaf_pages(data, "turns", profile.database):
        damaged = with_page(damaged, number, b"\xff" * PAGE)
    profile.database.write_bytes(damaged)
    database = await Database.open(profile.database, profile.backups)
    told: list[StoreError] = []
    database.on_damage = told.append
    for _ in range(2):
        with pytest.raises(StoreCorrupt):
            await database.write(lambda connection: connection.execute("UPDATE turns SET text = ''").rowcount)
    await database.aclose()
    assert len(told) == 1
    assert note_of(profile.database).exists()


def test_an_index_of_words_that_is_damaged_is_made_again(profiles: Callable[[bytes], Profile], whole: Whole) -> None:
    profile = profiles(whole.data)
    with closing(sqlite3.connect(profile.database, isolation_level=None)) as connection:
        connection.execute("UPDATE memories_fts_data SET block = x'ffffffffff' WHERE id > 10")
        connection.execute("UPDATE messages_fts_data SET block = x'ffffffffff' WHERE id > 10")
    assert asyncio.run(use(profile)) == [], "every page is whole, so nothing needs to be replaced"
    assert not note_of(profile.database).exists()
    assert rows_of(profile.database) == whole.rows
    assert asyncio.run(found_by_words(profile, "question 3/7")) > 0
    with closing(sqlite3.connect(profile.database)) as connection:
        (found,) = connection.execute(
            "SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'question'"
        ).fetchone()
    assert found == len({row for row in whole.rows["messages"] if row[5] == "user"})


async def found_by_words(profile: Profile, question: str) -> int:
    store = await Store.open(profile)
    try:
        return len(await store.memories.search_text(question, MemoryFilter(), 10))
    finally:
        await store.aclose()


def test_after_an_unclean_end_every_page_is_looked_at(whole: Whole, profiles: Callable[[bytes], Profile]) -> None:
    damaged = with_page(whole.data, leaf_pages(whole.data, "messages", whole.path)[3], b"\xff" * PAGE)
    assert find_damage(profiles(damaged).database) == ""
    profile = profiles(damaged)
    with closing(sqlite3.connect(profile.database, isolation_level=None)) as connection:
        connection.execute("UPDATE sessions SET archived = 1")
        left = {path: path.read_bytes() for path in profile.root.glob("sessions.db*")}
    for path, content in left.items():
        path.write_bytes(content)
    notices = asyncio.run(use(profile))
    assert "The database was damaged" in notices[0]
    assert {row[6] for row in rows_of(profile.database)["sessions"]} == {1}, "what the log holds was committed"


# What is not damage


def test_a_full_disk_at_the_start_is_one_sentence(tmp_path: Path) -> None:
    """The kernel refuses to let any file of the process grow beyond 8 KiB."""
    code = (
        "import asyncio, resource, sys\n"
        "from pathlib import Path\n"
        "from hector_tui.errors import HectorError\n"
        "from hector_tui.paths import Profile\n"
        "from hector_tui.sessions.store import Store\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
        "try:\n"
        "    asyncio.run(Store.open(Profile(Path(sys.argv[1]))))\n"
        "except HectorError as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    profile = Profile(tmp_path / "profile")
    result = subprocess.run(
        [sys.executable, "-c", code, str(profile.root)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    assert result.stderr == ""
    assert result.stdout.startswith("StoreError")
    assert str(profile.database) in result.stdout
    assert "the disk is not full" in result.stdout or "Free some space" in result.stdout
    asyncio.run(write(profile))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another user to lack the rights")
@pytest.mark.parametrize("denied", ["file", "folder"])
def test_missing_rights_are_one_sentence(tmp_path: Path, denied: str) -> None:
    profile = filled(tmp_path / "profile", sessions=1, turns=1)
    (profile.database if denied == "file" else profile.root).chmod(0o400 if denied == "file" else 0o555)
    before = profile.database.read_bytes()

    def open_as_nobody() -> HectorError | None:
        os.seteuid(65534)
        try:
            asyncio.run(Store.open(profile))
            return None
        except HectorError as error:
            return error
        finally:
            os.seteuid(0)

    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o001)
    error = open_as_nobody()
    assert isinstance(error, StoreError | ProfileError)
    assert error.where.startswith(str(profile.root)) and error.hint
    assert profile.database.read_bytes() == before
    assert kept_aside(profile) == []


# The pieces


def test_what_is_salvaged_is_what_the_schema_has(tmp_path: Path) -> None:
    """A migration that adds a column must add it to `TABLES`, or a salvage would read no row of its table."""
    asyncio.run(write(Profile(tmp_path)))
    with closing(sqlite3.connect(tmp_path / "sessions.db")) as connection:
        for table, columns in TABLES.items():
            assert [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] == list(columns)
    assert len(MIGRATIONS) == 1, "rows written before a column was added are shorter: teach `salvage` that"


def test_values_of_every_kind_and_size_are_read_as_they_were_written(tmp_path: Path) -> None:
    values = [
        *(None, 0, 1, -1, 127, 128, -129, 2**15, -(2**23), 2**31, -(2**40), 2**47, 2**62, -(2**63), 0.5, -1e300),
        *("", "é✓", "x" * 4061, "x" * 4062, "y" * 100_000, b"", b"\0\xff", b"z" * 9000, json.dumps({"a": [1]})),
    ]
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", [(-5, 1, 2), (2**62, "far", None)])
        connection.executemany("INSERT INTO t VALUES (?, ?, 'b')", list(enumerate(values, start=1)))
        expected = connection.execute("SELECT id, NULL, a, b FROM t").fetchall()
    with DamagedFile(path, tmp_path / "none") as file:
        found = [(rowid, *row) for number in range(2, file.pages + 1) for rowid, row in file.rows(number)]
    assert {row[0]: row[1:] for row in found} == {row[0]: row[1:] for row in expected}


def test_noise_is_no_row(tmp_path: Path) -> None:
    choice = random.Random(5)
    path = tmp_path / "noise.db"
    path.write_bytes(b"".join(b"\x0d" + choice.randbytes(PAGE - 1) for _ in range(200)))
    assert not salvage(path, tmp_path / "saved.db")
