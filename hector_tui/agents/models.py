"""The models of a configuration: each llm is built once, and agents that name the same one share it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import SecretStr

from hector_tui.agents.form import output_of
from hector_tui.agents.registry import Readiness
from hector_tui.config.loaded import LlmEntry, LoadedConfig
from hector_tui.config.schema_services import LlmConfig
from hector_tui.errors import ConfigError
from hector_tui.llm.addresses import shown_address
from hector_tui.llm.base import Model, StructuredOutput
from hector_tui.llm.connections import Connections
from hector_tui.llm.discovery import Discovery, listens
from hector_tui.llm.factory import LlmSettings, build_model
from hector_tui.llm.keyless import KeylessModel
from hector_tui.llm.keystore import Connection
from hector_tui.llm.ollama_address import environment_address, server_address
from hector_tui.llm.providers import PROVIDERS
from hector_tui.llm.secrets import Secret

T = TypeVar("T")
Scripted = Callable[[LlmSettings], Model | None]
"""Stands in for the model of some settings, in benchmarks and tests; None where the settings are to be followed."""
_PROBE_S = 0.5
"""Seconds a server on this machine gets to accept a connection before a card says that it was not found."""
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltModel:
    """A model, the parameters of its requests, and what a card says about it.

    Attributes:
        model: None when the configuration names none that can be built; `detail` says why.
        output: The form its answers have where an agent asks for none.
        base_url: Where it is reached; empty for one that needs no network.
    """

    model: Model | None
    temperature: float | None = None
    max_tokens: int | None = None
    output: StructuredOutput | None = None
    readiness: Readiness = "ready"
    detail: str = ""
    base_url: str = ""


class ModelShelf:
    """Every model the agents of a configuration name. Make one with `ModelShelf.build`."""

    def __init__(self, built: dict[str, BuiltModel]) -> None:
        self._built = built

    @classmethod
    async def build(
        cls,
        config: LoadedConfig,
        discovery: Discovery,
        handbook: Path,
        scripted: Scripted | None = None,
        connections: Connections | None = None,
    ) -> ModelShelf:
        """Build the models of all usable agents, and look whether servers on this machine are there.

        Args:
            config: What names them, with every key.
            discovery: What `auto` takes its model from.
            handbook: Folder of the handbook, for the offline model.
            scripted: Stands in for models.
            connections: Shared with other shelves, so that what a new one replaces keeps its connections meanwhile.
        """
        connections = connections or Connections()
        wanted = {file.config.llm for file in config.enabled_agents if file.config is not None}
        entries = {name: entry for name in sorted(wanted) if (entry := config.llm(name)) is not None}
        placed = {name: placed_entry(entry, config.env) for name, entry in entries.items()}
        built = {name: _build(entry, connections, discovery, handbook, scripted) for name, entry in placed.items()}
        found = await asyncio.gather(*(_looked_for(model) for model in built.values()))
        return cls(dict(zip(built, found, strict=True)))

    def get(self, llm_id: str) -> BuiltModel:
        """The model behind an id that an enabled agent names."""
        return self._built[llm_id]

    def models(self) -> Iterable[Model]:
        """Every model that was built."""
        return (built.model for built in self._built.values() if built.model is not None)

    @property
    def missing(self) -> tuple[str, ...]:
        """The servers that models need and that were not found."""
        found = {built.detail for built in self._built.values() if built.readiness == "no_server"}
        return tuple(sorted(found))

    async def has_changed(self) -> bool:
        """Whether a server on this machine came or went since the shelf was built."""
        now = await asyncio.gather(*(_looked_for(replace(one, readiness="ready")) for one in self._local()))
        return [one.readiness for one in now] != [one.readiness for one in self._local()]

    def _local(self) -> list[BuiltModel]:
        """Models that a key does not decide about."""
        return [built for built in self._built.values() if built.readiness in ("ready", "no_server")]

    async def prepare(self) -> None:
        """Load what the first requests will need, so that the first Enter is as quick as the second."""
        for model in self.models():
            await model.prepare()

    async def aclose(self) -> None:
        """Release the connections of every model."""
        for model in self.models():
            await model.aclose()


def placed_entry(entry: LlmEntry, env: Mapping[str, str]) -> LlmEntry:
    """The same llm with the whole address of its Ollama server, which the environment may name instead of the file."""
    if entry.config is None or entry.config.type != "ollama":
        return entry
    try:
        host = server_address(entry.config.host) if entry.config.host else environment_address(env)
    except ConfigError as error:
        return replace(entry, config=None, reason=str(error))
    return replace(entry, config=entry.config.model_copy(update={"host": host}))


def _build(
    entry: LlmEntry, connections: Connections, discovery: Discovery, handbook: Path, scripted: Scripted | None
) -> BuiltModel:
    config = entry.config
    if config is None:
        return BuiltModel(model=None, readiness="disabled", detail=entry.reason)
    settings = settings_of(entry, config)
    if scripted is not None and (stand_in := scripted(settings)) is not None:
        return BuiltModel(model=stand_in)
    try:
        model = build_model(settings, connections=connections, handbook=handbook, discovery=discovery)
    except ConfigError as error:
        return BuiltModel(model=None, readiness="disabled", detail=str(error))
    provider = PROVIDERS.get(config.type)
    built = BuiltModel(
        model=model,
        temperature=_written(config, "temperature", config.temperature),
        max_tokens=_written(config, "max_tokens", config.max_tokens),
        output=output_of(config.structured_output),
        base_url=_reached_at(config, discovery),
    )
    if wants_key(entry, config) and provider is not None:
        key_name = entry.key_env or provider.key_name
        keyless = KeylessModel(model.label, model.context_window, key_name)
        return replace(built, model=keyless, readiness="needs_key", detail=key_name)
    return built


def _reached_at(config: LlmConfig, discovery: Discovery) -> str:
    """The address of a model; empty for one that needs no network."""
    if config.type == "auto":
        return discovery.best.base_url
    provider = PROVIDERS.get(config.type)
    return config.host or (provider.base_url if provider is not None else "")


def wants_key(entry: LlmEntry, config: LlmConfig) -> bool:
    """Whether an llm cannot be used for want of a key."""
    provider = PROVIDERS.get(config.type)
    return provider is not None and bool(provider.key_name) and not config.host and entry.api_key is None


def with_stored_keys(config: LoadedConfig, connected: Sequence[Connection]) -> LoadedConfig:
    """The configuration with the key store's keys where neither the files nor the environment have one.

    A key goes only to what names its vendor, or asks for the vendor's variable in so many words.
    """
    keys = {
        name: SecretStr(one.key.reveal())
        for one in connected
        if not one.base_url and one.key
        for name in PROVIDERS[one.type].key_names
    }
    llms = {
        name: replace(entry, api_key=keys[entry.key_env])
        if entry.api_key is None and entry.key_env is not None and entry.key_env in keys
        else entry
        for name, entry in config.llms.items()
    }
    return replace(config, llms=MappingProxyType(llms))


def settings_of(entry: LlmEntry, config: LlmConfig) -> LlmSettings:
    """What the factory is told of an llm."""
    key = entry.api_key.get_secret_value() if entry.api_key is not None else ""
    return LlmSettings(
        type=config.type,
        model=config.model,
        base_url=config.host,
        api_key=Secret(key),
        key_name=entry.key_env or "",
        timeout_s=_written(config, "timeout", config.timeout),
        max_retries=_written(config, "max_retries", config.max_retries),
        context_window=config.context_window or 0,
        keep_alive=config.keep_alive,
        thinking=config.thinking,
    )


def _written(config: LlmConfig, name: str, value: T) -> T | None:
    """A value the file sets. Hector's defaults suit the models of 2025; what is not written is left to the provider."""
    return value if name in config.model_fields_set else None


async def _looked_for(built: BuiltModel) -> BuiltModel:
    """The same, marked `no_server` when it should run on this machine and nothing listens there."""
    if not built.base_url or built.model is None:
        return built
    where = shown_address(built.base_url)
    if not where.split("://", 1)[-1].startswith(_LOCAL) or await listens(built.base_url, _PROBE_S):
        return built
    return replace(built, readiness="no_server", detail=where)
