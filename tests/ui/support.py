"""The whole app around a real engine on a temporary profile, with somebody at its keyboard."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

from textual.events import Key
from textual.pilot import Pilot

from hector_tui.domain.turns import TurnStatus
from hector_tui.engine.host import Engine, EngineOptions
from hector_tui.paths import Profile
from hector_tui.ui.app import HectorApp, Start
from hector_tui.ui.conversation import Conversation
from hector_tui.ui.guard import guard_hits
from hector_tui.ui.screens.chat import ChatScreen
from hector_tui.ui.widgets.agent_cards import AgentCards
from hector_tui.ui.widgets.prompt import Prompt

PATIENCE_S = 20.0
QUIET_ENV: Mapping[str, str] = {"HECTOR_TUI_NO_PROBE": "1"}
"""No key and no look for servers: what `auto` finds must not depend on the machine that tests."""

ECHO = """\
llms:
  loop:
    type: openai
    model: loop-1
    host: {base_url}
    max_retries: 0
agents:
  echo:
    name: Echo
    description: Says what it is told
    llm: loop
    memory: {{strategy: buffer_window, window_size: 20}}
"""


class Person:
    """Somebody who uses a running app.

    Args:
        app: The app.
        pilot: Presses the keys.
    """

    def __init__(self, app: HectorApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def chat(self) -> ChatScreen:
        """The conversation screen, once it is there."""
        found = [screen for screen in self.app.screen_stack if isinstance(screen, ChatScreen)]
        assert found, "the conversation screen is not shown yet"
        return found[0]

    @property
    def active(self) -> Conversation:
        """The conversation that is shown."""
        assert self.chat.active is not None, "no tab is open"
        return self.chat.active

    @property
    def titles(self) -> list[str]:
        """The tabs, left to right."""
        return [item.title for item in self.chat.desk.workspace.tab_items(self.chat.desk.activity)]

    @property
    def screen_text(self) -> str:
        """What the terminal shows, a line per row."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    @property
    def remarks(self) -> list[str]:
        """The notices on screen."""
        return [notice.message for notice in self.app._notifications]

    @property
    def answer(self) -> str:
        """The last answer in the shown transcript."""
        return self.chat.transcript.last_answer_text()

    async def until(self, condition: Callable[[], bool], what: str = "") -> None:
        """Wait until something is true of the app.

        Raises:
            AssertionError: It never was; the message shows the screen.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition():  # noqa: ASYNC110 - conditions are plain values of the app
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"never: {what}\n{self.remarks}\n{self.screen_text}") from None

    async def sees(self, *words: str) -> None:
        """Wait until all of the words stand on the screen."""
        await self.until(lambda: all(word in self.screen_text for word in words), f"on screen: {words}")

    async def hears(self, words: str) -> None:
        """Wait for a notice that holds the words."""
        await self.until(lambda: any(words in remark for remark in self.remarks), f"a notice with {words!r}")

    async def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        await self.pilot.press(*keys)

    def tap(self, key: str) -> None:
        """Press a key and wait for nothing: while answers stream the app is never idle, which `press` waits for."""
        event = Key(key, None)
        event.set_sender(self.app)
        self.app.post_message(event)

    async def write(self, text: str) -> None:
        """Put text into the prompt at once; after a paste the next keys would count as its tail for a moment."""
        self.chat.prompt.insert(text)
        await self.until(lambda: text in self.chat.prompt.value, f"{text!r} in the prompt")

    async def send(self, text: str) -> None:
        """Write and send without waiting for the answer; waits until the prompt was taken."""
        self.chat.prompt.insert(text)
        await self.press("enter")

    async def ask(self, text: str) -> str:
        """Send, wait until the turn has ended and is drawn, and return the answer."""
        before = self.active.last_ordinal
        await self.send(text)
        await self.until(
            lambda: self.active.last_ordinal > before and not self.active.is_live, f"an answer to {text!r}"
        )
        return self.answer

    async def begin(self, agent_id: str) -> Conversation:
        """A new tab with an agent."""
        before = self.chat.active
        self.chat.begin(agent_id)
        await self.until(lambda: self.chat.active not in (None, before) and self.is_shown, f"a tab with {agent_id}")
        return self.active

    @property
    def is_at_home(self) -> bool:
        """Whether keys choose among the agents' cards."""
        return any(cards.has_focus for cards in self.chat.query(AgentCards))

    @property
    def is_shown(self) -> bool:
        """Whether the active tab is what the screen shows, and keys go into its prompt."""
        return self.chat.transcript.document is self.active.document and self.prompt_is_ready

    @property
    def prompt_is_ready(self) -> bool:
        """Whether keys go into the prompt."""
        return any(prompt.has_focus for prompt in self.chat.query(Prompt))

    def status_of(self, conversation: Conversation) -> TurnStatus | None:
        """How the last turn of a conversation stands."""
        return self.chat.desk.activity(conversation.info.session_id).last_status


def echo_config(folder: Path, base_url: str, more: str = "") -> Path:
    """A configuration with the agent `echo` behind a loopback provider, and whatever else is given."""
    path = folder / "echo.yaml"
    path.write_text(ECHO.format(base_url=base_url) + more, encoding="utf-8")
    return path


def stored(profile: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """Rows of the profile's database, read as any other program would."""
    with closing(sqlite3.connect(f"file:{profile / 'sessions.db'}?mode=ro", uri=True)) as connection:
        return connection.execute(query, values).fetchall()


@asynccontextmanager
async def running(
    profile: Path,
    *,
    config: Sequence[Path] = (),
    start: Start | None = None,
    size: tuple[int, int] = (120, 40),
    env: Mapping[str, str] = QUIET_ENV,
    ready: bool = True,
) -> AsyncIterator[Person]:
    """Run the app; at the end it must have closed in time, and no row needed the render guard.

    Args:
        profile: The profile's folder.
        config: Configuration files; none means the sample agents.
        start: What the app begins with.
        size: Columns and rows.
        env: The environment the engine sees.
        ready: Wait until the engine is open and the agents are known.
    """
    place = Profile(profile)
    place.prepare()
    hits = guard_hits()

    async def opener() -> Engine:
        return await Engine.open(EngineOptions(profile=place, config_paths=tuple(config), env=env))

    app = HectorApp(place, opener, start)
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            person = Person(app, pilot)
            await person.until(
                lambda: isinstance(app.screen, ChatScreen) and app.screen.is_mounted, "the conversation screen"
            )
            if ready:
                await person.until(lambda: person.is_at_home or person.prompt_is_ready, "the agents, or a tab")
            yield person
    finally:
        ended = await asyncio.to_thread(app.close_engine)
    assert ended, "the engine did not end in time"
    assert guard_hits() == hits, "text that was not cleaned reached the screen"
