"""The places a session can choose its model from: llms of the configuration, connected providers, servers, offline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hector_tui.agents.models import placed_entry, settings_of, wants_key
from hector_tui.config.loaded import LoadedConfig
from hector_tui.domain.models import ModelChoice, SourceView
from hector_tui.errors import ConfigError
from hector_tui.llm.addresses import shown_address
from hector_tui.llm.discovery import OFFLINE, Candidate, CandidateKind, CandidateState, Discovery
from hector_tui.llm.factory import LlmSettings
from hector_tui.llm.ollama_address import server_address
from hector_tui.llm.providers import PROVIDERS
from hector_tui.llm.secrets import Secret

OFFLINE_SOURCE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """A place models come from.

    Attributes:
        settings: How its models are asked; a choice replaces the name.
        needs_key: The variable its key is missing in; empty when none is.
    """

    view: SourceView
    settings: LlmSettings
    needs_key: str = ""

    @property
    def base_url(self) -> str:
        """Where it is; empty for the offline model."""
        if self.settings.base_url:
            return self.settings.base_url
        provider = PROVIDERS.get(self.settings.type)
        return provider.base_url if provider is not None else ""

    def settings_for(self, choice: ModelChoice) -> LlmSettings:
        """How a chosen model is asked."""
        if self.settings.type == "offline":
            return self.settings
        window = choice.context_window or self._own_window(choice.model)
        return replace(self.settings, model=choice.model, context_window=window)

    def _own_window(self, model: str) -> int:
        """The window a file states is that of the model it names, and of no other."""
        return self.settings.context_window if model == self.settings.model else 0


def sources_of(config: LoadedConfig, discovery: Discovery) -> dict[str, ModelSource]:
    """Every source by its id, those of the files first.

    What discovery found again, at the same place with the same key, is left out.
    """
    found: dict[str, ModelSource] = {}
    places: set[tuple[str, str, Secret]] = set()
    for source in (*_configured(config), *map(_discovered, _usable(discovery))):
        place = (source.settings.type, source.base_url.rstrip("/"), source.settings.api_key)
        if source.view.source_id in found or (place in places and source.settings.type != "offline"):
            continue
        found[source.view.source_id] = source
        if not source.view.problem:
            places.add(place)
    return found


def _configured(config: LoadedConfig) -> Iterator[ModelSource]:
    for name, entry in config.llms.items():
        placed = placed_entry(entry, config.env)
        if placed.config is None or "/" in name or placed.config.type in ("auto", "offline"):
            continue
        needs = wants_key(placed, placed.config)
        key_name = (placed.key_env or PROVIDERS[placed.config.type].key_name) if needs else ""
        settings = settings_of(placed, placed.config)
        yield ModelSource(
            view=SourceView(
                source_id=name,
                label=name,
                detail=f"{PROVIDERS[settings.type].label}, configured in {entry.file.name}",
                problem=f"needs {key_name}" if key_name else "",
            ),
            settings=settings,
            needs_key=key_name,
        )


def _usable(discovery: Discovery) -> Iterator[Candidate]:
    for candidate in discovery.candidates:
        if candidate.state is CandidateState.READY:
            yield candidate


def _discovered(candidate: Candidate) -> ModelSource:
    if candidate.kind is CandidateKind.OFFLINE:
        view = SourceView(source_id=OFFLINE_SOURCE, label="Offline", detail=OFFLINE.detail)
        return ModelSource(view=view, settings=LlmSettings(type="offline", model=OFFLINE.model))
    if candidate.kind is CandidateKind.KEY:
        source_id, where = candidate.type, candidate.detail
    else:
        source_id = candidate.connection or re.sub(r"[^a-z0-9.]+", "-", candidate.label.lower())
        where = shown_address(candidate.base_url)
    return ModelSource(
        view=SourceView(source_id=source_id, label=candidate.label, detail=where),
        settings=LlmSettings(
            type=candidate.type,
            model=candidate.model,
            base_url=candidate.base_url,
            api_key=candidate.api_key,
            key_name=candidate.key_name,
        ),
    )


def place_of(source: ModelSource) -> str:
    """The address a source's models are listed at.

    Raises:
        ConfigError: It has none.
    """
    if not source.base_url:
        raise ConfigError(f"{source.view.label} has no address")
    return server_address(source.base_url) if source.settings.type == "ollama" else source.base_url
