"""A database with a few hundred messages, everything in it as a set of rows, and ways to damage it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from hector_tui.domain.files import AttachedFile
from hector_tui.domain.keys import SessionKey, point_id
from hector_tui.domain.memories import Memory, MemoryKind
from hector_tui.domain.messages import Message, Role, TextPart
from hector_tui.domain.turns import TurnStatus
from hector_tui.paths import Profile
from hector_tui.sessions.salvage import TABLES
from hector_tui.sessions.store import Store
from hector_tui.sessions.turn_rows import Settlement

SESSIONS = 12
TURNS = 20
PAGE = 4096

Rows = dict[str, set[tuple[Any, ...]]]


async def fill(profile: Profile, *, sessions: int = SESSIONS, turns: int = TURNS) -> None:
    """Conversations with answers of every length, one of them longer than a page, and a memory for each."""
    store = await Store.open(profile)
    try:
        for number in range(sessions):
            info = await store.sessions.create(f"agent-{number % 3}", title=f"session {number} ✓")
            key = SessionKey(info.session_id, info.agent_id)
            await store.tabs.save_draft(info.session_id, f"draft {number}")
            for count in range(turns):
                await say(store, key, f"question {number}/{count}", f"answer {number}/{count} " * (1 + count**2))
    finally:
        await store.aclose()


async def say(store: Store, key: SessionKey, question: str, answer: str) -> None:
    """One whole turn."""
    note = AttachedFile(f"{question}.txt", "text/plain", question.encode() * 400)
    turn = await store.sessions.accept(key, question, files=(note,) if question.endswith("/3") else ())
    await store.sessions.start(turn.turn_id, model="scripted", agent_version="1")
    remembered = Memory(
        memory_id=point_id(key, question),
        key=key,
        kind=MemoryKind.MESSAGE,
        role="user",
        text=question,
        created_at=turn.created_at,
        turn_id=turn.turn_id,
    )
    await store.sessions.settle(
        turn.turn_id,
        Settlement(
            status=TurnStatus.DONE,
            messages=(Message(Role.ASSISTANT, (TextPart(answer),)),),
            memories=(remembered,),
        ),
    )


def filled(root: Path, **sizes: int) -> Profile:
    """A profile whose database was closed properly."""
    profile = Profile(root)
    asyncio.run(fill(profile, **sizes))
    return profile


def rows_of(path: Path) -> Rows:
    """Every row of the tables that matter."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: set(connection.execute(f"SELECT {', '.join(columns)} FROM {table}"))
            for table, columns in TABLES.items()
        }


def is_sound(path: Path) -> bool:
    """Whether SQLite finds nothing wrong with a file and its foreign keys."""
    with closing(sqlite3.connect(path)) as connection:
        (answer,) = connection.execute("PRAGMA integrity_check").fetchone()
        orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
    return answer == "ok" and not orphans


def invented(found: Rows, original: Rows) -> list[tuple[str, tuple[Any, ...]]]:
    """Rows that were not in the original."""
    return [(table, row) for table in TABLES for row in found[table] - original[table]]


def counts(rows: Rows) -> dict[str, int]:
    """Rows per table."""
    return {table: len(found) for table, found in rows.items()}


def leaf_pages(data: bytes, table: str, path: Path) -> Sequence[int]:
    """The leaf pages of a table, from 1."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno", (table,)
        ).fetchall()
    return [number for (number,) in found if number * PAGE <= len(data)]


def with_page(data: bytes, number: int, content: bytes) -> bytes:
    """The file with one page overwritten."""
    start = (number - 1) * PAGE
    return data[:start] + content.ljust(PAGE, b"\0")[:PAGE] + data[start + PAGE :]


def pages_with(data: bytes, first_byte: int) -> Iterator[int]:
    """The pages that begin with a byte, from 2: SQLite's kinds of pages."""
    for number in range(2, len(data) // PAGE + 1):
        if data[(number - 1) * PAGE] == first_byte:
            yield number
