"""One suite for every vector store: what the rest of the program relies on."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hector_tui.domain.memories import MemoryFilter
from hector_tui.errors import MemoryIndexError, MemoryIndexLocked
from hector_tui.memory.base import Point, VectorStore
from hector_tui.memory.edge import EdgeStore
from hector_tui.memory.qdrant import QdrantStore

DIMENSION = 16
ALL = MemoryFilter()
Open = Callable[[], VectorStore]


def unit(seed: int) -> list[float]:
    numbers = random.Random(seed)
    vector = [numbers.gauss(0, 1) for _ in range(DIMENSION)]
    norm = sum(value * value for value in vector) ** 0.5
    return [value / norm for value in vector]


def name(number: int) -> str:
    return str(uuid.UUID(int=number + 1))


def point(number: int, session: str = "s", agent: str = "a", *, seed: int | None = None) -> Point:
    vector = unit(number if seed is None else seed)
    return Point(point_id=name(number), vector=vector, payload={"session_id": session, "agent_id": agent, "n": 1.5})


@pytest.fixture(params=["edge", "qdrant-local", "qdrant-memory"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def open_store(kind: str, tmp_path: Path) -> Iterator[Open]:
    opened: list[VectorStore] = []

    def open_() -> VectorStore:
        store: VectorStore
        match kind:
            case "edge":
                store = EdgeStore(tmp_path / "edge", DIMENSION)
            case "qdrant-local":
                store = QdrantStore("memories", DIMENSION, path=tmp_path / "qdrant")
            case _:
                store = QdrantStore("memories", DIMENSION)
        opened.append(store)
        return store

    yield open_
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Open) -> VectorStore:
    return open_store()


def ids(store: VectorStore, where: MemoryFilter, *, seed: int = 0, limit: int = 1000) -> set[str]:
    return {found.point_id for found in store.search(unit(seed), where, limit)}


def test_begins_empty_and_an_empty_search_finds_nothing(store: VectorStore) -> None:
    assert store.count() == 0
    assert list(store.search(unit(0), ALL, 10)) == []
    store.upsert([])
    store.delete([])
    assert store.count() == 0


def test_the_nearest_comes_first_with_its_cosine(store: VectorStore) -> None:
    store.upsert([point(number) for number in range(20)])
    found = store.search(unit(7), ALL, 5)
    assert len(found) == 5
    assert found[0].point_id == name(7)
    assert found[0].score == pytest.approx(1.0, abs=1e-5)
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)
    opposite = store.search([-value for value in unit(7)], ALL, 20)[-1]
    assert opposite.score == pytest.approx(-1.0, abs=1e-5)


def test_writing_twice_stores_once_and_the_last_counts(store: VectorStore) -> None:
    store.upsert([point(1), point(2)])
    store.upsert([point(1), point(2)])
    assert store.count() == 2
    store.upsert([point(1, session="moved", seed=99)])
    assert store.count() == 2
    assert ids(store, MemoryFilter(session_id="moved")) == {name(1)}
    assert store.search(unit(99), ALL, 1)[0].point_id == name(1)


def test_filters_by_session_agent_both_and_neither(store: VectorStore) -> None:
    store.upsert([point(1, "s1", "a1"), point(2, "s1", "a2"), point(3, "s2", "a1"), point(4, "s2", "a2")])
    assert ids(store, MemoryFilter(session_id="s1")) == {name(1), name(2)}
    assert ids(store, MemoryFilter(agent_id="a1")) == {name(1), name(3)}
    assert ids(store, MemoryFilter(session_id="s2", agent_id="a1")) == {name(3)}
    assert ids(store, MemoryFilter(session_id="s3", agent_id="a1")) == set()
    assert ids(store, ALL) == {name(1), name(2), name(3), name(4)}


def test_the_limit_holds_within_the_filter_and_may_be_zero(store: VectorStore) -> None:
    store.upsert([point(number, "near") for number in range(30)] + [point(100, "rare", seed=500)])
    assert [hit.point_id for hit in store.search(unit(0), MemoryFilter(session_id="rare"), 3)] == [name(100)]
    assert list(store.search(unit(0), ALL, 0)) == []
    assert list(store.search(unit(0), ALL, -1)) == []


def test_deletes_by_id(store: VectorStore) -> None:
    store.upsert([point(number) for number in range(5)])
    store.delete([name(1), name(3), name(77)])
    assert store.count() == 3
    assert ids(store, ALL) == {name(0), name(2), name(4)}
    store.upsert([point(1)])
    assert name(1) in ids(store, ALL)


def test_deletes_by_filter_but_never_everything(store: VectorStore) -> None:
    store.upsert([point(1, "s1", "a1"), point(2, "s1", "a2"), point(3, "s2", "a1")])
    store.delete(where=MemoryFilter())
    assert store.count() == 3
    store.delete(where=MemoryFilter(session_id="s1", agent_id="a2"))
    assert ids(store, ALL) == {name(1), name(3)}
    store.delete(where=MemoryFilter(session_id="s1"))
    assert ids(store, ALL) == {name(3)}


def test_two_thousand_points_of_forty_sessions_stay_apart(store: VectorStore) -> None:
    points = [point(number, f"s{number % 40}", f"a{number % 3}") for number in range(2000)]
    for start in range(0, 2000, 500):
        store.upsert(points[start : start + 500])
    assert store.count() == 2000
    for session in (0, 13, 39):
        expected = {name(number) for number in range(2000) if number % 40 == session}
        assert ids(store, MemoryFilter(session_id=f"s{session}"), seed=session) == expected


@pytest.mark.parametrize(
    "odd",
    [
        "it's",
        'a"b',
        "a\0b",
        "*",
        "s' OR 1=1 --",
        "{}",
        "[]",
        "s[0].x",
        "null",
        "true",
        "1",
        "Ünï\u202ecödé",
        "🙂",
        "x" * 5000,
        " s ",
    ],
)
def test_a_strange_session_id_is_only_itself(store: VectorStore, odd: str) -> None:
    store.upsert([point(1, "s"), point(2, odd), point(3, f"{odd}x"), point(4, odd, odd)])
    assert ids(store, MemoryFilter(session_id=odd)) == {name(2), name(4)}
    assert ids(store, MemoryFilter(session_id=odd, agent_id=odd)) == {name(4)}


def test_what_it_cannot_take_is_an_error_and_changes_nothing(store: VectorStore) -> None:
    store.upsert([point(1)])
    with pytest.raises(MemoryIndexError):
        store.upsert([Point(point_id="no uuid", vector=unit(2), payload={"session_id": "s", "agent_id": "a"})])
    with pytest.raises(MemoryIndexError):
        store.upsert([Point(point_id=name(2), vector=[1.0], payload={"session_id": "s", "agent_id": "a"})])
    with pytest.raises(MemoryIndexError):
        store.search([1.0], ALL, 3)
    assert ids(store, ALL) == {name(1)}


def test_after_close_every_call_is_an_error_and_closing_again_is_not(store: VectorStore) -> None:
    store.upsert([point(1)])
    store.close()
    store.close()
    for call in (
        lambda: store.upsert([point(2)]),
        lambda: store.search(unit(1), ALL, 1),
        lambda: store.delete([name(1)]),
        lambda: store.count(),
    ):
        with pytest.raises(MemoryIndexError):
            call()


@pytest.mark.parametrize("kind", ["edge", "qdrant-local"], indirect=False)
def test_keeps_its_points_when_closed_and_opened_again(kind: str, open_store: Open) -> None:
    first = open_store()
    first.upsert([point(1, "s1"), point(2, "s2"), point(3, "s2")])
    first.delete([name(3)])
    first.close()
    second = open_store()
    assert second.count() == 2
    assert ids(second, MemoryFilter(session_id="s2")) == {name(2)}
    second.upsert([point(4, "s2")])
    assert ids(second, MemoryFilter(session_id="s2")) == {name(2), name(4)}


# qdrant-client leaves its half-opened lock file to the garbage collector when it refuses.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", ["edge", "qdrant-local"], indirect=False)
def test_a_second_opener_is_told_that_it_is_locked(kind: str, open_store: Open) -> None:
    first = open_store()
    first.upsert([point(1)])
    with pytest.raises(MemoryIndexLocked):
        open_store()
    assert first.count() == 1
    first.close()
    assert open_store().count() == 1
