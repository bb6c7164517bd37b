"""What an agent's file says about memory, as the memory layer wants it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hector_tui.domain.memories import RecallScope

Strategy = Literal["buffer_window", "summary_buffer", "token_window"]
StorageScope = Literal["all", "conversational", "summaries_only"]

DEFAULT_BATCH_SIZE = 8
"""Entries of an agent that is not configured (any more) are indexed in batches of this size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTermSettings:
    """What an agent keeps beyond one conversation, and how it is found again.

    Attributes:
        storage_scope: `all` and `conversational` keep what the person and the agent said, `summaries_only` neither.
            None keeps the output of tools: a web page that says "remember this" would speak in every later session.
        batch_size: Memories of one SessionKey that are indexed together; a batch that stays smaller waits at most
            `IndexerTiming.flush_after_s`.
        auto_recall: Whether every turn begins with a recall.
        recall_limit: Memories per recall at most.
        recall_scope: How far a recall looks.
        recall_threshold: Score, 0 to 1, below which a hit is left out.
        collection: First part of the collection's name at a Qdrant server; the embedded store needs none, since every
            point carries its SessionKey.
    """

    storage_scope: StorageScope = "all"
    batch_size: int = 1
    auto_recall: bool = True
    recall_limit: int = 5
    recall_scope: RecallScope = RecallScope.SESSION
    recall_threshold: float = 0.0
    collection: str = "hector_session_memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySettings:
    """What an agent remembers.

    Attributes:
        strategy: How earlier turns are picked for the next prompt.
        window_size: Messages, for `buffer_window`.
        budget: Tokens, for `token_window` and `summary_buffer`.
        long_term: None when the agent keeps nothing by itself; notes made on purpose are kept all the same.
    """

    strategy: Strategy = "summary_buffer"
    window_size: int = 20
    budget: int = 2000
    long_term: LongTermSettings | None = None
