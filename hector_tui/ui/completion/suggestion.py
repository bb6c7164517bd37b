"""What a row of the popup is, and the seam its sources stand behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from hector_tui.ui.completion.fuzzy import fit
from hector_tui.ui.completion.trigger import Trigger

MOST = 50
"""Rows a popup holds at most; who wants more types another letter."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One row.

    Attributes:
        label: What it is called; clean text on one line.
        insert: What takes the place of the typed word.
        hint: What may follow it, such as a command's argument.
        detail: What it means.
        aside: What stands at the right end, such as a key.
        matched: Places of the typed letters in the label.
        runs: Whether Enter sends the completed line at once; otherwise one writes on.
    """

    label: str
    insert: str
    hint: str = ""
    detail: str = ""
    aside: str = ""
    matched: tuple[int, ...] = ()
    runs: bool = False


class CompletionSource(Protocol):
    """Whoever knows what could be meant."""

    def at_once(self, trigger: Trigger) -> Sequence[Suggestion]:
        """What is known without waiting, best first. Called for every key: no I/O."""

    async def later(self, trigger: Trigger) -> Sequence[Suggestion] | None:
        """Everything there is, best first, when it had to be looked for; None when `at_once` has said it all."""


def ranked(query: str, suggestions: Iterable[Suggestion]) -> list[Suggestion]:
    """Those whose labels fit a query, best first, with the matched letters marked; all as they come without one."""
    return best(query, suggestions, lambda each: each.label, lambda each, places: replace(each, matched=places))


def best(
    query: str,
    offered: Iterable[T],
    name_of: Callable[[T], str],
    made: Callable[[T, tuple[int, ...]], Suggestion],
) -> list[Suggestion]:
    """The suggestions made of what fits a query, best first.

    Args:
        query: What was typed.
        offered: What could be meant.
        name_of: By what it is found.
        made: Makes the row, given the places of the typed letters in the name.
    """
    found = [(fitting, each) for each in offered if (fitting := fit(query, name_of(each))) is not None]
    found.sort(key=lambda pair: -pair[0].score)
    return [made(each, fitting.places) for fitting, each in found[:MOST]]
