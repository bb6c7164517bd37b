from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hector_tui.config.compat import modernise
from hector_tui.config.environment import expand
from hector_tui.config.loader import load
from hector_tui.config.nodes import ListNode, MapNode, ScalarNode, ScalarValue, core_value, descend
from hector_tui.config.problems import ProblemLog
from hector_tui.config.reader import MAX_BYTES, MAX_DEPTH, MAX_NODES, read_document

FILE = Path("a.yaml")


def read(text: str) -> tuple[MapNode | None, list[str]]:
    log = ProblemLog()
    return read_document(text, FILE, log), [str(problem) for problem in log.all()]


def value_at(text: str, *path: str | int) -> ScalarValue:
    root, problems = read(text)
    assert root is not None, problems
    found = descend(root, path)
    assert found is not None
    node = found[1]
    assert isinstance(node, ScalarNode)
    return node.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("yes", "yes"),
        ("on", "on"),
        ("12", 12),
        ("-3", -3),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("1_000", "1_000"),
        ("1.5", 1.5),
        (".5e3", 500.0),
        ("-.inf", float("-inf")),
        ("1:30", "1:30"),
        ("2025-10-23", "2025-10-23"),
        ("1.2.3", "1.2.3"),
        ("٣", "٣"),
    ],
)
def test_plain_values_are_read_by_the_core_schema_of_yaml_1_2(text: str, value: ScalarValue) -> None:
    assert core_value(text) == value
    assert type(core_value(text)) is type(value)
    assert value_at(f"key: {text}", "key") == value


def test_quoted_values_are_text() -> None:
    assert value_at('key: "12"', "key") == "12"
    assert value_at("key: 'true'", "key") == "true"
    assert value_at("key: |\n  12\n", "key") == "12\n"


def test_explicit_core_tags_are_obeyed() -> None:
    assert value_at("key: !!str 12", "key") == "12"
    assert value_at('key: !!int "12"', "key") == 12
    assert read("key: !!int x")[1] == ["a.yaml:1:6: key: the text does not fit its tag !!int"]


def test_a_number_of_any_length_is_read_in_bounded_time() -> None:
    assert value_at(f"key: {'9' * 5000}", "key") == "9" * 5000


def test_every_key_and_value_knows_its_place() -> None:
    root, _ = read("a:\n  b: [x,\n      y]\n")
    assert root is not None
    key = descend(root, ("a", "b"))
    item = descend(root, ("a", "b", 1))
    assert key is not None
    assert (str(key[0]), str(key[1].mark)) == ("a.yaml:2:3", "a.yaml:2:6")
    assert item is not None
    assert str(item[0]) == "a.yaml:3:7"
    assert descend(root, ("a", "c")) is None
    assert descend(root, ("a", "b", 2)) is None


def test_anchors_aliases_and_merge_keys_work() -> None:
    text = (
        "base: &base {size: 1, name: base}\nextra: &extra {name: extra, more: 2}\n"
        "one: {<<: *base, size: 3}\nmany: {<<: [*base, *extra]}\nlist: [&x 5, *x]\n"
    )
    assert value_at(text, "one", "size") == 3
    assert value_at(text, "one", "name") == "base"
    assert value_at(text, "many", "name") == "base"
    assert value_at(text, "many", "more") == 2
    assert value_at(text, "list", 1) == 5
    assert value_at('"<<": 1', "<<") == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: b: c", "a.yaml:1:5: a ':' stands where no key can be (expected text with ': ' in it in quotes)"),
        ("a:\n\t- x", "a.yaml:2:1: a tab is used for indentation (expected spaces)"),
        ("a: @x", "a.yaml:1:4: text cannot begin with this character (expected the text in quotes)"),
        ("a: [1, 2\nb: 3\n", "a.yaml:2:2: a '[' list is not closed or lacks a comma (expected ',' or ']')"),
        ("a: {b: c\n", "a.yaml:2:1: a '{' mapping is not closed or lacks a comma (expected ',' or '}')"),
        (
            "a: {b: ${X}}\n",
            "a.yaml:1:9: a '{' mapping is not closed or lacks a comma (expected quotes around ${...} inside { })",
        ),
        ('a: "x\n', "a.yaml:2:1: the text's closing quote is missing"),
        ("- a\nb: 1", "a.yaml:2:1: the indentation does not fit the lines above"),
        (
            'a: "\\q"',
            r"a.yaml:1:6: a backslash in double quotes begins no known escape (expected \\ or single quotes)",
        ),
        ("a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document begins (expected one document in a file)"),
        ("a: *x", "a.yaml:1:4: a: the alias *x has no anchor before it"),
        ("a: &x [*x]", "a.yaml:1:8: a[0]: the alias *x has no anchor before it"),
        (
            "a: !!python/object:os.system x",
            "a.yaml:1:4: a: the tag 'tag:yaml.org,2002:python/object:os.system' is not used in a configuration",
        ),
        ("a: !mine {b: 1}", "a.yaml:1:4: a: the tag '!mine' is not used in a configuration"),
        ("? [a]\n: b", "a.yaml:1:3: a key is a list (expected a key of plain text)"),
        ("a: {<<: 3}", "a.yaml:1:9: a.<<: is a whole number (expected a mapping or a list of mappings)"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "a.yaml:4:3: b.c: this key stands twice; first at a.yaml:3:3"),
        ("a: x\x00y", "a.yaml:1:5: the character U+0000 cannot stand in YAML"),
        ("a: 1\nb: \x1b[31m", "a.yaml:2:4: the character U+001B cannot stand in YAML"),
        ("- a", "a.yaml:1:1: the file is a list (expected keys such as agents, llms, tools)"),
        ("hello", "a.yaml:1:1: the file is text (expected keys such as agents, llms, tools)"),
        ("# nothing\n", "a.yaml: the file says nothing (expected agents, llms, tools ...)"),
    ],
)
def test_what_is_not_a_configuration_is_a_problem_at_its_place(text: str, problem: str) -> None:
    assert [line.replace("'<<'", "<<") for line in read(text)[1]] == [problem]


