"""A model whose key is missing: it says so at once, instead of after a request that cannot succeed."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from hector_tui.errors import AuthFailed, ModelNotFound
from hector_tui.llm.base import ModelEvent, ModelRequest

_NOTHING: tuple[ModelEvent, ...] = ()
"""What it says before it refuses; the protocol wants a generator."""


class KeylessModel:
    """Stands in for a model of a provider that wants a key.

    Args:
        label: What the screen calls the model.
        context_window: Tokens the real one can hold; 0 when unknown.
        key_name: The environment variable the key is missing in.
    """

    def __init__(self, label: str, context_window: int, key_name: str) -> None:
        self._label = label
        self._context_window = context_window
        self._key_name = key_name

    @property
    def label(self) -> str:
        """The real model's name."""
        return self._label

    @property
    def context_window(self) -> int:
        """Tokens the real model can hold; 0 when unknown."""
        return self._context_window

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Refuse.

        Raises:
            AuthFailed: Always; the hint says what to set.
        """
        for event in _NOTHING:
            yield event
        raise AuthFailed(
            f"{self._label} needs a key",
            hint=f"/connect takes one and keeps it; or set {self._key_name} and start hector-tui again.",
        )

    async def prepare(self) -> None:
        """There is nothing to load."""

    async def aclose(self) -> None:
        """There is nothing to release."""


class AbsentModel(KeylessModel):
    """Stands in for a model that a session chose and that cannot be asked any more, such as a removed server's.

    Args:
        label: What the screen calls the model.
        context_window: Tokens the real one can hold; 0 when unknown.
        reason: Why it cannot be asked.
    """

    def __init__(self, label: str, context_window: int, reason: str) -> None:
        super().__init__(label, context_window, "")
        self._reason = reason

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Refuse.

        Raises:
            ModelNotFound: Always; the hint says what to choose.
        """
        for event in _NOTHING:
            yield event
        raise ModelNotFound(self._reason, hint="/model chooses another for this session, /model default its agent's.")
