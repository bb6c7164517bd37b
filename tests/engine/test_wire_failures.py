"""What a person sees when a provider fails: one clear line, what was said until then, and a session that goes on."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from hector_tui.domain.events import RunCancelled, RunFailed, RunFinished, StateChanged, ToolCallStarted
from hector_tui.domain.turns import TurnStatus
from hector_tui.engine.run import Run
from tests.provider import Answer, LoopbackProvider, ReceivedRequest, WireCall
from tests.support.engine import (
    AGENT,
    CANARY,
    answer_of,
    ask,
    ending,
    new_session,
    open_engine,
    query,
    said,
    streamed,
    the_turn,
    wire_config,
)

PLAIN = Answer(text="fine now")
WORDS = " ".join(f"word{number}" for number in range(60))
CHUNK = b'data: {"choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}\n\n'


@dataclass(frozen=True, slots=True)
class Failure:
    """How a provider fails, and what a person is told.

    Attributes:
        told: A part of the one line.
        kept: What the words it said until then begin with; empty when there were none.
    """

    answer: Answer
    told: str
    kept: str = ""
    retryable: bool = False


def refused(status: int, body: str, **headers: str) -> Answer:
    return Answer(status=status, raw=body.encode(), headers=headers, framing="length")


FAILURES = {
    "401": Failure(
        refused(401, f'{{"error": {{"message": "Incorrect API key provided: {CANARY}", "code": "invalid_api_key"}}}}'),
        "the provider refused the key (401)",
    ),
    "404 model": Failure(
        refused(404, '{"error": {"message": "The model loop-1 does not exist", "code": "model_not_found"}}'),
        "the provider does not know 'loop-1' (404)",
    ),
    "429": Failure(
        refused(429, '{"error": {"message": "Slow down", "code": "rate_limit_exceeded"}}', **{"retry-after": "17"}),
        "too many requests (429): Slow down. It asks to wait 17 seconds",
        retryable=True,
    ),
    "500": Failure(refused(500, "<html><h1>Oops</h1>\n<p>at line 3</p></html>"), "(500)", retryable=True),
    "cut stream": Failure(
        Answer(text=WORDS, cut_after=3_000, cut="fin"), "broke before the answer was complete", "word0 word1", True
    ),
    "reset stream": Failure(
        Answer(text=WORDS, cut_after=3_000, cut="rst"), "broke before the answer was complete", "word0 word1", True
    ),
    "stream without an end": Failure(
        Answer(text=WORDS, cut_after=3_000, cut="end"),
        "the stream ended before the answer was complete",
        "word0 word1",
        True,
    ),
    "malformed chunk": Failure(
        Answer(raw=CHUNK % b"half " + b"data: {not json\n\n", headers={"content-type": "text/event-stream"}),
        "the provider sent a chunk that is not JSON",
        "half ",
    ),
    "error in the stream": Failure(
        Answer(
            raw=CHUNK % b"half " + b'data: {"error": {"message": "Overloaded", "type": "overloaded_error"}}\n\n',
            headers={"content-type": "text/event-stream"},
        ),
        "Overloaded",
        "half ",
        True,
    ),
    "not a chat server": Failure(
        Answer(raw=b"<html>hello</html>", headers={"content-type": "text/html"}), "a web page came instead of an answer"
    ),
    "empty answer": Failure(
        Answer(raw=b"", headers={"content-type": "text/event-stream"}), "the answer is empty", retryable=True
    ),
}


def failure_of(run: Run) -> RunFailed:
    end = ending(run)
    assert isinstance(end, RunFailed), end
    assert end.stored
    assert end.error
    assert "\n" not in end.error
    assert len(end.error) < 500
    for word in ("Traceback", "httpx", "Error(", "<h1>", "internal error"):
        assert word not in end.error
    return end


@pytest.mark.parametrize("name", FAILURES)
async def test_a_failure_is_one_line_and_the_session_goes_on(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    failure = FAILURES[name]
    async with (
        LoopbackProvider([failure.answer, PLAIN]) as provider,
        open_engine(tmp_path, wire_config(provider.base_url)) as engine,
    ):
        key = await new_session(engine)
        run = await ask(engine, key, "count")
        end = failure_of(run)
        assert failure.told in end.error
        assert end.retryable is failure.retryable
        record = await the_turn(engine, run)
        assert (record.turn.status, record.turn.error) == (TurnStatus.FAILED, end.error)
        assert answer_of(record) == streamed(run)
        assert answer_of(record).startswith(failure.kept)
        assert bool(answer_of(record)) is bool(failure.kept)

        after = await ask(engine, key, "and now?")
        assert isinstance(ending(after), RunFinished)
        assert streamed(after) == "fine now"
        contents = [message["content"] for message in provider.posts[-1].body["messages"]]
        assert contents == ["count", *filter(None, [streamed(run)]), "and now?"]
        assert provider.posts[0].headers["authorization"] == f"Bearer {CANARY}"

    for record_of_log in caplog.records:
        assert CANARY not in record_of_log.getMessage()
    assert all(CANARY not in repr(event) for event in said(run))
    for path in (tmp_path / "profile").rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path


async def test_a_provider_that_is_not_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as vacant:
        port = vacant.getsockname()[1]
    async with open_engine(tmp_path, wire_config(f"http://127.0.0.1:{port}/v1")) as engine:
        key = await new_session(engine)
        (entry,) = engine.registry
        assert (entry.readiness, entry.detail) == ("no_server", f"http://127.0.0.1:{port}")
        end = failure_of(await ask(engine, key, "anyone?"))
        assert f"cannot reach http://127.0.0.1:{port} (connection refused)" in end.error
        assert end.retryable

        async with LoopbackProvider(PLAIN, port=port) as provider:  # and then it is started
            after = await ask(engine, key, "and now?")
            assert streamed(after) == "fine now"
            roles = [message["role"] for message in provider.posts[-1].body["messages"]]
            assert roles == ["user", "user"]


async def test_a_failure_after_tools_keeps_their_results(tmp_path: Path) -> None:
    answers = [
        Answer(text="let me see", calls=(WireCall("c1", "calculator", '{"expression":"6*7"}'),)),
        refused(500, "oops"),
        PLAIN,
    ]
    async with (
        LoopbackProvider(answers) as provider,
        open_engine(tmp_path, wire_config(provider.base_url, tools=["calculator"])) as engine,
    ):
        key = await new_session(engine)
        run = await ask(engine, key, "6*7?")
        failure_of(run)
        assert any(isinstance(event, ToolCallStarted) for event in said(run))
        record = await the_turn(engine, run)
        assert [row.message.role.value for row in record.messages] == ["user", "assistant", "tool"]
        await ask(engine, key, "and now?")
        messages = provider.posts[-1].body["messages"]
        assert [message["role"] for message in messages] == ["user", "assistant", "tool", "user"]
        assert (messages[2]["tool_call_id"], messages[2]["content"]) == ("c1", "42")


async def test_trying_again_is_said(tmp_path: Path) -> None:
    async with LoopbackProvider([refused(503, "busy", **{"retry-after-ms": "1"}), PLAIN]) as provider:
        llm = {"type": "openai", "model": "loop-1", "host": provider.base_url, "api_key": CANARY, "max_retries": 1}
        async with open_engine(tmp_path, {**wire_config(""), "llms": {"wire": llm}}) as engine:
            run = await ask(engine, await new_session(engine), "hello")
            assert isinstance(ending(run), RunFinished)
            (wait,) = [event for event in said(run) if isinstance(event, StateChanged) and event.phase == "retrying"]
            assert "(503)" in wait.reason
            assert 0 < wait.until <= time.time()
            assert len(provider.posts) == 2


async def test_a_wait_is_announced_with_its_end_and_ends_at_once_when_a_person_stops_it(tmp_path: Path) -> None:
    async with LoopbackProvider(refused(429, "slow down", **{"retry-after": "100"})) as provider:
        llm = {"type": "openai", "model": "loop-1", "host": provider.base_url, "api_key": CANARY}
        async with open_engine(tmp_path, {**wire_config(""), "llms": {"wire": llm}}) as engine:
            run = await engine.chat.send(await new_session(engine), "hello")
            async for record in run.output.reader():
                if isinstance(record.event, StateChanged) and record.event.phase == "retrying":
                    assert 90 < record.event.until - time.time() <= 100
                    run.cancel("stopped")
            assert isinstance(ending(run), RunCancelled)
            stored = await the_turn(engine, run)
            assert [row.message.role.value for row in stored.messages] == ["user"]
            assert len(provider.posts) == 1


async def test_one_broken_session_does_not_harm_the_others(tmp_path: Path) -> None:
    def respond_by_question(request: ReceivedRequest) -> Answer:
        text = request.body["messages"][-1]["content"]
        return FAILURES["cut stream"].answer if "bad" in text else Answer(text=f"re: {text}")

    async with (
        LoopbackProvider(respond_by_question) as provider,
        open_engine(tmp_path, wire_config(provider.base_url)) as engine,
    ):
        runs = []
        for number in range(20):
            text = f"bad {number}" if number % 2 else f"good {number}"
            runs.append(await engine.chat.send(await new_session(engine), text))
        for run in runs:
            await run.wait()
        assert [run.status for run in runs] == [TurnStatus.DONE, TurnStatus.FAILED] * 10
        assert [streamed(run) for run in runs[::2]] == [f"re: {run.turn.text}" for run in runs[::2]]
    assert query(tmp_path, "SELECT DISTINCT agent_id FROM turns") == [(AGENT,)]
