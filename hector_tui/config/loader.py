"""Files to a `LoadedConfig`: read, expand, modernise, merge, check, and keep everything that can be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from hector_tui.config.assembly import assemble
from hector_tui.config.checks import check
from hector_tui.config.compat import modernise
from hector_tui.config.environment import expand, read_env_file
from hector_tui.config.loaded import LoadedConfig
from hector_tui.config.merging import Document, merge
from hector_tui.config.nodes import MapNode
from hector_tui.config.problems import ProblemLog
from hector_tui.config.reader import read_document
from hector_tui.config.sources import Source, find_sources, read_source, read_text


def load(paths: Sequence[Path], *, env: Mapping[str, str]) -> LoadedConfig:
    """Read a configuration.

    Args:
        paths: Files, and folders whose `*.yaml` and `*.yml` files are read; together they are one configuration.
        env: The environment variables; a `.env` file beside a configuration file adds those that are not set.

    Returns:
        Everything that can be used, and every problem. Nothing is raised for what a file contains.
    """
    log = ProblemLog()
    sources = find_sources(paths, log)
    log.order(source.path for source in sources)
    env = _with_env_files(sources, env, log)
    documents: list[Document] = []
    unread: list[Path] = []
    for source in sources:
        root = _read(source, env, log)
        if root is not None:
            documents.append(Document(source.path, root))
        elif source.from_folder:
            unread.append(source.path)
    merged = merge(documents, log)
    check(merged.blocks, log)
    return assemble(merged, tuple(source.path for source in sources), unread, env, log)


def _read(source: Source, env: Mapping[str, str], log: ProblemLog) -> MapNode | None:
    """The tree of one file with today's keys; None when it cannot be read."""
    text = read_source(source, log)
    root = read_document(text, source.path, log) if text is not None else None
    expanded = expand(root, env, log) if root is not None else None
    return modernise(expanded, log) if isinstance(expanded, MapNode) else None


def _with_env_files(sources: Sequence[Source], env: Mapping[str, str], log: ProblemLog) -> Mapping[str, str]:
    """The environment over the `.env` files beside the sources, the first of them over the later ones."""
    found: dict[str, str] = {}
    for folder in dict.fromkeys(source.path.parent for source in sources):
        file = folder / ".env"
        text = read_text(file, log) if file.is_file() else None
        if text is not None:
            found = {**read_env_file(text, file, log), **found}
    return MappingProxyType({**found, **env})
