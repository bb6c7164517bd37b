from __future__ import annotations

from pathlib import Path

import pytest

from hector_tui.config.loaded import LoadedConfig
from hector_tui.config.loader import load
from hector_tui.config.schema import AgentConfig, PromptSlots


def load_text(folder: Path, text: str) -> LoadedConfig:
    file = folder / "a.yaml"
    file.write_text(text, encoding="utf-8")
    return load([file], env={})


def texts(folder: Path, loaded: LoadedConfig) -> list[str]:
    return [str(problem).replace(f"{folder}/", "") for problem in loaded.problems]


def agent(loaded: LoadedConfig, name: str = "a") -> AgentConfig:
    config = loaded.agents[name].config
    assert config is not None, loaded.problems
    return config


def test_memory_working_belongs_to_memory(tmp_path: Path) -> None:
    loaded = load_text(
        tmp_path, "agents:\n  a:\n    memory:\n      working:\n        strategy: token_window\n        budget: 500\n"
    )
    assert (agent(loaded).memory.strategy, agent(loaded).memory.budget) == ("token_window", 500)
    assert texts(tmp_path, loaded) == [
        "a.yaml:4:7: agents.a.memory.working: old spelling, its keys belong to agents.a.memory"
    ]


def test_longterm_is_long_term(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "agents:\n  a:\n    memory:\n      longterm: {batch_size: 3}\n")
    long_term = agent(loaded).memory.long_term
    assert long_term is not None
    assert long_term.batch_size == 3
    assert texts(tmp_path, loaded) == [
        "a.yaml:4:7: agents.a.memory.longterm: old spelling, read as agents.a.memory.long_term"
    ]


@pytest.mark.parametrize("slot", PromptSlots.yaml_keys())
def test_slots_beside_the_slots_are_slots(slot: str, tmp_path: Path) -> None:
    loaded = load_text(tmp_path, f"agents:\n  a:\n    prompt:\n      {slot}: hello\n")
    assert getattr(agent(loaded).prompt.prompt_slots, slot) == "hello"
    assert texts(tmp_path, loaded) == [
        f"a.yaml:4:7: agents.a.prompt.{slot}: old spelling, read as agents.a.prompt.prompt_slots.{slot}"
    ]


def test_slots_in_both_places_are_united(tmp_path: Path) -> None:
    loaded = load_text(
        tmp_path, "agents: {a: {prompt: {system_role: x, output_format: y, prompt_slots: {additional: z}}}}\n"
    )
    slots = agent(loaded).prompt.prompt_slots
    assert (slots.system_role, slots.output_format, slots.additional) == ("x", "y", "z")
    assert loaded.errors == ()


@pytest.mark.parametrize(
    ("block", "error"),
    [
        (
            "prompt: {prompt_slots: {system_role: new}, system_role: old}",
            "a.yaml:3:48: agents.a.prompt.system_role: says the same as agents.a.prompt.prompt_slots.system_role, "
            "which is there too; keep only agents.a.prompt.prompt_slots.system_role",
        ),
        (
            "memory: {longterm: {batch_size: 1}, long_term: {batch_size: 2}}",
            "a.yaml:3:14: agents.a.memory.longterm: says the same as agents.a.memory.long_term, "
            "which is there too; keep only agents.a.memory.long_term",
        ),
        (
            "memory: {working: {budget: 1}, budget: 2}",
            "a.yaml:3:24: agents.a.memory.working.budget: says the same as agents.a.memory.budget, "
            "which is there too; keep only agents.a.memory.budget",
        ),
        (
            "memory: {summarization: true, strategy: buffer_window}",
            "a.yaml:3:14: agents.a.memory.summarization: says the same as agents.a.memory.strategy, "
            "which is there too; keep only agents.a.memory.strategy",
        ),
        (
            "memory: {long_term: {storage_scope: session, recall_scope: all}}",
            "a.yaml:3:26: agents.a.memory.long_term.storage_scope: says the same as "
            "agents.a.memory.long_term.recall_scope, which is there too; keep only "
            "agents.a.memory.long_term.recall_scope",
        ),
    ],
)
def test_both_spellings_at_once_are_an_error_that_names_both(block: str, error: str, tmp_path: Path) -> None:
    loaded = load_text(tmp_path, f"agents:\n  a:\n    {block}\n")
    assert [str(problem).replace(f"{tmp_path}/", "") for problem in loaded.errors] == [error]
    assert not loaded.agents["a"].enabled


def test_a_wrong_place_for_an_old_key_hides_no_error(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "agents: {a: {prompt: {system_role: x, prompt_slots: 5}}}\n")
    assert [problem.path for problem in loaded.errors] == [
        "agents.a.prompt.system_role",
        "agents.a.prompt.prompt_slots",
    ]


@pytest.mark.parametrize(
    ("long_term", "is_on"),
    [
        ("{enabled: true}", True),
        ("{enabled: True}", True),
        ("{enabled: true, batch_size: 2}", True),
        ("{enabled: false}", False),
        ("{enabled: false, batch_size: 2}", False),
        ('{enabled: "${OFF:-false}", batch_size: 2}', False),
        ("{auto_recall: false}", True),
        ("{auto_recall: true}", True),
        ("{}", False),
        ("", False),
    ],
)
def test_any_key_turns_long_term_memory_on_unless_it_is_switched_off(
    long_term: str, is_on: bool, tmp_path: Path
) -> None:
    loaded = load_text(tmp_path, f"agents:\n  a:\n    memory:\n      long_term: {long_term}\n")
    assert (agent(loaded).memory.long_term is not None) is is_on
    assert loaded.errors == ()
    assert [problem.path for problem in loaded.warnings] == (
        ["agents.a.memory.long_term.enabled"] if "enabled" in long_term else []
    )


