"""Which tools a person has allowed for the rest of a session, by SessionKey."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence

from hector_tui.domain.keys import SessionKey
from hector_tui.sessions.database import Database


class ApprovalTable:
    """What was allowed. It goes with its session, and no other session ever sees it.

    Args:
        clock: Seconds since the epoch, UTC.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def allowed(self, key: SessionKey) -> Sequence[str]:
        """The tools that need not ask any more."""
        rows = await self._database.rows(
            "SELECT tool FROM approvals WHERE session_id = ? AND agent_id = ? ORDER BY tool",
            (key.session_id, key.agent_id),
        )
        return [row["tool"] for row in rows]

    async def allow(self, key: SessionKey, tool: str) -> None:
        """Let a tool run without asking.

        Raises:
            StoreError: It was not stored; the tool goes on asking.
        """
        now = self._clock()

        def transaction(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO approvals(session_id, agent_id, tool, created_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT(session_id, agent_id, tool) DO NOTHING",
                (key.session_id, key.agent_id, tool, now),
            )

        await self._database.write(transaction)

    async def withdraw(self, session_id: str) -> int:
        """Let every tool of a session ask again; returns how many were allowed.

        Raises:
            StoreError: Nothing has changed.
        """
        return await self._database.write(
            lambda connection: connection.execute("DELETE FROM approvals WHERE session_id = ?", (session_id,)).rowcount
        )
