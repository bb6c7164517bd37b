"""What Anthropic's events mean beyond what every format has: proofs, blocks, counts, reasons, forms."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hector_tui.domain.messages import user_message
from hector_tui.domain.usage import Usage
from hector_tui.errors import BadResponse, ProviderError, ProviderUnavailable, RateLimited, RequestRejected
from hector_tui.llm.anthropic import AnthropicModel
from hector_tui.llm.anthropic_events import MessageReader
from hector_tui.llm.base import (
    ModelEvent,
    ModelRequest,
    StopReason,
    StructuredOutput,
    TextChunk,
    ThinkingChunk,
    ToolCall,
    UsageReport,
)
from hector_tui.llm.connections import Connections
from hector_tui.llm.failures import Origin
from hector_tui.llm.retry import Progress
from hector_tui.llm.secrets import Secret
from hector_tui.llm.sse import ServerSentEvent
from tests.provider import Answer, LoopbackProvider
from tests.provider.talk import Heard, hear

ORIGIN = Origin(where="http://test", model="m", key=Secret(""))


def start(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": fields}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def end(reason: str | None = "end_turn", **more: Any) -> tuple[dict[str, Any], ...]:
    return {"type": "message_delta", "delta": {"stop_reason": reason, **more}}, {"type": "message_stop"}


def words(text: str, index: int = 0) -> tuple[dict[str, Any], ...]:
    return start(index, type="text", text=""), delta(index, type="text_delta", text=text), stop(index)


def read(*events: dict[str, Any], reader: MessageReader | None = None) -> tuple[Heard, StopReason, MessageReader]:
    reader = reader or MessageReader(ORIGIN)
    found: list[ModelEvent] = []
    for event in events:
        assert not reader.is_finished
        found += reader.read(ServerSentEvent(event["type"], json.dumps(event)))
    assert reader.is_finished
    released, reason = reader.finish()
    return Heard(found + released), reason, reader


def test_thoughts_words_and_thoughts_again_keep_their_order_and_proofs() -> None:
    heard, reason, reader = read(
        start(0, type="thinking", thinking="", signature=""),
        delta(0, type="thinking_delta", thinking="One"),
        delta(0, type="signature_delta", signature="si"),
        delta(0, type="signature_delta", signature="g1"),
        stop(0),
        *words("A", 1),
        start(2, type="redacted_thinking", data="AAA="),
        stop(2),
        start(3, type="thinking", thinking="", signature=""),
        delta(3, type="signature_delta", signature="sig2"),
        stop(3),
        *words("B", 4),
        *end(),
    )
    assert heard.events == [
        ThinkingChunk("One"),
        ThinkingChunk("", "anthropic:sig1"),
        TextChunk("A"),
        ThinkingChunk("", "anthropic:redacted:AAA="),
        ThinkingChunk("", "anthropic:sig2"),
        TextChunk("B"),
    ]
    assert reason is StopReason.END
    assert reader.content_count == 7


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("end_turn", StopReason.END),
        ("stop_sequence", StopReason.END),
        ("max_tokens", StopReason.LENGTH),
        ("model_context_window_exceeded", StopReason.LENGTH),
        ("pause_turn", StopReason.LENGTH),
        ("refusal", StopReason.REFUSAL),
        ("tool_use", StopReason.END),
        ("compaction", StopReason.END),
        (None, StopReason.END),
    ],
)
def test_reasons_are_mapped(said: str | None, reason: StopReason) -> None:
    heard, found, _ = read(*words("a"), *end(said))
    assert (heard.text, found) == ("a", reason)


def test_a_refusal_before_the_first_word_says_why() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "This is not allowed."}
    heard, reason, _ = read(*end("refusal", stop_details=details))
    assert (heard.text, reason) == ("This is not allowed.", StopReason.REFUSAL)
    heard, _, _ = read(*words("No."), *end("refusal", stop_details=details))
    assert heard.text == "No."


def test_what_is_not_known_is_skipped() -> None:
    heard, reason, reader = read(
        {"type": "message_start"},
        {"type": "content_block_future", "index": 0},
        start(0, type="server_tool_use", id="x", name="web_search", input={}),
        delta(0, type="input_json_delta", partial_json='{"query": "a"}'),
        stop(0),
        start(1, type="text", text="", citations=[]),
        delta(1, type="citations_delta", citation={}),
        delta(1, type="text_delta", text="a"),
        stop(1),
        *end(),
    )
    assert (heard.events, reason, reader.usage) == ([TextChunk("a")], StopReason.END, None)


def test_counts_are_added_up_as_they_come() -> None:
    usage = {"input_tokens": 5, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 100, "output_tokens": 1}
    heard, _, reader = read(
        {"type": "message_start", "message": {"usage": usage}},
        *words("a"),
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
        {"type": "message_stop"},
    )
    whole = Usage(input_tokens=125, output_tokens=7, cached_tokens=100)
    assert reader.usage == whole
    assert [event.usage.output_tokens for event in heard.events if isinstance(event, UsageReport)] == [1, 7]


def test_an_input_sent_at_once_is_a_call_too() -> None:
    heard, reason, _ = read(start(0, type="tool_use", id="", name="clock", input={"zone": "UTC"}), stop(0), *end())
    (call,) = heard.calls
    assert (call.name, json.loads(call.arguments), reason) == ("clock", {"zone": "UTC"}, StopReason.TOOL_CALLS)
    assert call.call_id


def test_halves_of_a_character_are_joined() -> None:
    heard, _, _ = read(
        start(0, type="text", text=""),
        delta(0, type="text_delta", text="a\ud83d"),
        delta(0, type="text_delta", text="\ude00"),
        stop(0),
        *end(),
    )
    assert heard.text == "a😀"


@pytest.mark.parametrize(
    ("event", "kind", "words"),
    [
        ({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, ProviderUnavailable, "529"),
        ({"type": "error", "error": {"type": "rate_limit_error", "message": "Slow"}}, RateLimited, "Slow"),
        ({"type": "error"}, ProviderUnavailable, "failed"),
    ],
)
def test_errors_within_the_stream_are_classified(event: dict[str, Any], kind: type[ProviderError], words: str) -> None:
    with pytest.raises(kind, match=words):
        MessageReader(ORIGIN).read(ServerSentEvent("error", json.dumps(event)))


@pytest.mark.parametrize("data", ["{broken", "[1]", '"a"', "7"])
def test_what_is_no_event_is_an_error(data: str) -> None:
    with pytest.raises(BadResponse):
        MessageReader(ORIGIN).read(ServerSentEvent("message", data))


WHOLE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "content": [
        {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {"zone": "UTC"}},
    ],
    "stop_reason": "tool_use",
    "usage": {"input_tokens": 3, "output_tokens": 9},
}


async def test_a_message_sent_whole_is_accepted() -> None:
    async with LoopbackProvider(Answer(raw=json.dumps(WHOLE, indent=1).encode(), framing="length")) as provider:
        model = AnthropicModel("claude-sonnet-4-5", base_url=provider.origin, connections=Connections())
        heard = await hear(model, "a")
        await model.aclose()
    assert (heard.error, heard.thinking, heard.text, heard.stop) == (None, "Hm.", "Let me see.", StopReason.TOOL_CALLS)
    assert heard.calls == [ToolCall("toolu_1", "clock", '{"zone": "UTC"}')]
    assert ThinkingChunk("", "anthropic:sig") in heard.events
    assert heard.usage.usage == Usage(input_tokens=3, output_tokens=9)


async def heard_in_form(model_name: str, output: StructuredOutput, answer: str) -> Heard:
    async with LoopbackProvider(Answer(text=answer)) as provider:
        model = AnthropicModel(model_name, base_url=provider.origin, connections=Connections())
        heard = await hear(model, ModelRequest(system="", messages=(), output=output))
        await model.aclose()
    return heard


async def test_a_choice_comes_out_of_its_wrapping() -> None:
    output = StructuredOutput(format="enum", choices=("yes", "no"))
    assert (await heard_in_form("claude-sonnet-5-5", output, '{"answer": "yes"}')).text == "yes"


async def test_what_was_put_into_the_models_mouth_is_part_of_the_answer() -> None:
    output = StructuredOutput(format="xml", prefill="<answer>\n")
    heard = await heard_in_form("claude-sonnet-4-5", output, "7</answer>")
    assert heard.text == "<answer>7</answer>"
    heard = await heard_in_form("claude-sonnet-5-5", output, "<answer>7</answer>")
    assert heard.text == "<answer>7</answer>"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("prompt is too long: 210000 tokens > 200000 maximum", "longer than the model takes"),
        ("Your credit balance is too low to access the Anthropic API.", "Check the balance"),
        ("messages.0: something else", ""),
    ],
)
async def test_a_refusal_without_a_code_says_what_to_do(words: str, hint: str) -> None:
    async with LoopbackProvider(Answer(status=400, failure=words)) as provider:
        model = AnthropicModel("claude-sonnet-5-5", base_url=provider.origin, connections=Connections())
        heard = await hear(model, "a")
        await model.aclose()
    assert heard.error is not None
    assert words in heard.error.message
    assert hint in heard.error.hint
    assert bool(hint) is bool(heard.error.hint)


async def test_what_a_model_refuses_is_asked_once_more_without_it() -> None:
    refusal = Answer(status=400, failure="`temperature` is deprecated for this model.")
    async with LoopbackProvider([refusal, Answer(text="fine")]) as provider:
        model = AnthropicModel("claude-opus-4-6", temperature=0.5, base_url=provider.origin, connections=Connections())
        heard = await hear(model, "a")
        again = await hear(model, "b")
        await model.aclose()
        assert ["temperature" in post.body for post in provider.posts] == [True, False, False]
    assert (heard.error, heard.text, again.text) == (None, "fine", "fine")


async def test_an_answer_is_read_as_it_was_asked_for_whatever_another_session_learns_meanwhile() -> None:
    async with LoopbackProvider(lambda _: answer_when_learnt()) as provider:
        model = AnthropicModel("claude-sonnet-4-5", base_url=provider.origin, connections=Connections())

        def answer_when_learnt() -> Answer:
            model._amend(RequestRejected("no prefill", refused="prefill"), Progress())
            return Answer(text="7</answer>")

        output = StructuredOutput(format="xml", prefill="<answer>")
        request = ModelRequest(system="", messages=(user_message("a"),), output=output)
        heard = await hear(model, request)
        await model.aclose()
    assert heard.text == "<answer>7</answer>"
