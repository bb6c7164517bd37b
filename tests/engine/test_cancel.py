"""Cancelling, at every point of a run: one ending, all of it stored, nothing left running, a next turn that works."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from httpcore._async.http11 import AsyncHTTP11Connection

from hector_tui.domain.events import RunCancelled, RunFinished, StateChanged, ToolCallOutput, ToolCallStarted
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.messages import Role, ThinkingPart, ToolResultPart
from hector_tui.domain.tools import ToolOutcome, ToolSpec
from hector_tui.domain.turns import TurnRecord, TurnStatus
from hector_tui.engine.host import Engine
from hector_tui.engine.run import Run
from hector_tui.sessions.service import SessionService
from hector_tui.sessions.turn_rows import Settlement
from hector_tui.tools.base import ToolContext
from tests.provider import Answer, LoopbackProvider, ReceivedRequest, WireCall
from tests.support.engine import (
    Stage,
    answer_of,
    ask,
    config_of,
    ending,
    new_session,
    open_engine,
    program_tasks,
    query,
    said,
    start_engine,
    streamed,
    the_turn,
    thought,
    wire_config,
)
from tests.support.memory import until

STOPPED = RunCancelled("stopped by you")
HEAD = 2_000
"""Bytes of a body after which the provider falls silent: past the first words of the answers below."""
WORDS = " ".join(f"word{number}" for number in range(40))
PLAIN = Answer(text="fine now")


class PatientTool:
    """A tool that says something, then works until it is cancelled.

    Attributes:
        stopped: How often it was cancelled while it worked.
    """

    spec = ToolSpec(name="wait", description="Waits.", parameters={"type": "object", "properties": {}})

    def __init__(self) -> None:
        self.stopped = 0

    async def call(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        context.emit(ToolCallOutput(context.call_id, "half done"))
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        return ToolOutcome("never")


def check_request(request: ReceivedRequest) -> None:
    """What every provider demands: calls and results in pairs, one right after the other, and no empty messages."""
    messages: Sequence[Mapping[str, Any]] = request.body["messages"]
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            assert message["tool_call_id"] == waiting.pop(0), messages
            assert message["content"]
            continue
        assert not waiting, f"the calls {waiting} have no results: {messages}"
        calls = message.get("tool_calls", ())
        assert message["content"] or calls, messages
        waiting = [call["id"] for call in calls]
    assert not waiting
    assert messages[-1]["role"] == "user"


async def cancelled(engine: Engine, run: Run) -> TurnRecord:
    """Wait until a run has ended as one that a person stopped; what was stored of it."""
    await asyncio.wait_for(run.wait(), 20.0)
    assert ending(run) == STOPPED
    record = await the_turn(engine, run)
    assert record.turn.status is TurnStatus.CANCELLED
    assert record.turn.error == "stopped by you"
    assert record.turn.finished_at is not None
    assert run.status is TurnStatus.CANCELLED
    assert engine.chat.runs(run.key.session_id) == []
    assert [name for name in program_tasks() if name.endswith(run.run_id) or name.startswith("tool-")] == []
    return record


async def next_turn_works(engine: Engine, provider: LoopbackProvider, key: SessionKey) -> ReceivedRequest:
    run = await ask(engine, key, "and now?")
    assert isinstance(ending(run), RunFinished), said(run)
    assert streamed(run) == "fine now"
    check_request(provider.posts[-1])
    return provider.posts[-1]


def first(answer: Answer) -> list[Answer]:
    return [answer, PLAIN]


async def test_before_the_first_step(tmp_path: Path) -> None:
    async with LoopbackProvider(PLAIN) as provider, open_engine(tmp_path, wire_config(provider.base_url)) as engine:
        key = await new_session(engine)
        turn = await engine._store.sessions.accept(key, "never mind")
        run = engine.chat.runner.submit(turn, engine.registry.get(key.agent_id))
        # Nothing was awaited since its tasks were made: the body of a task that is cancelled now never runs.
        engine.chat.runner.cancel(run, "stopped by you")
        record = await cancelled(engine, run)
        assert provider.posts == []
        assert (record.turn.text, record.messages) == ("never mind", ())
        request = await next_turn_works(engine, provider, key)
        assert [message["content"] for message in request.body["messages"]] == ["never mind", "and now?"]


async def test_while_it_waits_for_a_place(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, config_of(), script=stage.script, concurrency=1) as engine:
        busy = await engine.chat.send(await new_session(engine), "a")
        await stage.until_standing("a")
        key = await new_session(engine)
        run = await engine.chat.send(key, "b")
        assert await engine.chat.cancel(key.session_id) == 1
        record = await cancelled(engine, run)
        assert (record.turn.text, record.messages) == ("b", ())
        assert StateChanged("starting") not in said(run)
        await stage.let_go()
        await busy.wait()
        again = await ask(engine, key, "c")  # the place was given back
        assert isinstance(ending(again), RunFinished)


async def test_before_the_headers(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(first(Answer(stall_before_headers=True))) as provider,
        open_engine(tmp_path, wire_config(provider.base_url)) as engine,
    ):
        key = await new_session(engine)
        run = await engine.chat.send(key, "hello?")
        await provider.until(lambda server: len(server.posts) == 1)
        await engine.chat.cancel(key.session_id)
        record = await cancelled(engine, run)
        assert answer_of(record) == ""
        await provider.until(lambda server: server.left == 1 and server.open_connections == 0)
        await next_turn_works(engine, provider, key)


async def test_in_the_text(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(first(Answer(text=WORDS, stall_after=HEAD))) as provider,
        open_engine(tmp_path, wire_config(provider.base_url)) as engine,
    ):
        key = await new_session(engine)
        run = await engine.chat.send(key, "count")
        await until(lambda: "word3" in streamed(run))
        await engine.chat.cancel(key.session_id)
        record = await cancelled(engine, run)
        assert answer_of(record) == streamed(run)
        assert WORDS.startswith(answer_of(record))
        await provider.until(lambda server: server.left == 1 and server.open_connections == 0)
        request = await next_turn_works(engine, provider, key)
        assert [message["content"] for message in request.body["messages"]] == ["count", streamed(run), "and now?"]


async def test_in_the_thinking(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(first(Answer(thinking=WORDS, stall_after=HEAD))) as provider,
        open_engine(tmp_path, wire_config(provider.base_url)) as engine,
    ):
        key = await new_session(engine)
        run = await engine.chat.send(key, "count")
        await until(lambda: "word3" in thought(run))
        await engine.chat.cancel(key.session_id)
        record = await cancelled(engine, run)
        assert record.messages[1].message.parts == (ThinkingPart(thought(run)),)
        await provider.until(lambda server: server.left == 1 and server.open_connections == 0)
        request = await next_turn_works(engine, provider, key)
        assert [message["content"] for message in request.body["messages"]] == ["count", "and now?"]


async def test_in_a_running_tool(tmp_path: Path) -> None:
    calls = (
        WireCall("c1", "wait", "{}"),
        WireCall("c2", "calculator", '{"expression":"6*7"}'),
        WireCall("c3", "wait", ""),
    )
    tool = PatientTool()
    async with (
        LoopbackProvider(first(Answer(text="let me see", calls=calls))) as provider,
        open_engine(tmp_path, wire_config(provider.base_url, tools=None), tools=[tool]) as engine,
    ):
        key = await new_session(engine)
        run = await engine.chat.send(key, "wait")
        await until(lambda: sum(isinstance(event, ToolCallOutput) for event in said(run)) == 2)
        await engine.chat.cancel(key.session_id)
        record = await cancelled(engine, run)
        assert tool.stopped == 2
        assert [row.message.role for row in record.messages] == [Role.USER, Role.ASSISTANT, Role.TOOL]
        results = [part for part in record.messages[2].message.parts if isinstance(part, ToolResultPart)]
        assert [(part.call_id, part.text, part.is_error) for part in results] == [
            ("c1", "half done\n[cancelled]", True),
            ("c2", "42", False),
            ("c3", "half done\n[cancelled]", True),
        ]
        request = await next_turn_works(engine, provider, key)
        roles = [message["role"] for message in request.body["messages"]]
        assert roles == ["user", "assistant", "tool", "tool", "tool", "user"]


async def test_between_two_steps_of_a_run(tmp_path: Path) -> None:
    answers = [
        Answer(calls=(WireCall("c1", "calculator", '{"expression":"6*7"}'),)),
        Answer(text=WORDS, stall_after=HEAD),
        PLAIN,
    ]
    async with (
        LoopbackProvider(answers) as provider,
        open_engine(tmp_path, wire_config(provider.base_url, tools=["calculator"])) as engine,
    ):
        key = await new_session(engine)
        run = await engine.chat.send(key, "6*7?")
        await until(lambda: "word3" in streamed(run))
        await engine.chat.cancel(key.session_id)
        record = await cancelled(engine, run)
        assert [row.message.role.value for row in record.messages] == ["user", "assistant", "tool", "assistant"]
        await next_turn_works(engine, provider, key)


@pytest.mark.parametrize("times", [2, 20])
async def test_several_times(tmp_path: Path, times: int) -> None:
    """An impatient person must not break what the first cancel is tidying up."""
    async with (
        LoopbackProvider(first(Answer(text=WORDS, stall_after=HEAD))) as provider,
        open_engine(tmp_path, wire_config(provider.base_url)) as engine,
    ):
        key = await new_session(engine)
        run = await engine.chat.send(key, "count")
        await until(lambda: "word3" in streamed(run))
        for _ in range(times):
            await engine.chat.cancel(key.session_id)
            await asyncio.sleep(0)
        record = await cancelled(engine, run)
        assert answer_of(record) == streamed(run)
        await provider.until(lambda server: server.left == 1 and server.open_connections == 0)
        await next_turn_works(engine, provider, key)


async def test_several_times_in_a_running_tool(tmp_path: Path) -> None:
    tool = PatientTool()
    async with (
        LoopbackProvider(first(Answer(calls=(WireCall("c1", "wait", "{}"),)))) as provider,
        open_engine(tmp_path, wire_config(provider.base_url, tools=None), tools=[tool]) as engine,
    ):
        key = await new_session(engine)
        run = await engine.chat.send(key, "wait")
        await until(lambda: any(isinstance(event, ToolCallOutput) for event in said(run)))
        for _ in range(5):
            await engine.chat.cancel(key.session_id)
            await asyncio.sleep(0)
        await cancelled(engine, run)
        assert tool.stopped == 1
        await next_turn_works(engine, provider, key)


async def test_at_every_single_step_of_a_run(tmp_path: Path) -> None:
    """The same run again and again, cancelled one turn of the event loop later each time, until it gets to its end."""
    calling = Answer(text="a b c", calls=(WireCall("c1", "calculator", '{"expression":"6*7"}'),))

    def respond(request: ReceivedRequest) -> Answer:
        if request.body["messages"][-1]["role"] == "tool":
            return PLAIN
        check_request(request)
        return calling

    endings: list[str] = []
    async with (
        LoopbackProvider(respond) as provider,
        open_engine(tmp_path, wire_config(provider.base_url, tools=["calculator"])) as engine,
    ):
        key = await new_session(engine)
        await ask(engine, key, "warm up")
        steps = 0
        while endings.count("RunFinished") < 3:
            steps += 1 + steps // 40
            run = await engine.chat.send(key, f"cancel after {steps} steps")
            for _ in range(steps):
                await asyncio.sleep(0)
            engine.chat.runner.cancel(run, "stopped by you")
            await asyncio.wait_for(run.wait(), 20.0)
            end = ending(run)
            endings.append(type(end).__name__)
            assert isinstance(end, RunFinished) or end == STOPPED, end
            record = await the_turn(engine, run)
            assert record.turn.status is run.status
            assert answer_of(record) == streamed(run)
        assert engine.chat.runs(key.session_id) == []
        assert isinstance(ending(await ask(engine, key, "and the last")), RunFinished)
    assert endings.count("RunCancelled") > 40
    seqs = query(tmp_path, "SELECT seq FROM messages ORDER BY seq")
    assert seqs == [(number,) for number in range(1, len(seqs) + 1)]


async def test_while_the_connection_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer has been read to its end; a connection that is lost here would never be closed nor used again."""
    give_back = AsyncHTTP11Connection._response_closed
    cancels: list[Run] = []

    async def cancel_and_give_back(connection: AsyncHTTP11Connection) -> None:
        while cancels:
            engine.chat.runner.cancel(cancels.pop(), "stopped by you")
        await give_back(connection)

    monkeypatch.setattr(AsyncHTTP11Connection, "_response_closed", cancel_and_give_back)
    async with LoopbackProvider(PLAIN) as provider, open_engine(tmp_path, wire_config(provider.base_url)) as engine:
        key = await new_session(engine)
        for number in range(3):
            run = await engine.chat.send(key, f"question {number}")
            cancels.append(run)
            await run.wait()
            assert ending(run) == STOPPED
        assert cancels == []
        await next_turn_works(engine, provider, key)
        assert provider.open_connections <= 1


