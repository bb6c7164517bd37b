"""What the engine costs beside the model, as ratios of things measured in the same run.

A word through the engine to a reader in another thread, journal included, against the same model called directly and
against a bare `asyncio.Queue` hop; a request among a hundred against the model alone; and the time to the first event
among 100,000 stored sessions against that among one. The machine's speed and its noise are on both sides.

    python -m benchmarks.engine [--limit 6]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from hector_tui.bench.hosting import hosted
from hector_tui.bench.overhead import Overhead, measure_overhead
from hector_tui.bench.plan import Load, Plan
from hector_tui.bench.scale import Scale, measure_scale
from hector_tui.bench.stage import Stage
from hector_tui.paths import Profile

LIMIT = 6.0
"""Queue hops that a word may cost. One hop costs 5 to 10 µs of CPU; the goal is 40 µs at most."""


async def measure(folder: Path) -> tuple[Overhead, Scale]:
    """Measure in a folder of its own."""
    plan = Plan(Load(seed="benchmark"))
    stage = Stage()
    profile = Profile(folder / "profile")
    async with hosted(profile, plan, stage.script) as engine:
        overhead = await measure_overhead(engine, plan, stage.script)
        return overhead, await measure_scale(engine, profile, plan, stage)


def main() -> int:
    """Measure and print; returns 1 when a word costs more queue hops than the limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=main.__doc__)
    parser.add_argument("--limit", type=float, default=LIMIT, help=f"queue hops a word may cost ({LIMIT:.0f})")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        overhead, scale = asyncio.run(measure(Path(folder)))
    hops = overhead.word_us / overhead.hop_us
    least, most = scale.steps[0], scale.steps[-1]
    rows = (
        ("a word, in queue hops", hops, f"{overhead.word_us:.1f} µs, a hop {overhead.hop_us:.1f}"),
        (
            "a word, in words of the model alone",
            overhead.word_us / overhead.model_word_us,
            f"the model {overhead.model_word_us:.1f} µs",
        ),
        (
            "a request among a hundred, in model calls",
            overhead.crowd_cpu_ms / overhead.model_ms,
            f"{overhead.crowd_cpu_ms:.1f} ms of CPU, the model {overhead.model_ms:.2f}",
        ),
        (
            f"first event, {most.sessions:,} sessions to {least.sessions:,}",
            most.first_event.p50_ms / least.first_event.p50_ms,
            f"{most.first_event.p50_ms:.1f} ms and {least.first_event.p50_ms:.1f} ms",
        ),
    )
    for name, ratio, detail in rows:
        print(f"{name:<46}{ratio:8.2f}   {detail}")  # noqa: T201 - what it is for
    print(f"a word may cost {options.limit:.1f} hops")  # noqa: T201
    return int(hops > options.limit)


if __name__ == "__main__":
    raise SystemExit(main())
