"""A provider that falls silent is left after a while, whatever it does to look busy."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hector_tui.errors import ProviderTimeout
from hector_tui.llm.base import StopReason
from hector_tui.llm.retry import RetryPolicy
from hector_tui.llm.timeouts import Timeouts
from tests.provider import Answer, LoopbackProvider
from tests.provider.talk import ask, hear
from tests.unit.llm.formats.conftest import MakeModel
from tests.unit.llm.formats.subject import Subject, body_of, first_content

ONCE = RetryPolicy(tries=1)
SHORT = {"connect_s": 5.0, "first_byte_s": 5.0, "idle_s": 5.0, "content_idle_s": 5.0}
TEXT = Answer(text="one two three four five")


@pytest.mark.parametrize(
    ("fault", "bound", "what"),
    [
        ({"stall_before_headers": True}, "first_byte_s", "no answer for 0.05 seconds"),
        ({"stall_after": 0}, "first_byte_s", "no answer for 0.05 seconds"),
        ({"stall_after": "half"}, "idle_s", "no answer for 0.05 seconds"),
        ({"stall_after": "half"}, "content_idle_s", "no content for 0.05 seconds"),
    ],
)
async def test_silence_ends(
    subject: Subject, make_model: MakeModel, fault: dict[str, Any], bound: str, what: str
) -> None:
    body = body_of(subject, TEXT)
    if fault.get("stall_after") == "half":
        fault = {"stall_after": first_content(subject, body)}
    timeouts = Timeouts(**{**SHORT, bound: 0.05})
    async with LoopbackProvider(Answer(raw=body, **fault)) as provider:
        heard = await hear(make_model(provider, timeouts=timeouts, retry=ONCE), "a")
        await provider.until(lambda server: server.open_connections == 0)
    assert isinstance(heard.error, ProviderTimeout)
    assert heard.error.message == what
    assert heard.error.retryable
    assert heard.stop is None


async def test_pings_alone_are_no_answer(subject: Subject, make_model: MakeModel) -> None:
    timeouts = Timeouts(**{**SHORT, "content_idle_s": 0.1})
    pings = Answer(raw=subject.keep_alive * 2_000, piece=len(subject.keep_alive), rate=500)
    async with LoopbackProvider(pings) as provider:
        heard = await hear(make_model(provider, timeouts=timeouts, retry=ONCE), "a")
        await provider.until(lambda server: server.open_connections == 0)
    assert isinstance(heard.error, ProviderTimeout)
    assert heard.error.message == "no content for 0.1 seconds"


async def test_pings_after_the_first_words_are_no_answer_either(subject: Subject, make_model: MakeModel) -> None:
    body = body_of(subject, TEXT)
    start = body[: first_content(subject, body)]
    timeouts = Timeouts(**{**SHORT, "content_idle_s": 0.1})
    raw = start + subject.keep_alive * 2_000
    async with LoopbackProvider(Answer(raw=raw, piece=len(start), rate=100)) as provider:
        heard = await hear(make_model(provider, timeouts=timeouts, retry=ONCE), "a")
        assert len(provider.posts) == 1
    assert isinstance(heard.error, ProviderTimeout)
    assert heard.error.message == "no content for 0.1 seconds"
    assert heard.text


async def test_pings_keep_a_silent_answer_alive(subject: Subject, make_model: MakeModel) -> None:
    """Eight pieces of pings at 40 a second last longer than the idle bound of 0.1 s, and an answer follows them."""
    answer = body_of(subject, Answer(text="a"))
    pings = subject.keep_alive * (1 + len(answer) // len(subject.keep_alive))
    timeouts = Timeouts(**{**SHORT, "idle_s": 0.1})
    async with LoopbackProvider(Answer(raw=pings * 8 + answer, piece=len(pings), rate=40)) as provider:
        heard = await hear(make_model(provider, timeouts=timeouts), "a")
    assert (heard.error, heard.text, heard.stop) == (None, "a", StopReason.END)


@pytest.mark.parametrize("bound", ["first_byte_s", "content_idle_s"])
async def test_bounds_do_not_limit_an_answer_that_keeps_coming(make_model: MakeModel, bound: str) -> None:
    timeouts = Timeouts(**{**SHORT, bound: 0.2})
    async with LoopbackProvider(Answer(text="word " * 40, rate=100)) as provider:
        heard = await hear(make_model(provider, timeouts=timeouts), "a")
    assert (heard.error, heard.text) == (None, "word " * 40)


async def test_silence_after_the_end_marker_costs_nothing(subject: Subject, make_model: MakeModel) -> None:
    body = subject.recorded("text")
    stall = Answer(raw=body + b"\n", stall_after=subject.complete_from(body))
    timeouts = Timeouts(**{**SHORT, "idle_s": 0.05, "tail_s": 0.05})
    async with LoopbackProvider(stall) as provider:
        heard = await hear(make_model(provider, timeouts=timeouts), "a")
        await provider.until(lambda server: server.open_connections == 0)
    expected = subject.recordings["text"]
    assert (heard.error, heard.text, heard.stop) == (None, expected.text, expected.stop)


async def test_closing_the_iterator_closes_the_connection(subject: Subject, make_model: MakeModel) -> None:
    body = body_of(subject, TEXT)
    async with LoopbackProvider(Answer(raw=body, stall_after=first_content(subject, body))) as provider:
        stream = make_model(provider).stream(ask("a"))
        await anext(stream)
        assert provider.open_connections == 1
        await stream.aclose()
        await provider.until(lambda server: server.open_connections == 0)
        assert (provider.left, provider.answered) == (1, 0)


async def test_cancelling_the_reader_closes_the_connection(make_model: MakeModel) -> None:
    async with LoopbackProvider(Answer(stall_before_headers=True)) as provider:
        task = asyncio.create_task(hear(make_model(provider), "a"))
        await provider.until(lambda server: len(server.posts) == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await provider.until(lambda server: server.open_connections == 0)
