"""A real engine on a temporary profile, a script its agents follow, and readers of what it said and stored."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hector_tui.agents import build
from hector_tui.domain.events import OutputEvent, TerminalEvent, TextDelta, ThinkingDelta, is_terminal
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import MemoryAccess
from hector_tui.domain.messages import Role
from hector_tui.domain.turns import TurnRecord
from hector_tui.engine.host import Engine, EngineOptions
from hector_tui.engine.run import Run
from hector_tui.llm.base import Model, ModelRequest, TextChunk
from hector_tui.llm.factory import LlmSettings
from hector_tui.llm.offline import OfflineModel
from hector_tui.llm.script import Gate, Script, ScriptStep, last_user_text
from hector_tui.paths import Profile
from hector_tui.sessions.database import read_only
from hector_tui.tools.base import Tool
from hector_tui.tools.builtin import builtin_tools
from tests.support.memory import until

Config = Mapping[str, object]
QUIET: Mapping[str, str] = {"HECTOR_TUI_NO_PROBE": "1"}
"""An environment in which nothing looks for model servers on this machine."""
AGENT = "parrot"
"""The agent of `config_of`."""
CANARY = "sk-canary-5f2a9c77e1"
"""The key of `wire_config`; it must never be seen outside a header."""


def config_of(**agent: object) -> Config:
    """A configuration with one agent that follows the script; keywords are its keys."""
    return {"agents": {AGENT: {"llm": "offline", "tools": [], **agent}}}


def wire_config(base_url: str, **agent: object) -> Config:
    """A configuration with one agent that talks to a server; a failed request is not tried again."""
    llm = {"type": "openai", "model": "loop-1", "host": base_url, "api_key": CANARY, "max_retries": 0}
    return {"llms": {"wire": llm}, "agents": {AGENT: {"llm": "wire", "tools": [], **agent}}}


def write_config(folder: Path, config: Config) -> Path:
    """A configuration as a file. JSON is YAML too."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "agents.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


async def start_engine(
    root: Path,
    config: Config,
    *,
    script: Script | None = None,
    tools: Sequence[Tool] = (),
    concurrency: int | None = None,
) -> Engine:
    """Open an engine; the caller closes it.

    Args:
        root: Holds the profile and the configuration.
        config: What its file says.
        script: What agents with `llm: offline` answer; without one they follow the offline model's own rules.
        tools: Offered beside the built-in ones.
        concurrency: Runs at a time.
    """

    def scripted(settings: LlmSettings) -> Model | None:
        return OfflineModel(script=script, delay_s=0) if script is not None and settings.type == "offline" else None

    def more_tools(memory: MemoryAccess | None) -> Mapping[str, Tool]:
        return {**builtin_tools(memory), **{tool.spec.name: tool for tool in tools}}

    path = write_config(root / "config", config)
    options = EngineOptions(
        profile=Profile(root / "profile"),
        config_paths=(path,),
        env=dict(QUIET),
        concurrency=concurrency,
        scripted=scripted,
    )
    with patch.object(build, "builtin_tools", more_tools):
        engine = await Engine.open(options)
    try:
        assert not engine.config.errors, [str(problem) for problem in engine.config.errors]
    except AssertionError:
        await engine.aclose()
        raise
    return engine


@asynccontextmanager
async def open_engine(
    root: Path,
    config: Config,
    *,
    script: Script | None = None,
    tools: Sequence[Tool] = (),
    concurrency: int | None = None,
) -> AsyncIterator[Engine]:
    """An engine, closed at the end; a task of the program that outlives it is a failure."""
    engine = await start_engine(root, config, script=script, tools=tools, concurrency=concurrency)
    try:
        yield engine
    finally:
        await engine.aclose()
    assert not program_tasks()


def program_tasks() -> list[str]:
    """The tasks of this loop that run code of the program, without those of the tests and of the loopback provider."""
    found = []
    for task in asyncio.all_tasks():
        code = getattr(task.get_coro(), "cr_code", None)
        if code is not None and "/hector_tui/" in code.co_filename:
            found.append(task.get_name())
    return sorted(found)


