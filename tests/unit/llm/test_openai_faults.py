"""What goes wrong on the way to a provider: each fault becomes one clear error, and nothing is done twice."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from hector_tui.errors import (
    AuthFailed,
    BadResponse,
    ModelNotFound,
    ProviderError,
    ProviderTimeout,
    ProviderUnavailable,
    RateLimited,
    RequestRejected,
    StreamCut,
)
from hector_tui.llm.base import Retrying, StopReason
from hector_tui.llm.retry import RetryPolicy
from hector_tui.llm.secrets import Secret
from hector_tui.llm.timeouts import Timeouts
from tests.provider import Answer, LoopbackProvider, WireCall
from tests.provider.answers import Cut
from tests.provider.talk import hear
from tests.unit.llm.conftest import MakeModel

KEY = "sk-canary-0123456789abcdef"
ONCE = RetryPolicy(tries=1)
OPENAI_ERROR = b'{"error": {"message": "It is so.", "type": "x", "param": null, "code": null}}'


def failing(status: int, body: bytes = OPENAI_ERROR, **headers: str) -> Answer:
    return Answer(status=status, raw=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


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
    async with LoopbackProvider(failing(status)) as provider:
        heard = await hear(make_model(provider, api_key=Secret(KEY), key_name="LOOP_API_KEY"), "a")
        assert len(provider.posts) == (3 if retryable else 1)
        assert provider.origin in str(heard.error)
    assert type(heard.error) is kind
    assert heard.error.retryable is retryable
    assert "It is so." in str(heard.error)
    assert ("LOOP_API_KEY" in str(heard.error)) is (kind is AuthFailed)
    assert len(heard.retries) == (2 if retryable else 0)


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


@pytest.mark.parametrize("status", [400, 401, 429, 500])
async def test_the_key_is_in_no_message_no_repr_and_no_url(
    make_model: MakeModel, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    body = b'{"error": {"message": "Incorrect API key provided: %s"}}' % KEY.encode()
    async with LoopbackProvider(failing(status, body)) as provider:
        model = make_model(provider, api_key=Secret(KEY))
        heard = await hear(model, "a")
        assert provider.posts[0].headers["authorization"] == f"Bearer {KEY}"
        assert KEY not in provider.posts[0].path
    shown = [str(heard.error), repr(heard.error), repr(model), repr(heard.events), repr(vars(model)), caplog.text]
    cause = heard.error.__cause__ if heard.error else None
    assert not any(KEY in text for text in [*shown, repr(cause)])
    assert "Incorrect API key provided: ****" in str(heard.error)


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


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_named_and_never_followed(make_model: MakeModel, status: int) -> None:
    async with LoopbackProvider() as other:
        answer = failing(status, location=f"{other.origin}/v1/chat/completions?secret=1")
        async with LoopbackProvider(answer) as provider:
            heard = await hear(make_model(provider, api_key=Secret(KEY)), "a")
            assert len(provider.posts) == 1
        assert (other.connections, other.requests) == (0, [])
        assert isinstance(heard.error, RequestRejected)
        assert other.origin in heard.error.message
        assert "secret" not in heard.error.message


async def test_a_refused_connection_names_the_address(make_model: MakeModel) -> None:
    with socket.socket() as taken:
        # Bound but not listening: the port refuses, and nobody else can take it meanwhile.
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        heard = await hear(make_model(f"http://127.0.0.1:{port}/v1"), "a")
    assert isinstance(heard.error, ProviderUnavailable)
    assert heard.error.message == f"cannot reach http://127.0.0.1:{port} (connection refused)"
    assert heard.error.hint
    assert len(heard.retries) == 2


async def test_an_unknown_host_is_called_so(make_model: MakeModel) -> None:
    heard = await hear(make_model("http://name.invalid:1/v1", retry=ONCE), "a")
    assert isinstance(heard.error, ProviderUnavailable)
    assert heard.error.message == "cannot reach http://name.invalid:1 (no such host)"


async def test_plain_http_behind_https_is_called_so(make_model: MakeModel) -> None:
    async with LoopbackProvider() as provider:
        heard = await hear(make_model(provider.base_url.replace("http:", "https:"), retry=ONCE), "a")
    assert isinstance(heard.error, ProviderUnavailable)
    assert "no TLS" in heard.error.message


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate"])
async def test_a_coded_body_is_asked_not_to_come_and_refused(make_model: MakeModel, coding: str) -> None:
    async with LoopbackProvider(Answer(text="a", headers={"content-encoding": coding})) as provider:
        heard = await hear(make_model(provider), "a")
        assert provider.posts[0].headers["accept-encoding"] == "identity"
        await provider.until(lambda server: server.open_connections == 0)
    assert isinstance(heard.error, BadResponse)
    assert coding in heard.error.message


SHORT = {"connect_s": 5.0, "first_byte_s": 5.0, "idle_s": 5.0, "content_idle_s": 5.0}


@pytest.mark.parametrize(
    ("answer", "bound", "what"),
    [
        (Answer(stall_before_headers=True), "first_byte_s", "no answer for 0.05 seconds"),
        (Answer(text="a", stall_after=0), "first_byte_s", "no answer for 0.05 seconds"),
        (Answer(text="one two three", stall_after=700), "idle_s", "no answer for 0.05 seconds"),
        (Answer(raw=b": ping\n\n" * 10_000, piece=8, rate=500), "content_idle_s", "no content for 0.05 seconds"),
    ],
)
async def test_silence_ends(make_model: MakeModel, answer: Answer, bound: str, what: str) -> None:
    timeouts = Timeouts(**{**SHORT, bound: 0.05})
    async with LoopbackProvider(answer) as provider:
        heard = await hear(make_model(provider, timeouts=timeouts, retry=ONCE), "a")
        await provider.until(lambda server: server.open_connections == 0)
    assert isinstance(heard.error, ProviderTimeout)
    assert heard.error.message == what
    assert heard.error.retryable


async def test_bytes_of_any_kind_keep_a_stream_alive(make_model: MakeModel) -> None:
    """Forty pings at 200 a second last longer than the idle bound of 0.1 s, and are followed by an answer."""
    raw = b": ping\n\n" * 40 + b'data: {"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]}\n\n'
    timeouts = Timeouts(**{**SHORT, "idle_s": 0.1})
    async with LoopbackProvider(Answer(raw=raw, piece=8, rate=200)) as provider:
        heard = await hear(make_model(provider, timeouts=timeouts), "a")
    assert (heard.error, heard.text) == (None, "a")


@pytest.mark.parametrize("bound", ["first_byte_s", "content_idle_s"])
async def test_bounds_do_not_limit_an_answer_that_keeps_coming(make_model: MakeModel, bound: str) -> None:
    timeouts = Timeouts(**{**SHORT, bound: 0.2})
    async with LoopbackProvider(Answer(text="word " * 40, rate=100)) as provider:
        heard = await hear(make_model(provider, timeouts=timeouts), "a")
    assert (heard.error, heard.text) == (None, "word " * 40)


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


async def test_silence_after_the_last_content_costs_nothing(make_model: MakeModel) -> None:
    raw = b'data: {"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]}\n\n: more'
    timeouts = Timeouts(**{**SHORT, "idle_s": 0.05})
    async with LoopbackProvider(Answer(raw=raw, stall_after=len(raw) - 1)) as provider:
        heard = await hear(make_model(provider, timeouts=timeouts), "a")
    assert (heard.error, heard.text, heard.stop) == (None, "a", StopReason.END)


CALL = (WireCall("c", "tool", '{"some": "arguments", "and": "more"}', piece=3),)


@pytest.mark.parametrize("cut", ["fin", "rst", "end"])
@pytest.mark.parametrize(
    ("first", "posts"),
    [
        pytest.param({"text": "one two", "cut_after": 30}, 2, id="before any content"),
        pytest.param({"text": "one two", "cut_after": 700}, 1, id="after the first word"),
        pytest.param({"thinking": "hm hm", "cut_after": 700}, 1, id="after a thought"),
        pytest.param({"calls": CALL, "cut_after": 1500}, 1, id="in a tool call"),
    ],
)
async def test_nothing_is_sent_again_after_the_first_content(
    make_model: MakeModel, cut: Cut, first: dict[str, Any], posts: int
) -> None:
    # One piece at a time, each on the way before the next: otherwise a reset could overtake what came before it.
    async with LoopbackProvider([Answer(**first, cut=cut, rate=200), Answer(text="second")]) as provider:
        heard = await hear(make_model(provider), "a")
        assert len(provider.posts) == posts
    if posts == 1:
        assert isinstance(heard.error, StreamCut)
        assert "second" not in heard.text
        assert heard.calls == []
    else:
        assert (heard.error, heard.text) == (None, "second")


async def test_a_retry_repeats_the_same_request(make_model: MakeModel) -> None:
    async with LoopbackProvider([failing(500), failing(529), Answer(text="fine")]) as provider:
        heard = await hear(make_model(provider), "a")
        first, second, third = provider.posts
        assert first.body == second.body == third.body
    assert heard.text == "fine"
    assert [retry.attempt for retry in heard.retries] == [1, 2]


async def test_a_huge_event_is_refused(make_model: MakeModel) -> None:
    raw = b'data: {"choices": [{"delta": {"content": "' + b"x" * 100_000 + b'"}}]}\n\n'
    async with LoopbackProvider(Answer(raw=raw)) as provider:
        heard = await hear(make_model(provider, event_cap=50_000), "a")
    assert isinstance(heard.error, BadResponse)
    assert "larger than 50000 bytes" in heard.error.message


async def test_proxies_are_not_used_for_this_machine(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with LoopbackProvider(Answer(text="direct")) as provider:
        assert (await hear(make_model(provider), "a")).text == "direct"
