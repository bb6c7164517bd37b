"""`hector-tui backup` and `hector-tui restore` as a person runs them."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import MemoryFilter
from hector_tui.memory.embedders import HashingEmbedder
from hector_tui.memory.opening import FolderOpener
from hector_tui.paths import Profile
from hector_tui.sessions.store import Store
from tests.cli.support import ROOT, run
from tests.faults.damage import filled, rows_of
from tests.support.engine import AGENT, config_of, new_session, open_engine
from tests.support.memory import until

HOLD = """
import asyncio, sys
from pathlib import Path
from hector_tui.paths import Profile
from hector_tui.sessions.store import Store

async def hold():
    store = await Store.open(Profile(Path(sys.argv[1])))
    await store.sessions.create("a", session_id="written-by-the-other")
    print("open", flush=True)
    sys.stdin.read()
    await store.aclose()

asyncio.run(hold())
"""


@contextmanager
def another_process(profile: Profile) -> Iterator[subprocess.Popen[str]]:
    """A process that has the profile open."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(profile.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        assert process.stdout.readline() == "open\n"
        yield process
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(60)


@pytest.fixture
def conversations(profile: Profile) -> Profile:
    """The profile of the test with two conversations of three turns."""
    return filled(profile.root, sessions=2, turns=3)


def test_a_backup_goes_to_its_folder_and_says_where(conversations: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "backup")
    (made,) = conversations.backups.iterdir()
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith(f"{made}  ")
    assert "KiB, 2 sessions and 6 turns, checked" in result.out
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert rows_of(made) == rows_of(conversations.database)


