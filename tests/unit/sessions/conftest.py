"""A real SQLite file for every test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hector_tui.sessions.database import Database
from hector_tui.sessions.memories import MemoryTable
from hector_tui.sessions.service import SessionService
from hector_tui.sessions.tabs import TabTable


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "sessions.db", tmp_path / "backups")
    yield opened
    await opened.aclose()


@pytest.fixture
def sessions(database: Database) -> SessionService:
    return SessionService(database, "owner-1")


@pytest.fixture
def memories(database: Database) -> MemoryTable:
    return MemoryTable(database)


@pytest.fixture
def tabs(database: Database) -> TabTable:
    return TabTable(database)
