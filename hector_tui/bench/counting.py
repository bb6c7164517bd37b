"""The counted part of a benchmark: drive the engine, in one process or two, and read back what it stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hector_tui.bench.audit import Counts, audit
from hector_tui.bench.child import Child
from hector_tui.bench.drive import Driver
from hector_tui.bench.heard import Ending, Heard, endings
from hector_tui.bench.hosting import hosted
from hector_tui.bench.plan import Plan
from hector_tui.bench.points import PointCounts, count_points
from hector_tui.bench.script import testimony
from hector_tui.engine.thread import EngineThread
from hector_tui.paths import Profile

_FLUSH_S = 5.0
_FLUSHES_IN_VAIN = 6
"""Attempts to index what waits that brought nothing forward, after which the points count as missing."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The outcome of the counted part.

    Attributes:
        heard: What became of each prompt, by nonce.
        seconds: Wall time from the first send to the last answer.
        cpu_s: CPU time of this process meanwhile, all threads.
        sent_here: Prompts this process sent.
        commits: Transactions this process committed meanwhile; turns stored together share one.
    """

    counts: Counts
    points: PointCounts
    heard: dict[str, Heard]
    seconds: float
    cpu_s: float
    sent_here: int
    commits: int

    @property
    def faults(self) -> int:
        """Everything that must be 0, summed; a refusal or a cancellation is none."""
        counts, points = self.counts, self.points
        return (
            counts.lost
            + counts.duplicated
            + counts.misordered
            + counts.leaked
            + counts.stale
            + counts.mismatched
            + counts.failed
            + points.points_missing
            + points.points_misplaced
            + endings(self.heard, Ending.UNSENT)
        )


async def count(profile: Profile, plan: Plan, config_paths: tuple[Path, ...], say: Say) -> Counted:
    """Send a whole plan to engines on a fresh profile and count what came of it.

    Raises:
        HectorError: The engine cannot be opened, or a second process ended badly.
    """
    heard: dict[str, Heard] = {}
    async with hosted(profile, plan, testimony(plan), config_paths) as engine:
        child = await Child.start(profile, plan, config_paths) if plan.load.processes > 1 else None
        try:
            began, cpu = time.perf_counter(), time.process_time()
            commits = engine.engine.commits
            told = _progress(say, sum(1 for prompt in plan.prompts if not prompt.sender), child is not None)
            driving = asyncio.create_task(Driver(engine, plan, told).drive(0))
            if child is not None:
                heard.update(await child.heard())
            sent_here = await driving
            seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu
            commits = engine.engine.commits - commits
        finally:
            if child is not None:
                await child.aclose()
        say("indexing what waits for the vector store")
        await _flush(engine)
    heard.update(sent_here)
    say("reading the database back")
    counts = await asyncio.to_thread(audit, profile.database, plan, heard)
    points = await asyncio.to_thread(count_points, profile)
    return Counted(
        counts=counts,
        points=points,
        heard=heard,
        seconds=seconds,
        cpu_s=cpu_s,
        sent_here=len(sent_here),
        commits=commits,
    )


async def _flush(engine: EngineThread) -> None:
    """Wait until nothing waits for the vector store, or nothing moves any more."""
    in_vain, before = 0, -1
    while in_vain < _FLUSHES_IN_VAIN:
        if await engine.call(lambda opened: opened.memory.flush(timeout_s=_FLUSH_S)):
            return
        pending = engine.engine.memory.status.pending
        in_vain = in_vain + 1 if pending == before else 0
        before = pending


def _progress(say: Say, total: int, is_half: bool) -> Callable[[int], None]:
    """Tell every tenth of the way."""
    step = max(1, total // 10)
    reached = 0

    def told(done: int) -> None:
        nonlocal reached
        if done // step > reached:
            reached = done // step
            say(f"{done:,} of {total:,} turns{' of this process' if is_half else ''}")

    return told
