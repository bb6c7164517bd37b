"""What the indexer tells about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

IndexState = Literal["ready", "locked", "rebuilding", "degraded", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexerStatus:
    """How the vector store of this profile does.

    Attributes:
        state: `ready`: recall is hybrid. In every other state recall searches by words alone. `locked`: another process
            indexes. `rebuilding`: the store is being filled from the database. `degraded`: the store or the embedder
            failed and is tried again. `off`: not open yet, or closed.
        detail: Why, in one line for a person; empty when ready.
        pending: Memories and deletions that wait in the outbox.
        indexed: Points in the vector store, as last counted by this process.
        progress: 0 to 1 of a rebuild; 1 otherwise.
    """

    state: IndexState = "off"
    detail: str = ""
    pending: int = 0
    indexed: int = 0
    progress: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexerTiming:
    """How long the indexer waits for what, in seconds.

    Attributes:
        flush_after_s: A batch that stays smaller than its agent's `batch_size` is indexed after this time.
        poll_s: How often the outbox is looked at without being told, for what other processes put there.
        takeover_s: How often a locked store is tried again.
        retry_s: Before the first new attempt after a failure; doubles up to `retry_max_s`.
        close_s: For the last batches when the program ends; what remains stays in the outbox.
    """

    flush_after_s: float = 30.0
    poll_s: float = 5.0
    takeover_s: float = 10.0
    retry_s: float = 1.0
    retry_max_s: float = 60.0
    close_s: float = 5.0
