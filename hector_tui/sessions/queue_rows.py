"""Changing turns that still wait: their words, their order, or whether they are asked at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from hector_tui.errors import StoreConflict
from hector_tui.sessions.database import placeholders


def edit(connection: sqlite3.Connection, turn_id: str, text: str) -> None:
    """Give a queued turn other words.

    Raises:
        StoreConflict: It is not queued any more.
    """
    changed = connection.execute("UPDATE turns SET text = ? WHERE turn_id = ? AND status = 'queued'", (text, turn_id))
    if not changed.rowcount:
        raise StoreConflict("this message is being answered already")


def drop(connection: sqlite3.Connection, turn_id: str) -> str:
    """Take a queued turn out, as if it had never been sent; returns the id of its session.

    Raises:
        StoreConflict: It is not queued any more.
    """
    row = connection.execute(
        "DELETE FROM turns WHERE turn_id = ? AND status = 'queued' RETURNING session_id", (turn_id,)
    ).fetchone()
    if row is None:
        raise StoreConflict("this message is being answered already")
    connection.execute("UPDATE sessions SET turns = turns - 1 WHERE session_id = ?", row)
    (session_id,) = row
    return str(session_id)


def take_back(connection: sqlite3.Connection, turn_id: str, draft: str) -> None:
    """Take a queued turn out and make it the draft of its session; `draft` is how it is written there.

    One transaction, so that a crash cannot fall between the queue that has lost it and the draft that is to have it.

    Raises:
        StoreConflict: It is not queued any more.
    """
    session_id = drop(connection, turn_id)
    connection.execute(
        "INSERT INTO tabs(session_id, draft) VALUES (?, ?)"
        " ON CONFLICT(session_id) DO UPDATE SET draft = excluded.draft",
        (session_id, draft),
    )


def reorder(connection: sqlite3.Connection, turn_ids: Sequence[str]) -> list[int]:
    """Give queued turns of one session each other's places, so that they stand in the given order.

    Returns:
        The ordinals, in the order of `turn_ids`.

    Raises:
        StoreConflict: One of them is not queued any more.
    """
    ordinals = [
        ordinal
        for (ordinal,) in connection.execute(
            f"SELECT ordinal FROM turns WHERE status = 'queued' AND turn_id IN ({placeholders(turn_ids)})"
            " ORDER BY ordinal",
            turn_ids,
        )
    ]
    if len(ordinals) != len(turn_ids):
        raise StoreConflict("one of these messages is being answered already")
    # By way of negative places, because two turns of a session may not share one even for a moment.
    connection.executemany(
        "UPDATE turns SET ordinal = -ordinal WHERE turn_id = ?", [(turn_id,) for turn_id in turn_ids]
    )
    connection.executemany("UPDATE turns SET ordinal = ? WHERE turn_id = ?", list(zip(ordinals, turn_ids, strict=True)))
    return ordinals
