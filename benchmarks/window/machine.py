"""What Linux says about processes and about the machine: CPU time, memory, time that the host took away."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_STEAL = 7
"""The place of stolen time in the first line of `/proc/stat`, see proc(5)."""
_IDLE = (3, 4)


def tree(pid: int) -> list[int]:
    """A process and everything it started that still runs."""
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        found.append(parent)
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            waiting += [int(child) for child in children.read_text().split()]
    return found


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process and its descendants have used until now, ended ones included."""
    return sum(_clock(process) + _ended_children(process) for process in tree(pid))


def resident_mb(pid: int) -> float:
    """Resident memory of a process and its descendants, in MB of a million bytes."""
    pages = sum(int(Path(f"/proc/{process}/statm").read_text().split()[1]) for process in tree(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _clock(pid: int) -> float:
    # The CPU clock of another process, as clock_getcpuclockid(3) makes its number: `/proc/PID/stat` counts in
    # hundredths of a second, which is too coarse for a tab switch.
    return time.clock_gettime((~pid << 3) | 2)


def _ended_children(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / _TICKS


@dataclass(frozen=True, slots=True)
class Moment:
    """The machine at one moment, in seconds of one processor since its start."""

    stolen_s: float
    busy_s: float
    at: float

    @classmethod
    def now(cls) -> Moment:
        """Look now."""
        with Path("/proc/stat").open(encoding="ascii") as file:
            fields = [int(field) / _TICKS for field in file.readline().split()[1:9]]
        return cls(
            fields[_STEAL], sum(fields) - fields[_STEAL] - sum(fields[place] for place in _IDLE), time.monotonic()
        )


@dataclass(frozen=True, slots=True)
class Weather:
    """How disturbed a measurement was.

    Attributes:
        stolen: The share of all processors that the host gave to others.
        busy: Processors that were busy, our own programs included.
    """

    stolen: float
    busy: float

    @classmethod
    def since(cls, before: Moment) -> Weather:
        """From a moment until now."""
        now = Moment.now()
        seconds = max(now.at - before.at, 0.001)
        return cls(
            (now.stolen_s - before.stolen_s) / seconds / (os.cpu_count() or 1), (now.busy_s - before.busy_s) / seconds
        )

    def __str__(self) -> str:
        load, _, _ = os.getloadavg()
        return (
            f"host took {self.stolen:.1%}, {self.busy:.1f} of {os.cpu_count()} processors busy, load average {load:.1f}"
        )
