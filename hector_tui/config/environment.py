"""Environment variables in values, and the `.env` file beside a configuration.

Variables are put into values after YAML is read, never into the text of the file, so a value cannot bring keys with it.
`os.environ` is neither read nor changed here.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hector_tui.config.nodes import KeyValue, ListNode, MapNode, Node, ScalarNode
from hector_tui.config.problems import KeyPath, Mark, ProblemLog

API_KEY = "api_key"
"""The key whose unset variable is no problem of the file: the screen asks for it."""

# ${NAME}, ${NAME:-default} and $NAME, upper case only as in Hector; a second $ keeps the text as it is (ours).
_VARIABLE = re.compile(
    r"\$?\$\{(?P<braced>[A-Z_][A-Z0-9_]*)(?::-(?P<default>[^}]*))?\}|\$?\$(?P<bare>[A-Z_][A-Z0-9_]*)(?![A-Za-z0-9_])"
)


def expand(node: Node, env: Mapping[str, str], log: ProblemLog, path: KeyPath = ()) -> Node:
    """Put environment variables into every text of a tree.

    Args:
        node: The tree.
        env: The variables. An empty one counts as unset, as in a shell's `:-`.
        log: Gets one warning for each unset variable without a default, except in an `api_key`.
        path: The path of the node.

    Returns:
        The tree with new scalars where a variable stood; the same node when there was none.
    """
    match node:
        case ScalarNode(value=str()) if "$" in node.text:
            return _expand_scalar(node, env, log, path)
        case ListNode():
            items = tuple(expand(item, env, log, (*path, number)) for number, item in enumerate(node.items))
            changed = any(new is not old for new, old in zip(items, node.items, strict=True))
            return replace(node, items=items) if changed else node
        case MapNode():
            return node.updated(_expand_entries(node, env, log, path))
        case _:
            return node


def _expand_entries(node: MapNode, env: Mapping[str, str], log: ProblemLog, path: KeyPath) -> list[KeyValue]:
    entries = []
    for entry in node.entries.values():
        value = expand(entry.value, env, log, (*path, entry.key))
        if value is not entry.value:
            entries.append(replace(entry, value=value))
    return entries


def _expand_scalar(node: ScalarNode, env: Mapping[str, str], log: ProblemLog, path: KeyPath) -> ScalarNode:
    names: list[str] = []

    def value_of(match: re.Match[str]) -> str:
        if match.group().startswith("$$"):
            return match.group()[1:]
        name = match["braced"] or match["bare"]
        names.append(name)
        value = env.get(name, "") or match["default"]
        if value is None and path[-1:] != (API_KEY,):
            log.warning(node.mark, path, f"the environment variable {name} is not set, so nothing is put in its place")
        return value or ""

    text = _VARIABLE.sub(value_of, node.text)
    if text == node.text:
        return node
    return replace(node, text=text, value=text, expanded=bool(names), variables=tuple(dict.fromkeys(names)))


def unset_variable(node: ScalarNode, env: Mapping[str, str]) -> str | None:
    """The variable a value waits for: the first unset one in it, else the first; None when it has none."""
    unset = (name for name in node.variables if not env.get(name))
    return next(unset, node.variables[0] if node.variables else None)


def read_env_file(text: str, file: Path, log: ProblemLog) -> dict[str, str]:
    """Read the text of a `.env` file.

    Variables in its values are not looked up, because python-dotenv would take them from `os.environ`.
    """
    from dotenv import dotenv_values

    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    for name in [name for name, value in values.items() if value is None]:
        log.warning(Mark(file), (), f"{name} has no value", expected="NAME=value")
    return {name: value for name, value in values.items() if value is not None}
