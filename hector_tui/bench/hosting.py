"""An engine for a benchmark: the real one, in its own thread, on a profile nobody else uses."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hector_tui.bench.plan import Plan
from hector_tui.engine.host import Engine, EngineOptions
from hector_tui.engine.thread import EngineThread
from hector_tui.llm.factory import LlmSettings
from hector_tui.llm.offline import OfflineModel
from hector_tui.llm.script import Script
from hector_tui.paths import Profile

_CLOSE_S = 60.0
_QUIET = {"HECTOR_TUI_NO_PROBE": "1"}
"""Nothing is looked for on this machine when the model is the script."""


def write_config(folder: Path, plan: Plan) -> Path:
    """The agents of a plan as a configuration file. JSON is YAML, too."""
    load = plan.load
    agent = {
        "llm": load.model,
        "tools": [],
        "queue_policy": load.policy,
        "prompt": {"system_prompt": "You repeat words exactly as you are asked to."},
        "memory": {"strategy": "buffer_window", "window_size": 20, "long_term": {"batch_size": 8}},
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "agents.yaml"
    path.write_text(json.dumps({"agents": dict.fromkeys(plan.agent_ids, agent)}), encoding="utf-8")
    return path


@asynccontextmanager
async def hosted(
    profile: Profile, plan: Plan, script: Script, config_paths: tuple[Path, ...] = ()
) -> AsyncIterator[EngineThread]:
    """An engine with the agents of a plan, opened in its thread and closed at the end.

    Args:
        profile: Belongs to the benchmark.
        plan: Whose agents and model it has.
        script: What the offline model answers.
        config_paths: Where the llm of the plan is described.

    Raises:
        HectorError: The engine cannot be opened, or an agent of the plan cannot be used with its llm.
    """

    def scripted(settings: LlmSettings) -> OfflineModel | None:
        return OfflineModel(script=script, delay_s=0) if settings.type == "offline" else None

    config = write_config(profile.root.with_name(f"{profile.root.name}-config"), plan)
    options = EngineOptions(
        profile=profile,
        config_paths=(*config_paths, config),
        env=_QUIET if plan.load.is_scripted else dict(os.environ),
        scripted=scripted,
    )
    thread = EngineThread(lambda: Engine.open(options))
    thread.start()
    try:
        engine = await thread.opened()
        for agent_id in plan.agent_ids:
            engine.registry.get(agent_id)
        yield thread
    finally:
        await asyncio.to_thread(thread.close, _CLOSE_S)
