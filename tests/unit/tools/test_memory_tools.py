from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from hector_tui.domain.events import MemoryWritten, OutputEvent
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import Memory, MemoryHit, MemoryKind
from hector_tui.domain.tools import ToolOutcome
from hector_tui.errors import HectorError, MemoryIndexError, StoreError, ToolError
from hector_tui.tools.base import ToolContext, ToolSet
from hector_tui.tools.memory_tools import MAX_MEMORY_CHARACTERS, RecallTool, RememberTool, age_text

_KEY = SessionKey("session", "agent")
_NOW = 1_000_000_000.0


class ListedMemory:
    """A memory that keeps notes in a list: the tool's side of `MemoryAccess`, without a disk."""

    def __init__(self, hits: Sequence[MemoryHit] = (), failure: HectorError | None = None) -> None:
        self.notes: list[tuple[SessionKey, str, str]] = []
        self.asked: list[tuple[SessionKey, str, int | None]] = []
        self._hits = hits
        self._failure = failure

    async def remember(self, key: SessionKey, text: str, *, turn_id: str) -> Memory:
        if self._failure is not None:
            raise self._failure
        self.notes.append((key, text, turn_id))
        return _memory(text)

    async def recall(self, key: SessionKey, question: str, *, limit: int | None = None) -> Sequence[MemoryHit]:
        if self._failure is not None:
            raise self._failure
        self.asked.append((key, question, limit))
        return self._hits

    async def newest_notes(self, key: SessionKey, *, limit: int | None = None) -> Sequence[MemoryHit]:
        notes = [text for noted, text, _ in self.notes if noted == key]
        return [MemoryHit(memory=_memory(text), score=0.0, found_by="recent") for text in reversed(notes)]


def _memory(text: str, *, role: str = "note", age_s: float = 0.0) -> Memory:
    kind = MemoryKind.NOTE if role == "note" else MemoryKind.MESSAGE
    return Memory(memory_id="m1", key=_KEY, kind=kind, role=role, text=text, created_at=_NOW - age_s)


async def _call(
    memory: ListedMemory, tool: str, arguments: Mapping[str, object]
) -> tuple[ToolOutcome, list[OutputEvent]]:
    events: list[OutputEvent] = []
    tools = ToolSet([RememberTool(memory), RecallTool(memory, clock=lambda: _NOW)])
    context = ToolContext(key=_KEY, turn_id="turn", call_id="call", emit=events.append)
    return await tools.call(tool, json.dumps(arguments), context), events


async def test_remember_stores_for_the_callers_key_and_tells_the_run() -> None:
    memory = ListedMemory()
    outcome, events = await _call(memory, "remember", {"text": " likes tea "})
    assert memory.notes == [(_KEY, "likes tea", "turn")]
    assert outcome == ToolOutcome("Remembered: likes tea")
    assert events == [MemoryWritten(memory_id="m1", text="likes tea")]


@pytest.mark.parametrize("failure", [StoreError("the disk is full"), ToolError("the text is too long")])
async def test_what_was_not_stored_is_not_announced(failure: HectorError) -> None:
    outcome, events = await _call(ListedMemory(failure=failure), "remember", {"text": "likes tea"})
    assert outcome.is_error
    assert failure.message in outcome.text
    assert events == []


async def test_recall_lists_memories_with_their_age_and_origin() -> None:
    hits = [
        MemoryHit(
            memory=_memory("prefers\nSQLite", age_s=3 * 86_400),
            score=0.9,
            found_by="both",
            session_title="db talk",
        ),
        MemoryHit(memory=_memory("my cat is Ida", role="user", age_s=60), score=0.5, found_by="text"),
    ]
    memory = ListedMemory(hits)
    outcome, _ = await _call(memory, "recall", {"question": "which database?", "limit": 5})
    assert memory.asked == [(_KEY, "which database?", 5)]
    assert outcome == ToolOutcome(
        "2 memories, best match first:\n"
        '1. prefers SQLite (noted 3 days ago in "db talk")\n'
        "2. my cat is Ida (user said 1 minute ago)"
    )


async def test_a_memory_cannot_imitate_the_next_entry() -> None:
    hit = MemoryHit(memory=_memory("a\n2. b"), score=1, found_by="text", session_title='x"\n3. y')
    outcome, _ = await _call(ListedMemory([hit]), "recall", {"question": "q"})
    assert len(outcome.text.splitlines()) == 2


async def test_a_long_memory_is_cut_and_says_so() -> None:
    hit = MemoryHit(memory=_memory("x" * 5_000), score=1, found_by="text")
    outcome, _ = await _call(ListedMemory([hit]), "recall", {"question": "q"})
    assert "x…" in outcome.text
    assert len(outcome.text) < 1_200


async def test_a_question_that_no_memory_answers_gives_the_newest_notes() -> None:
    memory = ListedMemory()
    await _call(memory, "remember", {"text": "likes tea"})
    outcome, _ = await _call(memory, "recall", {"question": "what do you know about me?"})
    assert outcome.text.splitlines() == [
        "Nothing matches these words. The newest notes:",
        "1. likes tea (noted just now)",
    ]


async def test_an_empty_recall_says_so() -> None:
    outcome, _ = await _call(ListedMemory(), "recall", {"question": "anything?"})
    assert outcome == ToolOutcome("Nothing in memory matches this question.")


async def test_a_recall_that_fails_is_told_to_the_model() -> None:
    memory = ListedMemory(failure=MemoryIndexError("the index is gone", hint="Run memory rebuild"))
    outcome, _ = await _call(memory, "recall", {"question": "anything?"})
    assert outcome.is_error
    assert outcome.text == "the memory could not be searched: the index is gone. Run memory rebuild"


@pytest.mark.parametrize(
    ("tool", "arguments", "error"),
    [
        ("remember", {}, 'the argument "text" is missing; it must be text'),
        (
            "remember",
            {"text": "x" * (MAX_MEMORY_CHARACTERS + 1)},
            'the argument "text" has 4,001 characters; at most 4,000 are allowed',
        ),
        ("recall", {"question": ["a"]}, 'the argument "question" must be text, not a list'),
        ("recall", {"question": "a", "limit": 0}, 'the argument "limit" must be between 1 and 20'),
        ("recall", {"question": "a", "limit": 21}, 'the argument "limit" must be between 1 and 20'),
        ("recall", {"question": "a", "limit": "5"}, 'the argument "limit" must be a whole number, not text'),
        (
            "recall",
            {"question": "a", "limit": 2.5},
            'the argument "limit" must be a whole number, not a decimal number',
        ),
        ("recall", {"question": "a", "limit": True}, 'the argument "limit" must be a whole number, not a boolean'),
    ],
)
async def test_wrong_arguments_reach_no_memory(tool: str, arguments: Mapping[str, object], error: str) -> None:
    memory = ListedMemory()
    outcome, _ = await _call(memory, tool, arguments)
    assert (outcome.text, outcome.is_error) == (error, True)
    assert memory.notes == []
    assert memory.asked == []


async def test_a_whole_number_written_as_a_decimal_is_accepted() -> None:
    memory = ListedMemory()
    await _call(memory, "recall", {"question": "a", "limit": 5.0})
    assert memory.asked == [(_KEY, "a", 5)]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "just now"),
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (3_599, "59 minutes ago"),
        (7_200, "2 hours ago"),
        (86_400, "1 day ago"),
        (40 * 86_400, "40 days ago"),
    ],
)
def test_ages(seconds: float, text: str) -> None:
    assert age_text(seconds) == text
