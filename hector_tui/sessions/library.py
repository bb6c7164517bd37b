"""`LibraryTable`: what a person does with stored sessions - finding, putting away, deleting, forking."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import partial

from hector_tui.domain.listing import SessionPage, SessionQuery
from hector_tui.sessions import forking, trash
from hector_tui.sessions.database import Database, placeholders
from hector_tui.sessions.listing import SessionListing
from hector_tui.sessions.schema import FULL_TEXT_INDEXES

NEWEST = 2**62
"""An ordinal beyond every turn."""


class LibraryTable:
    """All sessions of a profile.

    Args:
        database: The open file.
        clock: Seconds since the epoch, UTC.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._listing = SessionListing(database)

    async def page(self, query: SessionQuery, offset: int, limit: int) -> SessionPage:
        """Some sessions of a list; see `SessionListing.page`."""
        return await self._listing.page(query, offset, limit)

    async def archive(self, session_ids: Sequence[str], archived: bool) -> int:
        """Put sessions away, or back into use; returns how many changed.

        Raises:
            StoreError: Nothing was changed.
        """
        return await self._mark("archived", session_ids, archived)

    async def pin(self, session_ids: Sequence[str], pinned: bool) -> int:
        """Let sessions stand first in every list, or no more; returns how many changed.

        Raises:
            StoreError: Nothing was changed.
        """
        return await self._mark("pinned", session_ids, pinned)

    async def delete(self, session_ids: Sequence[str]) -> list[str]:
        """Put sessions into the trash; returns those that were not there.

        Raises:
            StoreError: Nothing was deleted.
        """
        return await self._database.write(lambda connection: trash.put(connection, session_ids, self._clock()))

    async def undelete(self, session_ids: Sequence[str]) -> list[str]:
        """Bring sessions back from the trash; returns those that were there.

        Raises:
            StoreError: Nothing was changed.
        """
        return await self._database.write(lambda connection: trash.take_back(connection, session_ids, self._clock()))

    async def purge(self, session_ids: Sequence[str]) -> list[str]:
        """Delete sessions for good; returns those there were.

        Raises:
            StoreError: Nothing was deleted.
        """
        return await self._database.write(lambda connection: trash.purge(connection, session_ids))

    async def purge_expired(self, kept_s: float) -> list[str]:
        """Delete for good what has been in the trash for longer than `kept_s` seconds.

        Raises:
            StoreError: Nothing was deleted.
        """
        before = self._clock() - kept_s
        # Asked every hour, and nearly always in vain: a commit costs a write to the disk, a look nothing.
        if await self._database.row("SELECT 1 FROM sessions WHERE deleted_at < ?", (before,)) is None:
            return []

        def transaction(connection: sqlite3.Connection) -> list[str]:
            return trash.purge(connection, trash.expired(connection, before))

        return await self._database.write(transaction)

    async def sweep(self) -> None:
        """Take the words of deleted rows out of the full-text indexes, in small transactions.

        Raises:
            StoreError: The database refused; the words stay in the file until a later sweep, and are found by nothing.
        """
        for index in FULL_TEXT_INDEXES:
            begin = True
            while await self._database.write(partial(trash.sweep, index=index, begin=begin)):
                begin = False

    async def fork(self, session_id: str, up_to: int = NEWEST) -> str:
        """Begin a session with what was said in another up to a turn; returns its id.

        Raises:
            UnknownSession: There is no such session.
            StoreError: Nothing was stored.
        """
        return await self._database.write(lambda connection: forking.fork(connection, session_id, up_to, self._clock()))

    async def _mark(self, column: str, session_ids: Sequence[str], value: bool) -> int:
        return await self._database.write(
            lambda connection: (
                connection.execute(
                    f"UPDATE sessions SET {column} = ? WHERE {column} <> ? AND deleted_at IS NULL"
                    f" AND session_id IN ({placeholders(session_ids)})",
                    (value, value, *session_ids),
                ).rowcount
            )
        )
