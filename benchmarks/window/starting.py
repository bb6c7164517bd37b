"""The first frame, and the first question against the second."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.first_frame import GOAL, measure, programs
from benchmarks.window.figures import Effort, Figure, median
from benchmarks.window.profiles import AGENT, USABLE, Stage, stage
from benchmarks.window.provider import end_of, question

ENTER_GOAL = 1.15
"""The first Enter must not be slower than the second; the medians of a few runs differ by that much anyway."""
_TOKENS = 20


def measure_first_frame(effort: Effort) -> Iterator[Figure]:
    """From the fork to the first words, against the smallest Textual app."""
    with tempfile.TemporaryDirectory() as folder:
        minimal, ours, usable = programs(Path(folder))
        times = measure((minimal, ours, usable), effort.choose(9, 1), Path(folder, "profile"))
    own, base = statistics.median(times[ours.name]), statistics.median(times[minimal.name])
    ready = statistics.median(times[usable.name])
    yield Figure(
        "first frame, in those of the smallest Textual app",
        own / base,
        GOAL,
        f"{1000 * own:.0f} and {1000 * base:.0f} ms; an agent can be chosen after {1000 * ready:.0f}",
    )


def measure_first_enter(effort: Effort) -> Iterator[Figure]:
    """Two questions as soon as the program can be used, in some starts; from Enter to the end of a short answer."""
    starts = effort.choose(7, 1)
    with stage() as made:
        pairs = [_two_enters(made, f"enter{number}") for number in range(starts)]
    first, second = (median(times) for times in zip(*pairs, strict=True))
    beside = f"{1000 * first:.0f} and {1000 * second:.0f} ms for {_TOKENS} tokens at once"
    yield Figure("the first Enter, in second ones", first / second, ENTER_GOAL, beside)


def _two_enters(made: Stage, name: str) -> tuple[float, float]:
    with made.program(name, "--agent", AGENT) as program:
        program.says(USABLE)
        seconds: list[float] = []
        for word in ("one", "two"):
            asked, sent = program.ask(question(_TOKENS, 0, word), at_once=word == "one")
            seconds.append(program.says(end_of(word), sent) - asked)
    return seconds[0], seconds[1]
