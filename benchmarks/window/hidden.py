"""What sixteen sessions that stream behind other tabs cost, and what the program costs that does nothing."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

from benchmarks.window.figures import Effort, Figure
from benchmarks.window.inside import READY, hidden, report_of
from benchmarks.window.profiles import USABLE, Stage, stage
from benchmarks.window.watched import Watched

SESSIONS, RATE = 16, 50
ADDED_GOAL, IDLE_GOAL = 0.05, 0.005
_RESTED_S = 12
"""Seconds without a key after which nobody is there: the cursor has stopped blinking."""
_WARM_S = 4
"""Seconds until everything has begun and what follows the first frame is over."""


def _share(program: Watched, seconds: float) -> float:
    """Which share of one processor a program uses."""
    before, at = program.cpu_s, time.monotonic()
    time.sleep(seconds)
    return (program.cpu_s - before) / (time.monotonic() - at)


def measure_hidden(effort: Effort) -> Iterator[Figure]:
    """The same streams with the interface and without; the same tabs with streams and without."""
    seconds, warm_s = effort.choose(15, 1), effort.choose(_WARM_S, 1)
    asked = f"{(4 * _WARM_S + 2 * seconds) * RATE} tokens at {RATE}"
    with stage() as made:
        for name in ("shown", "headless", "idle"):
            made.fill(name, {"shown": 20} | {hidden(number): 20 for number in range(1, SESSIONS + 1)})
        made.fill("alone", {"shown": 20})
        with made.inside("headless", "headless", SESSIONS, asked) as engine:
            engine.says(READY)
            time.sleep(warm_s)
            without = _share(engine, seconds)
        with made.inside("shown", "shown", SESSIONS, asked, "--continue") as program:
            program.says(USABLE)
            time.sleep(warm_s)
            shown = _share(program, seconds)
            many = report_of(program, made.folder / "shown", signal.SIGUSR1)["widgets"]
        with made.inside("idle", "shown", 0, asked, "--continue") as program:
            program.says(USABLE)
            program.settle()
            time.sleep(effort.choose(_RESTED_S, 0))
            idle = _share(program, seconds)
        one = _widgets_of_one(made)
    beside = f"{shown:.3f} with the interface, {without:.3f} without"
    yield Figure(f"cores that {SESSIONS} hidden streams of {RATE}/s add", shown - without, ADDED_GOAL, beside)
    yield Figure(
        f"widgets of {SESSIONS} hidden tabs", many - one, 0, f"{many:.0f} with them, {one:.0f} without, all in all"
    )
    yield Figure(f"cores used while idle, {SESSIONS + 1} tabs", idle, IDLE_GOAL)


def _widgets_of_one(made: Stage) -> float:
    with made.inside("alone", "shown", 0, "", "--continue") as program:
        program.says(USABLE)
        program.settle()
        return report_of(program, made.folder / "alone", signal.SIGUSR1)["widgets"]
