from __future__ import annotations

import os
from pathlib import Path

import pytest

from hector_tui.config.loaded import LlmEntry, LoadedConfig
from hector_tui.config.loader import load


def load_text(folder: Path, text: str, env: dict[str, str] | None = None, dotenv: str = "") -> LoadedConfig:
    file = folder / "a.yaml"
    file.write_text(text, encoding="utf-8")
    if dotenv:
        (folder / ".env").write_text(dotenv, encoding="utf-8")
    return load([file], env=env or {})


def description(folder: Path, value: str, env: dict[str, str]) -> tuple[str, list[str]]:
    loaded = load_text(folder, f"description: {value}\n", env)
    return loaded.info.description, [problem.text for problem in loaded.problems]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${NAME}", "world"),
        ("$NAME", "world"),
        ("hello $NAME, hello ${NAME}!", "hello world, hello world!"),
        ('"hello ${NAME}"', "hello world"),
        ("'hello ${NAME}'", "hello world"),
        ("${NAME:-nobody}", "world"),
        ("${OTHER:-nobody}", "nobody"),
        ("${EMPTY:-nobody}", "nobody"),
        ("${OTHER:-}", ""),
        ("x ${OTHER:-a b} y", "x a b y"),
        ("costs $5 and $name and ${name}", "costs $5 and $name and ${name}"),
        ("$NAMEs stay", "$NAMEs stay"),
        ("$$NAME and $${NAME}", "$NAME and ${NAME}"),
        ("$NESTED", "$NAME"),
    ],
)
def test_variables_are_put_into_values(value: str, expected: str, tmp_path: Path) -> None:
    env = {"NAME": "world", "EMPTY": "", "NESTED": "$NAME"}
    assert description(tmp_path, value, env) == (expected, [])


def test_an_unset_variable_is_empty_and_named_with_its_place(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "name: x\ndescription: a${MISSING}b\n")
    assert loaded.info.description == "ab"
    assert [str(problem) for problem in loaded.warnings] == [
        f"{tmp_path}/a.yaml:2:14: description: the environment variable MISSING is not set, "
        "so nothing is put in its place"
    ]


def test_a_value_cannot_bring_yaml_with_it(tmp_path: Path) -> None:
    evil = "x\nagents:\n  evil: {}\n# "
    loaded = load_text(tmp_path, "name: ${EVIL}\nagents: {good: {}}\n", {"EVIL": evil})
    assert loaded.info.name == evil
    assert list(loaded.agents) == ["good"]


@pytest.mark.parametrize("value", ["${PORT:-6333}", '"${PORT:-6333}"', "6333", '"$PORT"'])
def test_an_expanded_value_takes_the_type_of_its_field(value: str, tmp_path: Path) -> None:
    loaded = load_text(tmp_path, f"databases:\n  q:\n    port: {value}\n", {"PORT": "6333"})
    config = loaded.databases["q"].config
    assert config is not None
    assert config.port == 6333


def test_an_expanded_value_stays_text_where_text_is_wanted(tmp_path: Path) -> None:
    text = "llms:\n  m:\n    model: ${M}\n    api_key: ${K}\n    temperature: ${T}\n    timeout: ${D}\n"
    loaded = load_text(tmp_path, text, {"M": "4", "K": "1234", "T": "0", "D": "1m30s"})
    entry = loaded.llms["m"]
    assert loaded.problems == ()
    assert entry.config is not None
    assert (entry.config.model, entry.config.temperature, entry.config.timeout) == ("4", 0.0, 90.0)
    assert entry.api_key is not None
    assert entry.api_key.get_secret_value() == "1234"


def test_an_expanded_false_stays_false(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, 'agents: {a: {reasoning: {enable_streaming: "${S}"}}}', {"S": "false"})
    config = loaded.agents["a"].config
    assert config is not None
    assert config.reasoning.enable_streaming is False


def test_an_expanded_value_of_the_wrong_type_is_an_error(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "databases:\n  q:\n    port: ${PORT}\n", {"PORT": "many"})
    assert [str(error) for error in loaded.errors] == [
        f"{tmp_path}/a.yaml:3:11: databases.q.port: is text (expected a whole number)"
    ]


def test_a_value_that_is_an_unset_variable_leaves_the_default(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "agents:\n  a:\n    llm: ${LLM}\n    task:\n      worker_pool: ${POOL}\n")
    entry = loaded.agents["a"]
    assert entry.enabled
    assert entry.config is not None
    assert (entry.config.llm, entry.config.task.worker_pool) == ("auto", 100)
    assert len(loaded.warnings) == 2


def test_the_env_file_stands_behind_the_environment(tmp_path: Path) -> None:
    dotenv = "A=file\nB=file\nexport C='a b' # comment\nD=${A}\n"
    loaded = load_text(tmp_path, "description: $A $B $C $D\n", {"A": "real"}, dotenv)
    assert loaded.info.description == "real file a b ${A}"
    assert loaded.env["B"] == "file"
    assert "A" not in os.environ
    assert "env=" not in repr(loaded)


