"""Which sessions stand open in tabs, and the draft in each prompt."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from hector_tui.domain.turns import TabInfo
from hector_tui.sessions.database import Database
from hector_tui.sessions.rows import storable, tab_of
from hector_tui.sessions.trash import NOT_IN_TRASH


class TabTable:
    """Reads and writes the open tabs of a profile; a closed tab keeps its draft and its place in the reading."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open_tabs(self) -> list[TabInfo]:
        """The open tabs, left to right."""
        rows = await self._database.rows(
            f"SELECT * FROM tabs WHERE position IS NOT NULL AND {NOT_IN_TRASH} ORDER BY position"
        )
        return [tab_of(row) for row in rows]

    async def get(self, session_id: str) -> TabInfo:
        """The tab of a session, open or not; one never opened is empty."""
        row = await self._database.row("SELECT * FROM tabs WHERE session_id = ?", (session_id,))
        return tab_of(row) if row is not None else TabInfo(session_id=session_id, position=-1)

    async def save_order(self, session_ids: Sequence[str], active: str, beside: str = "") -> None:
        """Store which sessions are open, in order, which one is shown, and which one beside it (empty for none).

        Raises:
            StoreError: Nothing was stored.
        """

        def transaction(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE tabs SET position = NULL, active = 0, beside = 0")
            connection.executemany(
                # A session deleted for good meanwhile has no tab to keep; one in the trash is left out when read.
                "INSERT INTO tabs(session_id, position, active, beside)"
                " SELECT session_id, ?, ?, ? FROM sessions WHERE session_id = ? ON CONFLICT(session_id) DO UPDATE"
                " SET position = excluded.position, active = excluded.active, beside = excluded.beside",
                [
                    (position, session_id == active, session_id == beside, session_id)
                    for position, session_id in enumerate(session_ids)
                ],
            )

        await self._database.write(transaction)

    async def save_draft(self, session_id: str, draft: str) -> None:
        """Store what stands in a session's prompt.

        Raises:
            StoreError: The draft was not stored.
        """
        await self._change(session_id, "draft", storable(draft))

    async def save_seen(self, session_id: str, ordinal: int) -> None:
        """Store up to which turn a person has seen a session.

        Raises:
            StoreError: Nothing was stored.
        """
        await self._change(session_id, "seen_ordinal", ordinal)

    async def _change(self, session_id: str, column: str, value: str | int) -> None:
        await self._database.write(
            lambda connection: (
                connection.execute(
                    f"INSERT INTO tabs(session_id, {column}) SELECT session_id, ? FROM sessions WHERE session_id = ?"
                    f" ON CONFLICT(session_id) DO UPDATE SET {column} = excluded.{column}",
                    (value, session_id),
                ).rowcount
            )
        )
