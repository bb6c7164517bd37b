"""Which models a provider or a server has: where each format lists them, and how its list is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hector_tui.domain.models import ListedModel
from hector_tui.llm import addresses, anthropic_request, gemini_request, ollama_facts
from hector_tui.llm.connections import Connections
from hector_tui.llm.dialects import dialect_of
from hector_tui.llm.failures import Origin
from hector_tui.llm.ollama_address import api_url
from hector_tui.llm.openai import key_headers
from hector_tui.llm.providers import Wire, context_window_of
from hector_tui.llm.secrets import Secret
from hector_tui.llm.timeouts import Timeouts

_WINDOWS = ("context_length", "context_window", "max_context_length", "max_model_len", "inputTokenLimit")
"""What a list calls the tokens a model holds: OpenRouter, Groq, Mistral, vLLM, Gemini."""
_LISTING_S = 15.0
"""Seconds for the whole list."""
_CONNECT_S = 5.0


def list_url(wire: Wire, base_url: str) -> str:
    """The address that lists the models.

    Raises:
        ConfigError: The base is not an http or https address.
    """
    match wire:
        case "gemini":
            return gemini_request.models_url(base_url)
        case "ollama":
            return api_url(base_url, "tags")
        case "anthropic":
            return anthropic_request.models_url(base_url)
        case _:
            return addresses.models_url(base_url)


def check_url(wire: Wire, base_url: str) -> str:
    """The cheapest address that tells a good key from a bad one; a GET that costs nothing.

    OpenRouter lists its models to everybody, so there the key itself is looked at.

    Raises:
        ConfigError: The base is not an http or https address.
    """
    if addresses.split_address(base_url).hostname == "openrouter.ai":
        return addresses.endpoint_url(base_url, "/key")
    return list_url(wire, base_url)


def auth_headers(wire: Wire, base_url: str, key: Secret) -> Mapping[str, str]:
    """The headers of a GET in a format, the key among them."""
    match wire:
        case "anthropic":
            version = {"anthropic-version": anthropic_request.VERSION}
            return {**version, "x-api-key": key.reveal()} if key else version
        case "gemini":
            return {"x-goog-api-key": key.reveal()} if key else {}
        case _:
            return key_headers(key, dialect_of(base_url))


async def fetch(
    connections: Connections, wire: Wire, url: str, *, base_url: str, key: Secret, key_name: str = ""
) -> Any:
    """One small document of a provider.

    Raises:
        ProviderError: It was refused; what the provider said is in the message, the key is not.
        ConfigError: The key or the address cannot be used.
    """
    key = addresses.usable_key(key)
    where = addresses.shown_address(base_url)
    lease = connections.lease(base_url)
    try:
        client = await lease.client()
        from hector_tui.llm.http import HttpRequest

        return await client.document(
            HttpRequest(
                url=url,
                body=b"",
                headers=auth_headers(wire, base_url, key),
                origin=Origin(where=where, model="", key=key, key_name=key_name),
                timeouts=Timeouts(connect_s=_CONNECT_S, first_byte_s=_LISTING_S),
            )
        )
    finally:
        await lease.release()


def listed_models(wire: Wire, listed: Any) -> list[str]:
    """The names of the models of a list that can be talked to, in its order; empty for what is no list."""
    return [model.name for model in described_models(wire, listed)]


def described_models(wire: Wire, listed: Any) -> list[ListedModel]:
    """The models of a list that can be talked to, with what is known of them."""
    match wire:
        case "gemini":
            found = [(_gemini_name(entry), entry) for entry in _entries(listed, "models")]
        case "ollama":
            return [ListedModel(name) for name in ollama_facts.listed_models(listed)]
        case _:
            # Embedding models are listed beside the others, and nothing but their names tells.
            named = [(entry.get("id"), entry) for entry in _entries(listed, "data")]
            found = [(name, entry) for name, entry in named if isinstance(name, str) and "embed" not in name.lower()]
    return [ListedModel(name, _window(entry) or context_window_of(name)) for name, entry in found if name]


def _window(entry: Mapping[str, Any]) -> int:
    """Tokens a list says that a model holds; 0 when it does not. llama.cpp says it within `meta`."""
    meta = entry.get("meta")
    said = [entry.get(name) for name in _WINDOWS] + [meta.get("n_ctx_train") if isinstance(meta, dict) else None]
    return next((number for number in said if isinstance(number, int) and 0 < number < 2**31), 0)


def _entries(listed: Any, key: str) -> list[dict[str, Any]]:
    entries = listed.get(key) if isinstance(listed, dict) else None
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _gemini_name(entry: dict[str, Any]) -> str:
    """The name of a model that answers; empty for one that only counts, draws or makes vectors."""
    name, methods = entry.get("name"), entry.get("supportedGenerationMethods")
    answers = not isinstance(methods, list) or "generateContent" in methods
    return name.removeprefix("models/") if isinstance(name, str) and answers else ""
