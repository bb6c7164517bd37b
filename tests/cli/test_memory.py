"""`hector-tui memory list|search|forget|rebuild`, on a profile that real answers have filled."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import Memory, MemoryKind
from hector_tui.memory.edge import EdgeStore
from hector_tui.memory.embedders import HashingEmbedder
from hector_tui.paths import Profile
from hector_tui.sessions.store import Store
from tests.cli.support import ROOT, Result, run

HOLDER = """
import asyncio, os, sys
from pathlib import Path
from hector_tui.domain.memories import MemoryFilter
from hector_tui.engine.host import Engine, EngineOptions
from hector_tui.paths import Profile

async def main(root):
    engine = await Engine.open(EngineOptions(profile=Profile(root), env={"HECTOR_TUI_NO_PROBE": "1"}))
    assert await engine.memory.flush(timeout_s=60)
    print("ready", flush=True)
    while question := (await asyncio.to_thread(sys.stdin.readline)).strip():
        found = await engine.chat.insight.search_memory(question, MemoryFilter())
        await engine.memory.flush(timeout_s=60)
        print(len(found.hits), engine.memory.status.indexed, flush=True)
    await engine.aclose()

asyncio.run(main(Path(sys.argv[1])))
"""


def note(memory_id: str, text: str, *, key: SessionKey | None = None, created_at: float = 0.0) -> Memory:
    return Memory(
        memory_id=memory_id,
        key=key or SessionKey("s1", "guide"),
        kind=MemoryKind.NOTE,
        role="note",
        text=text,
        created_at=created_at,
    )


def fill(profile: Profile, *memories: Memory) -> None:
    async def add() -> None:
        store = await Store.open(profile)
        for memory in memories:
            await store.sessions.create(
                memory.key.agent_id, session_id=memory.key.session_id, title=f"Title of {memory.key.session_id}"
            )
        await store.memories.add(memories)
        await store.aclose()

    asyncio.run(add())


LISBON = note(
    "aaaa0000-0000-5000-8000-000000000001", "The office in Lisbon has\nsix\x1b[31m rooms", created_at=86_400.0
)
PORTO = note("aaaa0000-0000-5000-8000-000000000002", "The office in Porto has two rooms", key=SessionKey("s2", "coder"))
OSLO = note("aabb0000-0000-5000-8000-000000000003", "Oslo is for the summer", key=SessionKey("s2", "guide"))


@pytest.fixture
def far_east() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Pacific/Auckland")
        time.tzset()
        yield
    time.tzset()


def texts(result: Result) -> list[object]:
    return [one["text"] for one in result.objects]


@contextmanager
def another_process(profile: Profile) -> Iterator[subprocess.Popen[str]]:
    """A second process that has the whole engine open on the profile, and with it the vector store."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(profile.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def asked(process: subprocess.Popen[str], question: str) -> tuple[int, ...]:
    """How much the other process finds, and how many points its vector store has afterwards."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{question}\n")
    process.stdin.flush()
    return tuple(map(int, process.stdout.readline().split()))


def points(profile: Profile) -> int:
    """What the vector store on the disk holds."""
    store = EdgeStore(profile.vectors / "edge", HashingEmbedder().dimension)
    try:
        return store.count()
    finally:
        store.close()


def test_an_empty_memory_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    listed = run(capsys, "memory", "list")
    assert (listed.status, listed.out, listed.err) == (0, "", "Nothing is remembered.\n")
    found = run(capsys, "memory", "search", "what", "is", "known?")
    assert (found.status, found.out, found.err) == (1, "", "No memory answers that.\n")
    rebuilt = run(capsys, "memory", "rebuild")
    assert (rebuilt.status, rebuilt.out, rebuilt.err) == (0, "Rebuilt the vector store: 0 memories indexed.\n", "")


def test_memories_are_listed_on_two_lines_each_with_their_time_in_utc(
    profile: Profile, capsys: pytest.CaptureFixture[str], far_east: None
) -> None:
    fill(profile, LISBON, OSLO)
    lines = run(capsys, "memory", "list").out.splitlines()
    assert lines == [
        "aabb0000  1970-01-01 00:00 UTC  note     guide          Title of s2",
        "    Oslo is for the summer",
        "aaaa0000  1970-01-02 00:00 UTC  note     guide          Title of s1",
        "    The office in Lisbon has⏎six␛[31m rooms",
    ]


def test_a_list_is_narrowed_by_agent_and_session_and_cut_aloud(
    profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(profile, LISBON, PORTO, OSLO)
    assert texts(run(capsys, "memory", "list", "--json")) == [OSLO.text, PORTO.text, LISBON.text]
    assert texts(run(capsys, "memory", "list", "--json", "--agent", "guide")) == [OSLO.text, LISBON.text]
    assert texts(run(capsys, "--agent", "guide", "memory", "list", "--json")) == [OSLO.text, LISBON.text]
    assert texts(run(capsys, "memory", "list", "--json", "--session", "s2")) == [OSLO.text, PORTO.text]
    assert texts(run(capsys, "memory", "list", "--json", "--session", "s2", "--agent", "coder")) == [PORTO.text]
    cut = run(capsys, "memory", "list", "--json", "--limit", "2")
    assert (len(cut.objects), cut.err) == (2, "2 of 3 memories; `--limit 3` shows all.\n")
    assert run(capsys, "memory", "list", "--json").objects[0] == {
        "memory_id": OSLO.memory_id,
        "kind": "note",
        "role": "note",
        "text": "Oslo is for the summer",
        "agent_id": "guide",
        "session_id": "s2",
        "session_title": "Title of s2",
        "created_at": 0.0,
        "turn_id": "",
        "pinned": False,
        "indexed": False,
    }
    unknown = run(capsys, "memory", "list", "--session", "nobody")
    assert (unknown.status, unknown.out) == (1, "")
    assert "there is no session 'nobody'" in unknown.err


def test_a_search_is_hybrid_and_keeps_to_its_filters(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    fill(profile, LISBON, PORTO, OSLO)
    found = run(capsys, "memory", "search", "--json", "office with rooms in Lisbon")
    assert (found.status, found.err) == (0, "")
    first, second = found.objects
    assert (first["text"], first["found_by"], first["session_title"]) == (LISBON.text, "both", "Title of s1")
    assert second["text"] == PORTO.text
    assert 1.0 >= first["score"] > second["score"] > 0.0
    # Only the vectors know that the two words are nearly one.
    (near,) = run(capsys, "memory", "search", "--json", "summertime").objects
    assert (near["text"], near["found_by"]) == (OSLO.text, "vector")
    for options, expected in (
        (("--agent", "coder"), [PORTO.text]),
        (("--session", "s1"), [LISBON.text]),
        (("--session", "s2"), [PORTO.text]),
        (("--session", "s2", "--agent", "guide"), []),
        (("--limit", "1"), [LISBON.text]),
    ):
        narrowed = run(capsys, "memory", "search", "--json", "office with rooms in Lisbon", *options)
        assert (texts(narrowed), narrowed.status) == (expected, 0 if expected else 1)
    shown = run(capsys, "memory", "search", "office", "Lisbon").out.splitlines()
    assert shown[0].startswith("aaaa0000  1.00 both    1970-01-02 00:00 UTC  note")
    assert run(capsys, "memory", "search", "office", "--session", "nobody").status == 1


def test_what_an_agent_was_told_is_found_by_another_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "ask", "guide", "Remember that the staging host is called kestrel").status == 0
    (found,) = run(capsys, "memory", "search", "--json", "what is the staging host called?").objects
    assert (found["kind"], found["agent_id"], found["found_by"]) == ("note", "guide", "both")
    assert "kestrel" in found["text"]
    assert found["indexed"] is True


def test_forgetting_takes_beginnings_of_ids_and_removes_the_vectors(
    profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(profile, LISBON, PORTO, OSLO)
    assert run(capsys, "memory", "rebuild").out == "Rebuilt the vector store: 3 memories indexed.\n"
    assert points(profile) == 3
    gone = run(capsys, "memory", "forget", "AAB", LISBON.memory_id, "aabb0000")
    assert (gone.status, gone.err) == (0, "")
    assert gone.out.splitlines() == [
        "aabb0000  Oslo is for the summer",
        "aaaa0000  The office in Lisbon has⏎six␛[31m rooms",
        "Forgotten: 2 memories.",
    ]
    assert texts(run(capsys, "memory", "list", "--json")) == [PORTO.text]
    assert points(profile) == 1
    assert texts(run(capsys, "memory", "search", "--json", "office Lisbon summer Oslo")) == [PORTO.text]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("aaaa", "'aaaa' is the beginning of several ids"),
        ("a", "..."),
        ("ffff", "there is no memory 'ffff'"),
        ("", "there is no memory ''"),
        ("%", "there is no memory '%'"),
        ("aaaa0000-0000-5000-8000-0000000000019", "there is no memory"),
        ("\udcff", "there is no memory"),
    ],
)
def test_an_id_that_names_none_or_several_forgets_nothing(
    wanted: str, said: str, profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(profile, LISBON, PORTO, OSLO)
    result = run(capsys, "memory", "forget", OSLO.memory_id, wanted)
    assert (result.status, result.out) == (1, "")
    assert said in result.err
    assert "nothing was forgotten" in result.err
    assert len(run(capsys, "memory", "list", "--json").objects) == 3


def test_memories_of_a_deleted_session_are_out_of_reach(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    fill(profile, LISBON, OSLO)
    assert run(capsys, "sessions", "delete", "s1").status == 0
    assert texts(run(capsys, "memory", "list", "--json")) == [OSLO.text]
    assert run(capsys, "memory", "search", "office", "Lisbon").status == 1
    assert run(capsys, "memory", "forget", LISBON.memory_id).status == 1
    assert run(capsys, "sessions", "undelete", "s1").status == 0
    assert texts(run(capsys, "memory", "search", "--json", "office Lisbon")) == [LISBON.text]


def test_a_rebuild_begins_an_empty_store_and_indexes_everything(
    profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(profile, LISBON, PORTO, OSLO)
    assert run(capsys, "memory", "search", "office").status == 0
    kept = profile.vectors / "edge.old"
    assert not kept.exists()
    rebuilt = run(capsys, "memory", "rebuild")
    assert (rebuilt.status, rebuilt.out, rebuilt.err) == (0, "Rebuilt the vector store: 3 memories indexed.\n", "")
    assert kept.is_dir()
    assert points(profile) == 3
    assert all(one["indexed"] for one in run(capsys, "memory", "list", "--json").objects)
    assert run(capsys, "memory", "search", "--json", "summertime").objects[0]["found_by"] == "vector"


def test_a_rebuild_that_cannot_begin_is_an_error_that_says_why(
    profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(profile, LISBON)
    profile.vectors.write_text("in the way", encoding="utf-8")
    result = run(capsys, "memory", "rebuild")
    assert (result.status, result.out) == (1, "")
    assert "the vector store was not rebuilt: " in result.err
    assert str(profile.vectors) in result.err
    assert "No memory is lost" in result.err
    profile.vectors.unlink()
    assert run(capsys, "memory", "search", "--json", "Lisbon").objects[0]["found_by"] == "both"


def test_beside_another_process_memories_are_searched_and_forgotten_but_not_rebuilt(
    profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(profile, LISBON, PORTO, OSLO)
    with another_process(profile) as other:
        assert asked(other, "office in Lisbon") == (2, 3)
        refused = run(capsys, "memory", "rebuild")
        assert (refused.status, refused.out) == (1, "")
        assert "nothing was rebuilt: another hector-tui has the vector store open" in refused.err
        assert not (profile.vectors / "edge.old").exists()
        found = run(capsys, "memory", "search", "--json", "office in Lisbon")
        assert [one["found_by"] for one in found.objects] == ["text", "text"]
        assert found.err == (
            "The vector store was not searched: another hector-tui indexes this profile; recall searches by words.\n"
        )
        assert run(capsys, "memory", "forget", "aaaa0000-0000-5000-8000-000000000001").status == 0
        assert asked(other, "office in Lisbon") == (1, 2)
    assert run(capsys, "memory", "rebuild").out == "Rebuilt the vector store: 2 memories indexed.\n"


def test_the_output_of_a_list_is_ascii_json(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    fill(profile, note(LISBON.memory_id, "räume ‮ \x07"))
    out = run(capsys, "memory", "list", "--json").out
    assert out.isascii()
    assert json.loads(out)["text"] == "räume ‮ \x07"


@pytest.mark.parametrize("arguments", [(), ("forget",), ("search",), ("list", "--limit", "0"), ("rebuild", "now")])
def test_a_wrong_command_line_is_status_2(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(capsys, "memory", *arguments).status == 2
    assert not (tmp_path / "profile").exists()
