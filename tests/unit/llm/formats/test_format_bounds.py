"""What never ends must not fill the memory: giant events, endless pings and tool calls, coded bodies."""

from __future__ import annotations

import pytest

from hector_tui.errors import BadResponse
from hector_tui.llm.retry import RetryPolicy
from hector_tui.llm.sse import EventReader
from tests.provider import Answer, LoopbackProvider, WireCall
from tests.provider.talk import hear
from tests.unit.llm.formats.conftest import MakeModel
from tests.unit.llm.formats.subject import Subject, body_of, read

CAP = 50_000
ONCE = RetryPolicy(tries=1)


@pytest.mark.parametrize("piece", [None, 1_000])
async def test_a_giant_event_is_refused(subject: Subject, make_model: MakeModel, piece: int | None) -> None:
    start = b'data: {"a": "' if subject.is_sse else b'{"a": "'
    endless = Answer(raw=start + b"x" * 1_000_000, piece=piece)
    async with LoopbackProvider(endless) as provider:
        heard = await hear(make_model(provider, event_cap=CAP, retry=ONCE), "a")
        await provider.until(lambda server: server.open_connections == 0)
    assert isinstance(heard.error, BadResponse)
    assert f"larger than {CAP} bytes" in heard.error.message


def test_endless_pings_take_no_memory(subject: Subject) -> None:
    framing = subject.wire("http://loop").framing(1_000)
    pings = subject.keep_alive * 100
    for _ in range(100):
        framing.feed(pings)
    found = read(subject, [pings * 100, subject.recorded("text")], cap=10_000)
    assert (found.error, found.heard.text) == (None, subject.recordings["text"].text)


def test_a_comment_without_end_is_refused(subject: Subject) -> None:
    framing = subject.wire("http://loop").framing(1_000)
    if not isinstance(framing, EventReader):
        return  # lines of JSON know no comments
    with pytest.raises(BadResponse):
        for _ in range(1_000):
            framing.feed(b": still there")


def test_tool_calls_without_end_are_refused(subject: Subject) -> None:
    arguments = '{"text": "' + "x" * 17_000_000 + '"}'
    body = body_of(subject, Answer(calls=(WireCall("call_1", "write", arguments, piece=1_000_000),)))
    found = read(subject, [body[at : at + 65_536] for at in range(0, len(body), 65_536)])
    assert isinstance(found.error, BadResponse)
    assert "the tool calls are larger than 16,777,216 characters" in found.error.message
    assert not found.heard.calls


@pytest.mark.parametrize("coding", ["gzip", "br"])
async def test_a_coded_body_is_asked_not_to_come_and_refused(make_model: MakeModel, coding: str) -> None:
    async with LoopbackProvider(Answer(text="a", headers={"content-encoding": coding})) as provider:
        heard = await hear(make_model(provider), "a")
        assert provider.posts[0].headers["accept-encoding"] == "identity"
        await provider.until(lambda server: server.open_connections == 0)
    assert isinstance(heard.error, BadResponse)
    assert coding in heard.error.message


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"<!DOCTYPE html><html><title>Welcome</title>", "web page"),
        (b"", "empty"),
        (b"\n\n\n", "empty"),
    ],
)
async def test_what_is_no_answer_is_an_error(make_model: MakeModel, raw: bytes, words: str) -> None:
    async with LoopbackProvider(Answer(raw=raw)) as provider:
        heard = await hear(make_model(provider, retry=ONCE), "a")
    assert heard.error is not None
    assert words in heard.error.message
    assert heard.stop is None


@pytest.mark.parametrize("broken", [b"{broken", b"[1]", b"7", b'"text"', b'{"error": {"message": "It broke."}}'])
async def test_broken_events_are_errors_and_never_crash(subject: Subject, make_model: MakeModel, broken: bytes) -> None:
    raw = b"data: %s\n\n" % broken if subject.is_sse else broken + b"\n"
    async with LoopbackProvider(Answer(raw=raw)) as provider:
        heard = await hear(make_model(provider, retry=ONCE), "a")
    assert heard.error is not None
    assert heard.stop is None