def test_an_escape_beyond_the_last_character_is_a_problem() -> None:
    root, problems = read('a: "\\UFFFFFFFF"')
    assert root is None
    assert len(problems) == 1
    assert "not valid YAML" in problems[0]


def test_nesting_is_bounded() -> None:
    deep = "{a: " * (MAX_DEPTH - 1) + "1" + "}" * (MAX_DEPTH - 1)
    assert read(deep)[1] == []
    assert f"more than {MAX_DEPTH} deep" in read("[" * 5000)[1][0]
    assert f"more than {MAX_DEPTH} deep" in read("- " * 5000)[1][0]


def test_aliases_cannot_nest_deeper_than_the_bound() -> None:
    half = MAX_DEPTH // 2 + 1
    text = f"a: &a {'[' * half}{']' * half}\nb: {'[' * half}*a{']' * half}\n"
    assert f"more than {MAX_DEPTH} deep" in read(text)[1][0]


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    root, problems = read("\n".join(lines))
    assert root is None
    assert len(problems) == 1
    assert f"more than {MAX_NODES:,} values" in problems[0]


def test_a_bomb_of_merge_keys_is_refused() -> None:
    lines = [f"a0: &a0 {{{', '.join(f'k{n}: 1' for n in range(500))}}}"]
    lines += [f"a{n}: &a{n} {{<<: *a0, own{n}: 1}}" for n in range(1, 400)]
    root, problems = read("\n".join(lines))
    assert root is None
    assert f"more than {MAX_NODES:,} values" in problems[0]


def test_too_many_values_are_refused() -> None:
    assert f"more than {MAX_NODES:,} values" in read("a: [" + "1," * MAX_NODES + "]")[1][0]


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"#" * (MAX_BYTES + 1))
    assert [problem.text for problem in load([file], env={}).errors] == ["the file is larger than 1024 KiB"]


def test_a_file_that_is_not_utf_8_is_a_problem_at_its_place(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbfname: x\ndescription: caf\xe9\n")
    loaded = load([file], env={})
    assert [str(problem) for problem in loaded.problems] == [f"{file}:2:17: the file is not UTF-8 text"]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbfname: x\n")
    loaded = load([file], env={})
    assert (loaded.info.name, loaded.problems) == ("x", ())


_YAML_LIKE = st.lists(
    st.sampled_from(
        [
            *"abx:-{}[],&*!|>%@`#'\"\\?~\t\n\r \x00\x85\u2028\ufeff😀",
            "agents:",
            "\n  ",
            "\n    ",
            ": ",
            "- ",
            "<<: ",
            "&a ",
            "*a",
            "!!int ",
            "%YAML 1.1\n",
            "---",
            "...",
            "${X}",
            "$A",
            "llm",
            "memory: {working: ",
            "prompt: {system_role: ",
            "\\U",
            "\\x",
            "!<",
            "|2-",
        ]
    ),
    max_size=60,
).map("".join)


@given(_YAML_LIKE | st.text(max_size=80))
@example("? - a\n: b")
@example("{? a")
@example("agents: {a: {memory: {working: {long_term: {enabled: {}}}}}}")
def test_no_text_raises_anything(text: str) -> None:
    log = ProblemLog()
    root = read_document(text, FILE, log)
    if root is None:
        assert any(problem.is_error for problem in log.all())
        return
    expanded = expand(root, {}, log)
    assert isinstance(expanded, MapNode)
    assert isinstance(modernise(expanded, log), MapNode)
    for problem in log.all():
        assert str(problem).isprintable()


_KEYS = st.sampled_from(
    [
        *("agents", "llms", "tools", "global", "plugins", "providers", "logging", "a", "x", "type", "llm", "database"),
        *("prompt", "memory", "working", "summarization", "long_term", "enabled", "security", "schemes", "starters"),
    ]
)
_TREES = st.recursive(
    st.sampled_from(["1", "true", "x", "", "~", '"${X}"', "a2a", "-1", ".nan", "offline"]),
    lambda below: (
        st.lists(below, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(_KEYS, below, max_size=4).map(
            lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
        )
    ),
    max_leaves=25,
)


@given(st.dictionaries(_KEYS, _TREES, max_size=5))
def test_no_tree_raises_anything_and_every_agent_is_usable_or_says_why_not(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, str]
) -> None:
    file = tmp_path_factory.mktemp("tree") / "a.yaml"
    file.write_text("".join(f"{key}: {value}\n" for key, value in tree.items()), encoding="utf-8")
    loaded = load([file], env={})
    for entry in loaded.agents.values():
        assert entry.enabled is (entry.reason == "")
        assert entry.enabled is (entry.config is not None and not entry.reason)
    for problem in loaded.problems:
        assert str(problem).isprintable()


def test_lists_keep_their_order() -> None:
    root, _ = read("a: [z, y, x]")
    found = descend(root, ("a",)) if root is not None else None
    assert found is not None
    assert isinstance(found[1], ListNode)
    assert [item.text for item in found[1].items if isinstance(item, ScalarNode)] == ["z", "y", "x"]
