"""The indexer with the real engine and a real database: every memory is indexed exactly once, whatever happens."""

from __future__ import annotations

import asyncio
import random
import shutil
import threading
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import MemoryFilter, RecallScope
from hector_tui.memory.base import Embedder, Found, Point, Vector, VectorStore
from hector_tui.memory.batches import BATCH
from hector_tui.memory.embedders import HashingEmbedder
from hector_tui.memory.indexer import Indexer
from hector_tui.memory.opening import FolderOpener, OpenedStore
from hector_tui.memory.service import MemoryService, open_memory
from hector_tui.memory.status import IndexerTiming
from hector_tui.sessions.database import Database
from hector_tui.sessions.memories import MemoryTable
from tests.support.memory import (
    PROMPT_TIMING,
    FlakyEmbedder,
    add_sessions,
    count_points,
    delete_session,
    memory,
    open_database,
    settings,
    until,
)

KEY = SessionKey("s1", "notes")
OTHER = SessionKey("s2", "coder")
SCOPE = RecallScope.SESSION


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path) as opened:
        await add_sessions(opened, [KEY, OTHER])
        yield opened


@pytest.fixture
def table(database: Database) -> MemoryTable:
    return MemoryTable(database)


def indexer(
    table: MemoryTable,
    folder: Path,
    *,
    embedder: Embedder | None = None,
    batch_size: int = 1,
    timing: IndexerTiming = PROMPT_TIMING,
    opener: FolderOpener | None = None,
) -> Indexer:
    chosen = embedder or HashingEmbedder()
    return Indexer(
        table,
        chosen,
        opener or FolderOpener(folder / "vectors", chosen),
        batch_size_of=lambda _: batch_size,
        timing=timing,
    )


async def pending(table: MemoryTable) -> int:
    return sum(entries for entries, _ in (await table.outbox_counts()).values())


async def add(table: MemoryTable, key: SessionKey, *texts: str) -> None:
    await table.add([memory(key, text) for text in texts])


async def test_a_thousand_messages_of_a_hundred_tasks_are_each_indexed_once(
    database: Database, table: MemoryTable, tmp_path: Path
) -> None:
    keys = [SessionKey(f"session-{number % 37}", ("notes", "coder")[number % 2]) for number in range(100)]
    await add_sessions(database, keys)
    embedder = FlakyEmbedder()
    service = open_memory(
        table, tmp_path / "vectors", lambda _: settings(batch_size=8), embedder=embedder, timing=PROMPT_TIMING
    )
    service.start()

    async def talk(task: int) -> None:
        for number in range(10):
            await service.append(keys[task], "user", f"message {number} of task {task}", turn_id=f"t{task}")

    async with asyncio.TaskGroup() as tasks:
        for task in range(100):
            tasks.create_task(talk(task))
    assert await service.flush(timeout_s=30)
    assert await pending(table) == 0
    assert service.status.indexed == 1000
    assert service.status.pending == 0
    repeated = [text for text, times in Counter(embedder.texts).items() if times > 1]
    assert len(embedder.texts) == 1000
    assert repeated == []
    await service.aclose()
    assert count_points(tmp_path / "vectors") == 1000


async def test_a_batch_waits_until_it_is_full_or_old(table: MemoryTable, tmp_path: Path) -> None:
    now = 1000.0
    chosen = HashingEmbedder()
    work = Indexer(
        table,
        chosen,
        FolderOpener(tmp_path / "vectors", chosen),
        batch_size_of=lambda agent_id: 3 if agent_id == KEY.agent_id else 2,
        timing=PROMPT_TIMING,
        clock=lambda: now,
    )
    work.start()
    await until(lambda: work.status().state == "ready")
    await table.add([memory(KEY, text, created_at=now) for text in ("one", "two")])
    await table.add([memory(OTHER, text, created_at=now) for text in ("one", "two")])
    work.notify(KEY)
    await until(lambda: work.status().indexed == 2)
    assert set(await table.outbox_counts()) == {KEY}

    await table.add([memory(KEY, "three", created_at=now)])
    work.notify(KEY)
    await until(lambda: work.status().indexed == 5)

    await table.add([memory(KEY, "four", created_at=now)])
    work.notify(KEY)
    await until(lambda: work.status().pending == 1)
    assert work.status().indexed == 5
    now += 29
    work.notify(KEY)
    await until(lambda: work.status().pending == 1)
    assert work.status().indexed == 5
    now += 1.1
    await until(lambda: work.status().indexed == 6)  # nobody told it: it looks by itself
    await work.aclose()


