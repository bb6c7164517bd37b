"""What only the embedded engine does: damaged folders, panics, and a folder that is deleted while it is open."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
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


def test_a_nearly_full_disk_is_refused_before_anything_is_mapped(folder: Path) -> None:
    # On a full disk the first touch of a mapped page ends the whole process with SIGBUS.
    more_than_any_disk = 1 << 62
    with pytest.raises(MemoryIndexError, match="nearly full") as caught:
        EdgeStore(folder.with_name("other"), DIMENSION, reserve_bytes=more_than_any_disk)
    assert "Free some space" in caught.value.hint
    assert not folder.with_name("other").exists()


def test_a_disk_that_fills_while_the_store_is_open_is_refused_too(folder: Path) -> None:
    store = EdgeStore(folder, DIMENSION)
    store._reserve_bytes = 1 << 62
    for work in (
        lambda: store.upsert([point(1)]),
        lambda: store.search(unit(1), MemoryFilter(), 1),
        lambda: store.delete(["1"]),
        store.count,
    ):
        with pytest.raises(MemoryIndexError, match="nearly full"):
            work()
    store._reserve_bytes = 0
    assert store.count() == 10
    store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk]).returncode:
        pytest.skip("mounting a file system is not allowed here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_tiny_disk_ends_no_process(small_disk: Path) -> None:
    program = (
        "import pathlib, sys\n"
        "from hector_tui.errors import MemoryIndexError\n"
        "from hector_tui.memory.edge import EdgeStore\n"
        "try:\n    EdgeStore(pathlib.Path(sys.argv[1]), 384)\n"
        "except MemoryIndexError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(small_disk / "edge")], capture_output=True, text=True)
    assert done.returncode == 0, done.returncode
    assert "nearly full" in done.stdout
