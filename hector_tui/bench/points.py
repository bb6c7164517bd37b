"""Whether the vector store holds the memories of the database, and gives each to its own SessionKey only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import MemoryFilter
from hector_tui.memory.base import VectorStore
from hector_tui.memory.embedders import HashingEmbedder
from hector_tui.memory.opening import FolderOpener
from hector_tui.paths import Profile
from hector_tui.sessions.database import read_only


@dataclass(frozen=True, slots=True, kw_only=True)
class PointCounts:
    """What a vector store holds.

    Attributes:
        points: How many there are.
        points_missing: Memories that a search of their SessionKey does not find.
        points_misplaced: Points a SessionKey's search finds that are none of its memories, and points of no SessionKey.
    """

    points: int = 0
    points_missing: int = 0
    points_misplaced: int = 0


def count_points(profile: Profile) -> PointCounts:
    """Compare the vector folder of a profile with its database; no engine may have it open.

    Raises:
        MemoryIndexError: The folder cannot be opened, or another process has it.
        sqlite3.Error: The database cannot be read.
    """
    wanted: dict[SessionKey, set[str]] = defaultdict(set)
    with read_only(profile.database) as connection:
        for memory_id, session_id, agent_id in connection.execute(
            "SELECT memory_id, session_id, agent_id FROM memories"
        ):
            wanted[SessionKey(session_id, agent_id)].add(memory_id)
    embedder = HashingEmbedder()
    opener = FolderOpener(profile.vectors, embedder)
    store = opener.open().store
    try:
        return _compared(store, embedder.dimension, wanted)
    finally:
        store.close()
        opener.release()


def _compared(store: VectorStore, dimension: int, wanted: dict[SessionKey, set[str]]) -> PointCounts:
    points = store.count()
    anywhere = [dimension**-0.5] * dimension
    missing = misplaced = seen = 0
    for key, memory_ids in wanted.items():
        where = MemoryFilter(session_id=key.session_id, agent_id=key.agent_id)
        # A search without a threshold gives every point that passes the filter; one more than wanted shows a surplus.
        found = {hit.point_id for hit in store.search(anywhere, where, len(memory_ids) + 100)}
        missing += len(memory_ids - found)
        misplaced += len(found - memory_ids)
        seen += len(found)
    return PointCounts(points=points, points_missing=missing, points_misplaced=misplaced + max(0, points - seen))
