"""From settings to a `Model`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from hector_tui.errors import ConfigError
from hector_tui.llm.anthropic import AnthropicModel
from hector_tui.llm.base import Model
from hector_tui.llm.connections import Connections
from hector_tui.llm.discovery import Candidate, CandidateKind, Discovery
from hector_tui.llm.gemini import GeminiModel
from hector_tui.llm.network import NetworkModel, NetworkOptions
from hector_tui.llm.offline import DEFAULT_CONTEXT_WINDOW, OfflineModel
from hector_tui.llm.ollama import OllamaModel
from hector_tui.llm.ollama_address import server_address
from hector_tui.llm.openai import OpenAIModel
from hector_tui.llm.providers import PROVIDERS, context_window_of
from hector_tui.llm.responses import ResponsesModel
from hector_tui.llm.retry import RetryPolicy
from hector_tui.llm.secrets import Secret
from hector_tui.llm.timeouts import Timeouts

_MOST_RETRIES = 2
"""More than three tries in all only lengthen an outage; Hector's default of five is accepted and cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmSettings:
    """One entry of `llms` in a configuration.

    Attributes:
        type: `auto`, `offline`, or a provider of `PROVIDERS`; `openai` stands for every server of that format.
        base_url: Empty takes the provider's own.
        key_name: The environment variable the key came from, for error messages.
        timeout_s: Seconds until the first byte of an answer; None takes the default.
        max_retries: Further tries after the first; at most two are made.
        context_window: In tokens; 0 looks the model up.
        keep_alive: How long an Ollama server keeps the model loaded; empty leaves it to the server.
        thinking: Tokens the model may think with, where a provider asks how many; 0 leaves it to the provider.
    """

    type: str = "auto"
    model: str = ""
    base_url: str = ""
    api_key: Secret = field(default=Secret(""))
    key_name: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    timeout_s: float | None = None
    max_retries: int | None = None
    context_window: int = 0
    keep_alive: str = ""
    thinking: int = 0


def build_model(
    settings: LlmSettings,
    *,
    connections: Connections,
    handbook: Path | None = None,
    discovery: Discovery | None = None,
    offline_delay_s: float = 0.015,
) -> Model:
    """The model that settings describe.

    Args:
        settings: What was configured.
        connections: Shared by all models of a process.
        handbook: Folder of the handbook, for the offline model.
        discovery: What was found here; `auto` without it is offline.
        offline_delay_s: Seconds between the offline model's words.

    Raises:
        ConfigError: The type is unknown, no model is named, or the address or key cannot be used.
    """
    kind = settings.type.strip().lower() or "auto"
    if kind == "auto" and discovery is not None and discovery.best.kind is not CandidateKind.OFFLINE:
        return _network_model(_found(settings, discovery.best), connections)
    if kind in ("auto", "offline"):
        window = settings.context_window or DEFAULT_CONTEXT_WINDOW
        return OfflineModel(handbook=handbook, delay_s=offline_delay_s, context_window=window)
    provider = PROVIDERS.get(kind)
    if provider is None:
        known = ", ".join(["auto", *PROVIDERS, "offline"])
        raise ConfigError(f"there is no llm type {settings.type!r}", hint=f"Types: {known}.")
    if kind == "ollama" and not settings.model and discovery is not None:
        settings = replace(settings, model=_listed_first(settings, discovery))
    return _network_model(settings, connections)


def _found(settings: LlmSettings, candidate: Candidate) -> LlmSettings:
    """The settings with what discovery found; everything but the place stays as configured."""
    return replace(
        settings,
        type=candidate.type,
        model=settings.model or candidate.model,
        base_url=candidate.base_url,
        api_key=candidate.api_key,
        key_name=candidate.key_name,
    )


def _listed_first(settings: LlmSettings, discovery: Discovery) -> str:
    """The model discovery chose at the same Ollama server; empty when it found none there."""
    where = server_address(settings.base_url or PROVIDERS["ollama"].base_url)
    found = [one for one in discovery.candidates if one.type == "ollama" and one.base_url == where]
    return found[0].model if found else ""


def _network_model(settings: LlmSettings, connections: Connections) -> NetworkModel:
    provider = PROVIDERS[settings.type.strip().lower()]
    model = settings.model or (provider.default_model if not settings.base_url else "")
    if not model:
        listed = " `ollama list` shows what the server has." if provider.wire == "ollama" else ""
        raise ConfigError("no model is named", hint=f"Set `model`, as the provider spells it.{listed}")
    options: NetworkOptions = {
        "base_url": settings.base_url or provider.base_url,
        "connections": connections,
        "api_key": settings.api_key,
        "key_name": settings.key_name or (provider.key_name if not settings.base_url else ""),
        "context_window": settings.context_window or (0 if provider.wire == "ollama" else context_window_of(model)),
        "timeouts": Timeouts() if settings.timeout_s is None else Timeouts(first_byte_s=settings.timeout_s),
        "retry": RetryPolicy() if settings.max_retries is None else _policy(settings.max_retries),
    }
    temperature, max_tokens = settings.temperature, settings.max_tokens
    match provider.wire:
        case "responses":
            return ResponsesModel(model, temperature=temperature, max_tokens=max_tokens, **options)
        case "gemini":
            thinking = settings.thinking
            return GeminiModel(model, temperature=temperature, max_tokens=max_tokens, thinking=thinking, **options)
        case "ollama":
            keep_alive = settings.keep_alive
            return OllamaModel(model, temperature=temperature, max_tokens=max_tokens, keep_alive=keep_alive, **options)
        case "anthropic":
            thinking = settings.thinking
            return AnthropicModel(model, temperature=temperature, max_tokens=max_tokens, thinking=thinking, **options)
        case _:
            return OpenAIModel(model, temperature=temperature, max_tokens=max_tokens, **options)


def _policy(max_retries: int) -> RetryPolicy:
    return RetryPolicy(tries=1 + max(0, min(max_retries, _MOST_RETRIES)))