def test_a_useless_env_file_is_a_warning(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "name: x\n", dotenv="LONELY\n")
    assert [problem.text for problem in loaded.warnings] == ["LONELY has no value (expected NAME=value)"]
    (tmp_path / ".env").write_bytes(b"A=\xff\n")
    loaded = load_text(tmp_path, "name: x\n")
    assert [str(problem) for problem in loaded.errors] == [f"{tmp_path}/.env:1:3: the file is not UTF-8 text"]
    assert loaded.info.name == "x"


def key_of(entry: LlmEntry) -> str | None:
    return entry.api_key.get_secret_value() if entry.api_key is not None else None


@pytest.mark.parametrize(
    ("llm", "key", "key_env"),
    [
        ("{}", "default", "OPENAI_API_KEY"),
        ("{type: anthropic}", None, "ANTHROPIC_API_KEY"),
        ("{type: gemini}", None, "GEMINI_API_KEY"),
        ("{type: gemini, host: https://generativelanguage.googleapis.com/v1beta}", None, "GEMINI_API_KEY"),
        ("{type: gemini, host: https://gateway.example}", None, None),
        ("{type: ollama}", None, None),
        ("{type: offline}", None, None),
        ("{type: auto}", None, None),
        ('{api_key: "${MINE}"}', "mine", "MINE"),
        ('{api_key: "${MINE_TOO}"}', None, "MINE_TOO"),
        ('{api_key: "${NOT_SET:-${MINE}"}', "${MINE", "NOT_SET"),
        ("{api_key: written}", "written", None),
        ('{api_key: " padded\\n"}', "padded", None),
        ('{api_key: ""}', "default", "OPENAI_API_KEY"),
        ("{host: https://api.openai.com/v1}", "default", "OPENAI_API_KEY"),
        ("{host: http://localhost:1234/v1}", None, None),
        ("{host: https://api.openai.com.evil.example/v1}", None, None),
        ('{host: "http://[broken"}', None, None),
    ],
)
def test_an_llm_knows_its_key_and_the_variable_it_waits_for(
    llm: str, key: str | None, key_env: str | None, tmp_path: Path
) -> None:
    loaded = load_text(tmp_path, f"llms:\n  m: {llm}\n", {"OPENAI_API_KEY": "default", "MINE": "mine"})
    entry = loaded.llms["m"]
    assert loaded.problems == ()
    assert (key_of(entry), entry.key_env) == (key, key_env)
    assert "default" not in repr(loaded)


@pytest.mark.parametrize(
    ("env", "key", "key_env"),
    [
        ({"GEMINI_API_KEY": "one", "GOOGLE_API_KEY": "two"}, "one", "GEMINI_API_KEY"),
        ({"GEMINI_API_KEY": " ", "GOOGLE_API_KEY": "two"}, "two", "GOOGLE_API_KEY"),
        ({"GOOGLE_API_KEY": ""}, None, "GEMINI_API_KEY"),
    ],
)
def test_googles_key_has_two_names(env: dict[str, str], key: str | None, key_env: str, tmp_path: Path) -> None:
    entry = load_text(tmp_path, "llms:\n  m: {type: gemini}\n", env).llms["m"]
    assert (key_of(entry), entry.key_env) == (key, key_env)


def test_the_env_file_can_hold_the_key(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "llms: {m: {}}\n", dotenv="OPENAI_API_KEY=from-file\n")
    assert key_of(loaded.llms["m"]) == "from-file"


@pytest.mark.parametrize(
    ("kind", "variable"),
    [
        ("openai-responses", "OPENAI_API_KEY"),
        ("openrouter", "OPENROUTER_API_KEY"),
        ("groq", "GROQ_API_KEY"),
        ("mistral", "MISTRAL_API_KEY"),
        ("deepseek", "DEEPSEEK_API_KEY"),
    ],
)
def test_a_vendors_key_is_found_by_its_type_and_goes_nowhere_else(tmp_path: Path, kind: str, variable: str) -> None:
    text = f"llms:\n  own: {{type: {kind}, model: m}}\n  other: {{type: {kind}, model: m, host: 'http://elsewhere.test'}}\n"
    path = tmp_path / "a.yaml"
    path.write_text(text + "agents:\n  a: {llm: own}\n  b: {llm: other}\n", encoding="utf-8")
    loaded = load([path], env={variable: "sk-1234567"})
    own, other = loaded.llm("own"), loaded.llm("other")
    assert own is not None
    assert own.api_key is not None
    assert (own.api_key.get_secret_value(), own.key_env) == ("sk-1234567", variable)
    assert other is not None
    assert (other.api_key, other.key_env) == (None, None)
