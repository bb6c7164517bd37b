"""Recorded answers mean what their providers say they mean, and are complete exactly when their end marker came."""

from __future__ import annotations

import pytest

from hector_tui.domain.usage import Usage
from hector_tui.errors import ProviderError, StreamCut
from hector_tui.llm.base import ThinkingChunk
from hector_tui.llm.retry import RetryPolicy
from tests.provider import Answer, LoopbackProvider
from tests.provider.answers import Cut, Framing
from tests.provider.talk import hear
from tests.unit.llm.formats.conftest import MakeModel
from tests.unit.llm.formats.subject import KINDS, Kind, Subject, read

ONCE = RetryPolicy(tries=1)
WAYS: tuple[tuple[Cut, Framing], ...] = (
    ("fin", "chunked"),
    ("rst", "chunked"),
    ("end", "chunked"),
    ("fin", "close"),
    ("rst", "close"),
)


def test_every_kind_of_answer_is_recorded(subject: Subject) -> None:
    assert set(KINDS) <= set(subject.recordings)
    for kind in subject.recordings:
        assert subject.recorded(kind)


async def test_a_recording_is_heard_as_it_was_said(subject: Subject, make_model: MakeModel) -> None:
    for kind, expected in subject.recordings.items():
        async with LoopbackProvider(Answer(raw=subject.recorded(kind))) as provider:
            heard = await hear(make_model(provider, retry=ONCE), "hello")
            assert (len(provider.posts), provider.posts[0].place) == (1, subject.path), kind
        assert heard.text == expected.text, kind
        assert heard.thinking == expected.thinking, kind
        assert tuple(heard.calls) == expected.calls, kind
        assert heard.stop is expected.stop, kind
        signed = [event.signature for event in heard.events if isinstance(event, ThinkingChunk) and event.signature]
        assert tuple(signed) == expected.signatures, kind
        if expected.error:
            assert heard.error is not None, kind
            assert expected.error in heard.error.message, kind
        else:
            assert heard.error is None, kind
            usage = heard.usage.usage
            assert usage == expected.usage or (usage.estimated and expected.usage == Usage()), kind


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_is_complete_if_and_only_if_its_end_marker_came(subject: Subject, kind: Kind) -> None:
    """The body byte by byte: what a cut after any of them would leave."""
    body = subject.recorded(kind)
    marker = subject.complete_from(body)
    assert (marker <= len(body)) is (subject.recordings[kind].stop is not None)
    found = read(subject, (body[at : at + 1] for at in range(len(body))))
    for size, finished in enumerate(found.finished, 1):
        assert finished is (size >= marker), (size, marker)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_body_says_nothing_the_whole_one_does_not_say(subject: Subject, kind: Kind) -> None:
    body = subject.recorded(kind)
    whole = read(subject, [body])
    for size in range(0, len(body), 7):
        part = read(subject, [body[:size]])
        if size < subject.complete_from(body):
            assert part.reason is None
            assert part.events == whole.events[: len(part.events)], size
            assert not part.heard.calls or subject.calls_stream, size


@pytest.mark.parametrize(("cut", "framing"), WAYS)
@pytest.mark.parametrize("kind", ["text", "parallel_tools"])
async def test_a_connection_that_ends_before_the_marker_is_a_cut_answer(
    subject: Subject, make_model: MakeModel, kind: Kind, cut: Cut, framing: Framing
) -> None:
    body, expected = subject.recorded(kind), subject.recordings[kind]
    marker = subject.complete_from(body)
    sizes = sorted({*range(1, marker, max(1, marker // 8)), marker - 1, marker, min(marker + 1, len(body)), len(body)})
    answers = [Answer(raw=body, cut_after=size, cut=cut, framing=framing) for size in sizes]
    async with LoopbackProvider(answers) as provider:
        model = make_model(provider, retry=ONCE)
        heard = [await hear(model, "a") for _ in answers]
    for size, answer in zip(sizes, heard, strict=True):
        if size >= marker:
            assert (answer.error, answer.text, answer.stop) == (None, expected.text, expected.stop), size
            assert tuple(answer.calls) == expected.calls
        else:
            assert isinstance(answer.error, ProviderError), (size, answer)
            # In a format of lines, the end of a body ends its last line too: what it holds is half a document.
            assert isinstance(answer.error, StreamCut) or not subject.is_sse, (size, answer)
            assert answer.stop is None
            # A reset may throw away what the kernel had received; nothing may be invented.
            assert expected.text.startswith(answer.text)
