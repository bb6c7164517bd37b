"""YAML text to nodes, bounded, with every problem at its place.

ruamel.yaml's parser gives events with marks; the tree is built from them here and not by its composer, because the
bounds on nodes and aliases have to hold while the tree grows: a few lines of aliases can stand for billions of nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from hector_tui.config.nodes import KeyValue, ListNode, MapNode, Node, ScalarNode, ScalarValue, core_value, kind_of
from hector_tui.config.problems import KeyPath, Mark, ProblemLog, one_line, shortened

MAX_BYTES = 1024 * 1024
"""The largest file that is read."""
MAX_DEPTH = 50
"""How deep mappings and lists may stand in each other, aliases counted where they are used."""
MAX_NODES = 100_000
"""How many values a file may have, aliases counted where they are used."""

_CORE_TAGS = {f"tag:yaml.org,2002:{name}": name for name in ("str", "int", "float", "bool", "null", "map", "seq")}
_NOT_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MERGE = "<<"

# ruamel.yaml's words, and ours: what is wrong, and what would be right.
_PLAIN_WORDS = (
    ("mapping values are not allowed here", "a ':' stands where no key can be", "text with ': ' in it in quotes"),
    (r"found character '\t'", "a tab is used for indentation", "spaces"),
    ("that cannot start any token", "text cannot begin with this character", "the text in quotes"),
    ("found unexpected end of stream", "the text's closing quote is missing", ""),
    ("found unknown escape character", "a backslash in double quotes begins no known escape", r"\\ or single quotes"),
    ("expected ',' or ']'", "a '[' list is not closed or lacks a comma", "',' or ']'"),
    ("expected ',' or '}'", "a '{' mapping is not closed or lacks a comma", "',' or '}'"),
    ("expected <block end>", "the indentation does not fit the lines above", ""),
    ("could not find expected ':'", "a key has no ':' after it", ""),
    ("found '<stream end>'", "the file ends where a value should be", ""),
    ("expected '<document start>'", "something stands after the end of the document", ""),
)


class _Refused(Exception):
    """The document cannot be read further; carries where and why."""

    def __init__(self, mark: Mark, path: KeyPath, message: str, expected: str = "") -> None:
        super().__init__(message)
        self.mark = mark
        self.path = path
        self.message = message
        self.expected = expected


class _Event(NamedTuple):
    """The parts of a ruamel.yaml event that matter here."""

    kind: str
    mark: Mark
    anchor: str | None
    tag: str | None
    text: str
    quoted: bool


def read_document(text: str, file: Path, log: ProblemLog) -> MapNode | None:
    """Read one YAML document.

    Args:
        text: The whole file.
        file: Its name, for the marks.
        log: Gets every problem. A repeated key is noted and reading goes on; wrong syntax ends it.

    Returns:
        The mapping at the top, empty for an empty document; None when the file cannot be read.
    """
    unreadable = _NOT_YAML.search(text)
    if unreadable is not None:
        code = f"U+{ord(unreadable.group()):04X}"
        log.error(mark_at(file, text, unreadable.start()), (), f"the character {code} cannot stand in YAML")
        return None
    try:
        node = _Builder(file, _events(text, file), log).document()
    except _Refused as refused:
        log.error(refused.mark, refused.path, refused.message, expected=refused.expected)
        return None
    match node:
        case MapNode():
            return node
        case None | ScalarNode(value=None):
            log.warning(Mark(file), (), "the file says nothing", expected="agents, llms, tools ...")
            return MapNode(Mark(file, 1, 1), MappingProxyType({}))
        case _:
            log.error(node.mark, (), f"the file is {kind_of(node)}", expected="keys such as agents, llms, tools")
            return None


def mark_at(file: Path, text: str, position: int) -> Mark:
    """The line and column of a position in a text."""
    line_start = text.rfind("\n", 0, position) + 1
    return Mark(file, text.count("\n", 0, position) + 1, position - line_start + 1)


def _events(text: str, file: Path) -> Iterator[_Event]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            mark = Mark(file, event.start_mark.line + 1, event.start_mark.column + 1)
            anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
            value, style = getattr(event, "value", None), getattr(event, "style", None)
            yield _Event(type(event).__name__, mark, anchor, tag, str(value or ""), style is not None)
    except MarkedYAMLError as error:
        raise _syntax_error(error, file, text) from error
    except (ValueError, OverflowError, TypeError, AttributeError, LookupError, AssertionError) as error:
        # The scanner itself stumbles over some malformed text, such as an escape beyond the last character.
        raise _Refused(Mark(file), (), f"this is not valid YAML ({type(error).__name__}: {error})") from error


def _syntax_error(error: Exception, file: Path, text: str) -> _Refused:
    problem = str(getattr(error, "problem", None) or error)
    place = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    mark = Mark(file, place.line + 1, place.column + 1) if place is not None else Mark(file)
    for theirs, ours, expected in _PLAIN_WORDS:
        if theirs in problem:
            # Inside { } the brace of an unquoted ${NAME} begins another mapping.
            in_braces = "or '}'" in problem and "${" in "".join(text.splitlines()[mark.line - 1 : mark.line])
            return _Refused(mark, (), ours, "quotes around ${...} inside { }" if in_braces else expected)
    return _Refused(mark, (), f"this is not valid YAML ({one_line(shortened(problem))})")


class _Builder:
    """Builds the tree of one document from events, within the bounds."""

    def __init__(self, file: Path, events: Iterator[_Event], log: ProblemLog) -> None:
        self._file = file
        self._events = events
        self._log = log
        self._anchors: dict[str, Node] = {}
        self._nodes = 0

    def document(self) -> Node | None:
        """The one document of the stream; None for an empty stream."""
        root: Node | None = None
        for event in self._events:
            match event.kind:
                case "DocumentStartEvent" if root is not None:
                    raise _Refused(event.mark, (), "a second document begins", "one document in a file")
                case "StreamStartEvent" | "StreamEndEvent" | "DocumentStartEvent" | "DocumentEndEvent":
                    continue
                case _:
                    root = self._node(event, (), 1)
        return root

    def _node(self, event: _Event, path: KeyPath, depth: int) -> Node:
        self._count(event.mark, path, 1, depth)
        node: Node
        match event.kind:
            case "AliasEvent":
                return self._alias(event, path, depth)
            case "SequenceStartEvent":
                _check_tag(event, path, "seq")
                node = ListNode(event.mark, tuple(self._items(path, depth)))
            case "MappingStartEvent":
                _check_tag(event, path, "map")
                node = self._mapping(event, path, depth)
            case _:
                node = _scalar(event, path)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _count(self, mark: Mark, path: KeyPath, nodes: int, depth: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise _Refused(mark, (), f"the file has more than {MAX_NODES:,} values, counting aliases")
        if depth > MAX_DEPTH:
            raise _Refused(mark, (), f"mappings and lists stand more than {MAX_DEPTH} deep in each other")

    def _alias(self, event: _Event, path: KeyPath, depth: int) -> Node:
        node = self._anchors.get(event.anchor or "")
        if node is None:
            # Also an alias inside its own anchor: the anchor is known only when its node is complete.
            raise _Refused(event.mark, path, f"the alias *{event.anchor} has no anchor before it")
        size, height = _measure(node)
        self._count(event.mark, path, size - 1, depth + height - 1)
        return node

    def _items(self, path: KeyPath, depth: int) -> Iterator[Node]:
        for number, event in enumerate(self._events):
            if event.kind == "SequenceEndEvent":
                return
            yield self._node(event, (*path, number), depth + 1)

    def _mapping(self, start: _Event, path: KeyPath, depth: int) -> MapNode:
        own: dict[str, KeyValue] = {}
        merged: dict[str, KeyValue] = {}
        for event in self._events:
            if event.kind == "MappingEndEvent":
                break
            key = self._node(event, path, depth + 1)
            if not isinstance(key, ScalarNode):
                raise _Refused(event.mark, path, f"a key is {kind_of(key)}", "a key of plain text")
            below = (*path, key.text)
            value = self._node(next(self._events), below, depth + 1)
            if key.text == _MERGE and not event.quoted:
                for name, entry in _merged(value, path):
                    merged.setdefault(name, entry)
            elif key.text in own:
                first = own[key.text].mark
                self._log.error(event.mark, below, f"this key stands twice; first at {first}")
            else:
                own[key.text] = KeyValue(key.text, event.mark, value)
        return MapNode(start.mark, MappingProxyType({**merged, **own}))


def _merged(value: Node, path: KeyPath) -> Iterator[tuple[str, KeyValue]]:
    """The entries a merge key brings in; of several mappings the first wins (https://yaml.org/type/merge.html)."""
    for source in value.items if isinstance(value, ListNode) else (value,):
        if not isinstance(source, MapNode):
            raise _Refused(source.mark, (*path, _MERGE), f"is {kind_of(source)}", "a mapping or a list of mappings")
        yield from source.entries.items()


def _scalar(event: _Event, path: KeyPath) -> ScalarNode:
    tag = _check_tag(event, path, "str", "int", "float", "bool", "null")
    value: ScalarValue = event.text if event.quoted else core_value(event.text)
    if tag == "str":
        value = event.text
    elif tag:
        value = core_value(event.text)
        if not _fits(tag, value):
            raise _Refused(event.mark, path, f"the text does not fit its tag !!{tag}")
    return ScalarNode(event.mark, event.text, value)


def _fits(tag: str, value: ScalarValue) -> bool:
    match tag:
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "bool":
            return isinstance(value, bool)
        case _:
            return value is None


def _check_tag(event: _Event, path: KeyPath, *allowed: str) -> str:
    """The short name of an explicit tag, empty when there is none; other tags could mean code, so they are refused."""
    if event.tag is None or event.tag == "!":
        return ""
    name = _CORE_TAGS.get(event.tag, "")
    if name not in allowed:
        raise _Refused(event.mark, path, f"the tag {shortened(event.tag)!r} is not used in a configuration")
    return name


def _measure(node: Node) -> tuple[int, int]:
    """How many nodes stand at and below a node, and how deep."""
    match node:
        case ScalarNode():
            return 1, 1
        case ListNode():
            below = [_measure(item) for item in node.items]
        case MapNode():
            below = [_measure(entry.value) for entry in node.entries.values()]
    keys = len(below) if isinstance(node, MapNode) else 0
    return 1 + keys + sum(size for size, _ in below), 1 + max((height for _, height in below), default=0)
