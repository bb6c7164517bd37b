"""Spellings that only Hector's documents, examples or older versions have, read as what they mean, with a warning.

Hector ignored most of them in silence: six of its fifteen example files lose their prompt that way. Each rewrite keeps
the place of the old key, so every later message points at what the person wrote. Where the old and the new spelling
stand side by side, neither can be preferred, and that is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from hector_tui.config.nodes import ANY_KEY, KeyValue, MapNode, Node, ScalarNode, core_value, kind_of, rewrite
from hector_tui.config.problems import KeyPath, ProblemLog, dotted
from hector_tui.config.schema import PromptSlots

_AGENT = ("agents", ANY_KEY)
_MEMORY = (*_AGENT, "memory")
_LONG_TERM = (*_MEMORY, "long_term")


@dataclass(frozen=True, slots=True)
class Rename:
    """A key that became another one.

    Args:
        parent: The pattern of the mapping the old key stands in.
        old: The old key.
        new: Where its value belongs, as keys below the same mapping.
    """

    parent: tuple[str, ...]
    old: str
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """A mapping whose entries moved out of it.

    Args:
        parent: The pattern of the mapping the old key stands in.
        old: The key of the mapping that is taken apart.
        only: Take it apart only when it has one of these keys; empty for always.
    """

    parent: tuple[str, ...]
    old: str
    only: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Value:
    """A value that became another one.

    Args:
        parent: The pattern of the mapping the key stands in.
        key: The key.
        values: Old value to new value.
        new_key: The key the new value belongs to; None for the same key.
    """

    parent: tuple[str, ...]
    key: str
    values: Mapping[str, str]
    new_key: str | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A key of Hector's server, which has no meaning here.

    Args:
        parent: The pattern of the mapping the key stands in.
        key: The key.
    """

    parent: tuple[str, ...]
    key: str


Rule = Rename | Spread | Value | Dropped

RULES: tuple[Rule, ...] = (
    Spread((), "providers", only=frozenset({"llms", "databases", "embedders"})),
    Rename((), "providers", ("llms",)),
    Rename((), "logging", ("global", "logging")),
    Dropped((), "server"),
    Dropped((), "rest_gateway_port"),
    Dropped(("global",), "rest_gateway_port"),
    Dropped(("global", "a2a_server"), "rest_gateway_port"),
    Spread(_MEMORY, "working"),
    Rename(_MEMORY, "longterm", ("long_term",)),
    Rename(_MEMORY, "summarization_threshold", ("threshold",)),
    Value(_MEMORY, "summarization", {"true": "summary_buffer", "false": "buffer_window"}, new_key="strategy"),
    Value(_LONG_TERM, "storage_scope", {"session": "session"}, new_key="recall_scope"),
    *(Rename((*_AGENT, "prompt"), slot, ("prompt_slots", slot)) for slot in PromptSlots.yaml_keys()),
    Value((*_AGENT, "reasoning"), "engine", {"chain_of_thought": "chain-of-thought"}),
    Rename(("session_stores", ANY_KEY, "sql"), "user", ("username",)),
    Rename((*_AGENT, "task", "sql"), "user", ("username",)),
    Value(("tools", ANY_KEY), "type", {"file_writer": "write_file"}),
)
"""Every old spelling, in the order in which they are read."""


def modernise(root: MapNode, log: ProblemLog) -> MapNode:
    """Read old spellings as what they mean.

    Args:
        root: The top of one file.
        log: Gets one warning for each old spelling, and an error where the new one stands beside it.

    Returns:
        The tree with today's keys, each still at the place of the old one.
    """
    node: Node = root
    for rule in RULES:
        node = rewrite(node, rule.parent, _change(rule, log))
    node = rewrite(node, _MEMORY, lambda memory, path: _switch_long_term(memory, path, log))
    return node if isinstance(node, MapNode) else root


def _change(rule: Rule, log: ProblemLog) -> Callable[[MapNode, KeyPath], MapNode]:
    match rule:
        case Rename():
            return lambda parent, path: _rename(parent, path, rule, log)
        case Spread():
            return lambda parent, path: _spread(parent, path, rule, log)
        case Value():
            return lambda parent, path: _change_value(parent, path, rule, log)
        case Dropped():
            return lambda parent, path: _drop(parent, path, rule, log)


def _rename(parent: MapNode, path: KeyPath, rule: Rename, log: ProblemLog) -> MapNode:
    old = parent.get(rule.old)
    if old is None:
        return parent
    *above, key = rule.new
    if _stands(parent, rule.new):
        _refuse_both(old, path, rule.new, log)
        return parent.without(rule.old)
    if not _open(parent, above):
        return parent
    log.warning(old.mark, (*path, rule.old), f"old spelling, read as {dotted((*path, *rule.new))}")
    return _put(parent.without(rule.old), tuple(above), replace(old, key=key))


