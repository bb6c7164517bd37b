"""From merged nodes to definitions: what can be used, and for everything else the reason it cannot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from hector_tui.config.checks import AGENT_ID, uses_of
from hector_tui.config.environment import API_KEY, unset_variable
from hector_tui.config.fields import Block
from hector_tui.config.loaded import AgentEntry, Definition, LlmEntry, LoadedConfig, fingerprint
from hector_tui.config.merging import Merged
from hector_tui.config.nodes import MapNode, Node, ScalarNode
from hector_tui.config.problems import ConfigProblem, KeyPath, ProblemLog
from hector_tui.config.schema import AgentConfig
from hector_tui.config.schema_services import (
    DatabaseConfig,
    DocumentStoreConfig,
    EmbedderConfig,
    FileInfo,
    GlobalConfig,
    LlmConfig,
    PluginsConfig,
    PriceConfig,
    SessionStoreConfig,
    ToolConfig,
)
from hector_tui.config.support import warn_unsupported
from hector_tui.config.validation import read_block

BlockT = TypeVar("BlockT", bound=Block)
Services = Mapping[str, Mapping[str, Definition[Block]]]

A2A_REASON = "a2a agents are not supported yet"
"""Why an agent of type `a2a` is disabled."""

_NOT_IN_AGENT_ID = re.compile(r"[^A-Za-z0-9_.-]")
_LONGEST_AGENT_ID = 64

# The environment variable of a type, and the one host its key may go to without being named in the file: a key must
# not reach a server only because that server speaks the same wire format.
_VENDORS = {
    "openai": ("OPENAI_API_KEY", "api.openai.com"),
    "openai-responses": ("OPENAI_API_KEY", "api.openai.com"),
    "openrouter": ("OPENROUTER_API_KEY", "openrouter.ai"),
    "groq": ("GROQ_API_KEY", "api.groq.com"),
    "mistral": ("MISTRAL_API_KEY", "api.mistral.ai"),
    "deepseek": ("DEEPSEEK_API_KEY", "api.deepseek.com"),
    "anthropic": ("ANTHROPIC_API_KEY", "api.anthropic.com"),
    "gemini": ("GEMINI_API_KEY", "generativelanguage.googleapis.com"),
}
_OTHER_VARIABLES = {"GEMINI_API_KEY": "GOOGLE_API_KEY"}
"""Looked at when the usual variable holds nothing."""


def assemble(
    merged: Merged, files: tuple[Path, ...], unread: Sequence[Path], env: Mapping[str, str], log: ProblemLog
) -> LoadedConfig:
    """Read every definition and put the result together.

    Args:
        merged: What the files say.
        files: All files, in order.
        unread: Those of a folder that could not be read; each becomes one disabled agent.
        env: The environment, `.env` files included.
        log: Has the problems found so far, and gets the others.
    """
    blocks = merged.blocks
    infos = [_read_settings(FileInfo, info, (), log) for info in merged.infos]
    for name in ("global", "plugins"):
        for entry in blocks[name].entries.values():
            warn_unsupported(entry, (name, entry.key), log)
    global_ = _read_settings(GlobalConfig, blocks["global"], ("global",), log)
    plugins = _read_settings(PluginsConfig, blocks["plugins"], ("plugins",), log)

    llms = {entry.id: _with_key(entry, blocks["llms"], env) for entry in _read("llms", LlmConfig, blocks, log)}
    databases = _by_id(_read("databases", DatabaseConfig, blocks, log))
    embedders = _by_id(_read("embedders", EmbedderConfig, blocks, log))
    session_stores = _by_id(_read("session_stores", SessionStoreConfig, blocks, log))
    document_stores = _by_id(_read("document_stores", DocumentStoreConfig, blocks, log))
    services: dict[str, Mapping[str, Definition[Block]]] = {
        "llms": llms,
        "databases": databases,
        "embedders": embedders,
        "session_stores": session_stores,
        "document_stores": document_stores,
    }
    tools = _by_id(_blamed(entry, "tools", blocks, services) for entry in _read("tools", ToolConfig, blocks, log))
    services["tools"] = tools
    agents = [_agent(entry, blocks, services) for entry in _read("agents", AgentConfig, blocks, log)]
    return LoadedConfig(
        agents=_agents_by_id([*agents, *(_unread_agent(file, log) for file in unread)]),
        llms=MappingProxyType(llms),
        databases=databases,
        embedders=embedders,
        tools=tools,
        session_stores=session_stores,
        document_stores=document_stores,
        prices=_by_id(_read("prices", PriceConfig, blocks, log)),
        plugins=plugins,
        global_=global_,
        info=infos[0] if infos else FileInfo(),
        problems=log.all(),
        files=files,
        env=env,
    )


def _read(name: str, block: type[BlockT], blocks: Mapping[str, MapNode], log: ProblemLog) -> list[Definition[BlockT]]:
    """Read every definition of one block."""
    definitions = []
    for identifier, entry in blocks[name].entries.items():
        path = (name, identifier)
        config = read_block(block, entry.value, path, log)
        if _is_a2a(entry.value) and name == "agents":
            # One line instead of one for each key that describes the agent elsewhere.
            log.warning(entry.mark, path, A2A_REASON)
        else:
            warn_unsupported(entry, path, log)
        problems = log.of(name, identifier)
        mark = entry.mark
        definitions.append(
            Definition(
                id=identifier,
                config=config,
                file=mark.file,
                line=mark.line,
                problems=problems,
                reason=_reason_of(problems),
            )
        )
    return definitions


def _read_settings(block: type[BlockT], node: MapNode, path: KeyPath, log: ProblemLog) -> BlockT:
    """Read a block key by key, so that an error in one key costs the others nothing."""
    alone = {key: replace(node, entries=MappingProxyType({key: entry})) for key, entry in node.entries.items()}
    good = {key: node.entries[key] for key, part in alone.items() if read_block(block, part, path, log) is not None}
    settings = read_block(block, replace(node, entries=MappingProxyType(good)), path, log)
    return settings if settings is not None else block()


def _reason_of(problems: Iterable[ConfigProblem]) -> str:
    """The first error in one line, with its file and line, and how many more there are."""
    errors = [problem for problem in problems if problem.is_error]
    if not errors:
        return ""
    first = errors[0]
    place = f"{first.file.name}:{first.line}" if first.line else first.file.name
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{place}: {first.text}{more}"


def _by_id(definitions: Iterable[Definition[BlockT]]) -> Mapping[str, Definition[BlockT]]:
    return MappingProxyType({definition.id: definition for definition in definitions})


def _blamed(
    entry: Definition[BlockT], name: str, blocks: Mapping[str, MapNode], services: Services
) -> Definition[BlockT]:
    """The definition, disabled when something it uses is broken."""
    reason = entry.reason or _broken_use(name, entry.id, blocks[name].entries[entry.id].value, services)
    return replace(entry, reason=reason)


def _broken_use(name: str, identifier: str, node: Node, services: Services) -> str:
    for use in uses_of(name, identifier, node):
        used = services[use.reference.target].get(use.identifier)
        if used is not None and not used.enabled:
            return f"its {use.reference.word} {use.identifier!r} cannot be used: {used.reason}"
    return ""


def _agent(entry: Definition[AgentConfig], blocks: Mapping[str, MapNode], services: Services) -> AgentEntry:
    node = blocks["agents"].entries[entry.id].value
    reason = entry.reason or (A2A_REASON if _is_a2a(node) else _broken_use("agents", entry.id, node, services))
    return AgentEntry(
        id=entry.id if AGENT_ID.fullmatch(entry.id) else _agent_id(entry.id),
        config=entry.config,
        file=entry.file,
        line=entry.line,
        problems=entry.problems,
        reason=reason,
        fingerprint=fingerprint(entry.config) if entry.config is not None else "",
    )


def _is_a2a(node: Node) -> bool:
    kind = node.get("type") if isinstance(node, MapNode) else None
    return kind is not None and isinstance(kind.value, ScalarNode) and kind.value.text == "a2a"


def _unread_agent(file: Path, log: ProblemLog) -> AgentEntry:
    """What stands for a file of a folder that could not be read, so that the agent is missed where it is looked for."""
    problems = tuple(problem for problem in log.all() if problem.file == file)
    line = problems[0].line if problems else 0
    reason = _reason_of(problems)
    return AgentEntry(id=_agent_id(file.stem), config=None, file=file, line=line, problems=problems, reason=reason)


def _agent_id(text: str) -> str:
    """An id that can be shown for an agent whose own cannot; it is disabled, so nothing is ever stored under it."""
    return _NOT_IN_AGENT_ID.sub("_", text)[:_LONGEST_AGENT_ID] or "_"


def _agents_by_id(entries: Iterable[AgentEntry]) -> Mapping[str, AgentEntry]:
    """The agents by id; one that only stands in for a broken one never takes the place of another."""
    agents: dict[str, AgentEntry] = {}
    for entry in entries:
        agents.setdefault(entry.id, entry)
    return MappingProxyType(agents)


def _with_key(entry: Definition[LlmConfig], llms: MapNode, env: Mapping[str, str]) -> LlmEntry:
    """An llm with its key: the one in the file, else that of the environment where it may be used."""
    node = llms.entries[entry.id].value
    written = node.get(API_KEY) if isinstance(node, MapNode) else None
    config = entry.config
    key = _usable(config.api_key.get_secret_value()) if config is not None and config.api_key is not None else None
    key_env = unset_variable(written.value, env) if written and isinstance(written.value, ScalarNode) else None
    if config is not None and key is None and key_env is None:
        key_env = _vendor_variable(config, env)
        key = _usable(env.get(key_env, "")) if key_env else None
    return LlmEntry(
        id=entry.id,
        config=config,
        file=entry.file,
        line=entry.line,
        problems=entry.problems,
        reason=entry.reason,
        api_key=key,
        key_env=key_env,
    )


def _usable(key: str) -> SecretStr | None:
    """The key without white space around it, which comes from copying and cannot stand in a header."""
    return SecretStr(key.strip()) if key.strip() else None


def _vendor_variable(config: LlmConfig, env: Mapping[str, str]) -> str | None:
    """The variable the vendor's key is in, or is missing in; None where no vendor's key may be sent."""
    variable, vendor = _VENDORS.get(config.type, (None, ""))
    try:
        host = urlsplit(config.host).hostname if config.host else vendor
    except ValueError:
        return None
    if variable is None or host != vendor:
        return None
    other = _OTHER_VARIABLES.get(variable, "")
    return other if not _usable(env.get(variable, "")) and _usable(env.get(other, "")) else variable
