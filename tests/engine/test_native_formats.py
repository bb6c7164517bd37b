"""Whole turns in Gemini's and Ollama's formats: tools, thoughts and their proofs, through the database and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hector_tui.domain.events import RunFailed
from hector_tui.domain.turns import TurnStatus
from tests.provider import Answer, LoopbackProvider, WireCall
from tests.provider.ollama import running
from tests.support.engine import (
    AGENT,
    Config,
    answer_of,
    ask,
    ending,
    new_session,
    open_engine,
    streamed,
    the_turn,
    thought,
    wire_config,
)
from tests.unit.llm.formats import gemini, ollama

Complaints = Callable[[Mapping[str, Any]], list[str]]
SUMS = (WireCall("c1", "calculator", '{"expression": "6*7"}'), WireCall("c2", "calculator", '{"expression": "1+1"}'))
TOOLS: tuple[Answer, ...] = (
    Answer(thinking="I need two sums.", signature="U0lH", text="One moment.", calls=SUMS),
    Answer(text="42 and 2."),
    Answer(text="As I said."),
)


def native(kind: str, base_url: str, **llm: object) -> Config:
    """An agent with a calculator whose model is spoken to in one of the formats."""
    config = wire_config(base_url, tools=["calculator"])
    settings: Any = config["llms"]
    return {**config, "llms": {"wire": {**settings["wire"], "type": kind, **llm}}}


@pytest.mark.parametrize(
    ("kind", "complaints"), [("gemini", gemini.complaints), ("ollama", ollama.complaints)], ids=["gemini", "ollama"]
)
async def test_a_turn_with_tools_is_stored_and_sent_again_as_the_format_wants_it(
    tmp_path: Path, kind: str, complaints: Complaints
) -> None:
    async with LoopbackProvider(TOOLS) as provider:
        config = native(kind, provider.origin)
        async with open_engine(tmp_path, config) as engine:
            key = await new_session(engine)
            first = await ask(engine, key, "Two sums, please.")
            record = await the_turn(engine, first)
            assert (first.status, thought(first)) == (TurnStatus.DONE, "I need two sums.")
            assert answer_of(record) == "One moment.42 and 2."
        async with open_engine(tmp_path, config) as engine:
            second = await ask(engine, key, "Again?")
            assert (second.status, streamed(second)) == (TurnStatus.DONE, "As I said.")
        assert [complaints(post.body) for post in provider.posts] == [[], [], []]
        bodies = [str(post.body) for post in provider.posts]
    assert "42" in bodies[1]
    # The proof goes back with its thought, within the turn and after a restart; Ollama knows none.
    assert [("U0lH" in body) for body in bodies] == [False, kind == "gemini", kind == "gemini"]


async def test_signatures_of_one_format_never_reach_another(tmp_path: Path) -> None:
    async with LoopbackProvider(TOOLS) as provider:
        async with open_engine(tmp_path, native("gemini", provider.origin)) as engine:
            key = await new_session(engine)
            await ask(engine, key, "Two sums, please.")
        for kind in ("ollama", "openai"):
            async with open_engine(tmp_path, native(kind, provider.origin)) as engine:
                assert (await ask(engine, key, "Again?")).status is TurnStatus.DONE
            assert "U0lH" not in str(provider.posts[-1].body)


async def test_a_blocked_question_fails_with_its_cause(tmp_path: Path) -> None:
    blocked = Answer(raw=gemini.SUBJECT.recorded("blocked"))
    async with (
        LoopbackProvider([blocked, Answer(text="fine now")]) as provider,
        open_engine(tmp_path, native("gemini", provider.origin)) as engine,
    ):
        key = await new_session(engine)
        end = ending(await ask(engine, key, "Something."))
        assert isinstance(end, RunFailed)
        assert "PROHIBITED_CONTENT" in end.error
        assert (await ask(engine, key, "Something else.")).status is TurnStatus.DONE


async def test_the_context_meter_shows_what_the_server_gives(tmp_path: Path) -> None:
    async with LoopbackProvider(Answer(text="hello"), documents={"/api/ps": running("loop-1", 4_096)}) as provider:
        async with open_engine(tmp_path, native("ollama", provider.origin)) as engine:
            key = await new_session(engine)
            await ask(engine, key, "Hello?")
            await provider.until(lambda server: any(one.place == "/api/ps" for one in server.requests))
            agent = engine.registry.get(AGENT)
            await agent.model.prepare()
            assert agent.model.context_window == 4_096
        async with open_engine(tmp_path, native("ollama", provider.origin, context_window=8_192)) as engine:
            await ask(engine, key, "Hello?")
            assert engine.registry.get(AGENT).model.context_window == 8_192
        assert provider.posts[-1].body["options"]["num_ctx"] == 8_192


async def test_what_the_file_says_of_ollama_reaches_it(tmp_path: Path) -> None:
    async with LoopbackProvider(Answer(text="hello")) as provider:
        host = f"{provider.origin.removeprefix('http://')}/v1"
        config = native("ollama", host, keep_alive="-1", temperature=0.2, max_tokens=50)
        async with open_engine(tmp_path, config) as engine:
            run = await ask(engine, await new_session(engine), "Hello?")
            assert run.status is TurnStatus.DONE
        body = provider.posts[-1].body
    assert body["keep_alive"] == -1
    assert body["options"] == {"temperature": 0.2, "num_predict": 50}
