"""How the screens look at the sizes people have.

A change of the layout shows as a diff here. `HECTOR_TUI_UPDATE_SNAPSHOTS=1 pytest tests/ui/snapshots` takes the new
look for right; the diff of the files is what a reviewer reads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import strftime, struct_time

import pytest
from textual.widgets import Input, TextArea

import hector_tui.ui.app
import hector_tui.ui.times
from hector_tui.ui.app import Start
from hector_tui.ui.conversation import Conversation
from tests.provider import Answer, LoopbackProvider, ReceivedRequest, WireCall
from tests.ui.snapshots.screen import UPDATE, check, snapshot_of
from tests.ui.support import Person, running

SIZES = [(40, 12), (80, 24), (120, 40), (200, 60)]
DARK, LIGHT = "hector-dark", "hector-light"
CONFIG = """\
llms:
  loop: {{type: openai, model: loop-1, host: "{base_url}", max_retries: 0}}
agents:
  cook:
    name: Cook
    description: Knows what goes with what
    llm: loop
    prompt: {{system_prompt: You are a cook.}}
    tools: [ask_to_remember]
    memory: {{strategy: buffer_window, window_size: 20, long_term: {{recall_scope: session}}}}
  baker:
    name: Baker
    description: Bread and cake
    llm: loop
    tools: []
    memory: {{strategy: buffer_window, window_size: 20}}
tools:
  ask_to_remember: {{type: remember, require_approval: true}}
"""
RICH = """\
## Pancakes

