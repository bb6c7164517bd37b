"""What sessions leave behind: each is opened, streams from a provider on loopback, is cancelled and closed.

Tasks, threads, descriptors and the program's objects must be back where they began, and the process at most 20 MiB
larger, however many sessions there were.

    python -m benchmarks.leaks [--cycles 1000]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.cycles import ANSWER, Held, cycle, held_at_rest, warm_up
from tests.provider import LoopbackProvider
from tests.support.engine import open_engine, wire_config

LIMIT_MIB = 20.0
_MIB = 1024 * 1024


async def measure(cycles: int) -> tuple[Held, Held]:
    """What is held before and after so many cycles; prints ten lines on the way."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            LoopbackProvider(ANSWER) as provider,
            open_engine(Path(folder), wire_config(provider.base_url)) as engine,
        ):
            before = await warm_up(engine, provider)
            _print_line("before", before)
            began = time.perf_counter()
            for number in range(1, cycles + 1):
                await cycle(engine, provider)
                if not number % max(1, cycles // 10):
                    _print_line(str(number), await held_at_rest(provider))
            print(f"{cycles / (time.perf_counter() - began):.0f} cycles a second")  # noqa: T201 - what it is for
            return before, await held_at_rest(provider)


def _print_line(what: str, held: Held) -> None:
    print(  # noqa: T201 - what it is for
        f"{what:>8}  {len(held.tasks)} tasks  {len(held.threads)} threads  {len(held.descriptors)} descriptors"
        f"  {held.objects.total():,} objects  {held.rss_bytes / _MIB:.1f} MiB"
    )


def main() -> int:
    """Measure and print; returns 1 when something was left behind."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leaks", description=main.__doc__)
    parser.add_argument("--cycles", type=int, default=1_000, help="sessions that are opened and closed (1000)")
    options = parser.parse_args()
    before, after = asyncio.run(measure(options.cycles))
    grown = (after.rss_bytes - before.rss_bytes) / _MIB
    left = after.grown(before, by=8)
    is_clean = (
        not left
        and Counter(after.tasks) <= Counter(before.tasks)
        and Counter(after.threads) <= Counter(before.threads)
        and Counter(after.descriptors) <= Counter(before.descriptors)
    )
    print(f"grown by {grown:.1f} MiB, limit {LIMIT_MIB:.0f}; objects left behind: {left or 'none'}")  # noqa: T201
    return int(grown > LIMIT_MIB or not is_clean)


if __name__ == "__main__":
    raise SystemExit(main())
