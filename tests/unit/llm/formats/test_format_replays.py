"""Nothing is asked twice once the model has said something: the questions that arrived are counted."""

from __future__ import annotations

from typing import Any

import pytest

from hector_tui.errors import StreamCut
from hector_tui.llm.base import StopReason
from hector_tui.llm.retry import RetryPolicy
from tests.provider import Answer, LoopbackProvider, WireCall
from tests.provider.answers import Cut
from tests.provider.talk import hear
from tests.unit.llm.formats.conftest import MakeModel
from tests.unit.llm.formats.subject import Subject, body_of, first_content

CALLS = (WireCall("call_1", "tool", '{"some": "arguments", "and": "more"}', piece=3),)
ANSWERS: dict[str, dict[str, Any]] = {
    "a word": {"text": "one two three four"},
    "a thought": {"thinking": "hm hm hm", "text": "one"},
    "a piece of a tool call": {"calls": CALLS},
}


@pytest.mark.parametrize("cut", ["fin", "rst", "end"])
@pytest.mark.parametrize("name", ANSWERS)
async def test_nothing_is_asked_again_after_the_first_content(
    subject: Subject, make_model: MakeModel, name: str, cut: Cut
) -> None:
    first = ANSWERS[name]
    size = first_content(subject, body_of(subject, Answer(**first)))
    # One piece at a time, each on the way before the next: otherwise a reset could overtake what came before it.
    answers = [Answer(**first, cut_after=size, cut=cut, rate=200), Answer(text="second")]
    async with LoopbackProvider(answers) as provider:
        heard = await hear(make_model(provider), "a")
        assert len(provider.posts) == 1
    assert isinstance(heard.error, StreamCut)
    assert heard.error.retryable
    assert (heard.retries, heard.stop) == ([], None)
    assert not heard.calls or subject.calls_stream
    assert "second" not in heard.text


@pytest.mark.parametrize("cut", ["fin", "rst", "end"])
async def test_what_breaks_before_any_content_is_asked_again(subject: Subject, make_model: MakeModel, cut: Cut) -> None:
    first = ANSWERS["a word"]
    size = first_content(subject, body_of(subject, Answer(**first))) // 3
    async with LoopbackProvider([Answer(**first, cut_after=size, cut=cut), Answer(text="second")]) as provider:
        heard = await hear(make_model(provider), "a")
        assert len(provider.posts) == 2
    assert (heard.error, heard.text, heard.stop) == (None, "second", StopReason.END)


async def test_three_tries_are_all(make_model: MakeModel, waits: list[float]) -> None:
    async with LoopbackProvider(Answer(raw=b"", framing="close")) as provider:
        heard = await hear(make_model(provider), "a")
        assert len(provider.posts) == 3
    assert isinstance(heard.error, StreamCut)
    assert waits == [0.5, 1.0]


async def test_an_error_within_the_answer_keeps_what_was_said(make_model: MakeModel) -> None:
    async with LoopbackProvider(Answer(text="so far so", failure="It broke in the middle.")) as provider:
        heard = await hear(make_model(provider), "a")
        assert len(provider.posts) == 1
    assert (heard.text, heard.stop) == ("so far so", None)
    assert heard.error is not None
    assert "It broke in the middle." in heard.error.message


async def test_an_error_before_the_answer_is_classified_as_a_status_is(make_model: MakeModel) -> None:
    async with LoopbackProvider([Answer(failure="Not now."), Answer(text="fine")]) as provider:
        heard = await hear(make_model(provider, retry=RetryPolicy(tries=1)), "a")
        assert len(provider.posts) == 1
        assert heard.error is not None
        again = await hear(make_model(provider), "a")
    assert "Not now." in heard.error.message
    assert heard.error.retryable
    assert (again.error, again.text) == (None, "fine")
