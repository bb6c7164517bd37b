"""Vectors in a Qdrant collection, by `qdrant-client`: at a server, or by its own local mode where Edge has no wheel.

Importing the client takes over a second, so it happens when a store is made. Local mode keeps pickled rows: opening a
folder runs what is in it, so only a folder that carries our own mark is ever opened (`memory/opening.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hector_tui.domain.memories import MemoryFilter
from hector_tui.errors import MemoryIndexError, MemoryIndexLocked
from hector_tui.memory.base import Found, Point, Vector
from hector_tui.memory.edge import FILTER_FIELDS

if TYPE_CHECKING:
    from qdrant_client import QdrantClient
    from qdrant_client.models import Filter

_LOCKED = "already accessed by another instance"
_TIMEOUT_S = 10


class QdrantStore:
    """A `VectorStore` in one collection. Give `url`, or `path`, or neither for one that lives in this process' memory.

    Args:
        collection: Created when it is missing.
        dimension: Numbers per vector.
        url: Address of a server.
        api_key: The server's key; never part of a message.
        path: Folder of local mode.

    Attributes:
        created: Whether the collection was missing and therefore begins empty.

    Raises:
        MemoryIndexLocked: The folder is open already, in this process or another.
        MemoryIndexError: The server cannot be reached or refuses, the folder cannot be opened, or the collection holds
            vectors of another dimension.
    """

    def __init__(
        self, collection: str, dimension: int, *, url: str = "", api_key: str = "", path: Path | None = None
    ) -> None:
        self._collection = collection
        self._where = f"{url or path or ':memory:'} collection {collection!r}"
        self._client: QdrantClient | None = None
        with self._translated("opened"):
            self._client = client = _connect(url, api_key, path)
            try:
                self.created = self._prepare(client, dimension, indexed=bool(url))
            except BaseException:
                self._client = None
                client.close()
                raise

    def _prepare(self, client: QdrantClient, dimension: int, *, indexed: bool) -> bool:
        from qdrant_client import models

        if client.collection_exists(self._collection):
            self._check_dimension(client, dimension)
            return False
        client.create_collection(
            self._collection, vectors_config=models.VectorParams(size=dimension, distance=models.Distance.COSINE)
        )
        if indexed:  # local mode has no payload indexes, and warns
            for field in FILTER_FIELDS:
                client.create_payload_index(self._collection, field, models.PayloadSchemaType.KEYWORD)
        return True

    def _check_dimension(self, client: QdrantClient, dimension: int) -> None:
        vectors = client.get_collection(self._collection).config.params.vectors
        found = getattr(vectors, "size", None)
        if found != dimension:
            raise MemoryIndexError(
                f"the collection holds vectors of {found} numbers, the embedder makes {dimension}",
                where=self._where,
                hint="Name another collection.",
            )

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points; the same id replaces. The server has acknowledged them when it returns.

        Raises:
            MemoryIndexError: They could not be written.
        """
        if not points:
            return
        from qdrant_client.models import PointStruct

        with self._working("written") as client:
            rows = [
                PointStruct(id=point.point_id, vector=list(point.vector), payload=dict(point.payload))
                for point in points
            ]
            client.upsert(self._collection, rows, wait=True)

    def search(self, vector: Vector, where: MemoryFilter, limit: int) -> Sequence[Found]:
        """The nearest points that pass the filter, best first.

        Raises:
            MemoryIndexError: It could not be searched.
        """
        if limit <= 0:
            return []
        with self._working("searched") as client:
            answer = client.query_points(
                self._collection,
                query=list(vector),
                query_filter=_filter_of(where),
                limit=limit,
                with_payload=False,
            )
            return [Found(str(point.id), point.score) for point in answer.points]

    def delete(self, point_ids: Sequence[str] = (), where: MemoryFilter | None = None) -> None:
        """Delete points by id and, when a filter with at least one field is given, by filter.

        Raises:
            MemoryIndexError: They could not be deleted.
        """
        from qdrant_client.models import FilterSelector, PointIdsList

        with self._working("changed") as client:
            if point_ids:
                client.delete(self._collection, PointIdsList(points=list(point_ids)), wait=True)
            if where is not None and (condition := _filter_of(where)) is not None:
                client.delete(self._collection, FilterSelector(filter=condition), wait=True)

    def count(self) -> int:
        """How many points it holds.

        Raises:
            MemoryIndexError: It could not be read.
        """
        with self._working("counted") as client:
            return client.count(self._collection, exact=True).count

    def close(self) -> None:
        """Release the connection or the folder; safe to call twice."""
        client, self._client = self._client, None
        if client is not None:
            with self._translated("closed"):
                client.close()

    @contextmanager
    def _working(self, what: str) -> Iterator[QdrantClient]:
        if self._client is None:
            raise MemoryIndexError("the vector store is closed", where=self._where)
        with self._translated(what):
            yield self._client

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except MemoryIndexError:
            raise
        except Exception as error:
            if _LOCKED in str(error):
                raise MemoryIndexLocked("the vector folder is open in another process", where=self._where) from error
            line = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise MemoryIndexError(
                f"the vector store could not be {what} ({line})",
                where=self._where,
                hint="Every memory is in the database; recall searches by words until the store answers again.",
            ) from error


def _connect(url: str, api_key: str, path: Path | None) -> QdrantClient:
    from qdrant_client import QdrantClient

    if url:
        # The compatibility check is one more request, made in the constructor, that only warns.
        return QdrantClient(url=url, api_key=api_key or None, timeout=_TIMEOUT_S, check_compatibility=False)
    if path is not None:
        return QdrantClient(path=str(path))
    return QdrantClient(location=":memory:")


def _filter_of(where: MemoryFilter) -> Filter | None:
    from qdrant_client.models import FieldCondition, Filter, MatchValue

    wanted = {"session_id": where.session_id, "agent_id": where.agent_id}
    must = [FieldCondition(key=field, match=MatchValue(value=value)) for field, value in wanted.items() if value]
    return Filter(must=list(must)) if must else None