def test_a_backup_can_go_anywhere_but_over_nothing(
    conversations: Profile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "mine.db"
    assert run(capsys, "backup", target).status == 0
    before = target.read_bytes()
    again = run(capsys, "backup", target)
    assert (again.status, again.out) == (1, "")
    assert f"hector-tui: {target}: there is a file with this name" in again.err
    assert target.read_bytes() == before
    (tmp_path / "stick").mkdir()
    assert run(capsys, "backup", tmp_path / "stick").status == 0
    assert len(list((tmp_path / "stick").glob("sessions-*.db"))) == 1
    missing = run(capsys, "backup", tmp_path / "nowhere" / "mine.db")
    assert missing.status == 1
    assert "Check that the folder is there" in missing.err


def test_without_a_database_there_is_nothing_to_copy(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "backup")
    assert (result.status, result.out) == (1, "")
    assert "there is no database yet" in result.err
    assert not profile.root.exists()


def test_a_backup_can_be_made_while_the_program_runs(
    conversations: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    with another_process(conversations):
        assert run(capsys, "backup").status == 0
    (made,) = conversations.backups.iterdir()
    assert "written-by-the-other" in str(rows_of(made)["sessions"])


def test_backups_are_listed_the_newest_first(conversations: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    empty = run(capsys, "restore", "list")
    assert empty.status == 0
    assert "`hector-tui backup` makes one" in empty.out
    assert run(capsys, "restore", "list", "--json").out == ""
    run(capsys, "backup", conversations.backups / "sessions-20260102-030405.db")
    (conversations.backups / "sessions-20250102-030405.db").write_bytes(b"x" * 4096)
    listed = run(capsys, "restore", "list")
    newest, damaged = listed.out.splitlines()
    assert newest.startswith("2026-01-02 03:04") and "2 sessions and 6 turns" in newest
    assert damaged.startswith("2025-01-02 03:04") and "cannot be read" in damaged
    found = run(capsys, "restore", "list", "--json").objects
    assert [(one["sessions"], one["turns"], bool(one["problem"])) for one in found] == [(2, 6, False), (0, 0, True)]


def test_the_latest_backup_comes_back_and_the_way_back_is_told(
    conversations: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "backup")
    before = rows_of(conversations.database)
    with closing(sqlite3.connect(conversations.database, isolation_level=None)) as connection:
        connection.execute("UPDATE sessions SET title = 'changed since'")
    changed = rows_of(conversations.database)

    result = run(capsys, "restore", "latest")
    assert (result.status, result.err) == (0, "")
    assert rows_of(conversations.database) == before
    assert "with 2 sessions and 6 turns" in result.out
    undo = next(line for line in result.out.splitlines() if line.startswith("To undo this: hector-tui "))
    assert run(capsys, *undo.removeprefix("To undo this: hector-tui ").split()).status == 0
    assert rows_of(conversations.database) == changed
    assert run(capsys, "sessions", "list").out.count("changed since") == 2


def test_nothing_is_restored_while_a_process_uses_the_profile(
    conversations: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "backup")
    with another_process(conversations) as process:
        refused = run(capsys, "restore", "latest")
        assert (refused.status, refused.out) == (1, "")
        assert "a hector-tui is using this profile. Close it, then restore again." in refused.err
        assert not list(conversations.root.glob("*restore*"))
        # What `kill -9` leaves behind is not mistaken for a process that lives.
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        assert run(capsys, "restore", "latest").status == 0
    assert "written-by-the-other" not in str(rows_of(conversations.database))


@pytest.mark.parametrize("named", ["latest", "nowhere.db"])
def test_a_backup_that_is_not_there_is_one_sentence(
    conversations: Profile, capsys: pytest.CaptureFixture[str], named: str
) -> None:
    before = conversations.database.read_bytes()
    result = run(capsys, "restore", named)
    assert (result.status, result.out) == (1, "")
    assert result.err.count("\n") == 1
    assert conversations.database.read_bytes() == before


def test_a_damaged_file_is_refused_and_can_be_salvaged(
    conversations: Profile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rows_of(conversations.database)
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"\0" * 100 + conversations.database.read_bytes()[100:])
    conversations.database.unlink()
    refused = run(capsys, "restore", damaged)
    assert refused.status == 1
    assert "--salvage" in refused.err
    assert run(capsys, "restore", "--salvage", damaged).status == 0
    assert rows_of(conversations.database) == before


async def test_what_a_backup_remembers_is_recalled_and_nothing_newer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The vectors are those of the day before the restore; only a rebuilt index knows the note that was forgotten."""
    config = config_of(memory={"long_term": {}})
    profile = Profile(tmp_path / "profile")
    boat, later = "My sister keeps her boat Juniper in Lisbon", "My brother keeps a parrot in Oslo"

    async with open_engine(tmp_path, config) as engine:
        key = await new_session(engine)
        note = await engine.memory.remember(key, boat, turn_id="")
        assert await engine.memory.flush()
    assert (await asyncio.to_thread(run, capsys, "backup")).status == 0
    async with open_engine(tmp_path, config) as engine:
        await engine.memory.forget([note.memory_id])
        await engine.memory.remember(key, later, turn_id="")
        assert await engine.memory.flush()
        assert [hit.memory.text for hit in await engine.memory.recall(key, "boat of my sister")] != [boat]

    assert (await asyncio.to_thread(run, capsys, "restore", "latest")).status == 0
    async with open_engine(tmp_path, config) as engine:
        await until(lambda: engine.memory.status.state == "ready" and not engine.memory.status.pending)
        assert engine.memory.status.indexed == 1
        (hit,) = await engine.memory.recall(key, "boat of my sister")
        assert hit.memory.text == boat
        assert hit.memory.indexed
    assert points_of(profile.vectors) == [note.memory_id], "words would find it without its vector too"


def points_of(folder: Path) -> list[str]:
    """The ids of the points in a vector folder nobody has open."""
    embedder = HashingEmbedder()
    opener = FolderOpener(folder, embedder)
    store = opener.open().store
    try:
        return [
            found.point_id
            for found in store.search([embedder.dimension**-0.5] * embedder.dimension, MemoryFilter(), 10)
        ]
    finally:
        store.close()
        opener.release()


async def test_an_engine_makes_the_backup_of_the_day_and_ends_with_it(tmp_path: Path) -> None:
    profile = await asyncio.to_thread(filled, tmp_path / "profile", sessions=2, turns=3)
    async with open_engine(tmp_path, config_of()) as engine:
        await until(lambda: any(profile.backups.glob("sessions-*.db")))
        assert engine.notices == ()
    (made,) = profile.backups.iterdir()
    assert rows_of(made)["turns"] == rows_of(profile.database)["turns"]


async def test_an_engine_says_when_there_is_no_backup_and_goes_on(tmp_path: Path) -> None:
    profile = await asyncio.to_thread(filled, tmp_path / "profile", sessions=1, turns=1)
    async with open_engine(tmp_path, config_of()) as engine:
        profile.backups.rmdir()
        profile.backups.write_text("in the way")
        told: list[str] = []

        def is_told() -> bool:
            told.extend(engine.chat.take_announcements())
            return bool(told)

        await until(is_told)
        assert "No backup of the conversations could be made" in told[0]
        assert (await engine.chat.create_session(AGENT)).agent_id == AGENT


def test_a_session_of_a_key_survives(conversations: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    """A restored database is one to go on in."""
    run(capsys, "backup")
    run(capsys, "restore", "latest")

    async def go_on() -> int:
        store = await Store.open(conversations)
        try:
            info = (await store.sessions.latest(1))[0]
            turn = await store.sessions.accept(SessionKey(info.session_id, info.agent_id), "and now?")
            return turn.ordinal
        finally:
            await store.aclose()

    assert asyncio.run(go_on()) == 4
