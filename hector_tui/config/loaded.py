"""What the loader returns: the usable parts of a configuration, and for every other part the reason it is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import SecretStr

from hector_tui.config.fields import Block
from hector_tui.config.problems import ConfigProblem
from hector_tui.config.schema import BUILTIN_LLMS, AgentConfig
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

ConfigT_co = TypeVar("ConfigT_co", bound=Block, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition(Generic[ConfigT_co]):
    """One thing a configuration defines by id.

    Args:
        id: Its id.
        config: What it says; None when it has errors. A disabled one can still have it.
        file: The file it stands in.
        line: The line of its id, counted from 1; 0 when the file could not be read.
        problems: The problems in it, warnings too.
        reason: Why it cannot be used, in one line; empty when it can.
    """

    id: str
    config: ConfigT_co | None
    file: Path
    line: int
    problems: tuple[ConfigProblem, ...] = ()
    reason: str = ""

    @property
    def enabled(self) -> bool:
        """Whether it can be used."""
        return self.config is not None and not self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEntry(Definition[AgentConfig]):
    """One agent.

    Args:
        fingerprint: SHA-256, in hex, of what the configuration says about it apart from credentials. Order, comments
            and defaults written out do not change it. Empty when the agent has errors.
    """

    fingerprint: str = ""

    @property
    def name(self) -> str:
        """What people see: its name, else its id."""
        return (self.config.name if self.config is not None else "") or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmEntry(Definition[LlmConfig]):
    """One llm.

    Args:
        api_key: The key to use: from the file, else from the environment variable of the type; None without one.
        key_env: The environment variable the key comes from or is missing in; None when no variable is involved.
    """

    api_key: SecretStr | None = None
    key_env: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedConfig:
    """A configuration, as far as it can be used.

    Args:
        agents: By id, in the order of the files; broken ones are disabled and carry their reason.
        llms: Those the files define; `llm()` also knows the built-in ones.
        databases: By id.
        embedders: By id.
        tools: Those the files define; built-in tools need no definition.
        session_stores: By id.
        document_stores: By id.
        prices: By the name of a model.
        plugins: What the files say about plugins; none is loaded.
        global_: What holds for every agent.
        info: What the first file that says anything about itself says.
        problems: Every problem, those of the agents too, file by file and line by line.
        files: The files that were named or found, in order.
        env: The environment with the `.env` files behind it; the variables that were there to be used.
    """

    agents: Mapping[str, AgentEntry]
    llms: Mapping[str, LlmEntry]
    databases: Mapping[str, Definition[DatabaseConfig]]
    embedders: Mapping[str, Definition[EmbedderConfig]]
    tools: Mapping[str, Definition[ToolConfig]]
    session_stores: Mapping[str, Definition[SessionStoreConfig]]
    document_stores: Mapping[str, Definition[DocumentStoreConfig]]
    prices: Mapping[str, Definition[PriceConfig]]
    plugins: PluginsConfig
    global_: GlobalConfig
    info: FileInfo
    problems: tuple[ConfigProblem, ...]
    files: tuple[Path, ...]
    # Secrets stand in the environment, so it stays out of logs and tracebacks.
    env: Mapping[str, str] = field(repr=False)

    @property
    def errors(self) -> tuple[ConfigProblem, ...]:
        """The problems because of which something cannot be used."""
        return tuple(problem for problem in self.problems if problem.is_error)

    @property
    def warnings(self) -> tuple[ConfigProblem, ...]:
        """The problems that only deserve to be known."""
        return tuple(problem for problem in self.problems if not problem.is_error)

    @property
    def enabled_agents(self) -> tuple[AgentEntry, ...]:
        """The agents that can be used, in the order of the files."""
        return tuple(entry for entry in self.agents.values() if entry.enabled)

    def llm(self, identifier: str) -> LlmEntry | None:
        """The llm of that id: one the files define, else the built-in `auto` or `offline`, else None."""
        if identifier in self.llms:
            return self.llms[identifier]
        if identifier not in BUILTIN_LLMS:
            return None
        return LlmEntry(id=identifier, config=LlmConfig.model_validate({"type": identifier}), file=Path(), line=0)


def fingerprint(config: Block) -> str:
    """SHA-256, in hex, of a block without its defaults and with its credentials masked."""
    content = config.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