async def new_session(engine: Engine, agent_id: str = AGENT, session_id: str | None = None) -> SessionKey:
    """A new session with an agent."""
    info = await engine.chat.create_session(agent_id, session_id=session_id)
    return SessionKey(info.session_id, agent_id)


async def ask(engine: Engine, key: SessionKey, text: str) -> Run:
    """Send a message and wait for the end of its run."""
    run = await engine.chat.send(key, text)
    await run.wait()
    return run


async def all_events(run: Run) -> list[OutputEvent]:
    """Everything a run says until its end."""
    return [record.event async for record in run.output.reader()]


def said(run: Run) -> list[OutputEvent]:
    """Everything a run has said until now."""
    return [record.event for record in run.output.since(0)]


def streamed(run: Run) -> str:
    """The words of a run until now."""
    return "".join(event.text for event in said(run) if isinstance(event, TextDelta))


def thought(run: Run) -> str:
    """What a run thought aloud until now."""
    return "".join(event.text for event in said(run) if isinstance(event, ThinkingDelta))


def ending(run: Run) -> TerminalEvent:
    """How an ended run ended; that it ended once, and last, is checked here."""
    events = said(run)
    assert [is_terminal(event) for event in events] == [False] * (len(events) - 1) + [True], events
    return events[-1]  # type: ignore[return-value]  # the line above is the proof


def answer_of(record: TurnRecord) -> str:
    """What the agent said in a stored turn."""
    return "".join(row.message.text for row in record.messages if row.message.role is Role.ASSISTANT)


async def the_turn(engine: Engine, run: Run) -> TurnRecord:
    """A run's turn as the database has it."""
    ordinal = run.turn.ordinal
    (record,) = await engine.chat.history(run.key.session_id, after=ordinal - 1, before=ordinal + 1)
    return record


def query(root: Path, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Rows of the database of a test's profile, read past the program."""
    with read_only(root / "profile" / "sessions.db") as connection:
        return connection.execute(sql, parameters).fetchall()


def execute(root: Path, sql: str, *parameters: object) -> None:
    """Change the database of a test's profile past the program."""
    with closing(sqlite3.connect(root / "profile" / "sessions.db", isolation_level=None)) as connection:
        connection.execute(sql, parameters)


class Stage:
    """Where scripted answers stand still until they are let go, so that a test sees who runs beside whom.

    Attributes:
        arrived: The questions whose answers began, in that order.
        standing: Those that wait at the gate now.
        most: The most that ever stood there at once.
    """

    def __init__(self, *, before: str = "", after: str = "re: ") -> None:
        self.arrived: list[str] = []
        self.standing: set[str] = set()
        self.most = 0
        self._before = before
        self._after = after
        self._open: set[str] = set()
        self._all_open = False
        self._changed = asyncio.Condition()

    @property
    def script(self) -> Script:
        """Answers `{before}{after}{question}`, standing still between the two."""

        def choose(request: ModelRequest, _number: int) -> ScriptStep:
            question = last_user_text(request)
            gate = Gate(lambda: self.stand(question))
            start = (TextChunk(self._before),) if self._before else ()
            return (*start, gate, TextChunk(f"{self._after}{question}"))

        return Script(choose)

    async def let_go(self, *questions: str) -> None:
        """Let some answers go on, now or when they come; without names, all."""
        async with self._changed:
            self._open.update(questions)
            self._all_open = self._all_open or not questions
            self._changed.notify_all()

    async def until_standing(self, *questions: str) -> None:
        """Wait until exactly these stand at the gate."""
        await until(lambda: self.standing == set(questions))

    async def stand(self, question: str) -> None:
        """Stand still until let go."""
        self.arrived.append(question)
        self.standing.add(question)
        self.most = max(self.most, len(self.standing))
        try:
            async with self._changed:
                await self._changed.wait_for(lambda: self._all_open or question in self._open)
        finally:
            self.standing.discard(question)
