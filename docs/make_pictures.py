"""Draws the pictures of the documentation from the real app: `python docs/make_pictures.py [name ...]`.

Each one is the app itself with the offline guide in a temporary profile; nothing in them is drawn by hand.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from hector_tui.engine.host import Engine, EngineOptions
from hector_tui.paths import Profile
from hector_tui.ui.app import HectorApp, Start
from hector_tui.ui.screens.chat import ChatScreen

IMAGES = Path(__file__).parent / "images"
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_CAREFUL = """\
agents:
  planner:
    name: Planner
    description: Keeps what you plan, and asks before it writes anything down
    llm: offline
    memory: {long_term: {recall_scope: session}}
    tools: [ask_to_remember, calculator]
tools:
  ask_to_remember: {type: remember, require_approval: true}
"""

Scene = Callable[[Pilot[None]], Awaitable[None]]


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        scene: What is played before it is taken.
        theme: The theme's name.
        size: Columns and rows.
        config: A configuration file's text; empty for the sample agents.
    """

    scene: Scene
    theme: str = "hector-dark"
    size: tuple[int, int] = (120, 36)
    config: str = ""


def chat_of(pilot: Pilot[None]) -> ChatScreen:
    """The conversation screen."""
    return next(screen for screen in pilot.app.screen_stack if isinstance(screen, ChatScreen))


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Wait for the app to get somewhere."""
    for _ in range(400):
        await pilot.pause(0.05)
        if condition():
            return
    raise TimeoutError("the app did not get there")


async def answered(pilot: Pilot[None]) -> None:
    """Until nothing is being answered any more."""
    await pilot.pause(0.5)
    await until(pilot, lambda: not any(c.is_live for c in chat_of(pilot).desk.workspace))
    await pilot.pause(0.8)


async def ask(pilot: Pilot[None], *questions: str) -> None:
    """Ask, one after the other."""
    for question in questions:
        await pilot.press(*question, "enter")
        await answered(pilot)


async def begin(pilot: Pilot[None], agent_id: str) -> None:
    """A new tab."""
    chat = chat_of(pilot)
    before = chat.active
    chat.begin(agent_id)
    await until(pilot, lambda: chat.active is not before and chat.prompt.has_focus)


async def home(pilot: Pilot[None]) -> None:
    """The first screen."""


async def tour(pilot: Pilot[None]) -> None:
    """The first Enter, then a question whose answer uses a tool."""
    await pilot.press("enter")
    await answered(pilot)
    await ask(pilot, "What is 17 * 23?")


async def memory(pilot: Pilot[None]) -> None:
    """A memory, a recall, and the Memory panel."""
    await tour(pilot)
    await ask(pilot, "Remember that I prefer short answers", "What do you remember about me?")
    await pilot.press("f7")
    await pilot.pause(1)


async def usage(pilot: Pilot[None]) -> None:
    """What a session has cost so far."""
    await tour(pilot)
    await ask(pilot, "How do I connect a model?")
    await pilot.press("f9")
    await pilot.pause(1)


async def sessions_of_a_day(pilot: Pilot[None]) -> None:
    """Several sessions."""
    await tour(pilot)
    for question in ("Remember that the ferry leaves at nine", "How do I change a key?", "What is 2^64 / 3?"):
        await begin(pilot, "guide")
        await ask(pilot, question)


async def split(pilot: Pilot[None]) -> None:
    """Two sessions side by side, with the inspector."""
    await tour(pilot)
    await begin(pilot, "guide")
    await ask(pilot, "How do I change a key?", "Remember that I prefer short answers")
    await pilot.press("f10")
    await pilot.pause(1)


async def sessions(pilot: Pilot[None]) -> None:
    """The sessions in which something was said, with the place."""
    await sessions_of_a_day(pilot)
    await pilot.press("ctrl+s")
    await pilot.pause(1)
    await pilot.press(*"key")
    await pilot.pause(1.5)


async def settings(pilot: Pilot[None]) -> None:
    """The settings over a conversation."""
    await tour(pilot)
    await pilot.press("f12")
    await pilot.pause(1)


async def themes(pilot: Pilot[None]) -> None:
    """A theme tried on in the picker."""
    await tour(pilot)
    await pilot.press("ctrl+x", "t")
    await pilot.pause(1)
    await pilot.press("down", "down", "down")
    await pilot.pause(1)


async def search(pilot: Pilot[None]) -> None:
    """Matches of a word in a conversation."""
    await tour(pilot)
    await pilot.press("ctrl+f")
    await pilot.press(*"memory")
    await pilot.pause(1)


async def approval(pilot: Pilot[None]) -> None:
    """A tool call that waits for a decision."""
    await pilot.press("enter")
    await until(pilot, lambda: chat_of(pilot).prompt.has_focus)
    await pilot.press(*"Remember that the ferry leaves at nine", "enter")
    await until(pilot, lambda: chat_of(pilot).query_one("#approval").display)
    await pilot.press("f8")
    await pilot.pause(1)


PICTURES = {
    "home": Picture(home),
    "conversation": Picture(tour),
    "memory": Picture(memory, theme="hector-light"),
    "split": Picture(split, size=(200, 60)),
    "sessions": Picture(sessions),
    "settings": Picture(settings),
    "themes": Picture(themes),
    "search": Picture(search, theme="hector-light"),
    "approval": Picture(approval, config=_CAREFUL),
    "usage": Picture(usage),
}


async def draw(picture: Picture) -> str:
    """Play a scene and return its last frame as SVG.

    Raises:
        ValueError: The picture tells where it was made.
    """
    with tempfile.TemporaryDirectory() as folder:
        profile = Profile(Path(folder) / "profile")
        profile.prepare()
        config = Path(folder) / "planner.yaml"
        config.write_text(picture.config, encoding="utf-8")
        configs = (config,) if picture.config else ()

        async def opener() -> Engine:
            return await Engine.open(
                EngineOptions(profile=profile, config_paths=configs, env={"HECTOR_TUI_NO_PROBE": "1"})
            )

        app = HectorApp(profile, opener, Start(theme=picture.theme))
        async with app.run_test(size=picture.size) as pilot:
            await until(pilot, lambda: bool(app.screen.query("AgentCards")))
            await pilot.pause(0.5)
            await picture.scene(pilot)
            # The exported file names fonts on somebody's server; a viewer's own monospaced font does as well.
            svg = _FONT.sub("", app.export_screenshot(title="hector-tui"))
        app.close_engine()
        # Renderers fold the blanks between words otherwise.
        svg = svg.replace("<text ", '<text xml:space="preserve" ')
        told = [place for place in (folder, str(Path.home()), os.getcwd()) if len(place) > 1 and place in svg]
        if told:
            raise ValueError(f"the picture shows {', '.join(told)}")
        return svg


async def main(names: Sequence[str]) -> None:
    """The pictures of these names, or every one."""
    IMAGES.mkdir(exist_ok=True)
    for name in names or PICTURES:
        svg = await draw(PICTURES[name])
        (IMAGES / f"{name}.svg").write_text(svg, encoding="utf-8")
        print(f"docs/images/{name}.svg")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
