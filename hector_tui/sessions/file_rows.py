"""The content of attached files. Messages hold their names only, so that reading a history costs no megabytes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from hector_tui.domain.files import AttachedFile
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.messages import FilePart, part_from_dict, part_to_dict


def insert(connection: sqlite3.Connection, key: SessionKey, turn_id: str, files: Iterable[AttachedFile]) -> None:
    """Store what is attached to a turn; the same content twice in one turn is stored once."""
    connection.executemany(
        "INSERT INTO files(session_id, agent_id, turn_id, file_id, content) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT(turn_id, file_id) DO NOTHING",
        [(key.session_id, key.agent_id, turn_id, file.part.file_id, file.content) for file in files],
    )


def names_text(files: Iterable[FilePart]) -> str:
    """The files of a turn as stored in its row."""
    return json.dumps([part_to_dict(part) for part in files], separators=(",", ":"), ensure_ascii=True)


def names_of(text: str) -> tuple[FilePart, ...]:
    """The files that `names_text` wrote.

    Raises:
        ValueError: It holds something else.
    """
    parts = tuple(part_from_dict(data) for data in json.loads(text))
    if not all(isinstance(part, FilePart) for part in parts):
        raise ValueError("a turn has files that are none")
    return tuple(part for part in parts if isinstance(part, FilePart))
