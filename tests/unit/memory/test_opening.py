"""Whose a vector folder is, and when it begins empty."""

from __future__ import annotations

import json
import pickle
import shutil
import sqlite3
from pathlib import Path

import pytest

from hector_tui.errors import MemoryIndexError, MemoryIndexLocked
from hector_tui.memory.base import Embedder
from hector_tui.memory.embedders import HashingEmbedder
from hector_tui.memory.opening import FolderOpener, LocalEngine, OpenedStore, ServerOpener
from hector_tui.memory.vectors_state import FolderLock, VectorsState, read_state, write_state
from tests.unit.memory.test_vector_store import DIMENSION, point


def opener(folder: Path, embedder: Embedder | None = None, engine: LocalEngine = "edge") -> FolderOpener:
    return FolderOpener(folder / "vectors", embedder or HashingEmbedder(DIMENSION), engine)


def close(of: FolderOpener, opened: OpenedStore) -> None:
    opened.store.close()
    of.release()


@pytest.fixture(params=["edge", "qdrant-local"])
def engine(request: pytest.FixtureRequest) -> LocalEngine:
    return "edge" if request.param == "edge" else "qdrant-local"


def fill(folder: Path, engine: LocalEngine = "edge") -> None:
    first = opener(folder, engine=engine)
    opened = first.open()
    opened.store.upsert([point(1), point(2)])
    first.confirm()
    close(first, opened)


def test_begins_empty_until_confirmed_and_then_keeps_its_points(tmp_path: Path, engine: LocalEngine) -> None:
    first = opener(tmp_path, engine=engine)
    opened = first.open()
    assert opened.is_empty
    opened.store.upsert([point(1)])
    close(first, opened)

    # Not confirmed: whether everything was queued is unknown, so it begins again.
    opened = first.open()
    assert opened.is_empty
    assert opened.store.count() == 0
    opened.store.upsert([point(1)])
    first.confirm()
    close(first, opened)

    opened = first.open()
    assert not opened.is_empty
    assert opened.store.count() == 1
    close(first, opened)


@pytest.mark.parametrize("gone", ["vectors", "vectors/edge", "vectors/state.json"])
def test_whatever_is_deleted_it_begins_empty(tmp_path: Path, gone: str) -> None:
    fill(tmp_path)
    target = tmp_path / gone
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    again = opener(tmp_path)
    opened = again.open()
    assert opened.is_empty
    assert opened.reason
    assert opened.store.count() == 0
    close(again, opened)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"engine": "edge"}', "\x00\xff"])
def test_a_torn_state_begins_empty(tmp_path: Path, text: str) -> None:
    fill(tmp_path)
    (tmp_path / "vectors" / "state.json").write_text(text, encoding="utf-8")
    again = opener(tmp_path)
    opened = again.open()
    assert opened.is_empty
    close(again, opened)


def test_another_embedder_begins_empty_and_says_which(tmp_path: Path) -> None:
    fill(tmp_path)
    other = opener(tmp_path, HashingEmbedder(DIMENSION * 2))
    opened = other.open()
    assert opened.is_empty
    assert "hashing-16-v1" in opened.reason
    assert "hashing-32-v1" in opened.reason
    close(other, opened)


def test_a_damaged_folder_is_kept_aside_and_an_empty_one_begun(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "vectors" / "edge" / "edge_config.json").write_bytes(b"{")
    again = opener(tmp_path)
    opened = again.open()
    assert opened.is_empty
    assert "damaged" in opened.reason
    assert (tmp_path / "vectors" / "edge.old" / "edge_config.json").read_bytes() == b"{"
    close(again, opened)


def test_afresh_begins_empty_although_nothing_looks_wrong(tmp_path: Path) -> None:
    fill(tmp_path)
    again = opener(tmp_path)
    opened = again.open(afresh="it was asked for")
    assert (opened.is_empty, opened.reason) == (True, "it was asked for")
    assert opened.store.count() == 0
    close(again, opened)


class Planted:
    """Unpickling it leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, (f"open({str(self.mark)!r}, 'w').close()",)


def test_a_folder_without_our_mark_is_never_unpickled(tmp_path: Path) -> None:
    fill(tmp_path, "qdrant-local")
    rows = next((tmp_path / "vectors").glob("**/storage.sqlite"))
    mark = tmp_path / "ran"
    with sqlite3.connect(rows) as connection:
        connection.execute("UPDATE points SET point = ?", (pickle.dumps(Planted(mark)),))
    connection.close()
    (tmp_path / "vectors" / "state.json").unlink()
    again = opener(tmp_path, engine="qdrant-local")
    opened = again.open()
    assert opened.is_empty
    close(again, opened)
    assert not mark.exists()


def test_only_one_opener_has_the_folder_even_when_it_was_deleted_meanwhile(tmp_path: Path) -> None:
    first = opener(tmp_path)
    opened = first.open()
    second = opener(tmp_path)
    with pytest.raises(MemoryIndexLocked):
        second.open()
    shutil.rmtree(tmp_path / "vectors")
    with pytest.raises(MemoryIndexLocked):
        second.open()
    close(first, opened)
    close(second, second.open())


def test_a_failed_opening_lets_go_of_the_lock(tmp_path: Path) -> None:
    (tmp_path / "vectors").write_text("a file where the folder should be")
    with pytest.raises(MemoryIndexError) as caught:
        opener(tmp_path).open()
    assert not isinstance(caught.value, MemoryIndexLocked)
    (tmp_path / "vectors").unlink()
    again = opener(tmp_path)
    close(again, again.open())


def test_the_lock_is_taken_once_and_can_be_taken_again_after_release(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path / "lock"), FolderLock(tmp_path / "lock")
    first.take()
    first.take()
    with pytest.raises(MemoryIndexLocked):
        second.take()
    first.release()
    first.release()
    second.take()
    second.release()


def test_the_state_survives_a_round_trip_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "vectors" / "state.json"
    state = VectorsState(engine="edge", embedder_id="hashing-384-v1", dimension=384)
    write_state(path, state)
    assert read_state(path) == state
    assert path.stat().st_mode & 0o077 == 0
    assert sorted(json.loads(path.read_text())) == ["dimension", "embedder_id", "engine", "format"]
    assert [entry.name for entry in path.parent.iterdir()] == ["state.json"]


def test_a_server_that_cannot_be_reached_is_our_error_without_the_key(tmp_path: Path) -> None:
    server = ServerOpener(
        tmp_path / "state.json", HashingEmbedder(DIMENSION), url="http://127.0.0.1:9", api_key="s3cret"
    )
    with pytest.warns(UserWarning, match="insecure"), pytest.raises(MemoryIndexError) as caught:
        server.open()
    assert "127.0.0.1" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_full_disk_is_no_damage_and_leaves_the_folder_where_it_is(tmp_path: Path) -> None:
    fill(tmp_path)
    full = FolderOpener(tmp_path / "vectors", HashingEmbedder(DIMENSION), reserve_bytes=1 << 62)
    for afresh in ("", "it was damaged"):
        with pytest.raises(MemoryIndexError, match="nearly full"):
            full.open(afresh=afresh)
    assert not list((tmp_path / "vectors").glob("*.old"))
    again = opener(tmp_path)
    opened = again.open()
    assert not opened.is_empty
    assert opened.store.count() == 2
    close(again, opened)
