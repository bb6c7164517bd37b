"""Opening the vector store: whose it is, whether it can be trusted, and whether it begins empty.

The folder is a cache of the database. Whatever is wrong with it - another embedder, a foreign or damaged folder, none
at all - has one answer: begin an empty one and say so, and the indexer fills it again.
"""

from __future__ import annotations

import logging
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from hector_tui.errors import MemoryIndexError, MemoryIndexLocked
from hector_tui.memory.base import Embedder, VectorStore
from hector_tui.memory.edge import RESERVE_BYTES, EdgeStore, check_space
from hector_tui.memory.qdrant import QdrantStore
from hector_tui.memory.vectors_state import FolderLock, VectorsState, read_state, write_state

LocalEngine = Literal["edge", "qdrant-local"]
DAMAGED = "the vector store was damaged"
"""A reason to begin an empty store."""
_STATE_FILE = "state.json"
_LOCAL_COLLECTION = "memories"
_NAME = re.compile(r"[^A-Za-z0-9_.-]+")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedStore:
    """A store that was just opened.

    Attributes:
        is_empty: It begins empty, so every memory must be indexed.
        reason: Why it begins empty, in words for a person.
    """

    store: VectorStore
    is_empty: bool
    reason: str = ""


class StoreOpener(Protocol):
    """Opens the vector store of a profile. Blocking: the memory thread calls it."""

    def open(self, *, afresh: str = "") -> OpenedStore:
        """Open the store, or begin an empty one.

        Args:
            afresh: Why an empty one is begun in any case, such as `DAMAGED`; empty to open what is there.

        Raises:
            MemoryIndexLocked: Another process has it.
            MemoryIndexError: It cannot be opened or begun.
        """
        ...

    def confirm(self) -> None:
        """Note that everything is queued for the empty store; until then the next opening begins an empty one again.

        Raises:
            MemoryIndexError: The note could not be written.
        """
        ...

    def release(self) -> None:
        """Let another process have it; safe to call twice. The store is closed before."""
        ...


class FolderOpener:
    """Opens a store in a folder of the profile.

    `folder` holds `state.json`, our mark, and one folder for the engine's files; `<folder>.lock` stands beside it.

    Args:
        folder: The vector folder; its parent exists.
        embedder: Whose vectors it holds.
        engine: Which library reads it.
        reserve_bytes: Free bytes on the disk without which the folder is left as it is.
    """

    def __init__(
        self, folder: Path, embedder: Embedder, engine: LocalEngine = "edge", *, reserve_bytes: int = RESERVE_BYTES
    ) -> None:
        self._folder = folder
        self._files = folder / engine
        self._state_file = folder / _STATE_FILE
        self._engine: LocalEngine = engine
        self._reserve_bytes = reserve_bytes
        self._wanted = VectorsState(engine=engine, embedder_id=embedder.embedder_id, dimension=embedder.dimension)
        self._lock = FolderLock(folder.with_name(f"{folder.name}.lock"))

    def open(self, *, afresh: str = "") -> OpenedStore:
        """Open the store, or begin an empty one; what was in the way is moved aside or, when it is ours, removed.

        Raises:
            MemoryIndexLocked: Another process has the folder.
            MemoryIndexError: No store can be begun, or the disk is nearly full.
        """
        self._lock.take()
        try:
            return self._open(afresh)
        except BaseException:
            self._lock.release()
            raise

    def _open(self, afresh: str) -> OpenedStore:
        # First of all: a full disk is no damage, and a sound folder must not be moved aside for it.
        check_space(self._folder, self._reserve_bytes)
        found = read_state(self._state_file)
        if not self._files.exists():
            return self._begin("no vector folder was there")
        if afresh:
            return self._begin(afresh)
        if found is None:
            # Local mode runs code from the files it opens, so files without our mark are not even looked at.
            return self._begin("the vector folder had no state of ours")
        if found != self._wanted:
            return self._begin(
                f"the vectors were made with {found.embedder_id}, now {self._wanted.embedder_id} is used"
            )
        try:
            return OpenedStore(self._make(), is_empty=False)
        except MemoryIndexLocked:
            raise
        except MemoryIndexError as error:
            logger.warning("%s", error)
            return self._begin(DAMAGED)

    def _begin(self, reason: str) -> OpenedStore:
        try:
            self._state_file.unlink(missing_ok=True)
            self._folder.mkdir(mode=0o700, exist_ok=True)
            if self._files.exists():
                self._set_aside()
        except OSError as error:
            raise MemoryIndexError(
                f"the vector folder cannot be made ({error.strerror or error})",
                where=str(self._folder),
                hint="Check the folder's rights.",
            ) from error
        logger.info("%s: beginning an empty vector store: %s", self._folder, reason)
        return OpenedStore(self._make(), is_empty=True, reason=reason)

    def _set_aside(self) -> None:
        """Keep the last folder that could not be used, for a report; it can be made again, so no more than one."""
        aside = self._files.with_name(f"{self._files.name}.old")
        shutil.rmtree(aside, ignore_errors=True)
        self._files.rename(aside)

    def _make(self) -> VectorStore:
        if self._engine == "edge":
            return EdgeStore(self._files, self._wanted.dimension, reserve_bytes=self._reserve_bytes)
        return QdrantStore(_LOCAL_COLLECTION, self._wanted.dimension, path=self._files)

    def confirm(self) -> None:
        """Write our mark.

        Raises:
            MemoryIndexError: It could not be written.
        """
        write_state(self._state_file, self._wanted)

    def release(self) -> None:
        """Release the lock; safe to call twice."""
        self._lock.release()


class ServerOpener:
    """Opens a collection at a Qdrant server. Several processes may use it at once, so nothing is locked.

    The embedder's id is part of the collection's name: a change of embedder begins another collection, and nothing at a
    server that may belong to someone else is ever deleted.

    Args:
        state_file: Remembers, in the profile, that this profile's memories are in the collection.
        embedder: Whose vectors it holds.
        url: The server's address.
        api_key: Its key.
        collection: The first part of the collection's name.
    """

    def __init__(
        self, state_file: Path, embedder: Embedder, *, url: str, api_key: str = "", collection: str = "memories"
    ) -> None:
        self._state_file = state_file
        self._url = url
        self._api_key = api_key
        self._collection = _NAME.sub("-", f"{collection}--{embedder.embedder_id}")
        self._wanted = VectorsState(
            engine=f"{url} {self._collection}", embedder_id=embedder.embedder_id, dimension=embedder.dimension
        )

    def open(self, *, afresh: str = "") -> OpenedStore:
        """Open the collection; points are written again when it is new or this profile never used it.

        Raises:
            MemoryIndexError: The server cannot be reached or refuses.
        """
        store = QdrantStore(self._collection, self._wanted.dimension, url=self._url, api_key=self._api_key)
        if store.created:
            return OpenedStore(store, is_empty=True, reason="the collection was new")
        if afresh:
            return OpenedStore(store, is_empty=True, reason=afresh)
        if read_state(self._state_file) != self._wanted:
            return OpenedStore(store, is_empty=True, reason="this profile's memories were not in the collection")
        return OpenedStore(store, is_empty=False)

    def confirm(self) -> None:
        """Remember the collection.

        Raises:
            MemoryIndexError: It could not be written.
        """
        write_state(self._state_file, self._wanted)

    def release(self) -> None:
        """Nothing is held."""
