"""`hector-tui sessions export --json` and `sessions import`: a round trip loses nothing, and rubbish stores nothing."""

from __future__ import annotations

import asyncio
import copy
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from hector_tui.domain.events import OutputEvent, StateChanged, TextDelta, ToolCallStarted, event_to_dict
from hector_tui.domain.files import AttachedFile
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import Memory, MemoryFilter, MemoryKind
from hector_tui.domain.messages import Message, Role, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from hector_tui.domain.turns import TurnStatus
from hector_tui.domain.usage import Usage
from hector_tui.paths import Profile
from hector_tui.sessions.store import Store
from hector_tui.sessions.turn_rows import JournalEntry, Settlement
from tests.cli.support import PATIENCE_S, ROOT, Result, program, run, traces
from tests.cli.test_memory import another_process, asked

CODER = SessionKey("s1", "coder")
CRITIC = SessionKey("s1", "critic \u202eevil")
HOSTILE = 'x\x00\x1b]0;t\x07\u202e\u2028 </script> "\\ \U0001f600 {"format": 1}'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
FILES = (AttachedFile("räume.md", "text/markdown", "# Räume".encode()), AttachedFile("dot.png", "image/png", PNG))
ANSWER = (
    Message(
        Role.ASSISTANT,
        (
            ThinkingPart("hm", "anthropic:c2ln"),
            TextPart("First "),
            ThinkingPart("", "anthropic:redacted"),
            ToolCallPart("c1", "calculator", '{"expression": "1+1"', "gemini:c2ln"),
            ToolCallPart("c2", "read\ud800", "{}"),
        ),
    ),
    Message(
        Role.TOOL,
        (
            ToolResultPart("c1", "calculator", "2", duration_s=0.25),
            ToolResultPart("c2", "read\ud800", HOSTILE + "\udfff", is_error=True),
        ),
    ),
    Message(Role.ASSISTANT, (TextPart(f"It is 2. {HOSTILE}"),)),
)
USAGE = Usage(input_tokens=7, output_tokens=5, cached_tokens=3, reasoning_tokens=2, cost=0.125)


async def fill(profile: Profile) -> None:
    """One session with everything a session can have; its last turn is cut off by the end of its process."""
    store = await Store.open(profile)
    sessions = store.sessions
    await sessions.create("coder", session_id="s1")
    await sessions.rename("s1", f"Named {HOSTILE}")
    await sessions.set_queue_policy("s1", "interrupt")
    await sessions.set_model("s1", "openai/gpt-x", 128_000)
    await store.library.pin(["s1"], True)

    async def turn(key: SessionKey, text: str, settlement: Settlement, *files: AttachedFile) -> str:
        accepted = await sessions.accept(key, text, files=files)
        await sessions.start(accepted.turn_id, model="gpt-x", agent_version="v1")
        await sessions.settle(accepted.turn_id, settlement)
        return accepted.turn_id

    done = Settlement(status=TurnStatus.DONE, messages=ANSWER, usage=USAGE, stop_reason="limit:max_events")
    first = await turn(CODER, f"What is 1+1? {HOSTILE}", done, *FILES)
    await sessions.drop_queued((await sessions.accept(CODER, "never mind")).turn_id)
    await turn(CRITIC, "Is it?", Settlement(status=TurnStatus.DONE, messages=(Message(Role.ASSISTANT, ()),)), FILES[1])
    await turn(CODER, "And 2+2?", Settlement(status=TurnStatus.FAILED, error="the network is down"))
    never_ran = await sessions.accept(CODER, "Wait")
    await sessions.settle(never_ran.turn_id, Settlement(status=TurnStatus.CANCELLED))
    await store.memories.add(
        [
            memory(CODER, "00000000-0000-5000-8000-000000000001", "The harbour is in Tromsø", first),
            memory(CRITIC, "00000000-0000-5000-8000-000000000002", HOSTILE, ""),
            memory(CODER, "00000000-0000-5000-8000-000000000003", "Of a turn that was withdrawn", "gone"),
        ]
    )
    await store.memories.change("00000000-0000-5000-8000-000000000001", pinned=True)
    cut_off = await sessions.accept(CODER, "Go on")
    await sessions.start(cut_off.turn_id, model="gpt-x", agent_version="v1")
    events: list[OutputEvent] = [StateChanged("model"), TextDelta("Half an ans")]
    events.append(ToolCallStarted("c9", "calculator", "{}"))
    await sessions.journal(
        [JournalEntry(turn_id=cut_off.turn_id, key=CODER, part=0, events=[event_to_dict(event) for event in events])]
    )
    await store.aclose()


