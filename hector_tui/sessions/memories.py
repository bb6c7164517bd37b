"""Long-term memories as rows: the truth behind the vector store, full-text search over them, and the outbox.

The outbox lists what the vector store does not know yet. An entry is deleted only after the store has acknowledged it,
so a crash between the two repeats work and loses nothing.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import Memory, MemoryFilter
from hector_tui.sessions.database import Database, placeholders
from hector_tui.sessions.rows import insert_memories, memory_of, storable
from hector_tui.sessions.trash import NOT_IN_TRASH

_COLUMNS = (
    "m.memory_id, m.session_id, m.agent_id, m.kind, m.role, m.text, m.created_at, m.turn_id, m.pinned,"
    " (SELECT count(*) FROM outbox o WHERE o.memory_id = m.memory_id) AS waiting"
)
_WORD = re.compile(r"\w+")
_QUERY_WORDS = 24
"""Words of a question that are looked for; FTS5 answers a longer OR ever more slowly and hardly better."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One piece of work for the vector store.

    Attributes:
        op: `upsert` or `delete`.
        memory: What to upsert; None for a delete.
        created_at: Seconds since the epoch, UTC.
    """

    entry: int
    op: str
    memory_id: str
    key: SessionKey
    created_at: float
    memory: Memory | None


@dataclass(frozen=True, slots=True)
class MemoryCounts:
    """How many memories a filter sees, and how many of them wait in the outbox."""

    total: int
    pending: int


class MemoryTable:
    """Reads and writes memories and the outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, memories: Sequence[Memory]) -> int:
        """Store memories and queue them for the vector store; returns how many were new.

        Raises:
            StoreError: Nothing was stored.
        """
        return await self._database.write(lambda connection: insert_memories(connection, memories))

    async def get(self, memory_ids: Sequence[str]) -> dict[str, Memory]:
        """Memories by id; ids that are gone, or whose session is in the trash, are left out."""
        if not memory_ids:
            return {}
        rows = await self._database.rows(
            f"SELECT {_COLUMNS} FROM memories m WHERE m.memory_id IN ({placeholders(memory_ids)}) AND m.{NOT_IN_TRASH}",
            memory_ids,
        )
        return {row["memory_id"]: memory_of(row) for row in rows}

    async def latest(self, where: MemoryFilter, limit: int) -> list[Memory]:
        """The newest memories a filter sees, pinned ones first."""
        condition, values = _condition(where)
        rows = await self._database.rows(
            f"SELECT {_COLUMNS} FROM memories m WHERE {condition} ORDER BY m.pinned DESC, m.row DESC LIMIT ?",
            (*values, limit),
        )
        return [memory_of(row) for row in rows]

    async def beginning_with(self, prefix: str, limit: int) -> list[Memory]:
        """Memories whose ids begin so, which a range of the index finds; none whose session is in the trash."""
        rows = await self._database.rows(
            f"SELECT {_COLUMNS} FROM memories m WHERE m.memory_id >= ? AND m.memory_id < ? AND m.{NOT_IN_TRASH}"
            " ORDER BY m.memory_id LIMIT ?",
            (storable(prefix), storable(prefix) + chr(sys.maxunicode), limit),
        )
        return [memory_of(row) for row in rows]

    async def search_text(self, question: str, where: MemoryFilter, limit: int) -> list[Memory]:
        """Memories that share words with a question, best first by BM25 (FTS5's `rank`).

        The owner's words narrow the search; the condition on the rows decides what may be seen.
        """
        words = match_expression(question)
        if not words:
            return []
        owners = _owner_words(where)
        match = f"owner : ({' AND '.join(owners)}) AND text : ({words})" if owners else f"text : ({words})"
        condition, values = _condition(where)
        rows = await self._database.rows(
            f"SELECT {_COLUMNS} FROM memories_fts f JOIN memories m ON m.row = f.rowid"
            f" WHERE memories_fts MATCH ? AND {condition} ORDER BY f.rank LIMIT ?",
            (match, *values, limit),
        )
        return [memory_of(row) for row in rows]

    async def counts(self, where: MemoryFilter) -> MemoryCounts:
        """How many memories a filter sees, and how many of them wait to be indexed."""
        condition, values = _condition(where)
        row = await self._database.row(
            "SELECT count(*) AS total,"
            f" (SELECT count(*) FROM outbox m WHERE m.op = 'upsert' AND {condition}) AS pending"
            f" FROM memories m WHERE {condition}",
            (*values, *values),
        )
        return MemoryCounts(row["total"], row["pending"]) if row else MemoryCounts(0, 0)

    async def session_titles(self, session_ids: Sequence[str]) -> dict[str, str]:
        """Titles of sessions, for the origin of a hit."""
        rows = await self._database.rows(
            f"SELECT session_id, title FROM sessions WHERE session_id IN ({placeholders(session_ids)})", session_ids
        )
        return {row["session_id"]: row["title"] for row in rows}

    async def forget(self, memory_ids: Sequence[str]) -> int:
        """Delete memories; a trigger queues the deletion of their points. Returns how many there were.

        Raises:
            StoreError: Nothing was deleted.
        """

        def transaction(connection: sqlite3.Connection) -> int:
            return connection.execute(
                f"DELETE FROM memories WHERE memory_id IN ({placeholders(memory_ids)})", memory_ids
            ).rowcount

        return await self._database.write(transaction)

    async def change(self, memory_id: str, *, text: str | None = None, pinned: bool | None = None) -> bool:
        """Correct a memory's words, or pin it; changed words are indexed anew. Returns whether it exists.

        Raises:
            StoreError: Nothing was changed.
        """

        def transaction(connection: sqlite3.Connection) -> bool:
            if pinned is not None:
                connection.execute("UPDATE memories SET pinned = ? WHERE memory_id = ?", (pinned, memory_id))
            if text is not None:
                connection.execute("UPDATE memories SET text = ? WHERE memory_id = ?", (storable(text), memory_id))
                _queue_again(connection, "memory_id = ?", (memory_id,))
            return connection.execute("SELECT 1 FROM memories WHERE memory_id = ?", (memory_id,)).fetchone() is not None

        return await self._database.write(transaction)

    async def outbox(self, limit: int, *, keys: Sequence[SessionKey] | None = None) -> list[OutboxEntry]:
        """The oldest work for the vector store, of all keys or of some."""
        condition = "1"
        values: list[object] = []
        if keys is not None:
            condition = " OR ".join("(b.session_id = ? AND b.agent_id = ?)" for _ in keys) or "0"
            values = [part for key in keys for part in (key.session_id, key.agent_id)]
        rows = await self._database.rows(
            f"SELECT b.entry, b.op, b.memory_id AS subject, b.session_id AS owner_session, b.agent_id AS owner_agent,"
            f" b.created_at AS queued_at, {_COLUMNS}"
            f" FROM outbox b LEFT JOIN memories m ON m.memory_id = b.memory_id AND b.op = 'upsert'"
            f" WHERE {condition} ORDER BY b.entry LIMIT ?",
            (*values, limit),
        )
        return [
            OutboxEntry(
                entry=row["entry"],
                op=row["op"],
                memory_id=row["subject"],
                key=SessionKey(row["owner_session"], row["owner_agent"]),
                created_at=row["queued_at"],
                memory=memory_of(row) if row["memory_id"] is not None else None,
            )
            for row in rows
        ]

    async def outbox_counts(self) -> dict[SessionKey, tuple[int, float]]:
        """Per SessionKey how many entries wait, and since when the oldest does (seconds since the epoch, UTC)."""
        rows = await self._database.rows(
            "SELECT session_id, agent_id, count(*) AS entries, min(created_at) AS oldest"
            " FROM outbox GROUP BY session_id, agent_id"
        )
        return {SessionKey(row["session_id"], row["agent_id"]): (row["entries"], row["oldest"]) for row in rows}

    async def done(self, entries: Sequence[int]) -> None:
        """Take work off the outbox that the vector store has acknowledged.

        Raises:
            StoreError: The entries stay; doing them again is harmless.
        """
        await self._database.write(
            lambda connection: (
                connection.execute(
                    f"DELETE FROM outbox WHERE entry IN ({placeholders(entries)})", list(entries)
                ).rowcount
            )
        )

    async def failed(self, entries: Sequence[int], error: str) -> None:
        """Note why work could not be done; it stays in the outbox.

        Raises:
            StoreError: The note was not stored.
        """
        await self._database.write(
            lambda connection: (
                connection.execute(
                    f"UPDATE outbox SET attempts = attempts + 1, error = ? WHERE entry IN ({placeholders(entries)})",
                    [error, *entries],
                ).rowcount
            )
        )

    async def queue_everything(self) -> int:
        """Put every memory into the outbox again, for a vector store that begins empty. Returns how many.

        Raises:
            StoreError: Nothing was queued.
        """
        return await self._database.write(lambda connection: _queue_again(connection, NOT_IN_TRASH, ()))


