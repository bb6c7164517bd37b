"""All sessions of the profile, as the sessions screen asks the engine for them. Draws nothing."""

from __future__ import annotations

from collections.abc import Sequence

from hector_tui.domain.listing import SessionPage, SessionQuery
from hector_tui.domain.turns import SessionInfo, TurnRecord
from hector_tui.engine.thread import EngineThread


class Shelf:
    """The engine's library, reached from the interface's loop.

    Every method raises `StoreError` when the database refuses.
    """

    def __init__(self, engine: EngineThread) -> None:
        self._engine = engine

    async def page(self, query: SessionQuery, offset: int, limit: int) -> SessionPage:
        """Some sessions of a list."""
        return await self._engine.call(lambda engine: engine.chat.library.page(query, offset, limit))

    async def exchange(self, session_id: str, ordinal: int) -> TurnRecord | None:
        """One turn with its messages; the last one for the ordinal 0."""
        return await self._engine.call(lambda engine: engine.chat.library.exchange(session_id, ordinal))

    async def rename(self, session_id: str, title: str) -> None:
        """Give a session a title.

        Raises:
            SessionError: The title is empty, or there is no such session.
        """
        await self._engine.call(lambda engine: engine.chat.rename_session(session_id, title))

    async def archive(self, session_ids: Sequence[str], archived: bool) -> int:
        """Put sessions away, or back; returns how many changed."""
        return await self._engine.call(lambda engine: engine.chat.library.archive(session_ids, archived=archived))

    async def pin(self, session_ids: Sequence[str], pinned: bool) -> int:
        """Let sessions stand first, or no more; returns how many changed."""
        return await self._engine.call(lambda engine: engine.chat.library.pin(session_ids, pinned=pinned))

    async def delete(self, session_ids: Sequence[str]) -> Sequence[str]:
        """Put sessions into the trash; returns those that were not there."""
        return await self._engine.call(lambda engine: engine.chat.library.delete(session_ids))

    async def undelete(self, session_ids: Sequence[str]) -> Sequence[str]:
        """Bring sessions back from the trash; returns those that were there."""
        return await self._engine.call(lambda engine: engine.chat.library.undelete(session_ids))

    async def purge(self, session_ids: Sequence[str]) -> Sequence[str]:
        """Delete sessions for good; returns those there were."""
        return await self._engine.call(lambda engine: engine.chat.library.purge(session_ids))

    async def fork(self, session_id: str, up_to: int | None = None) -> SessionInfo:
        """Begin a session with what was said in another one, up to a turn.

        Raises:
            SessionError: There is no such session or turn.
        """
        return await self._engine.call(lambda engine: engine.chat.library.fork(session_id, up_to))
