"""Our mark in the vector folder: what its vectors were made with, and the lock on it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import portalocker

from hector_tui.errors import MemoryIndexError, MemoryIndexLocked

FORMAT = 1
"""Goes up when points must be made anew for a reason that lies neither in the embedder nor in the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorsState:
    """What the vectors of a store were made with. A store whose state differs from the wanted one is rebuilt.

    Attributes:
        engine: `edge`, `qdrant-local`, or a server's address and collection.
        embedder_id: `Embedder.embedder_id`.
        dimension: Numbers per vector.
    """

    engine: str
    embedder_id: str
    dimension: int
    format: int = FORMAT


def read_state(path: Path) -> VectorsState | None:
    """The state in a file; None when there is none or it cannot be understood, which both mean: rebuild."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return VectorsState(
            engine=str(data["engine"]),
            embedder_id=str(data["embedder_id"]),
            dimension=int(data["dimension"]),
            format=int(data["format"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_state(path: Path, state: VectorsState) -> None:
    """Write a state so that the file holds the old or the new one at every moment, also after a power cut.

    Raises:
        MemoryIndexError: It could not be written.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with open(os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(state), file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError as error:
        raise MemoryIndexError(
            f"the state of the vector folder cannot be written ({error.strerror or error})", where=str(path)
        ) from error


class FolderLock:
    """A claim on the vector folder that the kernel releases however the process ends.

    The engines lock their folder too, but that lock goes away with the folder: someone may delete it while it is open,
    and a second process would then index into a new folder what the first one marks as done.

    Args:
        path: The lock file; stands beside the folder, never in it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Claim the folder; does nothing when this object has it already.

        Raises:
            MemoryIndexLocked: Another process, or another object of this one, has it.
            MemoryIndexError: The lock file cannot be made.
        """
        if self._file is not None:
            return
        try:
            file = open(self._path, "a", encoding="utf-8")  # noqa: SIM115 - held until `release`
        except OSError as error:
            raise MemoryIndexError(
                f"no lock file can be made ({error.strerror or error})", where=str(self._path)
            ) from error
        try:
            portalocker.lock(file, portalocker.LOCK_EX | portalocker.LOCK_NB)
        except (OSError, portalocker.LockException) as error:
            file.close()
            raise MemoryIndexLocked("another hector-tui indexes this profile", where=str(self._path)) from error
        self._file = file

    def release(self) -> None:
        """Give the claim up; safe to call twice. The file stays: removing it could remove another's lock."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
