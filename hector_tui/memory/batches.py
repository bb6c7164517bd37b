"""One batch of outbox work: embed, write, mark. A crash between any two of them repeats work and loses nothing."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import Memory
from hector_tui.errors import MemoryIndexError
from hector_tui.memory.base import Embedder, Point, Vector, VectorStore
from hector_tui.memory.store_thread import StoreThread
from hector_tui.sessions.memories import MemoryTable, OutboxEntry

BATCH = 64
"""Entries per round trip: one request to an embedder, one flush of the store, one commit."""
EMBED_CHARACTERS = 8_000
"""Characters of a text that are embedded; endpoints refuse texts beyond about 8,000 tokens."""
_HARMLESS = "memory"
"""Embedded alone to tell a broken embedder from a text it will not take."""

logger = logging.getLogger(__name__)


class EmbedderFailed(MemoryIndexError):
    """The embedder failed; the vector store is not to blame and stays open."""


class BatchWriter:
    """Takes entries off the outbox by way of the embedder and the vector store.

    Args:
        table: Memories and the outbox.
        embedder: Makes the vectors.
        thread: Where the store lives.
    """

    def __init__(self, table: MemoryTable, embedder: Embedder, thread: StoreThread) -> None:
        self._table = table
        self._embedder = embedder
        self._thread = thread
        self._refused: set[int] = set()

    @property
    def refused(self) -> int:
        """Entries the embedder refused by themselves while it took others; tried again at the next start."""
        return len(self._refused)

    def try_all(self) -> None:
        """Every memory is queued again: none counts as refused any more."""
        self._refused.clear()

    async def write_next(self, keys: Sequence[SessionKey] | None = None) -> int:
        """Do the oldest batch of all keys or of some. Returns how many entries it took up; 0 means none wait.

        Raises:
            EmbedderFailed: The embedder failed; the entries stay.
            MemoryIndexError: The store failed; the entries stay.
            StoreError: The outbox could not be read or marked; the entries stay.
        """
        found = await self._table.outbox(BATCH + len(self._refused), keys=keys)
        entries = [entry for entry in found if entry.entry not in self._refused][:BATCH]
        if entries:
            await self._write(entries)
        return len(entries)

    async def _write(self, entries: Sequence[OutboxEntry]) -> None:
        # Of several entries for one memory the last says what is to be: it may have been forgotten and noted again.
        last = {entry.memory_id: entry for entry in entries}
        gone = [entry.memory_id for entry in last.values() if entry.memory is None]
        wanted = [(entry.entry, entry.memory) for entry in last.values() if entry.memory is not None]
        try:
            points, refused = await self._points(wanted)
            await self._thread.run(lambda store: _apply(store, points, gone))
        except MemoryIndexError as error:
            await self._table.failed([entry.entry for entry in entries], str(error))
            raise
        self._refused |= refused
        await self._table.done([entry.entry for entry in entries if entry.entry not in refused])

    async def _points(self, wanted: Sequence[tuple[int, Memory]]) -> tuple[list[Point], set[int]]:
        """Points for memories, and the entries whose text alone is the reason that they have none."""
        memories = [memory for _, memory in wanted]
        try:
            return await self._embed(memories), set()
        except EmbedderFailed:
            await self._embed_texts([_HARMLESS])  # raises when the embedder itself is down
        points: list[Point] = []
        refused: set[int] = set()
        for number, memory in wanted:
            try:
                points.extend(await self._embed([memory]))
            except EmbedderFailed as error:
                logger.warning("memory %s cannot be embedded and is found by words only: %s", memory.memory_id, error)
                refused.add(number)
                await self._table.failed([number], str(error))
        return points, refused

    async def _embed(self, memories: Sequence[Memory]) -> list[Point]:
        vectors = await self._embed_texts([memory.text[:EMBED_CHARACTERS] for memory in memories])
        return [_point(memory, vector) for memory, vector in zip(memories, vectors, strict=True)]

    async def _embed_texts(self, texts: Sequence[str]) -> Sequence[Vector]:
        if not texts:
            return []
        try:
            vectors = await self._embedder.embed(texts)
        except MemoryIndexError as error:
            raise EmbedderFailed(error.message, where=error.where, hint=error.hint) from error
        except Exception as error:
            # An embedder is an adapter to someone else's endpoint; a bug there must not look like a broken store.
            logger.exception("the embedder %s raised", self._embedder.embedder_id)
            raise EmbedderFailed(f"the embedder failed ({error!r})", where=self._embedder.embedder_id) from error
        if len(vectors) != len(texts) or not all(self._is_usable(vector) for vector in vectors):
            raise EmbedderFailed(
                f"the embedder did not return {len(texts)} vectors of {self._embedder.dimension} numbers",
                where=self._embedder.embedder_id,
            )
        return vectors

    def _is_usable(self, vector: Vector) -> bool:
        # Stores take zeros and NaN without complaint and never find them again.
        return (
            len(vector) == self._embedder.dimension
            and all(math.isfinite(value) for value in vector)
            and any(value != 0.0 for value in vector)
        )


def _point(memory: Memory, vector: Vector) -> Point:
    # No text: SQLite has it, and one place is enough to forget it from.
    payload: dict[str, str | float | bool] = {
        "session_id": memory.key.session_id,
        "agent_id": memory.key.agent_id,
        "turn_id": memory.turn_id,
        "role": memory.role,
        "created_at": memory.created_at,
    }
    return Point(point_id=memory.memory_id, vector=vector, payload=payload)


def _apply(store: VectorStore, points: Sequence[Point], gone: Sequence[str]) -> None:
    if points:
        store.upsert(points)
    if gone:
        store.delete(gone)
