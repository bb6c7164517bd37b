"""Tokens spent, as the provider reported them or as we estimated."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one request, or the sum of several.

    Attributes:
        estimated: True when at least one number is our guess; the screen marks it `~`.
        cost: In US dollars; None when nobody knows a price. A sum counts the known ones.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False
    cost: float | None = None

    @property
    def total_tokens(self) -> int:
        """Input plus output; cached and reasoning tokens are parts of those."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            estimated=self.estimated or other.estimated,
            cost=self.cost if other.cost is None else (self.cost or 0.0) + other.cost,
        )
