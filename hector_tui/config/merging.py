"""Several files as one configuration: blocks are united by id, and an id can stand only once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from hector_tui.config.nodes import KeyValue, MapNode, ScalarNode, kind_of
from hector_tui.config.problems import Mark, ProblemLog
from hector_tui.config.schema_services import FileInfo
from hector_tui.config.validation import unknown_key

UNITED_BLOCKS = (
    "llms",
    "databases",
    "embedders",
    "agents",
    "tools",
    "document_stores",
    "session_stores",
    "prices",
    "global",
    "plugins",
)
"""The blocks whose keys may stand in different files."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file that could be read."""

    file: Path
    root: MapNode


@dataclass(frozen=True, slots=True)
class Merged:
    """All files together.

    Args:
        blocks: Every united block, with what the files say in it.
        infos: For each file, what it says about itself.
    """

    blocks: dict[str, MapNode]
    infos: list[MapNode] = field(default_factory=list)


def merge(documents: Sequence[Document], log: ProblemLog) -> Merged:
    """Unite the blocks of all files.

    Args:
        documents: The files, in order.
        log: Gets an error for each id that stands twice, each block that is no mapping, and each unknown key.
    """
    united: dict[str, dict[str, KeyValue]] = {name: {} for name in UNITED_BLOCKS}
    infos: list[MapNode] = []
    about = FileInfo.yaml_keys()
    for document in documents:
        for entry in document.root.entries.values():
            if entry.key in united:
                _unite(united[entry.key], entry, log)
            elif entry.key not in about:
                unknown_key(entry.mark, (entry.key,), (*united, *about), log)
        own = {key: entry for key, entry in document.root.entries.items() if key in about}
        if own:
            infos.append(MapNode(document.root.mark, MappingProxyType(own)))
    top = Mark(documents[0].file, 1, 1) if documents else Mark(Path())
    return Merged({name: MapNode(top, MappingProxyType(entries)) for name, entries in united.items()}, infos)


def _unite(block: dict[str, KeyValue], entry: KeyValue, log: ProblemLog) -> None:
    if isinstance(entry.value, ScalarNode) and entry.value.is_absent:
        return
    if not isinstance(entry.value, MapNode):
        log.error(entry.value.mark, (entry.key,), f"is {kind_of(entry.value)}", expected="a mapping")
        return
    for definition in entry.value.entries.values():
        first = block.setdefault(definition.key, definition)
        if first is not definition:
            path = (entry.key, definition.key)
            log.error(definition.mark, path, f"is defined twice; first at {first.mark}")
