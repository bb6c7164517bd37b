"""Models that sessions choose, and models that come in while the program runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hector_tui.domain.events import RunFailed, RunFinished
from hector_tui.engine.host import Engine, EngineOptions
from hector_tui.engine.run import Run
from hector_tui.errors import ConfigError, ProviderError, SessionError
from hector_tui.llm import discovery
from hector_tui.llm.discovery import LocalServer
from hector_tui.paths import Profile
from tests.provider import Answer, LoopbackProvider
from tests.support.engine import QUIET, ask, ending, new_session, program_tasks, streamed, the_turn, write_config
from tests.support.memory import until

KEY = "sk-canary-desk-99887766"
CALM: Mapping[str, str] = {**QUIET, "HECTOR_TUI_NO_KEYRING": "1"}
LOOKING: Mapping[str, str] = {"HECTOR_TUI_NO_KEYRING": "1"}
AUTO = {"agents": {"parrot": {"llm": "auto", "tools": []}, "other": {"llm": "auto", "tools": []}}}


@asynccontextmanager
async def opened(root: Path, config: Mapping[str, object], env: Mapping[str, str] = CALM) -> AsyncIterator[Engine]:
    path = write_config(root / "config", config)
    profile = Profile(root / "profile")
    profile.prepare()
    engine = await Engine.open(EngineOptions(profile=profile, config_paths=(path,), env=env))
    try:
        assert not engine.config.errors
        yield engine
    finally:
        await engine.aclose()
    assert not program_tasks()


def two_llms(one: LoopbackProvider, two: LoopbackProvider) -> Mapping[str, object]:
    return {
        "llms": {
            "one": {"type": "openai", "model": "loop-1", "host": one.base_url, "max_retries": 0, "temperature": 0.5},
            "two": {"type": "openai", "model": "loop-2", "host": two.base_url, "max_retries": 0},
        },
        "prices": {"loop-2": {"input": 1000.0, "output": 1000.0}},
        "agents": {"parrot": {"llm": "one", "tools": []}},
    }


async def test_a_choice_is_one_sessions_alone_and_the_turn_says_who_answered(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(Answer(text="from one")) as one,
        LoopbackProvider(Answer(text="from two"), models=("loop-2", "big")) as two,
        opened(tmp_path, two_llms(one, two)) as engine,
    ):
        agent = engine.registry.get("parrot")
        mine, others = await new_session(engine), await new_session(engine)
        chosen = await engine.chat.choose_model(mine.session_id, "two/loop-2")
        assert chosen is not None
        assert chosen.label == "loop-2"
        first, second = await ask(engine, mine, "hello"), await ask(engine, others, "hello")
        assert (streamed(first), streamed(second)) == ("from two", "from one")
        assert (await the_turn(engine, first)).turn.model == "loop-2"
        assert (await the_turn(engine, second)).turn.model == "loop-1"
        assert engine.registry.get("parrot") is agent
        assert agent.model.label == "loop-1"
        # Only the chosen model has a price, and its price is what the turn costs.
        assert (await the_turn(engine, first)).turn.usage.cost
        assert (await the_turn(engine, second)).turn.usage.cost is None
        assert (await engine.chat.insight.requests(mine)) == ()
        assert (await engine.chat.insight.preview(mine, "x")).model == "loop-2"
        assert (await engine.chat.insight.preview(others, "x")).model == "loop-1"
        await engine.chat.choose_model(mine.session_id, "default")
        assert streamed(await ask(engine, mine, "again")) == "from one"


async def test_a_choice_and_its_window_survive_a_restart(tmp_path: Path) -> None:
    listing = Answer(raw=b'{"data": [{"id": "big", "context_length": 12345}]}', framing="length")
    async with LoopbackProvider() as one, LoopbackProvider(Answer(text="big says"), listing=listing) as two:
        config = two_llms(one, two)
        async with opened(tmp_path, config) as engine:
            key = await new_session(engine)
            await engine.chat.choose_model(key.session_id, "big")
            assert (await engine.chat.insight.preview(key, "x")).window == 12345
        async with opened(tmp_path, config) as engine:
            info = await engine.chat.session(key.session_id)
            assert (info.model, info.model_window) == ("two/big", 12345)
            assert (await engine.chat.insight.preview(key, "x")).window == 12345
            assert streamed(await ask(engine, key, "hello")) == "big says"
            assert two.posts[-1].body["model"] == "big"


async def test_a_name_that_nobody_or_more_than_one_has_is_refused_with_what_to_write(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(models=("same",)) as one,
        LoopbackProvider(models=("same",)) as two,
        opened(tmp_path, two_llms(one, two)) as engine,
    ):
        key = await new_session(engine)
        with pytest.raises(SessionError, match="one/same, two/same"):
            await engine.chat.choose_model(key.session_id, "same")
        with pytest.raises(SessionError, match="providers here: one, two, offline"):
            await engine.chat.choose_model(key.session_id, "nothing")
        assert (await engine.chat.session(key.session_id)).model == ""


async def test_a_list_is_fetched_at_the_first_look_and_kept_and_its_error_is_its_own(tmp_path: Path) -> None:
    refused = Answer(raw=b'{"error": "out of order"}', status=500, framing="length")
    async with (
        LoopbackProvider(models=("a", "b")) as one,
        LoopbackProvider(listing=refused) as two,
        opened(tmp_path, two_llms(one, two)) as engine,
    ):
        assert one.connections == 0 or all(request.method != "GET" for request in one.requests)
        first, second = await engine.models.listing("one"), await engine.models.listing("one")
        assert first is second
        assert [model.name for model in first.models] == ["a", "b"]
        assert len([request for request in one.requests if request.method == "GET"]) == 1
        assert "out of order" in (await engine.models.listing("two")).problem
        await engine.models.listing("one", fresh=True)
        assert len([request for request in one.requests if request.method == "GET"]) == 2


async def test_what_is_connected_works_at_once_and_a_running_turn_keeps_what_it_began_with(tmp_path: Path) -> None:
    async with LoopbackProvider(Answer(text="from the server")) as provider:
        async with opened(tmp_path, AUTO) as engine:
            key, before = await new_session(engine), engine.registry.get("parrot")
            assert before.model.label == "offline"
            connected = await engine.models.connect("other", key=f'"{KEY}"\n', address=provider.origin)
            assert connected.models == 1
            after = engine.registry.get("parrot")
            assert after is not before
            assert after.model is engine.registry.get("other").model
            assert engine.registry.get("parrot") is after
            assert streamed(await ask(engine, key, "hello")) == "from the server"
            assert provider.posts[-1].headers["authorization"] == f"Bearer {KEY}"
        async with opened(tmp_path, AUTO) as engine:
            assert engine.registry.get("parrot").model.label == "loop-1"
            await engine.models.disconnect(connected.name)
            assert engine.registry.get("parrot").model.label == "offline"
            with pytest.raises(ConfigError, match="not in the key store"):
                await engine.models.disconnect(connected.name)


async def test_runs_that_work_end_with_the_models_they_began_with_and_those_that_wait_get_the_new(
    tmp_path: Path,
) -> None:
    held = Answer(text="word " * 100, stall_after=2_000)
    async with LoopbackProvider([held, Answer(text="late")]) as old, LoopbackProvider(Answer(text="new")) as new:
        config = {
            "llms": {"l": {"type": "openai", "model": "loop-1", "host": old.base_url, "max_retries": 0}},
            "agents": {"parrot": {"llm": "l", "tools": []}, "free": {"llm": "auto", "tools": []}},
        }
        async with opened(tmp_path, config) as engine:
            key = await new_session(engine)
            working, waiting = await engine.chat.send(key, "a"), await engine.chat.send(key, "b")
            await until(lambda: bool(streamed(working)))
            began_with = working.agent
            await engine.models.connect("other", address=new.origin)
            assert working.agent is began_with
            assert waiting.agent is engine.registry.get("parrot")
            assert waiting.agent is not began_with
            assert not working.output.ended
            await engine.chat.cancel(key.session_id)
            await waiting.wait()
            assert isinstance(ending(waiting), RunFinished)
            assert streamed(waiting) == "late"
            free = await new_session(engine, "free")
            assert streamed(await ask(engine, free, "hello")) == "new"


async def test_a_refused_key_is_kept_nowhere(tmp_path: Path) -> None:
    said = f'{{"error": {{"message": "bad key {KEY}"}}}}'.encode()
    async with LoopbackProvider(listing=Answer(raw=said, status=401, framing="length")) as provider:
        async with opened(tmp_path, AUTO) as engine:
            with pytest.raises(ProviderError) as refused:
                await engine.models.connect("other", key=KEY, address=provider.origin)
            assert KEY not in str(refused.value)
            assert "bad key" in str(refused.value)
            assert engine.models.current.connected == ()
        assert not Profile(tmp_path / "profile").keys.exists()


async def test_the_agents_file_goes_before_the_environment_and_that_before_the_key_store(tmp_path: Path) -> None:
    llms = {
        "own": {"type": "groq", "api_key": "key-of-the-file"},
        "vendor": {"type": "groq"},
        "named": {"type": "openai", "model": "m", "host": "http://127.0.0.1:9/v1", "api_key": "${GROQ_API_KEY}"},
        "elsewhere": {"type": "groq", "model": "m", "host": "http://127.0.0.1:9/v1"},
    }
    config = {"llms": llms, "agents": {name: {"llm": name, "tools": []} for name in llms}}
    write_config(tmp_path / "config", config)
    from hector_tui.agents.models import with_stored_keys
    from hector_tui.config.loader import load
    from hector_tui.llm.keystore import Connection
    from hector_tui.llm.secrets import Secret

    stored = [Connection(name="groq", type="groq", key=Secret("key-of-the-store"))]

    def keys(env: Mapping[str, str]) -> dict[str, str]:
        loaded = with_stored_keys(load([tmp_path / "config"], env=env), stored)
        return {name: entry.api_key.get_secret_value() if entry.api_key else "" for name, entry in loaded.llms.items()}

    assert keys({}) == {
        "own": "key-of-the-file",
        "vendor": "key-of-the-store",
        "named": "key-of-the-store",
        "elsewhere": "",
    }
    assert keys({"GROQ_API_KEY": "key-of-the-environment"}) == {
        "own": "key-of-the-file",
        "vendor": "key-of-the-environment",
        "named": "key-of-the-environment",
        "elsewhere": "",
    }


async def test_an_agent_without_its_key_refuses_and_answers_once_it_is_connected(tmp_path: Path) -> None:
    config = {"llms": {"g": {"type": "groq"}}, "agents": {"parrot": {"llm": "g", "tools": []}}}
    async with opened(tmp_path, config) as engine:
        key = await new_session(engine)
        (view,) = engine.chat.agents()
        assert (view.readiness, view.detail) == ("needs_key", "GROQ_API_KEY")
        end = ending(await ask(engine, key, "hello"))
        assert isinstance(end, RunFailed)
        assert "/connect" in end.error
        from hector_tui.llm.keystore import Connection, KeyStore
        from hector_tui.llm.secrets import Secret

        # The vendor itself cannot be asked here, so the key is stored past its check.
        store = KeyStore.of(Profile(tmp_path / "profile"), CALM)
        await asyncio.to_thread(store.save, Connection(name="groq", type="groq", key=Secret(KEY)))
        await engine.models.reload()
        (view,) = engine.chat.agents()
        assert view.readiness == "ready"


async def test_a_server_that_starts_later_is_found_and_one_that_ends_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hector_tui.engine.model_desk._FIRST_LOOK_S", 0.02)
    monkeypatch.setattr("hector_tui.engine.model_desk._LONGEST_PAUSE_S", 0.05)
    async with LoopbackProvider() as provider:
        port = provider.port
    places = (LocalServer("llama.cpp", f"http://127.0.0.1:{port}/v1"),)
    monkeypatch.setattr(
        discovery.discover, "__kwdefaults__", {**(discovery.discover.__kwdefaults__ or {}), "servers": places}
    )

    def model() -> str:
        return engine.registry.get("parrot").model.label

    def readiness() -> str:
        return next(entry.readiness for entry in engine.registry if entry.agent_id == "parrot")

    async with opened(tmp_path, AUTO, LOOKING) as engine:
        key = await new_session(engine)
        assert model() == "offline"
        async with LoopbackProvider(Answer(text="I came late"), port=port):
            await until(lambda: model() == "loop-1")
            assert any("llama.cpp" in text and "loop-1" in text for text in engine.chat.take_announcements())
            assert streamed(await ask(engine, key, "hello")) == "I came late"
        run: Run = await ask(engine, key, "are you there")
        assert isinstance(ending(run), RunFailed)
        await until(lambda: readiness() == "no_server")
        # It is not the offline model that goes on in its place, without a word.
        assert model() == "loop-1"
        async with LoopbackProvider(Answer(text="back"), port=port):
            await until(lambda: readiness() == "ready")
            assert streamed(await ask(engine, key, "and now")) == "back"


async def test_a_choice_whose_source_is_gone_says_so_and_the_session_can_go_back(tmp_path: Path) -> None:
    async with LoopbackProvider() as provider, opened(tmp_path, AUTO) as engine:
        key = await new_session(engine)
        connected = await engine.models.connect("other", address=provider.origin)
        await engine.chat.choose_model(key.session_id, f"{connected.name}/loop-1")
        await engine.models.disconnect(connected.name)
        info = await engine.chat.session(key.session_id)
        chosen = engine.models.chosen(info)
        assert chosen is not None
        assert chosen.state == "gone"
        end = ending(await ask(engine, key, "hello"))
        assert isinstance(end, RunFailed)
        assert "/model" in end.error
        assert await engine.chat.choose_model(key.session_id, "default") is None
        assert isinstance(ending(await ask(engine, key, "hello")), RunFinished)
