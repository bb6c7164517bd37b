"""Agents are shared and never change: the same object for every session, equal to the last bit after all of them."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from hector_tui.agents.agent import Agent
from hector_tui.agents.registry import AgentEntry, AgentRegistry
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import MemoryFilter, RecallScope
from hector_tui.domain.turns import TurnStatus
from hector_tui.engine.host import Engine
from hector_tui.errors import AgentDisabled, UnknownAgent
from hector_tui.llm.openai import OpenAIModel
from hector_tui.llm.script import Script
from tests.provider import Answer, LoopbackProvider, ReceivedRequest, WireCall, echo
from tests.support.engine import (
    AGENT,
    Config,
    answer_of,
    ask,
    config_of,
    new_session,
    open_engine,
    streamed,
    wire_config,
)
from tests.support.graph import snapshot
from tests.support.memory import until

REMEMBERING: dict[str, object] = {"long_term": {"recall_scope": "session"}, "strategy": "buffer_window"}
TWINS: Config = {"agents": {name: {"llm": "offline", "tools": [], "memory": REMEMBERING} for name in ("left", "right")}}


def services_behind(agent: Agent) -> list[object]:
    """What a snapshot of an agent names and does not enter: services that live, each with tests of its own.

    The SessionService (SQLite), the MemoryService (SQLite and the vector store), and the share of the HTTP connection
    pool. Everything else that an agent reaches belongs to it.
    """
    assert isinstance(agent.model, OpenAIModel)
    return [agent.services.sessions, agent.services.memory, agent.model._lease]


async def test_the_registry_gives_the_same_object_every_time(tmp_path: Path) -> None:
    async with open_engine(tmp_path, config_of(), script=Script.echo(3)) as engine:
        agent = engine.registry.get(AGENT)
        keys = [await new_session(engine) for _ in range(10)]
        runs = [await engine.chat.send(key, "cafe0001") for key in keys]
        assert {id(run.agent) for run in runs} == {id(agent)}
        assert len({id(run.state) for run in runs}) == len({id(run.output) for run in runs}) == 10
        for run in runs:
            await run.wait()
        assert engine.registry.get(AGENT) is engine.chat.registry.get(AGENT) is engine.default_agent() is agent


async def test_agents_share_one_model_and_one_set_of_services(tmp_path: Path) -> None:
    async with open_engine(tmp_path, TWINS, script=Script.echo(3)) as engine:
        left, right = engine.registry.get("left"), engine.registry.get("right")
        assert left is not right
        assert left.model is right.model
        assert left.services is right.services


async def test_nothing_of_an_agent_can_be_assigned(tmp_path: Path) -> None:
    async with open_engine(tmp_path, config_of(), script=Script.echo(3)) as engine:
        agent = engine.registry.get(AGENT)
        for field in dataclasses.fields(agent):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(agent, field.name, None)
            with pytest.raises(dataclasses.FrozenInstanceError):
                delattr(agent, field.name)
        with pytest.raises((AttributeError, TypeError)):
            agent.session_id = "s1"  # type: ignore[attr-defined]
        for part in (agent.prompt, agent.memory, agent.services):
            assert dataclasses.fields(part)
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(part, dataclasses.fields(part)[0].name, None)


async def test_duplicate_ids_are_refused() -> None:
    entries = [AgentEntry(agent_id="twin", agent=None, detail="broken") for _ in range(2)]
    with pytest.raises(ValueError, match="two agents have the id 'twin'"):
        AgentRegistry(entries)


async def test_unknown_and_disabled_agents_say_so() -> None:
    registry = AgentRegistry([AgentEntry(agent_id="broken", agent=None, readiness="disabled", detail="line 3")])
    with pytest.raises(UnknownAgent, match=r"there is no agent 'nobody'\. Agents: broken\."):
        registry.get("nobody")
    with pytest.raises(AgentDisabled, match="the agent 'broken' is disabled: line 3"):
        registry.get("broken")


async def test_a_hundred_turns_in_a_hundred_sessions_leave_no_trace_in_the_agent(tmp_path: Path) -> None:
    def respond(request: ReceivedRequest) -> Answer:
        if request.body["messages"][-1]["role"] == "tool":
            return echo(request.body, words=5)
        call = WireCall("c1", "remember", '{"text": "a fact"}')
        return Answer(thinking="let me see", text="one moment", calls=(call,))

    async with LoopbackProvider(respond) as provider:
        config = wire_config(provider.base_url, tools=["remember", "calculator"], memory=REMEMBERING)
        async with open_engine(tmp_path, config) as engine:
            agent = engine.registry.get(AGENT)
            stops = services_behind(agent)
            before = snapshot(agent, stop_at=stops)

            keys = [await new_session(engine) for _ in range(100)]
            runs = await asyncio.gather(*(engine.chat.send(key, f"{n:08x}") for n, key in enumerate(keys)))
            await provider.until(lambda server: len(server.posts) > 0)
            during = snapshot(agent, stop_at=stops)
            for run in runs:
                await run.wait()
            assert [run.status for run in runs] == [TurnStatus.DONE] * 100
            after = snapshot(agent, stop_at=stops)

    assert during == before
    assert after == before
    assert sum("not entered" in value for value in before.values()) >= len(stops)
    # What the walk must have seen, or it proves nothing.
    for path in (".prompt.text", ".model._wire.model", ".tools._tools['remember']", ".memory.long_term.batch_size"):
        assert f"agent{path}" in before


async def test_a_snapshot_sees_a_change_anywhere(tmp_path: Path) -> None:
    async with LoopbackProvider() as provider, open_engine(tmp_path, wire_config(provider.base_url)) as engine:
        agent = engine.registry.get(AGENT)
        before = snapshot(agent, stop_at=services_behind(agent))
        assert snapshot(agent, stop_at=services_behind(agent)) == before
        agent.tools._tools["late"] = object()  # type: ignore[assignment]
        changed = snapshot(agent, stop_at=services_behind(agent))
        assert {path for path in changed if changed[path] != before.get(path)} == {
            "agent.tools._tools",
            "agent.tools._tools['late']",
        }


# Two agents, one session id


async def test_two_agents_of_one_session_see_nothing_of_each_other(tmp_path: Path) -> None:
    async with open_engine(tmp_path, TWINS, script=Script.echo(3)) as engine:
        left = await new_session(engine, "left", "shared")
        right = await new_session(engine, "right", "shared")
        for number in range(3):
            await asyncio.gather(
                ask(engine, left, f"secret aaaa000{number}"), ask(engine, right, f"secret bbbb000{number}")
            )
        await indexed(engine, left, right)

        for key, own, foreign in ((left, "aaaa", "bbbb"), (right, "bbbb", "aaaa")):
            run = await ask(engine, key, f"what is the secret {own}0009?")
            (request,) = run.agent.sent(run.state)
            sent = "\n".join(part.text for part in request.parts)
            assert f"{own}0002" in sent
            assert foreign not in sent
            assert foreign not in streamed(run)
            preview = await engine.chat.insight.preview(key, "what is the secret?")
            assert foreign not in "\n".join(part.text for part in preview.parts)
            own_memories = MemoryFilter.of(key, RecallScope.SESSION)
            found = await engine.chat.insight.search_memory(f"secret {foreign}0001", own_memories)
            assert all(hit.memory.key == key and foreign not in hit.memory.text for hit in found.hits)
            view = await engine.chat.insight.memory_view(key)
            assert view.total == len(view.latest) > 0
            assert {memory.key for memory in view.latest} == {key}

        records = await engine.chat.history("shared")
        assert len(records) == 8
        for record in records:
            own = "aaaa" if record.turn.key == left else "bbbb"
            assert own in answer_of(record)
            assert {row.seq for row in record.messages} <= set(range(1, 9))


async def test_a_recall_over_all_sessions_of_an_agent_stays_with_that_agent(tmp_path: Path) -> None:
    memory = {"long_term": {"recall_scope": "agent", "recall_limit": 20}}
    config: Config = {"agents": {name: {"llm": "offline", "tools": [], "memory": memory} for name in ("left", "right")}}
    async with open_engine(tmp_path, config, script=Script.echo(3)) as engine:
        keys = [await new_session(engine, name) for name in ("left", "right") for _ in range(2)]
        for number, key in enumerate(keys):
            await ask(engine, key, f"my favourite colour is shade{number}")
        await indexed(engine, *keys)
        left, right = await new_session(engine, "left"), await new_session(engine, "right")
        for key, own, foreign in (
            (left, {"shade0", "shade1"}, "shade2 shade3"),
            (right, {"shade2", "shade3"}, "shade0"),
        ):
            run = await ask(engine, key, "which colour is my favourite?")
            recalled = " ".join(hit.memory.text for hit in run.state.recalled)
            assert all(shade in recalled for shade in own)
            assert not any(shade in recalled for shade in foreign.split())


async def indexed(engine: Engine, *keys: SessionKey) -> None:
    """Wait until the vector store has everything these keys said."""
    await until(lambda: engine.memory.status.state == "ready")
    assert await engine.memory.flush(timeout_s=20.0)
    for key in keys:
        counts = await engine.memory._table.counts(MemoryFilter.of(key, RecallScope.SESSION))
        assert counts.total > 0
        assert counts.pending == 0
