"""Finding, putting away, deleting with a way back, and forking, on a real file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import pytest

from hector_tui.domain.files import AttachedFile
from hector_tui.domain.keys import SessionKey, point_id
from hector_tui.domain.listing import SessionQuery, SessionView, SortBy
from hector_tui.domain.memories import Memory, MemoryFilter, MemoryKind
from hector_tui.domain.messages import Message, Role, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from hector_tui.domain.turns import TurnStatus
from hector_tui.errors import UnknownSession
from hector_tui.sessions import listing
from hector_tui.sessions.approvals import ApprovalTable
from hector_tui.sessions.database import Database
from hector_tui.sessions.library import LibraryTable
from hector_tui.sessions.memories import MemoryTable
from hector_tui.sessions.schema import FULL_TEXT_INDEXES
from hector_tui.sessions.service import SessionService
from hector_tui.sessions.tabs import TabTable
from hector_tui.sessions.turn_rows import Settlement

TABLES = ("sessions", "turns", "messages", "journal", "tabs", "memories", "files", "approvals")
HOSTILE = (
    *'"', "'", "*", "(", ")", "^", ":", "-", "+", "AND", "NEAR(", "words:", "{x}", '"unclosed', 'a" OR "b', "a AND",
    "NOT", "%", "_", "\\", "a\0b", "\ud800", "é", "日本", "💥", "x" * 10_000, "a " * 5_000, "col:val*", "^a", "'; DROP",
    "?1", ":a", "messages_fts", '""', '" "', "a*b*", "ﷺ", "İ", "ß",
)  # fmt: skip


@pytest.fixture
def now() -> list[float]:
    return [1_000.0]


@pytest.fixture
def library(database: Database, now: list[float]) -> LibraryTable:
    return LibraryTable(database, lambda: now[0])


async def say(
    sessions: SessionService,
    session_id: str,
    text: str,
    *answer: str,
    agent_id: str = "a",
    status: TurnStatus = TurnStatus.DONE,
    messages: Sequence[Message] = (),
) -> str:
    key = SessionKey(session_id, agent_id)
    await sessions.create(agent_id, session_id=session_id)
    turn = await sessions.accept(key, text)
    if status is TurnStatus.QUEUED:
        return turn.turn_id
    await sessions.start(turn.turn_id, model="m", agent_version="v")
    said = messages or [Message(Role.ASSISTANT, (TextPart(words),)) for words in answer]
    memory = Memory(
        memory_id=point_id(key, f"turn:{turn.turn_id}"),
        key=key,
        kind=MemoryKind.MESSAGE,
        role="user",
        text=text,
        created_at=1.0,
        turn_id=turn.turn_id,
    )
    await sessions.settle(turn.turn_id, Settlement(status=status, messages=tuple(said), memories=(memory,)))
    return turn.turn_id


async def found(
    library: LibraryTable, text: str = "", *, view: SessionView = "current", with_empty: bool = False
) -> list[str]:
    page = await library.page(SessionQuery(text=text, view=view, with_empty=with_empty), 0, 100)
    return [row.info.session_id for row in page.rows]


async def leavings(database: Database, session_id: str) -> dict[str, int]:
    counts = {}
    for table in TABLES:
        (row,) = await database.rows(f"SELECT count(*) FROM {table} WHERE session_id = ?", (session_id,))
        counts[table] = row[0]
    return {table: count for table, count in counts.items() if count}


# Search


async def test_a_search_looks_into_titles_questions_answers_and_tools(
    sessions: SessionService, library: LibraryTable
) -> None:
    await say(sessions, "wal", "Compare journal modes", "Write-ahead logging is FASTER.")
    tool = (
        Message(Role.ASSISTANT, (ThinkingPart("secretthought"), ToolCallPart("c", "web", '{"q": "tokyo"}'))),
        Message(Role.TOOL, (ToolResultPart("c", "web", "Café au lait"),)),
    )
    await say(sessions, "trip", "Plan", messages=tool)
    await sessions.rename("trip", "Kyōto holidays")
    assert await found(library, "faster") == ["wal"]
    assert await found(library, "journal fas") == []  # all words in one message
    assert await found(library, "compare jour") == ["wal"]
    assert await found(library, "cafe") == ["trip"]
    assert await found(library, "kyoto") == ["trip"]
    assert await found(library, "tokyo") == ["trip"]
    assert await found(library, "secretthought") == []
    assert await found(library, '"ahead logging"') == ["wal"]
    assert await found(library, '"logging ahead"') == []
    assert await found(library, "o") == ["wal", "trip"] or await found(library, "o") == ["trip", "wal"]


async def test_scripts_without_spaces_are_found_inside_their_sentences(
    sessions: SessionService, library: LibraryTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(sessions, "tower", "明日は東京タワーに行きます。", "いい Plan ですね")
    await say(sessions, "thai", "ฉันอยากกินข้าวผัด", "100% อร่อย_มาก")
    await sessions.rename("thai", "上海の話")
    assert await found(library, "東京") == ["tower"]
    assert await found(library, "plan ですね") == ["tower"]
    assert await found(library, "ですね 東京") == []  # all words in one message
    assert await found(library, "京東") == []
    assert await found(library, "ข้าว") == ["thai"]
    assert await found(library, "海の") == ["thai"]
    assert await found(library, "อร่อย_มาก") == ["thai"]
    assert await found(library, "ร_มาก") == []  # an underscore is itself, no wildcard
    (row,) = (page := await library.page(SessionQuery(text="東京"), 0, 10)).rows
    assert [row.match.text[start:end] for start, end in row.match.marks] == ["東京"]
    assert not page.is_cut
    monkeypatch.setattr(listing, "SCANNED", 2)  # the two messages of the second session
    page = await library.page(SessionQuery(text="東京"), 0, 10)
    assert (page.rows, page.is_cut) == ((), True)
    assert await found(library, "อร่อย") == ["thai"]
    assert (await library.page(SessionQuery(text="อร่อย"), 0, 10)).is_cut


async def test_a_hit_says_where_it_is(sessions: SessionService, library: LibraryTable) -> None:
    await say(sessions, "s", "first", "needle one")
    await say(sessions, "s", "second", "haystack " * 40 + "the Needle, again " + "haystack " * 40)
    (row,) = (await library.page(SessionQuery(text="needle"), 0, 10)).rows
    assert (row.hits, row.match_turn) == (2, 2)
    assert [row.match.text[start:end] for start, end in row.match.marks] == ["Needle"]
    assert len(row.match.text) <= 160


@pytest.mark.parametrize("text", HOSTILE)
async def test_nothing_a_person_types_is_an_error(sessions: SessionService, library: LibraryTable, text: str) -> None:
    await say(sessions, "s", "hello", "world")
    await library.page(SessionQuery(text=text), 0, 10)


async def test_text_without_letters_finds_nothing(sessions: SessionService, library: LibraryTable) -> None:
    await say(sessions, "s", "hello", "world")
    assert await found(library, "***") == []
    assert await found(library, "   ") == ["s"]


async def test_the_index_follows_every_change(
    sessions: SessionService, library: LibraryTable, database: Database
) -> None:
    await say(sessions, "s", "hello", "oldword")
    await sessions.rename("s", "T")
    parts = json.dumps([{"kind": "text", "text": "newword"}])
    await database.write(
        lambda connection: (
            connection.execute("UPDATE messages SET parts = ? WHERE role = 'assistant'", (parts,)).rowcount
        )
    )
    assert await found(library, "oldword") == []
    assert await found(library, "newword") == ["s"]
    await library.purge(["s"])
    await sessions.create("a", session_id="s")
    assert await found(library, "newword", with_empty=True) == []


async def test_words_of_purged_sessions_leave_the_file(
    sessions: SessionService, library: LibraryTable, database: Database
) -> None:
    for number in range(30):
        await say(sessions, f"s{number}", f"canaryquestion{number}", f"canaryanswer{number}")
    await library.purge([f"s{number}" for number in range(30)])
    await library.sweep()
    for index in FULL_TEXT_INDEXES:
        for row in await database.rows(f"SELECT block FROM {index}_data"):
            assert b"canary" not in row[0], index


async def test_damaged_parts_can_be_deleted(
    sessions: SessionService, library: LibraryTable, database: Database
) -> None:
    await say(sessions, "s", "hello", "word")
    await database.write(
        lambda connection: connection.execute("UPDATE messages SET parts = '{not json' WHERE role = 'user'").rowcount
    )
    assert await library.purge(["s"]) == ["s"]
    assert await leavings(database, "s") == {}


async def test_the_index_and_the_title_cost_no_commit(
    sessions: SessionService, library: LibraryTable, database: Database
) -> None:
    await sessions.create("a", session_id="s")
    before = database.commits
    await say(sessions, "s", "hello there planner", "an answer")
    assert database.commits - before == 4  # created anew, accepted, started, settled
    await found(library, "planner")
    await library.purge_expired(1)
    assert database.commits - before == 4


# Lists


async def test_pages_meet_without_gap_or_overlap(sessions: SessionService, library: LibraryTable) -> None:
    for number in range(23):
        await say(sessions, f"s{number:02}", f"question {number}", "same")
    for sort in ("used", "created", "title", "agent", "turns"):
        for reverse in (False, True):
            query = SessionQuery(sort=sort, reverse=reverse)
            whole = await library.page(query, 0, 100)
            pages = [await library.page(query, offset, 5) for offset in range(0, 30, 5)]
            assert [row for page in pages for row in page.rows] == list(whole.rows)
            assert {page.total for page in pages} == {23}


async def test_orders(sessions: SessionService, library: LibraryTable, now: list[float]) -> None:
    await say(sessions, "one", "b", "x", agent_id="z")
    await say(sessions, "two", "a", "x", agent_id="y")
    await say(sessions, "two", "a", "x", agent_id="y")
    await sessions.rename("one", "beta")
    await sessions.rename("two", "Alpha")

    async def order(sort: SortBy, reverse: bool = False) -> list[str]:
        page = await library.page(SessionQuery(sort=sort, reverse=reverse), 0, 10)
        return [row.info.session_id for row in page.rows]

    assert await order("used") == ["two", "one"]
    assert await order("created") == ["two", "one"]
    assert await order("created", True) == ["one", "two"]
    assert await order("title") == ["two", "one"]
    assert await order("agent") == ["two", "one"]
    assert await order("turns", True) == ["one", "two"]
    await library.pin(["one"], True)
    assert await order("used") == ["one", "two"]


async def test_unread_and_status(sessions: SessionService, library: LibraryTable, tabs: TabTable) -> None:
    await say(sessions, "s", "one", "x")
    await say(sessions, "s", "two", status=TurnStatus.FAILED)
    await tabs.save_seen("s", 1)
    (row,) = (await library.page(SessionQuery(), 0, 10)).rows
    assert (row.unread, row.last_status) == (1, TurnStatus.FAILED)


async def test_an_archived_session_comes_back_when_something_is_said(
    sessions: SessionService, library: LibraryTable
) -> None:
    await say(sessions, "s", "one", "x")
    assert await library.archive(["s", "nobody"], True) == 1
    assert (await found(library), await found(library, view="archived")) == ([], ["s"])
    assert await sessions.latest() == []
    await say(sessions, "s", "two", "x")
    assert (await found(library), await found(library, view="archived")) == (["s"], [])


# Deleting


async def test_a_deleted_session_is_gone_from_everything_at_once(
    sessions: SessionService, library: LibraryTable, tabs: TabTable, memories: MemoryTable
) -> None:
    await say(sessions, "s", "needle", "x")
    await tabs.save_order(["s"], "s")
    ids = [memory.memory_id for memory in await memories.latest(MemoryFilter(), 10)]
    assert await library.delete(["s", "s", "nobody"]) == ["s"]
    assert await library.delete(["s"]) == []
    assert (await found(library), await found(library, "needle"), await sessions.latest()) == ([], [], [])
    assert await tabs.open_tabs() == []
    assert await memories.latest(MemoryFilter(), 10) == []
    assert await memories.search_text("needle", MemoryFilter(), 10) == []
    assert await memories.get(ids) == {}
    assert (await memories.counts(MemoryFilter())).total == 0
    assert await memories.queue_everything() == 0
    for refused in (sessions.get("s"), sessions.rename("s", "x"), sessions.accept(SessionKey("s", "a"), "more")):
        with pytest.raises(UnknownSession):
            await refused
    assert await found(library, "needle", view="deleted") == ["s"]


async def test_undo_brings_everything_back(
    sessions: SessionService, library: LibraryTable, memories: MemoryTable, database: Database
) -> None:
    await say(sessions, "s", "needle", "x")
    await say(sessions, "s", "forgotten", "x")
    before = {table: await database.rows(f"SELECT * FROM {table}") for table in TABLES}
    known = await memories.latest(MemoryFilter(), 10)
    await memories.done([entry.entry for entry in await memories.outbox(100)])
    await library.delete(["s"])
    assert [entry.op for entry in await memories.outbox(100)] == ["delete", "delete"]
    assert await library.undelete(["s"]) == ["s"]
    assert await library.undelete(["s"]) == []
    after = {table: await database.rows(f"SELECT * FROM {table}") for table in TABLES}
    assert {table: [tuple(row) for row in rows] for table, rows in after.items()} == {
        table: [tuple(row) for row in rows] for table, rows in before.items()
    }
    assert [memory.memory_id for memory in await memories.latest(MemoryFilter(), 10)] == [m.memory_id for m in known]
    assert [entry.op for entry in await memories.outbox(100)] == ["upsert", "upsert"]


async def test_what_was_forgotten_before_stays_forgotten(
    sessions: SessionService, library: LibraryTable, memories: MemoryTable
) -> None:
    await say(sessions, "s", "needle", "x")
    (memory,) = await memories.latest(MemoryFilter(), 10)
    await memories.forget([memory.memory_id])
    await library.delete(["s"])
    await library.undelete(["s"])
    assert [(entry.op, entry.memory_id) for entry in await memories.outbox(9)] == [("delete", memory.memory_id)]


async def test_the_trash_is_emptied_after_its_time(
    sessions: SessionService, library: LibraryTable, database: Database, now: list[float]
) -> None:
    for name in ("old", "new", "kept"):
        await say(sessions, name, "q", "x")
    await library.delete(["old"])
    now[0] += 100
    await library.delete(["new"])
    now[0] += 50
    assert await library.purge_expired(120) == ["old"]
    assert await leavings(database, "old") == {}
    assert await found(library, view="deleted") == ["new"]
    assert await found(library) == ["kept"]


async def test_an_id_used_again_shows_nothing_of_the_deleted_session(
    sessions: SessionService, library: LibraryTable, database: Database, memories: MemoryTable
) -> None:
    await say(sessions, "s", "needle", "x")
    (memory,) = await memories.latest(MemoryFilter(), 10)
    await library.delete(["s"])
    assert (await sessions.create("b", session_id="s")).turns == 0
    assert await leavings(database, "s") == {"sessions": 1}
    assert await library.undelete(["s"]) == []
    assert [(entry.op, entry.memory_id) for entry in await memories.outbox(9)] == [("delete", memory.memory_id)]


# Forking


async def test_a_fork_has_the_history_up_to_a_turn_and_is_independent(
    sessions: SessionService, library: LibraryTable, database: Database, memories: MemoryTable
) -> None:
    for text, agent_id in (("one", "a"), ("two", "b"), ("three", "a"), ("four", "a")):
        await say(sessions, "s", text, f"re: {text}", agent_id=agent_id)
    await say(sessions, "s", "waiting", status=TurnStatus.QUEUED)
    await sessions.rename("s", "Plan")
    forked = await sessions.get(await library.fork("s", 3))
    assert (forked.title, forked.turns, forked.agent_id) == ("Plan (fork)", 3, "a")
    records = await sessions.history(forked.session_id)
    source = (await sessions.history("s"))[:3]
    assert [[m.message for m in record.messages] for record in records] == [
        [m.message for m in record.messages] for record in source
    ]
    assert [m.seq for record in records if record.turn.key.agent_id == "a" for m in record.messages] == [1, 2, 3, 4]
    copied = await memories.latest(MemoryFilter(session_id=forked.session_id), 10)
    assert sorted(memory.text for memory in copied) == ["one", "three", "two"]
    assert {memory.turn_id for memory in copied} == {record.turn.turn_id for record in records}
    await library.purge(["s"])
    assert [r.turn.text for r in await sessions.history(forked.session_id)] == ["one", "two", "three"]
    assert len(await memories.latest(MemoryFilter(), 10)) == 3
    assert await found(library, "three") == [forked.session_id]
    await library.purge([forked.session_id])
    assert await leavings(database, forked.session_id) == {}


async def test_a_fork_leaves_out_what_is_not_answered_and_can_go_on(
    sessions: SessionService, library: LibraryTable
) -> None:
    await say(sessions, "s", "one", "x")
    await say(sessions, "s", "waiting", status=TurnStatus.QUEUED)
    session_id = await library.fork("s")
    assert [record.turn.text for record in await sessions.history(session_id)] == ["one"]
    await say(sessions, session_id, "more", "y")
    assert [record.turn.text for record in await sessions.history(session_id)] == ["one", "more"]
    assert (await sessions.get(await library.fork("s", 0))).turns == 0
    with pytest.raises(UnknownSession):
        await library.fork("nobody")
    await library.delete(["s"])
    with pytest.raises(UnknownSession):
        await library.fork("s")


async def test_a_fork_has_its_own_files_and_no_permissions(
    sessions: SessionService, library: LibraryTable, database: Database
) -> None:
    key = SessionKey("s", "a")
    await sessions.create("a", session_id="s")
    turn = await sessions.accept(key, "", files=[AttachedFile("plan.txt", "text/plain", b"the plan")])
    await sessions.start(turn.turn_id, model="m", agent_version="v")
    await sessions.settle(turn.turn_id, Settlement(status=TurnStatus.DONE))
    await ApprovalTable(database).allow(key, "shell")
    assert (await sessions.get("s")).title == "plan.txt"
    assert await found(library, "plan") == ["s"]
    forked = await library.fork("s")
    await library.purge(["s"])
    (record,) = await sessions.history(forked)
    assert record.turn.files == turn.files
    assert await sessions.files(SessionKey(forked, "a"), {turn.files[0].file_id}) == {
        turn.files[0].file_id: b"the plan"
    }
    assert await ApprovalTable(database).allowed(SessionKey(forked, "a")) == []


async def test_forks_are_numbered(sessions: SessionService, library: LibraryTable) -> None:
    await say(sessions, "s", "Compare things well", "x")
    await sessions.rename("s", "Plan")
    titles = [(await sessions.get(await library.fork("s"))).title for _ in range(3)]
    assert titles == ["Plan (fork)", "Plan (fork 2)", "Plan (fork 3)"]
    (fork,) = [info for info in await sessions.latest() if info.title == "Plan (fork)"]
    assert (await sessions.get(await library.fork(fork.session_id))).title == "Plan (fork 4)"


# Titles


async def test_the_first_exchange_names_a_session_and_nothing_overwrites_a_persons_title(
    sessions: SessionService,
) -> None:
    await say(sessions, "s", "Hi! Could you please compare WAL and rollback journals?", "Sure.")
    assert (await sessions.get("s")).title == "Compare WAL and rollback journals?"
    await say(sessions, "s", "Write about penguins instead", "No.")
    assert (await sessions.get("s")).title == "Compare WAL and rollback journals?"
    await sessions.create("a", session_id="mine")
    await sessions.rename("mine", "Mine")
    await say(sessions, "mine", "Compare WAL and rollback journals", "Sure.")
    assert (await sessions.get("mine")).title == "Mine"


async def test_a_failed_first_turn_names_nothing(sessions: SessionService) -> None:
    await say(sessions, "s", "please explain quantum foam", status=TurnStatus.FAILED)
    assert (await sessions.get("s")).title == "please explain quantum foam"
    await say(sessions, "s", "please explain quantum foam", "## Quantum foam")
    assert (await sessions.get("s")).title == "Explain quantum foam"


async def test_the_foreign_keys_hold(sessions: SessionService, library: LibraryTable, database: Database) -> None:
    await say(sessions, "s", "one", "x")
    await library.fork("s")

    def check(connection: sqlite3.Connection) -> list[object]:
        return connection.execute("PRAGMA foreign_key_check").fetchall()

    assert await database.write(check) == []
