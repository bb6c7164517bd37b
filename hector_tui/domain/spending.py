"""What was spent: tokens and dollars, summed over turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hector_tui.domain.usage import Usage

SpendingBy = Literal["day", "agent", "model", "session"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """The sum of some turns.

    Attributes:
        name: The day (local time, `2026-01-31`), the agent, the model or the session.
        turns: How many turns it sums.
        unpriced: How many of them spent tokens that nobody knows the price of.
    """

    name: str
    turns: int
    usage: Usage
    unpriced: int = 0
