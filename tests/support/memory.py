"""A database with sessions in it, memories, and a wait for a condition, for the tests of memory."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from hector_tui.domain.keys import SessionKey, point_id
from hector_tui.domain.memories import Memory, MemoryKind
from hector_tui.errors import MemoryIndexError
from hector_tui.memory.base import Vector
from hector_tui.memory.embedders import HashingEmbedder
from hector_tui.memory.opening import FolderOpener
from hector_tui.memory.settings import LongTermSettings, MemorySettings
from hector_tui.memory.status import IndexerTiming
from hector_tui.sessions.database import Database

PROMPT_TIMING = IndexerTiming(
    flush_after_s=30.0, poll_s=0.02, takeover_s=0.02, retry_s=0.01, retry_max_s=0.02, close_s=10.0
)
"""Seconds short enough for a test, except the age of a batch: tests fill or flush their batches."""


@asynccontextmanager
async def open_database(folder: Path) -> AsyncIterator[Database]:
    """The database of a profile folder."""
    database = await Database.open(folder / "sessions.db", folder / "backups")
    try:
        yield database
    finally:
        await database.aclose()


async def add_sessions(database: Database, keys: Iterable[SessionKey], *, title: str = "") -> None:
    """Rows for the sessions of some keys; those that exist are left alone."""
    rows = [(key.session_id, key.agent_id, title, 1.0, 1.0) for key in keys]

    def transaction(connection: sqlite3.Connection) -> None:
        connection.executemany(
            "INSERT INTO sessions(session_id, agent_id, title, created_at, updated_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT(session_id) DO NOTHING",
            rows,
        )

    await database.write(transaction)


async def delete_session(database: Database, session_id: str) -> None:
    """What the session store does when a person deletes a session."""
    await database.write(
        lambda connection: connection.execute("DELETE FROM sessions WHERE session_id = ?", (session_id,)).rowcount
    )


def memory(key: SessionKey, text: str, *, turn_id: str = "", created_at: float = 1.0, pinned: bool = False) -> Memory:
    """A message memory; the same key and text make the same id."""
    return Memory(
        memory_id=point_id(key, text),
        key=key,
        kind=MemoryKind.MESSAGE,
        role="user",
        text=text,
        created_at=created_at,
        turn_id=turn_id,
        pinned=pinned,
    )


def settings(batch_size: int = 1, **long_term: object) -> MemorySettings:
    """Settings of an agent with long-term memory."""
    return MemorySettings(long_term=LongTermSettings(batch_size=batch_size, **long_term))  # type: ignore[arg-type]


def count_points(folder: Path) -> int:
    """Points in a vector folder nobody has open."""
    opener = FolderOpener(folder, HashingEmbedder())
    opened = opener.open()
    try:
        assert not opened.is_empty, opened.reason
        return opened.store.count()
    finally:
        opened.store.close()
        opener.release()


async def until(condition: Callable[[], bool], *, timeout_s: float = 20.0) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: It never did.
    """
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - the conditions are plain values of the code under test
            await asyncio.sleep(0.002)


class FlakyEmbedder(HashingEmbedder):
    """The hashing embedder, which fails on demand.

    Attributes:
        is_down: Every call fails.
        poison: Texts that contain it fail.
        texts: What was embedded, in order.
    """

    def __init__(self, *, is_down: bool = False, poison: str = "") -> None:
        super().__init__()
        self.is_down = is_down
        self.poison = poison
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        if self.is_down or (self.poison and any(self.poison in text for text in texts)):
            raise MemoryIndexError("the embedder is down")
        self.texts.extend(texts)
        return self.vectors(texts)
