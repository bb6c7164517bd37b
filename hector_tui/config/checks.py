"""What must hold beyond one field: ids that are named are defined, agent ids are plain, tools have a type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from hector_tui.config.nodes import ListNode, MapNode, Node, ScalarNode
from hector_tui.config.problems import KeyPath, Mark, ProblemLog, nearest, one_of, shortened
from hector_tui.config.schema import BUILTIN_LLMS
from hector_tui.config.schema_services import BUILTIN_TOOLS, ToolType

AGENT_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
"""What an agent's id looks like; it stands in mentions, file names and database rows."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A key whose value, or each item of whose list, is the id of something.

    Args:
        block: The block of the definition the key stands in.
        key: The key.
        target: The block that must define the id.
        word: What such a thing is called in a message.
        builtin: Ids that need no definition.
    """

    block: str
    key: str
    target: str
    word: str
    builtin: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """One id that is named somewhere."""

    reference: Reference
    identifier: str
    mark: Mark
    path: KeyPath


REFERENCES = (
    Reference("agents", "llm", "llms", "llm", BUILTIN_LLMS),
    Reference("agents", "database", "databases", "database"),
    Reference("agents", "embedder", "embedders", "embedder"),
    Reference("agents", "session_store", "session_stores", "session store"),
    Reference("agents", "document_stores", "document_stores", "document store"),
    Reference("agents", "tools", "tools", "tool", BUILTIN_TOOLS),
    Reference("tools", "document_stores", "document_stores", "document store"),
)
"""Every key that names something defined elsewhere."""


def uses_of(block: str, identifier: str, node: Node) -> Iterator[Use]:
    """The ids one definition names; an empty text names nothing."""
    for reference in REFERENCES:
        entry = node.get(reference.key) if isinstance(node, MapNode) and reference.block == block else None
        if entry is None:
            continue
        path = (block, identifier, reference.key)
        match entry.value:
            case ScalarNode(value=str(name)) if name:
                yield Use(reference, name, entry.value.mark, path)
            case ListNode(items=items):
                for number, item in enumerate(items):
                    if isinstance(item, ScalarNode) and isinstance(item.value, str):
                        yield Use(reference, item.value, item.mark, (*path, number))
            case _:
                continue


def check(blocks: Mapping[str, MapNode], log: ProblemLog) -> None:
    """Check all definitions against each other.

    Args:
        blocks: Every block of the configuration, with all its definitions.
        log: Gets every problem.
    """
    for block in ("tools", "agents"):
        for entry in blocks[block].entries.values():
            for use in uses_of(block, entry.key, entry.value):
                _check_use(use, blocks, log)
    for entry in blocks["agents"].entries.values():
        if not AGENT_ID.fullmatch(entry.key):
            expected = "1 to 64 letters, digits, '_', '.' or '-'"
            log.error(entry.mark, ("agents", entry.key), "cannot be the id of an agent", expected=expected)
    for entry in blocks["tools"].entries.values():
        typed = isinstance(entry.value, MapNode) and entry.value.get("type") is not None
        if not typed and entry.key not in BUILTIN_TOOLS:
            expected = f"type: {one_of(get_args(ToolType))}"
            log.error(entry.mark, ("tools", entry.key), "has no type", expected=expected)


def _check_use(use: Use, blocks: Mapping[str, MapNode], log: ProblemLog) -> None:
    defined = blocks[use.reference.target].entries
    if use.identifier in use.reference.builtin or use.identifier in defined:
        return
    choices = (*use.reference.builtin, *defined)
    log.error(
        use.mark,
        use.path,
        f"no {use.reference.word} {shortened(use.identifier)!r} is defined",
        expected=one_of(choices) if 0 < len(choices) <= len(BUILTIN_TOOLS) else "",
        suggestion=nearest(use.identifier, choices),
    )
