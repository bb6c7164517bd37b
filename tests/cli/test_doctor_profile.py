"""`hector-tui doctor` on profiles in every state; it must see them and leave no trace."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hector_tui.domain.keys import SessionKey
from hector_tui.memory.embedders import HashingEmbedder
from hector_tui.memory.vectors_state import FolderLock, VectorsState, write_state
from hector_tui.paths import Profile
from hector_tui.sessions.migrations import MIGRATIONS
from hector_tui.sessions.schema import APPLICATION_ID
from hector_tui.sessions.store import Store
from tests.cli.support import doctor, run, traces
from tests.support.memory import memory

KEY = SessionKey("s1", "coder")


@contextmanager
def running(profile: Profile, turns: int = 1) -> Iterator[Store]:
    """The database open as in a running app, with turns that wait and two memories, one of them indexed."""
    with asyncio.Runner() as runner:
        store = runner.run(Store.open(profile))
        runner.run(fill(store, turns))
        yield store
        runner.run(store.aclose())


async def fill(store: Store, turns: int) -> None:
    await store.sessions.create(KEY.agent_id, session_id=KEY.session_id)
    for number in range(turns):
        await store.sessions.accept(KEY, f"question {number}")
    await store.memories.add([memory(KEY, "tea, no sugar"), memory(KEY, "lives in Utrecht", pinned=True)])
    first = (await store.memories.outbox(1))[0]
    await store.memories.done([first.entry])


def test_a_machine_where_it_never_ran_is_fine_and_stays_as_it_is(
    profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = doctor(capsys)
    assert status == 0
    assert found["profile"]["folder"]["state"] == "good"
    assert "the first start makes it" in found["profile"]["folder"]["text"]
    assert found["database"]["file"]["state"] == "fact"
    assert found["vectors"]["store"]["state"] == "fact"
    assert not profile.root.exists()


def test_a_profile_that_was_used_is_reported_in_figures(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "ask", "math_bot", "What is 2+2?").status == 0
    before = traces(profile.root)
    status, found = doctor(capsys)
    assert status == 0
    assert traces(profile.root) == before
    assert found["profile"]["folder"]["value"] == str(profile.root)
    assert found["profile"]["database"]["value"] == profile.database.stat().st_size
    assert found["profile"]["vectors"]["value"]["files"] > 3
    values = {name: finding.get("value") for name, finding in found["database"].items()}
    assert values == {
        "quick check": "ok",
        "schema": len(MIGRATIONS),
        "sessions": 1,
        "turns": {"done": 1},
        "messages": 4,
        "memories": 0,
    }
    assert found["vectors"]["store"]["value"]["embedder"] == HashingEmbedder().embedder_id
    assert found["vectors"]["store"]["state"] == "good"
    assert found["vectors"]["lock"]["value"] is False


def test_it_looks_while_the_app_runs(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    with running(profile, turns=2) as store:
        before = traces(profile.root)
        status, found = doctor(capsys)
        assert traces(profile.root) == before
        owner = store.owner.owner_id
    assert status == 0
    assert found["database"]["turns"]["value"] == {"queued": 2}
    assert found["database"]["live turns"]["state"] == "good"
    assert found["database"]["live turns"]["value"] == {"owner": owner, "turns": 2, "running": True}
    assert found["database"]["memories"]["text"] == "2 (1 pinned)"
    assert found["vectors"]["points"]["value"] == 1
    assert found["vectors"]["outbox"]["value"] == {"memories": 1, "deletions": 0}


def test_it_sees_what_a_killed_process_left_and_changes_nothing(
    profile: Profile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crashed = tmp_path / "crashed"
    with running(profile):
        # What lies on the disk when a process is killed: the log is not folded into the file, the lock is nobody's.
        shutil.copytree(profile.root, crashed)
    assert (crashed / "sessions.db-wal").stat().st_size
    before = traces(crashed)
    status, found = doctor(capsys, "--profile", str(crashed))
    assert traces(crashed) == before
    assert status == 0
    assert found["database"]["turns"]["value"] == {"queued": 1}
    assert found["database"]["live turns"]["state"] == "remark"
    assert found["database"]["live turns"]["value"]["running"] is False
    assert "the next start marks them as interrupted" in found["database"]["live turns"]["text"]


def test_a_log_without_its_index_waits_for_the_next_start(
    profile: Profile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copied = tmp_path / "copied"
    with running(profile):
        shutil.copytree(profile.root, copied)
    (copied / "sessions.db-shm").unlink()
    before = traces(copied)
    status, found = doctor(capsys, "--profile", str(copied))
    assert traces(copied) == before
    assert (status, found["database"]["file"]["state"]) == (0, "remark")


def write(profile: Profile, *statements: str) -> None:
    with closing(sqlite3.connect(profile.database)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def garbage(profile: Profile) -> None:
    profile.database.write_bytes(b"this is no database " * 500)


def damaged_page(profile: Profile) -> None:
    with running(profile):
        pass
    with profile.database.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096)


def of_another_program(profile: Profile) -> None:
    write(profile, "CREATE TABLE theirs(x)")


def too_new(profile: Profile) -> None:
    write(profile, "CREATE TABLE later(x)", f"PRAGMA application_id = {APPLICATION_ID}", "PRAGMA user_version = 99")


def a_folder(profile: Profile) -> None:
    profile.database.mkdir()


@pytest.mark.parametrize(
    ("spoil", "name", "text"),
    [
        (garbage, "file", "damaged, or no database"),
        (damaged_page, "quick check", "damaged: "),
        (of_another_program, "file", "a database of another program"),
        (too_new, "schema", f"version 99; this hector-tui knows {len(MIGRATIONS)}. Update it"),
        (a_folder, "file", "cannot be read"),
    ],
)
def test_a_database_that_cannot_be_used_is_broken_and_left_alone(
    spoil: Callable[[Profile], None], name: str, text: str, profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    profile.root.mkdir(mode=0o700)
    spoil(profile)
    before = traces(profile.root)
    status, found = doctor(capsys)
    assert traces(profile.root) == before
    assert status == 1
    assert found["database"][name]["state"] == "broken"
    assert text in found["database"][name]["text"]


def test_an_empty_file_is_no_damage(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    profile.root.mkdir(mode=0o700)
    profile.database.touch()
    status, found = doctor(capsys)
    assert (status, found["database"]["file"]["state"]) == (0, "fact")


@pytest.mark.parametrize(
    ("make", "text"),
    [(lambda root: root.touch(), "is no folder"), (lambda root: root.symlink_to(root), "cannot be used")],
    ids=["a file", "a loop"],
)
def test_a_profile_that_is_no_folder_is_broken(
    make: Callable[[Path], None], text: str, profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    make(profile.root)
    status, found = doctor(capsys)
    assert (status, found["profile"]["folder"]["state"]) == (1, "broken")
    assert text in found["profile"]["folder"]["text"]


def test_a_profile_that_cannot_be_made_is_broken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    status, found = doctor(capsys, "--profile", str(tmp_path / "file" / "deeper"))
    assert (status, found["profile"]["folder"]["state"]) == (1, "broken")


def test_what_stands_in_the_way_of_files_and_folders_is_named(
    profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    profile.root.mkdir(mode=0o755)
    profile.log.mkdir()
    profile.vectors.touch()
    (profile.root / "sessions.db.damaged-20260101-000000").touch()
    status, found = doctor(capsys)
    section = found["profile"]
    assert status == 1
    assert (section["log"]["state"], section["vectors"]["state"]) == ("broken", "broken")
    assert section["folder"]["state"] == "remark"
    assert "rwxr-xr-x" in section["folder"]["text"]
    assert section["kept aside"]["value"] == ["sessions.db.damaged-20260101-000000"]


def test_the_vector_store_is_judged_by_its_marks(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    profile.root.mkdir(mode=0o700)
    profile.vectors.mkdir()
    assert doctor(capsys)[1]["vectors"]["store"]["state"] == "remark"
    state_file = profile.vectors / "state.json"
    ours = VectorsState(engine="edge", embedder_id=HashingEmbedder().embedder_id, dimension=HashingEmbedder().dimension)
    write_state(state_file, ours)
    assert doctor(capsys)[1]["vectors"]["store"]["state"] == "good"
    write_state(state_file, replace(ours, embedder_id="another"))
    other = doctor(capsys)[1]["vectors"]["store"]
    assert (other["state"], other["value"]["embedder"]) == ("remark", "another")
    lock = FolderLock(profile.root / "vectors.lock")
    lock.take()
    try:
        assert doctor(capsys)[1]["vectors"]["lock"]["value"] is True
    finally:
        lock.release()
    assert doctor(capsys)[1]["vectors"]["lock"]["value"] is False


def test_the_outbox_tells_why_it_is_not_empty(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    with running(profile):
        pass
    write(profile, "UPDATE outbox SET error = 'the server \x1b[2J refused'")
    status, found = doctor(capsys)
    assert (status, found["vectors"]["outbox"]["state"]) == (0, "remark")
    assert "refused" in found["vectors"]["outbox"]["value"]["error"]
    text = run(capsys, "doctor").out
    assert "the server ␛[2J refused" in text
    assert "\x1b" not in text
