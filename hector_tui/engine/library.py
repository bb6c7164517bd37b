"""`Library`: all sessions of a profile, open or not - find, preview, archive, delete with a way back, fork."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence

from hector_tui.domain.listing import TRASH_DAYS, SessionPage, SessionQuery
from hector_tui.domain.turns import SessionInfo, TurnRecord
from hector_tui.engine.feed import ChangeFeed
from hector_tui.engine.runner import Runner
from hector_tui.errors import SessionError, StoreError
from hector_tui.memory.service import MemoryService
from hector_tui.sessions.library import NEWEST, LibraryTable
from hector_tui.sessions.service import SessionService

_DAY_S = 86_400.0
_LOOK_S = 3_600.0
"""Seconds between two looks for sessions whose time in the trash is over."""
MAX_AT_ONCE = 500
"""Sessions that one command changes at most."""

logger = logging.getLogger(__name__)


class Library:
    """The sessions as a person sorts them; the conversation itself is `ChatService`'s.

    Args:
        table: Does it in the database.
        sessions: Reads sessions and their history.
        runner: Stops what runs in a deleted session.
        memory: Is told when vectors have to come or go.
        feed: Is told which sessions changed.
        forget: Called for each session that is gone from every list.
    """

    def __init__(
        self,
        *,
        table: LibraryTable,
        sessions: SessionService,
        runner: Runner,
        memory: MemoryService,
        feed: ChangeFeed,
        forget: Callable[[str], None],
    ) -> None:
        self._table = table
        self._sessions = sessions
        self._runner = runner
        self._memory = memory
        self._feed = feed
        self._forget = forget

    async def page(self, query: SessionQuery, offset: int = 0, limit: int = 50) -> SessionPage:
        """Some sessions of a list; no text a person can type is an error.

        Raises:
            StoreError: The database could not be read.
        """
        return await self._table.page(query, offset, limit)

    async def exchange(self, session_id: str, ordinal: int = 0) -> TurnRecord | None:
        """One turn of a session with its messages, of a deleted one too; the last when no ordinal is given.

        Raises:
            StoreError: The database could not be read.
        """
        after, before = (ordinal - 1, ordinal + 1) if ordinal else (0, None)
        records = await self._sessions.history(session_id, after=after, before=before, limit=1)
        return records[-1] if records else None

    async def archive(self, session_ids: Sequence[str], *, archived: bool = True) -> int:
        """Put sessions away, or back into use; what runs in them goes on. Returns how many changed.

        Raises:
            StoreError: Nothing was changed.
        """
        return self._told(session_ids, await self._table.archive(_few(session_ids), archived))

    async def pin(self, session_ids: Sequence[str], *, pinned: bool = True) -> int:
        """Let sessions stand first in every list, or no more; returns how many changed.

        Raises:
            StoreError: Nothing was changed.
        """
        return self._told(session_ids, await self._table.pin(_few(session_ids), pinned))

    async def delete(self, session_ids: Sequence[str]) -> Sequence[str]:
        """Stop what runs in sessions, then take them out of every list, tab and recall.

        They can be brought back for `TRASH_DAYS` days; then they are deleted for good.

        Returns:
            Those that were not deleted before.

        Raises:
            StoreError: Nothing was deleted.
        """
        await self._stop(_few(session_ids))
        return self._gone(await self._table.delete(session_ids))

    async def undelete(self, session_ids: Sequence[str]) -> Sequence[str]:
        """Bring deleted sessions back as they were; returns those that could be.

        Raises:
            StoreError: Nothing was changed.
        """
        back = await self._table.undelete(_few(session_ids))
        self._memory.sessions_changed()
        self._told(back, len(back))
        return back

    async def purge(self, session_ids: Sequence[str]) -> Sequence[str]:
        """Delete sessions for good, with every row, memory and vector of them; returns those there were.

        Raises:
            StoreError: Nothing was deleted.
        """
        await self._stop(_few(session_ids))
        return await self._swept(self._gone(await self._table.purge(session_ids)))

    async def purge_expired(self, kept_s: float = TRASH_DAYS * _DAY_S) -> Sequence[str]:
        """Delete for good what was deleted longer than `kept_s` seconds ago; 0 empties the trash.

        Raises:
            StoreError: Nothing was deleted.
        """
        return await self._swept(self._gone(await self._table.purge_expired(kept_s)))

    async def keep_emptying(self) -> None:
        """Delete for good, now and every hour, what has been in the trash long enough. Runs until it is cancelled."""
        while True:
            try:
                if gone := await self.purge_expired():
                    logger.info("%d deleted sessions are gone for good", len(gone))
            except StoreError as error:  # told by whatever the person does next; the trash can wait
                logger.warning("the trash was not emptied: %s", error)
            await asyncio.sleep(_LOOK_S)

    async def fork(self, session_id: str, up_to: int | None = None) -> SessionInfo:
        """Begin a session with what was said in another one, up to a turn; the other one is not touched.

        Turns that are still being answered are left out. Memories are copied: the new session recalls what it knows,
        and deleting either leaves the other whole.

        Args:
            session_id: The session that is copied.
            up_to: The ordinal of the last turn that is copied; None for all of them, 0 for none.

        Raises:
            SessionError: The ordinal is negative.
            UnknownSession: There is no such session.
            StoreError: Nothing was stored.
        """
        if up_to is not None and up_to < 0:
            raise SessionError(f"there is no turn {up_to}", hint="Turns are counted from 1.")
        forked = await self._sessions.get(await self._table.fork(session_id, NEWEST if up_to is None else up_to))
        self._memory.sessions_changed()
        self._feed.mark(forked.session_id)
        return forked

    async def _stop(self, session_ids: Iterable[str]) -> None:
        runs = [run for session_id in session_ids for run in self._runner.runs(session_id)]
        for run in runs:
            self._runner.cancel(run, "the session was deleted")
        for run in runs:
            await run.wait()

    def _gone(self, session_ids: Sequence[str]) -> Sequence[str]:
        if session_ids:
            for session_id in session_ids:
                self._forget(session_id)
            self._memory.sessions_changed()
            self._told(session_ids, len(session_ids))
        return session_ids

    async def _swept(self, purged: Sequence[str]) -> Sequence[str]:
        if purged:
            await self._table.sweep()
        return purged

    def _told(self, session_ids: Iterable[str], changed: int) -> int:
        if changed:
            for session_id in session_ids:
                self._feed.mark(session_id)
        return changed


def _few(session_ids: Sequence[str]) -> Sequence[str]:
    if len(session_ids) > MAX_AT_ONCE:
        raise SessionError(f"{len(session_ids):,} sessions at once are too many", hint=f"At most {MAX_AT_ONCE}.")
    return session_ids
