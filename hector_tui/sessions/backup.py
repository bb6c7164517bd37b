"""Copies of the database by SQLite's backup API, and back: made every day by itself, by hand, and restored.

A copy of the file alone would miss what stands in the write-ahead log, or hold half of a transaction. The backup API
reads one snapshot, while others write. A copy gets its name only when it is complete and SQLite's own check found
nothing wrong with it.
"""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from hector_tui.domain.keys import new_id
from hector_tui.errors import StoreCorrupt, StoreError, StoreTooNew
from hector_tui.paths import Profile
from hector_tui.sessions.damage import means_damage, note_of, reason_of
from hector_tui.sessions.database import BUSY_TIMEOUT_S, read_only
from hector_tui.sessions.migrations import MIGRATIONS
from hector_tui.sessions.owner import Owner
from hector_tui.sessions.repair import put_in_place, sync
from hector_tui.sessions.salvage import salvage
from hector_tui.sessions.schema import APPLICATION_ID

_STAMP = "%Y%m%d-%H%M%S"
_STAMP_IN_NAME = re.compile(r"(\d{8}-\d{6})")
_SALVAGE = "`hector-tui restore --salvage FILE` carries over what can be read of a damaged file."
_PAGES = 256
"""Pages copied at a time, 1 MiB; between two steps others get the disk."""
_PAUSE_S = 0.005
_OPERATIONS = 20_000
"""Steps of SQLite's machine between two looks at whether to stop."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A copy of the database.

    Attributes:
        made_at: Seconds since the epoch, UTC; from its name, else from the file.
        size: Bytes.
        problem: Why it cannot be used, in words for a person; empty when it can.
    """

    path: Path
    made_at: float
    size: int
    sessions: int = 0
    turns: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was restored.

    Attributes:
        aside: Where the database is now that was there before; None when there was none.
    """

    backup: Backup
    aside: Path | None


class Stopped(Exception):
    """The copying was told to stop; nothing of it is left."""


def make_backup(
    source: Path,
    target: Path,
    *,
    is_live: bool = True,
    pause_s: float = _PAUSE_S,
    stop: threading.Event | None = None,
) -> Backup:
    """Copy a database that may be in use, and check the copy. Blocks the thread; nobody else has to wait for it.

    Args:
        source: A database of ours.
        target: The new file; readable by its owner only.
        is_live: Whether somebody may be writing to the source; a copy is read without making files beside it.
        pause_s: Seconds between two MiB.
        stop: Set by another thread to give up.

    Raises:
        StoreCorrupt: The source is damaged, or not ours.
        StoreTooNew: It was made by a newer hector-tui.
        StoreError: It cannot be read, or the target cannot be written or is there already.
        Stopped: `stop` was set.
    """
    if target.exists():
        raise StoreError("there is a file with this name", where=str(target), hint="Name another one.")
    part = target.with_name(f".{target.name}.part-{new_id()}")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with read_only(source) if is_live else open_copy(source) as connection:
            _copy(connection, source, part, pause_s, stop or threading.Event())
        sync(part)
        os.replace(part, target)
        sync(target.parent)
    except sqlite3.Error as error:
        _raise_for(error, source, target)
    except OSError as error:
        raise StoreError(
            f"the backup cannot be written ({error.strerror or error})",
            where=str(target),
            hint="Check that the folder is there, yours and writable, and that the disk is not full.",
        ) from error
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            with suppress(OSError):
                part.with_name(part.name + suffix).unlink()
    return look_at(target)


def _copy(source: sqlite3.Connection, path: Path, part: Path, pause_s: float, stop: threading.Event) -> None:
    refuse_foreign(source, path)
    # One snapshot from the first page to the last. Without it the API begins anew after every commit of another
    # connection, and beside a streaming answer that is four times a second.
    source.execute("BEGIN")
    source.execute("SELECT count(*) FROM sqlite_schema").fetchone()

    def pause(_status: int, _remaining: int, _total: int) -> None:
        if stop.is_set():
            raise Stopped
        time.sleep(pause_s)

    with closing(sqlite3.connect(part, isolation_level=None)) as copy:
        # A crash leaves a file that has no name yet; `sync` has it on the disk before it gets one.
        copy.execute("PRAGMA synchronous = OFF")
        source.backup(copy, pages=_PAGES, progress=pause)
        # One file without companions, which can also be read where nothing can be written.
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.set_progress_handler(stop.is_set, _OPERATIONS)
        try:
            (answer,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.OperationalError as error:
            if stop.is_set():
                raise Stopped from error
            raise
    if answer != "ok":
        raise StoreCorrupt(f"the file is damaged ({answer})", where=str(path), hint=_SALVAGE)


def _raise_for(error: sqlite3.Error, source: Path, target: Path) -> NoReturn:
    if means_damage(error):
        raise StoreCorrupt(
            f"the file is damaged, or no database ({reason_of(error)})", where=str(source), hint=_SALVAGE
        ) from error
    raise StoreError(
        f"the database cannot be copied ({error})",
        where=f"{source} to {target}",
        hint="Check that both can be read and written, and that the disk is not full.",
    ) from error


@contextmanager
def open_copy(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads a file nobody writes to: a backup, or a database kept aside, with its log.

    Raises:
        sqlite3.Error: There is no such file, or it cannot be opened.
    """
    # A file without a log says everything; `immutable` reads it without making a log beside it.
    alone = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    address = f"{path.absolute().as_uri()}?mode=ro{alone}"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as connection:
        yield connection


def refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    """Make sure that a file is a database of ours that this hector-tui understands.

    Raises:
        StoreCorrupt: It is not ours.
        StoreTooNew: It was written by a newer hector-tui.
        sqlite3.Error: It cannot be read.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID or version <= 0:
        raise StoreCorrupt("this is no database of hector-tui", where=str(path))
    if version > len(MIGRATIONS):
        raise StoreTooNew(
            f"it has schema version {version}, this hector-tui knows {len(MIGRATIONS)}",
            where=str(path),
            hint="Update hector-tui.",
        )


def look_at(path: Path) -> Backup:
    """What is in a copy; one that cannot be used says why."""
    sessions = turns = 0
    problem = ""
    try:
        with open_copy(path) as connection:
            refuse_foreign(connection, path)
            (sessions,) = connection.execute("SELECT count(*) FROM sessions WHERE turns > 0").fetchone()
            (turns,) = connection.execute("SELECT count(*) FROM turns").fetchone()
    except sqlite3.Error as error:
        problem = f"it cannot be read ({error})"
    except StoreError as error:
        problem = error.message
    try:
        found = path.stat()
        size, changed_at = found.st_size, found.st_mtime
    except OSError:
        size, changed_at = 0, 0.0
    made_at = stamp_of(path.name)
    return Backup(
        path=path,
        made_at=made_at if made_at is not None else changed_at,
        size=size,
        sessions=sessions,
        turns=turns,
        problem=problem,
    )


def list_backups(folder: Path) -> list[Backup]:
    """Every copy in the backups folder, the newest first: daily ones, those made by hand and before migrations."""
    found = [look_at(path) for path in folder.glob("*.db") if not path.name.startswith(".") and path.is_file()]
    return sorted(found, key=lambda backup: (backup.made_at, backup.path.name), reverse=True)


def newest_good(folder: Path) -> Backup | None:
    """The newest copy that can be used."""
    return next((backup for backup in list_backups(folder) if not backup.problem), None)


def stamp_of(name: str) -> float | None:
    """The moment in the name of a copy, as seconds since the epoch; names carry local time."""
    found = _STAMP_IN_NAME.search(name)
    try:
        return time.mktime(time.strptime(found[1], _STAMP)) if found else None
    except (ValueError, OverflowError):
        return None


def new_name(folder: Path, word: str = "") -> Path:
    """A name for a copy made now; two of one second get different ones.

    Args:
        folder: Where to.
        word: Why it is made; a copy with one is not counted among the daily ones and never deleted.
    """
    end = f"-{word}" if word else ""
    name = f"sessions-{time.strftime(_STAMP)}{end}"
    path = folder / f"{name}.db"
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.db"
    return path


def restore(profile: Profile, chosen: Path, *, salvages: bool = False) -> Restored:
    """Put a copy of a backup in the place of a profile's database, which is kept under another name.

    The vector store is told nothing: without its mark the next start fills it again from the restored database.

    Args:
        profile: Whose database; no process may be using it.
        chosen: The backup, or a database that was kept aside.
        salvages: Carry over what can be read of a damaged file, however long it takes, and do not check it.

    Raises:
        StoreCorrupt: The chosen file is damaged, or not ours.
        StoreTooNew: It was made by a newer hector-tui.
        StoreError: It cannot be read, a process uses the profile, or the folder cannot be written.
        ProfileError: The profile cannot be used.
    """
    if not chosen.is_file():
        raise StoreError(
            "there is no such file", where=str(chosen), hint="`hector-tui restore list` shows what there is."
        )
    profile.prepare()
    owner = Owner(profile.locks)
    try:
        with owner.alone() as is_alone:
            if not is_alone:
                raise StoreError(
                    "a hector-tui is using this profile", where=str(profile.root), hint="Close it, then restore again."
                )
            return _replace(profile, chosen, salvages=salvages)
    finally:
        owner.close()


def _replace(profile: Profile, chosen: Path, *, salvages: bool) -> Restored:
    path = profile.database
    fresh = path.with_name(f"{path.name}.restore-{new_id()}")
    try:
        if salvages:
            if not salvage(chosen, fresh, limit_s=float("inf")):
                raise StoreError("nothing of this file can be read", where=str(chosen))
        else:
            make_backup(chosen, fresh, is_live=False, pause_s=0.0)
        found = look_at(fresh)
        # Before the database: a crash between the two costs an index that is made once more, and never a wrong one.
        for mark in profile.vector_marks:
            mark.unlink(missing_ok=True)
        aside = put_in_place(fresh, path, "before-restore")
        note_of(path).unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            f"the backup cannot be put in its place ({error})",
            where=str(path),
            hint="Check that the profile folder is writable and the disk not full. Nothing is lost.",
        ) from error
    finally:
        fresh.unlink(missing_ok=True)
    logger.info("%s was restored from %s", path, chosen)
    return Restored(
        backup=replace(found, path=chosen, made_at=look_at(chosen).made_at), aside=aside if aside.exists() else None
    )
