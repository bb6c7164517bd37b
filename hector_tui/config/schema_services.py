"""The blocks beside agents: `global`, `llms`, `databases`, `embedders`, `session_stores`, `tools` and the others.

Field names are the YAML keys of Hector v1, and so are the defaults where nothing else is said. Times are seconds.
Which keys hector-tui acts on stands in `support.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hector_tui.config.fields import (
    AS_TEXT,
    Block,
    Count,
    CountOrZero,
    Flag,
    FreeMap,
    FrozenMap,
    Number,
    Port,
    Seconds,
    Secret,
    Text,
    Texts,
    Written,
    empty_map,
)

LlmType = Literal[
    "openai",
    "openai-responses",
    "anthropic",
    "gemini",
    "ollama",
    "openrouter",
    "groq",
    "mistral",
    "deepseek",
    "offline",
    "auto",
]
"""Hector v1 has the first, `anthropic` and `gemini`, and took `ollama` later; the others are ours. `openai` is chat
completions at any address; those that follow are the same at their vendor's, so that a key is all it takes."""


class FileInfo(Block):
    """What a file says about itself."""

    name: Text = ""
    """A name for the configuration."""
    version: Written = ""
    """Its version, as written."""
    description: Text = ""
    """What it is for."""
    metadata: FreeMap = Field(default_factory=empty_map)
    """Anything else; nothing here reads it."""


class LoggingConfig(Block):
    """`global.logging`."""

    level: Annotated[Literal["debug", "info", "warn", "error"], AS_TEXT] = "info"
    """The least severe level that is written."""
    format: Annotated[Literal["text", "json"], AS_TEXT] = "text"
    """How a line looks."""
    output: Text = "stdout"
    """Where lines go."""


class PerformanceConfig(Block):
    """`global.performance`."""

    max_concurrency: Count = 4
    """How many runs may work at the same time, over all agents."""
    timeout: Seconds = 900.0
    """The longest time for one run, in seconds; default 15 minutes."""


class A2AServerConfig(Block):
    """`global.a2a_server`."""

    host: Text = "0.0.0.0"
    """The address to listen on."""
    port: Port = 8080
    """The port to listen on."""
    base_url: Text = ""
    """The address other agents are told."""


class AuthConfig(Block):
    """`global.auth`: in force only when all three are set."""

    jwks_url: Text = ""
    """Where the keys of the issuer are."""
    issuer: Text = ""
    """Who signs the tokens."""
    audience: Text = ""
    """Whom the tokens are for."""


class GlobalConfig(Block):
    """`global`: what holds for every agent."""

    logging: LoggingConfig = Field(default_factory=LoggingConfig)
    performance: PerformanceConfig = Field(default_factory=PerformanceConfig)
    a2a_server: A2AServerConfig = Field(default_factory=A2AServerConfig)
    auth: AuthConfig = Field(default_factory=AuthConfig)


class StructuredOutputConfig(Block):
    """`structured_output` of an llm or an agent."""

    format: Annotated[Literal["json", "xml", "enum"], AS_TEXT] = "json"
    """What the answer must be."""
    schema_: FreeMap = Field(default_factory=empty_map, alias="schema")
    """A JSON Schema for the answer."""
    enum: Texts = ()
    """The possible answers, for the format `enum`."""
    prefill: Text = ""
    """The beginning of the answer, put into the model's mouth."""
    property_ordering: Texts = ()
    """The order of the keys in the answer."""

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.format == "enum" and not self.enum:
            raise ValueError("has the format enum and no choices; list them under enum")
        return self


class LlmConfig(Block):
    """`llms.<id>`: a model and how to reach it."""

    type: Annotated[LlmType, AS_TEXT] = "openai"
    """The wire format. `offline` and `auto` are ours: no model at all, and the first that works."""
    model: Text = ""
    """The model's name; empty for the default of the type."""
    api_key: Secret | None = None
    """The key; without one, the environment variable of the type."""
    host: Text = ""
    """The address of the server; empty for the vendor's own."""
    temperature: Annotated[Number, Field(ge=0, le=2)] = 0.7
    """How much the answers vary; 0 for as little as possible."""
    max_tokens: Count = 8000
    """The longest answer, in tokens."""
    timeout: Seconds = 60.0
    """How long the server may stay silent, in seconds."""
    max_retries: CountOrZero = 5
    """How often a request is repeated before the first token."""
    retry_delay: Annotated[Number, Field(ge=0)] = 2.0
    """The pause before the first repetition, in seconds."""
    context_window: Count | None = None
    """How many tokens the model can take in; None when only the provider knows (ours)."""
    keep_alive: Text = ""
    """How long an Ollama server keeps the model loaded, such as `10m`; empty leaves it to the server (ours)."""
    structured_output: StructuredOutputConfig | None = None
    """The form every answer must have."""
    thinking: CountOrZero = 0
    """How many tokens the model may think with before it answers, where its provider asks; 0 leaves it to it (ours)."""


class DatabaseConfig(Block):
    """`databases.<id>`: a vector store."""

    type: Annotated[Literal["qdrant"], AS_TEXT] = "qdrant"
    host: Text = "localhost"
    """The name or the URL of the server."""
    port: Port = 6334
    """The port; Qdrant speaks gRPC on 6334 and REST on 6333."""
    api_key: Secret | None = None
    timeout: Seconds = 30.0
    """The longest time for one request, in seconds."""
    use_tls: Flag = False
    insecure: Flag = False
    """Do not check the server's certificate."""


