"""Recall: what is known that answers a question, found by likeness and by words, filtered by SessionKey.

The vector store and the full-text index only propose ids. Every row that leaves this module was read from SQLite and
checked against the filter again, so a memory that was forgotten, or a point of someone else's, never appears.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from hector_tui.domain.memories import Memory, MemoryFilter, MemoryHit
from hector_tui.errors import MemoryIndexError
from hector_tui.memory.base import Embedder
from hector_tui.memory.batches import EMBED_CHARACTERS
from hector_tui.memory.hashing import word_weight, words_of
from hector_tui.memory.indexer import Indexer
from hector_tui.sessions.memories import MemoryTable

MIN_COVERAGE = 0.3
"""Share of a question's words, by weight, that a memory found by words must have, unless it has one of full weight: a
smaller share is made of `what`, `is` and `the`, which full-text search counts like any other word."""
_RANK_CONSTANT = 10
"""`k` of reciprocal rank fusion (Cormack, Clarke, Buettcher, 2009). The paper's 60 is for lists of a thousand; with
lists of twenty it gives every hit nearly the same score."""
_PINNED_BOOST = 0.25
_MIN_CANDIDATES = 20
_MAX_CANDIDATES = 200
VECTOR_TIMEOUT_S = 2.0
"""Seconds for embedding and searching; after them the recall goes on with words alone."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recall:
    """What one recall found, best first.

    Attributes:
        words_only: Why only full-text search answered; empty when both did.
    """

    hits: tuple[MemoryHit, ...] = ()
    words_only: str = ""


class LongTermMemory:
    """Searches the memories of a profile; shared and without state.

    Args:
        table: The memories.
        indexer: Searches the vectors.
        embedder: Turns a question into a vector; the one the indexer uses.
        min_cosine: Likeness below which a vector hit is noise; belongs to the embedder.
    """

    def __init__(self, table: MemoryTable, indexer: Indexer, embedder: Embedder, *, min_cosine: float) -> None:
        self._table = table
        self._indexer = indexer
        self._embedder = embedder
        self._min_cosine = min_cosine

    async def recall(
        self,
        question: str,
        where: MemoryFilter,
        *,
        limit: int,
        threshold: float = 0.0,
        exclude: Set[str] = frozenset(),
    ) -> Recall:
        """The memories that answer a question best.

        Args:
            question: The question asked now.
            where: What may be seen.
            limit: Hits at most.
            threshold: Score, 0 to 1, below which a hit is left out.
            exclude: Ids of memories, and of turns whose memories are left out since the prompt has them already.

        Raises:
            StoreError: The database could not be read.
        """
        if limit <= 0 or not words_of(question):
            return Recall()
        wanted = min(_MAX_CANDIDATES, max(_MIN_CANDIDATES, 4 * limit) + 2 * len(exclude))
        by_text = await self._by_text(question, where, wanted)
        by_vector, words_only = await self._by_vector(question, where, wanted)
        hits = _fuse(_without(by_vector, exclude), _without(by_text, exclude))
        best = [hit for hit in _unique(hits) if hit.score >= threshold][:limit]
        return Recall(await self._titled(best), words_only)

    async def _by_text(self, question: str, where: MemoryFilter, limit: int) -> list[Memory]:
        asked = {word: word_weight(word) for word in words_of(question)}
        needed = MIN_COVERAGE * sum(asked.values())

        def covers(memory: Memory) -> bool:
            shared = [asked[word] for word in asked.keys() & set(words_of(memory.text))]
            return sum(shared) >= needed or any(weight >= 1.0 for weight in shared)

        found = await self._table.search_text(question, where, limit)
        return [memory for memory in found if covers(memory)]

    async def _by_vector(self, question: str, where: MemoryFilter, limit: int) -> tuple[list[Memory], str]:
        """Memories near the question, and why there are none when the vectors could not be searched."""
        status = self._indexer.status()
        if status.state != "ready":
            return [], status.detail or "the vector index is not open"
        try:
            async with asyncio.timeout(VECTOR_TIMEOUT_S):
                (vector,) = await self._embedder.embed([question[:EMBED_CHARACTERS]])
                found = await self._indexer.search(vector, where, limit)
        except TimeoutError:
            return [], "the vector index did not answer in time"
        except MemoryIndexError as error:
            logger.warning("recall by words only: %s", error)
            return [], str(error)
        near = [point.point_id for point in found or () if point.score >= self._min_cosine]
        rows = await self._table.get(near)
        return [rows[name] for name in near if name in rows and _passes(rows[name], where)], ""

    async def _titled(self, hits: Sequence[MemoryHit]) -> tuple[MemoryHit, ...]:
        if not hits:
            return ()
        titles = await self._table.session_titles(list({hit.memory.key.session_id for hit in hits}))
        return tuple(
            MemoryHit(
                memory=hit.memory,
                score=hit.score,
                found_by=hit.found_by,
                session_title=titles.get(hit.memory.key.session_id, ""),
            )
            for hit in hits
        )


def _fuse(by_vector: Sequence[Memory], by_text: Sequence[Memory]) -> list[MemoryHit]:
    """One list from two, best first. First in both scores 1, first in one of them one half."""
    ranks: dict[str, float] = {}
    memories: dict[str, Memory] = {}
    for found in (by_vector, by_text):
        for rank, memory in enumerate(found):
            share = 0.5 * (_RANK_CONSTANT + 1) / (_RANK_CONSTANT + 1 + rank)
            ranks[memory.memory_id] = ranks.get(memory.memory_id, 0.0) + share
            memories[memory.memory_id] = memory
    near = {memory.memory_id for memory in by_vector}
    worded = {memory.memory_id for memory in by_text}
    hits = [
        MemoryHit(
            memory=memory,
            score=min(1.0, ranks[name] + (_PINNED_BOOST if memory.pinned else 0.0)),
            found_by="both" if name in near and name in worded else "vector" if name in near else "text",
        )
        for name, memory in memories.items()
    ]
    # Newer first among equals: what was said last is what holds.
    hits.sort(key=lambda hit: (hit.score, hit.memory.created_at), reverse=True)
    return hits


def _unique(hits: Iterable[MemoryHit]) -> Iterable[MemoryHit]:
    """Hits without those that say, letter for letter, what a better one says."""
    seen: set[str] = set()
    for hit in hits:
        text = plain(hit.memory.text)
        if text not in seen:
            seen.add(text)
            yield hit


def plain(text: str) -> str:
    """A text without the differences of case and spacing that do not change what it says."""
    return " ".join(text.casefold().split())


def _without(memories: Iterable[Memory], exclude: Set[str]) -> list[Memory]:
    return [memory for memory in memories if memory.memory_id not in exclude and memory.turn_id not in exclude]


def _passes(memory: Memory, where: MemoryFilter) -> bool:
    return (not where.session_id or memory.key.session_id == where.session_id) and (
        not where.agent_id or memory.key.agent_id == where.agent_id
    )
