"""The transactions of a turn's life: accepted, started, settled, or interrupted by the end of its process."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hector_tui.domain.assembly import TurnAssembler
from hector_tui.domain.events import event_from_dict
from hector_tui.domain.files import AttachedFile
from hector_tui.domain.keys import SessionKey, new_id
from hector_tui.domain.memories import Memory
from hector_tui.domain.messages import Message, Role, StoredMessage, user_message
from hector_tui.domain.titles import provisional_title, title_of
from hector_tui.domain.turns import Turn, TurnStatus
from hector_tui.domain.usage import Usage
from hector_tui.errors import SessionError, StoreConflict, UnknownSession
from hector_tui.sessions import file_rows
from hector_tui.sessions.database import placeholders
from hector_tui.sessions.file_rows import names_text
from hector_tui.sessions.rows import dump, insert_memories, parts_text, storable, turn_of, usage_text

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """A batch of a live turn's events, as JSON values.

    Attributes:
        part: Number of the batch within its turn, from 0; storing one twice stores it once.
    """

    turn_id: str
    key: SessionKey
    part: int
    events: Sequence[dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How a turn ended.

    Attributes:
        messages: What was answered, in order, without the user's message.
        memories: What goes to long-term memory, in the same transaction.
    """

    status: TurnStatus
    messages: tuple[Message, ...] = ()
    error: str = ""
    stop_reason: str = ""
    usage: Usage = field(default_factory=Usage)
    memories: tuple[Memory, ...] = ()


def accept(
    connection: sqlite3.Connection,
    key: SessionKey,
    text: str,
    owner_id: str,
    now: float,
    max_turns: int = 0,
    files: Sequence[AttachedFile] = (),
) -> Turn:
    """Append a queued turn to its session; refused when its SessionKey has `max_turns` already, 0 for no limit."""
    changed = connection.execute(
        "UPDATE sessions SET updated_at = ?, turns = turns + 1, archived = 0, title = iif(title = '', ?, title)"
        " WHERE session_id = ? AND deleted_at IS NULL",
        (now, provisional_title(text or ", ".join(file.name for file in files)), key.session_id),
    ).rowcount
    if not changed:
        raise UnknownSession(f"there is no session {key.session_id!r}", hint="It may have been deleted meanwhile.")
    if max_turns:
        _refuse_beyond(connection, key, max_turns)
    (last,) = connection.execute(
        "SELECT coalesce(max(ordinal), 0) FROM turns WHERE session_id = ?", (key.session_id,)
    ).fetchone()
    beat(connection, owner_id, now)
    turn = Turn(
        turn_id=new_id(),
        key=key,
        ordinal=last + 1,
        status=TurnStatus.QUEUED,
        text=text,
        created_at=now,
        files=tuple(file.part for file in files),
    )
    connection.execute(
        "INSERT INTO turns(turn_id, session_id, agent_id, ordinal, status, text, created_at, owner, files)"
        " VALUES (?, ?, ?, ?, 'queued', ?, ?, ?, ?)",
        (turn.turn_id, key.session_id, key.agent_id, turn.ordinal, text, now, owner_id, names_text(turn.files)),
    )
    file_rows.insert(connection, key, turn.turn_id, files)
    connection.execute("UPDATE tabs SET draft = '' WHERE session_id = ?", (key.session_id,))
    return turn


def start(
    connection: sqlite3.Connection, turn_id: str, model: str, agent_version: str, owner_id: str, now: float
) -> tuple[str, ...]:
    """From queued to running; the user's message gets its place among the messages of its SessionKey.

    Returns:
        The owners of earlier turns of the same SessionKey that are still live in other processes; when there are any,
        nothing was changed, because answers come in the order of sending whoever sends.
    """
    turn = _read(connection, turn_id)
    in_the_way = connection.execute(
        "SELECT DISTINCT owner FROM turns WHERE session_id = ? AND agent_id = ? AND ordinal < ? AND owner <> ?"
        " AND status IN ('queued','running','waiting')",
        (turn.key.session_id, turn.key.agent_id, turn.ordinal, owner_id),
    ).fetchall()
    beat(connection, owner_id, now)
    if in_the_way:
        return tuple(owner for (owner,) in in_the_way)
    _move(turn, TurnStatus.RUNNING)
    connection.execute(
        "UPDATE turns SET status = 'running', started_at = ?, model = ?, agent_version = ? WHERE turn_id = ?",
        (now, model, agent_version, turn_id),
    )
    _append(connection, turn, [user_message(turn.text, turn.files)], turn.created_at)
    return ()


def wait(connection: sqlite3.Connection, turn_id: str, waits: bool) -> None:
    """From running to waiting for a person, or back."""
    turn = _read(connection, turn_id)
    status = TurnStatus.WAITING if waits else TurnStatus.RUNNING
    _move(turn, status)
    connection.execute("UPDATE turns SET status = ? WHERE turn_id = ?", (status.value, turn_id))


def settle(connection: sqlite3.Connection, turn_id: str, settlement: Settlement, now: float) -> None:
    """From live to settled, with messages and memories; the journal has done its work."""
    turn = _read(connection, turn_id)
    _move(turn, settlement.status)
    # A turn that never ran gets no message row: an earlier one may still run, here or in another process, and rows
    # stand in the order of answering. What was sent stands in the turn.
    _append(connection, turn, settlement.messages, now)
    connection.execute(
        "UPDATE turns SET status = ?, finished_at = ?, error = ?, stop_reason = ?, usage = ? WHERE turn_id = ?",
        (
            settlement.status.value,
            now,
            storable(settlement.error),
            settlement.stop_reason,
            usage_text(settlement.usage),
            turn_id,
        ),
    )
    if settlement.status is TurnStatus.DONE:
        _name_session(connection, turn, settlement.messages)
    insert_memories(connection, settlement.memories)
    connection.execute("DELETE FROM journal WHERE turn_id = ?", (turn_id,))
    connection.execute("UPDATE sessions SET updated_at = ? WHERE session_id = ?", (now, turn.key.session_id))


