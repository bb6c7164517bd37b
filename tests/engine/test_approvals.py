"""Tools that ask first: a run waits for a person, and only for them; nothing runs that nobody allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hector_tui.domain.approvals import ApprovalRequest, Decision
from hector_tui.domain.events import (
    ApprovalDecided,
    ApprovalRequested,
    RunCancelled,
    RunFinished,
    ToolCallFinished,
)
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.messages import Message, ToolResultPart
from hector_tui.domain.tools import ToolOutcome, ToolSpec
from hector_tui.domain.turns import TurnStatus
from hector_tui.engine.host import Engine
from hector_tui.engine.run import Run
from hector_tui.errors import SessionError
from hector_tui.llm.base import ModelRequest, TextChunk, ToolCall
from hector_tui.llm.script import Script, ScriptStep, last_user_text
from hector_tui.tools.base import ToolContext
from tests.support.engine import (
    AGENT,
    Config,
    ask,
    ending,
    new_session,
    open_engine,
    query,
    said,
    start_engine,
    streamed,
    the_turn,
)
from tests.support.memory import until
from tests.support.model import crash

ARGUMENTS = '{"times": 1}'
YES, ALWAYS = Decision(allowed=True), Decision(allowed=True, scope="session")
NO = Decision(allowed=False, reason="not on a Sunday")


BELL = "execute_command"
"""The bell takes the name of a tool that a configuration may use and this version lacks."""


class Bell:
    """A tool whose every call leaves a trace."""

    spec = ToolSpec(name=BELL, description="Rings.", parameters={"type": "object", "properties": {}})

    def __init__(self) -> None:
        self.rung: list[str] = []

    async def call(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        self.rung.append(context.call_id)
        return ToolOutcome("ding")


def config(**agent: object) -> Config:
    return {
        "agents": {AGENT: {"llm": "offline", "tools": [BELL], **agent}},
        "tools": {BELL: {"require_approval": True}},
    }


def answer(request: ModelRequest, _number: int) -> ScriptStep:
    """`ring 2` calls the bell twice at once and then says what came back."""
    results = results_of(request.messages)
    question = last_user_text(request)
    if question.startswith("ring") and not results:
        return tuple(
            ToolCall(f"{question}-{number}", BELL, '{"times": 1}') for number in range(int(question.split()[-1]))
        )
    return (TextChunk("; ".join(results) or f"re: {question}"),)


def results_of(messages: tuple[Message, ...]) -> list[str]:
    """The tool results after the last question."""
    last = max(place for place, message in enumerate(messages) if message.role == "user")
    return [part.text for message in messages[last:] for part in message.parts if isinstance(part, ToolResultPart)]


SCRIPT = Script(answer)


def waiting(engine: Engine, key: SessionKey) -> tuple[ApprovalRequest, ...]:
    return engine.chat.activity(key.session_id).approvals


async def asked(engine: Engine, key: SessionKey, text: str, calls: int = 1) -> tuple[Run, tuple[ApprovalRequest, ...]]:
    """Send a message and wait until so many of its calls wait."""
    run = await engine.chat.send(key, text)
    await until(lambda: len(waiting(engine, key)) == calls)
    return run, waiting(engine, key)


async def test_a_call_waits_runs_when_it_is_allowed_and_the_answer_goes_on(tmp_path: Path) -> None:
    bell = Bell()
    async with open_engine(tmp_path, config(), script=SCRIPT, tools=[bell]) as engine:
        key = await new_session(engine)
        run, (request,) = await asked(engine, key, "ring 1")
        assert (request.name, request.arguments, request.key) == (BELL, '{"times": 1}', key)
        await until(lambda: query(tmp_path, "SELECT status FROM turns") == [("waiting",)])
        assert (run.status, bell.rung) == (TurnStatus.WAITING, [])
        assert said(run)[-1] == ApprovalRequested("ring 1-0", BELL, '{"times": 1}')

        await engine.chat.decide(key.session_id, request.request_id, YES)
        await run.wait()
        assert isinstance(ending(run), RunFinished)
        assert (bell.rung, streamed(run)) == (["ring 1-0"], "ding")
        assert ApprovalDecided("ring 1-0", True) in said(run)
        assert (waiting(engine, key), (await the_turn(engine, run)).turn.status) == ((), TurnStatus.DONE)

        # Once is once: the next call asks again.
        _, (again,) = await asked(engine, key, "ring 1 ")
        await engine.chat.cancel(key.session_id)
        with pytest.raises(SessionError, match="does not wait"):
            await engine.chat.decide(key.session_id, request.request_id, YES)
        assert again.request_id != request.request_id


async def test_a_refused_call_does_not_run_and_the_model_hears_why(tmp_path: Path) -> None:
    bell = Bell()
    async with open_engine(tmp_path, config(), script=SCRIPT, tools=[bell]) as engine:
        key = await new_session(engine)
        run, (request,) = await asked(engine, key, "ring 1")
        await engine.chat.decide(key.session_id, request.request_id, NO)
        await run.wait()
        assert bell.rung == []
        assert streamed(run) == "The person refused, so this call did not run. They said: not on a Sunday"
        (finished,) = [event for event in said(run) if isinstance(event, ToolCallFinished)]
        assert finished.is_error
        assert ApprovalDecided("ring 1-0", False, "not on a Sunday") in said(run)


async def test_of_two_calls_at_once_each_is_asked_about(tmp_path: Path) -> None:
    bell = Bell()
    async with open_engine(tmp_path, config(), script=SCRIPT, tools=[bell]) as engine:
        key = await new_session(engine)
        run, (first, second) = await asked(engine, key, "ring 2", calls=2)
        await engine.chat.decide(key.session_id, second.request_id, YES)
        await until(lambda: waiting(engine, key) == (first,))
        assert run.status is TurnStatus.WAITING
        await engine.chat.decide(key.session_id, first.request_id, NO)
        await run.wait()
        assert bell.rung == ["ring 2-1"]
        assert isinstance(ending(run), RunFinished)


async def test_what_is_allowed_for_the_session_holds_there_alone_and_after_a_restart(tmp_path: Path) -> None:
    bell = Bell()
    async with open_engine(tmp_path, config(), script=SCRIPT, tools=[bell]) as engine:
        key = await new_session(engine)
        run, (first, _) = await asked(engine, key, "ring 2", calls=2)
        await engine.chat.decide(key.session_id, first.request_id, ALWAYS)
        await run.wait()
        assert len(bell.rung) == 2
        other = await new_session(engine)
        await asked(engine, other, "ring 1")
        await engine.chat.cancel(other.session_id)
    async with open_engine(tmp_path, config(), script=SCRIPT, tools=[bell]) as engine:
        run = await ask(engine, key, "ring 3")
        assert isinstance(ending(run), RunFinished)
        assert len(bell.rung) == 5
        assert await engine.chat.ask_again(key.session_id) == 1
        await asked(engine, key, "ring 1")
        await engine.chat.delete_session(key.session_id)
        assert query(tmp_path, "SELECT count(*) FROM approvals") == [(0,)]


async def test_cancelling_while_it_waits_runs_nothing_and_leaves_a_valid_history(tmp_path: Path) -> None:
    bell = Bell()
    async with open_engine(tmp_path, config(), script=SCRIPT, tools=[bell]) as engine:
        key = await new_session(engine)
        run, _ = await asked(engine, key, "ring 2", calls=2)
        assert await engine.chat.cancel(key.session_id) == 1
        await run.wait()
        assert ending(run) == RunCancelled("stopped by you")
        record = await the_turn(engine, run)
        assert record.turn.status is TurnStatus.CANCELLED
        results = [part for row in record.messages for part in row.message.parts if isinstance(part, ToolResultPart)]
        assert [(part.call_id, part.text) for part in results] == [
            ("ring 2-0", "[cancelled]"),
            ("ring 2-1", "[cancelled]"),
        ]
        assert (bell.rung, waiting(engine, key)) == ([], ())
        assert streamed(await ask(engine, key, "and now?")) == "re: and now?"


async def test_a_crash_while_it_waits_runs_nothing_afterwards(tmp_path: Path) -> None:
    bell = Bell()
    engine = await start_engine(tmp_path, config(), script=SCRIPT, tools=[bell])
    key = await new_session(engine)
    await asked(engine, key, "ring 1")
    await until(lambda: query(tmp_path, "SELECT status FROM turns") == [("waiting",)])
    await engine._journal.save()
    await crash(engine)
    async with open_engine(tmp_path, config(), script=SCRIPT, tools=[bell]) as engine:
        (turn,) = engine.interrupted
        assert turn.status is TurnStatus.INTERRUPTED
        assert streamed(await ask(engine, key, "and now?")) == "re: and now?"
        assert bell.rung == []


async def test_who_waits_for_a_person_takes_no_place_among_the_running(tmp_path: Path) -> None:
    bell = Bell()
    async with open_engine(
        tmp_path, config(task={"worker_pool": 1}), script=SCRIPT, tools=[bell], concurrency=1
    ) as engine:
        key = await new_session(engine)
        run, (request,) = await asked(engine, key, "ring 1")
        for number in range(3):
            assert streamed(await ask(engine, await new_session(engine), f"{number}")) == f"re: {number}"
        await engine.chat.decide(key.session_id, request.request_id, YES)
        await run.wait()
        assert streamed(run) == "ding"


async def test_the_time_of_a_run_stands_still_while_it_waits(tmp_path: Path) -> None:
    bell = Bell()
    limits = {"max_seconds": 0.3}
    async with open_engine(tmp_path, config(limits=limits), script=SCRIPT, tools=[bell]) as engine:
        key = await new_session(engine)
        run, (request,) = await asked(engine, key, "ring 1")
        # Longer than the run may take: the passing of time is what is tested, so nothing else can be waited for.
        await asyncio.sleep(0.5)
        assert not run.output.ended
        await engine.chat.decide(key.session_id, request.request_id, YES)
        await run.wait()
        assert ending(run) == RunFinished("end", run.state.usage)


async def test_closing_the_program_interrupts_what_waits(tmp_path: Path) -> None:
    bell = Bell()
    async with open_engine(tmp_path, config(), script=SCRIPT, tools=[bell]) as engine:
        key = await new_session(engine)
        run, _ = await asked(engine, key, "ring 1")
    assert run.status is TurnStatus.INTERRUPTED
    assert query(tmp_path, "SELECT status FROM turns") == [("interrupted",)]
    assert bell.rung == []
