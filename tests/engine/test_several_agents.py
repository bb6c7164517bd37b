"""Several agents in one session, as the engine sees them."""

from __future__ import annotations

from pathlib import Path

from hector_tui.domain.keys import SessionKey
from hector_tui.llm.base import ModelRequest, TextChunk
from hector_tui.llm.script import Script, ScriptStep
from tests.support.engine import open_engine, query
from tests.support.memory import until

_MEMORY = {"strategy": "buffer_window", "long_term": {"batch_size": 100}}
CONFIG = {"agents": {agent_id: {"llm": "offline", "tools": [], "memory": _MEMORY} for agent_id in ("first", "second")}}


async def test_a_closed_tab_leaves_no_memory_of_any_of_its_agents_waiting(tmp_path: Path) -> None:
    def answer(_request: ModelRequest, _number: int) -> ScriptStep:
        return (TextChunk("noted"),)

    async with open_engine(tmp_path, CONFIG, script=Script(answer)) as engine:
        info = await engine.chat.create_session("first")
        for agent_id in ("first", "second"):
            run = await engine.chat.send(SessionKey(info.session_id, agent_id), f"something for {agent_id}")
            await run.wait()
        waiting = "SELECT DISTINCT agent_id FROM outbox ORDER BY agent_id"
        assert query(tmp_path, waiting) == [("first",), ("second",)]
        await engine.chat.close_tab(info.session_id)
        await until(lambda: query(tmp_path, waiting) == [])
