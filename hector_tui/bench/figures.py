"""Percentiles of measured times, and what a process has used."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How measured times spread, in milliseconds; all 0 when nothing was measured."""

    p50_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0


def spread(seconds: Iterable[float | None]) -> Spread:
    """The spread of times; None, for what never came, is left out."""
    found = sorted(time for time in seconds if time is not None)
    if not found:
        return Spread()
    return Spread(
        p50_ms=1000 * found[len(found) // 2],
        p99_ms=1000 * found[min(len(found) - 1, int(len(found) * 0.99))],
        max_ms=1000 * found[-1],
    )


def peak_memory_mb() -> float:
    """The most memory this process has ever had in RAM, in MB; getrusage(2) counts kB on Linux and bytes on macOS."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3
