"""`SessionService`: the durable history, by SessionKey.

Reads are awaited queries on a connection of their own; every write is one transaction in the writer thread.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from hector_tui.domain.addressing import addressed
from hector_tui.domain.files import AttachedFile
from hector_tui.domain.keys import SessionKey, new_id
from hector_tui.domain.messages import StoredMessage
from hector_tui.domain.turns import SentPrompt, SessionInfo, Turn, TurnRecord
from hector_tui.errors import StoreError, UnknownSession
from hector_tui.sessions import queue_rows, sent_rows, turn_rows
from hector_tui.sessions.database import Database, placeholders
from hector_tui.sessions.rows import damaged, message_of, session_of, storable, turn_of
from hector_tui.sessions.turn_rows import JournalEntry, Settlement

Clock = Callable[[], float]
_NO_ORDINAL = 2**62


class SessionService:
    """Sessions, turns and messages.

    Args:
        database: The open file.
        owner_id: Names this process in the rows of its live turns.
        clock: Seconds since the epoch, UTC.
    """

    def __init__(self, database: Database, owner_id: str, clock: Clock = time.time) -> None:
        self._database = database
        self._owner_id = owner_id
        self._clock = clock

    # Sessions

    async def create(self, agent_id: str, *, session_id: str | None = None, title: str = "") -> SessionInfo:
        """Begin a session; one that exists already is returned as it is.

        Raises:
            StoreError: It was not stored.
        """
        now = self._clock()
        key = SessionKey(session_id or new_id(), agent_id)

        def transaction(connection: sqlite3.Connection) -> None:
            # Who begins a session under the id of a deleted one wants a new one, with nothing of the old.
            connection.execute(
                "DELETE FROM sessions WHERE session_id = ? AND deleted_at IS NOT NULL", (key.session_id,)
            )
            connection.execute(
                "INSERT INTO sessions(session_id, agent_id, title, created_at, updated_at, named)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(session_id) DO NOTHING",
                (key.session_id, agent_id, storable(title), now, now, bool(title)),
            )

        await self._database.write(transaction)
        return await self.get(key.session_id)

    async def get(self, session_id: str) -> SessionInfo:
        """One session.

        Raises:
            UnknownSession: There is none with that id, or it is in the trash.
        """
        row = await self._database.row(
            "SELECT * FROM sessions WHERE session_id = ? AND deleted_at IS NULL", (session_id,)
        )
        if row is None:
            raise UnknownSession(
                f"there is no session {session_id!r}", hint="`hector-tui sessions list` shows what there is."
            )
        return session_of(row)

    async def latest(self, limit: int = 200, *, before: float | None = None) -> list[SessionInfo]:
        """Sessions in use, last used first; `before` pages on from an `updated_at`."""
        rows = await self._database.rows(
            "SELECT * FROM sessions WHERE deleted_at IS NULL AND NOT archived AND updated_at < ?"
            " ORDER BY updated_at DESC LIMIT ?",
            (before if before is not None else float("inf"), limit),
        )
        return [session_of(row) for row in rows]

    async def agents_of(self, session_id: str) -> list[str]:
        """The agents that were asked something in a session."""
        rows = await self._database.rows(
            "SELECT DISTINCT agent_id FROM turns WHERE session_id = ? ORDER BY agent_id", (session_id,)
        )
        return [row["agent_id"] for row in rows]

    async def rename(self, session_id: str, title: str) -> None:
        """Give a session a title, which nothing but another such wish changes.

        Raises:
            UnknownSession: There is none with that id.
            StoreError: The title was not stored.
        """
        changed = await self._database.write(
            lambda connection: (
                connection.execute(
                    "UPDATE sessions SET title = ?, named = 1 WHERE session_id = ? AND deleted_at IS NULL",
                    (storable(title), session_id),
                ).rowcount
            )
        )
        if not changed:
            raise UnknownSession(f"there is no session {session_id!r}")

    async def set_queue_policy(self, session_id: str, policy: str) -> None:
        """What happens to a message sent while a turn runs; empty means as the agent's file says.

        Raises:
            StoreError: It was not stored, or there is no such policy.
        """
        await self._database.write(
            lambda connection: (
                connection.execute(
                    "UPDATE sessions SET queue_policy = ? WHERE session_id = ?", (policy, session_id)
                ).rowcount
            )
        )

    async def set_model(self, session_id: str, model: str, window: int = 0) -> None:
        """Which model answers in this session; empty means its agent's own.

        Raises:
            UnknownSession: There is none with that id.
            StoreError: It was not stored.
        """
        values = (storable(model), window, session_id)
        changed = await self._database.write(
            lambda connection: (
                connection.execute(
                    "UPDATE sessions SET model = ?, model_window = ? WHERE session_id = ?", values
                ).rowcount
            )
        )
        if not changed:
            raise UnknownSession(f"there is no session {session_id!r}")

    async def delete(self, session_id: str) -> bool:
        """Delete a session for good with every row of it; triggers queue the deletion of its vectors.

        Returns:
            Whether it was there, in the trash or not.

        Raises:
            StoreError: Nothing was deleted.
        """
        return bool(
            await self._database.write(
                lambda connection: (
                    connection.execute("DELETE FROM sessions WHERE session_id = ?", (session_id,)).rowcount
                )
            )
        )

    # Turns

    async def accept(
        self, key: SessionKey, text: str, *, files: Sequence[AttachedFile] = (), max_turns: int = 0
    ) -> Turn:
        """Store what a person sent as a queued turn; it is on disk when this returns.

        Args:
            key: Whose turn it is.
            text: What was sent.
            files: What was attached to it.
            max_turns: The most turns the key may have; 0 for no limit.

        Raises:
            SessionError: It has so many already.
            UnknownSession: There is no such session.
            StoreError: Nothing was stored.
        """
        return await self._database.write(
            lambda connection: turn_rows.accept(
                connection, key, storable(text), self._owner_id, self._clock(), max_turns, files
            )
        )

    async def start(self, turn_id: str, *, model: str, agent_version: str) -> tuple[str, ...]:
        """Mark a queued turn as running and give its message its place.

        Returns:
            The owners of earlier live turns of the same SessionKey in other processes; empty when the turn runs.

        Raises:
            StoreConflict: The turn is not queued any more.
            StoreError: Nothing was stored.
        """
        return await self._database.write(
            lambda connection: turn_rows.start(connection, turn_id, model, agent_version, self._owner_id, self._clock())
        )

    async def wait(self, turn_id: str, waits: bool) -> None:
        """Mark a running turn as waiting for a person, or as running again.

        Raises:
            StoreConflict: The turn has ended meanwhile.
            StoreError: Nothing was stored.
        """
        await self._database.write(lambda connection: turn_rows.wait(connection, turn_id, waits))

    async def edit_queued(self, turn_id: str, text: str) -> None:
        """Give a queued turn other words.

        Raises:
            StoreConflict: It is not queued any more.
        """
        await self._database.write(lambda connection: queue_rows.edit(connection, turn_id, storable(text)))

    async def drop_queued(self, turn_id: str) -> None:
        """Take a queued turn out, as if it had never been sent.

        Raises:
            StoreConflict: It is not queued any more.
        """
        await self._database.write(lambda connection: queue_rows.drop(connection, turn_id))

    async def take_back_queued(self, turn_id: str, draft: str) -> None:
        """Take a queued turn out and make it the draft of its session; `draft` is how it is written there.

        Raises:
            StoreConflict: It is not queued any more.
        """
        await self._database.write(lambda connection: queue_rows.take_back(connection, turn_id, storable(draft)))

    async def reorder_queued(self, turn_ids: Sequence[str]) -> Sequence[int]:
        """Let queued turns of one session stand in this order; returns their ordinals.

        Raises:
            StoreConflict: One of them is not queued any more.
        """
        return await self._database.write(lambda connection: queue_rows.reorder(connection, turn_ids))

    async def beat(self) -> None:
        """Renew this process's lease on its live turns.

        Raises:
            StoreError: Nothing was stored.
        """
        await self._database.write(lambda connection: turn_rows.beat(connection, self._owner_id, self._clock()))

    async def journal(self, entries: Sequence[JournalEntry]) -> None:
        """Append streamed events of any number of live turns, in one transaction.

        Raises:
            StoreError: Nothing was stored.
        """
        await self._database.write(lambda connection: turn_rows.add_to_journal(connection, entries))

    async def settle(self, turn_id: str, settlement: Settlement) -> None:
        """Store how a turn ended, its messages and its memories, and drop its journal: all or nothing.

        Raises:
            StoreError: The turn is settled already, or nothing was stored.
        """
        await self._database.write(lambda connection: turn_rows.settle(connection, turn_id, settlement, self._clock()))

    async def recover(self, is_gone: Callable[[str], bool], *, lease_s: float = float("inf")) -> list[Turn]:
        """Mark the live turns of processes that have ended as interrupted, with what their journals hold.

        Args:
            is_gone: Whether the process behind an owner id has ended.
            lease_s: Seconds without a sign of life after which a process that still exists counts as ended. Only a
                turn that waits for it may ask for that: a machine that wakes up finds every lease expired.
        """
        rows = await self._database.rows(
            "SELECT DISTINCT t.owner, coalesce(o.seen_at, 0) AS seen_at FROM turns t"
            " LEFT JOIN owners o ON o.owner_id = t.owner"
            " WHERE t.status IN ('queued','running','waiting') AND t.owner <> ?",
            (self._owner_id,),
        )
        expired = self._clock() - lease_s
        gone = [row["owner"] for row in rows if row["seen_at"] < expired or is_gone(row["owner"])]
        if not gone:
            return []
        now = self._clock()
        return await self._database.write(lambda connection: turn_rows.interrupt_all(connection, gone, now))

    async def turn(self, turn_id: str) -> Turn:
        """One turn.

        Raises:
            StoreError: There is none with that id.
        """
        row = await self._database.row("SELECT * FROM turns WHERE turn_id = ?", (turn_id,))
        if row is None:
            raise StoreError(f"there is no turn {turn_id!r}")
        with self._database.noting_damage():
            return turn_of(row)

    # History

    async def sent_prompts(self, words: str, limit: int) -> list[SentPrompt]:
        """What was sent in any session with all of these words in it, newest first, each text once."""
        rows = await self._database.rows(*sent_rows.search(words, limit))
        return [sent_rows.sent_of(row) for row in rows]

    async def sent_text(self, turn_id: str) -> str:
        """All of a message that `sent_prompts` found, written as it would be to reach the same agent again.

        Raises:
            StoreError: There is none with that id any more.
        """
        turn = await self.turn(turn_id)
        return addressed(turn.text, turn.key.agent_id, (await self.get(turn.key.session_id)).agent_id)

    async def history(
        self, session_id: str, *, before: int | None = None, after: int = 0, limit: int = 50
    ) -> list[TurnRecord]:
        """The last turns of a session, of all its agents, oldest first, between two ordinals."""
        rows = await self._database.rows(
            "SELECT * FROM turns WHERE session_id = ? AND ordinal > ? AND ordinal < ? ORDER BY ordinal DESC LIMIT ?",
            (session_id, after, before if before is not None else _NO_ORDINAL, limit),
        )
        return await self._records(rows)

    async def conversation(self, key: SessionKey, *, before: int, limit: int = 200) -> list[TurnRecord]:
        """The last turns of one SessionKey before an ordinal, oldest first: what a model may be shown."""
        rows = await self._database.rows(
            "SELECT * FROM turns WHERE session_id = ? AND agent_id = ? AND ordinal < ? ORDER BY ordinal DESC LIMIT ?",
            (key.session_id, key.agent_id, before, limit),
        )
        return await self._records(rows)

    async def files(self, key: SessionKey, file_ids: Collection[str]) -> Mapping[str, bytes]:
        """The content of files attached to messages of one SessionKey, by `file_id`; what is lost is not there.

        Raises:
            StoreCorrupt: A content is not the one its id was made from.
        """
        if not file_ids:
            return {}
        rows = await self._database.rows(
            "SELECT file_id, content FROM files WHERE session_id = ? AND agent_id = ?"
            f" AND file_id IN ({placeholders(file_ids)})",
            (key.session_id, key.agent_id, *file_ids),
        )
        with self._database.noting_damage():
            for row in rows:
                # Nothing else in SQLite notices noise in a page that only holds content.
                if hashlib.sha256(row["content"]).hexdigest() != row["file_id"]:
                    raise damaged("file", row["file_id"], "its content is another one")
        return {row["file_id"]: row["content"] for row in rows}

    async def _records(self, newest_first: Sequence[sqlite3.Row]) -> list[TurnRecord]:
        with self._database.noting_damage():
            turns = [turn_of(row) for row in reversed(newest_first)]
            messages: dict[str, list[StoredMessage]] = {turn.turn_id: [] for turn in turns}
            for row in await self._database.rows(
                f"SELECT * FROM messages WHERE turn_id IN ({placeholders(turns)}) ORDER BY turn_id, seq", list(messages)
            ):
                if row["turn_id"] not in messages:
                    raise damaged("message", row["message_id"], "its turn is another one than the index says")
                messages[row["turn_id"]].append(message_of(row))
        return [TurnRecord(turn=turn, messages=tuple(messages[turn.turn_id])) for turn in turns]
