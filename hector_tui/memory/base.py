"""The seams of long-term memory: `VectorStore` finds, `Embedder` measures likeness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hector_tui.domain.memories import MemoryFilter

Vector = Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A vector with what may be filtered on.

    Attributes:
        point_id: A UUID.
        payload: Holds at least `session_id` and `agent_id`.
    """

    point_id: str
    vector: Vector
    payload: Mapping[str, str | float | bool]


@dataclass(frozen=True, slots=True)
class Found:
    """A point a search found; `score` is the cosine, -1 to 1."""

    point_id: str
    score: float


class VectorStore(Protocol):
    """Where vectors live. Blocking by nature: the caller runs it in the memory thread, one call at a time."""

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points; the same id replaces. Durable when it returns.

        Raises:
            MemoryIndexError: It could not be written.
        """
        ...

    def search(self, vector: Vector, where: MemoryFilter, limit: int) -> Sequence[Found]:
        """The nearest points that pass the filter, best first.

        Raises:
            MemoryIndexError: It could not be searched.
        """
        ...

    def delete(self, point_ids: Sequence[str] = (), where: MemoryFilter | None = None) -> None:
        """Delete points by id and, when a filter with at least one field is given, by filter.

        Raises:
            MemoryIndexError: It could not be deleted.
        """
        ...

    def count(self) -> int:
        """How many points it holds."""
        ...

    def close(self) -> None:
        """Flush and release the store; safe to call twice."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors; safe for concurrent use."""

    @property
    def embedder_id(self) -> str:
        """Names the vectors it makes; a collection made with another id must be rebuilt."""
        ...

    @property
    def dimension(self) -> int:
        """Numbers per vector."""
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """One unit-length vector per text, in order.

        Raises:
            MemoryIndexError: The texts could not be embedded.
        """
        ...
