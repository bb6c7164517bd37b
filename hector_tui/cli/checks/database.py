"""The database, looked at without a trace; also while the app runs, and when it is missing, damaged or too new."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hector_tui.cli.checks.findings import Finding, Section, State, broken, fact, good, remark
from hector_tui.cli.checks.locks import is_held
from hector_tui.domain.turns import TurnStatus
from hector_tui.paths import Profile
from hector_tui.sessions.database import BUSY_TIMEOUT_S
from hector_tui.sessions.migrations import MIGRATIONS
from hector_tui.sessions.schema import APPLICATION_ID

_LIVE = tuple(status.value for status in TurnStatus if status.is_live)
_ADVICE = "copy the profile folder before the next start; a file that cannot be opened is renamed, never deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """What the vector store does not know yet.

    Attributes:
        memories: Memories in the database, in the vector store or not.
        missing: Memories that wait.
        deletions: Deletions that wait.
        error: Why the last attempt failed; empty when none did.
    """

    memories: int
    missing: int
    deletions: int
    error: str


@dataclass(frozen=True, slots=True)
class DatabaseLook:
    """What was seen; `outbox` is None when the tables could not be read."""

    section: Section
    outbox: Outbox | None = None


class NotReadable(Exception):
    """The file cannot be read without changing something; the text says why."""


def look_at_database(profile: Profile) -> DatabaseLook:
    """Everything about the file of a profile."""
    log = _log_of(profile.database)
    had_log = log.exists()
    look = _look_once(profile)
    seems_broken = any(finding.state is State.BROKEN for finding in look.section.findings)
    if seems_broken and not had_log and log.exists():
        # The app was started meanwhile and wrote what was being read as a file nobody changes.
        look = _look_once(profile)
    return look


def _look_once(profile: Profile) -> DatabaseLook:
    path = profile.database
    try:
        if not path.stat().st_size:
            return _only(fact("file", "empty; the next start makes its tables"))
        with open_without_a_trace(path) as connection:
            return _look(connection, profile)
    except FileNotFoundError:
        return _only(fact("file", "not there yet; the first start makes it"))
    except NotReadable as error:
        return _only(remark("file", str(error)))
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            return _only(remark("file", "another process keeps it locked; try again"))
        return _only(broken("file", f"cannot be read ({error})"))
    except sqlite3.DatabaseError as error:
        return _only(broken("file", f"damaged, or no database ({error}); {_ADVICE}"))
    except OSError as error:
        return _only(broken("file", f"cannot be read ({error.strerror or error})"))


def open_without_a_trace(path: Path) -> closing[sqlite3.Connection]:
    """A connection that creates and changes nothing.

    `mode=ro` alone would leave `-wal` and `-shm` files behind when nobody has the database open, and rewrite the
    `-shm` file of a process that crashed. Without a write-ahead log the file says everything, and `immutable` reads it
    alone; with one, `readonly_shm` reads its index without touching it (https://www.sqlite.org/wal.html, "Read-Only
    Databases"; os_unix.c).

    Raises:
        NotReadable: There is a log without its index, which only a normal start can make.
        sqlite3.Error: The file cannot be opened.
    """
    log = _log_of(path)
    index = path.with_name(f"{path.name}-shm")
    if not log.exists() or (not index.exists() and not log.stat().st_size):
        mode = "immutable=1"
    elif index.exists():
        mode = "readonly_shm=1"
    else:
        raise NotReadable(f"{log.name} stands there without {index.name}; the next start puts it right")
    address = f"{path.absolute().as_uri()}?mode=ro&{mode}"
    return closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None))


def _log_of(path: Path) -> Path:
    """SQLite's write-ahead log; it stands there while somebody has the database open, or after a crash."""
    return path.with_name(f"{path.name}-wal")


def _only(finding: Finding) -> DatabaseLook:
    return DatabaseLook(Section("Database", (finding,)))


def _look(connection: sqlite3.Connection, profile: Profile) -> DatabaseLook:
    (version,) = _row(connection, "PRAGMA user_version")
    (application,) = _row(connection, "PRAGMA application_id")
    (tables,) = _row(connection, "SELECT count(*) FROM sqlite_schema")
    if tables and application != APPLICATION_ID:
        return _only(broken("file", f"a database of another program; {_ADVICE}"))
    findings = [_quick_check(connection), _schema(version)]
    # Tables of another version may be named otherwise, and those of a damaged file cannot be counted.
    if findings[0].state is State.BROKEN or not 0 < version <= len(MIGRATIONS):
        return DatabaseLook(Section("Database", tuple(findings)))
    # One snapshot for all counts, while another process may be writing.
    connection.execute("BEGIN")
    findings += [*_counts(connection), *_live_turns(connection, profile)]
    outbox = _outbox(connection)
    connection.execute("ROLLBACK")
    return DatabaseLook(Section("Database", tuple(findings)), outbox)


def _quick_check(connection: sqlite3.Connection) -> Finding:
    (answer,) = _row(connection, "PRAGMA quick_check(1)")
    if answer == "ok":
        return good("quick check", "no damage found", "ok")
    return broken("quick check", f"damaged: {answer}; {_ADVICE}", answer)


def _schema(version: int) -> Finding:
    newest = len(MIGRATIONS)
    if version > newest:
        text = f"version {version}; this hector-tui knows {newest}. Update it, or name another profile with --profile"
        return broken("schema", text, version)
    if version < newest:
        return remark("schema", f"version {version}; the next start brings it to {newest}, after a copy", version)
    return good("schema", f"version {version}", version)


def _counts(connection: sqlite3.Connection) -> Iterator[Finding]:
    (sessions,) = _row(connection, "SELECT count(*) FROM sessions")
    yield fact("sessions", f"{sessions:,}", sessions)
    statuses = dict(connection.execute("SELECT status, count(*) FROM turns GROUP BY status ORDER BY 2 DESC"))
    turns = sum(statuses.values())
    listed = ", ".join(f"{number:,} {status}" for status, number in statuses.items())
    yield fact("turns", f"{turns:,} ({listed})" if listed else "0", statuses)
    (messages,) = _row(connection, "SELECT count(*) FROM messages")
    yield fact("messages", f"{messages:,}", messages)
    memories, pinned = _row(connection, "SELECT count(*), coalesce(sum(pinned), 0) FROM memories")
    yield fact("memories", f"{memories:,} ({pinned:,} pinned)" if pinned else f"{memories:,}", memories)


def _live_turns(connection: sqlite3.Connection, profile: Profile) -> Iterator[Finding]:
    """Turns that are being answered, by process; those of a process that is gone were cut off."""
    owners = connection.execute(
        f"SELECT owner, count(*) FROM turns WHERE status IN ({', '.join('?' * len(_LIVE))}) GROUP BY owner", _LIVE
    )
    for owner, number in owners:
        value = {"owner": owner, "turns": number}
        if is_held(profile.locks / f"{owner}.lock"):
            yield good("live turns", f"{number:,} in the running process {owner}", {**value, "running": True})
        else:
            text = f"{number:,} of a process that ended ({owner}); the next start marks them as interrupted"
            yield remark("live turns", text, {**value, "running": False})


def _outbox(connection: sqlite3.Connection) -> Outbox:
    (memories,) = _row(connection, "SELECT count(*) FROM memories")
    (missing,) = _row(connection, "SELECT count(DISTINCT memory_id) FROM outbox WHERE op = 'upsert'")
    (deletions,) = _row(connection, "SELECT count(*) FROM outbox WHERE op = 'delete'")
    failed = connection.execute("SELECT error FROM outbox WHERE error <> '' ORDER BY entry LIMIT 1").fetchone()
    return Outbox(memories=memories, missing=missing, deletions=deletions, error=failed[0] if failed else "")


def _row(connection: sqlite3.Connection, sql: str) -> Sequence[Any]:
    """The row of a query that always has exactly one."""
    row: Sequence[Any] = connection.execute(sql).fetchone()
    return row
