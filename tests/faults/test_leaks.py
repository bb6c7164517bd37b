"""Whatever a session held is given back: tasks, threads, descriptors, objects and memory.

`HECTOR_TUI_LEAK_CYCLES` sets how many sessions are opened, cancelled while they stream, and closed (a release: 1,000).
`python -m benchmarks.leaks` prints the numbers.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from hector_tui.llm.script import Script
from tests.faults.cycles import ANSWER, WARM_UP, Held, cycle, held_at_rest, warm_up
from tests.provider import LoopbackProvider
from tests.support.engine import ask, config_of, new_session, open_engine, query, wire_config

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")

CYCLES = int(os.environ.get("HECTOR_TUI_LEAK_CYCLES", "100"))
MOST_BYTES = 20 * 1024 * 1024
"""How much the process may grow, however many cycles there are."""
FEW = 8
"""Objects of one class that may be more than before: what the last cycle's caches hold."""


def check(before: Held, after: Held) -> None:
    assert Counter(after.tasks) <= Counter(before.tasks)
    assert Counter(after.threads) <= Counter(before.threads)
    assert Counter(after.descriptors) - Counter(before.descriptors) == Counter()
    assert after.grown(before, by=FEW) == {}
    assert after.rss_bytes - before.rss_bytes <= MOST_BYTES


@pytest.mark.timeout(60 + CYCLES // 10)
async def test_sessions_that_are_opened_cancelled_and_closed_leave_nothing_behind(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(ANSWER) as provider,
        open_engine(tmp_path, wire_config(provider.base_url)) as engine,
    ):
        before = await warm_up(engine, provider)
        for _ in range(CYCLES):
            await cycle(engine, provider)
        after = await held_at_rest(provider)
        check(before, after)
        assert provider.left == WARM_UP + CYCLES
        assert engine.chat.runner.all_runs() == []
    assert query(tmp_path, "SELECT status, count(*) FROM turns GROUP BY status") == [("cancelled", WARM_UP + CYCLES)]
    assert query(tmp_path, "SELECT count(*) FROM journal") == [(0,)]


async def test_engines_that_are_opened_and_closed_leave_nothing_behind(tmp_path: Path) -> None:
    async with LoopbackProvider(ANSWER) as provider:
        config = wire_config(provider.base_url)
        held = []
        for _ in range(10):
            async with open_engine(tmp_path, config) as engine:
                await cycle(engine, provider)
            held.append(Held.now())
    check(held[2], held[-1])


async def test_sessions_nobody_closes_are_not_remembered_for_ever(tmp_path: Path) -> None:
    """A program without tabs, such as a server, closes none."""
    async with open_engine(tmp_path, config_of(), script=Script.echo(3)) as engine:
        board = engine.chat._activity
        board._quiet_kept = 5
        keys = [await new_session(engine) for _ in range(9)]
        for key in keys:
            await ask(engine, key, "hello")
        assert len(board) == 5
        assert [engine.chat.activity(key.session_id).last_ordinal for key in keys] == [0] * 4 + [1] * 5
        await engine.chat.close_tab(keys[-1].session_id)
        assert len(board) == 4
