"""One open session on the interface's side: its transcript, and the live runs that grow it.

It owns no widget. A hidden conversation does nothing at all: its readers keep their place in the output queues, and
what they have not taken yet is drawn when it is shown again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from sys import intern
from typing import TYPE_CHECKING

from hector_tui.domain.addressing import addressed
from hector_tui.domain.events import MemoryRecalled
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.models import ChosenModel
from hector_tui.domain.turns import SessionInfo, Turn, TurnRecord
from hector_tui.domain.usage import Usage
from hector_tui.engine.thread import EngineThread
from hector_tui.ui.kept_files import KeptFile
from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import Entry
from hector_tui.ui.turn_view import TurnView
from hector_tui.ui.waiting import Wait

if TYPE_CHECKING:
    from hector_tui.engine.host import Engine
    from hector_tui.engine.output import OutputReader
    from hector_tui.engine.run import Run

PAGE_TURNS = 30
"""Turns read from the database at a time."""
MANY_TURNS = 100
"""The same where all are wanted; drawing so many takes about as long as a frame may."""


class Conversation:
    """The session of one tab.

    Args:
        engine: Where commands go.
        info: The session.
        label_of: Names who answers, given an agent's id and the model that answered.

    Attributes:
        draft: What stands in the prompt and was not sent.
        kept: Stored files that go with the draft.
        seen_ordinal: The last turn the person has looked at.
        agent_id: Whom the next message goes to.
        chosen: The model the session chose for itself; None while its agent's own answers.
        stored: The newest turn as it stood in the database when the tab was opened.
    """

    def __init__(self, engine: EngineThread, info: SessionInfo, label_of: Callable[[str, str], str]) -> None:
        self.info = info
        self.agent_id = info.agent_id
        self.document = TranscriptDocument()
        self.draft = ""
        self.kept: tuple[KeptFile, ...] = ()
        self.seen_ordinal = 0
        self.stored: Turn | None = None
        self.chosen: ChosenModel | None = None
        self._engine = engine
        self._label_of = label_of
        self._views: dict[str, TurnView] = {}
        self._readers: dict[str, OutputReader] = {}
        self._first: int | None = None
        self._last = 0
        self._settled_up_to = 0
        self._syncing = asyncio.Lock()

    @property
    def key(self) -> SessionKey:
        """The agent the next message goes to, in this session."""
        return SessionKey(self.info.session_id, self.agent_id)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said yet."""
        return not self._views

    @property
    def is_live(self) -> bool:
        """Whether a run it draws has not ended."""
        return bool(self._readers)

    @property
    def live_agent_id(self) -> str:
        """Who gives the newest live answer; empty when none is live."""
        return self._views[next(reversed(self._readers))].turn.key.agent_id if self._readers else ""

    @property
    def live_phase(self) -> str:
        """What the newest live run is doing; empty when none is live."""
        return self._views[next(reversed(self._readers))].phase if self._readers else ""

    @property
    def live_wait(self) -> Wait | None:
        """What the newest live run waits for before it asks its model again; None when it does not wait."""
        return self._views[next(reversed(self._readers))].wait if self._readers else None

    def tick(self) -> None:
        """Move what counts down in the live runs; call it about once a second while one is live."""
        for turn_id in self._readers:
            self._views[turn_id].tick()

    @property
    def live_since(self) -> float:
        """When the newest live run began, seconds since the epoch, UTC; 0 when none is live."""
        return self._views[next(reversed(self._readers))].turn.created_at if self._readers else 0.0

    @property
    def live_usage(self) -> Usage:
        """Tokens of the turns that are not stored yet."""
        return sum((self._views[turn_id].usage for turn_id in self._readers), Usage())

    @property
    def last_usage(self) -> Usage:
        """Tokens of the newest turn."""
        return next(reversed(self._views.values())).usage if self._views else Usage()

    @property
    def last_recall(self) -> MemoryRecalled | None:
        """What the newest turn recalled; None when that is not known any more."""
        return next(reversed(self._views.values())).recall if self._views else None

    @property
    def last_ordinal(self) -> int:
        """The newest turn that is drawn."""
        return self._last

    @property
    def questions(self) -> list[str]:
        """What was asked, oldest first, as far as it is loaded; written as it would be to reach the same agent."""
        return [addressed(view.turn.text, view.turn.key.agent_id, self.agent_id) for view in self._views.values()]

    @property
    def last_turn(self) -> Turn | None:
        """The newest turn that is drawn."""
        return next(reversed(self._views.values())).turn if self._views else None

    def turn_of(self, entry: Entry) -> Turn | None:
        """The turn an entry of the transcript belongs to; None for what is no part of one."""
        return next((view.turn for view in reversed(self._views.values()) if entry.id in view.entry_ids), None)

    async def sync(self) -> None:
        """Draw what is new: turns stored since the last time, and runs that began."""
        async with self._syncing:
            last = self._settled_up_to
            runs, records = await self._engine.call(lambda engine: _news(engine, self.info.session_id, last))
            live = {run.turn.turn_id: run for run in runs}
            shown = [self._show(record, live.get(record.turn.turn_id)) for record in records]
            waiting = [record.turn.ordinal for record, drawn in zip(records, shown, strict=True) if not drawn]
            self._settled_up_to = min(waiting) - 1 if waiting else self._last
            if not last and self._first is not None:
                self.document.has_older = self._first > 1

    async def load_all(self) -> None:
        """Put all there is before the first turn on top, page by page, so that keys and frames come in between."""
        while await self.load_many():
            pass

    async def load_many(self) -> bool:
        """Put a large page before the first turn on top; returns whether there was one."""
        return await self.load_older(MANY_TURNS)

    async def load_older(self, limit: int = PAGE_TURNS) -> bool:
        """Put the page before the first turn on top; returns whether there was one.

        Args:
            limit: Turns of that page.
        """
        first = self._first
        if first is None or first <= 1:
            return False
        async with self._syncing:
            records = await self._engine.call(
                lambda engine: engine.chat.history(self.info.session_id, before=first, limit=limit)
            )
            if not records or self._first != first:
                return False
            page: list[Entry] = []
            add = page.append
            older = {record.turn.turn_id: self._stored_view(add, record) for record in records}
            self.document.insert_before(page, has_older=records[0].turn.ordinal > 1)
            self._views = {**older, **self._views}
            self._first = records[0].turn.ordinal
        return True

    async def wait(self) -> None:
        """Until a live run has something new; at once when none is live."""
        if not self._readers:
            return
        waits = {asyncio.ensure_future(reader.wait()) for reader in self._readers.values()}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def drain(self) -> bool:
        """Draw what live runs have said since the last time; returns whether one of them ended."""
        ended = False
        for turn_id, reader in list(self._readers.items()):
            self._views[turn_id].apply(record.event for record in reader.take())
            if reader.finished:
                reader.close()
                del self._readers[turn_id]
                ended = True
        return ended

    def _show(self, record: TurnRecord, run: Run | None) -> bool:
        """Draw a turn unless it stands there already; returns False for one that must be looked at again."""
        turn = record.turn
        if turn.turn_id in self._views:
            return True
        if run is None and turn.status.is_live:
            # Queued, or another process runs it: it is drawn when it starts here or is settled there.
            return False
        self._first = turn.ordinal if self._first is None else min(self._first, turn.ordinal)
        self._last = max(self._last, turn.ordinal)
        if run is None:
            self._views[turn.turn_id] = self._stored_view(self.document.append, record)
            return True
        self._views[turn.turn_id] = TurnView(
            self.document.append, turn, self._label_of(turn.key.agent_id, run.model_label), to=self._addressee(turn)
        )
        self._readers[turn.turn_id] = run.output.reader()
        return True

    def _stored_view(self, add: Callable[[Entry], None], record: TurnRecord) -> TurnView:
        turn = record.turn
        # One name of who answers for all turns of a long history.
        label = intern(self._label_of(turn.key.agent_id, turn.model))
        return TurnView.of_record(add, record, label, to=self._addressee(turn))

    def _addressee(self, turn: Turn) -> str:
        """Whom a question went to, when it is another agent than the session's own."""
        return turn.key.agent_id if turn.key.agent_id != self.agent_id else ""


async def _news(engine: Engine, session_id: str, last: int) -> tuple[Sequence[Run], Sequence[TurnRecord]]:
    """Runs that have started, and the turns after an ordinal; the first time the last page.

    Runs are listed first: one that ends in between is then drawn from its output, which is whole, and not from rows
    that were read too early.
    """
    runs = engine.chat.watchable(session_id)
    records = list(await engine.chat.history(session_id, after=last, limit=PAGE_TURNS))
    while last and records and records[0].turn.ordinal > last + 1:
        page = await engine.chat.history(session_id, after=last, before=records[0].turn.ordinal, limit=PAGE_TURNS)
        if not page:
            break
        records[:0] = page
    return runs, records
