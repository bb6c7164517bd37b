"""Files that are edited while the program runs: noticed by looking at them once a second.

The kernel's own notices (inotify, FSEvents) would need a library per system, and miss editors that replace a file on
some of them; one look costs a few microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

LOOK_S = 1.0
"""Seconds between two looks."""

Stamp = tuple[int, int, int] | None


def stamp_of(path: Path) -> Stamp:
    """What changes with every edit of a file: time, size and inode; None when it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class LiveFiles:
    """Remembers how files stood when they were last looked at."""

    def __init__(self) -> None:
        self._stamps: dict[Path, Stamp] = {}

    def changed(self, paths: Iterable[Path]) -> list[Path]:
        """Those that are not as they were; one that is looked at for the first time is as it was."""
        found = []
        for path in paths:
            stamp = stamp_of(path)
            if self._stamps.get(path, stamp) != stamp:
                found.append(path)
            self._stamps[path] = stamp
        return found

    def accept(self, path: Path) -> None:
        """Take a file as it is now: what was changed from here is no news."""
        self._stamps[path] = stamp_of(path)
