"""What goes wrong on the way to a provider: each fault becomes one clear error, and nothing is done twice."""

from __future__ import annotations

import socket

import pytest

from hector_tui.errors import (
    ProviderUnavailable,
    RateLimited,
    RequestRejected,
)
from hector_tui.llm.base import Retrying, StopReason
from hector_tui.llm.retry import RetryPolicy
from hector_tui.llm.timeouts import Timeouts
from tests.provider import Answer, LoopbackProvider
from tests.provider.talk import hear
from tests.unit.llm.conftest import MakeModel

KEY = "sk-canary-0123456789abcdef"
ONCE = RetryPolicy(tries=1)
OPENAI_ERROR = b'{"error": {"message": "It is so.", "type": "x", "param": null, "code": null}}'


def failing(status: int, body: bytes = OPENAI_ERROR, **headers: str) -> Answer:
    return Answer(status=status, raw=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "one\\ntwo\\u001b[2J", "type": "t"}}', "one two [2J"),
        (b'[{"error": {"code": 400, "message": "from a list", "status": "INVALID"}}]', "from a list"),
        (b'{"error": "plain"}', "plain"),
        (b'{"object": "error", "message": "flat", "code": 4}', "flat"),
        (b'{"detail": "fast"}', "fast"),
        (b'{"detail": [{"loc": ["body"], "msg": "field required"}]}', "field required"),
        (b'{"message": {"detail": [{"msg": "nested"}]}}', "nested"),
        (b'{"errors": [{"message": "many"}]}', "many"),
        (b'{"error": {"message": "Provider returned error", "metadata": {"raw": "said no"}}}', "error: said no"),
        (b"<html><head><title>502 Bad Gateway</title><style>x{}</style></head></html>", "502 Bad Gateway"),
        (b"just text", "just text"),
        (b'{"odd": 1}', '{"odd": 1}'),
        (b"", "(400)"),
        (b"\xff\xfe", "(400)"),
    ],
)
async def test_the_providers_own_words_are_shown(make_model: MakeModel, body: bytes, words: str) -> None:
    async with LoopbackProvider(failing(400, body)) as provider:
        heard = await hear(make_model(provider), "a")
    assert heard.error is not None
    assert words in heard.error.message
    assert heard.error.message.isprintable() or "\ufffd" in heard.error.message


async def test_a_long_error_is_shortened_to_one_line(make_model: MakeModel) -> None:
    async with LoopbackProvider(failing(400, b"word \n" * 100_000)) as provider:
        heard = await hear(make_model(provider), "a")
    assert heard.error is not None
    assert len(heard.error.message) < 400
    assert "\n" not in heard.error.message


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after_ms": "250"}, 0.25),
        ({"retry_after": "-5"}, 0.0),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry_after": "120"}, 120.0),
        ({"retry_after": "soon"}, 0.5),
        ({"retry_after": "nan"}, 0.5),
        ({}, 0.5),
    ],
)
async def test_retry_after_is_kept(
    make_model: MakeModel, waits: list[float], headers: dict[str, str], wait_s: float
) -> None:
    async with LoopbackProvider([failing(429, OPENAI_ERROR, **headers), Answer(text="fine")]) as provider:
        heard = await hear(make_model(provider), "a")
        assert len(provider.posts) == 2
    assert heard.events[0] == Retrying(wait_s, 1, "too many requests (429): It is so.")
    assert (heard.text, heard.stop, waits) == ("fine", StopReason.END, [wait_s])


@pytest.mark.parametrize("asked", ["121", "1e300", "inf", "Wed, 21 Oct 2195 07:28:00 GMT"])
async def test_a_longer_wait_than_two_minutes_is_left_to_the_person(make_model: MakeModel, asked: str) -> None:
    async with LoopbackProvider(failing(429, retry_after=asked)) as provider:
        heard = await hear(make_model(provider), "a")
        assert len(provider.posts) == 1
    assert isinstance(heard.error, RateLimited)
    assert 120 < (heard.error.retry_after_s or 0) <= 86_400


