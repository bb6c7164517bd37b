"""The first frame, and the first question against the second."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.first_frame import GOAL, measure, programs
from benchmarks.window.figures import Effort, Figure, median
from benchmarks.window.profiles import USABLE, Stage, stage
from benchmarks.window.provider import end_of, question
from benchmarks.window.watched import Watched

ENTER_GOAL_MS = 10
"""The first Enter must not be slower than the second. It opens the connection, so that a few milliseconds remain; what
takes less than a frame of any screen, 16 ms, nobody sees."""
_TOKENS, _RATE = 1, 5
_SERVER_S = 2 / _RATE
"""The provider's own time. Like any model it thinks before it speaks: words that came within the frame that shows the
question would wait for the next one or not, by chance."""
_TYPING_S = 0.5
"""With the time until the question stands there and all is quiet, what the quickest person needs for a short one."""


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
    """A question as soon as somebody can have typed it, and one in the next tab, in some starts."""
    starts = effort.choose(9, 1)
    with stage() as made:
        pairs = [_two_enters(made, f"enter{number}") for number in range(starts)]
    first, second = (median(times) for times in zip(*pairs, strict=True))
    beside = f"{1000 * first:.0f} and {1000 * second:.0f} ms from Enter to an answer, the server's own time taken off"
    yield Figure(
        "ms by which the first Enter is slower than the second", 1000 * (first - second), ENTER_GOAL_MS, beside
    )


def _two_enters(made: Stage, name: str) -> tuple[float, float]:
    """Both in a session in which nothing was said, so that both draw the same."""
    made.fill(name, {f"{name}-one": 0, f"{name}-two": 0})
    with made.program(name, "--continue") as program:
        program.says(USABLE)
        time.sleep(_TYPING_S)
        first = _enter(program, "one")
        program.settle()
        program.press("ctrl+pagedown")
        program.settle()
        return first, _enter(program, "two")


def _enter(program: Watched, word: str) -> float:
    """Seconds from Enter to the end of a short answer on the screen, without the provider's own."""
    asked, sent = program.ask(question(_TOKENS, _RATE, word))
    return program.says(end_of(word), sent) - asked - _SERVER_S