async def test_flush_indexes_one_key_and_leaves_the_other(table: MemoryTable, tmp_path: Path) -> None:
    work = indexer(table, tmp_path, batch_size=100)
    work.start()
    await until(lambda: work.status().state == "ready")
    now = 4e9  # never old
    await table.add([memory(KEY, "a", created_at=now), memory(OTHER, "b", created_at=now)])
    assert await work.flush(KEY)
    assert set(await table.outbox_counts()) == {OTHER}
    assert await work.flush()
    assert await pending(table) == 0
    await table.add([memory(KEY, "c", created_at=now)])
    work.notify(KEY, at_once=True)
    await until(lambda: work.status().indexed == 3)
    await work.aclose()


async def test_closing_indexes_what_waits(table: MemoryTable, tmp_path: Path) -> None:
    work = indexer(table, tmp_path, batch_size=100)
    work.start()
    await table.add([memory(KEY, f"text {number}", created_at=4e9) for number in range(BATCH * 2 + 1)])
    await work.aclose()
    await work.aclose()
    assert work.status().state == "off"
    assert await pending(table) == 0
    assert count_points(tmp_path / "vectors") == BATCH * 2 + 1
    assert not await work.flush()
    assert await work.search([1.0] * 384, MemoryFilter(), 1) is None
    work.notify(KEY, at_once=True)
    work.notify_all()
    work.start()


async def test_closing_before_it_started_is_nothing(table: MemoryTable, tmp_path: Path) -> None:
    work = indexer(table, tmp_path)
    assert not await work.flush()
    await work.aclose()
    assert not (tmp_path / "vectors").exists()


