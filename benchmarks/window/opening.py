"""Opening long sessions, switching between tabs, and what they hold in memory."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

from benchmarks.window.figures import Effort, Figure, median
from benchmarks.window.inside import report_of
from benchmarks.window.profiles import Stage, last_words, stage
from benchmarks.window.watched import Watched

OPENING_GOAL, SWITCH_GOAL_MS, MESSAGE_GOAL_KB, RESIDENT_GOAL_MB = 2.0, 60, 2.0, 120
FEW, PER_TAB = 20, 50
_START = "start"


def _step(program: Watched) -> tuple[float, int, float]:
    """Go to the next tab; when that was, the bytes written and the CPU used until then."""
    sent, cpu, at = program.sent, program.cpu_s, time.monotonic()
    program.press("ctrl+pagedown")
    return at, sent, cpu


def measure_opening(effort: Effort) -> Iterator[Figure]:
    """Sessions of 20 and of 10,000 messages, in turn, each opened once."""
    pairs, many = effort.choose(5, 1), effort.choose(10_000, 400)
    sizes = {_START: FEW}
    for pair in range(pairs):
        sizes |= {f"few{pair}": FEW, f"many{pair}": many}
    with stage() as made:
        made.fill("opening", sizes)
        times: dict[int, list[float]] = {FEW: [], many: []}
        costs: dict[int, list[float]] = {FEW: [], many: []}
        with made.inside("opening", "shown", 0, "", "--continue") as program:
            program.says(last_words(_START))
            program.settle()
            for session_id, size in list(sizes.items())[1:]:
                at, sent, cpu = _step(program)
                times[size].append(1000 * (program.says(last_words(session_id), sent) - at))
                program.settle()
                costs[size].append(1000 * (program.cpu_s - cpu))
            per_message = _memory_per_message(made, program)
    yield Figure(
        f"opening {many:,} messages, in openings of {FEW}",
        median(times[many]) / median(times[FEW]),
        OPENING_GOAL,
        f"{median(times[many]):.0f} and {median(times[FEW]):.0f} ms to the last words; "
        f"{median(costs[many]):.0f} and {median(costs[FEW]):.0f} ms of CPU",
    )
    yield Figure("KB per further message that is not on screen", per_message, MESSAGE_GOAL_KB)


def _memory_per_message(made: Stage, program: Watched) -> float:
    """Load older turns of the shown session twice: what the first time grows for good does not count."""
    folder = made.folder / "opening"
    before = report_of(program, folder, signal.SIGUSR2)
    program.settle()
    after = report_of(program, folder, signal.SIGUSR2)
    messages = max(1.0, after["entries"] - before["entries"])
    return 1000 * (after["resident_mb"] - before["resident_mb"]) / messages


def measure_tabs(effort: Effort) -> Iterator[Figure]:
    """Eight tabs of 50 messages each, visited round after round."""
    rounds, tabs = effort.choose(4, 1), effort.choose(8, 3)
    names = [_START, *(f"tab{number}" for number in range(1, tabs))]
    with stage() as made:
        made.fill("tabs", dict.fromkeys(names, PER_TAB))
        first: list[float] = []
        later: list[float] = []
        with made.program("tabs", "--continue") as program:
            program.says(last_words(_START))
            program.settle()
            for visit in range(1, (1 + rounds) * tabs):
                _, sent, cpu = _step(program)
                program.says(last_words(names[visit % tabs]), sent)
                program.settle(0.4)
                (first if visit < tabs else later).append(1000 * (program.cpu_s - cpu))
            resident = program.resident_mb
    beside = f"the worst {max(later):.0f}; with the reading of the session, the first time, {median(first):.0f}"
    yield Figure("ms of CPU for a tab switch, p50", median(later), SWITCH_GOAL_MS, beside)
    yield Figure(f"MB resident with {tabs} tabs of {PER_TAB} messages", resident, RESIDENT_GOAL_MB)
