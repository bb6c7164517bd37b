"""Which files a configuration is made of, and their text."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hector_tui.config.problems import Mark, ProblemLog
from hector_tui.config.reader import MAX_BYTES, mark_at

SUFFIXES = frozenset({".yaml", ".yml"})
"""What a file of a configuration folder is called."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read.

    Args:
        path: As it was named, or the folder it was found in and its name.
        from_folder: Whether it was found in a folder; then it stands for one agent even when it cannot be read.
    """

    path: Path
    from_folder: bool = False


def find_sources(paths: Sequence[Path], log: ProblemLog) -> tuple[Source, ...]:
    """The files behind the paths: files as they are, folders as their `*.yaml` and `*.yml`, sorted, without subfolders.

    Hidden files are left out (editors put locks and copies there), and a file named twice is read once.
    """
    sources: dict[str, Source] = {}
    for path in paths:
        # os.path, because pathlib raises for a loop of links, which is only one more file that cannot be read.
        for source in _in_folder(path, log) if os.path.isdir(path) else (Source(path),):
            sources.setdefault(os.path.realpath(source.path), source)
    return tuple(sources.values())


def _in_folder(folder: Path, log: ProblemLog) -> tuple[Source, ...]:
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.suffix.lower() in SUFFIXES)
    except OSError as error:
        log.error(Mark(folder), (), f"the folder cannot be read ({error.strerror or error})")
        return ()
    files = [folder / name for name in names if not name.startswith(".") and not (folder / name).is_dir()]
    if not files:
        log.error(Mark(folder), (), "the folder has no *.yaml or *.yml file")
    return tuple(Source(file, from_folder=True) for file in files)


def read_source(source: Source, log: ProblemLog) -> str | None:
    """The text of a file; None, and a problem, when it cannot be read or is no text."""
    if source.from_folder and not source.path.is_file():
        # A pipe would be waited for without end; one named by the person, such as <(...), is read.
        log.error(Mark(source.path), (), "this is not a regular file")
        return None
    return read_text(source.path, log)


def read_text(file: Path, log: ProblemLog) -> str | None:
    """The text of any file of at most `MAX_BYTES`; None, and a problem, when it cannot be read or is no text."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        log.error(Mark(file), (), "there is no such file")
        return None
    except OSError as error:
        log.error(Mark(file), (), f"the file cannot be read ({error.strerror or error})")
        return None
    if len(data) > MAX_BYTES:
        log.error(Mark(file), (), f"the file is larger than {MAX_BYTES // 1024} KiB")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The position counts from after a byte order mark, as does the decoded text before it.
        before = error.object[: error.start].decode("utf-8", errors="replace")
        log.error(mark_at(file, before, len(before)), (), "the file is not UTF-8 text")
        return None
