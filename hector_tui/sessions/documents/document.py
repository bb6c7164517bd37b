"""What a session document is: its format, its bounds, and what is read out of one.

Ids of this database have no place in a document: turns are numbered from 1 by where they stand, messages by their `seq`
among those of their agent, memories name the number of their turn. So a document says the same wherever it is read,
and two exports of the same conversation are equal. `docs/handbook.md` describes the fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hector_tui.domain.memories import Memory
from hector_tui.domain.turns import SessionInfo, TurnRecord, TurnStatus

FORMAT = "hector-tui session"
VERSION = 1
"""Goes up when a reader of the version before would misunderstand a document."""

MAX_BYTES = 128 * 1024 * 1024
"""The largest document, and all documents of one import: they are held in memory, and stored while nobody else can
write. A long day of work is one megabyte, a picture of the largest size seven."""
MAX_TURNS = 100_000
MAX_MESSAGES = 100_000
"""Messages of one turn, and parts of one message."""
MAX_MEMORIES = 100_000
MAX_NAME = 10_000
"""Characters of a title, of an id, of the name of a model or a file: what lists show."""
MAX_TIME = 253_402_214_400.0
"""The last day of the year 9999 (seconds since the epoch, UTC); calendars end there."""

SETTLED = tuple(status for status in TurnStatus if not status.is_live)
"""What a turn in a document can be: one that is still being answered belongs to the process that answers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDocument:
    """A session out of a document, under new ids, ready to be stored.

    Attributes:
        records: Its turns, oldest first.
        memories: In the order they were made.
        files: The content of what is attached, by `file_id`; what was lost before the export is not there.
    """

    info: SessionInfo
    records: tuple[TurnRecord, ...]
    memories: tuple[Memory, ...]
    files: Mapping[str, bytes] = field(repr=False)