async def test_while_it_settles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is complete and being stored: it stays what it is."""
    gate, settling = asyncio.Event(), asyncio.Event()
    settle = SessionService.settle

    async def settle_later(service: SessionService, turn_id: str, settlement: Settlement) -> None:
        settling.set()
        await gate.wait()
        await settle(service, turn_id, settlement)

    monkeypatch.setattr(SessionService, "settle", settle_later)
    async with LoopbackProvider(PLAIN) as provider, open_engine(tmp_path, wire_config(provider.base_url)) as engine:
        key = await new_session(engine)
        run = await engine.chat.send(key, "hello")
        await settling.wait()
        await engine.chat.cancel(key.session_id)
        gate.set()
        await run.wait()
        assert isinstance(ending(run), RunFinished)
        record = await the_turn(engine, run)
        assert (record.turn.status, answer_of(record)) == (TurnStatus.DONE, "fine now")


async def test_after_its_end(tmp_path: Path) -> None:
    async with LoopbackProvider(PLAIN) as provider, open_engine(tmp_path, wire_config(provider.base_url)) as engine:
        key = await new_session(engine)
        run = await ask(engine, key, "hello")
        engine.chat.runner.cancel(run, "too late")
        assert await engine.chat.cancel(key.session_id) == 0
        assert isinstance(ending(run), RunFinished)
        assert (await the_turn(engine, run)).turn.status is TurnStatus.DONE
        await next_turn_works(engine, provider, key)


async def test_when_the_engine_closes(tmp_path: Path) -> None:
    tool = PatientTool()
    answers = {
        "text": Answer(text=WORDS, stall_after=HEAD),
        "silence": Answer(stall_before_headers=True),
        "tool": Answer(text="let me see", calls=(WireCall("c1", "wait", "{}"),)),
    }
    runs: dict[str, Run] = {}
    async with LoopbackProvider(lambda request: answers[request.body["messages"][-1]["content"]]) as provider:
        config = wire_config(provider.base_url, tools=None)
        engine = await start_engine(tmp_path, config, tools=[tool])
        for name in answers:
            key = await new_session(engine)
            runs[name] = await engine.chat.send(key, name)
            runs[f"{name} behind"] = await engine.chat.send(key, f"{name} behind")
        await until(lambda: "word3" in streamed(runs["text"]))
        await until(lambda: any(isinstance(event, ToolCallOutput) for event in said(runs["tool"])))
        await provider.until(lambda server: len(server.posts) == 3)
        await engine.aclose()
        assert program_tasks() == []
        await provider.until(lambda server: server.open_connections == 0)

    reasons = {ending(run) for run in runs.values()}
    assert reasons == {RunCancelled("hector-tui was closed while this was being answered")}
    assert query(tmp_path, "SELECT status, count(*) FROM turns GROUP BY status") == [("interrupted", 6)]
    said_in = "SELECT parts FROM messages WHERE turn_id = ? AND role = 'assistant'"
    (partial,) = query(tmp_path, said_in, runs["text"].turn.turn_id)
    assert json.loads(partial[0])[0]["text"] == streamed(runs["text"])
    (result,) = query(tmp_path, "SELECT parts FROM messages WHERE role = 'tool'")
    assert json.loads(result[0])[0]["text"] == "half done\n[interrupted]"
    assert any(isinstance(event, ToolCallStarted) for event in said(runs["tool"]))
    assert tool.stopped == 1
