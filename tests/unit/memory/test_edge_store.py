"""What only the embedded engine does: damaged folders, panics, and a folder that is deleted while it is open."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hector_tui.domain.memories import MemoryFilter
from hector_tui.errors import MemoryIndexError, MemoryIndexLocked
from hector_tui.memory.edge import EdgeStore
from tests.unit.memory.test_vector_store import DIMENSION, point, unit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = EdgeStore(tmp_path / "edge", DIMENSION)
    store.upsert([point(number) for number in range(10)])
    store.close()
    return tmp_path / "edge"


@pytest.mark.parametrize(
    "pattern", ["edge_config.json", "wal/first-index", "**/segment.json", "**/payload_storage/config.json"]
)
def test_a_torn_file_is_our_error_and_leaves_the_folder_as_it_is(folder: Path, pattern: str) -> None:
    torn = next(folder.glob(pattern))
    torn.write_bytes(torn.read_bytes()[: torn.stat().st_size // 2])
    with pytest.raises(MemoryIndexError) as caught:
        EdgeStore(folder, DIMENSION)
    assert not isinstance(caught.value, MemoryIndexLocked)
    assert "database" in caught.value.hint
    assert torn.exists()


def test_a_panic_of_the_engine_is_our_error(folder: Path) -> None:
    # Its PanicException is a BaseException: `except Exception` lets it through to the event loop.
    torn = next(folder.glob("**/vector_storage/vectors/status.dat"))
    torn.write_bytes(b"")
    with pytest.raises(MemoryIndexError):
        EdgeStore(folder, DIMENSION)


def test_another_dimension_is_our_error(folder: Path) -> None:
    with pytest.raises(MemoryIndexError, match="16"):
        EdgeStore(folder, DIMENSION * 2)


def test_writing_to_a_deleted_folder_is_refused(folder: Path) -> None:
    store = EdgeStore(folder, DIMENSION)
    shutil.rmtree(folder)
    with pytest.raises(MemoryIndexError, match="removed"):
        store.upsert([point(1)])
    folder.mkdir()
    with pytest.raises(MemoryIndexError, match="removed"):
        store.upsert([point(1)])
    assert store.search(unit(1), MemoryFilter(), 1)
    store.close()
