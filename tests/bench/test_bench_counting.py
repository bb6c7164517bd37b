"""The counted part of the benchmark against the real engine: every policy, one process and two, a model on the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hector_tui.bench.counting import Counted, count
from hector_tui.bench.heard import Ending, endings
from hector_tui.bench.plan import OFFLINE, Load, Plan
from hector_tui.errors import AgentDisabled
from hector_tui.paths import Profile
from tests.provider import LoopbackProvider

CountLoad = Callable[..., Counted]


@pytest.mark.parametrize("processes", [1, 2])
def test_nothing_is_lost_doubled_out_of_order_or_leaked(count_load: CountLoad, processes: int) -> None:
    counted = count_load(turns=60, sessions=6, agents=3, processes=processes)

    assert counted.counts.findings == ()
    assert counted.faults == 0
    assert endings(counted.heard, Ending.FINISHED) == 60
    assert counted.points.points == counted.counts.memories == 120
    assert counted.sent_here == (60 if processes == 1 else 32)
    assert 0 < counted.commits <= 4 * 60


def test_under_reject_what_is_refused_is_not_stored_and_not_lost(count_load: CountLoad) -> None:
    counted = count_load(turns=32, sessions=4, agents=2, policy="reject")

    refused = endings(counted.heard, Ending.REFUSED)
    assert counted.counts.findings == ()
    assert refused > 0
    assert refused + endings(counted.heard, Ending.FINISHED) == 32
    assert counted.counts.messages == 2 * (32 - refused)


def test_under_interrupt_what_was_said_until_then_is_kept(count_load: CountLoad) -> None:
    counted = count_load(turns=32, sessions=4, agents=2, policy="interrupt", words=400)

    cancelled = endings(counted.heard, Ending.CANCELLED)
    assert counted.counts.findings == ()
    assert cancelled > 0
    assert cancelled + endings(counted.heard, Ending.FINISHED) == 32
    assert 64 - cancelled <= counted.counts.messages <= 64


async def test_a_model_on_the_wire_is_asked_and_counted(tmp_path: Path) -> None:
    async with LoopbackProvider() as provider:
        llm = {"type": "openai", "model": "loop-1", "host": provider.base_url, "api_key": "sk-test"}
        config = tmp_path / "llms.yaml"
        config.write_text(json.dumps({"llms": {"wire": llm}}), encoding="utf-8")
        plan = Plan(Load(turns=12, sessions=3, agents=2, model="wire", seed="5eed"))

        counted = await count(Profile(tmp_path / "profile"), plan, (config,), lambda _text: None)

    assert len(provider.posts) == 12
    assert (counted.faults, counted.counts.unconfirmed) == (0, 0)
    assert endings(counted.heard, Ending.FINISHED) == 12


def test_an_llm_that_is_not_configured_is_refused_with_its_name(tmp_path: Path) -> None:
    plan = Plan(Load(turns=1, sessions=1, agents=1, model="nobody", seed="5eed"))

    with pytest.raises(AgentDisabled, match="nobody"):
        asyncio.run(count(Profile(tmp_path / "profile"), plan, (), lambda _text: None))


def test_progress_is_told_in_tenths(tmp_path: Path) -> None:
    told: list[str] = []
    plan = Plan(Load(turns=20, sessions=5, agents=2, words=2, model=OFFLINE, seed="5eed"))

    asyncio.run(count(Profile(tmp_path / "profile"), plan, (), told.append))

    assert told[-3:] == [
        "20 of 20 turns",
        "indexing what waits for the vector store",
        "reading the database back",
    ]
