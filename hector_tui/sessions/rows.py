"""From rows to values and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from functools import lru_cache
from sys import intern

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import Memory, MemoryKind
from hector_tui.domain.messages import Message, Role, StoredMessage, part_from_dict, part_to_dict
from hector_tui.domain.turns import SessionInfo, TabInfo, Turn, TurnStatus
from hector_tui.domain.usage import Usage
from hector_tui.errors import StoreCorrupt
from hector_tui.sessions.file_rows import names_of

Row = sqlite3.Row
_NONSENSE = (ValueError, TypeError, AttributeError)
"""What JSON raises that is damaged, or is whole and says something else than was stored."""


def dump(value: object) -> str:
    """JSON as it is stored.

    A lone surrogate cannot be bound by SQLite; `ensure_ascii` writes it as an escape, so every Python string survives.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True)


def storable(text: str) -> str:
    """Text that SQLite takes: lone surrogates, which are no text, become `?`."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text


def parts_text(message: Message) -> str:
    """The parts of a message as stored."""
    return dump([part_to_dict(part) for part in message.parts])


def message_of(row: Row) -> StoredMessage:
    """A row of `messages`.

    Raises:
        StoreCorrupt: It holds what this program never wrote.
    """
    try:
        parts = tuple(part_from_dict(part) for part in json.loads(row["parts"]))
        message = Message(Role(row["role"]), parts)
    except _NONSENSE as error:
        raise damaged("message", row["message_id"], error) from error
    return StoredMessage(seq=row["seq"], turn_id=row["turn_id"], message=message, created_at=row["created_at"])


def damaged(kind: str, row_id: object, reason: object) -> StoreCorrupt:
    """The error for one row that holds what this program never wrote."""
    return StoreCorrupt(
        f"the {kind} {row_id} is damaged in the database ({reason})",
        hint="Start hector-tui again: everything else is carried over, and a backup can be restored.",
    )


def usage_text(usage: Usage) -> str:
    """Usage as stored."""
    return dump(asdict(usage))


@lru_cache(maxsize=4)
def _key_of(session_id: str, agent_id: str) -> SessionKey:
    """One key for all turns of a page: with its strings it is as large as a short question.

    No more than a few are kept: sessions that were closed leave nothing behind.
    """
    return SessionKey(session_id, agent_id)


def turn_of(row: Row) -> Turn:
    """A row of `turns`.

    Raises:
        StoreCorrupt: It holds what this program never wrote.
    """
    try:
        status = TurnStatus(row["status"])
        usage = Usage(**json.loads(row["usage"]))
        files = names_of(row["files"])
        # The same few words in all turns, of which SQLite makes new ones for each.
        stop_reason, model, agent_version = map(intern, (row["stop_reason"], row["model"], row["agent_version"]))
    except _NONSENSE as error:
        raise damaged("turn", row["turn_id"], error) from error
    return Turn(
        turn_id=row["turn_id"],
        key=_key_of(row["session_id"], row["agent_id"]),
        ordinal=row["ordinal"],
        status=status,
        text=row["text"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        error=row["error"],
        stop_reason=stop_reason,
        model=model,
        agent_version=agent_version,
        usage=usage,
        files=files,
    )


def session_of(row: Row) -> SessionInfo:
    """A row of `sessions`."""
    return SessionInfo(
        session_id=row["session_id"],
        agent_id=row["agent_id"],
        title=row["title"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        turns=row["turns"],
        archived=bool(row["archived"]),
        queue_policy=row["queue_policy"],
        named=bool(row["named"]),
        pinned=bool(row["pinned"]),
        deleted_at=row["deleted_at"],
        model=row["model"],
        model_window=row["model_window"],
    )


def tab_of(row: Row) -> TabInfo:
    """A row of `tabs`."""
    return TabInfo(
        session_id=row["session_id"],
        position=row["position"] if row["position"] is not None else -1,
        draft=row["draft"],
        active=bool(row["active"]),
        beside=bool(row["beside"]),
        seen_ordinal=row["seen_ordinal"],
    )


def memory_of(row: Row) -> Memory:
    """A row of `memories` with a column `waiting` that counts its entries in the outbox."""
    return Memory(
        memory_id=row["memory_id"],
        key=SessionKey(row["session_id"], row["agent_id"]),
        kind=MemoryKind(row["kind"]),
        role=row["role"],
        text=row["text"],
        created_at=row["created_at"],
        turn_id=row["turn_id"],
        pinned=bool(row["pinned"]),
        indexed=not row["waiting"],
    )


def insert_memories(connection: sqlite3.Connection, memories: Iterable[Memory]) -> int:
    """Store memories and their outbox entries in the running transaction; one that exists already is left as it is.

    Returns:
        How many were new.
    """
    new = 0
    for memory in memories:
        inserted = connection.execute(
            "INSERT INTO memories(memory_id, session_id, agent_id, kind, role, text, created_at, turn_id, pinned)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(memory_id) DO NOTHING",
            (
                memory.memory_id,
                memory.key.session_id,
                memory.key.agent_id,
                memory.kind.value,
                memory.role,
                storable(memory.text),
                memory.created_at,
                memory.turn_id,
                memory.pinned,
            ),
        ).rowcount
        if inserted:
            new += 1
            connection.execute(
                "INSERT INTO outbox(op, memory_id, session_id, agent_id, created_at) VALUES ('upsert', ?, ?, ?, ?)",
                (memory.memory_id, memory.key.session_id, memory.key.agent_id, memory.created_at),
            )
    return new
