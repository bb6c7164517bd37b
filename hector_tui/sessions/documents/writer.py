"""Writing a document line by line, one for each turn, memory and file: a session of any size needs little memory."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import asdict

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.messages import part_to_dict
from hector_tui.domain.turns import SessionInfo, TurnRecord
from hector_tui.sessions.database import Database, placeholders
from hector_tui.sessions.documents.document import FORMAT, SETTLED, VERSION
from hector_tui.sessions.rows import dump
from hector_tui.sessions.service import SessionService

_PAGE = 200


class SessionWriter:
    """Writes one session. `left_out` and `lost` are known when `lines` has ended.

    Args:
        database: The open file.
        sessions: Reads the session and its turns.
        session_id: Which one.
        clock: Seconds since the epoch, UTC.

    Attributes:
        left_out: Turns that are still being answered, or wait for it: they stay where they are.
        lost: Attached files whose content the database does not have any more.
    """

    def __init__(
        self, database: Database, sessions: SessionService, session_id: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._session_id = session_id
        self._clock = clock
        self._numbers: dict[str, int] = {}
        """By turn id, its place in the document, from 1."""
        self._places: dict[tuple[str, int], int] = {}
        """By agent and `seq` in the database, the `seq` in the document: turns that are left out leave no gap."""
        self._files: dict[str, SessionKey] = {}
        """The files that turns have, in their order, and whose they are."""
        self.left_out = 0
        self.lost = 0

    async def lines(self) -> AsyncGenerator[str, None]:
        """The document, in ASCII: nothing in it can act on a terminal it is printed on.

        Raises:
            UnknownSession: There is no such session.
            StoreCorrupt: Something of it is damaged.
            StoreError: The database could not be read.
        """
        async with self._database.snapshot():
            info = await self._sessions.get(self._session_id)
            await self._number_messages()
            yield "{"
            yield f'"format": {dump(FORMAT)},'
            yield f'"version": {VERSION},'
            yield f'"exported_at": {dump(self._clock())},'
            yield f'"session": {dump(_session(info))},'
            for name, entries in (
                ("turns", self._turns()),
                ("memories", self._memories()),
                ("files", self._contents()),
            ):
                yield f'"{name}": ['
                before = ""
                async for entry in entries:
                    if before:
                        yield f"{before},"
                    before = entry
                if before:
                    yield before
                yield "]" if name == "files" else "],"
            yield "}"

    async def _number_messages(self) -> None:
        rows = await self._database.rows(
            "SELECT m.agent_id, m.seq, row_number() OVER (PARTITION BY m.agent_id ORDER BY m.seq) AS place"
            " FROM messages m JOIN turns t USING (turn_id)"
            f" WHERE t.session_id = ? AND t.status IN ({placeholders(SETTLED)})",
            (self._session_id, *SETTLED),
        )
        self._places = {(row["agent_id"], row["seq"]): row["place"] for row in rows}

    async def _turns(self) -> AsyncIterator[str]:
        newest = await self._sessions.history(self._session_id, limit=1)
        last = newest[-1].turn.ordinal if newest else 0
        for after in range(0, last, _PAGE):
            # A page is a range of ordinals: by `limit` alone the newest turns would come first.
            for record in await self._sessions.history(
                self._session_id, after=after, before=after + _PAGE + 1, limit=_PAGE
            ):
                if record.turn.status.is_live:
                    self.left_out += 1
                    continue
                turn = record.turn
                self._numbers[turn.turn_id] = len(self._numbers) + 1
                for part in turn.files:
                    self._files.setdefault(part.file_id, turn.key)
                yield dump(self._turn(record))

    def _turn(self, record: TurnRecord) -> dict[str, object]:
        turn = record.turn
        return {
            "agent_id": turn.key.agent_id,
            "status": turn.status.value,
            "text": turn.text,
            "files": [part_to_dict(part) for part in turn.files],
            "created_at": turn.created_at,
            "started_at": turn.started_at,
            "finished_at": turn.finished_at,
            "error": turn.error,
            "stop_reason": turn.stop_reason,
            "model": turn.model,
            "agent_version": turn.agent_version,
            "usage": asdict(turn.usage),
            "messages": [
                {
                    "seq": self._places[turn.key.agent_id, stored.seq],
                    "role": stored.message.role.value,
                    "parts": [part_to_dict(part) for part in stored.message.parts],
                    "created_at": stored.created_at,
                }
                for stored in record.messages
            ],
        }

    async def _memories(self) -> AsyncIterator[str]:
        after = 0
        while rows := await self._database.rows(
            "SELECT row, agent_id, kind, role, text, created_at, pinned, turn_id FROM memories"
            " WHERE session_id = ? AND row > ? ORDER BY row LIMIT ?",
            (self._session_id, after, _PAGE),
        ):
            for row in rows:
                memory: dict[str, object] = {
                    name: row[name] for name in ("agent_id", "kind", "role", "text", "created_at")
                }
                yield dump({**memory, "pinned": bool(row["pinned"]), "turn": self._numbers.get(row["turn_id"])})
            after = rows[-1]["row"]

    async def _contents(self) -> AsyncIterator[str]:
        # One at a time: a session may have hundreds of pictures.
        for file_id, key in self._files.items():
            content = (await self._sessions.files(key, [file_id])).get(file_id)
            if content is None:
                self.lost += 1
            yield dump({"file_id": file_id, "content": None if content is None else _base64(content)})


def _session(info: SessionInfo) -> dict[str, object]:
    return {
        "session_id": info.session_id,
        "agent_id": info.agent_id,
        "title": info.title,
        "named": info.named,
        "created_at": info.created_at,
        "updated_at": info.updated_at,
        "archived": info.archived,
        "pinned": info.pinned,
        "queue_policy": info.queue_policy,
        "model": info.model,
        "model_window": info.model_window,
    }


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
