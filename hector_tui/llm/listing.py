"""Which models a provider or a server has: where each format lists them, and how its list is read."""

from __future__ import annotations

from typing import Any

from hector_tui.llm import addresses, anthropic_request, gemini_request, ollama_facts
from hector_tui.llm.ollama_address import api_url
from hector_tui.llm.providers import Wire


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


def listed_models(wire: Wire, listed: Any) -> list[str]:
    """The models of a list that can be talked to, in its order; empty for what is no list."""
    match wire:
        case "gemini":
            return [name for entry in _entries(listed, "models") if (name := _gemini_name(entry))]
        case "ollama":
            return ollama_facts.listed_models(listed)
        case _:
            # Embedding models are listed beside the others, and nothing but their names tells.
            names = [entry.get("id") for entry in _entries(listed, "data")]
            return [name for name in names if isinstance(name, str) and name and "embed" not in name.lower()]


def _entries(listed: Any, key: str) -> list[dict[str, Any]]:
    entries = listed.get(key) if isinstance(listed, dict) else None
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _gemini_name(entry: dict[str, Any]) -> str:
    """The name of a model that answers; empty for one that only counts, draws or makes vectors."""
    name, methods = entry.get("name"), entry.get("supportedGenerationMethods")
    answers = not isinstance(methods, list) or "generateContent" in methods
    return name.removeprefix("models/") if isinstance(name, str) and answers else ""
