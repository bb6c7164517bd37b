"""What a message that is not on screen costs in memory, by what Python allocates."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from pathlib import Path

from hector_tui.engine.host import Engine
from hector_tui.engine.thread import EngineThread
from hector_tui.llm.script import Script
from hector_tui.ui.conversation import PAGE_TURNS, Conversation
from tests.support.engine import ask, config_of, new_session, start_engine

PAGES = 10
TURNS = (2 + PAGES) * PAGE_TURNS
WORDS = 30
MOST_BYTES = 2_000
CLOSE_S = 20.0


async def fill(engine: Engine) -> str:
    """A session whose answers have 400 characters each; returns its id."""
    key = await new_session(engine)
    runs = [await engine.chat.send(key, f"What do you say about {number:08x}?") for number in range(TURNS - 1)]
    await asyncio.gather(*(run.wait() for run in runs))
    await ask(engine, key, "cafe0001")
    return key.session_id


async def test_older_messages_cost_little_more_than_their_text(tmp_path: Path) -> None:
    thread = EngineThread(lambda: start_engine(tmp_path, config_of(), script=Script.echo(WORDS)))
    thread.start()
    session_id = await thread.call(fill)
    info = await thread.call(lambda engine: engine.chat.session(session_id))
    conversation = Conversation(thread, info, lambda agent_id, model: f"{agent_id} · {model}")
    await conversation.sync()
    # What the first page brings for good - caches, compiled statements - is no message's.
    assert await conversation.load_older()
    gc.collect()
    tracemalloc.start()
    try:
        entries = len(conversation.document)
        for _ in range(PAGES):
            assert await conversation.load_older()
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    more = len(conversation.document) - entries
    assert more == 2 * PAGES * PAGE_TURNS
    assert held / more < MOST_BYTES
    assert thread.close(CLOSE_S)
