"""One figure of the table, and the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.window.machine import Moment, Weather

STOLEN = 0.02
"""The share of the machine above which a run is repeated: the host gave the time to somebody else."""
_RUNS = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value with its goal.

    Attributes:
        name: What was measured, with its unit.
        value: What came out.
        goal: The most it may be; None for a value that only explains others.
        beside: What it was compared with.
    """

    name: str
    value: float
    goal: float | None = None
    beside: str = ""

    @property
    def holds(self) -> bool:
        """Whether it reaches its goal."""
        return self.goal is None or self.value <= self.goal

    def line(self) -> str:
        """Its line of the table."""
        goal = "" if self.goal is None else number(self.goal)
        verdict = "" if self.goal is None else "yes" if self.holds else "NO"
        return f"{self.name:<58}{number(self.value):>9}{goal:>9}{verdict:>7}   {self.beside}".rstrip()


HEAD = f"{'':<58}{'ours':>9}{'goal':>9}{'holds':>7}"


class Effort(NamedTuple):
    """How long is measured: `full` is what the goals are about, `quick` shows only that everything runs."""

    quick: bool

    def choose(self, full: int, quick: int) -> int:
        """A number of tokens, seconds or runs."""
        return quick if self.quick else full


Measure = Callable[[Effort], Iterable[Figure]]
"""Measures a group of figures."""


def number(value: float) -> str:
    """A value with three digits or so."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def median(values: Iterable[float]) -> float:
    """The middle one; of an even number the smaller."""
    return quantile(values, 0.5)


def quantile(values: Iterable[float], share: float) -> float:
    """The value that such a share of all does not exceed.

    Raises:
        RuntimeError: There is none at all: nothing was seen of what should have been measured.
    """
    ordered = sorted(values)
    if not ordered:
        raise RuntimeError("nothing was measured")
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def in_calm(measure: Measure, effort: Effort, say: Callable[[str], None]) -> Sequence[Figure]:
    """Measure, again when the host took too much of the machine meanwhile; says how it was.

    The last run counts when none was calm.
    """
    for run in range(1, _RUNS + 1):
        before = Moment.now()
        figures = list(measure(effort))
        weather = Weather.since(before)
        if weather.stolen <= STOLEN or run == _RUNS:
            break
        say(f"  ({weather}: once more)")
    for figure in figures:
        say(figure.line())
    say(f"  ({weather})")
    return figures
