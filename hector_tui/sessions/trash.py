"""Deleting with a way back: into the trash, out of it, and for good.

A session in the trash keeps every row, and no query but the trash's own sees it. Its vectors leave the index at once:
left there they would take the places of memories that may still be recalled. Brought back, they are made again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from hector_tui.sessions.database import placeholders
from hector_tui.sessions.schema import FULL_TEXT_INDEXES

_MERGED_PAGES = 500
"""Pages of a full-text index that are merged in one transaction; what waits behind it waits a few milliseconds."""

NOT_IN_TRASH = "session_id NOT IN (SELECT session_id FROM sessions WHERE deleted_at IS NOT NULL)"
"""A condition on the rows of any table."""


def put(connection: sqlite3.Connection, session_ids: Sequence[str], now: float) -> list[str]:
    """Put sessions into the trash; returns those that were not there before."""
    taken = _ids(
        connection,
        "UPDATE sessions SET deleted_at = ? WHERE deleted_at IS NULL AND session_id IN ({}) RETURNING session_id",
        session_ids,
        now,
    )
    marks = placeholders(taken)
    connection.execute(f"UPDATE tabs SET position = NULL, active = 0 WHERE session_id IN ({marks})", taken)
    connection.execute(f"DELETE FROM outbox WHERE op = 'upsert' AND session_id IN ({marks})", taken)
    connection.execute(
        "INSERT INTO outbox(op, memory_id, session_id, agent_id, created_at)"
        f" SELECT 'delete', memory_id, session_id, agent_id, ? FROM memories WHERE session_id IN ({marks})",
        (now, *taken),
    )
    return taken


def take_back(connection: sqlite3.Connection, session_ids: Sequence[str], now: float) -> list[str]:
    """Bring sessions back from the trash as they were; returns those that were there."""
    back = _ids(
        connection,
        "UPDATE sessions SET deleted_at = NULL WHERE deleted_at IS NOT NULL AND session_id IN ({})"
        " RETURNING session_id",
        session_ids,
    )
    marks = placeholders(back)
    # What was forgotten before stays forgotten: only the deletions of memories that are there are taken back.
    connection.execute(
        f"DELETE FROM outbox WHERE session_id IN ({marks}) AND memory_id IN (SELECT memory_id FROM memories)", back
    )
    connection.execute(
        "INSERT INTO outbox(op, memory_id, session_id, agent_id, created_at)"
        f" SELECT 'upsert', memory_id, session_id, agent_id, ? FROM memories WHERE session_id IN ({marks})"
        " ORDER BY row",
        (now, *back),
    )
    return back


def purge(connection: sqlite3.Connection, session_ids: Sequence[str]) -> list[str]:
    """Delete sessions for good, with every row of them; triggers queue the deletion of their vectors."""
    return _ids(connection, "DELETE FROM sessions WHERE session_id IN ({}) RETURNING session_id", session_ids)


def expired(connection: sqlite3.Connection, before: float) -> list[str]:
    """The sessions that came into the trash before a moment (seconds since the epoch, UTC)."""
    rows = connection.execute("SELECT session_id FROM sessions WHERE deleted_at < ?", (before,))
    return [session_id for (session_id,) in rows]


def sweep(connection: sqlite3.Connection, index: str, *, begin: bool) -> bool:
    """Merge a little of a full-text index, so that the words of deleted rows leave the file too.

    FTS5 only notes a deletion; the words stay in its pages until those are merged (https://www.sqlite.org/fts5.html,
    "The 'merge' Command": a negative number begins with all pages, positive ones go on).

    Args:
        connection: In a transaction.
        index: One of `FULL_TEXT_INDEXES`.
        begin: Whether this is the first call of a sweep.

    Returns:
        Whether there is more to do.
    """
    if index not in FULL_TEXT_INDEXES:
        raise ValueError(f"there is no index {index!r}")
    before = connection.total_changes
    pages = -_MERGED_PAGES if begin else _MERGED_PAGES
    connection.execute(f"INSERT INTO {index}({index}, rank) VALUES ('merge', ?)", (pages,))
    return connection.total_changes - before >= 2


def _ids(connection: sqlite3.Connection, statement: str, session_ids: Sequence[str], *first: object) -> list[str]:
    rows = connection.execute(statement.format(placeholders(session_ids)), (*first, *session_ids))
    return [session_id for (session_id,) in rows.fetchall()]