def _spread(parent: MapNode, path: KeyPath, rule: Spread, log: ProblemLog) -> MapNode:
    old = parent.get(rule.old)
    if old is None or not isinstance(old.value, MapNode) or (rule.only and not rule.only & old.value.entries.keys()):
        return parent
    meaning = f"its keys belong to {dotted(path)}" if path else "its keys belong to the top of the file"
    log.warning(old.mark, (*path, rule.old), f"old spelling, {meaning}")
    moved: list[KeyValue] = []
    for entry in old.value.entries.values():
        if _stands(parent, (entry.key,)):
            _refuse_both(entry, (*path, rule.old), (entry.key,), log, new_path=path)
        else:
            moved.append(entry)
    return parent.updated(moved, drop=rule.old)


def _change_value(parent: MapNode, path: KeyPath, rule: Value, log: ProblemLog) -> MapNode:
    old = parent.get(rule.key)
    meant = rule.values.get(_written(old.value)) if old is not None else None
    if old is None or meant is None or not isinstance(old.value, ScalarNode):
        return parent
    value = replace(old.value, text=meant, value=meant)
    if rule.new_key is None:
        log.warning(old.value.mark, (*path, rule.key), f"old spelling, read as {meant!r}")
        return parent.updated([replace(old, value=value)])
    present = parent.get(rule.new_key)
    if present is not None and not (isinstance(present.value, ScalarNode) and present.value.text == meant):
        _refuse_both(old, path, (rule.new_key,), log)
        return parent.without(rule.key)
    log.warning(old.mark, (*path, rule.key), f"old spelling, read as {dotted((*path, rule.new_key))}: {meant}")
    return parent.updated([replace(old, key=rule.new_key, value=value)] if present is None else [], drop=rule.key)


def _drop(parent: MapNode, path: KeyPath, rule: Dropped, log: ProblemLog) -> MapNode:
    old = parent.get(rule.key)
    if old is None:
        return parent
    log.warning(old.mark, (*path, rule.key), "belongs to Hector's server and means nothing here")
    return parent.without(rule.key)


def _switch_long_term(memory: MapNode, path: KeyPath, log: ProblemLog) -> MapNode:
    """Long-term memory is on when its block has any key; the documents' `enabled` key is read, and taken out."""
    block = memory.get("long_term")
    if block is None or not isinstance(block.value, MapNode):
        return memory
    if not block.value.entries:
        return memory.without("long_term")
    switch = block.value.get("enabled")
    if switch is None:
        return memory
    where = (*path, "long_term", "enabled")
    on = core_value(switch.value.text) if isinstance(switch.value, ScalarNode) else None
    if not isinstance(on, bool):
        log.error(switch.value.mark, where, f"is {kind_of(switch.value)}", expected="true or false")
    else:
        log.warning(switch.mark, where, "old spelling: long-term memory is on when this block is there, else off")
    if on is False:
        return memory.without("long_term")
    return memory.updated([replace(block, value=block.value.without("enabled"))])


def _stands(parent: MapNode, keys: tuple[str, ...]) -> bool:
    node: Node = parent
    for key in keys:
        entry = node.get(key) if isinstance(node, MapNode) else None
        if entry is None:
            return False
        node = entry.value
    return True


def _open(parent: MapNode, keys: list[str]) -> bool:
    """Whether entries can be put below the keys: each is a mapping, says nothing, or is not there."""
    node: Node = parent
    for key in keys:
        entry = node.get(key) if isinstance(node, MapNode) else None
        if entry is None or (isinstance(entry.value, ScalarNode) and entry.value.is_absent):
            return True
        node = entry.value
    return isinstance(node, MapNode)


def _written(node: Node) -> str:
    """The text of a scalar, booleans in lower case; empty for anything else."""
    if not isinstance(node, ScalarNode):
        return ""
    value = core_value(node.text)
    return str(value).lower() if isinstance(value, bool) else node.text


def _put(parent: MapNode, above: tuple[str, ...], entry: KeyValue) -> MapNode:
    """The mapping with an entry below the keys `above`, which are made where they are missing."""
    if not above:
        return parent.updated([entry])
    holder = parent.get(above[0])
    inner = holder.value if holder is not None else None
    if not isinstance(inner, MapNode):
        inner = MapNode(entry.mark, MappingProxyType({}))
    mark = holder.mark if holder is not None else entry.mark
    return parent.updated([KeyValue(above[0], mark, _put(inner, above[1:], entry))])


def _refuse_both(
    old: KeyValue, path: KeyPath, new: tuple[str, ...], log: ProblemLog, new_path: KeyPath | None = None
) -> None:
    newer = dotted((*(path if new_path is None else new_path), *new))
    log.error(old.mark, (*path, old.key), f"says the same as {newer}, which is there too; keep only {newer}")
