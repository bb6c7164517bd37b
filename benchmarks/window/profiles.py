"""Profiles to start from: a configuration with one agent, sessions with a history, tabs."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.transcript import sample
from benchmarks.window.provider import closed
from benchmarks.window.watched import Watched
from hector_tui.domain.messages import Message, Role, TextPart, user_message
from hector_tui.engine.host import Engine, EngineOptions
from hector_tui.paths import Profile
from hector_tui.sessions.rows import parts_text
from tests.pty.provider import provider
from tests.pty.terminal import environment

AGENT = "echo"
USABLE = "sk anything"
"""Stands in the empty prompt of all programs; the cursor is on the letter before it."""
_CONFIG = """\
llms:
  loop: {{type: openai, model: loop-1, host: {base_url}, max_retries: 0}}
agents:
  echo:
    name: Echo
    description: Says as many tokens as it is asked for
    llm: loop
    memory: {{strategy: buffer_window, window_size: 20}}
"""
_ANSWER_CHARACTERS = 420
"""About 115 tokens."""
_KINDS = 40
"""Different answers; more would only make the filling slower."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A provider that runs, and a folder for profiles.

    Attributes:
        url: The provider's address.
        folder: Belongs to the benchmark.
    """

    url: str
    folder: Path

    @property
    def config(self) -> Path:
        """The configuration, whose agent asks that provider."""
        return self.folder / "agents.yaml"

    def profile(self, name: str) -> Profile:
        """A profile of this stage."""
        return Profile(self.folder / name / "profile")

    def env(self, name: str) -> dict[str, str]:
        """The environment of the program with such a profile."""
        return environment(self.profile(name).root)

    def program(self, name: str, *options: str) -> Watched:
        """The program itself on a profile."""
        return Watched(["-m", "hector_tui", *self._options(options)], self.env(name))

    def inside(self, name: str, mode: str, sessions: int, question: str, *options: str) -> Watched:
        """The program, or its engine alone, with so many sessions streaming; see `inside`."""
        where = [mode, str(self.folder / name), str(sessions), question]
        return Watched(["-m", "benchmarks.window.inside", *where, *self._options(options)], self.env(name))

    def peer(self, name: str) -> Watched:
        """One of the programs we compare with; see `peers`."""
        return Watched(["-m", "benchmarks.window.peers", name, self.url], self.env("peers"))

    def _options(self, options: tuple[str, ...]) -> list[str]:
        return ["--config", str(self.config), *options]

    def fill(self, name: str, sessions: Mapping[str, int], *, active: str = "") -> None:
        """Make a profile whose tabs are sessions with so many messages each.

        Args:
            name: Of the profile.
            sessions: Messages by session id, from left to right.
            active: The one shown first; the first one if empty.
        """
        profile = self.profile(name)
        profile.root.mkdir(parents=True)
        asyncio.run(self._make(profile, list(sessions), active or next(iter(sessions))))
        _insert(profile.database, sessions)

    async def _make(self, profile: Profile, session_ids: list[str], active: str) -> None:
        options = EngineOptions(profile=profile, config_paths=(self.config,), env={"HECTOR_TUI_NO_PROBE": "1"})
        engine = await Engine.open(options)
        for session_id in session_ids:
            await engine.chat.create_session(AGENT, session_id=session_id)
        await engine.chat.save_tabs(session_ids, active)
        await engine.aclose()


def last_words(session_id: str) -> str:
    """What the newest answer of a filled session ends with."""
    return f"the last of {session_id}"


@contextmanager
def stage() -> Iterator[Stage]:
    """A provider and a folder, for as long as needed."""
    with tempfile.TemporaryDirectory() as folder, provider(module="benchmarks.window.provider") as url:
        made = Stage(url, Path(folder))
        made.config.write_text(_CONFIG.format(base_url=url), encoding="utf-8")
        yield made


def _insert(database: Path, sessions: Mapping[str, int]) -> None:
    """Put answered turns into the file, past the engine, which would take minutes for 50,000 messages."""
    answers = [closed(sample(_ANSWER_CHARACTERS, seed=seed)) for seed in range(_KINDS)]
    chance, now = random.Random(7), time.time() - 86_400
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for session_id, messages in sessions.items():
            for ordinal in range(1, messages // 2 + 1):
                question = f"What do you say about number {ordinal}?"
                end = f", {last_words(session_id)}" if ordinal == messages // 2 else ""
                answer = Message(Role.ASSISTANT, (TextPart(f"{chance.choice(answers)}\n\nThis is {ordinal}{end}"),))
                row = {
                    "session": session_id,
                    "agent": AGENT,
                    "turn": f"{session_id}-{ordinal}",
                    "ordinal": ordinal,
                    "seq": 2 * ordinal,
                    "at": now + ordinal,
                    "text": question,
                    "asked": parts_text(user_message(question)),
                    "said": parts_text(answer),
                }
                for statement in _TURN:
                    connection.execute(statement, row)
        connection.execute(
            "UPDATE sessions SET turns = (SELECT count(*) FROM turns WHERE session_id = sessions.session_id)"
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


_TURN = (
    "INSERT INTO turns(turn_id, session_id, agent_id, ordinal, status, text, created_at, owner)"
    " VALUES (:turn, :session, :agent, :ordinal, 'done', :text, :at, 'benchmark')",
    "INSERT INTO messages(session_id, agent_id, seq, turn_id, role, parts, created_at)"
    " VALUES (:session, :agent, :seq - 1, :turn, 'user', :asked, :at)",
    "INSERT INTO messages(session_id, agent_id, seq, turn_id, role, parts, created_at)"
    " VALUES (:session, :agent, :seq, :turn, 'assistant', :said, :at)",
)
