"""The embedder that needs nothing: `HashingEmbedder`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hector_tui.memory.base import Vector
from hector_tui.memory.hashing import hash_vector

HASHING_DIMENSION = 384
NOISE_FLOOR = 0.18
"""Cosine below which two texts of `HashingEmbedder` share only accidents. Measured on 500 sentences of documentation:
1.3 % of 112,000 pairs without a common word of four letters lie above it, and about 70 % of those with one of six."""


class HashingEmbedder:
    """Vectors from words and parts of words (see `hector_tui.memory.hashing`); the offline default.

    Args:
        dimension: Numbers per vector.
    """

    def __init__(self, dimension: int = HASHING_DIMENSION) -> None:
        self._dimension = dimension

    @property
    def embedder_id(self) -> str:
        """Changes with anything that changes a vector, so that old ones are rebuilt."""
        return f"hashing-{self._dimension}-v1"

    @property
    def dimension(self) -> int:
        """Numbers per vector."""
        return self._dimension

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """One unit-length vector per text, in order; computed in a thread, since a batch takes tens of milliseconds."""
        return await asyncio.to_thread(self.vectors, texts)

    def vectors(self, texts: Sequence[str]) -> list[Vector]:
        """What `embed` returns, for a caller that has a thread of its own."""
        return [hash_vector(text, self._dimension) for text in texts]
