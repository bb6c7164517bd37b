from __future__ import annotations

from pathlib import Path

import pytest

from hector_tui.config.fields import Block
from hector_tui.config.loaded import LoadedConfig
from hector_tui.config.loader import load
from hector_tui.config.schema import AgentConfig, LongTermConfig, MemoryConfig, PromptConfig
from hector_tui.config.schema_services import (
    BUILTIN_TOOLS,
    DatabaseConfig,
    EmbedderConfig,
    GlobalConfig,
    LlmConfig,
    SqlConfig,
    ToolConfig,
)
from hector_tui.config.support import ACTED_ON

# Every key of a Hector v1 file, and those of our own.
EVERY_KEY = """\
version: "1.0"
name: everything
description: every key there is
metadata: {owner: {name: me, tags: [a, 1, 1.5, true, null]}}
global:
  logging: {level: warn, format: json, output: stderr}
  performance: {max_concurrency: 8, timeout: 15m}
  a2a_server: {host: 127.0.0.1, port: 8080, base_url: "http://localhost:8080"}
  auth: {jwks_url: "https://x/jwks", issuer: x, audience: y}
llms:
  main:
    type: anthropic
    model: some-model
    api_key: key
    host: https://api.anthropic.com
    temperature: 0
    max_tokens: 4000
    timeout: 60
    max_retries: 0
    retry_delay: 2
    context_window: 200000
    thinking: 4096
    keep_alive: 10m
    structured_output:
      {format: json, schema: {type: object}, enum: [a], prefill: "{", property_ordering: [a, b]}
databases:
  d: {type: qdrant, host: localhost, port: 6334, api_key: key, timeout: 30, use_tls: true, insecure: false}
embedders:
  e: {type: ollama, model: nomic-embed-text, host: "http://localhost:11434", api_key: key, dimension: 768, timeout: 30,
      max_retries: 3}
session_stores:
  s:
    backend: sql
    sql: {driver: postgres, host: db, port: 5432, database: x, username: u, password: p, ssl_mode: disable,
          max_conns: 25, max_idle: 5}
prices:
  "gpt-4o*": {input: 2.5, output: 10, cached: 1.25}
tools:
  shell: {type: command, enabled: true, description: x, require_approval: true,
          allowed_commands: [ls], working_directory: ./,
          max_execution_time: 30s, enable_sandboxing: true}
  write_file: {max_file_size: 1048576, allowed_extensions: [.md], denied_extensions: [.sh], forbidden_paths: [/etc]}
  search_replace: {type: search_replace, max_replacements: 100, backup_enabled: true}
  docs: {type: search, document_stores: [ds], default_limit: 10, max_limit: 50, max_results: 100,
         enabled_search_types: [content]}
  remote: {type: mcp, server_url: "http://localhost:3000", config: {any: [thing]}}
document_stores:
  ds: {name: x, source: directory, path: ., include_patterns: ["*.md"], exclude_patterns: [x], watch_changes: false,
       max_file_size: 10, incremental_indexing: true}
plugins:
  plugin_discovery: {enabled: true, paths: [./plugins], scan_subdirectories: true}
  llm_providers: {p: {name: p, type: grpc, path: ./p, enabled: true, config: {a: 1}}}
  database_providers: {}
  embedder_providers: {}
  tool_providers: {}
  reasoning_strategies: {}
agents:
  native:
    type: native
    name: Native
    description: x
    visibility: internal
    llm: main
    database: d
    embedder: e
    document_stores: [ds]
    prompt:
      prompt_slots: {system_role: a, reasoning_instructions: b, tool_usage: c, output_format: d,
                     communication_style: e, additional: f}
      system_prompt: x
      instructions: y
      full_template: z
      template: t
      variables: {who: me}
      include_context: true
      include_history: true
      include_tools: true
      max_context_length: 4000
      max_history_messages: 10
      enable_summarization: true
      summarize_threshold: 0.8
      smart_memory: true
      memory_budget: 2000
    memory:
      strategy: token_window
      budget: 2000
      window_size: 20
      threshold: 0.8
      target: 0.6
      long_term: {storage_scope: conversational, batch_size: 1, auto_recall: true, recall_limit: 5,
                  recall_scope: agent, recall_threshold: 0.3, collection: c}
    reasoning: {engine: supervisor, max_iterations: 5, enable_self_reflection: true,
                enable_structured_reflection: false, enable_goal_extraction: true, show_debug_info: true,
                show_tool_execution: false, show_thinking: true, enable_streaming: false, quality_threshold: 0.7}
    search: {models: [{name: a, collection: b, default_top_k: 5, max_top_k: 20}], top_k: 5, threshold: 0.7,
             max_context_length: 4000}
    task: {backend: sql, worker_pool: 0, sql: {driver: sqlite, database: x.db}}
    session_store: s
    tools: [shell, docs, calculator]
    sub_agents: [far]
    structured_output: {format: enum, enum: [yes, no]}
    docs_folder: docs
    enable_tools: true
    a2a:
      version: 1.0.0
      input_modes: [text/plain]
      output_modes: [text/plain]
      skills: [{id: s, name: S, description: d, tags: [t], examples: [e]}]
      provider: {name: p, url: u, contact_email: c}
      documentation_url: d
    security:
      schemes: {bearer: {type: http, scheme: bearer, bearer_format: JWT, description: d, in: header, name: n}}
      require: [{bearer: []}]
      jwks_url: j
      issuer: i
      audience: a
    starters: [Hello]
    queue_policy: interrupt
    limits: {max_output_bytes: 0, max_events: 10, max_seconds: 1m, max_tool_calls: 5, max_turns: 0}
  far:
    type: a2a
    url: http://far
    credentials: {type: basic, token: t, api_key: k, api_key_header: h, username: u, password: p}
"""


