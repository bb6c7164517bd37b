"""Rows whose parent is lost: a place is made for them where their own content says which, else they are left out."""

from __future__ import annotations

import json
import sqlite3

from hector_tui.domain.messages import FilePart, Message, Role, part_from_dict
from hector_tui.sessions.file_rows import names_text

_TITLE_CHARACTERS = 48


def adopt_orphans(connection: sqlite3.Connection) -> None:
    """Make the foreign keys of salvaged rows valid, in the running transaction; enforcement is off.

    A lost turn is put together from its messages, a lost session from its turns and memories.
    """
    _adopt_messages(connection)
    _adopt_turns_and_memories(connection)
    # A message belongs where its turn belongs, whatever damage made of its own id.
    connection.execute(
        "UPDATE OR IGNORE messages SET session_id = turns.session_id FROM turns"
        " WHERE messages.turn_id = turns.turn_id AND messages.session_id <> turns.session_id"
    )
    for table in ("messages", "tabs"):
        connection.execute(f"DELETE FROM {table} WHERE session_id NOT IN (SELECT session_id FROM sessions)")
    connection.execute(
        "DELETE FROM files WHERE NOT EXISTS"
        " (SELECT 1 FROM turns WHERE turns.turn_id = files.turn_id AND turns.session_id = files.session_id)"
    )


def _adopt_messages(connection: sqlite3.Connection) -> None:
    lost = connection.execute(
        "SELECT turn_id, session_id, agent_id, min(message_id), min(created_at), max(created_at),"
        " iif(max(role = 'assistant'), 'done', 'interrupted'),"
        " coalesce(max(iif(role = 'user', parts, NULL)), '[]')"
        " FROM messages WHERE turn_id NOT IN (SELECT turn_id FROM turns)"
        " GROUP BY turn_id ORDER BY session_id, min(message_id)"
    ).fetchall()
    for turn_id, session_id, agent_id, message_id, begun, ended, status, parts in lost:
        question = Message(Role.USER, tuple(part_from_dict(part) for part in json.loads(parts)))
        connection.execute(
            "INSERT INTO turns(turn_id, session_id, agent_id, ordinal, status, text, created_at, finished_at, files,"
            " owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'salvage')",
            (
                turn_id,
                session_id,
                agent_id,
                _free_ordinal(connection, session_id, message_id),
                status,
                question.text,
                begun,
                ended,
                names_text(part for part in question.parts if isinstance(part, FilePart)),
            ),
        )


def _free_ordinal(connection: sqlite3.Connection, session_id: str, message_id: int) -> int:
    """The next free place after the turn before: messages are stored in the order in which turns begin."""
    before = connection.execute(
        "SELECT t.ordinal FROM messages m JOIN turns t USING (turn_id)"
        " WHERE m.session_id = ? AND m.message_id < ? ORDER BY m.message_id DESC LIMIT 1",
        (session_id, message_id),
    ).fetchone()
    place: int = before[0] + 1 if before else 1
    taken = connection.execute(
        "SELECT ordinal FROM turns WHERE session_id = ? AND ordinal >= ? ORDER BY ordinal", (session_id, place)
    )
    for (ordinal,) in taken:
        if ordinal != place:
            break
        place += 1
    return place


def _adopt_turns_and_memories(connection: sqlite3.Connection) -> None:
    lost = connection.execute(
        "SELECT session_id, min(created_at), max(created_at), sum(is_turn) FROM ("
        " SELECT session_id, created_at, 1 AS is_turn FROM turns"
        " UNION ALL SELECT session_id, created_at, 0 FROM memories"
        ") WHERE session_id NOT IN (SELECT session_id FROM sessions) GROUP BY session_id"
    ).fetchall()
    for session_id, begun, ended, turns in lost:
        # The agent of the first turn is the session's own; others were called into it later.
        agent_id, text = connection.execute(
            "SELECT agent_id, text FROM (SELECT agent_id, text, ordinal FROM turns WHERE session_id = ?"
            " UNION ALL SELECT agent_id, '', 9e99 FROM memories WHERE session_id = ?) ORDER BY ordinal LIMIT 1",
            (session_id, session_id),
        ).fetchone()
        connection.execute(
            "INSERT INTO sessions(session_id, agent_id, title, created_at, updated_at, turns)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (session_id, agent_id, " ".join(text.split())[:_TITLE_CHARACTERS], begun, ended, turns),
        )
