"""Carries the rows that can still be read in a damaged database over into a new one.

Nothing is made up: a row is taken as it stands or not at all. What only held other rows together - a session, or a turn
whose row is lost while its messages are there - is put together from those rows, because an answer should not be lost
with the page that held its title.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hector_tui.domain.messages import Role, part_from_dict
from hector_tui.domain.turns import TurnStatus
from hector_tui.domain.usage import Usage
from hector_tui.sessions.file_rows import names_of
from hector_tui.sessions.migrations import migrate
from hector_tui.sessions.orphans import adopt_orphans
from hector_tui.sessions.pages import DamagedFile, Value

LIMIT_S = 5.0
"""Seconds of reading, after which a start goes on with what there is."""
_LONGEST_S = 1e11
"""Seconds since the epoch; a time beyond that is damage, and `time.localtime` would raise for it."""
_LARGEST = 2**53

logger = logging.getLogger(__name__)

Kind = Literal["row", "key", "text", "bytes", "number", "number or none", "time", "time or none"]
"""What a column holds: the rowid, an id that is never empty, text, bytes, a count, or seconds since the epoch."""

TABLES: Mapping[str, Mapping[str, Kind]] = {
    "sessions": {
        "session_id": "key",
        "agent_id": "key",
        "title": "text",
        "created_at": "time",
        "updated_at": "time",
        "turns": "number",
        "archived": "number",
        "queue_policy": "text",
        "named": "number",
        "pinned": "number",
        "deleted_at": "time or none",
        "model": "text",
        "model_window": "number",
    },
    "turns": {
        "turn_id": "key",
        "session_id": "key",
        "agent_id": "key",
        "ordinal": "number",
        "status": "text",
        "text": "text",
        "created_at": "time",
        "started_at": "time or none",
        "finished_at": "time or none",
        "error": "text",
        "stop_reason": "text",
        "model": "text",
        "agent_version": "text",
        "usage": "text",
        "owner": "text",
        "files": "text",
    },
    "messages": {
        "message_id": "row",
        "session_id": "key",
        "agent_id": "key",
        "seq": "number",
        "turn_id": "key",
        "role": "text",
        "parts": "text",
        "created_at": "time",
    },
    "tabs": {
        "session_id": "key",
        "position": "number or none",
        "active": "number",
        "beside": "number",
        "draft": "text",
        "seen_ordinal": "number",
    },
    "files": {
        "row": "row",
        "session_id": "key",
        "agent_id": "key",
        "turn_id": "key",
        "file_id": "key",
        "content": "bytes",
    },
    "memories": {
        "row": "row",
        "memory_id": "key",
        "session_id": "key",
        "agent_id": "key",
        "kind": "text",
        "role": "text",
        "text": "text",
        "created_at": "time",
        "turn_id": "text",
        "pinned": "number",
    },
}
"""The tables that are salvaged, with their columns in the order of the schema. The journal, the outbox and the index of
words are not: the first belongs to turns that were cut off, the others are made again."""

_BY_WIDTH = {
    width: tuple(table for table, columns in TABLES.items() if len(columns) == width)
    for width in {len(columns) for columns in TABLES.values()}
}
"""The tables by their number of columns."""
_INSERT = {
    table: f"INSERT OR IGNORE INTO {table}({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    for table, columns in TABLES.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvage:
    """What was carried over.

    Attributes:
        is_cut: The time was up before the whole file was read.
    """

    sessions: int = 0
    turns: int = 0
    messages: int = 0
    memories: int = 0
    is_cut: bool = False

    def __bool__(self) -> bool:
        return bool(self.sessions or self.turns or self.messages or self.memories)


def salvage(
    path: Path, target: Path, *, limit_s: float = LIMIT_S, clock: Callable[[], float] = time.monotonic
) -> Salvage:
    """Make a new database with the rows that can still be read.

    Args:
        path: The damaged file; read only.
        target: The new file; it is not there yet.
        limit_s: Seconds of reading. The newest pages come first, so what is missing then is old.
        clock: Seconds, monotonic.

    Raises:
        sqlite3.Error: The new file cannot be written, for example because the disk is full.
        OSError: It cannot be made.
    """
    deadline = clock() + limit_s
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        # Until the file stands whole in its place, nobody needs it after a crash.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = MEMORY")
        migrate(connection, target, target.parent)
        connection.execute("BEGIN")
        is_cut = _copy_rows(connection, path, deadline, clock)
        adopt_orphans(connection)
        _queue_for_vectors(connection)
        connection.execute("COMMIT")
        counts = {table: _count(connection, table) for table in ("sessions", "turns", "messages", "memories")}
    return Salvage(**counts, is_cut=is_cut)


def _copy_rows(connection: sqlite3.Connection, path: Path, deadline: float, clock: Callable[[], float]) -> bool:
    """Copy what can be read; returns whether the time was up before the end."""
    with DamagedFile(path, path.with_name(f"{path.name}-wal")) as damaged:
        for number in range(damaged.pages, 1, -1):
            for table, rows in _rows_of_page(damaged, number).items():
                # One that breaks a rule of the schema, or is there twice, is left out.
                connection.executemany(_INSERT[table], rows)
            if clock() > deadline:
                return number > 2
    return False


def _rows_of_page(damaged: DamagedFile, number: int) -> dict[str, list[Sequence[Value]]]:
    found: dict[str, list[Sequence[Value]]] = {}
    for rowid, values in damaged.rows(number):
        for table in _BY_WIDTH.get(len(values), ()):
            row = _fitting(table, rowid, values)
            if row is not None and has_sense(table, row):
                found.setdefault(table, []).append(row)
    return found


def _fitting(table: str, rowid: int, values: Sequence[Value]) -> list[Value] | None:
    """A row of a table, if as many values as it has columns can be one."""
    row: list[Value] = []
    for kind, value in zip(TABLES[table].values(), values, strict=True):
        match kind, value:
            case "row", None if rowid > 0:
                row.append(rowid)
            case "key", str() if value.strip() and "\ufffd" not in value:
                row.append(value)
            case ("text", str()) | ("bytes", bytes()):
                row.append(value)
            case (("number" | "number or none"), int()) if 0 <= value < _LARGEST:
                row.append(value)
            # SQLite stores a REAL without a fraction as an integer.
            case (("time" | "time or none"), (int() | float())) if 0 <= value < _LONGEST_S:
                row.append(float(value))
            case (("number or none" | "time or none"), None):
                row.append(None)
            case _:
                return None
    return row


def has_sense(table: str, row: Sequence[Value]) -> bool:
    """Whether a row's words and JSON can be read; the program would stumble over it for ever.

    SQLite's own check looks at no CHECK where it may only read.
    """
    try:
        match table:
            case "messages":
                Role(str(row[5]))
                for part in json.loads(str(row[6])):
                    part_from_dict(part)
            case "turns":
                TurnStatus(str(row[4]))
                Usage(**json.loads(str(row[13])))
                names_of(str(row[15]))
            case "files":
                content = row[5]
                return isinstance(content, bytes) and hashlib.sha256(content).hexdigest() == row[4]
    except (ValueError, TypeError, AttributeError):
        return False
    return True


def _queue_for_vectors(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO outbox(op, memory_id, session_id, agent_id, created_at)"
        " SELECT 'upsert', memory_id, session_id, agent_id, created_at FROM memories ORDER BY row"
    )


def _count(connection: sqlite3.Connection, table: str) -> int:
    (number,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(number)
