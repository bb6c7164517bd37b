"""Draws the pictures of the documentation from the real app: `python docs/make_pictures.py`.

Each one is the app itself with the offline guide in a temporary profile; nothing in them is drawn by hand.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from hector_tui.engine.host import Engine, EngineOptions
from hector_tui.paths import Profile
from hector_tui.ui.app import HectorApp, Start

IMAGES = Path(__file__).parent / "images"
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)

Scene = Callable[[Pilot[None]], Awaitable[None]]


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Wait for the app to get somewhere."""
    for _ in range(400):
        await pilot.pause(0.05)
        if condition():
            return
    raise TimeoutError("the app did not get there")


async def answered(pilot: Pilot[None]) -> None:
    """Until nothing is being answered any more."""
    screen = pilot.app.screen_stack[-1]
    await pilot.pause(0.5)
    await until(pilot, lambda: not any(c.is_live for c in screen.desk.workspace))  # type: ignore[attr-defined]
    await pilot.pause(0.8)


async def home(pilot: Pilot[None]) -> None:
    """The first screen."""


async def tour(pilot: Pilot[None]) -> None:
    """The first Enter, then a question whose answer uses a tool."""
    await pilot.press("enter")
    await answered(pilot)
    await pilot.press(*"What is 17 * 23?", "enter")
    await answered(pilot)


async def memory(pilot: Pilot[None]) -> None:
    """A memory, a recall, and the Memory panel."""
    await tour(pilot)
    await pilot.press(*"Remember that I prefer short answers", "enter")
    await answered(pilot)
    await pilot.press(*"What do you remember about me?", "enter")
    await answered(pilot)
    await pilot.press("f7")
    await pilot.pause(1)


async def picture(name: str, scene: Scene, *, theme: str, size: tuple[int, int] = (120, 36)) -> None:
    """Play a scene and write its last frame."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Profile(Path(folder))
        profile.prepare()

        async def opener() -> Engine:
            return await Engine.open(EngineOptions(profile=profile, env={"HECTOR_TUI_NO_PROBE": "1"}))

        app = HectorApp(profile, opener, Start(theme=theme))
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: bool(app.screen.query("AgentCards")))
            await pilot.pause(0.5)
            await scene(pilot)
            # The exported file names fonts on somebody's server; a viewer's own monospaced font does as well.
            svg = _FONT.sub("", app.export_screenshot(title="hector-tui"))
        app.close_engine()
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / f"{name}.svg").write_text(svg, encoding="utf-8")
    print(f"docs/images/{name}.svg")  # noqa: T201


async def main() -> None:
    """Every picture of the documentation."""
    await picture("home", home, theme="hector-dark")
    await picture("conversation", tour, theme="hector-dark")
    await picture("memory", memory, theme="hector-light")


if __name__ == "__main__":
    asyncio.run(main())
