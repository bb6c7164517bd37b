"""Sessions as a simple model knows them, and what the database must have of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.messages import Role, ToolCallPart, ToolResultPart
from hector_tui.domain.turns import TurnRecord, TurnStatus
from hector_tui.engine.host import Engine
from hector_tui.engine.run import Run
from tests.support.acting import Kind, whole_answer
from tests.support.engine import answer_of, streamed

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Said:
    """A message, as the model knows it.

    Attributes:
        answer: What the database must have as its answer; None when a crash decided, and the beginning of what was
            streamed is as good.
        copied_to: The id of its turn, when it stands in a fork; `run` is then the one that answered it in the source.
    """

    key: SessionKey
    kind: Kind
    nonce: str
    run: Run
    status: TurnStatus = TurnStatus.QUEUED
    answer: str | None = None
    copied_to: str = ""

    @property
    def turn_id(self) -> str:
        return self.copied_to or self.run.turn.turn_id

    @property
    def text(self) -> str:
        return f"{self.kind} {self.nonce}"

    def settle(self, status: TurnStatus) -> None:
        """It has ended in an orderly way: all that was streamed is kept."""
        self.status = status
        self.answer = streamed(self.run)


@dataclass(slots=True)
class Talk:
    """A session, as the model knows it: its messages in the order they stand on the screen."""

    session_id: str
    policy: str = ""
    archived: bool = False
    said: list[Said] = field(default_factory=list)

    def lane(self, agent_id: str) -> list[Said]:
        """The live messages to an agent, the running one first."""
        return [item for item in self.said if item.key.agent_id == agent_id and item.status.is_live]


async def crash(engine: Engine) -> None:
    """Leave an engine as `kill -9` does: nothing is settled or said any more. What processes share is given back."""
    doomed = [
        task
        for task in asyncio.all_tasks()
        if "/hector_tui/" in getattr(getattr(task.get_coro(), "cr_code", None), "co_filename", "")
        and task.get_name() != "memory-indexer"
    ]
    for task in doomed:
        task.cancel()
    await asyncio.gather(*doomed, return_exceptions=True)
    await engine.memory.aclose()
    await engine.models.aclose()
    await engine._store.database.aclose()
    engine._store.owner._file.close()  # what the kernel does: the lock goes, the file stays


def chosen(items: Sequence[T], pick: int) -> T:
    """One of several things."""
    return items[pick % len(items)]


def check_record(record: TurnRecord, item: Said) -> None:
    """A stored turn holds its question, its own answer, and a result for every tool call."""
    messages = [row.message for row in record.messages]
    if record.turn.started_at is None:
        assert item.status is not TurnStatus.RUNNING
        assert messages == []
        return
    assert (messages[0].role, messages[0].text) == (Role.USER, item.text)
    if item.status is TurnStatus.RUNNING:
        assert len(messages) == 1
        return
    stored = answer_of(record)
    if item.answer is None:
        assert streamed(item.run).startswith(stored)
    else:
        assert stored == item.answer
    assert whole_answer(item.kind, item.nonce).startswith(stored)
    waiting: list[str] = []
    for message in messages:
        assert [part.call_id for part in message.parts if isinstance(part, ToolResultPart)] == waiting
        waiting = [part.call_id for part in message.parts if isinstance(part, ToolCallPart)]
    assert waiting == []
