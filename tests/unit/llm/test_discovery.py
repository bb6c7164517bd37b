"""`llm: auto`: keys first, then servers on this machine, then offline."""

from __future__ import annotations

import socket

import pytest

from hector_tui.llm.discovery import CandidateKind, CandidateState, Discovery, LocalServer, discover
from tests.provider import Answer, LoopbackProvider

KEY = "sk-canary-0123456789"


async def found(env: dict[str, str], *servers: LocalServer, probe: bool = True) -> Discovery:
    return await discover(env, servers=servers, probe=probe, timeout_s=5.0)


async def test_with_nothing_at_all_it_is_offline() -> None:
    discovery = await found({})
    assert discovery.best.kind is CandidateKind.OFFLINE
    assert [(one.label, one.state) for one in discovery.candidates] == [
        ("OpenAI", CandidateState.NEEDS_KEY),
        ("OpenRouter", CandidateState.NEEDS_KEY),
        ("Groq", CandidateState.NEEDS_KEY),
        ("Mistral", CandidateState.NEEDS_KEY),
        ("DeepSeek", CandidateState.NEEDS_KEY),
        ("Anthropic", CandidateState.NEEDS_KEY),
        ("Gemini", CandidateState.NEEDS_KEY),
        ("offline", CandidateState.READY),
    ]
    assert discovery.candidates[2].detail == "set GROQ_API_KEY"