class EmbedderConfig(Block):
    """`embedders.<id>`: what turns text into vectors."""

    type: Annotated[Literal["ollama", "openai", "hashing", "fastembed"], AS_TEXT] = "ollama"
    """The kind of embedder; `openai`, `hashing` and `fastembed` are ours."""
    model: Text = ""
    """The model's name; empty for the type's own, `nomic-embed-text` for ollama."""
    host: Text = ""
    """The address of the server; empty for the type's own, `http://localhost:11434` for ollama."""
    api_key: Secret | None = None
    """The key, where the server wants one (ours)."""
    dimension: Count = 768
    """How many numbers a vector has."""
    timeout: Seconds = 30.0
    """The longest time for one request, in seconds."""
    max_retries: CountOrZero = 3


class SqlConfig(Block):
    """`sql` of a session store or of an agent's tasks."""

    driver: Annotated[Literal["sqlite", "postgres", "mysql"], AS_TEXT] = "sqlite"
    host: Text = ""
    port: Port | None = None
    database: Text = ""
    """The name of the database, or the file of an SQLite one."""
    username: Text = ""
    password: Secret | None = None
    ssl_mode: Text = "disable"
    max_conns: Count = 25
    max_idle: CountOrZero = 5


class SessionStoreConfig(Block):
    """`session_stores.<id>`."""

    backend: Annotated[Literal["memory", "sql"], AS_TEXT] = "memory"
    sql: SqlConfig | None = None


class PriceConfig(Block):
    """`prices.<model>`: US dollars per million tokens; `*` in the name stands for any characters (ours)."""

    input: Annotated[Number, Field(ge=0)] = 0.0
    """Of what is sent."""
    output: Annotated[Number, Field(ge=0)] = 0.0
    """Of what is answered, reasoning included."""
    cached: Annotated[Number, Field(ge=0)] | None = None
    """Of what is sent and the provider had cached; None costs what `input` says."""


ToolType = Literal[
    "command",
    "write_file",
    "search_replace",
    "search",
    "todo",
    "agent_call",
    "mcp",
    "calculator",
    "current_time",
    "remember",
    "recall",
    "read_file",
    "execute_command",
    "todo_write",
]

BUILTIN_TOOLS = (
    "calculator",
    "current_time",
    "remember",
    "recall",
    "execute_command",
    "write_file",
    "search_replace",
    "read_file",
    "search",
    "todo_write",
    "agent_call",
)
"""The tools every agent may name without a definition."""

_BUILTIN_OF_TYPE = {"command": "execute_command", "todo": "todo_write"}


class ToolConfig(Block):
    """`tools.<id>`: a tool and its limits. Which keys have a meaning depends on the type."""

    type: Annotated[ToolType, AS_TEXT] | None = None
    """The kind of tool; may be left out when the id is that of a built-in tool."""
    enabled: Flag = True
    description: Text = ""
    """What the model is told about it; empty for the tool's own text."""
    require_approval: Flag = False
    """Whether a person is asked before each call."""
    allowed_commands: Texts = ()
    working_directory: Text = ""
    max_execution_time: Seconds = 30.0
    """The longest time for one command, in seconds."""
    enable_sandboxing: Flag = True
    max_file_size: Count = 1024 * 1024
    """The largest file that is written, in bytes."""
    allowed_extensions: Texts = ()
    denied_extensions: Texts = ()
    forbidden_paths: Texts = ()
    max_replacements: Count = 100
    backup_enabled: Flag = True
    document_stores: Texts = ()
    default_limit: Count = 10
    max_limit: Count = 50
    max_results: Count = 100
    enabled_search_types: Texts = ()
    server_url: Text = ""
    """The address of an MCP server."""
    config: FreeMap = Field(default_factory=empty_map)

    def builtin(self, identifier: str) -> str | None:
        """The built-in tool that does the work for the tool of that id; None when none does."""
        kind = self.type or identifier
        name = _BUILTIN_OF_TYPE.get(kind, kind)
        return name if name in BUILTIN_TOOLS else None


class DocumentStoreConfig(Block):
    """`document_stores.<id>`: documents to search in."""

    name: Text = ""
    source: Text = "directory"
    path: Text = "./"
    include_patterns: Texts = ()
    exclude_patterns: Texts = ()
    watch_changes: Flag = True
    max_file_size: Count = 10 * 1024 * 1024
    """The largest file that is read, in bytes."""
    incremental_indexing: Flag = False


class PluginDiscoveryConfig(Block):
    """`plugins.plugin_discovery`."""

    enabled: Flag = False
    paths: Texts = ()
    scan_subdirectories: Flag = False


class PluginConfig(Block):
    """One plugin."""

    name: Text = ""
    type: Text = "grpc"
    path: Text = ""
    enabled: Flag = True
    config: FreeMap = Field(default_factory=empty_map)


class PluginsConfig(Block):
    """`plugins`: accepted so that a Hector file can be read; hector-tui loads none."""

    plugin_discovery: PluginDiscoveryConfig = Field(default_factory=PluginDiscoveryConfig)
    llm_providers: FrozenMap[PluginConfig] = Field(default_factory=empty_map)
    database_providers: FrozenMap[PluginConfig] = Field(default_factory=empty_map)
    embedder_providers: FrozenMap[PluginConfig] = Field(default_factory=empty_map)
    tool_providers: FrozenMap[PluginConfig] = Field(default_factory=empty_map)
    reasoning_strategies: FrozenMap[PluginConfig] = Field(default_factory=empty_map)
