"""Which versions run here."""

from __future__ import annotations

import platform
import sqlite3
import sys
from contextlib import closing
from importlib import metadata

from hector_tui import __version__
from hector_tui.cli.checks.findings import Finding, Section, broken, fact, good, remark

STRICT_TABLES = (3, 37, 0)
"""The oldest SQLite that understands our tables."""
WAL_RESET_FIXED = (3, 51, 3)
"""SQLite up to 3.51.2 can damage a file in WAL mode when two connections write and checkpoint at the same moment."""

_NEEDED = ("textual", "httpx", "pydantic", "aiosqlite")
_FOR_VECTORS = ("qdrant-edge-py", "qdrant-client")


def versions_section() -> Section:
    """The program, Python, SQLite and the libraries, by their metadata: importing them all would take seconds."""
    python = f"{platform.python_version()} ({platform.python_implementation()}, {sys.executable})"
    return Section(
        "Versions",
        (
            fact("hector-tui", __version__, __version__),
            fact("system", platform.platform(), platform.system()),
            fact("python", python, platform.python_version()),
            sqlite_finding(sqlite3.sqlite_version_info, has_fts5=_has_fts5()),
            *(_package(name, needed=True) for name in _NEEDED),
            *(_package(name, needed=False) for name in _FOR_VECTORS),
        ),
    )


def sqlite_finding(version: tuple[int, int, int], *, has_fts5: bool) -> Finding:
    """Whether a SQLite can hold the sessions, and whether it is one with the WAL-reset race."""
    shown = ".".join(map(str, version))
    if version < STRICT_TABLES:
        return broken("sqlite", f"{shown}; at least {'.'.join(map(str, STRICT_TABLES))} is needed", shown)
    if not has_fts5:
        return broken("sqlite", f"{shown} without FTS5, which searching needs", shown)
    if version < WAL_RESET_FIXED:
        return remark(
            "sqlite",
            f"{shown} has the WAL-reset race (fixed in 3.51.3): very rarely, two processes that write at the same"
            " moment damage the file. One hector-tui per profile is safe",
            shown,
        )
    return good("sqlite", shown, shown)


def _has_fts5() -> bool:
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
    except sqlite3.Error:
        return False
    return True


def _package(name: str, *, needed: bool) -> Finding:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        if needed:
            return broken(name, "not installed; install hector-tui again")
        return remark(name, "not installed; memories are then searched by words alone where it would be used")
    return fact(name, version, version)
