"""Limits: a run that reaches one ends as done, says which one it was, keeps what it has, and the next turn works."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hector_tui.domain.events import Notice, RunFinished, TextDelta, ToolCallOutput, ToolCallStarted
from hector_tui.domain.messages import ToolResultPart
from hector_tui.domain.replay import replay
from hector_tui.domain.tools import ToolOutcome, ToolSpec
from hector_tui.domain.turns import TurnRecord, TurnStatus
from hector_tui.engine.host import Engine
from hector_tui.engine.run import Run
from hector_tui.errors import SessionError
from hector_tui.llm.script import Script
from hector_tui.tools.base import ToolContext
from tests.provider import Answer, LoopbackProvider, ReceivedRequest, WireCall
from tests.support.engine import (
    AGENT,
    Config,
    answer_of,
    ask,
    config_of,
    ending,
    new_session,
    open_engine,
    program_tasks,
    query,
    said,
    streamed,
    the_turn,
    thought,
    wire_config,
)
from tests.support.memory import until

ENDLESS = " ".join(f"word{number}" for number in range(2_000))
"""More than every limit below allows."""
PLAIN = Answer(text="fine now")


class ChattyTool:
    """A tool that says things until it is stopped, and swallows whatever stops it; or works silently for ever."""

    def __init__(self, name: str, *, silent: bool = False) -> None:
        self.spec = ToolSpec(name=name, description="Talks.", parameters={"type": "object", "properties": {}})
        self.stopped = 0
        self._silent = silent

    async def call(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        try:
            if self._silent:
                await asyncio.Event().wait()
            for number in range(100):
                context.emit(ToolCallOutput(context.call_id, f"line {number}\n"))
        except BaseException:
            self.stopped += 1
            raise
        return ToolOutcome("done")


def calls(count: int, name: str = "calculator", arguments: str = '{"expression":"6*7"}') -> tuple[WireCall, ...]:
    return tuple(WireCall(f"c{number}", name, arguments) for number in range(count))


@asynccontextmanager
async def limited(
    root: Path, provider: LoopbackProvider, *tools: ChattyTool, timeout: str = "", **limits: object
) -> AsyncIterator[Engine]:
    config: Config = wire_config(provider.base_url, tools=None, limits=limits)
    if timeout:
        config = {**config, "global": {"performance": {"timeout": timeout}}}
    async with open_engine(root, config, tools=tools) as engine:
        yield engine


async def ended_at(limit: str, words: str, engine: Engine, run: Run, provider: LoopbackProvider) -> TurnRecord:
    """Wait for a run that a limit ends; check what every such end has in common."""
    await asyncio.wait_for(run.wait(), 20.0)
    end = ending(run)
    assert isinstance(end, RunFinished)
    assert end.stop_reason == f"limit:{limit}"
    where = "reasoning" if limit == "max_iterations" else "limits"
    notices = [event for event in said(run) if isinstance(event, Notice)]
    assert notices == [Notice("warning", f"Stopped after {words}, the limit `{where}.{limit}` of this agent.")]
    record = await the_turn(engine, run)
    assert (record.turn.status, record.turn.stop_reason) == (TurnStatus.DONE, f"limit:{limit}")
    assert answer_of(record) == streamed(run)
    told_again = [event for event in replay(record) if isinstance(event, Notice)]
    assert told_again == [Notice("warning", f"Stopped at the limit `{limit}` of its agent.")]
    assert [name for name in program_tasks() if name.endswith(run.run_id) or name.startswith("tool-")] == []
    assert engine.chat.runs(run.key.session_id) == []
    await next_turn_works(engine, run, provider)
    return record


async def next_turn_works(engine: Engine, before: Run, provider: LoopbackProvider) -> None:
    again = await ask(engine, before.key, "and now?")
    assert isinstance(ending(again), RunFinished), said(again)
    assert streamed(again) == PLAIN.text
    waiting: list[str] = []
    for message in provider.posts[-1].body["messages"]:
        if message["role"] == "tool":
            assert message["tool_call_id"] == waiting.pop(0)
            assert message["content"]
            continue
        assert not waiting, f"the calls {waiting} have no results"
        waiting = [call["id"] for call in message.get("tool_calls", ())]
    assert not waiting


def first(answer: Answer) -> list[Answer]:
    return [answer, PLAIN]


# Output


async def test_output_in_words_stops_at_its_bytes(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(first(Answer(text=ENDLESS, stall_after=400_000))) as provider,
        limited(tmp_path, provider, max_output_bytes=1_000) as engine,
    ):
        run = await engine.chat.send(await new_session(engine), "talk")
        record = await ended_at("max_output_bytes", "1,000 bytes of output", engine, run, provider)
        assert ENDLESS.startswith(answer_of(record))
        assert 990 <= len(answer_of(record)) <= 1_000
        await provider.until(lambda server: server.left == 1)  # the stream was closed, not read to its end


async def test_an_answer_that_comes_in_one_piece_keeps_its_beginning(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(first(Answer(text="A" * 5_000))) as provider,
        limited(tmp_path, provider, max_output_bytes=1_000) as engine,
    ):
        run = await engine.chat.send(await new_session(engine), "talk")
        record = await ended_at("max_output_bytes", "1,000 bytes of output", engine, run, provider)
        assert answer_of(record) == streamed(run) == "A" * 1_000


async def test_output_is_counted_in_bytes_and_with_the_thinking(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(first(Answer(thinking="ä" * 30 + " " + "ö" * 30, text="ü" * 20))) as provider,
        limited(tmp_path, provider, max_output_bytes=130) as engine,
    ):
        run = await engine.chat.send(await new_session(engine), "think")
        await ended_at("max_output_bytes", "130 bytes of output", engine, run, provider)
        assert thought(run) == "ä" * 30 + " " + "ö" * 30  # 121 bytes; 20 more characters are 40 more
        assert streamed(run) == "ü" * 4


async def test_the_arguments_of_tools_are_output_too(tmp_path: Path) -> None:
    long = '{"expression":"' + "1+" * 400 + '1"}'
    async with (
        LoopbackProvider(first(Answer(text="ok", calls=calls(3, arguments=long)))) as provider,
        limited(tmp_path, provider, max_output_bytes=2_000) as engine,
    ):
        run = await engine.chat.send(await new_session(engine), "compute")
        await ended_at("max_output_bytes", "2,000 bytes of output", engine, run, provider)
        assert sum(isinstance(event, ToolCallStarted) for event in said(run)) == 2


async def test_a_fast_stream_cannot_outrun_its_limit(tmp_path: Path) -> None:
    """Everything stands in the buffer already, and nothing in the run waits: a cancellation would come too late."""
    config = config_of(limits={"max_output_bytes": 100})
    async with open_engine(tmp_path, config, script=Script.echo(100_000)) as engine:
        run = await ask(engine, await new_session(engine), "cafe0001")
        end = ending(run)
        assert isinstance(end, RunFinished)
        assert end.stop_reason == "limit:max_output_bytes"
        assert 80 < len(streamed(run)) <= 100


# Events


async def test_events_stop_at_their_number(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(first(Answer(text=ENDLESS))) as provider,
        limited(tmp_path, provider, max_events=50) as engine,
    ):
        run = await engine.chat.send(await new_session(engine), "talk")
        await ended_at("max_events", "50 events", engine, run, provider)
        assert 40 < sum(isinstance(event, TextDelta) for event in said(run)) < 50
        assert len(said(run)) <= 55


async def test_a_tool_that_talks_without_end_is_stopped_with_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chatty, patient = ChattyTool("chatty"), ChattyTool("patient", silent=True)
    both = (WireCall("c1", "patient", "{}"), WireCall("c2", "chatty", "{}"))
    async with (
        LoopbackProvider(first(Answer(text="one moment", calls=both))) as provider,
        limited(tmp_path, provider, chatty, patient, max_events=40) as engine,
    ):
        run = await engine.chat.send(await new_session(engine), "talk")
        record = await ended_at("max_events", "40 events", engine, run, provider)
        assert (chatty.stopped, patient.stopped) == (1, 1)
        results = [part for part in record.messages[2].message.parts if isinstance(part, ToolResultPart)]
        assert [result.is_error for result in results] == [True, True]
        assert results[1].text.startswith("line 0\nline 1\n")
        assert not [record for record in caplog.records if record.levelname == "ERROR"]  # no bug, no traceback


# Tool calls and model calls


async def test_tool_calls_stop_at_their_number_over_all_steps(tmp_path: Path) -> None:
    def respond(request: ReceivedRequest) -> Answer:
        if request.body["messages"][-1]["content"] == "and now?":
            return PLAIN
        return Answer(text="again ", calls=calls(2))

    async with LoopbackProvider(respond) as provider, limited(tmp_path, provider, max_tool_calls=5) as engine:
        run = await engine.chat.send(await new_session(engine), "compute")
        record = await ended_at("max_tool_calls", "5 tool calls", engine, run, provider)
        results = [
            part.text for row in record.messages for part in row.message.parts if isinstance(part, ToolResultPart)
        ]
        assert results == ["42", "42", "42", "42", "[no answer]"]


async def test_model_calls_stop_at_their_number(tmp_path: Path) -> None:
    def respond(request: ReceivedRequest) -> Answer:
        if request.body["messages"][-1]["content"] == "and now?":
            return PLAIN
        return Answer(text="again ", calls=calls(1))

    async with LoopbackProvider(respond) as provider:
        config = wire_config(provider.base_url, tools=None, reasoning={"max_iterations": 3})
        async with open_engine(tmp_path, config) as engine:
            run = await engine.chat.send(await new_session(engine), "compute")
            await ended_at("max_iterations", "3 model calls", engine, run, provider)
            assert len(provider.posts) == 4


# Time


@pytest.mark.parametrize("where", ["agent", "global"])
async def test_a_stream_that_stalls_ends_with_its_time(tmp_path: Path, where: str) -> None:
    limits: dict[str, Any] = {"max_seconds": 0.3} if where == "agent" else {"timeout": "300ms"}
    async with (
        LoopbackProvider(first(Answer(text=ENDLESS, stall_after=2_000))) as provider,
        limited(tmp_path, provider, **limits) as engine,
    ):
        run = await engine.chat.send(await new_session(engine), "talk")
        record = await ended_at("max_seconds", "0.3 seconds", engine, run, provider)
        assert "word3" in answer_of(record)
        await provider.until(lambda server: server.left == 1)


async def test_a_tool_that_hangs_ends_with_the_time_of_its_run(tmp_path: Path) -> None:
    patient = ChattyTool("patient", silent=True)
    async with (
        LoopbackProvider(first(Answer(calls=calls(1, "patient", "{}")))) as provider,
        limited(tmp_path, provider, patient, max_seconds=0.3) as engine,
    ):
        run = await engine.chat.send(await new_session(engine), "wait")
        await ended_at("max_seconds", "0.3 seconds", engine, run, provider)
        assert patient.stopped == 1


async def test_waiting_for_a_place_costs_no_time_of_the_run(tmp_path: Path) -> None:
    """The first run takes all of its time; the one that waits for it has all of its own left."""
    async with (
        LoopbackProvider(first(Answer(text=ENDLESS, stall_after=2_000))) as provider,
        limited(tmp_path, provider, max_seconds=0.5) as engine,
    ):
        key = await new_session(engine)
        stalled, behind = await engine.chat.send(key, "talk"), await engine.chat.send(key, "and you?")
        await stalled.wait()
        await behind.wait()
        assert [run.status for run in (stalled, behind)] == [TurnStatus.DONE] * 2
        assert streamed(behind) == PLAIN.text


@pytest.mark.parametrize(
    ("timeout", "limits", "seconds"),
    [("", {}, 900.0), ("2m", {}, 120.0), ("2m", {"max_seconds": 7}, 7.0), ("2m", {"max_seconds": 0}, 0.0)],
)
async def test_the_time_of_an_agent_goes_before_that_of_all(
    tmp_path: Path, timeout: str, limits: dict[str, Any], seconds: float
) -> None:
    async with LoopbackProvider() as provider, limited(tmp_path, provider, timeout=timeout, **limits) as engine:
        assert engine.registry.get(AGENT).limits.max_seconds == seconds


async def test_a_person_who_stops_a_run_is_told_that_and_nothing_of_limits(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(first(Answer(text=ENDLESS, stall_after=2_000))) as provider,
        limited(tmp_path, provider, max_seconds=600) as engine,
    ):
        key = await new_session(engine)
        run = await engine.chat.send(key, "talk")
        await until(lambda: "word3" in streamed(run))
        await engine.chat.cancel(key.session_id)
        await run.wait()
        assert run.status is TurnStatus.CANCELLED
        assert not [event for event in said(run) if isinstance(event, Notice)]


# No limit


async def test_nought_is_no_limit(tmp_path: Path) -> None:
    none: dict[str, Any] = {
        "max_output_bytes": 0,
        "max_events": 0,
        "max_seconds": 0,
        "max_tool_calls": 0,
        "max_turns": 0,
    }
    async with (
        LoopbackProvider(first(Answer(text=ENDLESS, calls=calls(250)))) as provider,
        limited(tmp_path, provider, **none) as engine,
    ):
        run = await ask(engine, await new_session(engine), "talk")
        end = ending(run)
        assert isinstance(end, RunFinished)
        assert end.stop_reason == "end"
        assert streamed(run) == ENDLESS + PLAIN.text
        assert sum(isinstance(event, ToolCallStarted) for event in said(run)) == 250


async def test_an_answer_that_just_fits_is_whole(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(Answer(text="x" * 500)) as provider,
        limited(tmp_path, provider, max_output_bytes=500) as engine,
    ):
        run = await ask(engine, await new_session(engine), "talk")
        end = ending(run)
        assert isinstance(end, RunFinished)
        assert end.stop_reason == "end"
        assert streamed(run) == "x" * 500


# Turns of a session


async def test_a_session_takes_no_more_messages_than_its_agent_allows(tmp_path: Path) -> None:
    async with LoopbackProvider(PLAIN) as provider, limited(tmp_path, provider, max_turns=3) as engine:
        key, other = await new_session(engine), await new_session(engine)
        sent = await asyncio.gather(*(engine.chat.send(key, f"m{n}") for n in range(8)), return_exceptions=True)
        runs = [run for run in sent if isinstance(run, Run)]
        refusals = [refusal for refusal in sent if not isinstance(refusal, Run)]
        assert len(runs) == 3
        assert {str(refusal) for refusal in refusals} == {
            f"this session has 3 messages, the limit `limits.max_turns` of the agent '{AGENT}'."
            " Begin a new session, or raise the limit."
        }
        assert {type(refusal) for refusal in refusals} == {SessionError}
        for run in runs:
            await run.wait()
        with pytest.raises(SessionError, match="max_turns"):
            await engine.chat.send(key, "one more")
        assert query(tmp_path, "SELECT turns FROM sessions WHERE session_id = ?", key.session_id) == [(3,)]
        assert isinstance(ending(await ask(engine, other, "another session")), RunFinished)
