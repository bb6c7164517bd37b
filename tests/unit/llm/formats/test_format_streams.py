"""A whole answer: everything it holds, in order, over connections that are used again."""

from __future__ import annotations

import asyncio

import pytest

from hector_tui.domain.usage import Usage
from hector_tui.llm.base import StopReason, TextChunk, ThinkingChunk, ToolCall, UsageReport
from tests.provider import Answer, LoopbackProvider, ReceivedRequest, WireCall, echo
from tests.provider.answers import CACHED_TOKENS, INPUT_TOKENS, question_of
from tests.provider.talk import hear
from tests.unit.llm.formats.conftest import MakeModel
from tests.unit.llm.formats.subject import Subject, body_of

CALLS = (
    WireCall("call_abc", "get_weather", '{"location": "Zürich 😀", "unit": "c"}'),
    WireCall("call_def", "calculator", '{"expression": "6*7"}', piece=1),
)
FULL = Answer(thinking="Let me think. ", text="Grüße an 😀 und\u2028alle.", calls=CALLS)


async def test_thinking_text_calls_usage_and_stop_arrive_in_order(subject: Subject, make_model: MakeModel) -> None:
    async with LoopbackProvider(FULL) as provider:
        heard = await hear(make_model(provider), "hello")
    assert (heard.error, heard.thinking, heard.text) == (None, FULL.thinking, FULL.text)
    assert [(call.name, call.arguments) for call in heard.calls] == [(call.name, call.arguments) for call in CALLS]
    assert len({call.call_id for call in heard.calls}) == 2
    reasoning = 1 if subject.reports_reasoning else 0
    cached = CACHED_TOKENS if subject.reports_cache else 0
    usage = Usage(input_tokens=INPUT_TOKENS, output_tokens=FULL.said, cached_tokens=cached, reasoning_tokens=reasoning)
    assert heard.usage.usage == usage
    assert heard.stop is StopReason.TOOL_CALLS
    content = [type(event) for event in heard.events if not isinstance(event, UsageReport)]
    order = [ThinkingChunk, TextChunk, ToolCall]
    assert content[:-1] == sorted(content[:-1], key=order.index)
    assert isinstance(heard.events[-2], UsageReport)


@pytest.mark.parametrize("stop", StopReason)
async def test_every_reason_to_stop_is_known(subject: Subject, make_model: MakeModel, stop: StopReason) -> None:
    calls = CALLS if stop is StopReason.TOOL_CALLS else ()
    # A format without a word for refusals says that the answer ended.
    expected = subject.recordings["refusal"].stop if stop is StopReason.REFUSAL else stop
    async with LoopbackProvider(Answer(text="a", calls=calls, stop=stop)) as provider:
        heard = await hear(make_model(provider), "a")
    assert (heard.error, heard.text, heard.stop) == (None, "a", expected)


async def test_a_reason_nobody_knows_is_an_end(make_model: MakeModel) -> None:
    async with LoopbackProvider(Answer(text="a", finish_reason="something_new")) as provider:
        heard = await hear(make_model(provider), "a")
    assert (heard.error, heard.text) == (None, "a")
    # Where every such reason belongs to an answer that is not whole, it is one.
    assert heard.stop in (StopReason.END, StopReason.LENGTH)


async def test_half_a_tool_call_is_never_given_out(subject: Subject, make_model: MakeModel) -> None:
    if subject.calls_come_whole:
        return
    half = (WireCall("call_1", "get_time", '{"zone": "UTC"}'), WireCall("call_2", "rm", '{"path": "/ho'))
    async with LoopbackProvider(Answer(calls=half, stop=StopReason.LENGTH)) as provider:
        heard = await hear(make_model(provider), "a")
    assert [call.name for call in heard.calls] == ["get_time"]
    assert heard.stop is StopReason.LENGTH


async def test_usage_is_estimated_when_the_provider_does_not_count(make_model: MakeModel) -> None:
    async with LoopbackProvider(Answer(text="one two three", usage=False)) as provider:
        heard = await hear(make_model(provider), "hello there")
    assert heard.error is None
    usage = heard.usage.usage
    assert usage.estimated
    assert usage.input_tokens > 0
    assert usage.output_tokens > 0


async def test_a_connection_is_used_again_after_a_complete_answer(make_model: MakeModel) -> None:
    async with LoopbackProvider() as provider:
        model = make_model(provider)
        for _ in range(3):
            assert (await hear(model, "a")).stop is StopReason.END
        assert provider.connections == 1


async def test_many_streams_run_at_once_beside_stalled_ones(subject: Subject, make_model: MakeModel) -> None:
    """Httpx's default pool fails the 101st with PoolTimeout."""
    half = body_of(subject, Answer(text="half of it"))

    def respond(request: ReceivedRequest) -> Answer:
        if question_of(request.body) == "stall":
            return Answer(raw=half, stall_after=len(half) // 2)
        return echo(request.body, words=3)

    async with LoopbackProvider(respond) as provider:
        model = make_model(provider)
        stalled = [asyncio.create_task(hear(model, "stall")) for _ in range(101)]
        await provider.until(lambda server: server.open_connections == 101)
        heard = await asyncio.gather(*(hear(model, f"{number:08x}") for number in range(20)))
        assert [answer.text.split(":")[0] for answer in heard] == [f"{number:08x}" for number in range(20)]
        for task in stalled:
            task.cancel()
        await asyncio.gather(*stalled, return_exceptions=True)
