"""What a provider refuses with a status: one clear error each, tried again only where that can help."""

from __future__ import annotations

import pytest

from hector_tui.errors import (
    AuthFailed,
    ModelNotFound,
    ProviderError,
    ProviderTimeout,
    ProviderUnavailable,
    RateLimited,
    RequestRejected,
)
from hector_tui.llm.base import Retrying, StopReason
from hector_tui.llm.secrets import Secret
from tests.provider import Answer, LoopbackProvider
from tests.provider.talk import hear
from tests.unit.llm.formats.conftest import MakeModel

KEY = "sk-canary-0123456789abcdef"


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, RequestRejected, False),
        (401, AuthFailed, False),
        (402, RequestRejected, False),
        (403, AuthFailed, False),
        (404, ModelNotFound, False),
        (408, ProviderTimeout, True),
        (409, ProviderUnavailable, True),
        (413, RequestRejected, False),
        (422, RequestRejected, False),
        (425, ProviderUnavailable, True),
        (429, RateLimited, True),
        (500, ProviderUnavailable, True),
        (502, ProviderUnavailable, True),
        (503, ProviderUnavailable, True),
        (504, ProviderTimeout, True),
        (529, ProviderUnavailable, True),
    ],
)
async def test_a_status_becomes_an_error_and_decides_about_retrying(
    make_model: MakeModel, status: int, kind: type[ProviderError], retryable: bool
) -> None:
    async with LoopbackProvider(Answer(status=status, failure="It is so.")) as provider:
        heard = await hear(make_model(provider, api_key=Secret(KEY), key_name="LOOP_API_KEY"), "a")
        assert len(provider.posts) == (3 if retryable else 1)
        assert provider.origin in str(heard.error)
    assert type(heard.error) is kind
    assert heard.error.retryable is retryable
    assert "It is so." in str(heard.error)
    assert ("LOOP_API_KEY" in str(heard.error)) is (kind is AuthFailed)
    assert len(heard.retries) == (2 if retryable else 0)


@pytest.mark.parametrize("status", [429, 503, 529])
async def test_retry_after_is_kept(make_model: MakeModel, waits: list[float], status: int) -> None:
    refused = Answer(status=status, failure="Slow down", headers={"retry-after": "7"})
    async with LoopbackProvider([refused, Answer(text="fine")]) as provider:
        heard = await hear(make_model(provider), "a")
        first, second = provider.posts
        assert first.body == second.body
    (retry,) = heard.retries
    assert (retry.wait_s, retry.attempt) == (7.0, 1)
    assert "Slow down" in retry.reason
    assert isinstance(heard.events[0], Retrying)
    assert (heard.text, heard.stop, waits) == ("fine", StopReason.END, [7.0])


async def test_a_longer_wait_than_two_minutes_is_left_to_the_person(make_model: MakeModel) -> None:
    async with LoopbackProvider(Answer(status=429, failure="Slow down", headers={"retry-after": "121"})) as provider:
        heard = await hear(make_model(provider), "a")
        assert len(provider.posts) == 1
    assert isinstance(heard.error, RateLimited)
    assert heard.error.retry_after_s == 121


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_named_and_never_followed(make_model: MakeModel, status: int) -> None:
    async with LoopbackProvider() as other:
        answer = Answer(status=status, raw=b"", headers={"location": f"{other.origin}/v1/elsewhere?secret=1"})
        async with LoopbackProvider(answer) as provider:
            heard = await hear(make_model(provider, api_key=Secret(KEY)), "a")
            assert len(provider.posts) == 1
        assert (other.connections, other.requests) == (0, [])
        assert isinstance(heard.error, RequestRejected)
        assert other.origin in heard.error.message
        assert "secret" not in heard.error.message