@pytest.mark.parametrize(
    ("env", "label", "base_url", "model"),
    [
        ({"OPENAI_API_KEY": KEY}, "OpenAI", "https://api.openai.com/v1", "gpt-6-luna"),
        (
            {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://host/x", "OPENAI_MODEL": "mine"},
            "OpenAI",
            "http://host/x",
            "mine",
        ),
        (
            {"GROQ_API_KEY": KEY, "OPENAI_API_KEY": " "},
            "Groq",
            "https://api.groq.com/openai/v1",
            "openai/gpt-oss-120b",
        ),
        ({"DEEPSEEK_API_KEY": KEY, "DEEPSEEK_MODEL": "r"}, "DeepSeek", "https://api.deepseek.com/v1", "r"),
        (
            {"MISTRAL_API_KEY": KEY, "OPENROUTER_API_KEY": KEY},
            "OpenRouter",
            "https://openrouter.ai/api/v1",
            "openrouter/auto",
        ),
        ({"GEMINI_API_KEY": KEY}, "Gemini", "https://generativelanguage.googleapis.com", "gemini-flash-latest"),
        (
            {"GOOGLE_API_KEY": KEY, "GEMINI_API_KEY": " ", "GEMINI_MODEL": "gemini-pro-latest"},
            "Gemini",
            "https://generativelanguage.googleapis.com",
            "gemini-pro-latest",
        ),
    ],
)
async def test_a_key_in_the_environment_is_taken(env: dict[str, str], label: str, base_url: str, model: str) -> None:
    best = (await found(env, probe=False)).best
    assert (best.label, best.base_url, best.model) == (label, base_url, model)
    assert best.api_key.reveal() == KEY
    assert KEY not in repr(best)


async def test_of_two_keys_of_one_provider_the_one_with_its_name_is_taken() -> None:
    both = (await found({"GOOGLE_API_KEY": "AIza-of-a-map", "GEMINI_API_KEY": KEY}, probe=False)).best
    other = (await found({"GOOGLE_API_KEY": KEY}, probe=False)).best
    assert (both.key_name, both.api_key.reveal(), both.type) == ("GEMINI_API_KEY", KEY, "gemini")
    assert (other.key_name, other.detail) == ("GOOGLE_API_KEY", "GOOGLE_API_KEY is set")


async def test_ollama_is_found_by_its_own_list_and_where_the_environment_says() -> None:
    async with LoopbackProvider(models=("nomic-embed-text", "qwen3:8b", "other")) as provider:
        host = provider.origin.removeprefix("http://")
        usual = LocalServer("Ollama", "http://localhost:11434", "ollama")
        best = (await found({"OLLAMA_HOST": host}, usual)).best
        named = (await found({"OLLAMA_HOST": f"{provider.origin}/", "OLLAMA_MODEL": "other"}, usual)).best
        assert {request.path for request in provider.requests} == {"/api/tags"}
    assert (best.label, best.type, best.base_url, best.model) == ("Ollama", "ollama", provider.origin, "qwen3:8b")
    assert named.model == "other"


async def test_an_ollama_without_models_says_how_to_get_one() -> None:
    async with LoopbackProvider(documents={"/api/tags": {"models": []}}) as provider:
        discovery = await found({}, LocalServer("Ollama", provider.origin, "ollama"))
    assert "ollama pull" in discovery.candidates[-2].detail


async def test_an_ollama_host_that_is_no_address_is_named() -> None:
    discovery = await found({"OLLAMA_HOST": "ho st:x"}, LocalServer("Ollama", "http://localhost:11434", "ollama"))
    assert discovery.candidates[-2].detail == "OLLAMA_HOST is not an address"


async def test_a_base_url_that_is_none_is_not_taken() -> None:
    discovery = await found({"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "host"}, probe=False)
    assert discovery.candidates[0].state is CandidateState.NOT_FOUND
    assert discovery.best.kind is CandidateKind.OFFLINE


async def test_a_server_on_this_machine_is_taken_with_its_first_chat_model() -> None:
    async with LoopbackProvider(models=("nomic-embed-text", "qwen3:8b", "other")) as provider:
        discovery = await found({}, LocalServer("Ollama", provider.base_url))
        chosen = await found({"OPENAI_MODEL": "other"}, LocalServer("Ollama", provider.base_url))
        assert {request.path for request in provider.requests} == {"/v1/models"}
        assert not any("authorization" in request.headers for request in provider.requests)
        await provider.until(lambda server: server.open_connections == 0)
    best = discovery.best
    assert (best.kind, best.label, best.model) == (CandidateKind.SERVER, "Ollama", "qwen3:8b")
    assert chosen.best.model == "other"


async def test_a_key_goes_before_a_server() -> None:
    async with LoopbackProvider() as provider:
        discovery = await found({"GROQ_API_KEY": KEY}, LocalServer("Ollama", provider.base_url))
    assert discovery.best.label == "Groq"
    assert [one.label for one in discovery.candidates if one.state is CandidateState.READY] == [
        "Groq",
        "Ollama",
        "offline",
    ]


async def test_the_first_server_of_several_is_taken() -> None:
    async with LoopbackProvider(models=("a",)) as one, LoopbackProvider(models=("b",)) as two:
        discovery = await found({}, LocalServer("one", one.base_url), LocalServer("two", two.base_url))
    assert discovery.best.model == "a"


async def test_a_base_url_without_a_key_is_a_server_like_the_others() -> None:
    async with LoopbackProvider(models=("a",)) as provider:
        discovery = await found({"OPENAI_BASE_URL": provider.base_url})
    assert (discovery.best.label, discovery.best.model) == ("OPENAI_BASE_URL", "a")


async def test_probing_can_be_forbidden() -> None:
    async with LoopbackProvider() as provider:
        server = LocalServer("Ollama", provider.base_url)
        assert (await found({"HECTOR_TUI_NO_PROBE": "1"}, server)).best.kind is CandidateKind.OFFLINE
        assert (await found({}, server, probe=False)).best.kind is CandidateKind.OFFLINE
        assert provider.connections == 0


@pytest.mark.parametrize(
    ("listed", "detail"),
    [
        (b'{"data": []}', "has no model"),
        (b'{"data": [{"id": "nomic-embed-text"}]}', "has no model"),
        (b'{"hello": 1}', "has no model"),
        (b"[1, 2]", "has no model"),
        (b"<html>", "no model server"),
        (b"", "no model server"),
        (b"[" * 100_000, "no model server"),
    ],
)
async def test_what_listens_there_may_be_something_else(listed: bytes, detail: str) -> None:
    async with LoopbackProvider(listing=Answer(raw=listed, framing="length")) as provider:
        discovery = await found({}, LocalServer("vLLM", provider.base_url))
    candidate = discovery.candidates[-2]
    assert (candidate.state, discovery.best.kind) == (CandidateState.NOT_FOUND, CandidateKind.OFFLINE)
    assert detail in candidate.detail
    assert provider.origin in candidate.detail


async def test_a_server_that_says_nothing_does_not_hold_up_the_start() -> None:
    async with LoopbackProvider(listing=Answer(stall_before_headers=True)) as provider:
        discovery = await discover({}, servers=[LocalServer("vLLM", provider.base_url)], timeout_s=0.05)
    assert discovery.best.kind is CandidateKind.OFFLINE


async def test_where_nothing_listens_nothing_is_found() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        discovery = await found({}, LocalServer("Ollama", f"http://127.0.0.1:{taken.getsockname()[1]}/v1"))
    assert "nothing listens" in discovery.candidates[-2].detail
