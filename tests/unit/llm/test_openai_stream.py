"""What a chat completion means: chunks, tool calls, dialects, and when an answer is complete."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hector_tui.errors import BadResponse, ProviderError, ProviderUnavailable, RateLimited, StreamCut
from hector_tui.llm.base import StopReason, ToolCall
from hector_tui.llm.failures import Origin
from hector_tui.llm.openai_chunks import ChunkReader
from hector_tui.llm.retry import RetryPolicy
from hector_tui.llm.secrets import Secret
from tests.provider import Answer, LoopbackProvider, WireCall
from tests.provider.talk import Heard, hear
from tests.unit.llm.conftest import MakeModel

ONCE = RetryPolicy(tries=1)


def sse(*chunks: dict[str, Any] | str) -> bytes:
    return b"".join(b"data: %s\n\n" % (c if isinstance(c, str) else json.dumps(c)).encode() for c in chunks)


def delta(finish_reason: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish_reason}]}


def read(*chunks: dict[str, Any]) -> tuple[Heard, StopReason]:
    """The events of chunks, without a connection."""
    reader = ChunkReader(Origin(where="http://test", model="m", key=Secret("")))
    events = [event for chunk in chunks for event in reader.take_whole([chunk])]
    released, reason = reader.finish()
    return Heard(events + released), reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(text="a", done=False), StopReason.END),
        (Answer(text="a", done=False, framing="close"), StopReason.END),
        (Answer(text="a", finish_reason="none"), StopReason.END),
        (Answer(text="a", finish_reason="length"), StopReason.LENGTH),
        (Answer(text="a", finish_reason="content_filter"), StopReason.REFUSAL),
        (Answer(text="a", finish_reason="tool_calls"), StopReason.END),
        (Answer(text="a", finish_reason="something_new"), StopReason.END),
        (Answer(text="a", calls=(WireCall("c", "t", "{}"),), finish_reason="stop"), StopReason.TOOL_CALLS),
    ],
)
async def test_finish_reasons_are_mapped(make_model: MakeModel, answer: Answer, reason: StopReason) -> None:
    async with LoopbackProvider(answer) as provider:
        heard = await hear(make_model(provider), "a")
    assert (heard.error, heard.stop, heard.text) == (None, reason, "a")


async def test_a_refusal_is_text_and_a_reason() -> None:
    heard, reason = read(delta(refusal="I will not."), delta("stop", content=""))
    assert (heard.text, reason) == ("I will not.", StopReason.REFUSAL)


async def test_usage_is_estimated_when_the_server_does_not_count(make_model: MakeModel) -> None:
    async with LoopbackProvider(Answer(text="one two three", usage=False)) as provider:
        heard = await hear(make_model(provider), "hello there")
    assert heard.usage.usage.estimated
    assert heard.usage.usage.input_tokens > 0
    assert heard.usage.usage.output_tokens > 0


async def test_a_completion_sent_whole_is_accepted(make_model: MakeModel) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "t", "arguments": "{}"}}
    message = {"role": "assistant", "content": "hello", "reasoning": "hm", "tool_calls": [call]}
    whole = {"choices": [{"message": message, "finish_reason": "tool_calls"}], "usage": {"prompt_tokens": 3}}
    async with LoopbackProvider(Answer(raw=json.dumps(whole, indent=1).encode(), framing="length")) as provider:
        heard = await hear(make_model(provider), "a")
    assert (heard.error, heard.text, heard.thinking, heard.stop) == (None, "hello", "hm", StopReason.TOOL_CALLS)
    assert heard.calls == [ToolCall("call_1", "t", "{}")]
    assert heard.usage.usage.input_tokens == 3


@pytest.mark.parametrize(
    ("raw", "kind", "words"),
    [
        (b"<!DOCTYPE html><html><title>Welcome</title>", BadResponse, "web page"),
        (b'{"message": "hello"}', BadResponse, "no chat completion"),
        (b'{"a": 1}\n{"b": 2}\n', BadResponse, "no JSON document"),
        (b'{"error": {"message": "Overloaded", "type": "overloaded_error"}}', ProviderUnavailable, "Overloaded"),
        (b"", StreamCut, "empty"),
        (b"data: {broken\n\n", BadResponse, "not JSON"),
        (b"data: [1]\n\n", BadResponse, "no object"),
        (b'data: {"choices": [7]}\n\n', BadResponse, "choices"),
        (b'data: {"choices": [{"delta": "x"}]}\n\n', BadResponse, "delta"),
        (b'data: {"choices": [{"delta": {"content": {"a": 1}}}]}\n\n', BadResponse, "content"),
        (b'data: {"choices": [{"delta": {"tool_calls": {"a": 1}}}]}\n\n', BadResponse, "tool calls"),
        (sse({"error": {"message": "slow down", "code": 429}}), RateLimited, "slow down"),
        (sse({"error": "it broke"}), ProviderUnavailable, "it broke"),
        (b'event: error\ndata: {"message": "it broke"}\n\n', ProviderUnavailable, "it broke"),
        (sse(delta("error")), ProviderUnavailable, "within the answer"),
    ],
)
async def test_what_is_no_answer_is_an_error(
    make_model: MakeModel, raw: bytes, kind: type[ProviderError], words: str
) -> None:
    async with LoopbackProvider(Answer(raw=raw)) as provider:
        heard = await hear(make_model(provider, retry=ONCE), "a")
    assert type(heard.error) is kind
    assert words in str(heard.error)
    assert heard.stop is None


async def test_an_error_inside_a_stream_keeps_the_text_before_it(make_model: MakeModel) -> None:
    raw = sse(delta(content="so far"), {"error": {"message": "Overloaded", "type": "overloaded_error"}})
    async with LoopbackProvider(Answer(raw=raw)) as provider:
        heard = await hear(make_model(provider), "a")
        assert len(provider.posts) == 1
    assert heard.text == "so far"
    assert isinstance(heard.error, ProviderUnavailable)
    assert heard.error.retryable


def fragment(index: int | None = None, call_id: str = "", name: str = "", arguments: Any = "") -> dict[str, Any]:
    found: dict[str, Any] = {"function": {"arguments": arguments}}
    if index is not None:
        found["index"] = index
    if call_id:
        found["id"] = call_id
    if name:
        found["function"]["name"] = name
    return found


@pytest.mark.parametrize(
    ("fragments", "expected"),
    [
        pytest.param(
            [
                fragment(0, "a", "one"),
                fragment(1, "b", "two"),
                fragment(1, arguments="{}"),
                fragment(0, arguments='{"x":1}'),
            ],
            [ToolCall("a", "one", '{"x":1}'), ToolCall("b", "two", "{}")],
            id="interleaved",
        ),
        pytest.param(
            [fragment(0, "a", "one", "{}"), fragment(0, "b", "two", "{}")],
            [ToolCall("a", "one", "{}"), ToolCall("b", "two", "{}")],
            id="every index is 0",
        ),
        pytest.param(
            [fragment(None, "a", "one", "{"), fragment(None, arguments="}"), fragment(None, "b", "two", "{}")],
            [ToolCall("a", "one", "{}"), ToolCall("b", "two", "{}")],
            id="no index",
        ),
        pytest.param(
            [fragment(None, "a", "one", "{"), fragment(None, "a", arguments="}")],
            [ToolCall("a", "one", "{}")],
            id="no index, the id repeated",
        ),
        pytest.param(
            [fragment(0, "a", "one", '{"x":'), fragment(0, "a", "one", "1}")],
            [ToolCall("a", "one", '{"x":1}')],
            id="id and name repeated",
        ),
        pytest.param(
            [fragment(0, "a", "get_"), fragment(0, "", "time", "{}")],
            [ToolCall("a", "get_time", "{}")],
            id="name in pieces",
        ),
        pytest.param(
            [fragment(0, "a", "one", {"x": 1})], [ToolCall("a", "one", '{"x": 1}')], id="arguments as an object"
        ),
        pytest.param([fragment(0, "a", "one")], [ToolCall("a", "one", "")], id="no arguments"),
        pytest.param([fragment(0, "a")], [], id="never named"),
    ],
)
def test_tool_calls_of_every_dialect(fragments: list[dict[str, Any]], expected: list[ToolCall]) -> None:
    heard, reason = read(*(delta(tool_calls=[part]) for part in fragments), delta("tool_calls", content=""))
    assert heard.calls == expected
    assert reason is (StopReason.TOOL_CALLS if expected else StopReason.END)


def test_a_call_without_an_id_gets_one_of_its_own() -> None:
    heard, _ = read(
        delta(tool_calls=[fragment(0, "", "one", "{}"), fragment(1, "", "two", "{}")]), delta("stop", content="")
    )
    first, second = heard.calls
    assert first.call_id
    assert first.call_id != second.call_id


def test_half_a_tool_call_is_never_given_out() -> None:
    heard, reason = read(
        delta(tool_calls=[fragment(0, "a", "one", '{"x": 1}'), fragment(1, "b", "rm", '{"path": "/ho')]),
        delta("length", content=""),
    )
    assert [call.name for call in heard.calls] == ["one"]
    assert reason is StopReason.LENGTH


def test_halves_of_a_character_are_joined_and_lone_ones_replaced() -> None:
    heard, _ = read(
        delta(content="a\ud83d"),
        delta(content="\ude00b"),
        delta(content="\ude00c"),
        delta(content="\ud83d"),
        delta(reasoning_content="\ud83d", tool_calls=[fragment(0, "i", "n", '"\ud83d')]),
        delta("stop", tool_calls=[fragment(0, arguments='\ude00"')]),
    )
    assert heard.text == "a😀b\ufffdc\ufffd"
    assert heard.thinking == "\ufffd"
    assert heard.calls[0].arguments == '"😀"'
    heard.text.encode()


def test_content_in_parts_is_read() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    heard, _ = read(delta(content=[thinking, {"type": "text", "text": "hello"}]), delta("stop", content=""))
    assert (heard.thinking, heard.text) == ("hm", "hello")
