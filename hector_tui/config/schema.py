"""`agents.<id>`: everything an agent's file can say.

Field names are the YAML keys of Hector v1, and so are the defaults where nothing else is said; keys of our own are
marked "(ours)". Times are seconds, sizes of text are tokens. Which keys hector-tui acts on stands in `support.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hector_tui.config.fields import (
    AS_TEXT,
    Block,
    Count,
    CountOrZero,
    Flag,
    FrozenMap,
    SecondsOrZero,
    Secret,
    Share,
    Text,
    Texts,
    Written,
    empty_map,
)
from hector_tui.config.schema_services import SqlConfig, StructuredOutputConfig

AUTO_LLM = "auto"
"""The llm of an agent that names none: the first that works."""

BUILTIN_LLMS = (AUTO_LLM, "offline")
"""The llms every agent may name without a definition."""


class PromptSlots(Block):
    """`prompt.prompt_slots`: the parts of the system prompt; an empty one takes the reasoning engine's own."""

    system_role: Text = ""
    """Who the agent is."""
    reasoning_instructions: Text = ""
    """How it goes about a question."""
    tool_usage: Text = ""
    """When and how it uses tools."""
    output_format: Text = ""
    """What an answer looks like."""
    communication_style: Text = ""
    """How it talks."""
    additional: Text = ""
    """Anything else."""


class PromptConfig(Block):
    """`prompt`."""

    prompt_slots: PromptSlots = Field(default_factory=PromptSlots)
    system_prompt: Text = ""
    """The whole system prompt; when set, the slots are not used."""
    instructions: Text = ""
    """Text put after the slots or the system prompt."""
    full_template: Text = ""
    template: Text = ""
    variables: FrozenMap[Text] = Field(default_factory=empty_map)
    include_context: Flag = False
    include_history: Flag = False
    include_tools: Flag = False
    max_context_length: Count = 4000
    max_history_messages: Count = 10
    enable_summarization: Flag = False
    summarize_threshold: Share = 0.8
    smart_memory: Flag = False
    memory_budget: CountOrZero = 0


class LongTermConfig(Block):
    """`memory.long_term`: what is kept beyond one conversation. Any key in it turns it on."""

    storage_scope: Annotated[Literal["all", "conversational", "summaries_only"], AS_TEXT] = "all"
    """Which messages are stored: all, those of the person and the agent, or summaries."""
    batch_size: Count = 1
    """How many messages are stored together."""
    auto_recall: Flag = True
    """Search before every answer; without it only the `recall` tool searches."""
    recall_limit: Count = 5
    """The most memories recalled for one answer."""
    recall_scope: Annotated[Literal["session", "agent", "all"], AS_TEXT] = "session"
    """Where to search: this session, every session of this agent, or everything (ours)."""
    recall_threshold: Share = 0.0
    """The least score of a recalled memory, from 0 to 1; 0 takes all (ours)."""
    collection: Text = "hector_session_memory"
    """The collection in the vector store."""


class MemoryConfig(Block):
    """`memory`: what of a conversation goes into the next prompt, and what is kept for later."""

    strategy: Annotated[Literal["buffer_window", "summary_buffer", "token_window"], AS_TEXT] = "summary_buffer"
    """How the past is cut to size: the last messages, the last messages after a summary, or the last tokens (ours)."""
    budget: Count = 2000
    """The size of the past, in tokens; for `summary_buffer` and `token_window`."""
    window_size: Count = 20
    """The size of the past, in messages; for `buffer_window`."""
    threshold: Share = 0.8
    """The share of the budget at which a summary is made."""
    target: Share = 0.6
    """The share of the budget that remains after a summary."""
    long_term: LongTermConfig | None = None
    """Long-term memory; None when it is off."""


class ReasoningConfig(Block):
    """`reasoning`: the loop between the model and the tools."""

    engine: Annotated[Literal["default", "chain-of-thought", "supervisor"], AS_TEXT] = "default"
    """The strategy; `default` is `chain-of-thought`."""
    max_iterations: Count = 100
    """The most calls of the model in one run."""
    enable_self_reflection: Flag = False
    enable_structured_reflection: Flag = True
    enable_goal_extraction: Flag = False
    show_debug_info: Flag = False
    show_tool_execution: Flag = True
    show_thinking: Flag = False
    """Show the model's thinking."""
    enable_streaming: Flag = True
    """Show the answer while it is written."""
    quality_threshold: Share = 0.7


class SearchModel(Block):
    """One entry of `search.models`."""

    name: Text = ""
    collection: Text = ""
    default_top_k: Count = 10
    max_top_k: Count = 100


