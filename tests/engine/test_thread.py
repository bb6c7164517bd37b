"""The engine's thread: commands cross over to it, errors cross back, and it ends in time whatever runs."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path

import pytest

from hector_tui.domain.events import RunCancelled
from hector_tui.domain.turns import SessionInfo
from hector_tui.engine.host import Engine
from hector_tui.engine.run import Run
from hector_tui.engine.thread import SWITCH_S, EngineThread
from hector_tui.errors import EngineClosed, ProfileError, UnknownAgent, UnknownSession
from hector_tui.llm.script import Pause, Script, say
from hector_tui.sessions.owner import Owner
from tests.support.engine import AGENT, ask, config_of, ending, new_session, query, start_engine, streamed
from tests.support.memory import until

CLOSE_S = 20.0


def thread_of(root: Path, script: Script | None = None) -> EngineThread:
    return EngineThread(lambda: start_engine(root, config_of(), script=script or Script.echo(5)))


async def test_commands_run_on_the_engines_loop(tmp_path: Path) -> None:
    thread = thread_of(tmp_path)
    thread.start()
    here = threading.current_thread()
    seen: list[threading.Thread] = []

    async def look(engine: Engine) -> SessionInfo:
        seen.append(threading.current_thread())
        return await engine.chat.create_session(AGENT)

    info = await thread.call(look)
    assert seen == [thread._thread]
    assert seen != [here]
    assert info.agent_id == AGENT
    assert thread.close(CLOSE_S)


def test_an_interface_that_draws_gives_way_to_the_engine_soon(tmp_path: Path) -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    try:
        thread = thread_of(tmp_path)
        thread.start()
        assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
        assert thread.close(CLOSE_S)
    finally:
        sys.setswitchinterval(before)


async def test_a_run_is_read_from_here(tmp_path: Path) -> None:
    thread = thread_of(tmp_path)
    thread.start()
    key = await thread.call(new_session)
    run = await thread.call(lambda engine: engine.chat.send(key, "cafe0001"))
    words = [record.event async for record in run.output.reader()]
    assert words
    assert streamed(run).split() == [f"cafe0001:{number}" for number in range(5)]
    assert thread.close(CLOSE_S)


async def test_errors_cross_over(tmp_path: Path) -> None:
    thread = thread_of(tmp_path)
    thread.start()
    with pytest.raises(UnknownAgent, match="there is no agent 'nobody'"):
        await thread.call(lambda engine: engine.chat.create_session("nobody"))
    with pytest.raises(UnknownSession):
        await thread.call(lambda engine: engine.chat.session("missing"))
    assert (await thread.call(lambda engine: engine.chat.create_session(AGENT))).agent_id == AGENT
    assert thread.close(CLOSE_S)


async def test_closing_keeps_what_was_streamed(tmp_path: Path) -> None:
    script = Script(lambda _request, _number: (*say("half an answer"), Pause(float("inf"))))
    thread = thread_of(tmp_path, script)
    thread.start()
    runs: list[Run] = []
    for number in range(5):
        key = await thread.call(new_session)
        runs.append(await thread.call(lambda engine, key=key, number=number: engine.chat.send(key, f"q{number}")))  # type: ignore[misc]
        queued = await thread.call(lambda engine, key=key: engine.chat.send(key, "and then?"))  # type: ignore[misc]
        runs.append(queued)
    await until(lambda: all(streamed(run) == "half an answer" for run in runs[::2]))

    assert thread.close(CLOSE_S)
    for run in runs:
        end = ending(run)
        assert isinstance(end, RunCancelled)
        assert end.stored
        assert "closed" in end.reason
    stored = query(tmp_path, "SELECT status, count(*) FROM turns GROUP BY status")
    assert stored == [("interrupted", 10)]
    partial = query(tmp_path, "SELECT count(*) FROM messages WHERE parts LIKE '%half an answer%'")
    assert partial == [(5,)]
    assert query(tmp_path, "SELECT count(*) FROM journal") == [(0,)]


async def test_closing_waits_no_longer_than_it_may(tmp_path: Path) -> None:
    release = threading.Event()

    async def stuck(engine: Engine) -> None:
        release.wait(20.0)  # the whole loop stands still, as a broken extension module could make it

    thread = thread_of(tmp_path)
    thread.start()
    await thread.opened()
    command = asyncio.create_task(thread.call(stuck))
    await asyncio.sleep(0)
    assert not await asyncio.to_thread(thread.close, 0.1)
    release.set()
    await asyncio.wait({command})
    assert await asyncio.to_thread(thread.close, CLOSE_S)


async def test_an_engine_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    (tmp_path / "profile").write_text("a file where the profile should be")
    thread = thread_of(tmp_path)
    thread.start()
    with pytest.raises(ProfileError, match="the profile folder cannot be used"):
        await thread.opened()
    with pytest.raises(ProfileError):
        await thread.call(lambda engine: engine.chat.sessions())
    with pytest.raises(ProfileError):
        _ = thread.engine
    assert thread.close(CLOSE_S)


async def test_giving_up_on_the_opening_does_not_harm_it(tmp_path: Path) -> None:
    gate = threading.Event()

    async def slowly() -> Engine:
        await asyncio.to_thread(gate.wait, 20.0)
        return await start_engine(tmp_path, config_of(), script=Script.echo(5))

    thread = EngineThread(slowly)
    thread.start()
    impatient = [asyncio.create_task(thread.opened()), asyncio.create_task(thread.call(new_session))]
    await asyncio.sleep(0)
    for task in impatient:
        task.cancel()
    await asyncio.wait(impatient)
    gate.set()
    key = await thread.call(new_session)
    run = await thread.call(lambda engine: ask(engine, key, "cafe0001"))
    assert "cafe0001:4" in streamed(run)
    assert thread.close(CLOSE_S)


def test_closing_right_after_the_start_ends_it(tmp_path: Path) -> None:
    """Before the new thread has as much as a loop to be told on."""
    for _ in range(5):
        thread = thread_of(tmp_path)
        thread.start()
        assert thread.close(CLOSE_S)


async def test_closing_before_the_start_and_twice_is_harmless(tmp_path: Path) -> None:
    thread = thread_of(tmp_path)
    assert thread.close(0.0)
    thread = thread_of(tmp_path)
    thread.start()
    await thread.opened()
    assert thread.close(CLOSE_S)
    assert thread.close(CLOSE_S)


async def test_a_command_after_the_end_is_refused_and_one_in_the_middle_does_not_hang(tmp_path: Path) -> None:
    thread = thread_of(tmp_path)
    thread.start()
    await thread.opened()
    begun = asyncio.Event()
    here = asyncio.get_running_loop()

    async def for_ever(_engine: Engine) -> None:
        here.call_soon_threadsafe(begun.set)
        await asyncio.Event().wait()

    caught = asyncio.create_task(thread.call(for_ever))
    await begun.wait()
    assert await asyncio.to_thread(thread.close, 20.0)
    with pytest.raises(EngineClosed):
        await caught
    with pytest.raises(EngineClosed):
        await thread.call(lambda engine: engine.chat.sessions())


async def test_a_failure_while_closing_is_kept_and_is_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = thread_of(tmp_path)
    thread.start()
    engine = await thread.opened()
    close_store = engine._store.aclose

    async def fail() -> None:
        await close_store()
        raise OSError("the disk went away")

    monkeypatch.setattr(type(engine._store), "aclose", lambda _: fail())
    assert thread.close(CLOSE_S)
    assert str(thread.closing_failure) == "the disk went away"
    assert capsys.readouterr().err == ""


async def test_the_claim_on_a_folder_that_became_read_only_is_given_up_all_the_same(tmp_path: Path) -> None:
    claim = Owner(tmp_path)
    (lock,) = tmp_path.glob("*.lock")
    lock.unlink()
    # What cannot be unlinked, by whomever the tests are run.
    (lock / "inside").mkdir(parents=True)
    claim.close()
    claim.close()
    assert claim._file.closed