def test_a_switch_that_is_no_switch_is_an_error(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "agents:\n  a:\n    memory: {long_term: {enabled: maybe}}\n")
    assert texts(tmp_path, loaded) == [
        "a.yaml:3:35: agents.a.memory.long_term.enabled: is text (expected true or false)"
    ]


def test_recall_is_automatic_unless_it_is_switched_off(tmp_path: Path) -> None:
    loaded = load_text(
        tmp_path,
        "agents: {a: {memory: {long_term: {batch_size: 1}}}, b: {memory: {long_term: {auto_recall: false}}}}\n",
    )
    on, off = agent(loaded).memory.long_term, agent(loaded, "b").memory.long_term
    assert on is not None
    assert off is not None
    assert (on.auto_recall, off.auto_recall) == (True, False)


def test_the_scope_session_is_a_scope_of_recall(tmp_path: Path) -> None:
    loaded = load_text(
        tmp_path, "agents:\n  a:\n    memory:\n      long_term: {storage_scope: session, batch_size: 1}\n"
    )
    long_term = agent(loaded).memory.long_term
    assert long_term is not None
    assert (long_term.storage_scope, long_term.recall_scope) == ("all", "session")
    assert texts(tmp_path, loaded) == [
        "a.yaml:4:19: agents.a.memory.long_term.storage_scope: old spelling, "
        "read as agents.a.memory.long_term.recall_scope: session"
    ]


@pytest.mark.parametrize(
    ("memory", "strategy", "threshold"),
    [
        ("{summarization: true}", "summary_buffer", 0.8),
        ("{summarization: false}", "buffer_window", 0.8),
        ("{summarization: true, strategy: summary_buffer}", "summary_buffer", 0.8),
        ("{summarization: true, summarization_threshold: 0.5}", "summary_buffer", 0.5),
    ],
)
def test_summarization_is_a_strategy(memory: str, strategy: str, threshold: float, tmp_path: Path) -> None:
    loaded = load_text(tmp_path, f"agents: {{a: {{memory: {memory}}}}}\n")
    assert (agent(loaded).memory.strategy, agent(loaded).memory.threshold) == (strategy, threshold)
    assert loaded.errors == ()
    assert len(loaded.warnings) == memory.count("summarization")


def test_the_engine_has_hyphens(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "agents:\n  a:\n    reasoning: {engine: chain_of_thought}\n")
    assert agent(loaded).reasoning.engine == "chain-of-thought"
    assert texts(tmp_path, loaded) == [
        "a.yaml:3:25: agents.a.reasoning.engine: old spelling, read as 'chain-of-thought'"
    ]


def test_a_store_has_a_username(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "session_stores:\n  s:\n    sql: {user: me}\n")
    config = loaded.session_stores["s"].config
    assert config is not None
    assert config.sql is not None
    assert config.sql.username == "me"
    assert texts(tmp_path, loaded)[1] == (
        "a.yaml:3:11: session_stores.s.sql.user: old spelling, read as session_stores.s.sql.username"
    )


def test_logging_belongs_to_global(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "logging: {level: debug}\n")
    assert loaded.global_.logging.level == "debug"
    assert "a.yaml:1:1: logging: old spelling, read as global.logging" in texts(tmp_path, loaded)
    assert loaded.errors == ()


@pytest.mark.parametrize(
    "text",
    [
        "providers: {llms: {m: {model: x}}, databases: {d: {}}}\nagents: {a: {llm: m, database: d}}\n",
        "providers: {m: {model: x}}\nagents: {a: {llm: m}}\n",
    ],
)
def test_providers_are_llms_or_hold_them(text: str, tmp_path: Path) -> None:
    loaded = load_text(tmp_path, text)
    config = loaded.llms["m"].config
    assert config is not None
    assert config.model == "x"
    assert loaded.agents["a"].enabled
    assert [(problem.line, problem.column, problem.path) for problem in loaded.warnings] == [(1, 1, "providers")]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("rest_gateway_port: 8081\n", "rest_gateway_port"),
        ("global: {rest_gateway_port: 8081}\n", "global.rest_gateway_port"),
        ("global: {a2a_server: {rest_gateway_port: 8081}}\n", "global.a2a_server.rest_gateway_port"),
        ("server: {port: 50051, mode: multi}\n", "server"),
    ],
)
def test_what_only_a_server_needs_is_left_out(text: str, path: str, tmp_path: Path) -> None:
    loaded = load_text(tmp_path, text)
    assert loaded.errors == ()
    assert path in [problem.path for problem in loaded.warnings]


def test_a_node_shared_by_an_anchor_is_read_right_in_every_place(tmp_path: Path) -> None:
    loaded = load_text(
        tmp_path,
        "agents:\n  a: &a\n    prompt: {system_role: x}\n    memory: {longterm: {batch_size: 2}}\n  b: *a\n"
        "  c:\n    <<: *a\n    name: C\n",
    )
    for name in "abc":
        long_term = agent(loaded, name).memory.long_term
        assert long_term is not None
        assert long_term.batch_size == 2
        assert agent(loaded, name).prompt.prompt_slots.system_role == "x"
    assert loaded.errors == ()
    assert loaded.agents["a"].fingerprint == loaded.agents["b"].fingerprint