class SearchConfig(Block):
    """`search`: how documents are searched."""

    models: tuple[SearchModel, ...] = ()
    top_k: Count = 5
    threshold: Share = 0.7
    max_context_length: CountOrZero = 4000


class TaskConfig(Block):
    """`task`."""

    backend: Annotated[Literal["memory", "sql"], AS_TEXT] = "memory"
    worker_pool: CountOrZero = 100
    """How many runs of this agent may work at the same time; 0 for no limit."""
    sql: SqlConfig | None = None


class LimitsConfig(Block):
    """`limits`: where a run ends although nothing went wrong, with what it has said; 0 means no limit (ours)."""

    max_output_bytes: CountOrZero = 4 * 1024 * 1024
    """The most bytes of text, thinking and tool arguments in one run."""
    max_events: CountOrZero = 200_000
    """The most events in one run; every piece of an answer is one."""
    max_seconds: SecondsOrZero = 900.0
    """The longest time for one run; where it is not written, `global.performance.timeout` counts."""
    max_tool_calls: CountOrZero = 200
    """The most tool calls in one run."""
    max_turns: CountOrZero = 0
    """The most messages to this agent in one session; the next is refused."""


class CardSkill(Block):
    """One entry of `a2a.skills`."""

    id: Text = ""
    name: Text = ""
    description: Text = ""
    tags: Texts = ()
    examples: Texts = ()


class CardProvider(Block):
    """`a2a.provider`."""

    name: Text = ""
    url: Text = ""
    contact_email: Text = ""


class CardConfig(Block):
    """`a2a`: the card other agents see."""

    version: Written = ""
    input_modes: Texts = ()
    output_modes: Texts = ()
    skills: tuple[CardSkill, ...] = ()
    provider: CardProvider | None = None
    documentation_url: Text = ""


class SecurityScheme(Block):
    """One entry of `security.schemes`."""

    type: Text = ""
    scheme: Text = ""
    bearer_format: Text = ""
    description: Text = ""
    in_: Text = Field(default="", alias="in")
    name: Text = ""


class SecurityConfig(Block):
    """`security`: who may call the agent over the network."""

    schemes: FrozenMap[SecurityScheme] = Field(default_factory=empty_map)
    require: tuple[FrozenMap[Texts], ...] = ()
    jwks_url: Text = ""
    issuer: Text = ""
    audience: Text = ""


class CredentialsConfig(Block):
    """`credentials` of an agent of type `a2a`."""

    type: Annotated[Literal["bearer", "api_key", "basic"], AS_TEXT] = "bearer"
    token: Secret | None = None
    api_key: Secret | None = None
    api_key_header: Text = "X-API-Key"
    username: Text = ""
    password: Secret | None = None


class AgentConfig(Block):
    """`agents.<id>`."""

    type: Annotated[Literal["native", "a2a"], AS_TEXT] = "native"
    """`native` runs here; `a2a` is an agent elsewhere."""
    name: Text = ""
    """What people see; empty for the id."""
    description: Text = ""
    """What it is for, in one line."""
    visibility: Annotated[Literal["public", "internal", "private"], AS_TEXT] = "public"
    url: Text = ""
    credentials: CredentialsConfig | None = None
    llm: Annotated[Text, Field(min_length=1)] = AUTO_LLM
    """The id of an llm, or `auto` or `offline`."""
    database: Text = ""
    """The id of a database; empty for the embedded one."""
    embedder: Text = ""
    """The id of an embedder; empty for the built-in one."""
    document_stores: Texts = ()
    prompt: PromptConfig = Field(default_factory=PromptConfig)
    memory: MemoryConfig = Field(default_factory=MemoryConfig)
    reasoning: ReasoningConfig = Field(default_factory=ReasoningConfig)
    search: SearchConfig = Field(default_factory=SearchConfig)
    task: TaskConfig = Field(default_factory=TaskConfig)
    session_store: Text = ""
    tools: Texts | None = None
    """The ids of its tools; None for all of them, an empty list for none."""
    sub_agents: Texts = ()
    structured_output: StructuredOutputConfig | None = None
    docs_folder: Text = ""
    enable_tools: Flag = False
    a2a: CardConfig | None = None
    security: SecurityConfig | None = None
    starters: Texts = ()
    """Things to say first, offered in an empty conversation (ours)."""
    limits: LimitsConfig = Field(default_factory=LimitsConfig)
    """The bounds of its runs (ours)."""
    queue_policy: Annotated[Literal["enqueue", "interrupt", "reject"], AS_TEXT] = "enqueue"
    """What happens to a message sent while a run works: wait, stop the run, or be refused (ours)."""
