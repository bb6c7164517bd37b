"""From a loaded configuration to the registry: every Agent is built here, once."""

from __future__ import annotations

from collections.abc import Mapping

from hector_tui.agents.agent import Agent
from hector_tui.agents.form import output_of
from hector_tui.agents.limits import RunLimits
from hector_tui.agents.models import ModelShelf
from hector_tui.agents.prompt import PromptTemplate
from hector_tui.agents.registry import AgentEntry, AgentRegistry
from hector_tui.agents.services import AgentServices
from hector_tui.config.loaded import AgentEntry as AgentFile
from hector_tui.config.loaded import LoadedConfig
from hector_tui.config.schema import AgentConfig, LimitsConfig, MemoryConfig
from hector_tui.domain.memories import RecallScope
from hector_tui.domain.prices import Price, PriceTable
from hector_tui.memory.embedders import HashingEmbedder
from hector_tui.memory.opening import ServerOpener, StoreOpener
from hector_tui.memory.settings import LongTermSettings, MemorySettings
from hector_tui.paths import Profile
from hector_tui.tools.base import Tool, ToolSet
from hector_tui.tools.builtin import builtin_tools, why_unavailable


def build_registry(config: LoadedConfig, services: AgentServices, models: ModelShelf) -> AgentRegistry:
    """Every agent of a configuration; those that cannot be used are entries with their reason."""
    tools = builtin_tools(services.memory)
    return AgentRegistry(_entry(file, config, services, models, tools) for file in config.agents.values())


def memory_settings(config: LoadedConfig) -> Mapping[str, MemorySettings]:
    """What every usable agent of a configuration remembers, by agent id."""
    return {
        file.id: _memory_settings(file.config.memory)
        for file in config.agents.values()
        if file.enabled and file.config is not None
    }


def price_table(config: LoadedConfig) -> PriceTable:
    """What a configuration says that models cost."""
    return PriceTable(
        {
            entry.id: Price(input=entry.config.input, output=entry.config.output, cached=entry.config.cached)
            for entry in config.prices.values()
            if entry.config is not None
        }
    )


def vector_database(config: LoadedConfig, profile: Profile) -> StoreOpener | None:
    """The Qdrant server an agent's `database` names; None for the embedded store.

    A profile has one index of its memories, so the first agent that names a database decides for all.
    """
    for file in config.enabled_agents:
        if file.config is None or not file.config.database or file.config.memory.long_term is None:
            continue
        database = config.databases[file.config.database].config
        if database is None:
            continue
        scheme = "https" if database.use_tls else "http"
        return ServerOpener(
            profile.root / "vectors-server.json",
            HashingEmbedder(),
            url=f"{scheme}://{database.host}:{database.port}",
            api_key=database.api_key.get_secret_value() if database.api_key else "",
            collection=file.config.memory.long_term.collection,
        )
    return None


def _entry(
    file: AgentFile,
    config: LoadedConfig,
    services: AgentServices,
    models: ModelShelf,
    tools: Mapping[str, Tool],
) -> AgentEntry:
    settings = file.config
    if not file.enabled or settings is None:
        return AgentEntry(agent_id=file.id, agent=None, readiness="disabled", detail=file.reason)
    names = tuple(tools) if settings.tools is None else _builtin_names(settings.tools, config)
    missing = [why_unavailable(name, tools) for name in names if name not in tools]
    built = models.get(settings.llm)
    if built.model is None:
        return AgentEntry(agent_id=file.id, agent=None, readiness="disabled", detail=built.detail)
    agent = Agent(
        agent_id=file.id,
        name=file.name,
        description=settings.description,
        version=file.fingerprint,
        prompt=_prompt(settings),
        model=built.model,
        tools=ToolSet((tools[name] for name in names if name in tools), _asked_about(settings.tools or (), config)),
        memory=_memory_settings(settings.memory),
        services=services,
        max_iterations=settings.reasoning.max_iterations,
        limits=_limits(settings.limits, config),
        temperature=built.temperature,
        max_tokens=built.max_tokens,
        output=output_of(settings.structured_output) or built.output,
        worker_pool=settings.task.worker_pool,
        queue_policy=settings.queue_policy,
        starters=settings.starters,
    )
    detail = "; ".join(filter(None, (built.detail, *missing)))
    return AgentEntry(agent_id=file.id, agent=agent, readiness=built.readiness, detail=detail)


def _builtin_names(ids: tuple[str, ...], config: LoadedConfig) -> tuple[str, ...]:
    """The built-in tools behind tool ids, without those that `tools.<id>.enabled: false` turns off."""
    names = []
    for tool_id in ids:
        definition = config.tools.get(tool_id)
        if definition is None or definition.config is None:
            names.append(tool_id)
        elif definition.config.enabled:
            names.append(definition.config.builtin(tool_id) or tool_id)
    return tuple(dict.fromkeys(names))


def _asked_about(ids: tuple[str, ...], config: LoadedConfig) -> set[str]:
    """The built-in tools among these ids that a person wants to be asked about."""
    found = set()
    for tool_id in ids:
        definition = config.tools.get(tool_id)
        if definition is not None and definition.config is not None and definition.config.require_approval:
            found.add(definition.config.builtin(tool_id) or tool_id)
    return found


def _limits(limits: LimitsConfig, config: LoadedConfig) -> RunLimits:
    """An agent's limits; where its file does not set the time of a run, Hector's key for all agents does."""
    seconds = limits.max_seconds
    performance = config.global_.performance
    if "max_seconds" not in limits.model_fields_set and "timeout" in performance.model_fields_set:
        seconds = performance.timeout
    return RunLimits(
        max_output_bytes=limits.max_output_bytes,
        max_events=limits.max_events,
        max_seconds=seconds,
        max_tool_calls=limits.max_tool_calls,
        max_turns=limits.max_turns,
    )


def _prompt(settings: AgentConfig) -> PromptTemplate:
    prompt = settings.prompt
    return PromptTemplate.from_slots(
        prompt.prompt_slots.model_dump(), override=prompt.system_prompt, instructions=prompt.instructions
    )


def _memory_settings(memory: MemoryConfig) -> MemorySettings:
    long_term = memory.long_term
    return MemorySettings(
        strategy=memory.strategy,
        window_size=memory.window_size,
        budget=memory.budget,
        long_term=None
        if long_term is None
        else LongTermSettings(
            storage_scope=long_term.storage_scope,
            batch_size=long_term.batch_size,
            auto_recall=long_term.auto_recall,
            recall_limit=long_term.recall_limit,
            recall_scope=RecallScope(long_term.recall_scope),
            recall_threshold=long_term.recall_threshold,
            collection=long_term.collection,
        ),
    )
