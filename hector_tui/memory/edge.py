"""Vectors in a folder, by the Qdrant engine in this process (`qdrant-edge-py`).

The library is beta: it raises bare `Exception`, and a damaged file makes its Rust code panic, which arrives as a
`BaseException`. All of it is translated here and nowhere else. `optimize()` is never called: it holds the GIL for
seconds, and without it a filtered search over 100,000 points takes 1 to 10 ms.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hector_tui.domain.memories import MemoryFilter
from hector_tui.errors import MemoryIndexError, MemoryIndexLocked
from hector_tui.memory.base import Found, Point, Vector

if TYPE_CHECKING:
    from qdrant_edge import EdgeConfig, EdgeShard, Filter

FILTER_FIELDS = ("session_id", "agent_id")
_LOCKED = "WouldBlock"
_CONFIG_FILE = "edge_config.json"
RESERVE_BYTES = 64 * 1024 * 1024
"""Free bytes on the disk below which the folder is left alone: far more than any one call takes."""


def check_space(folder: Path, reserve_bytes: int = RESERVE_BYTES) -> None:
    """Refuse to work on a disk that is nearly full.

    The engine maps sparse files of 32 MiB into memory. Where the disk has no room for a page of them, the kernel ends
    the process with SIGBUS, which no code can catch: the conversation and the terminal would go with it.

    Args:
        folder: Where the engine works, or will; its parent exists.
        reserve_bytes: How much must be free.

    Raises:
        MemoryIndexError: There is less.
    """
    try:
        disk = shutil.disk_usage(folder if folder.exists() else folder.parent)
    except OSError:
        return  # Whatever is wrong with the folder, opening or writing it says so better.
    # Some network file systems count nothing at all.
    if disk.total and disk.free < reserve_bytes:
        raise MemoryIndexError(
            f"the disk is nearly full ({disk.free >> 20} MiB free, {reserve_bytes >> 20} MiB are needed)",
            where=str(folder),
            hint="Free some space; what waits in the database is indexed then.",
        )


class EdgeStore:
    """A `VectorStore` in a folder. Opens what is there, else creates it.

    Args:
        folder: Holds the shard and nothing else; its parent exists.
        dimension: Numbers per vector.
        reserve_bytes: Free bytes on the disk without which nothing is done.

    Raises:
        MemoryIndexLocked: The folder is open already, in this process or another.
        MemoryIndexError: The folder holds something that cannot be opened, or the disk is nearly full; it was not
            changed.
    """

    def __init__(self, folder: Path, dimension: int, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        self._folder = folder
        self._dimension = dimension
        self._reserve_bytes = reserve_bytes
        self._inode = 0
        check_space(folder, reserve_bytes)
        with _translated("opened", folder):
            self._shard: EdgeShard | None = self._load() if (folder / _CONFIG_FILE).exists() else self._create()
            self._inode = folder.stat().st_ino

    def _load(self) -> EdgeShard:
        from qdrant_edge import EdgeShard

        return EdgeShard.load(str(self._folder), self._config())

    def _create(self) -> EdgeShard:
        from qdrant_edge import EdgeShard, PayloadSchemaType, UpdateOperation

        self._folder.mkdir(mode=0o700, exist_ok=True)
        shard = EdgeShard.create(str(self._folder), self._config())
        for field in FILTER_FIELDS:
            shard.update(UpdateOperation.create_field_index(field, PayloadSchemaType.Keyword))
        shard.flush()
        return shard

    def _config(self) -> EdgeConfig:
        from qdrant_edge import Distance, EdgeConfig, EdgeVectorParams

        return EdgeConfig(vectors=EdgeVectorParams(size=self._dimension, distance=Distance.Cosine))

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points; the same id replaces. On disk when it returns.

        Raises:
            MemoryIndexError: They could not be written, or the folder was removed while it was open.
        """
        if not points:
            return
        import qdrant_edge

        with self._working("written") as shard:
            self._check_folder()
            rows = [qdrant_edge.Point(point.point_id, list(point.vector), dict(point.payload)) for point in points]
            shard.update(qdrant_edge.UpdateOperation.upsert_points(rows))
            shard.flush()

    def search(self, vector: Vector, where: MemoryFilter, limit: int) -> Sequence[Found]:
        """The nearest points that pass the filter, best first.

        Raises:
            MemoryIndexError: It could not be searched.
        """
        if limit <= 0:
            return []
        from qdrant_edge import Query, QueryRequest

        with self._working("searched") as shard:
            request = QueryRequest(limit=limit, query=Query.Nearest(list(vector)), filter=_filter_of(where))
            return [Found(str(point.id), point.score) for point in shard.query(request)]

    def delete(self, point_ids: Sequence[str] = (), where: MemoryFilter | None = None) -> None:
        """Delete points by id and, when a filter with at least one field is given, by filter.

        Raises:
            MemoryIndexError: They could not be deleted.
        """
        from qdrant_edge import UpdateOperation

        with self._working("changed") as shard:
            if point_ids:
                shard.update(UpdateOperation.delete_points(list(point_ids)))
            if where is not None and (condition := _filter_of(where)) is not None:
                shard.update(UpdateOperation.delete_points_by_filter(condition))
            shard.flush()

    def count(self) -> int:
        """How many points it holds.

        Raises:
            MemoryIndexError: It could not be read.
        """
        from qdrant_edge import CountRequest

        with self._working("counted") as shard:
            return shard.count(CountRequest(exact=True))

    def close(self) -> None:
        """Flush and release the folder; safe to call twice."""
        shard, self._shard = self._shard, None
        if shard is not None:
            with _translated("closed", self._folder):
                shard.close()

    @contextmanager
    def _working(self, what: str) -> Iterator[EdgeShard]:
        if self._shard is None:
            raise MemoryIndexError("the vector folder is closed", where=str(self._folder))
        # Reading, too: on tmpfs a hole in a file takes a page when it is looked at.
        check_space(self._folder, self._reserve_bytes)
        with _translated(what, self._folder):
            yield self._shard

    def _check_folder(self) -> None:
        """Refuse to write to a folder deleted under us: the files live on until they are closed, then all is gone."""
        try:
            there = self._folder.stat().st_ino == self._inode
        except FileNotFoundError:
            there = False
        if not there:
            raise MemoryIndexError("the vector folder was removed while it was open", where=str(self._folder))


def _filter_of(where: MemoryFilter) -> Filter | None:
    from qdrant_edge import FieldCondition, Filter, MatchValue

    wanted = {"session_id": where.session_id, "agent_id": where.agent_id}
    must = [FieldCondition(key=field, match=MatchValue(value)) for field, value in wanted.items() if value]
    return Filter(must=list(must)) if must else None


@contextmanager
def _translated(what: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except (MemoryIndexError, KeyboardInterrupt, SystemExit):
        raise
    # A Rust panic is a BaseException that is no Exception, of a class the library does not export.
    except BaseException as error:
        if _LOCKED in str(error):
            raise MemoryIndexLocked("the vector folder is open in another process", where=str(folder)) from error
        line = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise MemoryIndexError(
            f"the vector folder could not be {what} ({line})",
            where=str(folder),
            hint="Every memory is in the database; the folder can be deleted and is rebuilt at the next start.",
        ) from error