def load_text(folder: Path, text: str) -> LoadedConfig:
    file = folder / "a.yaml"
    file.write_text(text, encoding="utf-8")
    return load([file], env={})


def test_every_key_of_a_hector_file_is_accepted(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, EVERY_KEY)
    assert [str(problem) for problem in loaded.errors] == []
    assert loaded.agents["native"].enabled


def test_no_key_is_missing_from_the_file_with_every_key(tmp_path: Path) -> None:
    """A key added to the schema has to be added above, where its acceptance is tested."""
    unseen: list[str] = []

    def visit(block: Block, name: str) -> None:
        unseen.extend(f"{name}.{key}" for key in type(block).model_fields if key not in block.model_fields_set)
        for key in block.model_fields_set:
            value = getattr(block, key)
            for child in value if isinstance(value, tuple) else [value]:
                if isinstance(child, Block):
                    visit(child, f"{name}.{key}")

    loaded = load_text(tmp_path, EVERY_KEY)
    native, far = loaded.agents["native"].config, loaded.agents["far"].config
    assert native is not None
    assert far is not None
    assert far.credentials is not None
    visit(native, "native")
    visit(far.credentials, "credentials")
    visit(loaded.global_, "global")
    visit(loaded.plugins, "plugins")
    visit(loaded.info, "info")
    services: list[Block | None] = [loaded.llms["main"].config, loaded.databases["d"].config]
    services += [loaded.embedders["e"].config, loaded.session_stores["s"].config, loaded.document_stores["ds"].config]
    for service in services:
        assert service is not None
        visit(service, type(service).__name__)
    tools = [entry.config for entry in loaded.tools.values()]
    seen = set().union(*(tool.model_fields_set for tool in tools if tool is not None))
    assert seen == set(ToolConfig.model_fields)
    elsewhere = {"native.url", "native.credentials", "native.structured_output.schema_"}
    elsewhere |= {f"native.structured_output.{key}" for key in ("prefill", "property_ordering")}
    elsewhere |= {f"native.task.sql.{key}" for key in SqlConfig.model_fields}
    assert set(unseen) - elsewhere == set()


def test_each_key_nothing_acts_on_is_named_once_at_the_highest_place(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, EVERY_KEY)
    paths = [problem.path for problem in loaded.warnings]
    assert len(paths) == len(set(paths))
    assert {problem.message for problem in loaded.warnings} == {
        "accepted, but nothing acts on it yet",
        "a2a agents are not supported yet",
    }
    assert paths[:4] == [
        "global.logging",
        "global.a2a_server",
        "global.auth",
        "session_stores.s",
    ]
    assert not [path for path in paths if path.startswith(("databases", "embedders", "agents.native.memory"))]
    assert [path for path in paths if path.startswith("agents.")] == [
        "agents.native.visibility",
        "agents.native.document_stores",
        "agents.native.prompt.full_template",
        "agents.native.prompt.template",
        "agents.native.prompt.variables",
        "agents.native.prompt.include_context",
        "agents.native.prompt.include_history",
        "agents.native.prompt.include_tools",
        "agents.native.prompt.max_context_length",
        "agents.native.prompt.max_history_messages",
        "agents.native.prompt.enable_summarization",
        "agents.native.prompt.summarize_threshold",
        "agents.native.prompt.smart_memory",
        "agents.native.prompt.memory_budget",
        "agents.native.reasoning.enable_self_reflection",
        "agents.native.reasoning.enable_structured_reflection",
        "agents.native.reasoning.enable_goal_extraction",
        "agents.native.reasoning.show_debug_info",
        "agents.native.reasoning.show_tool_execution",
        "agents.native.reasoning.quality_threshold",
        "agents.native.search",
        "agents.native.task.backend",
        "agents.native.task.sql",
        "agents.native.session_store",
        "agents.native.sub_agents",
        "agents.native.docs_folder",
        "agents.native.enable_tools",
        "agents.native.a2a",
        "agents.native.security",
        "agents.far",
    ]
    warning = loaded.warnings[0]
    assert (warning.line, warning.column) == (6, 3)