def memory(key: SessionKey, memory_id: str, text: str, turn_id: str) -> Memory:
    return Memory(
        memory_id=memory_id, key=key, kind=MemoryKind.NOTE, role="note", text=text, created_at=5.5, turn_id=turn_id
    )


@pytest.fixture
def filled(profile: Profile) -> Profile:
    asyncio.run(fill(profile))
    return profile


def exported(capsys: pytest.CaptureFixture[str], session_id: object = "s1") -> dict[str, Any]:
    result = run(capsys, "sessions", "export", "--json", str(session_id))
    assert (result.status, result.err) == (0, "")
    assert result.out.isascii()
    document: dict[str, Any] = json.loads(result.out)
    return document


def imported(capsys: pytest.CaptureFixture[str], document: object, file: Path) -> Result:
    file.write_text(json.dumps(document), encoding="utf-8")
    return run(capsys, "sessions", "import", "--json", file)


def without_ids(document: dict[str, Any]) -> dict[str, Any]:
    same = copy.deepcopy(document)
    del same["exported_at"]
    del same["session"]["session_id"]
    return same


def rows(profile: Profile, table: str) -> int:
    async def count() -> int:
        store = await Store.open(profile)
        found = await store.database.rows(f"SELECT count(*) FROM {table}")
        await store.aclose()
        return int(found[0][0])

    return asyncio.run(count())


