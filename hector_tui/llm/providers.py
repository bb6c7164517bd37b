"""What is known beforehand about providers and models: addresses, formats, key variables, context windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Wire = Literal["chat", "responses", "anthropic", "gemini", "ollama"]
"""The formats a provider can be spoken to in; `chat` is chat completions, which most servers imitate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider.

    Attributes:
        wire: The format it is spoken to in.
        key_name: The environment variable its key is usually in.
        other_key_name: Another one, looked at when the first holds nothing.
        default_model: Taken when none is named; one the provider keeps up under that name.
        is_discovered: Whether a key in the environment is enough to use it without any configuration.
    """

    label: str
    base_url: str
    key_name: str
    other_key_name: str = ""
    wire: Wire = "chat"
    default_model: str = ""
    is_discovered: bool = True

    @property
    def key_names(self) -> tuple[str, ...]:
        """The environment variables its key may be in, the usual one first."""
        return tuple(filter(None, (self.key_name, self.other_key_name)))

    @property
    def model_name(self) -> str:
        """The environment variable that names a model: `OPENAI_MODEL` beside `OPENAI_API_KEY`."""
        return self.key_name.replace("_API_KEY", "_MODEL")


PROVIDERS: dict[str, Provider] = {
    "openai": Provider(
        label="OpenAI", base_url="https://api.openai.com/v1", key_name="OPENAI_API_KEY", default_model="gpt-6-luna"
    ),
    "openai-responses": Provider(
        label="OpenAI Responses",
        base_url="https://api.openai.com/v1",
        key_name="OPENAI_API_KEY",
        wire="responses",
        default_model="gpt-6-luna",
        is_discovered=False,
    ),
    "openrouter": Provider(
        label="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        key_name="OPENROUTER_API_KEY",
        default_model="openrouter/auto",
    ),
    "groq": Provider(
        label="Groq",
        base_url="https://api.groq.com/openai/v1",
        key_name="GROQ_API_KEY",
        default_model="openai/gpt-oss-120b",
    ),
    "mistral": Provider(
        label="Mistral",
        base_url="https://api.mistral.ai/v1",
        key_name="MISTRAL_API_KEY",
        default_model="mistral-small-latest",
    ),
    "deepseek": Provider(
        label="DeepSeek",
        base_url="https://api.deepseek.com/v1",
        key_name="DEEPSEEK_API_KEY",
        default_model="deepseek-v4-flash",
    ),
    # From version 4.6 on a name without a date is the model's own and stays (platform.claude.com, model ids).
    "anthropic": Provider(
        label="Anthropic",
        base_url="https://api.anthropic.com",
        key_name="ANTHROPIC_API_KEY",
        wire="anthropic",
        default_model="claude-sonnet-5-5",
    ),
    # `latest` names are the only ones Google keeps up: a numbered model is shut down about a year after its release.
    "gemini": Provider(
        label="Gemini",
        base_url="https://generativelanguage.googleapis.com",
        key_name="GEMINI_API_KEY",
        other_key_name="GOOGLE_API_KEY",
        wire="gemini",
        default_model="gemini-flash-latest",
    ),
    "ollama": Provider(
        label="Ollama", base_url="http://localhost:11434", key_name="", wire="ollama", is_discovered=False
    ),
}
"""By the `type` a configuration names; the order is the order of discovery."""

_CONTEXT_WINDOWS = {
    "claude-": 200_000,
    "claude-fable-": 1_000_000,
    "claude-mythos-": 1_000_000,
    "claude-opus-4-6": 1_000_000,
    "claude-opus-4-7": 1_000_000,
    "claude-opus-4-8": 1_000_000,
    "claude-opus-5": 1_000_000,
    "claude-sonnet-4-6": 1_000_000,
    "claude-sonnet-5": 1_000_000,
    "codestral-": 256_000,
    "deepseek-": 128_000,
    "deepseek-v4": 1_000_000,
    "gemini-": 1_048_576,
    "gemini-1.5-pro": 2_097_152,
    "gpt-3.5-turbo": 16_385,
    "gpt-4": 8_192,
    "gpt-4-turbo": 128_000,
    "gpt-4.1": 1_047_576,
    "gpt-4o": 128_000,
    "gpt-5": 400_000,
    "gpt-6": 1_050_000,
    "gpt-oss": 131_072,
    "llama-3.1-": 131_072,
    "llama-3.3-": 131_072,
    "mistral-large": 128_000,
    "mistral-medium": 128_000,
    "mistral-small": 128_000,
    "o1": 200_000,
    "o3": 200_000,
    "o4-mini": 200_000,
}
"""Tokens by the beginning of a model's name, from the providers' own pages. Local servers cut every model to what their
settings say, so names as they use them (`qwen3:8b`) are not here: unknown is better than wrong."""


def context_window_of(model: str) -> int:
    """Tokens a well-known model holds, by the longest known beginning of its name; 0 when unknown.

    A vendor before the name, as OpenRouter writes it (`openai/gpt-4o`), is ignored.
    """
    name = model.rpartition("/")[2].lower()
    known = [prefix for prefix in _CONTEXT_WINDOWS if name.startswith(prefix)]
    return _CONTEXT_WINDOWS[max(known, key=len)] if known else 0


_TEXT_ONLY = (
    "codestral",
    "deepseek-",
    "gpt-3.5",
    "gpt-oss",
    "llama-3.1-",
    "llama-3.3-",
    "o1-mini",
    "o1-preview",
    "o3-mini",
)


def takes_images(model: str) -> bool:
    """Whether a model may take images; False only for well-known ones that take text alone."""
    return not model.rpartition("/")[2].lower().startswith(_TEXT_ONLY)
