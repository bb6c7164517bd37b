"""What a model is about to be sent, or was sent, in parts a person can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ContextKind = Literal["system", "memory", "tools", "form", "history", "turn", "draft"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextPart:
    """One part of a request.

    Attributes:
        text: The exact text, as it goes into the request.
        tokens: An estimate; see `domain.tokens`.
    """

    kind: ContextKind
    title: str
    text: str
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextView:
    """A request in parts.

    Attributes:
        window: Tokens the model can hold; 0 when unknown.
        dropped_turns: Turns of the history that working memory left out.
        iteration: Which model call of the turn this was, from 1; 0 for a preview of the next turn.
        at: Seconds since the epoch, UTC.
    """

    agent_id: str
    model: str
    parts: tuple[ContextPart, ...]
    window: int
    dropped_turns: int = 0
    iteration: int = 0
    at: float = 0.0

    @property
    def tokens(self) -> int:
        """Tokens of all parts together."""
        return sum(part.tokens for part in self.parts)
