"""Proxies and certificates come from the environment, by the variables every other program reads."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from hector_tui.errors import ConfigError, HectorError, ProviderTimeout, ProviderUnavailable
from hector_tui.llm.base import StopReason
from hector_tui.llm.connections import Connections
from hector_tui.llm.discovery import discover
from hector_tui.llm.ollama import OllamaModel
from hector_tui.llm.openai import OpenAIModel
from hector_tui.llm.retry import RetryPolicy
from hector_tui.llm.secrets import Secret
from hector_tui.llm.timeouts import Timeouts
from tests.provider import Answer, LoopbackProvider
from tests.provider.talk import ask, hear
from tests.provider.tunnel import has_openssl, make_certificate, mute, proxy, tls
from tests.unit.llm.conftest import MakeModel

HOST = "provider.test"
"""A name no resolver knows (RFC 6761): whoever reaches it went through the proxy."""
ONCE = RetryPolicy(tries=1)
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
needs_openssl = pytest.mark.skipif(not has_openssl(), reason="openssl makes the certificates")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of whoever runs the tests says nothing."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_plain_http_goes_through_the_proxy(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    async with LoopbackProvider(Answer(text="through")) as provider, proxy(provider.port) as seen:
        monkeypatch.setenv(name, f"http://127.0.0.1:{seen.port}")
        heard = await hear(make_model(f"http://{HOST}/v1"), "a")
    assert (heard.error, heard.text) == (None, "through")
    assert seen.lines == [f"POST http://{HOST}/v1/chat/completions HTTP/1.1"]


@needs_openssl
async def test_https_goes_through_a_tunnel_that_sees_no_key(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path, HOST)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with (
        LoopbackProvider(Answer(text="sealed")) as provider,
        tls(provider.port, certificate, key) as port,
        proxy(port) as seen,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{seen.port}")
        heard = await hear(make_model(f"https://{HOST}/v1", api_key=Secret("sk-canary-123456")), "a")
        assert provider.posts[0].headers["authorization"] == "Bearer sk-canary-123456"
    assert (heard.error, heard.text, heard.stop) == (None, "sealed", StopReason.END)
    assert seen.lines == [f"CONNECT {HOST}:443 HTTP/1.1"]
    assert "canary" not in "".join(seen.headers)


@needs_openssl
async def test_a_certificate_of_ones_own_is_trusted_only_when_the_environment_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path, "localhost")
    async with LoopbackProvider(Answer(text="sealed")) as provider, tls(provider.port, certificate, key) as port:
        found = []
        for trusted in ("", str(certificate)):
            if trusted:
                monkeypatch.setenv("SSL_CERT_FILE", trusted)
            # Of its own: certificates are read once for all connections of a process.
            base_url = f"https://localhost:{port}/v1"
            model = OpenAIModel("loop-1", base_url=base_url, connections=Connections(), retry=RetryPolicy())
            found.append(await hear(model, "a"))
            await model.aclose()
        assert len(provider.posts) == 1
    refused, heard = found
    assert isinstance(refused.error, ProviderUnavailable)
    assert "the certificate is not trusted" in refused.error.message
    assert refused.retries == []
    assert (heard.error, heard.text) == (None, "sealed")


@needs_openssl
async def test_a_certificate_of_another_host_is_refused(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path, "elsewhere.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with LoopbackProvider() as provider, tls(provider.port, certificate, key) as port:
        heard = await hear(make_model(f"https://localhost:{port}/v1"), "a")
        assert provider.posts == []
    assert heard.error is not None
    assert "the certificate is not trusted" in heard.error.message


async def test_hosts_named_in_no_proxy_are_reached_directly(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with LoopbackProvider() as provider, proxy(provider.port) as seen:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{seen.port}")
        monkeypatch.setenv("NO_PROXY", HOST)
        heard = await hear(make_model(f"http://{HOST}/v1", retry=ONCE), "a")
        assert seen.lines == []
    assert heard.error is not None
    assert "no such host" in heard.error.message


async def test_a_dead_proxy_is_named(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    heard = await hear(make_model(f"http://{HOST}/v1", retry=ONCE), "a")
    assert isinstance(heard.error, ProviderUnavailable)
    assert "connection refused" in heard.error.message


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HTTP_PROXY", "nonsense://x", "the proxy of the environment cannot be used"),
        ("ALL_PROXY", "socks5://127.0.0.1:1080", "the proxy of the environment cannot be used"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem", "the certificates of the environment cannot be read"),
    ],
)
async def test_an_environment_that_cannot_be_used_is_said_and_breaks_nothing(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    model = OpenAIModel("loop-1", base_url=f"http://{HOST}/v1", connections=Connections(), retry=ONCE)
    with pytest.raises(HectorError) as caught:
        async for _ in model.stream(ask("a")):
            pass
    assert isinstance(caught.value, ConfigError)
    assert words in caught.value.message
    assert name in f"{caught.value.message} {caught.value.hint}"
    async with LoopbackProvider() as provider:
        env = {"OPENAI_BASE_URL": provider.base_url}
        found = await discover(env, servers=())
    assert found.candidates


async def test_a_handshake_that_never_comes_ends(make_model: MakeModel) -> None:
    async with mute() as port:
        timeouts = Timeouts(connect_s=0.1)
        heard = await hear(make_model(f"https://localhost:{port}/v1", timeouts=timeouts, retry=ONCE), "a")
    assert isinstance(heard.error, ProviderTimeout)
    assert heard.error.message == "no connection within 0.1 seconds"


async def test_a_change_of_the_clock_ends_and_prolongs_nothing(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laptop that wakes up finds the time hours later."""
    true_time = time.time
    jumps = iter(range(1_000_000))
    monkeypatch.setattr(time, "time", lambda: true_time() + 3600.0 * (next(jumps) % 7 - 3))
    timeouts = Timeouts(first_byte_s=5, idle_s=5, content_idle_s=5)
    stall = Answer(text="one two", stall_after=700)
    async with LoopbackProvider([Answer(text="word " * 20, rate=200), stall]) as provider:
        going = await hear(make_model(provider, timeouts=timeouts, retry=ONCE), "a")
        stalled = await hear(make_model(provider, timeouts=Timeouts(idle_s=0.05), retry=ONCE), "a")
    assert (going.error, going.text) == (None, "word " * 20)
    assert isinstance(stalled.error, ProviderTimeout)


async def test_a_look_at_an_ollama_server_leaves_it_to_the_answer_to_complain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/certificates.pem")
    model = OllamaModel("qwen3:8b", base_url=f"http://{HOST}", connections=Connections())
    with pytest.raises(ConfigError):
        await hear(model, "a")
    assert model._looking is not None
    await asyncio.wait({model._looking})
    assert model._looking.exception() is None
    await model.aclose()
