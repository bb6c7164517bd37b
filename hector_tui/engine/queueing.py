"""The messages that wait in a session: seen, edited, moved, taken out, or asked at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.messages import FilePart
from hector_tui.engine.run import Run
from hector_tui.engine.runner import Runner
from hector_tui.errors import SessionError
from hector_tui.sessions.service import SessionService


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedMessage:
    """A message that waits behind another turn of its SessionKey; `files` are attached to it."""

    turn_id: str
    key: SessionKey
    text: str
    files: tuple[FilePart, ...] = ()


class SessionQueue:
    """Changes to what waits. The database goes first, so a message is never changed on screen alone."""

    def __init__(self, sessions: SessionService, runner: Runner) -> None:
        self._sessions = sessions
        self._runner = runner

    def messages(self, session_id: str) -> Sequence[QueuedMessage]:
        """What waits, in the order it will be answered."""
        return tuple(
            QueuedMessage(turn_id=run.turn.turn_id, key=run.key, text=run.turn.text, files=run.turn.files)
            for run in self._runner.waiting(session_id)
        )

    async def edit(self, session_id: str, turn_id: str, text: str) -> None:
        """Give a waiting message other words.

        Raises:
            SessionError: There is nothing to send, or it is not waiting any more.
            StoreError: It was not stored.
        """
        if not text.strip():
            raise SessionError("there is nothing to send", hint="Take the message out of the queue instead.")
        run = self._find(session_id, turn_id)
        await self._sessions.edit_queued(turn_id, text)
        run.change(text=text)

    async def drop(self, session_id: str, turn_id: str) -> str:
        """Take a waiting message out, as if it had never been sent; returns its words.

        Raises:
            SessionError: It is not waiting any more.
            StoreError: It was not stored.
        """
        run = self._find(session_id, turn_id)
        await self._sessions.drop_queued(turn_id)
        self._runner.take_out(run)
        return run.turn.text

    async def take_back(self, session_id: str, turn_id: str, draft_of: Callable[[str], str]) -> str:
        """Take a waiting message out and make it the draft of its session, in one step; returns the draft.

        Args:
            session_id: Where it waits.
            turn_id: Which it is.
            draft_of: Makes the draft of the message's words.

        Raises:
            SessionError: It is not waiting any more.
            StoreError: It was not stored.
        """
        run = self._find(session_id, turn_id)
        draft = draft_of(run.turn.text)
        await self._sessions.take_back_queued(turn_id, draft)
        self._runner.take_out(run)
        return draft

    async def move(self, session_id: str, turn_id: str, by: int) -> None:
        """Move a waiting message among those to the same agent; a negative number moves it forward.

        Raises:
            SessionError: It is not waiting any more.
            StoreError: It was not stored.
        """
        run = self._find(session_id, turn_id)
        lane = [other for other in self._runner.waiting(session_id) if other.key == run.key]
        place = lane.index(run)
        lane.remove(run)
        lane.insert(max(0, min(len(lane), place + by)), run)
        ordinals = await self._sessions.reorder_queued([other.turn.turn_id for other in lane])
        self._runner.reorder(run.key, lane, ordinals)

    async def send_now(self, session_id: str, turn_id: str) -> None:
        """Ask a waiting message next, and stop what is being answered for it.

        Raises:
            SessionError: It is not waiting any more.
            StoreError: It was not stored.
        """
        run = self._find(session_id, turn_id)
        await self.move(session_id, turn_id, -len(self._runner.waiting(session_id)))
        for other in self._runner.runs(session_id):
            if other.key == run.key and other is not run and other.started_at is not None:
                self._runner.cancel(other, "stopped for a newer message")

    def _find(self, session_id: str, turn_id: str) -> Run:
        for run in self._runner.waiting(session_id):
            if run.turn.turn_id == turn_id:
                return run
        raise SessionError("this message is not waiting any more")
