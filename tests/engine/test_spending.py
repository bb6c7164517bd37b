"""Tokens and dollars: what a provider counted, what nobody counted, and the sums a person asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from hector_tui.domain.events import UsageUpdated
from hector_tui.domain.prices import Price, PriceTable
from hector_tui.domain.usage import Usage
from hector_tui.errors import ProviderUnavailable
from hector_tui.llm.base import Stop, StopReason, TextChunk, UsageReport
from hector_tui.llm.script import Script
from tests.support.engine import Config, Stage, ask, config_of, new_session, open_engine, said, the_turn
from tests.support.memory import until

SOME = Usage(input_tokens=1_000, output_tokens=200, cached_tokens=400, reasoning_tokens=50)


def priced_config(**prices: object) -> Config:
    return {**config_of(), "prices": prices}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-4o", 2.0),
        ("GPT-4o-2024-08-06", 2.0),
        ("gpt-4o-mini", 1.0),
        ("openai/gpt-4o-mini", 1.0),
        ("claude-x", None),
        ("openai/unknown", None),
    ],
)
def test_the_longest_name_that_fits_is_the_price(model: str, expected: float | None) -> None:
    table = PriceTable(
        {
            "gpt-4o*": Price(input=2.0, output=0),
            "gpt-4*": Price(input=9, output=9),
            "gpt-4o-mini": Price(input=1.0, output=0),
        }
    )
    found = table.of(model)
    assert (found.input if found else None) == expected


def test_cached_tokens_have_a_price_of_their_own_and_a_cost_the_provider_names_stands() -> None:
    table = PriceTable({"m": Price(input=10, output=30, cached=1), "n": Price(input=10, output=30)})
    assert table.priced(SOME, "m").cost == pytest.approx((600 * 10 + 400 * 1 + 200 * 30) / 1e6)
    assert table.priced(SOME, "n").cost == pytest.approx((1_000 * 10 + 200 * 30) / 1e6)
    assert table.priced(SOME, "other").cost is None
    named = Usage(input_tokens=1, cost=0.5)
    assert table.priced(named, "m") is named
    assert (Usage(cost=0.1) + Usage()).cost == 0.1
    assert (Usage() + Usage()).cost is None


async def test_a_turn_has_the_sum_of_its_calls_and_the_sums_over_turns_are_right(tmp_path: Path) -> None:
    script = Script.of((TextChunk("so"), UsageReport(SOME), Stop(StopReason.END)))
    config = priced_config(**{"off*": {"input": 10, "output": 30, "cached": 1}})
    async with open_engine(tmp_path, config, script=script) as engine:
        one, two = await new_session(engine), await new_session(engine)
        run = await ask(engine, one, "a")
        await ask(engine, one, "b")
        await ask(engine, two, "c")
        cost = (600 * 10 + 400 * 1 + 200 * 30) / 1e6
        (updated,) = [event.usage for event in said(run) if isinstance(event, UsageUpdated)]
        stored = (await the_turn(engine, run)).turn.usage
        assert updated == stored
        assert (stored.total_tokens, stored.cached_tokens, stored.reasoning_tokens) == (1_200, 400, 50)
        assert stored.cost == pytest.approx(cost)

        (session,) = await engine.chat.insight.spent("session", session_id=one.session_id)
        assert (session.turns, session.usage.total_tokens, session.unpriced) == (2, 2_400, 0)
        assert session.usage.cost == pytest.approx(2 * cost)
        for by, name in (("agent", one.agent_id), ("model", "offline")):
            (total,) = await engine.chat.insight.spent(by)  # type: ignore[arg-type]  # one of its names
            assert (total.name, total.turns) == (name, 3)
        (today,) = await engine.chat.insight.spent("day")
        assert today.usage.cost == pytest.approx(3 * cost)
        assert list(await engine.chat.insight.spent("day", since=9e9)) == []


async def test_what_was_said_before_a_stop_or_a_failure_is_estimated(tmp_path: Path) -> None:
    stage = Stage(before="twelve words of an answer that nobody will ever get to see whole ")
    async with open_engine(tmp_path, config_of(), script=stage.script) as engine:
        key = await new_session(engine)
        run = await engine.chat.send(key, "stop me")
        await stage.until_standing("stop me")
        await until(lambda: len(run.state.answer.text) > 10)
        await engine.chat.cancel(key.session_id)
        await run.wait()
        usage = (await the_turn(engine, run)).turn.usage
        assert usage.estimated
        assert usage.output_tokens > 10
        assert usage.input_tokens > 0
        (total,) = await engine.chat.insight.spent("session")
        assert total.usage.estimated
        assert total.unpriced == 1


async def test_a_call_that_failed_before_a_word_costs_nothing(tmp_path: Path) -> None:
    script = Script.of((ProviderUnavailable("cannot reach it"),))
    async with open_engine(tmp_path, config_of(), script=script) as engine:
        run = await ask(engine, await new_session(engine), "anyone there?")
        assert (await the_turn(engine, run)).turn.usage == Usage()
        assert list(await engine.chat.insight.spent("day")) == []
