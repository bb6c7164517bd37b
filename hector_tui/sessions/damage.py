"""Finds out whether a database file is damaged, without changing a byte of it.

Most of this is over in a millisecond. The long look is taken only when there is a reason: the last process ended
without closing the file, or met damage and left a note.
"""

from __future__ import annotations

import logging
import sqlite3
import struct
import time
from contextlib import closing, suppress
from pathlib import Path

from hector_tui.sessions.migrations import MIGRATIONS
from hector_tui.sessions.pages import MAGIC, page_size_of
from hector_tui.sessions.salvage import TABLES, has_sense
from hector_tui.sessions.schema import APPLICATION_ID

UNCLEAN_LIMIT_S = 1.0
"""Seconds for the look after an unclean end, where damage is unlikely."""
NOTED_LIMIT_S = 10.0
"""Seconds for the look after damage was met."""
_OPERATIONS = 10_000
"""Steps of SQLite's machine between two looks at the clock."""
_UNDECODABLE = "Could not decode to UTF-8"
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BUSY_TIMEOUT_S = 5.0

_HEADER = struct.Struct(">16sHBBB3BIIIIIIIIIII")
"""The header of the file up to byte 68 (https://www.sqlite.org/fileformat2.html#the_database_header)."""

logger = logging.getLogger(__name__)


def means_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite says with this that the file is damaged or no database, and not that it is busy or full."""
    # SQLite does not look at the characters of a text; Python does.
    return _code(error) in _DAMAGE or _UNDECODABLE in str(error)


def reason_of(error: sqlite3.Error) -> str:
    """What SQLite says about the damage. Python would put the words that it could not decode into a message."""
    text = str(error)
    return "a text in it is damaged" if _UNDECODABLE in text else text


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 for what Python's own module raises, such as for a closed connection."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & 0xFF


def note_damage(path: Path, reason: str) -> None:
    """Leave a note beside the file, so that the next start looks at all of it."""
    with suppress(OSError):  # a start without the note takes the short look, and may still find it
        note_of(path).write_text(f"{reason}\n", encoding="utf-8")


def note_of(path: Path) -> Path:
    """Where the note stands."""
    return path.with_name(f"{path.name}.suspect")


def find_damage(path: Path, *, limit_s: float = 0.0) -> str:
    """What is wrong with a file, in words for a person; empty when nothing is, or when only opening it can tell.

    Args:
        path: The file. One that is not there is not damaged, unless its write-ahead log is.
        limit_s: Seconds for SQLite's quick check of every page; 0 for none. A check that takes longer has found
            nothing until then.
    """
    if path.is_dir():
        return "a folder stands in its place"
    try:
        size = path.stat().st_size
        header = _header(path)
    except FileNotFoundError:
        size, header = 0, b""
    except OSError:
        return ""
    if not size:
        # SQLite would delete the log of an empty file, with everything that was committed to it.
        return "it is empty, but its write-ahead log is not" if has_log(path) else ""
    if not _is_plausible(header):
        return "it is no SQLite database, or its first bytes are damaged"
    # SQLite would fill the page up with zeros. Beside a log it may be half of what is about to be copied from there.
    if size % page_size_of(header) and not has_log(path):
        return "it ends in the middle of a page"
    try:
        return _look_inside(path, limit_s)
    except sqlite3.Error as error:
        return reason_of(error) if means_damage(error) else ""
    except UnicodeDecodeError:
        return "its schema is damaged"  # Python could not even read SQLite's complaint


def has_log(path: Path) -> bool:
    """Whether transactions stand in the write-ahead log: the file is in use, or its last user did not close it."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except OSError:
        return False


def _header(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(100)


def _is_plausible(header: bytes) -> bool:
    """What SQLite takes as it comes and then cannot work with, for example by refusing every write for ever."""
    if len(header) < _HEADER.size or header[:16] != MAGIC:
        return False
    _, _, write, read, _, *fractions, _, pages, trunk, free, _, schema_format, _, largest_root, encoding, _, vacuum = (
        _HEADER.unpack_from(header)
    )
    return (
        write in (1, 2)
        and read in (1, 2)
        and fractions == [64, 32, 32]
        # The free pages: none, or a list that begins within the file.
        and (trunk == 0) == (free == 0)
        and trunk <= pages
        and free <= pages
        and schema_format <= 4
        and encoding <= 3
        # We never turn automatic vacuum on; with it SQLite would take pages of rows for pages of its own.
        and largest_root == vacuum == 0
    )


def _look_inside(path: Path, limit_s: float) -> str:
    # Read-only: a normal connection would fold the write-ahead log into a file that is to be kept as it is.
    address = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None)) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if not tables:
            return ""
        if application != APPLICATION_ID:
            return "it is a database of another program"
        if version <= 0:
            return "its version number is damaged"
        if version != len(MIGRATIONS):
            return ""  # an older one is about to be migrated, a newer one to be refused
        return _wrong_tables(connection) or (_long_look(connection, limit_s) if limit_s else "")


def _wrong_tables(connection: sqlite3.Connection) -> str:
    for table, columns in TABLES.items():
        try:
            connection.execute(f"SELECT {', '.join(columns)} FROM {table} LIMIT 0")
        except sqlite3.OperationalError as error:
            if _code(error) == sqlite3.SQLITE_ERROR:
                return f"its tables are damaged ({error})"
            raise
    return ""


def _long_look(connection: sqlite3.Connection, limit_s: float) -> str:
    deadline = time.monotonic() + limit_s
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _OPERATIONS)
    try:
        (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if answer != "ok":
            return str(answer).splitlines()[-1]  # the lines before tell in which database
        for table in TABLES:
            for row in connection.execute(f"SELECT {', '.join(TABLES[table])} FROM {table}"):
                if not has_sense(table, row):
                    return f"a row of {table} is damaged"
        return ""
    except sqlite3.OperationalError as error:
        if _code(error) == sqlite3.SQLITE_ERROR:
            # SQLite asks the index of words to check itself, and that reads through a view whose text may be damaged.
            return f"its schema is damaged ({error})"
        if _code(error) != sqlite3.SQLITE_INTERRUPT:
            raise
        logger.info("the database is too large to look at all of it; nothing was found in %.0f s", limit_s)
        return ""