class StuckTable(MemoryTable):
    """Never comes back from marking: what a process looks like that is killed after the store acknowledged."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.is_stuck = asyncio.Event()

    async def done(self, entries: Sequence[int]) -> None:
        self.is_stuck.set()
        await asyncio.Event().wait()


async def test_stopped_between_upsert_and_mark_repeats_and_stores_once(
    database: Database, table: MemoryTable, tmp_path: Path
) -> None:
    await add(table, KEY, *(f"text {number}" for number in range(10)))
    stuck = StuckTable(database)
    first = indexer(stuck, tmp_path, timing=IndexerTiming(close_s=0.05))
    first.start()
    await stuck.is_stuck.wait()
    await first.aclose()
    assert await pending(table) == 10
    assert count_points(tmp_path / "vectors") == 10

    second = indexer(table, tmp_path)
    second.start()
    assert await second.flush()
    await second.aclose()
    assert await pending(table) == 0
    assert count_points(tmp_path / "vectors") == 10


async def test_a_failing_embedder_loses_nothing_and_is_tried_again(table: MemoryTable, tmp_path: Path) -> None:
    embedder = FlakyEmbedder(is_down=True)
    work = indexer(table, tmp_path, embedder=embedder)
    work.start()
    await add(table, KEY, "one", "two")
    assert not await work.flush()
    assert work.status().state == "degraded"
    assert "the embedder is down" in work.status().detail
    assert work.status().pending == 2
    embedder.is_down = False
    await until(lambda: work.status().state == "ready")
    assert work.status().indexed == 2
    assert await pending(table) == 0
    await work.aclose()


async def test_a_failed_forced_batch_is_retried_although_it_is_not_full(table: MemoryTable, tmp_path: Path) -> None:
    embedder = FlakyEmbedder(is_down=True)
    work = indexer(table, tmp_path, embedder=embedder, batch_size=100)
    work.start()
    await until(lambda: work.status().state == "ready")
    await table.add([memory(KEY, "one", created_at=4e9)])
    assert not await work.flush()
    embedder.is_down = False
    await until(lambda: work.status().state == "ready")
    assert work.status().indexed == 1
    await work.aclose()


async def test_one_text_the_embedder_refuses_does_not_hold_up_the_others(table: MemoryTable, tmp_path: Path) -> None:
    work = indexer(table, tmp_path, embedder=FlakyEmbedder(poison="poison"))
    work.start()
    await add(table, KEY, "one", "poison", "two", *(f"text {number}" for number in range(BATCH)))
    assert not await work.flush()
    await until(lambda: work.status().indexed == BATCH + 2)
    assert work.status().state == "ready"
    assert "1 memories" in work.status().detail
    await add(table, KEY, "three")
    work.notify(KEY)
    await until(lambda: work.status().indexed == BATCH + 3)
    assert await pending(table) == 1
    await work.aclose()


class BrokenEmbedder(HashingEmbedder):
    """Returns what it must not, or raises what it must not."""

    def __init__(self, vectors: Sequence[Vector] | None) -> None:
        super().__init__()
        self._vectors = vectors

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        if self._vectors is None:
            raise ZeroDivisionError("a bug")
        return self._vectors


@pytest.mark.parametrize(
    "vectors",
    [None, [], [[1.0]], [[0.0] * 384], [[float("nan")] * 384], [[1.0] * 384] * 2],
    ids=["raises", "none", "short", "zeros", "nan", "two"],
)
async def test_a_broken_embedder_is_degraded_and_nothing_wrong_is_stored(
    table: MemoryTable, tmp_path: Path, vectors: Sequence[Vector] | None
) -> None:
    work = indexer(table, tmp_path, embedder=BrokenEmbedder(vectors))
    work.start()
    await add(table, KEY, "one")
    assert not await work.flush()
    assert work.status().state == "degraded"
    await work.aclose()
    assert await pending(table) == 1
    assert count_points(tmp_path / "vectors") == 0


async def test_the_folder_can_be_deleted_between_two_starts(table: MemoryTable, tmp_path: Path) -> None:
    await add(table, KEY, *(f"text {number}" for number in range(BATCH * 3)))
    first = indexer(table, tmp_path)
    first.start()
    assert await first.flush()
    await first.aclose()
    shutil.rmtree(tmp_path / "vectors")

    second = indexer(table, tmp_path)
    second.start()
    await until(lambda: second.status().state == "ready")
    assert second.status().indexed == BATCH * 3
    assert second.status().progress == 1.0
    await second.aclose()
    assert await pending(table) == 0


async def test_the_folder_can_be_deleted_while_it_is_open(table: MemoryTable, tmp_path: Path) -> None:
    work = indexer(table, tmp_path)
    work.start()
    await add(table, KEY, "before")
    assert await work.flush()
    shutil.rmtree(tmp_path / "vectors")
    await add(table, KEY, "after")
    work.notify(KEY)
    await until(lambda: work.status().indexed == 2 and work.status().state == "ready")
    await work.aclose()
    assert count_points(tmp_path / "vectors") == 2


async def test_another_embedder_rebuilds_with_progress(table: MemoryTable, tmp_path: Path) -> None:
    await add(table, KEY, *(f"text {number}" for number in range(BATCH * 2)))
    first = indexer(table, tmp_path)
    first.start()
    assert await first.flush()
    await first.aclose()

    second = indexer(table, tmp_path, embedder=HashingEmbedder(64))
    second.start()
    seen: list[tuple[str, float]] = []

    def is_ready() -> bool:
        status = second.status()
        seen.append((status.state, status.progress))
        return status.state == "ready"

    await until(is_ready)
    rebuilding = [progress for state, progress in seen if state == "rebuilding"]
    assert rebuilding == sorted(rebuilding)
    assert second.status().indexed == BATCH * 2
    assert await second.search([1.0] * 64, MemoryFilter(), 1) is not None
    await second.aclose()


async def test_a_store_that_lacks_points_is_rebuilt(table: MemoryTable, tmp_path: Path) -> None:
    await add(table, KEY, "one", "two", "three")
    first = indexer(table, tmp_path)
    first.start()
    assert await first.flush()
    await first.aclose()
    opener = FolderOpener(tmp_path / "vectors", HashingEmbedder())
    opened = opener.open()
    opened.store.delete([memory(KEY, "two").memory_id])
    opened.store.close()
    opener.release()

    second = indexer(table, tmp_path)
    second.start()
    await until(lambda: second.status().state == "ready")
    assert second.status().indexed == 3
    await second.aclose()


async def test_a_store_that_counts_but_finds_nothing_is_rebuilt(table: MemoryTable, tmp_path: Path) -> None:
    await add(table, KEY, "one", "two")
    first = indexer(table, tmp_path)
    first.start()
    assert await first.flush()
    await first.aclose()
    next((tmp_path / "vectors").glob("**/vector_storage/vectors/status.dat")).unlink()

    second = indexer(table, tmp_path)
    second.start()
    await until(lambda: second.status().state == "ready")
    assert await second.search(HashingEmbedder().vectors(["two"])[0], MemoryFilter(), 1)
    await second.aclose()


async def test_forgetting_and_noting_again_in_one_batch_ends_with_the_point(table: MemoryTable, tmp_path: Path) -> None:
    item = memory(KEY, "back again")
    await table.add([item])
    await table.forget([item.memory_id])
    await table.add([item])
    gone = memory(KEY, "gone")
    await table.add([gone])
    await table.forget([gone.memory_id])
    work = indexer(table, tmp_path)
    work.start()
    assert await work.flush()
    assert work.status().indexed == 1
    await table.forget([item.memory_id])
    assert await work.flush()
    assert work.status().indexed == 0
    await work.aclose()


async def test_a_deleted_session_leaves_no_vector_and_its_id_shows_nothing_of_it(
    database: Database, table: MemoryTable, tmp_path: Path
) -> None:
    service = open_memory(table, tmp_path / "vectors", lambda _: settings(batch_size=8), timing=PROMPT_TIMING)
    service.start()
    for text in ("the password is swordfish", "and the cat is Minka"):
        await service.append(KEY, "user", text, turn_id="t1")
    await service.append(OTHER, "user", "the other session stays", turn_id="t2")
    assert await service.flush()
    await delete_session(database, KEY.session_id)
    service.sessions_changed()
    await until(lambda: service.status.indexed == 1)

    await add_sessions(database, [KEY])
    assert await service.recall(KEY, "what is the password, swordfish?") == []
    await service.append(KEY, "user", "a new beginning", turn_id="t3")
    assert await service.flush()
    assert [hit.memory.text for hit in await service.recall(KEY, "beginning password")] == ["a new beginning"]
    await service.aclose()
    assert count_points(tmp_path / "vectors") == 2


class SlowStore:
    """A store whose every call stays in its thread until it is let go."""

    def __init__(self, store: VectorStore, gate: threading.Event) -> None:
        self._store = store
        self._gate = gate
        self.threads: set[str] = set()

    def _pass(self) -> VectorStore:
        self.threads.add(threading.current_thread().name)
        self._gate.wait(20)
        return self._store

    def upsert(self, points: Sequence[Point]) -> None:
        self._pass().upsert(points)

    def search(self, vector: Vector, where: MemoryFilter, limit: int) -> Sequence[Found]:
        return self._pass().search(vector, where, limit)

    def delete(self, point_ids: Sequence[str] = (), where: MemoryFilter | None = None) -> None:
        self._pass().delete(point_ids, where)

    def count(self) -> int:
        return self._pass().count()

    def close(self) -> None:
        self._store.close()


class SlowOpener(FolderOpener):
    def __init__(self, folder: Path, gate: threading.Event) -> None:
        super().__init__(folder, HashingEmbedder())
        self.gate = gate
        self.store: SlowStore | None = None

    def open(self, *, afresh: str = "") -> OpenedStore:
        opened = super().open(afresh=afresh)
        self.store = SlowStore(opened.store, self.gate)
        return OpenedStore(self.store, opened.is_empty, opened.reason)


async def test_a_slow_store_never_blocks_the_loop(table: MemoryTable, tmp_path: Path) -> None:
    gate = threading.Event()
    opener = SlowOpener(tmp_path / "vectors", gate)
    work = indexer(table, tmp_path, opener=opener)
    work.start()
    await add(table, KEY, "one")
    flushing = asyncio.create_task(work.flush(timeout_s=20))
    await until(lambda: opener.store is not None and bool(opener.store.threads))
    # The store hangs in its thread; the loop goes on turning, and so does the database.
    for _ in range(100):
        await asyncio.sleep(0)
    assert await pending(table) == 1
    assert not flushing.done()
    gate.set()
    assert await flushing
    assert opener.store is not None
    assert all(name.startswith("hector-vectors") for name in opener.store.threads)
    assert len(opener.store.threads) == 1
    await work.aclose()


async def test_closing_does_not_wait_for_a_store_that_hangs(table: MemoryTable, tmp_path: Path) -> None:
    gate = threading.Event()
    opener = SlowOpener(tmp_path / "vectors", gate)
    work = indexer(table, tmp_path, opener=opener, timing=IndexerTiming(close_s=0.05))
    work.start()
    await add(table, KEY, "one")
    await until(lambda: opener.store is not None and bool(opener.store.threads))
    await work.aclose()
    assert work.status().state == "off"
    assert await pending(table) == 1
    gate.set()

    second = indexer(table, tmp_path)
    second.start()
    await until(lambda: second.status().state == "ready" and second.status().indexed == 1)
    await second.aclose()


class BuggyTable(MemoryTable):
    """Raises what no table should, a few times."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.bugs = 3

    async def outbox_counts(self) -> dict[SessionKey, tuple[int, float]]:
        if self.bugs:
            self.bugs -= 1
            raise ZeroDivisionError("a bug")
        return await super().outbox_counts()