def match_expression(question: str) -> str:
    """An FTS5 expression for any of a question's words; quoted, so that nothing in it is an operator."""
    words = dict.fromkeys(word.lower() for word in _WORD.findall(question) if len(word) > 1)
    return " OR ".join(f'"{word}"' for word in list(words)[:_QUERY_WORDS])


def _owner_words(where: MemoryFilter) -> list[str]:
    """A filter as words of the index's `owner` column (sessions/schema.py)."""
    pairs = (("s", where.session_id), ("a", where.agent_id))
    return [f"{letter}{value.encode().hex().upper()}" for letter, value in pairs if value]


def _condition(where: MemoryFilter) -> tuple[str, tuple[str, ...]]:
    parts, values = [f"m.{NOT_IN_TRASH}"], []
    if where.agent_id:
        parts.append("m.agent_id = ?")
        values.append(where.agent_id)
    if where.session_id:
        parts.append("m.session_id = ?")
        values.append(where.session_id)
    return " AND ".join(parts), tuple(values)


def _queue_again(connection: sqlite3.Connection, condition: str, values: Sequence[object]) -> int:
    connection.execute(
        f"DELETE FROM outbox WHERE op = 'upsert' AND memory_id IN (SELECT memory_id FROM memories WHERE {condition})",
        values,
    )
    return connection.execute(
        "INSERT INTO outbox(op, memory_id, session_id, agent_id, created_at)"
        f" SELECT 'upsert', memory_id, session_id, agent_id, created_at FROM memories WHERE {condition} ORDER BY row",
        values,
    ).rowcount
