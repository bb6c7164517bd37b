"""How a body is cut up, and which of the allowed ways its lines end in, changes nothing of what it says."""

from __future__ import annotations

import random

import pytest

from tests.provider import Answer, LoopbackProvider, WireCall
from tests.provider.talk import hear
from tests.unit.llm.formats.conftest import MakeModel
from tests.unit.llm.formats.subject import KINDS, Kind, Subject, read

CALLS = (
    WireCall("call_abc", "get_weather", '{"location": "Zürich 😀", "unit": "c"}'),
    WireCall("call_def", "calculator", '{"expression": "6*7"}', piece=1),
)
FULL = Answer(thinking="Let me think. ", text="Grüße an 😀 und\u2028alle.", calls=CALLS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_split_at_every_byte_gives_the_same_events(subject: Subject, kind: Kind) -> None:
    body = subject.recorded(kind)
    framing = subject.wire("http://loop").framing(1_000_000)
    whole = framing.feed(body)
    assert whole
    for at in range(len(body) + 1):
        framing = subject.wire("http://loop").framing(1_000_000)
        assert framing.feed(body[:at]) + framing.feed(b"") + framing.feed(body[at:]) == whole, at


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, "random"])
def test_a_body_in_pieces_says_the_same(subject: Subject, kind: Kind, size: int | str) -> None:
    body = subject.recorded(kind)
    whole = read(subject, [body])
    dice = random.Random(7)
    pieces, at = [], 0
    while at < len(body):
        step = size if isinstance(size, int) else dice.randint(1, 60)
        pieces.append(body[at : at + step])
        at += step
    assert b"".join(pieces) == body
    found = read(subject, pieces)
    assert (found.events, found.usage, found.reason) == (whole.events, whole.usage, whole.reason)
    assert str(found.error) == str(whole.error)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("line_end", [b"\r", b"\r\n", b"\n"])
def test_lines_end_in_each_allowed_way(subject: Subject, kind: Kind, line_end: bytes) -> None:
    if not subject.is_sse and line_end == b"\r":
        return  # lines of JSON end in LF, with or without a CR
    body = subject.recorded(kind)
    assert b"\r" not in body
    whole = read(subject, [body])
    dressed = (b"\xef\xbb\xbf" if subject.is_sse else b"") + body.replace(b"\n", line_end)
    for pieces in ([dressed], [dressed[at : at + 1] for at in range(len(dressed))]):
        found = read(subject, pieces)
        assert (found.events, found.usage, found.reason) == (whole.events, whole.usage, whole.reason)


@pytest.mark.parametrize("kind", KINDS)
def test_what_keeps_a_connection_warm_says_nothing(subject: Subject, kind: Kind) -> None:
    body = subject.recorded(kind)
    whole = read(subject, [body])
    separator = b"\n\n" if subject.is_sse else b"\n"
    warm = separator.join(part for event in body.split(separator) for part in (subject.keep_alive.strip(), event))
    found = read(subject, [warm])
    assert found.counts[-1] == whole.counts[-1]
    assert (found.events, found.usage, found.reason) == (whole.events, whole.usage, whole.reason)


async def test_the_pieces_a_body_arrives_in_change_nothing(subject: Subject, make_model: MakeModel) -> None:
    sizes = (11, 1000)
    cut_up = [Answer(thinking=FULL.thinking, text=FULL.text, calls=FULL.calls, piece=size) for size in sizes]
    async with LoopbackProvider([FULL, *cut_up]) as provider:
        model = make_model(provider)
        whole, *pieces = [await hear(model, "a") for _ in range(1 + len(sizes))]
    assert (whole.error, whole.text, whole.thinking) == (None, FULL.text, FULL.thinking)
    for heard in pieces:
        assert heard.events == whole.events
