"""`MemoryService`: everything agents, tools and the screen want of memory, in one object."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from hector_tui.domain.keys import SessionKey, point_id
from hector_tui.domain.memories import Memory, MemoryFilter, MemoryHit, MemoryKind, RecallScope
from hector_tui.domain.messages import Message, Role
from hector_tui.domain.turns import Turn, TurnRecord
from hector_tui.errors import AgentError, MemoryIndexError, MemoryIndexLocked, ToolError
from hector_tui.memory.base import Embedder
from hector_tui.memory.embedders import NOISE_FLOOR, HashingEmbedder
from hector_tui.memory.indexer import Indexer
from hector_tui.memory.long_term import LongTermMemory, Recall, plain
from hector_tui.memory.opening import FolderOpener, StoreOpener
from hector_tui.memory.pieces import pieces_of
from hector_tui.memory.settings import DEFAULT_BATCH_SIZE, LongTermSettings, MemorySettings
from hector_tui.memory.status import IndexerStatus, IndexerTiming
from hector_tui.memory.working import Selection, select
from hector_tui.sessions.memories import MemoryTable
from hector_tui.sessions.rows import storable

NOTE_CHARACTERS = 4_000
"""A note is one fact; longer ones are refused, so that nothing of them is lost in silence."""
_ECHOES = 3
_VIEW_ROWS = 50
SEARCH_ROWS = 20
"""Memories that a person's search shows."""