Some *flour*, **two** eggs and `200 ml` of milk, see [the book](https://book.example/p).

- [x] mix
- [ ] wait

| for | eggs |
|---|---:|
| two | 1 |
| four | 2 |

```python
def eggs(people: int) -> int:
    return people // 2  # half an egg each
```

> Serve hot.
"""

Scene = Callable[[Person], Awaitable[None]]


class StoppedTime:
    """The clock of the screens, at which nothing is ever later."""

    strftime = staticmethod(strftime)

    @staticmethod
    def time() -> float:
        """The epoch: whatever happened, happened just now."""
        return 0.0

    @staticmethod
    def localtime(at: float = 0.0) -> struct_time:
        """Noon on the first of May."""
        return struct_time((2026, 5, 1, 12, 0, 0, 4, 121, 0))


def _respond(request: ReceivedRequest) -> Answer:
    message = request.body["messages"][-1]
    asked = str(message["content"])
    if message["role"] == "tool":
        return Answer(text="Noted.")
    if asked.startswith("remember"):
        return Answer(calls=(WireCall("c1", "remember", '{"text": "no nuts for Ida"}'),))
    if asked.startswith("bread"):
        return Answer(text="Flour, water, salt and time.")
    return Answer(text=RICH, thinking="They want pancakes.")


@asynccontextmanager
async def kitchen(folder: Path, monkeypatch: pytest.MonkeyPatch, theme: str) -> AsyncIterator[Person]:
    """The app with two agents, without anything in it that differs from run to run."""
    monkeypatch.setattr(hector_tui.ui.times, "time", StoppedTime)
    monkeypatch.setattr(Conversation, "live_since", 0.0)
    monkeypatch.setattr(hector_tui.ui.app, "__version__", "1.2.3")
    async with LoopbackProvider(_respond) as provider:
        config = folder / "kitchen.yaml"
        config.write_text(CONFIG.format(base_url=provider.base_url), encoding="utf-8")
        start = Start(theme=theme)
        async with running(folder / "profile", config=[config], start=start, size=(80, 24)) as person:
            yield person


async def settled(person: Person) -> str:
    """The screen once it has stopped changing; no cursor blinks in it, and no notice stands over it."""
    person.app.clear_notifications()
    await person.pilot.pause()
    chat = person.chat
    if chat.active is not None:
        # What the context holds is fetched when something changes, at a moment of its own choice.
        inspector = chat.inspector if chat.has_class("-inspector") else None
        await person.until(lambda: not chat.feeder._busy, "the inspector's last fetch")
        await chat.feeder.feed(lambda: inspector)
        chat.refresh_status()
    for area in person.app.screen.query(TextArea):
        area.cursor_blink = False
        area._cursor_visible = True
    for field in person.app.screen.query(Input):
        field.cursor_blink = False
        field._cursor_visible = True
    seen: list[str] = []

    def is_still() -> bool:
        seen.append(snapshot_of(person.app.screen._compositor.render_strips(), ""))
        return len(seen) > 40 and len(set(seen[-40:])) == 1

    await person.until(is_still, "a screen that stands still")
    return seen[-1]


async def home(person: Person) -> None:
    """The first screen."""
    await person.sees("Cook")


async def conversation(person: Person) -> None:
    """Markdown, code, and a tool call that was allowed."""
    await person.begin("cook")
    await person.ask("pancakes for four")
    await person.send("remember no nuts for Ida")
    await approval_asked(person)
    await person.press("f8")
    await person.until(lambda: person.chat.query_one("#approval").is_armed, "the bar")  # type: ignore[attr-defined]
    await person.press("y")
    await person.until(lambda: not person.active.is_live, "the answer")
    await person.until(lambda: person.prompt_is_ready, "the prompt")


async def approval_asked(person: Person) -> None:
    """Until a tool call waits."""
    await person.until(lambda: person.chat.query_one("#approval").display, "the bar above the prompt")


async def approval(person: Person) -> None:
    """A tool call that waits for a decision."""
    await person.begin("cook")
    await person.send("remember no nuts for Ida")
    await approval_asked(person)
    await person.press("f8")
    await person.until(lambda: person.chat.query_one("#approval").is_armed, "the bar")  # type: ignore[attr-defined]


async def settings(person: Person) -> None:
    """The settings over a conversation."""
    await person.begin("cook")
    await person.press("f12")
    await over(person)


async def over(person: Person) -> None:
    """Until another screen is shown."""
    await person.until(lambda: person.app.screen is not person.chat and person.app.screen.is_mounted, "the screen")


async def two_sessions(person: Person) -> None:
    """A second session, after the first."""
    first = await person.begin("cook")
    await person.ask("pancakes for four")
    await person.chat.desk.rename(first, "Pancakes")
    second = await person.begin("baker")
    await person.ask("bread")
    await person.chat.desk.rename(second, "Bread")
    person.chat.refresh_tabs()


async def sessions(person: Person) -> None:
    """All sessions with the preview of one."""
    await two_sessions(person)
    await person.press("ctrl+s")
    await over(person)
    await person.sees("Pancakes", "Bread")


async def help_screen(person: Person) -> None:
    """Every key."""
    await person.begin("cook")
    await person.press("f1")
    await over(person)


async def palette(person: Person) -> None:
    """What is found by some letters."""
    await person.begin("cook")
    await person.press("ctrl+p")
    await over(person)
    await person.press(*"rename")
    await person.sees("Rename session")


async def search(person: Person) -> None:
    """Matches of a word in an answer."""
    await person.begin("cook")
    await person.ask("pancakes for four")
    await person.press("ctrl+f")
    await person.press(*"egg")
    await person.sees("/")


async def completion(person: Person) -> None:
    """Slash commands that begin with a letter."""
    await person.begin("cook")
    await person.press("slash", "s")
    await person.sees("/sessions")


async def split(person: Person) -> None:
    """Two sessions; side by side only where there is room."""
    await two_sessions(person)
    await person.press("f10")


async def connect(person: Person) -> None:
    """What can be connected."""
    await person.begin("cook")
    person.chat.action_connect()
    await over(person)


async def tab_list(person: Person) -> None:
    """The open tabs, the one shown before chosen."""
    await two_sessions(person)
    person.chat.action_tab_list()
    await over(person)
    await person.sees("Go to a tab", "Pancakes")


SCENES: dict[str, Scene] = {
    "home": home,
    "conversation": conversation,
    "approval": approval,
    "settings": settings,
    "sessions": sessions,
    "help": help_screen,
    "palette": palette,
    "search": search,
    "completion": completion,
    "split": split,
    "connect": connect,
    "tab-list": tab_list,
}


@pytest.mark.parametrize(
    ("scene", "theme"), [*((name, DARK) for name in SCENES), ("conversation", LIGHT), ("split", LIGHT)]
)
async def test_a_screen_looks_as_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scene: str, theme: str
) -> None:
    differences = []
    async with kitchen(tmp_path, monkeypatch, theme) as person:
        await SCENES[scene](person)
        for columns, rows in SIZES:
            await person.pilot.resize_terminal(columns, rows)
            shown = f"{scene} at {columns}x{rows}, {theme}" + await settled(person)
            differences.append(check(f"{scene}-{columns}x{rows}-{theme.removeprefix('hector-')}", shown))
    found = "\n\n".join(each for each in differences if each)
    assert not found, f"{found}\n\nIf that is as it should be: {UPDATE}=1 pytest {Path(__file__).parent.name}"
