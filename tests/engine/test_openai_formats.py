"""Whole turns in OpenAI's Responses format and with a vendor's type: through the database, a restart and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hector_tui.domain.events import RunFinished
from hector_tui.domain.turns import TurnStatus
from tests.provider import Answer, LoopbackProvider, WireCall
from tests.support.engine import (
    Config,
    answer_of,
    ask,
    ending,
    new_session,
    open_engine,
    streamed,
    the_turn,
    wire_config,
)
from tests.unit.llm.formats.responses import complaints

SUMS = (WireCall("c1", "calculator", '{"expression": "6*7"}'), WireCall("c2", "calculator", '{"expression": "1+1"}'))
ANSWERS: tuple[Answer, ...] = (
    Answer(thinking="I need two sums.", signature="gAAAA-secret", text="One moment.", calls=SUMS),
    Answer(thinking="Easy.", signature="gBBBB-secret", text="42 and 2."),
    Answer(text="As I said."),
)


def responding(base_url: str, **llm: object) -> Config:
    """An agent with a calculator whose model is spoken to in the Responses format."""
    config = wire_config(base_url, tools=["calculator"])
    settings: Any = config["llms"]
    return {**config, "llms": {"wire": {**settings["wire"], "type": "openai-responses", "model": "gpt-5", **llm}}}


async def test_reasoning_goes_through_the_database_and_back_unchanged(tmp_path: Path) -> None:
    async with LoopbackProvider(ANSWERS) as provider:
        async with open_engine(tmp_path, responding(provider.base_url)) as engine:
            key = await new_session(engine)
            first = await ask(engine, key, "Two sums, please.")
            assert first.status is TurnStatus.DONE
            assert answer_of(await the_turn(engine, first)) == "One moment.42 and 2."
        async with open_engine(tmp_path, responding(provider.base_url)) as engine:
            await ask(engine, key, "And again?")
        assert [post.place for post in provider.posts] == ["/v1/responses"] * 3
        assert [complaints(post.body) for post in provider.posts] == [[], [], []]
        kinds = [item["type"] for item in provider.posts[2].body["input"]]
        results = ["function_call_output", "function_call_output"]
        step = ["reasoning", "message", "function_call", "function_call"]
        assert kinds == ["message", *step, *results, "reasoning", "message", "message"]
        thoughts = [item for item in provider.posts[2].body["input"] if item["type"] == "reasoning"]
        assert [thought["encrypted_content"] for thought in thoughts] == ["gAAAA-secret", "gBBBB-secret"]
        assert [thought["summary"][0]["text"] for thought in thoughts] == ["I need two sums.", "Easy."]


async def test_another_model_gets_the_words_and_not_the_reasoning(tmp_path: Path) -> None:
    async with LoopbackProvider(ANSWERS) as provider:
        async with open_engine(tmp_path, responding(provider.base_url)) as engine:
            key = await new_session(engine)
            await ask(engine, key, "Two sums, please.")
        async with open_engine(tmp_path, responding(provider.base_url, model="o4-mini")) as engine:
            await ask(engine, key, "And again?")
        async with open_engine(tmp_path, responding(provider.base_url, type="openai")) as engine:
            await ask(engine, key, "And in the other format?")
        for post in provider.posts[2:]:
            assert "secret" not in str(post.body)
            assert "One moment." in str(post.body)
        assert provider.posts[3].place == "/v1/chat/completions"


async def test_a_vendors_type_is_chat_completions_wherever_it_is(tmp_path: Path) -> None:
    async with LoopbackProvider(Answer(text="fine")) as provider:
        for kind in ("openrouter", "groq", "mistral", "deepseek"):
            config = responding(provider.base_url, type=kind, model="loop-1")
            async with open_engine(tmp_path / kind, config) as engine:
                run = await ask(engine, await new_session(engine), "hello")
                assert isinstance(ending(run), RunFinished)
                assert streamed(run) == "fine"
        assert {post.place for post in provider.posts} == {"/v1/chat/completions"}
