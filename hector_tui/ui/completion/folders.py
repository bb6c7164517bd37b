"""The files a person could mean by the letters typed so far; bounded work, whatever folder it is.

Everything here asks the disk and runs in a thread of its own.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hector_tui.ui.completion.fuzzy import fit
from hector_tui.ui.text import clean

JUNK = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".tox",
        ".venv",
        "__pycache__",
        "build",
        "dist",
        "node_modules",
        "site-packages",
        "target",
        "venv",
    }
)
"""Folders that are never searched; named in full, they are listed like any other."""

MOST_ENTRIES = 20_000
"""Entries that are looked at for one list."""
MOST_S = 0.25
"""Seconds that a list may take; what was found until then is offered."""
KEPT_S = 5.0
"""Seconds for which a folder's entries are believed, so that every further letter costs no look at the disk."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file or folder that fits.

    Attributes:
        path: As it would be typed; a folder ends with a slash.
        matched: Places of the typed letters in the path.
    """

    path: str
    matched: tuple[int, ...] = ()

    @property
    def is_folder(self) -> bool:
        """Whether one would write on behind it."""
        return self.path.endswith("/")


@dataclass(frozen=True, slots=True)
class _Listing:
    """Paths below a folder, nearest first, and until when they are believed (seconds of a monotonic clock)."""

    paths: tuple[str, ...]
    until: float


class FileFinder:
    """Finds files by parts of their names. Not for two threads at once.

    Args:
        folder: Where relative paths begin.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listings: dict[tuple[Path, bool, bool], _Listing] = {}

    def find(self, typed: str, most: int) -> list[FoundFile]:
        """Files and folders that fit what was typed, best first.

        Up to its last slash the typed path names a folder; the rest is looked for in it, and below it unless it lies
        outside of where relative paths begin: nobody wants to wait for a search of the whole disk. When there is no
        such folder, all of it is looked for.
        """
        before, slash, name = typed.rpartition("/")
        base = self._base(before + slash)
        prefix = before + slash
        if base is None:
            base, prefix, name = self._folder, "", typed
        outside = prefix.startswith(("/", "~", "../"))
        deep = bool(name) and not outside
        paths = self._paths(base, deep=deep, hidden=name.startswith("."))
        found = []
        for path in paths:
            fitting = fit(name, path.rstrip("/"))
            if fitting is not None:
                found.append((fitting.score - 0.2 * path.rstrip("/").count("/"), path, fitting.places))
        found.sort(key=lambda each: -each[0])
        shift = len(prefix)
        return [
            FoundFile(prefix + path, tuple(range(shift)) + tuple(place + shift for place in places))
            for _, path, places in found[:most]
        ]

    def _base(self, prefix: str) -> Path | None:
        try:
            base = self._folder / Path(prefix).expanduser()
            return base if base.is_dir() else None
        except (OSError, RuntimeError, ValueError):
            return None

    def _paths(self, base: Path, *, deep: bool, hidden: bool) -> tuple[str, ...]:
        now = time.monotonic()
        known = self._listings.get((base, deep, hidden))
        if known is None or known.until < now:
            self._listings = {key: kept for key, kept in self._listings.items() if kept.until >= now}
            paths = tuple(_walk(base, deep=deep, hidden=hidden, until=now + MOST_S))
            known = self._listings[base, deep, hidden] = _Listing(paths, time.monotonic() + KEPT_S)
        return known.paths


def _walk(base: Path, *, deep: bool, hidden: bool, until: float) -> Iterator[str]:
    """Paths below a folder, relative to it, nearest first; folders with a slash at their end."""
    waiting = deque([""])
    seen = 0
    while waiting:
        inner = waiting.popleft()
        names: list[str] = []
        try:
            with os.scandir(base / inner) as entries:
                for entry in entries:
                    seen += 1
                    if seen > MOST_ENTRIES or time.monotonic() > until:
                        waiting.clear()
                        break
                    if _is_offered(entry.name, hidden=hidden):
                        names.append(entry.name + ("/" if _is_folder(entry) else ""))
                    if deep and entry.is_dir(follow_symlinks=False) and _is_searched(entry.name, hidden=hidden):
                        waiting.append(f"{inner}{entry.name}/")
        except OSError:
            # It cannot be read, or went away: what can be read is offered.
            continue
        yield from (inner + name for name in sorted(names, key=str.lower))


def _is_offered(name: str, *, hidden: bool) -> bool:
    if name.startswith(".") and not hidden:
        return False
    # A name with control characters, or one that is no text, could not be written into a message as it is.
    return name not in JUNK and clean(name) == name


def _is_searched(name: str, *, hidden: bool) -> bool:
    return name not in JUNK and (hidden or not name.startswith("."))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
