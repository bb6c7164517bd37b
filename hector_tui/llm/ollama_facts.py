"""What an Ollama server says about its models: which there are, what one can do, how much one holds.

Formats: https://docs.ollama.com/api, the endpoints `tags`, `show` and `ps`. Every answer is read with suspicion - older
servers leave fields out, others imitate a few - and what is not there is unknown, never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hector_tui.llm.reading import count_of

_NUM_CTX = re.compile(r"^\s*num_ctx\s+(\d{1,12})\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is known of one model; nothing, until the server was asked.

    Attributes:
        capabilities: Such as `completion`, `tools`, `thinking`, `vision`; None when unknown.
        trained_window: Tokens the model was made for; 0 when unknown.
        set_window: Tokens its Modelfile sets; 0 when it sets none.
        is_remote: Whether it runs in Ollama's cloud, where it has its whole window.
    """

    capabilities: frozenset[str] | None = None
    trained_window: int = 0
    set_window: int = 0
    is_remote: bool = False

    def may(self, capability: str) -> bool:
        """Whether the model can do something, or nobody knows that it cannot."""
        return self.capabilities is None or capability in self.capabilities

    def does(self, capability: str) -> bool:
        """Whether the model is known to do something."""
        return self.capabilities is not None and capability in self.capabilities


def shown_facts(shown: Any) -> ModelFacts:
    """The facts of an answer of `/api/show`."""
    if not isinstance(shown, dict):
        return ModelFacts()
    listed = shown.get("capabilities")
    capabilities = frozenset(str(name) for name in listed) if isinstance(listed, list) else None
    written = shown.get("parameters")
    set_window = _NUM_CTX.search(written) if isinstance(written, str) else None
    return ModelFacts(
        capabilities=capabilities,
        trained_window=_trained_window(shown.get("model_info")),
        set_window=int(set_window[1]) if set_window is not None else 0,
        is_remote=bool(shown.get("remote_host") or shown.get("remote_model")),
    )


def loaded_window(running: Any, model: str) -> int:
    """Tokens the loaded model really holds, from an answer of `/api/ps`; 0 when it is not loaded or not said."""
    for entry in _models(running):
        if _same(str(entry.get("model") or entry.get("name") or ""), model):
            return count_of(entry, "context_length")
    return 0


def listed_models(listed: Any) -> list[str]:
    """The models of an answer of `/api/tags` that can be talked to, as the server orders them: the newest first."""
    return [name for entry in _models(listed) if (name := _name(entry)) and not _is_embedder(name, entry)]


def _models(listed: Any) -> list[dict[str, Any]]:
    entries = listed.get("models") if isinstance(listed, dict) else None
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _name(entry: dict[str, Any]) -> str:
    name = entry.get("name") or entry.get("model")
    return name if isinstance(name, str) else ""


def _is_embedder(name: str, entry: dict[str, Any]) -> bool:
    """Whether a model only makes vectors: by what the server says of it, else by its name and family."""
    capabilities = entry.get("capabilities")
    if isinstance(capabilities, list) and capabilities:
        return "completion" not in capabilities
    details = entry.get("details")
    family = str(details.get("family") or "") if isinstance(details, dict) else ""
    return "embed" in name.lower() or family.endswith("bert")


def _trained_window(info: Any) -> int:
    """The context length of a model's architecture: `qwen3.context_length` where the architecture is `qwen3`."""
    if not isinstance(info, dict):
        return 0
    named = count_of(info, f"{info.get('general.architecture')}.context_length")
    return named or next((count_of(info, key) for key in info if str(key).endswith(".context_length")), 0)


def _same(one: str, other: str) -> bool:
    """Whether two names are of one model; a name without a tag means `latest`."""
    return _tagged(one) == _tagged(other)


def _tagged(name: str) -> str:
    return (name if ":" in name.rpartition("/")[2] else f"{name}:latest").lower()
