from __future__ import annotations

import hashlib
import os
from collections.abc import MutableMapping
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import cast

import pytest
from pydantic import ValidationError

from hector_tui.config.loaded import LoadedConfig, fingerprint
from hector_tui.config.loader import load
from hector_tui.config.schema import AgentConfig, PromptConfig


def folder_of(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def errors(folder: Path, loaded: LoadedConfig) -> list[str]:
    return [str(problem).replace(f"{folder}/", "") for problem in loaded.errors]


def test_files_and_folders_are_one_configuration(tmp_path: Path) -> None:
    agents = tmp_path / "agents"
    agents.mkdir()
    folder_of(agents, b="agents: {b: {llm: m}}\n", a="agents: {a: {}}\n")
    (agents / "c.yml").write_text("agents: {c: {llm: offline}}\n", encoding="utf-8")
    (agents / "notes.txt").write_text("not yaml: [", encoding="utf-8")
    (agents / ".hidden.yaml").write_text("agents: [", encoding="utf-8")
    (agents / "sub.yaml").mkdir()
    models = tmp_path / "models.yaml"
    models.write_text("llms: {m: {model: x}}\n", encoding="utf-8")
    loaded = load([models, agents, models], env={})
    assert loaded.problems == ()
    assert list(loaded.agents) == ["a", "b", "c"]
    assert [entry.id for entry in loaded.enabled_agents] == ["a", "b", "c"]
    assert [file.name for file in loaded.files] == ["models.yaml", "a.yaml", "b.yaml", "c.yml"]
    assert loaded.agents["b"].file == agents / "b.yaml"


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    folder_of(tmp_path, a="agents: {a: {}}\n")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "a.yaml")
    loaded = load([tmp_path, tmp_path / "a.yaml", tmp_path / ".." / tmp_path.name], env={})
    assert loaded.problems == ()
    assert list(loaded.agents) == ["a"]


@pytest.mark.parametrize("block", ["llms", "agents", "databases", "embedders", "session_stores", "document_stores"])
def test_an_id_in_two_files_is_an_error_that_names_both(block: str, tmp_path: Path) -> None:
    text = f"{block}:\n  same: {{}}\n"
    folder_of(tmp_path, one=text, two=f"# second\n{text}")
    assert errors(tmp_path, load([tmp_path], env={})) == [
        f"two.yaml:3:3: {block}.same: is defined twice; first at one.yaml:2:3"
    ]


def test_an_agent_that_is_defined_twice_is_disabled(tmp_path: Path) -> None:
    folder_of(tmp_path, one="agents: {a: {}, b: {}}\n", two="agents: {a: {}}\n")
    loaded = load([tmp_path], env={})
    assert not loaded.agents["a"].enabled
    assert loaded.agents["a"].reason == f"two.yaml:1: agents.a: is defined twice; first at {tmp_path}/one.yaml:1:10"
    assert loaded.agents["b"].enabled


def test_settings_of_different_files_are_united(tmp_path: Path) -> None:
    folder_of(
        tmp_path,
        a="name: first\nglobal: {performance: {max_concurrency: 2}}\n",
        b="name: second\nglobal: {auth: {issuer: x}}\n",
        c="global:\n  auth: {issuer: y}\n",
    )
    loaded = load([tmp_path], env={})
    assert (loaded.global_.performance.max_concurrency, loaded.global_.auth.issuer) == (2, "x")
    assert loaded.info.name == "first"
    assert errors(tmp_path, loaded) == ["c.yaml:2:3: global.auth: is defined twice; first at b.yaml:2:10"]


def test_an_error_in_one_setting_costs_the_others_nothing(tmp_path: Path) -> None:
    folder_of(
        tmp_path, a="name: 5\nversion: 1.10\nglobal: {performance: {max_concurrency: 2}, auth: 3}\nplugins: {x: 1}\n"
    )
    loaded = load([tmp_path], env={})
    assert (loaded.info.version, loaded.global_.performance.max_concurrency) == ("1.10", 2)
    assert [problem.path for problem in loaded.errors] == ["name", "global.auth", "plugins.x"]


def test_a_broken_agent_disables_only_itself(tmp_path: Path) -> None:
    folder_of(
        tmp_path,
        good="agents: {good: {name: Good}}\n",
        bad="agents:\n  bad: {nmae: x, llm: y}\n  fine: {}\n",
        broken="agents: {x: [\n",
    )
    loaded = load([tmp_path], env={})
    assert {entry.id: entry.enabled for entry in loaded.agents.values()} == {
        "bad": False,
        "fine": True,
        "good": True,
        "broken": False,
    }
    bad, broken, good = loaded.agents["bad"], loaded.agents["broken"], loaded.agents["good"]
    assert bad.reason == "bad.yaml:2: agents.bad.nmae: unknown key (did you mean 'name'?) (and 1 more)"
    assert (bad.file, bad.line, len(bad.problems)) == (tmp_path / "bad.yaml", 2, 2)
    assert broken.reason == "broken.yaml:2: the file ends where a value should be"
    assert (broken.config, broken.fingerprint) == (None, "")
    assert (good.name, good.reason, good.problems) == ("Good", "", ())
    assert (bad.name, loaded.agents["fine"].name) == ("bad", "fine")


