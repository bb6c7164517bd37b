"""What a command imports. Each of these starts a process, because this one has imported everything already."""

from __future__ import annotations

import pytest

from tests.cli.support import python

HEAVY = (
    "textual",
    "rich",
    "pydantic",
    "httpx",
    "ruamel",
    "qdrant_edge",
    "qdrant_client",
    "numpy",
    "aiosqlite",
    "sqlite3",
    "asyncio",
)
PROBE = """
import sys
from hector_tui.cli import main
try:
    status = main({arguments!r})
except SystemExit as stop:
    status = stop.code
found = [name for name in {names!r} if name in sys.modules]
print("status", status, "imported", *found)
"""


def imported(arguments: list[str], names: tuple[str, ...]) -> str:
    result = python(PROBE.format(arguments=arguments, names=names))
    assert "Traceback" not in result.stderr
    return result.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "status"), [(["--version"], 0), (["ask", "--help"], 0), (["--bogus"], 2), ([], 1)]
)
def test_help_version_and_refusals_import_nothing_heavy(arguments: list[str], status: int) -> None:
    assert imported(arguments, HEAVY) == f"status {status} imported"


def test_a_list_of_sessions_needs_the_database_alone() -> None:
    names = ("sqlite3", "pydantic", "httpx", "textual", "qdrant_edge", "hector_tui.engine", "hector_tui.memory")
    assert imported(["sessions", "list"], names) == "status 0 imported sqlite3"