@pytest.mark.parametrize(("status", "says", "posts"), [(500, "false", 1), (400, "true", 3)])
async def test_x_should_retry_overrules_the_status(make_model: MakeModel, status: int, says: str, posts: int) -> None:
    async with LoopbackProvider(failing(status, x_should_retry=says)) as provider:
        await hear(make_model(provider), "a")
        assert len(provider.posts) == posts


async def test_a_used_up_quota_is_not_retried(make_model: MakeModel) -> None:
    body = b'{"error": {"message": "You exceeded it", "type": "insufficient_quota", "code": "insufficient_quota"}}'
    async with LoopbackProvider(failing(429, body)) as provider:
        heard = await hear(make_model(provider), "a")
        assert len(provider.posts) == 1
    assert isinstance(heard.error, RateLimited)
    assert "billing" in heard.error.hint


async def test_waits_double_and_differ(make_model: MakeModel, waits: list[float]) -> None:
    async with LoopbackProvider(failing(503)) as provider:
        await hear(make_model(provider), "a")
    assert waits == [0.5, 1.0]
    policy = RetryPolicy(chance=lambda: 1.0)
    assert policy.wait_s(1, ProviderUnavailable("x", retryable=True)) == 0.375


async def test_a_refused_connection_names_the_address(make_model: MakeModel) -> None:
    with socket.socket() as taken:
        # Bound but not listening: the port refuses, and nobody else can take it meanwhile.
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        heard = await hear(make_model(f"http://127.0.0.1:{port}/v1"), "a")
    assert isinstance(heard.error, ProviderUnavailable)
    assert heard.error.message == f"cannot reach http://127.0.0.1:{port} (connection refused)"
    assert heard.error.hint.startswith("Start the server")
    assert len(heard.retries) == 2


async def test_an_unknown_host_is_called_so(make_model: MakeModel) -> None:
    heard = await hear(make_model("http://name.invalid:1/v1", retry=ONCE), "a")
    assert isinstance(heard.error, ProviderUnavailable)
    assert heard.error.message == "cannot reach http://name.invalid:1 (no such host)"
    assert heard.error.hint.startswith("Check the network")  # nobody can start that server


async def test_plain_http_behind_https_is_called_so(make_model: MakeModel) -> None:
    async with LoopbackProvider() as provider:
        heard = await hear(make_model(provider.base_url.replace("http:", "https:"), retry=ONCE), "a")
    assert isinstance(heard.error, ProviderUnavailable)
    assert "no TLS" in heard.error.message


SHORT = {"connect_s": 5.0, "first_byte_s": 5.0, "idle_s": 5.0, "content_idle_s": 5.0}


async def test_a_server_that_goes_on_after_the_last_content_is_left(make_model: MakeModel) -> None:
    content = b'data: {"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]}\n\n'
    timeouts = Timeouts(**SHORT, tail_s=0.05)
    async with LoopbackProvider(Answer(raw=content + b": ping\n\n" * 300, piece=8, rate=300)) as provider:
        heard = await hear(make_model(provider, timeouts=timeouts), "a")
        await provider.until(lambda server: server.open_connections == 0)
        assert (provider.left, provider.answered) == (1, 0)
    assert (heard.error, heard.text, heard.stop) == (None, "a", StopReason.END)


async def test_a_huge_error_body_is_not_read_to_its_end(make_model: MakeModel) -> None:
    async with LoopbackProvider(failing(400, b"x" * 20_000_000)) as provider:
        heard = await hear(make_model(provider), "a")
        await provider.until(lambda server: server.open_connections == 0)
        assert provider.left == 1
    assert isinstance(heard.error, RequestRejected)


async def test_a_retry_repeats_the_same_request(make_model: MakeModel) -> None:
    async with LoopbackProvider([failing(500), failing(529), Answer(text="fine")]) as provider:
        heard = await hear(make_model(provider), "a")
        first, second, third = provider.posts
        assert first.body == second.body == third.body
    assert heard.text == "fine"
    assert [retry.attempt for retry in heard.retries] == [1, 2]


async def test_proxies_are_not_used_for_this_machine(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with LoopbackProvider(Answer(text="direct")) as provider:
        assert (await hear(make_model(provider), "a")).text == "direct"
