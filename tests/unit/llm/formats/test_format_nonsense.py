"""What does not follow a format is an error of the provider's, whatever came instead; nothing else gets out."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from hector_tui.errors import BadResponse, ProviderError
from hector_tui.llm.base import StopReason
from hector_tui.llm.retry import RetryPolicy
from hector_tui.llm.secrets import Secret
from hector_tui.llm.sse import ServerSentEvent
from tests.provider import Answer, LoopbackProvider, WireCall
from tests.provider.talk import ask, hear
from tests.unit.llm.formats.conftest import MakeModel
from tests.unit.llm.formats.subject import KINDS, ORIGIN, Subject, body_of, read

ONCE = RetryPolicy(tries=1)
KEY = "sk-canary-0123456789abcdef"
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, float("inf"), float("nan"), 10**400, "", "x", [], [1], [None], ["a"], [[]], [{}]),
    *({}, {"a": 1}, {"text": 1}, {"error": "x"}),
)


def events_of(subject: Subject) -> Iterator[ServerSentEvent]:
    for kind in KINDS:
        framing = subject.wire("http://loop").framing(1_000_000)
        yield from framing.feed(subject.recorded(kind))


def bent(value: Any, chance: random.Random) -> Any:
    """The same JSON with things left out and others put in their place."""
    if chance.random() < 0.06:
        return chance.choice(ODD)
    if isinstance(value, dict):
        return {key: bent(inner, chance) for key, inner in value.items() if chance.random() > 0.03}
    return [bent(inner, chance) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("whole", [False, True], ids=["streamed", "as a document"])
def test_a_format_bent_anywhere_is_an_error_of_the_providers(subject: Subject, whole: bool) -> None:
    chance = random.Random(1)
    recorded = [event for event in events_of(subject) if event.data.lstrip().startswith("{")]
    refused = 0
    for _ in range(3_000):
        reader = subject.wire("http://loop").reader(ask("hello"), ORIGIN)
        try:
            for event in chance.sample(recorded, 3):
                data = bent(json.loads(event.data), chance)
                if whole:
                    reader.take_whole(data)
                else:
                    reader.read(ServerSentEvent(event.event, json.dumps(data)))
            reader.finish()
        except ProviderError:
            refused += 1
        if reader.usage is not None:
            assert 0 <= reader.usage.total_tokens < 2**63
    assert refused


async def test_json_nested_as_deeply_as_can_be_read_is_no_crash(subject: Subject, make_model: MakeModel) -> None:
    before, after = ("data: ", "\n\n") if subject.is_sse else ("", "\n")
    nested = ["[" * depth + "]" * depth for depth in range(880, 980)]
    streams = [f'{before}{{"message": {json}, "type": {json}}}{after}' for json in nested]
    documents = [form.replace("?", json) for json in nested for form in ("?", '{"message": ?}')]
    async with LoopbackProvider([Answer(raw=raw.encode()) for raw in (*streams, *documents)]) as provider:
        model = make_model(provider, retry=ONCE)
        for _ in (*streams, *documents):
            assert (await hear(model, "a")).error is not None


def test_a_call_that_was_cut_before_its_arguments_is_not_run(subject: Subject) -> None:
    if subject.calls_come_whole:
        return
    body = body_of(subject, Answer(calls=(WireCall("call_1", "wipe", ""),), stop=StopReason.LENGTH))
    found = read(subject, [body])
    assert found.reason is StopReason.LENGTH
    assert not found.heard.calls


def test_no_call_of_a_refused_answer_is_run(subject: Subject) -> None:
    call = WireCall("call_1", "wipe", '{"disk": "all"}')
    if subject.name == "ollama":
        return  # its format has no refusals
    found = read(subject, [body_of(subject, Answer(text="Well,", calls=(call,), stop=StopReason.REFUSAL))])
    assert found.reason is StopReason.REFUSAL
    assert not found.heard.calls


@pytest.mark.parametrize("at", range(180, 310, 10))
async def test_a_key_is_not_seen_where_a_message_is_cut(subject: Subject, make_model: MakeModel, at: int) -> None:
    words = "x" * at + KEY + "y" * 400
    unknown = json.dumps({"sorry": words}).encode()
    answers = (
        Answer(status=400, failure=words),
        Answer(status=400, raw=words.encode()),
        Answer(failure=words),
        Answer(raw=unknown if not subject.is_sse else b"data: " + unknown + b"\n\ndata: {" + words.encode() + b"\n\n"),
        Answer(raw=b"<html>" + words[60:].encode()),
    )
    for answer in answers:
        async with LoopbackProvider(answer) as provider:
            heard = await hear(make_model(provider, api_key=Secret(KEY), retry=ONCE), "a")
        assert heard.error is not None
        assert KEY[:8] not in str(heard.error)


def test_signatures_and_parts_without_end_are_refused(subject: Subject) -> None:
    reader = subject.wire("http://loop").reader(ask("hello"), ORIGIN)
    endless: dict[str, dict[str, object]] = {
        "anthropic": {
            "type": "content_block_delta",
            "delta": {"type": "signature_delta", "signature": "s" * 1_000_000},
        },
        "responses": {"type": "response.output_text.delta", "delta": ""},
    }
    if subject.name not in endless:
        return
    with pytest.raises(BadResponse, match="are larger than 16,777,216 characters"):
        for number in range(40_000):
            reader.read(ServerSentEvent("", json.dumps({**endless[subject.name], "content_index": number})))
