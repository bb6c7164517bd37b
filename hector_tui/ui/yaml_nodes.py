"""YAML files that a person edits, read to nodes: every value keeps its place, and no tag can run code."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode
from ruamel.yaml.reader import ReaderError

from hector_tui.errors import HectorError

_LISTED_AT_MOST = 20


def read_text(path: Path, *, max_bytes: int, error: type[HectorError], too_large: str = "") -> str:
    """The text of a file.

    Args:
        path: The file.
        max_bytes: The largest it may be.
        error: What is raised.
        too_large: What to do about a larger one.

    Raises:
        HectorError: Of the type given: it cannot be read, is too large or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as problem:
        raise error(f"cannot be read ({problem.strerror})", where=str(path)) from problem
    if len(data) > max_bytes:
        raise error(f"is larger than {max_bytes // 1024} KiB", where=str(path), hint=too_large)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        column = problem.start - data.rfind(b"\n", 0, problem.start)
        raise error("is not UTF-8 text", where=f"{path}:{line}:{column}") from problem


def compose(path: Path, text: str, *, error: type[HectorError]) -> Node | None:
    """The root node of a file's text; None when nothing stands in it.

    Raises:
        HectorError: Of the type given: it is not YAML.
    """
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except ReaderError as problem:
        line = text.count("\n", 0, problem.position) + 1
        column = problem.position - text.rfind("\n", 0, problem.position)
        raise error("holds a character YAML does not allow", where=f"{path}:{line}:{column}") from problem
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark is not None else str(path)
        raise error(f"is not YAML: {problem.problem or problem.context}", where=where) from problem
    except (YAMLError, RecursionError) as problem:
        raise error("is not YAML that can be read", where=str(path)) from problem
    return root if isinstance(root, Node) else None


def place_of(path: Path, node: Node) -> str:
    """Where a node stands, as `file:line:column`."""
    return f"{path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def is_null(node: Node) -> bool:
    """Whether nothing stands there."""
    return isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def kind_of(node: Node) -> str:
    """What stands there, in a few words."""
    if is_null(node):
        return "nothing"
    if isinstance(node, ScalarNode):
        return repr(str(node.value)[:40])
    return "keys and values" if isinstance(node, MappingNode) else "a list"


def nearest(word: str, known: Iterable[str]) -> str:
    """A sentence that names the word that was meant, or all there are when those are few."""
    known = tuple(known)
    if near := get_close_matches(word, known, n=1):
        return f"Did you mean {near[0]!r}?"
    return f"Known are {', '.join(known)}." if len(known) <= _LISTED_AT_MOST else ""
