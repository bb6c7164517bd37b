"""A provider that hangs, with many sessions waiting for it, holds up nobody who talks to another."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hector_tui.domain.turns import TurnStatus
from tests.provider import Answer, LoopbackProvider, echo
from tests.provider.answers import question_of
from tests.support.engine import ask, new_session, open_engine, streamed
from tests.support.memory import until

STREAMS = 200
STUCK = 20
WORDS = 30


async def test_two_hundred_streams_run_beside_a_provider_that_hangs(tmp_path: Path) -> None:
    """More than httpx's default pool of 100 connections holds, so a shared or bounded pool would starve somebody."""
    async with (
        LoopbackProvider(lambda request: echo(request.body, words=WORDS, rate=WORDS)) as lively,
        LoopbackProvider(Answer(stall_before_headers=True)) as hanging,
    ):
        places = {"lively": lively.base_url, "hanging": hanging.base_url}
        llms = {name: {"type": "openai", "model": "loop-1", "host": place} for name, place in places.items()}
        agents = {name: {"llm": name, "tools": [], "task": {"worker_pool": 0}} for name in places}
        async with open_engine(tmp_path, {"llms": llms, "agents": agents}) as engine:
            waiting = [await engine.chat.send(await new_session(engine, "hanging"), "hello") for _ in range(STUCK)]
            await hanging.until(lambda server: len(server.posts) == STUCK)

            keys = [await new_session(engine, "lively") for _ in range(STREAMS)]
            runs = await asyncio.gather(
                *(engine.chat.send(key, f"my number is {number:08x}") for number, key in enumerate(keys))
            )
            await lively.until(lambda server: server.open_connections == STREAMS)
            await until(lambda: all(streamed(run) for run in runs))
            late = await ask(engine, await new_session(engine, "lively"), f"my number is {STREAMS:08x}")
            for run in runs:
                await run.wait()

            for number, run in enumerate([*runs, late]):
                assert run.status is TurnStatus.DONE
                assert streamed(run) == " ".join(f"{number:08x}:{word}" for word in range(WORDS))
            assert {question_of(post.body).split()[-1] for post in lively.posts} == {
                f"{number:08x}" for number in range(STREAMS + 1)
            }
            assert [run.status for run in waiting] == [TurnStatus.RUNNING] * STUCK
            assert hanging.open_connections == STUCK
            for run in waiting:
                engine.chat.runner.cancel(run, "enough")
            for run in waiting:
                await run.wait()
            await hanging.until(lambda server: server.open_connections == 0)
