"""What Gemini's chunks mean beyond what every format has: reasons, blocks, signatures, counts, errors of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hector_tui.domain.usage import Usage
from hector_tui.errors import AuthFailed, BadResponse, ProviderError, RateLimited, RequestRejected, StreamCut
from hector_tui.llm.base import StopReason, ThinkingChunk, UsageReport
from hector_tui.llm.connections import Connections
from hector_tui.llm.gemini import GeminiModel
from hector_tui.llm.gemini_chunks import GeminiReader
from hector_tui.llm.retry import RetryPolicy
from hector_tui.llm.sse import ServerSentEvent
from hector_tui.llm.tool_calls import HELD_CAP
from tests.provider import Answer, LoopbackProvider
from tests.provider.talk import Heard, hear
from tests.unit.llm.formats.subject import ORIGIN


def chunk(*parts: dict[str, Any], reason: str = "", **fields: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    return {"candidates": [{**candidate, **({"finishReason": reason} if reason else {}), **fields}]}


def text(words: str, **fields: Any) -> dict[str, Any]:
    return {"text": words, **fields}


def call(name: str, **fields: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, **fields}}


def read(*chunks: dict[str, Any]) -> tuple[Heard, StopReason]:
    reader = GeminiReader(ORIGIN)
    events = [event for one in chunks for event in reader.read(ServerSentEvent("message", json.dumps(one)))]
    released, reason = reader.finish()
    return Heard(events + released), reason


async def hear_raw(raw: bytes, *, status: int = 200, tries: int = 1) -> tuple[Heard, int]:
    policy = RetryPolicy(tries=tries, first_wait_s=0, longest_asked_s=0)
    async with LoopbackProvider(Answer(raw=raw, status=status)) as provider:
        model = GeminiModel("m", base_url=provider.origin, connections=Connections(), retry=policy)
        heard = await hear(model, "a")
        await model.aclose()
        return heard, len(provider.posts)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("STOP", StopReason.END),
        ("MAX_TOKENS", StopReason.LENGTH),
        ("SAFETY", StopReason.REFUSAL),
        ("RECITATION", StopReason.REFUSAL),
        ("LANGUAGE", StopReason.REFUSAL),
        ("BLOCKLIST", StopReason.REFUSAL),
        ("PROHIBITED_CONTENT", StopReason.REFUSAL),
        ("SPII", StopReason.REFUSAL),
        ("IMAGE_SAFETY", StopReason.REFUSAL),
        ("OTHER", StopReason.END),
        ("SOMETHING_NEW", StopReason.END),
    ],
)
def test_finish_reasons_are_mapped(reason: str, expected: StopReason) -> None:
    heard, stop = read(chunk(text("words"), reason=reason))
    assert (heard.text, stop) == ("words", expected)


@pytest.mark.parametrize(
    ("reason", "kind", "words", "retryable"),
    [
        ("MALFORMED_FUNCTION_CALL", BadResponse, "cannot be read", True),
        ("UNEXPECTED_TOOL_CALL", BadResponse, "does not have", True),
        ("TOO_MANY_TOOL_CALLS", BadResponse, "too many", False),
        ("MISSING_THOUGHT_SIGNATURE", BadResponse, "signature", False),
        ("SAFETY", RequestRejected, "blocked the answer: SAFETY", False),
        ("OTHER", BadResponse, r"without an answer \(OTHER", True),
    ],
)
def test_an_end_without_an_answer_is_an_error_that_says_why(
    reason: str, kind: type[ProviderError], words: str, retryable: bool
) -> None:
    with pytest.raises(kind, match=words) as caught:
        read(chunk(reason=reason, finishMessage="It went\nwrong."))
    assert caught.value.retryable is retryable
    assert "It went wrong." in caught.value.message


def test_a_reason_that_says_nothing_is_no_end() -> None:
    reader = GeminiReader(ORIGIN)
    reader.read(ServerSentEvent("message", json.dumps(chunk(text("a"), reason="FINISH_REASON_UNSPECIFIED"))))
    assert not reader.is_finished


@pytest.mark.parametrize(
    ("feedback", "words"),
    [
        ({"blockReason": "SAFETY"}, "blocked the question: SAFETY"),
        (
            {
                "blockReason": "SAFETY",
                "safetyRatings": [
                    {"category": "HARM_CATEGORY_HATE_SPEECH", "probability": "NEGLIGIBLE"},
                    {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH"},
                ],
            },
            r"SAFETY \(dangerous content\)",
        ),
        ({"blockReason": "OTHER", "blockReasonMessage": "A reason."}, r"OTHER \(A reason\.\)"),
    ],
)
async def test_a_blocked_question_says_why_and_is_not_asked_again(feedback: dict[str, Any], words: str) -> None:
    heard, posts = await hear_raw(b"data: " + json.dumps({"promptFeedback": feedback}).encode() + b"\n\n", tries=3)
    assert isinstance(heard.error, RequestRejected)
    assert posts == 1
    with pytest.raises(RequestRejected, match=words):
        raise heard.error


def test_ratings_without_a_block_are_no_block() -> None:
    rated = {**chunk(text("fine"), reason="STOP"), "promptFeedback": {"safetyRatings": []}}
    heard, stop = read(rated)
    assert (heard.text, stop) == ("fine", StopReason.END)


def test_calls_wait_for_the_end_and_keep_their_order_and_their_signatures() -> None:
    signed = {**call("one", args={"x": "ü"}, id="a"), "thoughtSignature": "S"}
    reader = GeminiReader(ORIGIN)
    assert reader.read(ServerSentEvent("message", json.dumps(chunk(signed, call("two"))))) == []
    assert reader.content_count == 2
    heard, stop = read(chunk(signed, call("two")), chunk(text(""), reason="STOP"))
    first, second = heard.calls
    assert (first.call_id, first.name, first.arguments, first.signature) == ("a", "one", '{"x": "ü"}', "gemini:S")
    assert (second.name, second.arguments, second.signature) == ("two", "{}", "")
    assert second.call_id.startswith("made_")
    assert stop is StopReason.TOOL_CALLS


def test_calls_of_a_cut_off_answer_are_whole_and_are_given() -> None:
    heard, stop = read(chunk(call("one", args={})), chunk(reason="MAX_TOKENS"))
    assert ([made.name for made in heard.calls], stop) == (["one"], StopReason.LENGTH)


def test_calls_are_bounded() -> None:
    with pytest.raises(BadResponse, match="tool calls are larger"):
        read(chunk(call("one", args={"x": "y" * HELD_CAP})))
    with pytest.raises(BadResponse, match="tool calls are larger"):
        read(*[chunk(call("one"))] * 2_000)


def test_thoughts_and_words_with_signatures_are_told_apart() -> None:
    heard, _ = read(
        chunk(text("hm ", thought=True)),
        chunk(text("so", thought=True, thoughtSignature="A")),
        chunk(text("Yes", thoughtSignature="B")),
        chunk(text("."), reason="STOP"),
    )
    assert (heard.thinking, heard.text) == ("hm so", "Yes.")
    signed = [event for event in heard.events if isinstance(event, ThinkingChunk) and event.signature]
    assert signed == [ThinkingChunk("so", "gemini:A"), ThinkingChunk("", "gemini:text:B")]


def test_thinking_counts_as_output_and_apart_from_it() -> None:
    usage = {
        "promptTokenCount": 10,
        "toolUsePromptTokenCount": 5,
        "cachedContentTokenCount": 4,
        "candidatesTokenCount": 7,
        "thoughtsTokenCount": 20,
        "totalTokenCount": 42,
    }
    heard, _ = read({**chunk(text("a"), reason="STOP"), "usageMetadata": usage})
    expected = Usage(input_tokens=15, output_tokens=27, cached_tokens=4, reasoning_tokens=20)
    assert [event.usage for event in heard.events if isinstance(event, UsageReport)] == [expected]


def test_counts_arrive_while_it_streams_and_after_the_end() -> None:
    counted = [{"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": said}} for said in (1, 1, 2, 5)]
    heard, _ = read(
        {**chunk(text("a")), **counted[0]},
        {**chunk(text("b")), **counted[1]},
        {**chunk(text("c"), reason="STOP"), **counted[2]},
        counted[3],
    )
    reports = [event.usage.output_tokens for event in heard.events if isinstance(event, UsageReport)]
    assert reports == [1, 2, 5]


def test_what_goes_wrong_after_the_end_costs_nothing_of_the_answer() -> None:
    heard, stop = read(chunk(text("a"), reason="STOP"), {"error": {"code": 500, "message": "late"}})
    assert (heard.text, stop) == ("a", StopReason.END)


async def test_a_list_of_chunks_is_accepted_where_events_are_not_understood() -> None:
    whole = [chunk(text("one")), chunk(text(" two"), reason="STOP")]
    heard, _ = await hear_raw(json.dumps(whole).encode())
    assert (heard.error, heard.text, heard.stop) == (None, "one two", StopReason.END)
    heard, _ = await hear_raw(json.dumps(whole[:1]).encode())
    assert isinstance(heard.error, StreamCut)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"data: {broken\n\n", "not JSON"),
        (b"data: 7\n\n", "no object"),
        (b'data: {"candidates": [7]}\n\n', "candidates"),
        (b'data: {"candidates": [{"content": {"parts": [7]}}]}\n\n', "content"),
        (b'data: {"candidates": [{"content": 7}]}\n\n', "content"),
        (b'data: {"candidates": [{"content": {"parts": [{"text": 7}]}}]}\n\n', "part"),
        (b'data: {"candidates": [{"content": {"parts": [{"functionCall": {"name": 7}}]}}]}\n\n', "tool call"),
        (b'{"message": "hello"}', "no answer"),
    ],
)
async def test_what_is_no_answer_is_an_error(raw: bytes, words: str) -> None:
    heard, _ = await hear_raw(raw)
    assert isinstance(heard.error, BadResponse)
    assert words in heard.error.message


GOOGLE_ERROR = {"code": 429, "message": "You exceeded your current quota", "status": "RESOURCE_EXHAUSTED"}
RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36.5s"}


@pytest.mark.parametrize("as_list", [False, True])
async def test_the_wait_google_asks_for_in_words_is_kept(as_list: bool) -> None:
    error = {"error": {**GOOGLE_ERROR, "details": [{"@type": "x"}, RETRY_INFO]}}
    heard, _ = await hear_raw(json.dumps([error] if as_list else error).encode(), status=429)
    assert isinstance(heard.error, RateLimited)
    assert heard.error.retry_after_s == 36.5
    assert "exceeded your current quota" in heard.error.message


async def test_a_refused_key_is_one_although_the_status_says_otherwise() -> None:
    error = {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"}
    heard, _ = await hear_raw(json.dumps({"error": error}).encode(), status=400)
    assert isinstance(heard.error, AuthFailed)


def test_halves_of_a_character_are_joined_and_lone_ones_replaced() -> None:
    heard, _ = read(
        chunk(text("a\ud83d")),
        chunk(text("\ude00b")),
        chunk(text("\ud83d", thought=True)),
        chunk(call("n", args={"x": "\ud83d"})),
        chunk(text("\ud83d"), reason="STOP"),
    )
    assert (heard.text, heard.thinking) == ("a😀b\ufffd", "\ufffd")
    assert heard.calls[0].arguments == '{"x": "\ufffd"}'
