"""A YAML document as a tree in which every key and value knows its place.

Nodes are never changed: a step that rewrites the tree builds new nodes around the old ones, so a node shared through an
anchor can be rewritten in one place and stay as it is in another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from hector_tui.config.problems import KeyPath, Mark

ScalarValue = str | int | float | bool | None

ANY_KEY = "*"
"""In a pattern of keys: any one key."""

# The core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/, section 10.3.2); `yes`, `no`, `on` and `off` are text.
_CONSTANTS: Mapping[str, ScalarValue] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_DECIMAL = re.compile(r"[-+]?[0-9]+", re.ASCII)
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_SPECIAL_FLOAT = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
# Python refuses to read longer integers from text, to bound the time it takes.
_LONGEST_NUMBER = 300


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One value.

    Args:
        mark: Where it begins.
        text: The text as written, without quotes.
        value: What YAML reads it as.
        expanded: Whether environment variables were put into it; its type then follows the field it stands in.
        variables: The names of those variables, in order.
    """

    mark: Mark
    text: str
    value: ScalarValue
    expanded: bool = False
    variables: tuple[str, ...] = ()

    @property
    def is_absent(self) -> bool:
        """Whether it says nothing: `key:`, `key: null`, or `key: ${UNSET}`."""
        return self.value is None or (self.expanded and not self.text)


@dataclass(frozen=True, slots=True)
class ListNode:
    """A sequence."""

    mark: Mark
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class KeyValue:
    """One entry of a mapping; `mark` is the place of the key."""

    key: str
    mark: Mark
    value: Node


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping, in the order of the file."""

    mark: Mark
    entries: Mapping[str, KeyValue]

    def get(self, key: str) -> KeyValue | None:
        """The entry of a key, if there is one."""
        return self.entries.get(key)

    def without(self, key: str) -> MapNode:
        """The mapping without one key."""
        return self.updated([], drop=key)

    def updated(self, entries: Iterable[KeyValue], *, drop: str | None = None) -> MapNode:
        """The mapping with entries added (or replaced where they stand), and one key left out."""
        changed = {**self.entries, **{entry.key: entry for entry in entries}}
        if drop is not None:
            changed.pop(drop, None)
        return replace(self, entries=MappingProxyType(changed))


Node = ScalarNode | ListNode | MapNode


def core_value(text: str) -> ScalarValue:
    """What YAML 1.2 reads an unquoted text as."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if len(text) > _LONGEST_NUMBER:
        return text
    if _DECIMAL.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, base=0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _SPECIAL_FLOAT.fullmatch(text):
        return float(text.replace(".", ""))  # Python writes inf and nan without the dot.
    return text


def kind_of(node: Node) -> str:
    """What a node is, in the words of a message: `text`, `a list`, `a mapping` ..."""
    match node:
        case MapNode():
            return "a mapping"
        case ListNode():
            return "a list"
        case ScalarNode(value=None):
            return "empty"
        case ScalarNode(value=bool()):
            return "true or false"
        case ScalarNode(value=int()):
            return "a whole number"
        case ScalarNode(value=float()):
            return "a number"
        case _:
            return "text"


def descend(node: Node, path: KeyPath) -> tuple[Mark, Node] | None:
    """Follow a path below a node.

    Returns:
        The place of the last key (or list item) and the node there; None when the path leads nowhere.
    """
    mark = node.mark
    for step in path:
        match node, step:
            case MapNode(), str() if step in node.entries:
                mark, node = node.entries[step].mark, node.entries[step].value
            case ListNode(), int() if 0 <= step < len(node.items):
                node = node.items[step]
                mark = node.mark
            case _:
                return None
    return mark, node


def rewrite(
    node: Node, pattern: tuple[str, ...], change: Callable[[MapNode, KeyPath], MapNode], path: KeyPath = ()
) -> Node:
    """Apply `change` to every mapping whose keys from here fit the pattern, where `*` is any key.

    Args:
        node: Where to begin.
        pattern: The keys to follow; an empty pattern means the node itself.
        change: Gets the mapping and its path, returns the mapping to put in its place.
        path: The path of `node`.

    Returns:
        The tree with the changed mappings; the same node when nothing changed.
    """
    if not isinstance(node, MapNode):
        return node
    if not pattern:
        return change(node, path)
    changed: list[KeyValue] = []
    for entry in _matching(node, pattern[0]):
        value = rewrite(entry.value, pattern[1:], change, (*path, entry.key))
        if value is not entry.value:
            changed.append(replace(entry, value=value))
    return node.updated(changed) if changed else node


def _matching(node: MapNode, step: str) -> Iterator[KeyValue]:
    if step == ANY_KEY:
        yield from node.entries.values()
    elif step in node.entries:
        yield node.entries[step]