def test_every_key_acted_on_is_a_key_of_the_schema(tmp_path: Path) -> None:
    """A misspelt entry of the table would silence nothing and be noticed by nobody."""
    warned = {problem.path for problem in load_text(tmp_path, EVERY_KEY).warnings}
    text = EVERY_KEY.replace("type: a2a", "type: native")
    for pattern in ACTED_ON:
        key = pattern.rpartition(".")[2]
        assert key == "*" or f"{key}:" in text, pattern
        assert pattern.replace("agents.*", "agents.native").replace("llms.*", "llms.main") not in warned


def test_defaults_are_those_of_hector_or_documented_as_ours() -> None:
    agent, llm = AgentConfig(), LlmConfig()
    assert (agent.type, agent.llm, agent.tools, agent.visibility) == ("native", "auto", None, "public")
    assert (agent.queue_policy, agent.starters, agent.task.worker_pool) == ("enqueue", (), 100)
    assert agent.memory == MemoryConfig(
        strategy="summary_buffer", budget=2000, window_size=20, threshold=0.8, target=0.6, long_term=None
    )
    assert agent.reasoning.max_iterations == 100
    assert (agent.reasoning.engine, agent.reasoning.enable_streaming) == ("default", True)
    long_term = LongTermConfig()
    assert (long_term.storage_scope, long_term.batch_size, long_term.auto_recall) == ("all", 1, True)
    assert (long_term.recall_limit, long_term.recall_scope, long_term.recall_threshold) == (5, "session", 0.0)
    assert (llm.type, llm.temperature, llm.max_tokens, llm.timeout) == ("openai", 0.7, 8000, 60.0)
    assert (llm.max_retries, llm.retry_delay, llm.context_window, llm.api_key) == (5, 2.0, None, None)
    assert (DatabaseConfig().port, EmbedderConfig().dimension) == (6334, 768)
    assert (GlobalConfig().performance.max_concurrency, GlobalConfig().performance.timeout) == (4, 900.0)


def test_false_and_zero_are_kept(tmp_path: Path) -> None:
    loaded = load_text(
        tmp_path,
        "llms: {m: {temperature: 0, max_retries: 0}}\ntools: {shell: {type: command, enabled: false}}\n"
        "agents: {a: {llm: m, reasoning: {enable_streaming: false}, task: {worker_pool: 0},"
        " memory: {long_term: {auto_recall: false, recall_threshold: 0}}, tools: []}}\n",
    )
    assert loaded.problems == ()
    llm, agent, tool = loaded.llms["m"].config, loaded.agents["a"].config, loaded.tools["shell"].config
    assert llm is not None
    assert agent is not None
    assert tool is not None
    assert agent.memory.long_term is not None
    assert (llm.temperature, llm.max_retries, tool.enabled) == (0.0, 0, False)
    assert (agent.reasoning.enable_streaming, agent.task.worker_pool) == (False, 0)
    assert (agent.memory.long_term.auto_recall, agent.tools) == (False, ())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90.0), ("1.5", 1.5), ("15m", 900.0), ("1h30m", 5400.0), ("500ms", 0.5), ("1m0.5s", 60.5), ('"30s"', 30.0)],
)
def test_durations_are_seconds_or_go_durations(text: str, seconds: float, tmp_path: Path) -> None:
    loaded = load_text(tmp_path, f"llms: {{m: {{timeout: {text}}}}}\n")
    config = loaded.llms["m"].config
    assert config is not None
    assert config.timeout == pytest.approx(seconds)


def test_tools_lead_to_the_built_in_ones() -> None:
    assert ToolConfig(type="command").builtin("shell") == "execute_command"
    assert ToolConfig(type="todo").builtin("x") == "todo_write"
    assert ToolConfig(type="mcp").builtin("calculator") is None
    assert [ToolConfig().builtin(name) for name in BUILTIN_TOOLS] == list(BUILTIN_TOOLS)
    assert ToolConfig().builtin("unknown") is None


def test_the_old_type_of_the_file_tool_is_understood(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "tools:\n  files: {type: file_writer}\n")
    config = loaded.tools["files"].config
    assert config is not None
    assert config.builtin("files") == "write_file"
    assert [str(problem) for problem in loaded.problems] == [
        f"{tmp_path}/a.yaml:2:17: tools.files.type: old spelling, read as 'write_file'"
    ]


def test_empty_keys_leave_their_defaults(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "llms:\ntools:\nagents:\n  a:\n  b:\n    memory:\n    tools:\n    llm: ~\n")
    assert loaded.problems == ()
    assert [entry.config for entry in loaded.agents.values()] == [AgentConfig(), AgentConfig()]


def test_an_empty_unknown_key_is_still_unknown(tmp_path: Path) -> None:
    assert [problem.path for problem in load_text(tmp_path, "agents: {a: {nonsense: }}\n").errors] == [
        "agents.a.nonsense"
    ]


def test_blocks_can_be_built_in_code() -> None:
    agent = AgentConfig(
        name="x",
        memory=MemoryConfig(strategy="buffer_window", long_term=LongTermConfig()),
        prompt=PromptConfig(variables={"a": "b"}),
        tools=("calculator",),
    )
    assert agent.memory.long_term is not None
    assert agent.prompt.variables["a"] == "b"
