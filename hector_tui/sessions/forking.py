"""A new session that begins with what was said in another one.

Turns, messages, files and memories are copied, not shared: every row belongs to one SessionKey, so deleting either
session leaves the other whole. Tokens are not copied, they were spent once; nor is what tools may do without asking,
which was allowed for the other session. The source is not touched.
"""

from __future__ import annotations

import re
import sqlite3

from hector_tui.domain.keys import SessionKey, new_id, point_id
from hector_tui.domain.memories import Memory, MemoryKind
from hector_tui.errors import UnknownSession
from hector_tui.sessions.rows import insert_memories

_NUMBERED = re.compile(r"^(.*?)(?: \(fork(?: \d+)?\))?$", re.DOTALL)
_COPIED = "t.session_id = ? AND t.ordinal <= ? AND t.status IN ('done','failed','cancelled','interrupted')"
"""What is still being answered, or waits, stays where it was sent."""


def fork(connection: sqlite3.Connection, source_id: str, up_to: int, now: float) -> str:
    """Copy a session up to a turn; returns the new session's id.

    Args:
        connection: In a transaction.
        source_id: The session that is copied.
        up_to: The ordinal of the last turn that is copied; 0 copies none.
        now: Seconds since the epoch, UTC.

    Raises:
        UnknownSession: There is no such session.
    """
    source = connection.execute(
        "SELECT agent_id, title, named, queue_policy, model, model_window FROM sessions"
        " WHERE session_id = ? AND deleted_at IS NULL",
        (source_id,),
    ).fetchone()
    if source is None:
        raise UnknownSession(f"there is no session {source_id!r}")
    agent_id, title, named, *chosen = source
    session_id = new_id()
    connection.execute(
        "INSERT INTO sessions(session_id, agent_id, title, created_at, updated_at, named, queue_policy, model,"
        " model_window) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (session_id, agent_id, fork_title(connection, title), now, now, named, *chosen),
    )
    # The session's id and the ordinal make an id that no other turn has; so the messages find their turns by a join.
    connection.execute(
        "INSERT INTO turns(turn_id, session_id, agent_id, ordinal, status, text, created_at, started_at, finished_at,"
        " error, stop_reason, model, agent_version, files, owner)"
        " SELECT ? || '-' || ordinal, ?, agent_id, ordinal, status, text, created_at, started_at, finished_at,"
        f" error, stop_reason, model, agent_version, files, 'fork' FROM turns t WHERE {_COPIED} ORDER BY ordinal",
        (session_id, session_id, source_id, up_to),
    )
    connection.execute(
        "INSERT INTO messages(session_id, agent_id, seq, turn_id, role, parts, created_at)"
        " SELECT ?, m.agent_id, row_number() OVER (PARTITION BY m.agent_id ORDER BY m.seq), ? || '-' || t.ordinal,"
        f" m.role, m.parts, m.created_at FROM messages m JOIN turns t USING (turn_id) WHERE {_COPIED}"
        " ORDER BY m.message_id",
        (session_id, session_id, source_id, up_to),
    )
    connection.execute(
        "INSERT INTO files(session_id, agent_id, turn_id, file_id, content)"
        " SELECT ?, f.agent_id, ? || '-' || t.ordinal, f.file_id, f.content"
        f" FROM files f JOIN turns t USING (turn_id) WHERE {_COPIED} ORDER BY f.row",
        (session_id, session_id, source_id, up_to),
    )
    connection.execute(
        "UPDATE sessions SET turns = (SELECT count(*) FROM turns WHERE session_id = ?) WHERE session_id = ?",
        (session_id, session_id),
    )
    _copy_memories(connection, source_id, up_to, session_id)
    return session_id


def _copy_memories(connection: sqlite3.Connection, source_id: str, up_to: int, session_id: str) -> None:
    """What the copied turns left to long-term memory, and what a person noted before the last of them ended."""
    rows = connection.execute(
        "SELECT m.memory_id, m.agent_id, m.kind, m.role, m.text, m.created_at, m.pinned,"
        " iif(t.turn_id IS NULL, '', ? || '-' || t.ordinal)"
        f" FROM memories m LEFT JOIN turns t ON t.turn_id = m.turn_id AND {_COPIED}"
        " WHERE m.session_id = ? AND (t.turn_id IS NOT NULL OR (m.turn_id = '' AND m.created_at <="
        f" (SELECT max(t.finished_at) FROM turns t WHERE {_COPIED}))) ORDER BY m.row",
        (session_id, source_id, up_to, source_id, source_id, up_to),
    ).fetchall()
    memories = []
    for memory_id, agent_id, kind, role, text, created_at, pinned, turn_id in rows:
        key = SessionKey(session_id, agent_id)
        memories.append(
            Memory(
                memory_id=point_id(key, f"fork:{memory_id}"),
                key=key,
                kind=MemoryKind(kind),
                role=role,
                text=text,
                created_at=created_at,
                turn_id=turn_id,
                pinned=bool(pinned),
            )
        )
    insert_memories(connection, memories)


def fork_title(connection: sqlite3.Connection, title: str) -> str:
    """The source's title with `(fork)`, or the first number that is free; empty stays empty."""
    if not title:
        return ""
    found = _NUMBERED.match(title)
    base = found[1] if found is not None else title
    start = f"{base} (fork"
    rows = connection.execute("SELECT title FROM sessions WHERE substr(title, 1, ?) = ?", (len(start), start))
    taken = {other for (other,) in rows}
    number = 1
    while (name := f"{start})" if number == 1 else f"{start} {number})") in taken:
        number += 1
    return name
