"""What tokens cost, by a table the person keeps: providers change prices too often for one of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from hector_tui.domain.usage import Usage

_PER = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per million tokens.

    Attributes:
        cached: Of input tokens the provider had cached; None costs what input costs.
    """

    input: float
    output: float
    cached: float | None = None

    def of(self, usage: Usage) -> float:
        """What some tokens cost, in dollars. Reasoning tokens are part of the output, cached ones of the input."""
        cached = min(usage.cached_tokens, usage.input_tokens)
        fresh = usage.input_tokens - cached
        cached_price = self.input if self.cached is None else self.cached
        return (fresh * self.input + cached * cached_price + usage.output_tokens * self.output) / _PER


class PriceTable:
    """Prices by the names of models, `*` standing for any characters.

    Args:
        prices: By name, as a configuration has them.
    """

    __slots__ = ("_prices",)

    def __init__(self, prices: Mapping[str, Price]) -> None:
        # The longest name first: `gpt-4o-mini` goes before `gpt-4*`, whichever stands first in the file.
        self._prices = sorted(
            ((name.lower(), price) for name, price in prices.items()), key=lambda item: (-len(item[0]), item[0])
        )

    def of(self, model: str) -> Price | None:
        """The price of a model, with or without the vendor's name before it; None when it is not in the table."""
        name = model.lower()
        for candidate in (name, name.rpartition("/")[2]):
            for pattern, price in self._prices:
                if fnmatchcase(candidate, pattern):
                    return price
        return None

    def priced(self, usage: Usage, model: str) -> Usage:
        """The same tokens with their cost, unless the provider has named it or nobody knows it."""
        if usage.cost is not None or not usage.total_tokens or (price := self.of(model)) is None:
            return usage
        return replace(usage, cost=price.of(usage))