async def test_no_exception_ends_the_task_in_silence(database: Database, tmp_path: Path) -> None:
    buggy = BuggyTable(database)
    work = indexer(buggy, tmp_path)
    work.start()
    await add(buggy, KEY, "one")
    seen: list[str] = []

    def is_ready() -> bool:
        seen.append(work.status().state)
        return work.status().state == "ready" and work.status().indexed == 1

    await until(is_ready)
    assert "degraded" in seen or buggy.bugs == 0
    await work.aclose()


async def test_whatever_is_done_in_whatever_order_the_store_ends_as_the_table(
    database: Database, table: MemoryTable, tmp_path: Path
) -> None:
    """A hundred random adds, forgets, corrections, session deletions, restarts and failures."""
    numbers = random.Random(7)
    keys = [SessionKey(f"s{number}", agent) for number in range(4) for agent in ("notes", "coder")]
    embedder = FlakyEmbedder()

    def start() -> MemoryService:
        service = open_memory(
            table, tmp_path / "vectors", lambda _: settings(batch_size=3), embedder=embedder, timing=PROMPT_TIMING
        )
        service.start()
        return service

    service = start()
    for step in range(100):
        key = numbers.choice(keys)
        await add_sessions(database, keys)
        match numbers.choice(["add", "add", "add", "forget", "correct", "session", "restart", "fail"]):
            case "add":
                await service.append(key, "user", f"text {step}", turn_id="t")
            case "forget":
                await service.forget([item.memory_id for item in (await table.latest(MemoryFilter(), 2))])
            case "correct":
                for item in await table.latest(MemoryFilter(), 1):
                    assert await service.correct(item.memory_id, f"corrected {step}")
            case "session":
                await delete_session(database, key.session_id)
                service.sessions_changed()
            case "restart":
                await service.aclose()
                service = start()
            case _:
                embedder.is_down = not embedder.is_down
    embedder.is_down = False
    assert await service.flush(timeout_s=20)
    await service.aclose()
    rows = await table.latest(MemoryFilter(), 1000)
    assert rows
    assert all(row.indexed for row in rows)
    opener = FolderOpener(tmp_path / "vectors", embedder)
    opened = opener.open()
    assert opened.store.count() == len(rows)
    for row in rows:
        (nearest,) = opened.store.search(embedder.vectors([row.text])[0], MemoryFilter.of(row.key, SCOPE), 1)
        assert nearest.point_id == row.memory_id
        assert nearest.score == pytest.approx(1.0, abs=1e-4)
    opened.store.close()
    opener.release()


async def test_a_store_that_cannot_be_begun_is_degraded_until_it_can(table: MemoryTable, tmp_path: Path) -> None:
    (tmp_path / "vectors").write_text("a file in the way")
    work = indexer(table, tmp_path)
    work.start()
    await add(table, KEY, "one")
    await until(lambda: work.status().state == "degraded")
    assert "cannot be made" in work.status().detail
    (tmp_path / "vectors").unlink()
    await until(lambda: work.status().state == "ready")
    assert await work.flush()
    assert work.status().indexed == 1
    await work.aclose()