def test_a_document_has_everything_that_belongs_to_a_session(
    filled: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    document = exported(capsys)
    assert list(document) == ["format", "version", "exported_at", "session", "turns", "memories", "files"]
    assert (document["format"], document["version"]) == ("hector-tui session", 1)
    session = document["session"]
    assert (session["title"], session["named"], session["pinned"]) == (f"Named {HOSTILE}", True, True)
    assert (session["queue_policy"], session["model"], session["model_window"]) == (
        "interrupt",
        "openai/gpt-x",
        128_000,
    )
    turns = document["turns"]
    assert [turn["status"] for turn in turns] == ["done", "done", "failed", "cancelled", "interrupted"]
    assert [[message["seq"] for message in turn["messages"]] for turn in turns] == [
        [1, 2, 3, 4],
        [1, 2],
        [5],
        [],
        [6, 7, 8],
    ]
    assert turns[0]["usage"] == {
        "input_tokens": 7,
        "output_tokens": 5,
        "cached_tokens": 3,
        "reasoning_tokens": 2,
        "estimated": False,
        "cost": 0.125,
    }
    parts = turns[0]["messages"][1]["parts"]
    assert parts[0] == {"kind": "thinking", "text": "hm", "signature": "anthropic:c2ln"}
    assert parts[3]["signature"] == "gemini:c2ln"
    assert turns[0]["messages"][2]["parts"][1]["text"] == HOSTILE + "\udfff"
    assert turns[4]["messages"][2]["parts"][0]["text"] == "[interrupted]"
    assert [(one["text"], one["turn"], one["pinned"]) for one in document["memories"]] == [
        ("The harbour is in Tromsø", 1, True),
        (HOSTILE, None, False),
        ("Of a turn that was withdrawn", None, False),
    ]
    assert [len(one["content"]) for one in document["files"]] == [12, 352]


def test_a_round_trip_gives_the_same_document_under_new_ids(
    filled: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first = exported(capsys)
    (info,) = imported(capsys, first, tmp_path / "one.json").objects
    assert info["session_id"] != "s1"
    assert (info["turns"], info["memories"], info["title"]) == (5, 3, f"Named {HOSTILE}")
    second = exported(capsys, info["session_id"])
    assert without_ids(second) == without_ids(first)
    assert second["session"]["session_id"] == info["session_id"]
    # The first one is untouched, and the two are apart: deleting it leaves the other whole.
    assert without_ids(exported(capsys)) == without_ids(first)
    assert run(capsys, "sessions", "delete", "--forever", "s1").status == 0
    assert without_ids(exported(capsys, info["session_id"])) == without_ids(first)
    shown = run(capsys, "sessions", "show", "--json", str(info["session_id"])).objects
    assert [one["status"] for one in shown if one["role"] == "user"] == [
        "done",
        "done",
        "failed",
        "cancelled",
        "interrupted",
    ]
    assert run(capsys, "sessions", "search", "--json", "Half an ans").objects[0]["session_id"] == info["session_id"]


def test_a_document_can_be_taken_to_another_profile(
    filled: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file, other = tmp_path / "taken.json", tmp_path / "other"
    said = run(capsys, "sessions", "export", "s1", file, "--json")
    assert (said.status, said.out) == (0, f"Exported to {file}\n")
    assert file.stat().st_mode & 0o777 == 0o600
    (info,) = run(capsys, "--profile", other, "sessions", "import", file, "--json").objects
    again = run(capsys, "--profile", other, "sessions", "export", "--json", str(info["session_id"]))
    assert without_ids(json.loads(again.out)) == without_ids(json.loads(file.read_text(encoding="utf-8")))
    refused = run(capsys, "sessions", "export", "s1", file, "--json")
    assert refused.status == 1
    assert "Name another file." in refused.err


def test_an_export_that_fails_leaves_no_file(
    filled: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def damage() -> None:
        store = await Store.open(filled)
        await store.database.write(
            lambda connection: connection.execute("UPDATE messages SET parts = '[1]' WHERE seq = 6").rowcount
        )
        await store.aclose()

    asyncio.run(damage())
    result = run(capsys, "sessions", "export", "s1", tmp_path / "half.json", "--json")
    assert result.status == 1
    assert "is damaged" in result.err
    assert not (tmp_path / "half.json").exists()


def test_what_is_said_is_markdown_unless_json_is_asked_for(filled: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "sessions", "export", "s1").out.startswith("# Named ")


def test_turns_that_are_not_over_are_left_out_aloud(
    profile: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with asyncio.Runner() as runner:
        store = runner.run(Store.open(profile))
        runner.run(store.sessions.create("coder", session_id="s1"))
        first = runner.run(store.sessions.accept(CODER, "first"))
        runner.run(store.sessions.start(first.turn_id, model="m", agent_version="v"))
        runner.run(store.sessions.settle(first.turn_id, Settlement(status=TurnStatus.DONE)))
        second = runner.run(store.sessions.accept(CODER, "second"))
        runner.run(store.sessions.start(second.turn_id, model="m", agent_version="v"))
        runner.run(store.sessions.accept(CODER, "third"))
        result = run(capsys, "sessions", "export", "--json", "s1")
        runner.run(store.aclose())
    assert result.err == "2 turns left out, which are not over.\n"
    document = json.loads(result.out)
    assert [turn["text"] for turn in document["turns"]] == ["first"]
    assert imported(capsys, document, tmp_path / "one.json").objects[0]["turns"] == 1


def test_an_attached_file_that_the_database_lost_is_lost_in_the_document_too(
    filled: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def lose() -> None:
        store = await Store.open(filled)
        await store.database.write(
            lambda connection: connection.execute("DELETE FROM files WHERE length(content) < 100").rowcount
        )
        await store.aclose()

    asyncio.run(lose())
    result = run(capsys, "sessions", "export", "--json", "s1")
    assert result.err == "The content of 1 attached file is not in the database any more.\n"
    document = json.loads(result.out)
    assert [one["content"] is None for one in document["files"]] == [True, False]
    (info,) = imported(capsys, document, tmp_path / "one.json").objects
    again = run(capsys, "sessions", "export", "--json", str(info["session_id"]))
    assert without_ids(json.loads(again.out)) == without_ids(document)


def test_messages_that_the_database_lost_leave_no_gap_in_the_document(
    filled: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def lose() -> None:
        store = await Store.open(filled)
        await store.database.write(
            lambda connection: connection.execute("DELETE FROM messages WHERE agent_id = 'coder' AND seq = 3").rowcount
        )
        await store.aclose()

    asyncio.run(lose())
    document = exported(capsys)
    assert [message["seq"] for turn in document["turns"] for message in turn["messages"]] == [1, 2, 3, 1, 2, 4, 5, 6, 7]
    (info,) = imported(capsys, document, tmp_path / "one.json").objects
    assert without_ids(exported(capsys, info["session_id"])) == without_ids(document)


def test_halves_of_characters_become_signs_where_the_database_takes_none(
    filled: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    document = exported(capsys)
    document["session"]["title"] = document["turns"][2]["text"] = document["memories"][1]["text"] = "x\ud800y"
    document["turns"][2]["messages"][0]["parts"][0]["text"] = "x\ud800y"
    (info,) = imported(capsys, document, tmp_path / "one.json").objects
    again = exported(capsys, info["session_id"])
    assert again["session"]["title"] == again["turns"][2]["text"] == again["memories"][1]["text"] == "x?y"
    assert again["turns"][2]["messages"][0]["parts"][0]["text"] == "x\ud800y"


def test_a_document_is_one_state_of_the_session_whatever_is_written_meanwhile(filled: Profile) -> None:
    async def export() -> dict[str, Any]:
        store, other = await Store.open(filled), await Store.open(filled)
        lines = []
        async with aclosing(store.documents.writer("s1").lines()) as written:
            async for line in written:
                lines.append(line)
                if line.startswith('"session"'):
                    late = memory(CODER, "00000000-0000-5000-8000-000000000009", "Noted meanwhile", "")
                    await other.memories.add([late])
                    await other.sessions.accept(CODER, "Asked meanwhile")
        assert len(await store.memories.latest(MemoryFilter(), 9)) == 4
        await other.aclose()
        await store.aclose()
        document: dict[str, Any] = json.loads("\n".join(lines))
        return document

    document = asyncio.run(export())
    assert (len(document["turns"]), len(document["memories"])) == (5, 3)


def test_imported_memories_are_recalled_by_meaning_and_by_words(
    filled: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    document = exported(capsys)
    assert run(capsys, "sessions", "delete", "--forever", "s1").status == 0
    assert run(capsys, "memory", "search", "harbour").status == 1
    (info,) = imported(capsys, document, tmp_path / "one.json").objects
    waiting = run(capsys, "memory", "list", "--json").objects
    assert [one["indexed"] for one in waiting] == [False] * 3
    (found,) = run(capsys, "memory", "search", "--json", "where is the harbour?").objects
    assert (found["session_id"], found["found_by"], found["indexed"]) == (info["session_id"], "both", True)
    assert found["turn_id"]


def test_an_agent_recalls_what_was_imported(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run(capsys, "ask", "guide", "--session", "told", "Remember that the staging host is called kestrel")
    document = exported(capsys, "told")
    assert run(capsys, "sessions", "delete", "--forever", "told").status == 0
    assert "kestrel" not in run(capsys, "ask", "guide", "What is the staging host called?").out
    (info,) = imported(capsys, document, tmp_path / "one.json").objects
    answer = run(capsys, "ask", "guide", "--session", str(info["session_id"]), "What is the staging host called?")
    assert "kestrel" in answer.out


def test_an_import_beside_another_process_is_indexed_by_that_one(
    filled: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    document = exported(capsys)
    with another_process(filled) as other:
        assert asked(other, "where is the harbour?") == (1, 3)
        assert imported(capsys, document, tmp_path / "one.json").status == 0
        # Found twice, and shown once: both say the same.
        assert asked(other, "where is the harbour?") == (1, 6)


def test_a_document_comes_through_a_pipe(filled: Profile, tmp_path: Path) -> None:
    document = subprocess.run(
        program("sessions", "export", "--json", "s1"), capture_output=True, cwd=ROOT, timeout=PATIENCE_S, check=True
    )
    stored = subprocess.run(
        program("--profile", tmp_path / "other", "sessions", "import", "-"),
        input=b"\xef\xbb\xbf" + document.stdout,
        capture_output=True,
        cwd=ROOT,
        timeout=PATIENCE_S,
        check=True,
    )
    assert b"5 turns  3 memories  Named x" in stored.stdout


Change = Callable[[dict[str, Any]], object]


def put(*path: str | int) -> Callable[[object], Change]:
    """A change that puts a value where a path leads."""

    def with_value(value: object) -> Change:
        def change(document: dict[str, Any]) -> None:
            place: Any = document
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = value

        return change

    return with_value


def drop(*path: str | int) -> Change:
    """A change that takes away what a path leads to."""

    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return change


WRONG: list[tuple[Change, str]] = [
    (put("format")("other"), '"format" must be "hector-tui session"'),
    (drop("version"), '"format" must be "hector-tui session"'),
    (
        put("version")(2),
        "it has version 2, and this hector-tui reads up to 1. Nothing was imported; update",
    ),
    (put("version")("1"), 'version is "1", and must be a whole number'),
    (put("version")(True), "version is true, and must be a whole number"),
    (put("more")(1), 'the document has "more", which means nothing here'),
    (drop("memories"), 'the document lacks "memories"'),
    (put("session")([]), "session is an array, and must be an object"),
    (put("session", "named")(1), "session.named is 1, and must be true or false"),
    (put("session", "agent_id")(" "), "session.agent_id is blank"),
    (put("session", "created_at")(1e300), "session.created_at is 1e+300, and must be from 0 to 253,402,214,400"),
    (put("session", "created_at")(-1), "session.created_at is -1"),
    (put("session", "queue_policy")("never"), 'session.queue_policy is "never", and must be one of "", "enqueue"'),
    (put("session", "title")("x" * 10_001), "session.title has 10,001 characters, and may have 10,000"),
    (put("turns")({}), "turns is an object, and must be an array"),
    (put("turns", 0)(None), "turns[0] is null, and must be an object"),
    (put("turns", 2, "status")("running"), 'turns[2].status is "running", and must be one of "done", "failed"'),
    (put("turns", 2, "status")("x" * 1000), f'turns[2].status is "{"x" * 59}..., and'),
    (put("turns", 2, "statu")("done"), 'turns[2] has "statu", which means nothing here'),
    (put("turns", 2, "text")(3), "turns[2].text is 3, and must be a text"),
    (put("turns", 2, "finished_at")("now"), 'turns[2].finished_at is "now", and must be a number'),
    (put("turns", 2, "usage", "input_tokens")(1.5), "turns[2].usage.input_tokens is 1.5, and must be a whole number"),
    (put("turns", 2, "usage", "input_tokens")(10**30), "must be from 0 to 1,000,000,000,000,000"),
    (put("turns", 2, "usage", "input_tokens")(10**90), "is a number of very many digits"),
    (put("turns", 2, "usage", "cost")("free"), "turns[2].usage.cost"),
    (put("turns", 2, "messages", 0, "role")("system"), 'turns[2].messages[0].role is "system"'),
    (put("turns", 2, "messages", 0, "role")("tool"), "turns[2].messages[0].parts[0].kind is"),
    (put("turns", 2, "messages", 0, "seq")(4), "turns[2].messages[0].seq is 4, and the messages of 'coder'"),
    (put("turns", 2, "messages", 0, "seq")(9), "must be numbered from 1 to 8"),
    (put("turns", 0, "messages", 2, "seq")(1), "turns[0].messages[2].seq is 1 after 2"),
    (put("turns", 0, "messages", 1, "parts", 3, "kind")("run"), 'parts[3].kind is "run"'),
    (drop("turns", 0, "messages", 1, "parts", 3, "kind"), 'turns[0].messages[1].parts[3] lacks "kind"'),
    (drop("turns", 0, "messages", 1, "parts", 3, "call_id"), 'turns[0].messages[1].parts[3] lacks "call_id"'),
    (drop("turns", 0, "messages", 1, "parts", 0, "signature"), 'parts[0] lacks "signature"'),
    (put("turns", 0, "messages", 2, "parts", 0, "duration_s")(-0.5), "duration_s is -0.5"),
    (put("turns", 0, "messages", 0, "parts", 0, "name")("other"), "turns[0].messages[0] has a file that its turn"),
    (put("turns", 0, "files", 0, "name")("../../.bashrc"), "turns[0].files[0].name is a path"),
    (put("turns", 0, "files", 0, "file_id")("abc"), "turns[0].files[0].file_id is no SHA-256"),
    (put("memories", 0, "turn")(6), "memories[0].turn is 6, and must be from 1 to 5"),
    (put("memories", 0, "turn")(0), "memories[0].turn is 0, and must be from 1 to 5"),
    (put("memories", 0, "kind")("thought"), 'memories[0].kind is "thought"'),
    (put("memories", 0, "text")(" \n"), "memories[0].text is blank"),
    (put("files")([]), 'turns[0].files[0] has no content in "files"'),
    (put("files", 0, "content")("AAAA"), "files[0].content is another file than its id says"),
    (put("files", 0, "content")("Å"), "files[0].content is no base64"),
    (put("files", 0, "content")("IyBSw6R1bWU"), "files[0].content is no base64"),
    (put("files", 0, "content")("IyBS w6R1bWU="), "files[0].content is no base64"),
    (lambda document: document["files"].append(document["files"][0]), "files[2] is there twice"),
    (lambda document: document["files"].append({"file_id": "f" * 64, "content": None}), "files has a file that no"),
]


@pytest.mark.parametrize(("change", "said"), WRONG, ids=[said[:50] for _, said in WRONG])
def test_one_wrong_place_stores_nothing_and_is_named(
    change: Change, said: str, filled: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    document = exported(capsys)
    good = tmp_path / "good.json"
    good.write_text(json.dumps(document), encoding="utf-8")
    change(document)
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(document), encoding="utf-8")
    result = run(capsys, "sessions", "import", good, bad)
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith(f"hector-tui: {bad}: ")
    assert said in result.err
    assert "Traceback" not in result.err
    assert (rows(filled, "sessions"), rows(filled, "turns"), rows(filled, "memories")) == (1, 5, 3)


def test_a_file_is_what_its_type_promises(filled: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    document = exported(capsys)
    for place in (document["turns"][0]["files"], document["turns"][0]["messages"][0]["parts"]):
        place[1]["media_type"] = "text/plain"
    result = imported(capsys, document, tmp_path / "one.json")
    assert result.status == 1
    assert "turns[0].files[1] cannot be: its content is not text/plain" in result.err
    for place in (document["turns"][0]["files"], document["turns"][0]["messages"][0]["parts"]):
        place[1]["media_type"], place[1]["size"] = "image/png", 3
    result = imported(capsys, document, tmp_path / "one.json")
    assert "its content has 264 bytes and not 3" in result.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is no JSON (Expecting value: line 1, column 1)"),
        (b'{"format": "hector-tui session",\n "version" 1}', "line 2, column 12"),
        (b"\xff\xfe{\x00", "it is no text in UTF-8 (byte 1)"),
        (b"PK\x03\x04", "it is no JSON"),
        (b"[]", '"format" must be'),
        (b'"hector-tui session"', '"format" must be'),
        (b'{"format": NaN}', "NaN is no number"),
        (b'{"a": 1, "a": 2}', 'an object has "a" twice'),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000, "nested too deeply"),
        (b"1" * 100_000, "it is no JSON that can be read"),
        (b"[" + b"[]," * 8_000_000, "too many objects and arrays"),
    ],
)
def test_rubbish_is_told_from_a_document(
    content: bytes, said: str, profile: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "rubbish"
    file.write_bytes(content)
    result = run(capsys, "sessions", "import", file)
    assert (result.status, result.out) == (1, "")
    assert said in result.err
    assert "Traceback" not in result.err
    assert not profile.database.exists()


def test_files_that_are_none_or_too_large_are_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    giant = tmp_path / "giant"
    with giant.open("wb") as file:
        os.truncate(file.fileno(), 2**40)
    for name, said in (
        (giant, "it is too large: the files of one import may have 128 MiB together"),
        (Path("/dev/zero"), "it is too large"),
        (tmp_path, "it cannot be read (Is a directory)"),
        (tmp_path / "none", "it cannot be read (No such file or directory)"),
        ("nul\0", "it cannot be read (embedded null byte)"),
    ):
        result = run(capsys, "sessions", "import", name)
        assert (result.status, result.out) == (1, "")
        assert said in result.err
    stdin = io.TextIOWrapper(io.BytesIO(b"nothing"))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert "-: it is no JSON" in run(capsys, "sessions", "import", "-").err


def test_two_files_together_may_not_be_too_large(
    filled: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "one.json"
    assert run(capsys, "sessions", "export", "s1", file, "--json").status == 0
    monkeypatch.setattr("hector_tui.cli.session_documents.MAX_BYTES", file.stat().st_size + 100)
    assert run(capsys, "sessions", "import", file).status == 0
    assert "it is too large" in run(capsys, "sessions", "import", file, file).err
    assert rows(filled, "sessions") == 2
    monkeypatch.setattr("hector_tui.cli.session_documents.MAX_BYTES", 100)
    assert (
        "more than the 100 bytes that `sessions import` takes" in run(capsys, "sessions", "export", "--json", "s1").err
    )


def test_several_files_are_stored_in_one_transaction(
    filled: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "one.json"
    assert run(capsys, "sessions", "export", "s1", file, "--json").status == 0
    assert len(run(capsys, "sessions", "import", file, file, "--json").objects) == 2
    # Of two with the same new id the second cannot be stored; nothing of the first may stay.
    monkeypatch.setattr("hector_tui.sessions.documents.reader.new_id", lambda: "the-same")
    result = run(capsys, "sessions", "import", file, file)
    assert (result.status, result.out) == (1, "")
    assert "UNIQUE" in result.err
    assert run(capsys, "sessions", "show", "the-same").status == 1
    assert rows(filled, "sessions") == 3


def test_an_import_changes_nothing_beside_the_database(
    filled: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """No configuration, no vector store and no network are needed, so none of them can stand in the way."""
    document = exported(capsys)
    assert imported(capsys, document, tmp_path / "one.json").status == 0
    assert not any(path.startswith("vectors") for path in traces(filled.root))
