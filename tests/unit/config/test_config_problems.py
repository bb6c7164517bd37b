from __future__ import annotations

from pathlib import Path

import pytest

from hector_tui.config.loader import load
from hector_tui.config.problems import ConfigProblem, Severity


def errors_of(folder: Path, text: str) -> list[str]:
    """The errors of a file, without the folder."""
    file = folder / "a.yaml"
    file.write_text(text, encoding="utf-8")
    return [str(problem).removeprefix(f"{folder}/") for problem in load([file], env={}).errors]


BAD_FILES = {
    "unknown top-level key": (
        "agent:\n  x: {}\n",
        "a.yaml:1:1: agent: unknown key (did you mean 'agents'?)",
    ),
    "unknown key of an agent": (
        "agents:\n  coder:\n    promt: {}\n",
        "a.yaml:3:5: agents.coder.promt: unknown key (did you mean 'prompt'?)",
    ),
    "unknown key deep inside": (
        "agents:\n  coder:\n    memory:\n      long_term:\n        recal_limit: 3\n",
        "a.yaml:5:9: agents.coder.memory.long_term.recal_limit: unknown key (did you mean 'recall_limit'?)",
    ),
    "unknown key in a list": (
        "agents:\n  a:\n    search:\n      models:\n        - name: x\n          collecton: y\n",
        "a.yaml:6:11: agents.a.search.models[0].collecton: unknown key (did you mean 'collection'?)",
    ),
    "unknown key in a mapping by id": (
        "agents:\n  a:\n    security:\n      schemes:\n        bearer: {shceme: x}\n",
        "a.yaml:5:18: agents.a.security.schemes.bearer.shceme: unknown key (did you mean 'scheme'?)",
    ),
    "unknown key with nothing near": (
        "llms:\n  m:\n    structured_output:\n      qqq: 1\n",
        "a.yaml:4:7: llms.m.structured_output.qqq: unknown key "
        "(expected one of enum, format, prefill, property_ordering, schema)",
    ),
    "text for a number": (
        "llms:\n  m: {temperature: warm}\n",
        "a.yaml:2:20: llms.m.temperature: is text (expected a number)",
    ),
    "quoted number": (
        'llms:\n  m: {max_tokens: "500"}\n',
        "a.yaml:2:19: llms.m.max_tokens: is text (expected a whole number; did you mean '500'?)",
    ),
    "fraction for a whole number": (
        "llms:\n  m: {max_tokens: 1.5}\n",
        "a.yaml:2:19: llms.m.max_tokens: is a number (expected a whole number)",
    ),
    "true for a number": (
        "agents:\n  a:\n    memory: {window_size: true}\n",
        "a.yaml:3:27: agents.a.memory.window_size: is true or false (expected a whole number)",
    ),
    "YAML 1.1 boolean": (
        "agents:\n  a:\n    reasoning:\n      show_thinking: no\n",
        "a.yaml:4:22: agents.a.reasoning.show_thinking: is text (expected true or false; did you mean 'false'?)",
    ),
    "number for text": (
        "agents:\n  a: {name: 42}\n",
        "a.yaml:2:13: agents.a.name: is a whole number (expected text)",
    ),
    "text for a list": (
        "agents:\n  a: {tools: calculator}\n",
        "a.yaml:2:14: agents.a.tools: is text (expected a list)",
    ),
    "nothing in a list": (
        "agents:\n  a:\n    tools:\n      -\n",
        "a.yaml:4:8: agents.a.tools[0]: is empty (expected text)",
    ),
    "list for a mapping": (
        "agents:\n  a:\n    memory: []\n",
        "a.yaml:3:13: agents.a.memory: is a list (expected a mapping)",
    ),
    "text for an agent": (
        "agents:\n  a: assistant\n",
        "a.yaml:2:6: agents.a: is text (expected a mapping)",
    ),
    "list for a block": (
        "agents:\n  - name: a\n",
        "a.yaml:2:3: agents: is a list (expected a mapping)",
    ),
    "not a choice": (
        "agents:\n  a:\n    memory: {strategy: buffer-window}\n",
        "a.yaml:3:24: agents.a.memory.strategy: 'buffer-window' is not a choice "
        "(expected one of buffer_window, summary_buffer, token_window; did you mean 'buffer_window'?)",
    ),
    "number for a choice": (
        "agents:\n  a: {queue_policy: 3}\n",
        "a.yaml:2:21: agents.a.queue_policy: '3' is not a choice (expected one of enqueue, interrupt, reject)",
    ),
    "too small": (
        "agents:\n  a:\n    reasoning: {max_iterations: 0}\n",
        "a.yaml:3:33: agents.a.reasoning.max_iterations: is too small (expected at least 1)",
    ),
    "too large": (
        "agents:\n  a:\n    memory: {long_term: {recall_threshold: 1.5}}\n",
        "a.yaml:3:44: agents.a.memory.long_term.recall_threshold: is too large (expected at most 1)",
    ),
    "infinite number": (
        "llms:\n  m: {temperature: .inf}\n",
        "a.yaml:2:20: llms.m.temperature: is a number (expected a finite number)",
    ),
    "no duration": (
        "llms:\n  m: {timeout: soon}\n",
        "a.yaml:2:16: llms.m.timeout: is text (expected seconds, such as 30 or 1m30s)",
    ),
    "no time at all": (
        "llms:\n  m: {timeout: 0}\n",
        "a.yaml:2:16: llms.m.timeout: is too small (expected more than 0)",
    ),
    "undefined llm": (
        "llms:\n  local: {type: ollama}\nagents:\n  a: {llm: locla}\n",
        "a.yaml:4:12: agents.a.llm: no llm 'locla' is defined "
        "(expected one of auto, offline, local; did you mean 'local'?)",
    ),
    "empty llm": (
        'agents:\n  a: {llm: ""}\n',
        "a.yaml:2:12: agents.a.llm: is empty (expected text)",
    ),
    "undefined tool": (
        "agents:\n  a: {tools: [calculator, recal]}\n",
        "a.yaml:2:27: agents.a.tools[1]: no tool 'recal' is defined (expected one of calculator, current_time, "
        "remember, recall, execute_command, write_file, search_replace, read_file, search, todo_write, agent_call; "
        "did you mean 'recall'?)",
    ),
    "undefined database": (
        "agents:\n  a: {database: main}\n",
        "a.yaml:2:17: agents.a.database: no database 'main' is defined",
    ),
    "undefined embedder": (
        "agents:\n  a: {embedder: main}\n",
        "a.yaml:2:17: agents.a.embedder: no embedder 'main' is defined",
    ),
    "undefined session store": (
        "agents:\n  a: {session_store: main}\n",
        "a.yaml:2:22: agents.a.session_store: no session store 'main' is defined",
    ),
    "undefined document store": (
        "agents:\n  a: {document_stores: [main]}\n",
        "a.yaml:2:25: agents.a.document_stores[0]: no document store 'main' is defined",
    ),
    "undefined document store of a tool": (
        "tools:\n  docs: {type: search, document_stores: [main]}\n",
        "a.yaml:2:42: tools.docs.document_stores[0]: no document store 'main' is defined",
    ),
    "tool without a type": (
        "tools:\n  shell: {enabled: true}\n",
        "a.yaml:2:3: tools.shell: has no type (expected type: one of command, write_file, search_replace, search, "
        "todo, agent_call, mcp, calculator, current_time, remember, recall, read_file, execute_command, todo_write)",
    ),
    "impossible agent id": (
        "agents:\n  math bot: {}\n",
        "a.yaml:2:3: agents.'math bot': cannot be the id of an agent "
        "(expected 1 to 64 letters, digits, '_', '.' or '-')",
    ),
    "key twice": (
        "agents:\n  a:\n    name: x\n    name: y\n",
        "a.yaml:4:5: agents.a.name: this key stands twice; first at a.yaml:3:5",
    ),
    "agent twice": (
        "agents:\n  a: {name: x}\n  b: {}\n  a: {name: y}\n",
        "a.yaml:4:3: agents.a: this key stands twice; first at a.yaml:2:3",
    ),
    "unknown vector store": (
        "databases:\n  d: {type: chroma}\n",
        "a.yaml:2:13: databases.d.type: 'chroma' is not a choice (expected one of qdrant)",
    ),
    "port out of range": (
        "databases:\n  d: {port: 70000}\n",
        "a.yaml:2:13: databases.d.port: is too large (expected at most 65535)",
    ),
    "key in the wrong block of global": (
        "global:\n  performance: {max_concurency: 2}\n",
        "a.yaml:2:17: global.performance.max_concurency: unknown key (did you mean 'max_concurrency'?)",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_says_where_and_what(name: str, tmp_path: Path) -> None:
    text, expected = BAD_FILES[name]
    assert [error.replace(f"{tmp_path}/", "") for error in errors_of(tmp_path, text)] == [expected]


def test_all_problems_are_reported_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    errors = errors_of(tmp_path, "agents:\n  a:\n    llm: gpt\n    nam: x\n    task: {worker_pool: -1}\nllm: {}\n")
    assert [error.split(" ")[0] for error in errors] == ["a.yaml:3:10:", "a.yaml:4:5:", "a.yaml:5:25:", "a.yaml:6:1:"]


def test_the_text_of_a_problem_is_one_line_whatever_the_file_holds(tmp_path: Path) -> None:
    hostile = 'llms: {"m\\nn": {}}\nagents:\n  ? "a\\n\\e[31mb"\n  : {llm: "x\\ny", "k\\u202Ek": 1}\n'
    errors = errors_of(tmp_path, hostile)
    assert len(errors) == 3
    for error in errors:
        assert error.isprintable()


def test_a_credential_is_never_part_of_a_message(tmp_path: Path) -> None:
    errors = errors_of(
        tmp_path,
        "llms:\n  m: {api_key: {sk-secret: sk-secret}}\nagents:\n  a: {type: a2a, credentials: {token: [sk-secret]}}\n",
    )
    assert len(errors) == 2
    assert "sk-secret" not in "".join(errors)


def test_a_problem_without_a_line_names_the_file_alone() -> None:
    problem = ConfigProblem(Path("agents"), 0, 0, "", "the folder cannot be read", severity=Severity.WARNING)
    assert str(problem) == "agents: the folder cannot be read"
    assert not problem.is_error
