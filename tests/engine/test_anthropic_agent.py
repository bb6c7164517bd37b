"""An agent whose llm is Anthropic's: from a key in the environment to a turn of thoughts and tools, also cut short."""

from __future__ import annotations

from pathlib import Path

import pytest

from hector_tui.agents.models import BuiltModel, ModelShelf
from hector_tui.config.loader import load
from hector_tui.domain.events import RunFailed, RunFinished
from hector_tui.domain.messages import ThinkingPart
from hector_tui.llm.anthropic import AnthropicModel
from hector_tui.llm.discovery import discover
from hector_tui.llm.keyless import KeylessModel
from hector_tui.llm.providers import PROVIDERS
from tests.provider import Answer, LoopbackProvider, WireCall
from tests.support.engine import (
    AGENT,
    CANARY,
    Config,
    ask,
    ending,
    new_session,
    open_engine,
    streamed,
    the_turn,
    thought,
    write_config,
)
from tests.unit.llm.formats.anthropic import complaints

SIGNATURE = "EqQBCgIYAhIM1gbcDa9GJwZA2b3h"
CALCULATES = Answer(
    thinking="That is a product. ",
    signature=SIGNATURE,
    text="Let me see. ",
    calls=(
        WireCall("toolu_1", "calculator", '{"expression": "6*7"}'),
        WireCall("toolu_2", "calculator", '{"expression": "6/0"}'),
    ),
)


def config_at(base_url: str) -> Config:
    llm = {
        "type": "anthropic",
        "model": "claude-sonnet-4-5",
        "host": base_url,
        "api_key": CANARY,
        "thinking": 2048,
        "max_retries": 0,
    }
    return {"llms": {"main": llm}, "agents": {AGENT: {"llm": "main", "tools": ["calculator"]}}}


async def built(tmp_path: Path, config: Config, env: dict[str, str]) -> BuiltModel:
    """The model of the only agent of a configuration."""
    loaded = load([write_config(tmp_path, config)], env=env)
    assert loaded.problems == ()
    shelf = await ModelShelf.build(loaded, await discover(env, probe=False), tmp_path)
    agent = loaded.agents[AGENT].config
    assert agent is not None
    found = shelf.get(agent.llm)
    await shelf.aclose()
    return found


async def test_a_key_in_the_environment_is_all_it_takes(tmp_path: Path) -> None:
    named: Config = {"llms": {"main": {"type": "anthropic"}}, "agents": {AGENT: {"llm": "main"}}}
    auto: Config = {"agents": {AGENT: {"llm": "auto"}}}
    env = {"ANTHROPIC_API_KEY": CANARY}
    for number, config in enumerate((named, auto)):
        found = await built(tmp_path / str(number), config, env)
        assert isinstance(found.model, AnthropicModel)
        assert (found.readiness, found.model.label) == ("ready", PROVIDERS["anthropic"].default_model)
        assert found.model.context_window == 1_000_000
        assert (found.temperature, found.max_tokens) == (None, None)
    chosen = await built(tmp_path / "chosen", auto, {**env, "ANTHROPIC_MODEL": "claude-haiku-4-5"})
    assert chosen.model is not None
    assert (chosen.model.label, chosen.model.context_window) == ("claude-haiku-4-5", 200_000)
    without = await built(tmp_path / "without", named, {})
    assert isinstance(without.model, KeylessModel)
    assert (without.readiness, without.detail) == ("needs_key", "ANTHROPIC_API_KEY")


async def test_a_turn_with_thoughts_and_tools_goes_back_as_it_came(tmp_path: Path) -> None:
    answers = [CALCULATES, Answer(thinking="Done. ", signature=SIGNATURE, text="42."), Answer(text="Bye.")]
    async with (
        LoopbackProvider(answers) as provider,
        open_engine(tmp_path, config_at(provider.origin)) as engine,
    ):
        key = await new_session(engine)
        run = await ask(engine, key, "6*7?")
        assert isinstance(ending(run), RunFinished)
        assert (thought(run), streamed(run)) == ("That is a product. Done. ", "Let me see. 42.")
        await ask(engine, key, "Thanks.")
        assert [complaints(post.body) for post in provider.posts] == [[], [], []]
        assert {post.headers["x-api-key"] for post in provider.posts} == {CANARY}
        _, within, after = (post.body["messages"] for post in provider.posts)
        kinds = [block["type"] for block in within[1]["content"]]
        assert kinds == ["thinking", "text", "tool_use", "tool_use"]
        assert within[1]["content"][0] == {
            "type": "thinking",
            "thinking": "That is a product. ",
            "signature": SIGNATURE,
        }
        right, wrong = within[2]["content"]
        assert (right["tool_use_id"], right["content"], right.get("is_error")) == ("toolu_1", "42", None)
        assert (wrong["tool_use_id"], wrong["is_error"]) == ("toolu_2", True)
        assert [message["role"] for message in after] == ["user", "assistant", "user", "assistant", "user"]
        assert after[1]["content"][0] == within[1]["content"][0]
        record = await the_turn(engine, run)
        parts = [part for row in record.messages for part in row.message.parts]
        proofs = [part.signature for part in parts if isinstance(part, ThinkingPart)]
        assert proofs == [f"anthropic:{SIGNATURE}"] * 2


@pytest.mark.parametrize("size", [500, 900, 1_100, 1_500, 2_000, 2_400])
async def test_after_a_cut_anywhere_the_session_goes_on(tmp_path: Path, size: int) -> None:
    cut = Answer(
        thinking=CALCULATES.thinking,
        signature=SIGNATURE,
        text=CALCULATES.text,
        calls=CALCULATES.calls,
        cut_after=size,
        rate=500,
    )
    async with (
        LoopbackProvider([cut, Answer(text="fine now")]) as provider,
        open_engine(tmp_path, config_at(provider.origin)) as engine,
    ):
        key = await new_session(engine)
        assert isinstance(ending(await ask(engine, key, "6*7?")), RunFailed)
        after = await ask(engine, key, "And now?")
        assert streamed(after) == "fine now"
        assert [complaints(post.body) for post in provider.posts] == [[], []]
