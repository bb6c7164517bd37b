"""From settings to models, what models share, and what they load."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from hector_tui.errors import ConfigError
from hector_tui.llm.connections import Connections
from hector_tui.llm.discovery import OFFLINE, Candidate, CandidateKind, CandidateState, Discovery, LocalServer, discover
from hector_tui.llm.factory import LlmSettings, build_model
from hector_tui.llm.offline import OfflineModel
from hector_tui.llm.ollama import OllamaModel
from hector_tui.llm.openai import OpenAIModel
from hector_tui.llm.providers import context_window_of
from hector_tui.llm.secrets import Secret, redacted
from tests.provider import Answer, LoopbackProvider
from tests.provider.talk import hear

KEY = "sk-canary-0123456789"


async def test_settings_reach_the_provider() -> None:
    async with LoopbackProvider(models=("loop-1",)) as provider:
        settings = LlmSettings(
            type="openai",
            model="loop-1",
            base_url=provider.base_url,
            api_key=Secret(KEY),
            temperature=0.1,
            max_tokens=50,
            context_window=1000,
        )
        model = build_model(settings, connections=Connections())
        heard = await hear(model, "hello deadbeef00")
        await model.aclose()
        (post,) = provider.posts
    assert heard.text.startswith("deadbeef00:0")
    assert (post.body["model"], post.body["temperature"], post.body["max_tokens"]) == ("loop-1", 0.1, 50)
    assert (model.label, model.context_window) == ("loop-1", 1000)
    assert KEY not in repr(settings)


async def test_auto_takes_what_was_found_and_keeps_the_rest_of_the_settings() -> None:
    async with LoopbackProvider() as provider:
        candidate = Candidate(
            kind=CandidateKind.KEY,
            label="Loop",
            state=CandidateState.READY,
            base_url=provider.base_url,
            model="found-1",
            api_key=Secret(KEY),
            key_name="LOOP_API_KEY",
        )
        discovery = Discovery((candidate, OFFLINE))
        model = build_model(LlmSettings(temperature=0.3), connections=Connections(), discovery=discovery)
        await hear(model, "a")
        await model.aclose()
        (post,) = provider.posts
    assert (model.label, post.body["model"], post.body["temperature"]) == ("found-1", "found-1", 0.3)
    assert post.headers["authorization"] == f"Bearer {KEY}"


async def test_auto_speaks_to_what_was_found_in_its_own_format() -> None:
    async with LoopbackProvider(models=("qwen3:8b",)) as provider:
        places = [LocalServer("Ollama", provider.origin, "ollama")]
        discovery = await discover({}, servers=places, timeout_s=5.0)
        settings = LlmSettings(context_window=8_192, keep_alive="10m")
        model = build_model(settings, connections=Connections(), discovery=discovery)
        await hear(model, "a")
        await model.aclose()
        (post,) = provider.posts
    assert isinstance(model, OllamaModel)
    assert (post.path, post.body["model"], post.body["keep_alive"]) == ("/api/chat", "qwen3:8b", "10m")
    assert post.body["options"] == {"num_ctx": 8_192}


async def test_an_ollama_without_a_named_model_takes_the_one_that_was_found_there() -> None:
    async with LoopbackProvider(models=("qwen3:8b",)) as provider, LoopbackProvider() as other:
        discovery = await discover({}, servers=[LocalServer("Ollama", provider.origin, "ollama")], timeout_s=5.0)
        settings = LlmSettings(type="ollama", base_url=f"{provider.origin}/v1")
        model = build_model(settings, connections=Connections(), discovery=discovery)
        assert model.label == "qwen3:8b"
        await model.aclose()
        elsewhere = LlmSettings(type="ollama", base_url=other.origin)
        with pytest.raises(ConfigError, match="no model is named") as caught:
            build_model(elsewhere, connections=Connections(), discovery=discovery)
    assert "ollama list" in caught.value.hint


async def test_gemini_is_spoken_to_in_its_own_format() -> None:
    async with LoopbackProvider() as provider:
        settings = LlmSettings(type="gemini", model="gemini-3-flash", base_url=provider.origin, api_key=Secret(KEY))
        model = build_model(settings, connections=Connections())
        await hear(model, "a")
        await model.aclose()
        (post,) = provider.posts
    assert post.place == "/v1beta/models/gemini-3-flash:streamGenerateContent"
    assert (post.headers["x-goog-api-key"], model.context_window) == (KEY, 1_048_576)
    assert build_model(LlmSettings(type="gemini"), connections=Connections()).label == "gemini-flash-latest"


@pytest.mark.parametrize("settings", [LlmSettings(), LlmSettings(type=" Offline "), LlmSettings(type="")])
async def test_with_nothing_found_it_is_offline(settings: LlmSettings, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Bananas\nBananas are yellow.", encoding="utf-8")
    model = build_model(
        settings, connections=Connections(), discovery=Discovery((OFFLINE,)), handbook=tmp_path, offline_delay_s=0
    )
    assert isinstance(model, OfflineModel)
    assert (model.label, model.context_window) == ("offline", 32_000)
    assert "`docs/a.md § Bananas`" in (await hear(model, "Which bananas are yellow?")).text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (LlmSettings(type="opnai"), "no llm type 'opnai'"),
        (LlmSettings(type="openai", base_url="http://localhost:1/v1"), "no model is named"),
        (LlmSettings(type="ollama"), "no model is named"),
        (LlmSettings(type="openai", model="m", base_url="localhost"), "not a URL"),
        (LlmSettings(type="openai", model="m", api_key=Secret("a\nb")), "API key"),
        (LlmSettings(type="ollama", model="m", base_url="ftp://box"), "not a URL"),
        (LlmSettings(type="ollama", model="m", keep_alive="soon"), "keep_alive"),
        (LlmSettings(type="gemini", base_url="https://host?key=1", model="m"), "holds a key"),
    ],
)
async def test_settings_that_cannot_work_are_refused_with_a_hint(settings: LlmSettings, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        build_model(settings, connections=Connections())
    assert caught.value.hint


@pytest.mark.parametrize(("max_retries", "posts"), [(0, 1), (1, 2), (5, 3), (-1, 1)])
async def test_retries_are_bounded(max_retries: int, posts: int) -> None:
    now = {"retry-after-ms": "0"}
    async with LoopbackProvider(Answer(status=500, raw=b"", headers=now)) as provider:
        settings = LlmSettings(type="openai", model="m", base_url=provider.base_url, max_retries=max_retries)
        model = build_model(settings, connections=Connections())
        await hear(model, "a")
        await model.aclose()
        assert len(provider.posts) == posts


async def test_models_of_one_provider_share_its_connections_until_the_last_is_closed() -> None:
    async with LoopbackProvider() as provider, LoopbackProvider() as other:
        connections = Connections()

        def build(base_url: str) -> OpenAIModel:
            settings = LlmSettings(type="openai", model="m", base_url=base_url)
            model = build_model(settings, connections=connections)
            assert isinstance(model, OpenAIModel)
            return model

        first, second, third = build(provider.base_url), build(provider.base_url), build(other.base_url)
        for model in (first, second, third):
            await hear(model, "a")
        assert (provider.connections, other.connections) == (1, 1)
        await first.aclose()
        await first.aclose()
        assert provider.open_connections == 1
        await second.aclose()
        await provider.until(lambda server: server.open_connections == 0)
        assert other.open_connections == 1
        await third.aclose()


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("gpt-4o-mini", 128_000),
        ("gpt-4-0613", 8_192),
        ("gpt-4.1-nano", 1_047_576),
        ("openai/gpt-4o", 128_000),
        ("Claude-sonnet", 200_000),
        ("qwen3:8b", 0),
        ("", 0),
    ],
)
def test_context_windows_of_known_models(model: str, tokens: int) -> None:
    assert context_window_of(model) == tokens


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret(KEY)
    assert KEY not in f"{secret} {secret!r} {[secret]} {LlmSettings(api_key=secret)}"
    assert secret.reveal() == KEY
    assert secret == Secret(KEY) != Secret("other")
    assert bool(secret) is True
    assert bool(Secret("")) is False
    assert redacted(f"key {KEY}!", secret) == "key ********!"
    assert redacted("a b c", Secret("b")) == "a b c"
    for copied in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            copied(secret)


def test_nothing_heavy_is_loaded_before_a_network_model_is_used() -> None:
    code = (
        "import sys\n"
        "import hector_tui.llm.factory, hector_tui.llm.discovery\n"
        "from hector_tui.llm.connections import Connections\n"
        "from hector_tui.llm.factory import LlmSettings, build_model\n"
        "build_model(LlmSettings(type='openai', model='m'), connections=Connections())\n"
        "print([name for name in ('httpx', 'httpcore', 'anyio', 'textual', 'pydantic') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
