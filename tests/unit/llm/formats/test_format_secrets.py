"""A key goes into its header and nowhere else, whatever the provider does with it."""

from __future__ import annotations

import pytest

from hector_tui.llm.secrets import Secret
from tests.provider import Answer, LoopbackProvider
from tests.provider.talk import hear
from tests.unit.llm.formats.conftest import MakeModel
from tests.unit.llm.formats.subject import Subject

KEY = "sk-canary-0123456789abcdef"


async def test_the_key_goes_into_its_header_only(subject: Subject, make_model: MakeModel) -> None:
    async with LoopbackProvider() as provider:
        await hear(make_model(provider, api_key=Secret(KEY)), "a")
        await hear(make_model(provider), "a")
        with_key, without = provider.posts
    name, value = subject.key_header(KEY)
    assert with_key.headers[name] == value
    assert name not in without.headers
    rest = {other: said for other, said in with_key.headers.items() if other != name}
    assert "canary" not in f"{with_key.path} {rest} {with_key.body}"


@pytest.mark.parametrize("answer", ["400", "401", "429", "500", "in the stream", "cut"])
async def test_the_key_is_in_no_message_no_repr_and_no_log(
    subject: Subject, make_model: MakeModel, answer: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    words = f"Incorrect API key provided: {KEY}"
    match answer:
        case "in the stream":
            given = Answer(failure=words)
        case "cut":
            given = Answer(text="one two three", cut_after=20)
        case status:
            given = Answer(status=int(status), failure=words)
    async with LoopbackProvider(given) as provider:
        model = make_model(provider, api_key=Secret(KEY))
        heard = await hear(model, "a")
        assert KEY not in provider.posts[0].path
    assert heard.error is not None
    cause = heard.error.__cause__
    shown = [str(heard.error), repr(heard.error), repr(model), repr(heard.events), repr(vars(model)), caplog.text]
    assert not any(KEY in text for text in [*shown, repr(cause), repr(subject.wire("http://loop"))])
    if answer != "cut":
        assert "Incorrect API key provided: ****" in str(heard.error)


def test_the_password_of_an_address_is_in_no_repr(subject: Subject) -> None:
    wire = subject.wire("http://me:canary-password@loop")
    assert "canary" in wire.url
    assert "canary" not in repr(wire)
