"""A memory that lasts one generation: what was not asked for during the last round is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Value = TypeVar("Value")
_NOTHING: Mapping[Hashable, object] = MappingProxyType({})
"""Shared: every answer of a long history has a memo that was never used."""


class Memo:
    """Results by key, kept while they are asked for in every round.

    The open block of an answer is laid out anew in each frame, but nearly all of its lines are those of the frame
    before. A cache with a size would either forget half of a long table or keep what nobody will ask for again.
    """

    __slots__ = ("_current", "_previous", "computed")

    def __init__(self) -> None:
        self._current: dict[Hashable, object] = {}
        self._previous: Mapping[Hashable, object] = _NOTHING
        self.computed = 0
        """How many results had to be made."""

    def next_round(self) -> None:
        """Start a round; what the last one did not ask for is gone after this one."""
        self._previous, self._current = self._current, {}

    def clear(self) -> None:
        """Forget everything."""
        self._previous = _NOTHING
        self._current.clear()

    def get(
        self,
        key: Hashable,
        compute: Callable[Parameters, Value],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Value:
        """The result for a key, computed when it is not known.

        Equal keys must mean equal results, so a key starts with the name of what it is a key of.
        """
        found = self._current.get(key)
        if found is None:
            found = self._previous.get(key)
            if found is None:
                found = compute(*args, **kwargs)
                self.computed += 1
            self._current[key] = found
        return found  # type: ignore[return-value]  # by the rule above