SettingsFor = Callable[[str], MemorySettings]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryView:
    """The memory of one agent in one session, for the inspector.

    Attributes:
        total: Memories its recall may see.
        pending: How many of those are not in the vector store yet.
        batch_size: How many are indexed together.
        scope: How far its recall looks.
        status: The vector store's.
        latest: The newest ones, pinned first.
        found: What a question finds; empty without one.
        words_only: Why the question was answered by full-text search alone; empty when it was not.
    """

    total: int
    pending: int
    batch_size: int
    scope: RecallScope
    status: IndexerStatus
    latest: tuple[Memory, ...]
    found: tuple[MemoryHit, ...] = ()
    words_only: str = ""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A vector store that was filled from the database.

    Attributes:
        total: Memories there are.
        indexed: Those the vector store took; the others could not be embedded and are found by words only.
    """

    total: int
    indexed: int


class MemoryService:
    """Working memory, pending batches and long-term memory. Shared by all agents; implements `MemoryAccess`.

    Args:
        table: Memories in SQLite.
        indexer: Keeps the vector store in step.
        long_term: Searches.
        settings_for: An agent's settings, by agent id.
        clock: Seconds since the epoch, UTC.
    """

    def __init__(
        self,
        table: MemoryTable,
        indexer: Indexer,
        long_term: LongTermMemory,
        settings_for: SettingsFor,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._table = table
        self._indexer = indexer
        self._long_term = long_term
        self._settings_for = settings_for
        self._clock = clock

    def start(self) -> None:
        """Open the vector store and begin indexing, in the background."""
        self._indexer.start()

    async def aclose(self) -> None:
        """Index what waits, within a few seconds, and let go of the vector store; before the database closes."""
        await self._indexer.aclose()

    @property
    def status(self) -> IndexerStatus:
        """How the vector store does."""
        return self._indexer.status()

    # Turns

    def select(self, settings: MemorySettings, turns: Sequence[TurnRecord], budget_tokens: int | None) -> Selection:
        """The earlier turns that go into the next prompt; see `hector_tui.memory.working.select`."""
        return select(settings, turns, budget_tokens)

    async def recall_for(
        self, key: SessionKey, question: str, settings: MemorySettings, *, exclude_turns: Set[str] = frozenset()
    ) -> list[MemoryHit]:
        """What long-term memory knows about the question asked now; nothing unless the agent recalls by itself.

        Args:
            key: Who asks.
            question: The question of this turn, so a session's first turn recalls as well as any other.
            settings: The agent's.
            exclude_turns: Turns the prompt has already.

        Raises:
            StoreError: The database could not be read.
        """
        long_term = settings.long_term
        if long_term is None or not long_term.auto_recall:
            return []
        recall = await self._long_term.recall(
            question,
            MemoryFilter.of(key, long_term.recall_scope),
            limit=long_term.recall_limit + _ECHOES,
            threshold=long_term.recall_threshold,
            exclude=exclude_turns,
        )
        return [hit for hit in recall.hits if not _is_echo(hit.memory, question)][: long_term.recall_limit]

    def memories_of_turn(
        self, key: SessionKey, settings: MemorySettings, turn: Turn, messages: Iterable[Message]
    ) -> list[Memory]:
        """What a settled turn leaves to long-term memory. The session store inserts them with the turn; then `notify`.

        Args:
            key: Whose turn it is.
            settings: The agent's.
            turn: Its text is what the person said.
            messages: What the agent said; the output of tools is left out (see `LongTermSettings.storage_scope`).
        """
        if settings.long_term is None or settings.long_term.storage_scope == "summaries_only":
            return []
        answers = [message.text for message in messages if message.role is Role.ASSISTANT]
        said = [("user", piece) for piece in pieces_of(turn.text)]
        said += [("assistant", piece) for answer in answers for piece in pieces_of(answer)]
        now = self._clock()
        return [
            _memory(key, f"turn:{turn.turn_id}:{role}:{number}", MemoryKind.MESSAGE, role, text, now, turn.turn_id)
            for number, (role, text) in enumerate(said)
        ]

    def notify(self, key: SessionKey, *, at_once: bool = False) -> None:
        """Memories of a SessionKey were stored; `at_once` indexes them although their batch may not be full."""
        self._indexer.notify(key, at_once=at_once)

    async def append(self, key: SessionKey, role: str, text: str, *, turn_id: str) -> Memory:
        """Store one message as a memory outside a turn's transaction; the same message of a turn twice stores once.

        Raises:
            StoreError: It was not stored.
        """
        words = storable(text)
        name = f"turn:{turn_id}:{role}:{words}"
        memory = _memory(key, name, MemoryKind.MESSAGE, role, words, self._clock(), turn_id)
        await self._table.add([memory])
        self._indexer.notify(key)
        return memory

    # Notes and searches, for tools and people

    async def remember(self, key: SessionKey, text: str, *, turn_id: str) -> Memory:
        """Store a note; it is durable when this returns. The same text twice stores once.

        Raises:
            ToolError: The text is empty or longer than `NOTE_CHARACTERS`.
            StoreError: It was not stored.
        """
        words = _note_text(text)
        memory = _memory(key, f"note:{plain(words)}", MemoryKind.NOTE, "note", words, self._clock(), turn_id)
        await self._table.add([memory])
        self._indexer.notify(key)
        stored = (await self._table.get([memory.memory_id])).get(memory.memory_id, memory)
        if plain(stored.text) != plain(words):  # noted before, and corrected since: the newest wish counts
            await self._table.change(memory.memory_id, text=words)
            return memory
        return stored

    async def recall(self, key: SessionKey, question: str, *, limit: int | None = None) -> list[MemoryHit]:
        """The memories that answer a question best, within the agent's scope.

        Raises:
            StoreError: The database could not be read.
        """
        long_term = self._long_term_of(key.agent_id)
        recall = await self._long_term.recall(
            question,
            MemoryFilter.of(key, long_term.recall_scope),
            limit=long_term.recall_limit if limit is None else limit,
            threshold=long_term.recall_threshold,
        )
        return list(recall.hits)

    async def newest_notes(self, key: SessionKey, *, limit: int | None = None) -> list[MemoryHit]:
        """The notes written last within the agent's scope, pinned ones first; their score is 0.

        Raises:
            StoreError: The database could not be read.
        """
        long_term = self._long_term_of(key.agent_id)
        latest = await self._table.latest(MemoryFilter.of(key, long_term.recall_scope), _VIEW_ROWS)
        notes = [memory for memory in latest if memory.kind is MemoryKind.NOTE]
        wanted = long_term.recall_limit if limit is None else limit
        return [MemoryHit(memory=memory, score=0.0, found_by="recent") for memory in notes[:wanted]]

    async def search(self, question: str, where: MemoryFilter, *, limit: int = SEARCH_ROWS) -> Recall:
        """What a person's search finds, as far as they want to look.

        Raises:
            StoreError: The database could not be read.
        """
        return await self._long_term.recall(question, where, limit=limit)

    async def view(self, key: SessionKey, settings: MemorySettings, question: str = "") -> MemoryView:
        """The memory of one agent in one session.

        Raises:
            StoreError: The database could not be read.
        """
        long_term = settings.long_term or LongTermSettings()
        where = MemoryFilter.of(key, long_term.recall_scope)
        counts = await self._table.counts(where)
        recall = await self._long_term.recall(question, where, limit=long_term.recall_limit)
        return MemoryView(
            total=counts.total,
            pending=counts.pending,
            batch_size=long_term.batch_size,
            scope=long_term.recall_scope,
            status=self._indexer.status(),
            latest=tuple(await self._table.latest(where, _VIEW_ROWS)),
            found=recall.hits,
            words_only=recall.words_only,
        )

    # Changes by a person

    async def forget(self, memory_ids: Sequence[str]) -> int:
        """Delete memories and their vectors; returns how many there were.

        Raises:
            StoreError: Nothing was deleted.
        """
        gone = await self._table.forget(memory_ids)
        self._indexer.notify_all()
        return gone

    async def pin(self, memory_id: str, pinned: bool = True) -> bool:
        """Let a memory weigh more in every recall, or no more; returns whether it exists.

        Raises:
            StoreError: Nothing was changed.
        """
        return await self._table.change(memory_id, pinned=pinned)

    async def correct(self, memory_id: str, text: str) -> bool:
        """Change a memory's words; returns whether it exists.

        Raises:
            ToolError: The text is empty or longer than `NOTE_CHARACTERS`.
            StoreError: Nothing was changed.
        """
        found = await self._table.change(memory_id, text=_note_text(text))
        self._indexer.notify_all()
        return found

    def sessions_changed(self) -> None:
        """Sessions were deleted, brought back or copied: their vectors go and come now, not when a batch is full."""
        self._indexer.notify_all()

    async def beginning_with(self, prefix: str, limit: int) -> list[Memory]:
        """The memories whose ids begin so, as a person types them.

        Raises:
            StoreError: The database could not be read.
        """
        return await self._table.beginning_with(prefix, limit)

    async def rebuild(self) -> Rebuilt:
        """Fill an empty vector store from the database; lasts as long as that does, and `status` shows how far it is.

        Raises:
            MemoryIndexLocked: Another process has the vector store; nothing was changed.
            MemoryIndexError: It could not be done, or not to the end.
            StoreError: The database could not be read.
        """
        is_whole = await self._indexer.rebuild()
        status = self._indexer.status()
        counts = await self._table.counts(MemoryFilter())
        match status.state:
            case "ready":
                return Rebuilt(counts.total, counts.total if is_whole else counts.total - counts.pending)
            case "locked":
                raise MemoryIndexLocked(
                    "nothing was rebuilt: another hector-tui has the vector store open",
                    hint="Close it, then rebuild again.",
                )
            case _:
                raise MemoryIndexError(
                    f"the vector store was not rebuilt: {status.detail}",
                    hint="No memory is lost: the next start goes on with those that are missing.",
                )

    async def flush(self, key: SessionKey | None = None, *, timeout_s: float = 5.0) -> bool:
        """Index what waits for a SessionKey, or everything; see `Indexer.flush`."""
        return await self._indexer.flush(key, timeout_s=timeout_s)

    def _long_term_of(self, agent_id: str) -> LongTermSettings:
        return self._settings_for(agent_id).long_term or LongTermSettings()


def open_memory(
    table: MemoryTable,
    folder: Path,
    settings_for: SettingsFor,
    *,
    embedder: Embedder | None = None,
    min_cosine: float = NOISE_FLOOR,
    opener: StoreOpener | None = None,
    timing: IndexerTiming | None = None,
    clock: Callable[[], float] = time.time,
) -> MemoryService:
    """The memory of a profile; touches no file before `start`.

    Args:
        table: Memories in SQLite.
        folder: The vector folder of the profile; its parent exists.
        settings_for: An agent's settings, by agent id.
        embedder: Makes the vectors; by default the one that needs nothing.
        min_cosine: Likeness below which two texts of this embedder share only accidents.
        opener: Opens the vector store; by default the embedded one in `folder`.
        timing: How long the indexer waits for what.
        clock: Seconds since the epoch, UTC.
    """
    chosen = embedder or HashingEmbedder()

    def batch_size_of(agent_id: str) -> int:
        try:
            long_term = settings_for(agent_id).long_term
        except AgentError:  # taken out of the configuration; what it left behind is indexed all the same
            return DEFAULT_BATCH_SIZE
        return long_term.batch_size if long_term is not None else 1

    indexer = Indexer(
        table,
        chosen,
        opener or FolderOpener(folder, chosen),
        batch_size_of=batch_size_of,
        timing=timing,
        clock=clock,
    )
    long_term = LongTermMemory(table, indexer, chosen, min_cosine=min_cosine)
    return MemoryService(table, indexer, long_term, settings_for, clock)


def _memory(
    key: SessionKey, name: str, kind: MemoryKind, role: str, text: str, created_at: float, turn_id: str
) -> Memory:
    return Memory(
        memory_id=point_id(key, name),
        key=key,
        kind=kind,
        role=role,
        text=text,
        created_at=created_at,
        turn_id=turn_id,
    )


def _note_text(text: str) -> str:
    words = storable(text).strip()
    if not words:
        raise ToolError("a memory needs a text")
    if len(words) > NOTE_CHARACTERS:
        raise ToolError(f"a memory has at most {NOTE_CHARACTERS:,} characters, this one has {len(words):,}")
    return words


def _is_echo(memory: Memory, question: str) -> bool:
    """Whether a memory is the same question asked before: it would push the answers out of the recall."""
    return memory.role == "user" and memory.kind is MemoryKind.MESSAGE and plain(memory.text) == plain(question)