@pytest.mark.parametrize("content", [b"agents: {\x00}\n", b"\xff\xfe", b"- a\n", b"a: &a [*a]\n"])
def test_any_unreadable_file_of_a_folder_is_one_disabled_agent(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "my agent.yaml").write_bytes(content)
    loaded = load([tmp_path], env={})
    assert [(entry.id, entry.enabled) for entry in loaded.agents.values()] == [("my_agent", False)]
    assert loaded.agents["my_agent"].reason.startswith("my agent.yaml:1: ")
    assert len(loaded.errors) == 1


def test_an_unreadable_file_never_takes_the_place_of_an_agent(tmp_path: Path) -> None:
    folder_of(tmp_path, a="agents: {coder: {}}\n", coder="[")
    loaded = load([tmp_path], env={})
    assert loaded.agents["coder"].enabled
    assert len(loaded.errors) == 1


def test_an_unreadable_single_file_is_a_problem_and_no_agent(tmp_path: Path) -> None:
    folder_of(tmp_path, a="agents: [")
    loaded = load([tmp_path / "a.yaml"], env={})
    assert (dict(loaded.agents), len(loaded.errors)) == ({}, 1)


def test_what_is_not_there_is_a_problem(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    loaded = load([tmp_path / "none.yaml", empty], env={})
    assert errors(tmp_path, loaded) == [
        "empty: the folder has no *.yaml or *.yml file",
        "none.yaml: there is no such file",
    ]
    assert load([], env={}).problems == ()


def test_what_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    folder_of(tmp_path, a="agents: {}\n")
    loaded = load([tmp_path / "a.yaml" / "b.yaml"], env={})
    assert errors(tmp_path, loaded) == ["a.yaml/b.yaml: the file cannot be read (Not a directory)"]


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    loaded = load([tmp_path], env={})
    assert errors(tmp_path, loaded) == ["pipe.yaml: this is not a regular file"]
    assert not loaded.agents["pipe"].enabled


def test_a_broken_llm_disables_the_agents_that_use_it(tmp_path: Path) -> None:
    folder_of(
        tmp_path,
        a="llms: {bad: {type: opnai}, good: {}}\nagents: {x: {llm: bad}, y: {llm: good}, z: {}}\n",
    )
    loaded = load([tmp_path], env={})
    assert not loaded.llms["bad"].enabled
    assert loaded.agents["x"].reason.startswith("its llm 'bad' cannot be used: a.yaml:1: llms.bad.type: 'opnai' is not")
    assert loaded.agents["x"].config is not None
    assert [entry.id for entry in loaded.enabled_agents] == ["y", "z"]
    assert len(loaded.errors) == 1


def test_a_broken_store_disables_its_tool_and_the_agents_with_that_tool(tmp_path: Path) -> None:
    folder_of(
        tmp_path,
        a="document_stores: {d: {path: 5}}\ntools: {s: {type: search, document_stores: [d]}}\n"
        "agents: {x: {tools: [s]}, y: {tools: []}}\n",
    )
    loaded = load([tmp_path], env={})
    assert loaded.agents["x"].reason == (
        "its tool 's' cannot be used: its document store 'd' cannot be used: "
        "a.yaml:1: document_stores.d.path: is a whole number (expected text)"
    )
    assert loaded.agents["y"].enabled


def test_an_error_outside_of_agents_leaves_them_usable(tmp_path: Path) -> None:
    folder_of(tmp_path, a="databases: {d: {port: x}}\nnonsense: 1\nagents: {a: {}}\n")
    loaded = load([tmp_path], env={})
    assert [problem.path for problem in loaded.errors] == ["databases.d.port", "nonsense"]
    assert loaded.agents["a"].enabled


def test_an_agent_elsewhere_is_accepted_and_disabled(tmp_path: Path) -> None:
    folder_of(
        tmp_path,
        a="agents:\n  far: {type: a2a, name: Far, url: http://x, credentials: {type: bearer, token: secret-token}}\n",
    )
    loaded = load([tmp_path], env={})
    far = loaded.agents["far"]
    assert (far.enabled, far.reason, far.name) == (False, "a2a agents are not supported yet", "Far")
    assert errors(tmp_path, loaded) == []
    assert [problem.text for problem in loaded.warnings] == ["agents.far: a2a agents are not supported yet"]
    assert "secret-token" not in repr(loaded)


def test_agents_may_name_what_needs_no_definition(tmp_path: Path) -> None:
    folder_of(
        tmp_path,
        a="agents:\n  a: {llm: auto, tools: [calculator, current_time, remember, recall, execute_command, write_file,"
        " search_replace, read_file, search, todo_write, agent_call]}\n  b: {llm: offline, tools: []}\n  c: {}\n",
    )
    loaded = load([tmp_path], env={})
    assert loaded.problems == ()
    configs = [entry.config for entry in loaded.agents.values()]
    assert [config.llm for config in configs if config is not None] == ["auto", "offline", "auto"]
    assert [config.tools for config in configs[1:] if config is not None] == [(), None]


def test_the_llm_of_an_agent_is_found_whether_defined_or_built_in(tmp_path: Path) -> None:
    folder_of(tmp_path, a="llms: {offline: {type: openai, model: mine}, m: {}}\n")
    loaded = load([tmp_path], env={})
    auto, mine = loaded.llm("auto"), loaded.llm("offline")
    assert auto is not None
    assert auto.config is not None
    assert auto.config.type == "auto"
    assert mine is loaded.llms["offline"]
    assert loaded.llm("nobody") is None


def test_a_fingerprint_changes_with_the_meaning_and_not_with_the_writing(tmp_path: Path) -> None:
    folder_of(
        tmp_path,
        a="agents:\n  a: {name: x, tools: [calculator], llm: auto}\n"
        "  b:\n    llm: auto # comment\n    name: 'x'\n    tools:\n      - calculator\n    memory: {}\n"
        "  c: {name: x, tools: [calculator], memory: {window_size: 20}}\n"
        "  d: {name: x, tools: [calculator], memory: {window_size: 21}}\n"
        "  e: {name: x, tools: [calculator], memory: {long_term: {auto_recall: true}}}\n",
    )
    agents = load([tmp_path], env={}).agents
    assert agents["a"].fingerprint == agents["b"].fingerprint == agents["c"].fingerprint
    assert len({agents[name].fingerprint for name in "ade"}) == 3
    assert len(agents["a"].fingerprint) == 64


def test_a_fingerprint_knows_no_order_and_no_defaults() -> None:
    one = AgentConfig(prompt=PromptConfig(variables={"a": "1", "b": "2"}))
    two = AgentConfig(prompt=PromptConfig(variables={"b": "2", "a": "1"}))
    assert fingerprint(one) == fingerprint(two) != fingerprint(AgentConfig())
    # So a new key of the schema does not make every stored turn look like one of another version.
    assert fingerprint(AgentConfig()) == hashlib.sha256(b"{}").hexdigest()


def test_a_fingerprint_does_not_depend_on_credentials(tmp_path: Path) -> None:
    text = "agents: {a: {type: a2a, url: u, credentials: {token: ${TOKEN:-}}}}"
    folder_of(tmp_path, a=text.replace("${TOKEN:-}", '"${TOKEN:-x}"'))
    first = load([tmp_path], env={"TOKEN": "one"}).agents["a"].fingerprint
    second = load([tmp_path], env={"TOKEN": "two"}).agents["a"].fingerprint
    assert first == second != ""


def test_what_was_loaded_cannot_be_changed(tmp_path: Path) -> None:
    folder_of(
        tmp_path,
        a="metadata: {owner: [me]}\nllms: {m: {}}\nagents:\n  a:\n    tools: [calculator]\n"
        "    prompt: {variables: {k: v}}\n    structured_output: {schema: {type: {deep: [1]}}}\n",
    )
    loaded = load([tmp_path], env={"K": "v"})
    config = loaded.agents["a"].config
    assert config is not None
    assert config.structured_output is not None
    with pytest.raises(FrozenInstanceError):
        loaded.agents["a"].reason = "x"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        loaded.problems = ()  # type: ignore[misc]
    with pytest.raises(ValidationError):
        config.name = "x"
    with pytest.raises(ValidationError):
        config.memory.window_size = 1
    mappings = (
        loaded.agents,
        loaded.llms,
        loaded.databases,
        loaded.env,
        loaded.info.metadata,
        config.prompt.variables,
        config.structured_output.schema_,
        config.structured_output.schema_["type"],
    )
    for mapping in mappings:
        with pytest.raises(TypeError):
            cast("MutableMapping[str, object]", mapping)["x"] = 1
    assert isinstance(config.tools, tuple)
    assert loaded.info.metadata["owner"] == ("me",)


def test_loading_leaves_the_environment_of_the_process_alone(tmp_path: Path) -> None:
    folder_of(tmp_path, a="name: ${HOME:-none} ${FROM_FILE}\n")
    (tmp_path / ".env").write_text("FROM_FILE=x\n", encoding="utf-8")
    before = dict(os.environ)
    assert load([tmp_path], env={}).info.name == "none x"
    assert dict(os.environ) == before


def test_a_loop_of_links_is_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to(tmp_path / "b.yaml")
    (tmp_path / "b.yaml").symlink_to(tmp_path / "a.yaml")
    config = load([tmp_path / "a.yaml"], env={})
    (problem,) = config.errors
    assert "cannot be read" in str(problem)
