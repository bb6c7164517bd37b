"""`python -m benchmarks.window [--quick] [--only GROUP]`: what a person feels, as a table with our goals.

The exit status is 1 when a goal is not reached. A run in which the host took more than 2 % of the machine is repeated.
`docs/performance.md` says what the lines mean.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence

from benchmarks.window.answers import measure_answer, measure_growth
from benchmarks.window.figures import HEAD, Effort, Figure, Measure, in_calm
from benchmarks.window.hidden import measure_hidden
from benchmarks.window.latency import measure_latency
from benchmarks.window.opening import measure_opening, measure_tabs
from benchmarks.window.starting import measure_first_enter, measure_first_frame

GROUPS: Mapping[str, Measure] = {
    "answer": measure_answer,
    "growth": measure_growth,
    "hidden": measure_hidden,
    "latency": measure_latency,
    "opening": measure_opening,
    "tabs": measure_tabs,
    "frame": measure_first_frame,
    "enter": measure_first_enter,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns 1 when a goal is not reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.window", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="show that everything runs; the values mean little")
    parser.add_argument("--only", action="append", choices=list(GROUPS), help="a group of figures; repeatable")
    options = parser.parse_args(arguments)
    if sys.platform != "linux":
        _say("These benchmarks read /proc and run on Linux alone.")
        return 0
    _say(HEAD)
    figures: list[Figure] = []
    for name in options.only or GROUPS:
        figures += in_calm(GROUPS[name], Effort(options.quick), _say)
    missed = [figure for figure in figures if not figure.holds]
    _say(f"\n{len(figures) - len(missed)} of {len(figures)} hold" + (", quick: values mean little" * options.quick))
    return int(bool(missed))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
