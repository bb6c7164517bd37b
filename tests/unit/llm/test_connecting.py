"""One cheap call tells a good connection from a bad one, and what was said when it is refused."""

from __future__ import annotations

import json

import pytest

from hector_tui.errors import AuthFailed, ConfigError, HectorError
from hector_tui.llm.connecting import CONNECT_OPTIONS, check, option_of, usable_address
from hector_tui.llm.connections import Connections
from hector_tui.llm.listing import check_url, described_models
from hector_tui.llm.providers import PROVIDERS
from tests.provider import Answer, LoopbackProvider

KEY = "sk-canary-connect-1234567"


async def test_an_address_is_tried_with_one_get_that_carries_the_key_in_a_header_alone() -> None:
    async with LoopbackProvider(models=("a", "b")) as provider:
        checked = await check(option_of("other"), key=f" {KEY}\n", address=provider.origin, connections=Connections())
    (request,) = provider.requests
    assert (request.method, request.headers["authorization"]) == ("GET", f"Bearer {KEY}")
    assert KEY not in request.path
    assert [model.name for model in checked.models] == ["a", "b"]
    assert checked.connection.base_url == provider.base_url
    assert checked.connection.model == "a"


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_told_in_the_providers_words_and_without_the_key(status: int) -> None:
    padding = "x" * 270
    said = json.dumps({"error": {"message": f"Incorrect API key: {KEY}. {padding} again {KEY}"}}).encode()
    async with LoopbackProvider(listing=Answer(raw=said, status=status, framing="length")) as provider:
        with pytest.raises(AuthFailed) as refused:
            await check(option_of("other"), key=KEY, address=provider.origin, connections=Connections())
    assert "Incorrect API key: ********" in str(refused.value)
    assert KEY[:12] not in str(refused.value)


async def test_what_is_no_model_server_is_told() -> None:
    web_page = Answer(raw=b"<html>hello</html>", framing="length")
    nothing = Answer(raw=b'{"data": []}', framing="length")
    missing = Answer(raw=b'{"error": "no such page"}', status=404, framing="length")
    for listing, words in ((web_page, "no JSON"), (nothing, "has no model"), (missing, "most end in /v1")):
        async with LoopbackProvider(listing=listing) as provider:
            with pytest.raises(HectorError) as refused:
                await check(option_of("other"), address=provider.origin, connections=Connections())
        assert words in str(refused.value)


async def test_a_redirect_is_not_followed_and_nobody_else_sees_the_key() -> None:
    async with LoopbackProvider() as other:
        there = Answer(raw=b"", status=302, headers={"location": other.origin}, framing="length")
        async with LoopbackProvider(listing=there) as provider:
            with pytest.raises(HectorError, match="not followed"):
                await check(option_of("other"), key=KEY, address=provider.origin, connections=Connections())
    assert other.connections == 0


async def test_a_vendor_wants_a_key_and_says_where_one_is_made() -> None:
    with pytest.raises(ConfigError, match=r"console\.groq\.com"):
        await check(option_of("groq"), key=' "" ', connections=Connections())
    with pytest.raises(ConfigError, match="Providers: openai"):
        option_of("nobody")


def test_every_provider_of_the_task_can_be_connected() -> None:
    names = {option.option_id for option in CONNECT_OPTIONS}
    assert names >= {"openai", "anthropic", "gemini", "openrouter", "groq", "mistral", "deepseek"}
    assert names >= {"ollama", "llama.cpp", "lm-studio", "vllm", "other"}


def test_where_lists_are_public_the_key_itself_is_looked_at() -> None:
    assert check_url("chat", PROVIDERS["openrouter"].base_url) == "https://openrouter.ai/api/v1/key"
    assert check_url("chat", PROVIDERS["groq"].base_url).endswith("/models")


@pytest.mark.parametrize(
    ("typed", "kind", "meant"),
    [
        ("localhost:8080", "openai", "http://localhost:8080/v1"),
        ("192.168.0.7:1234/v1/", "openai", "http://192.168.0.7:1234/v1"),
        ("llm.example.org", "openai", "https://llm.example.org/v1"),
        (" 'http://box:8000/v1' ", "openai", "http://box:8000/v1"),
        ("localhost:11434", "ollama", "http://localhost:11434"),
    ],
)
def test_an_address_may_be_typed_shortly(typed: str, kind: str, meant: str) -> None:
    assert usable_address(kind, typed) == meant


@pytest.mark.parametrize("typed", ["", "http://", "ftp://host", "http://me:secret@host/v1"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ConfigError) as refused:
        usable_address("openai", typed)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("entry", "window"),
    [
        ({"id": "m", "context_length": 32_000}, 32_000),
        ({"id": "m", "max_model_len": 4_096}, 4_096),
        ({"id": "m", "meta": {"n_ctx_train": 8_192}}, 8_192),
        ({"id": "m", "context_length": "many"}, 0),
        ({"id": "gpt-4o"}, 128_000),
    ],
)
def test_a_list_may_say_how_much_a_model_holds(entry: dict[str, object], window: int) -> None:
    (model,) = described_models("chat", {"data": [entry]})
    assert model.context_window == window