def beat(connection: sqlite3.Connection, owner_id: str, now: float) -> None:
    """Renew a process's lease on its live turns."""
    connection.execute(
        "INSERT INTO owners(owner_id, seen_at) VALUES (?, ?) ON CONFLICT(owner_id) DO UPDATE SET seen_at = ?",
        (owner_id, now, now),
    )


def add_to_journal(connection: sqlite3.Connection, entries: Iterable[JournalEntry]) -> None:
    """Append streamed events of live turns; a session deleted meanwhile is left out, or it would fail them all."""
    connection.executemany(
        "INSERT INTO journal(turn_id, part, session_id, agent_id, events)"
        " SELECT ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM turns WHERE turn_id = ? AND status IN ('running','waiting'))"
        " ON CONFLICT(turn_id, part) DO NOTHING",
        [
            (entry.turn_id, entry.part, entry.key.session_id, entry.key.agent_id, dump(entry.events), entry.turn_id)
            for entry in entries
        ],
    )


def interrupt_all(connection: sqlite3.Connection, owners: Sequence[str], now: float) -> list[Turn]:
    """Settle the live turns of processes that ended, with the messages their journals amount to."""
    found = connection.execute(
        "SELECT turn_id FROM turns WHERE status IN ('queued','running','waiting')"
        f" AND owner IN ({placeholders(owners)}) ORDER BY session_id, ordinal",
        owners,
    ).fetchall()
    for (turn_id,) in found:
        interrupted = Settlement(
            status=TurnStatus.INTERRUPTED,
            messages=_journalled_messages(connection, turn_id),
            error="hector-tui ended while this was being answered",
        )
        settle(connection, turn_id, interrupted, now)
    return [_read(connection, turn_id) for (turn_id,) in found]


def _journalled_messages(connection: sqlite3.Connection, turn_id: str) -> tuple[Message, ...]:
    """What a journal amounts to; a batch that cannot be read ends it, so that one never blocks a start."""
    assembler = TurnAssembler()
    rows = connection.execute("SELECT events FROM journal WHERE turn_id = ? ORDER BY part", (turn_id,))
    try:
        for (events,) in rows:
            for data in json.loads(events):
                assembler.apply(event_from_dict(data))
    except ValueError as error:
        logger.warning("the journal of turn %s ends at a damaged batch: %s", turn_id, error)
    return assembler.messages(unfinished="interrupted")


def _name_session(connection: sqlite3.Connection, turn: Turn, messages: Sequence[Message]) -> None:
    """A title from the first exchange, unless a person gave one or there were answers before."""
    session_id = turn.key.session_id
    row = connection.execute(
        "SELECT 1 FROM sessions WHERE session_id = ? AND NOT named AND NOT EXISTS"
        " (SELECT 1 FROM turns WHERE session_id = ? AND status = 'done' AND turn_id <> ?)",
        (session_id, session_id, turn.turn_id),
    ).fetchone()
    if row is None:
        return
    answer = "\n\n".join(message.text for message in messages if message.role is Role.ASSISTANT)
    asked = turn.text or ", ".join(file.name for file in turn.files)
    if title := title_of(asked, answer):
        connection.execute("UPDATE sessions SET title = ? WHERE session_id = ?", (storable(title), session_id))


def _refuse_beyond(connection: sqlite3.Connection, key: SessionKey, max_turns: int) -> None:
    """Counted in the transaction that would add one: of messages sent at once none slips past."""
    (turns,) = connection.execute(
        "SELECT count(*) FROM turns WHERE session_id = ? AND agent_id = ?", (key.session_id, key.agent_id)
    ).fetchone()
    if turns >= max_turns:
        raise SessionError(
            f"this session has {turns:,} messages, the limit `limits.max_turns` of the agent {key.agent_id!r}",
            hint="Begin a new session, or raise the limit.",
        )


def _read(connection: sqlite3.Connection, turn_id: str) -> Turn:
    cursor = connection.execute("SELECT * FROM turns WHERE turn_id = ?", (turn_id,))
    cursor.row_factory = sqlite3.Row
    row = cursor.fetchone()
    if row is None:
        raise StoreConflict(f"there is no turn {turn_id!r}", hint="Its session may have been deleted meanwhile.")
    return turn_of(row)


def _move(turn: Turn, status: TurnStatus) -> None:
    if not turn.status.may_become(status):
        raise StoreConflict(f"a turn that is {turn.status.value} cannot become {status.value}", where=turn.turn_id)


def _append(connection: sqlite3.Connection, turn: Turn, messages: Iterable[Message], now: float) -> list[StoredMessage]:
    key = turn.key
    (last,) = connection.execute(
        "SELECT coalesce(max(seq), 0) FROM messages WHERE session_id = ? AND agent_id = ?",
        (key.session_id, key.agent_id),
    ).fetchone()
    stored = [
        StoredMessage(seq=last + number, turn_id=turn.turn_id, message=message, created_at=now)
        for number, message in enumerate(messages, start=1)
    ]
    connection.executemany(
        "INSERT INTO messages(session_id, agent_id, seq, turn_id, role, parts, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                key.session_id,
                key.agent_id,
                item.seq,
                item.turn_id,
                item.message.role.value,
                parts_text(item.message),
                item.created_at,
            )
            for item in stored
        ],
    )
    return stored
