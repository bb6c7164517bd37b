"""`DocumentTable`: sessions out of the database as documents, and documents into it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from hector_tui.domain.files import AttachedFile
from hector_tui.domain.turns import SessionInfo, Turn
from hector_tui.sessions import file_rows
from hector_tui.sessions.database import Database
from hector_tui.sessions.documents.document import SessionDocument
from hector_tui.sessions.documents.writer import SessionWriter
from hector_tui.sessions.rows import insert_memories, parts_text, usage_text
from hector_tui.sessions.service import SessionService

_OWNER = "import"
"""Stands where a turn has the process that ran it; a settled turn's owner is asked for by nobody."""


class DocumentTable:
    """Whole sessions.

    Args:
        database: The open file.
        sessions: Reads sessions and their turns.
    """

    def __init__(self, database: Database, sessions: SessionService) -> None:
        self._database = database
        self._sessions = sessions

    def writer(self, session_id: str) -> SessionWriter:
        """What writes a session as a document."""
        return SessionWriter(self._database, self._sessions, session_id)

    async def store(self, documents: Sequence[SessionDocument]) -> list[SessionInfo]:
        """Store the sessions of documents as new ones, all of them or none, and queue their memories for indexing.

        Raises:
            StoreError: Nothing was stored.
        """

        def transaction(connection: sqlite3.Connection) -> None:
            for document in documents:
                _insert(connection, document)

        await self._database.write(transaction)
        return [await self._sessions.get(document.info.session_id) for document in documents]


def _insert(connection: sqlite3.Connection, document: SessionDocument) -> None:
    info = document.info
    connection.execute(
        "INSERT INTO sessions(session_id, agent_id, title, created_at, updated_at, turns, archived, queue_policy,"
        " named, pinned, model, model_window) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            info.session_id,
            info.agent_id,
            info.title,
            info.created_at,
            info.updated_at,
            info.turns,
            info.archived,
            info.queue_policy,
            info.named,
            info.pinned,
            info.model,
            info.model_window,
        ),
    )
    for record in document.records:
        _insert_turn(connection, record.turn)
        attached = [
            AttachedFile(part.name, part.media_type, document.files[part.file_id])
            for part in record.turn.files
            if part.file_id in document.files
        ]
        file_rows.insert(connection, record.turn.key, record.turn.turn_id, attached)
    connection.executemany(
        "INSERT INTO messages(session_id, agent_id, seq, turn_id, role, parts, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (
                record.turn.key.session_id,
                record.turn.key.agent_id,
                stored.seq,
                stored.turn_id,
                stored.message.role.value,
                parts_text(stored.message),
                stored.created_at,
            )
            for record in document.records
            for stored in record.messages
        ),
    )
    insert_memories(connection, document.memories)


def _insert_turn(connection: sqlite3.Connection, turn: Turn) -> None:
    connection.execute(
        "INSERT INTO turns(turn_id, session_id, agent_id, ordinal, status, text, created_at, started_at, finished_at,"
        " error, stop_reason, model, agent_version, usage, owner, files)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            turn.turn_id,
            turn.key.session_id,
            turn.key.agent_id,
            turn.ordinal,
            turn.status.value,
            turn.text,
            turn.created_at,
            turn.started_at,
            turn.finished_at,
            turn.error,
            turn.stop_reason,
            turn.model,
            turn.agent_version,
            usage_text(turn.usage),
            _OWNER,
            file_rows.names_text(turn.files),
        ),
    )
