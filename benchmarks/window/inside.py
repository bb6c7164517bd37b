"""`python -m benchmarks.window.inside MODE FOLDER SESSIONS QUESTION ...`: the program, or its engine, with more to do.

When the engine is open, the question is asked in so many sessions, `hidden-1` and so on. MODE `shown` runs the program;
what follows QUESTION is its command line. MODE `headless` runs an engine and nothing else.

The program answers two signals with a file FOLDER/report: SIGUSR1 tells what there is, SIGUSR2 first loads
older turns of the shown session.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
import time
from pathlib import Path

from benchmarks.window.machine import resident_mb
from benchmarks.window.watched import PATIENCE_S, Watched
from hector_tui.cli import main as program
from hector_tui.domain.keys import SessionKey
from hector_tui.engine.host import Engine, EngineOptions
from hector_tui.paths import Profile

AGENT = "echo"
READY = "the engine streams"
PAGES = 30
"""Of older turns that SIGUSR2 loads."""


def hidden(number: int) -> str:
    """The id of a session that streams, from 1."""
    return f"hidden-{number}"


def report_of(program: Watched, folder: Path, number: signal.Signals) -> dict[str, float]:
    """Let the program report: its widgets, the entries of the shown transcript, and its memory in MB.

    Raises:
        RuntimeError: It does not.
    """
    file = folder / "report"
    file.unlink(missing_ok=True)
    program.kill(number)
    deadline = time.monotonic() + PATIENCE_S
    while not file.exists():
        if time.monotonic() > deadline:
            raise RuntimeError("the program does not report")
        time.sleep(0.05)
    report: dict[str, float] = json.loads(file.read_text())
    return report


async def _ask_in_all(engine: Engine, sessions: int, question: str) -> None:
    for number in range(1, sessions + 1):
        info = await engine.chat.create_session(AGENT, session_id=hidden(number))
        await engine.chat.send(SessionKey(info.session_id, AGENT), f"{question} as h{number}")


def _answer_signals(folder: Path) -> None:
    """Make every app answer the signals once it is there."""
    from hector_tui.ui.app import HectorApp

    def on_ready(app: HectorApp) -> None:
        async def report(pages: int) -> None:
            chat = app._chat
            assert chat is not None
            for _ in range(pages):
                if chat.active is not None:
                    await chat.active.load_older()
            gc.collect()
            widgets = sum(1 for screen in app.screen_stack for _ in screen.walk_children())
            entries = len(chat.active.document.entries) if chat.active is not None else 0
            values = {"widgets": widgets, "entries": entries, "resident_mb": resident_mb(os.getpid())}
            part = folder / "report.part"
            part.write_text(json.dumps(values))
            part.rename(folder / "report")

        loop = asyncio.get_running_loop()
        tasks: list[asyncio.Task[None]] = []

        def begin(pages: int) -> None:
            tasks.append(loop.create_task(report(pages)))

        loop.add_signal_handler(signal.SIGUSR1, begin, 0)
        loop.add_signal_handler(signal.SIGUSR2, begin, PAGES)

    HectorApp.on_ready = on_ready  # type: ignore[attr-defined]  # Textual finds handlers by their names


def _show(folder: Path, sessions: int, question: str) -> None:
    """The program, with its own command line."""
    open_engine = Engine.open
    tasks: list[asyncio.Task[None]] = []

    async def open_and_ask(options: EngineOptions) -> Engine:
        engine = await open_engine(options)
        tasks.append(asyncio.create_task(_ask_in_all(engine, sessions, question)))
        return engine

    Engine.open = open_and_ask  # type: ignore[method-assign]  # the one seam between the program and its engine
    _answer_signals(folder)
    sys.exit(program())


async def _run_headless(config: Path, sessions: int, question: str) -> None:
    profile = Profile(Path(os.environ["HECTOR_TUI_HOME"]))
    profile.root.mkdir(parents=True, exist_ok=True)
    engine = await Engine.open(EngineOptions(profile=profile, config_paths=(config,), env=dict(os.environ)))
    await _ask_in_all(engine, sessions, question)
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """Run what the command line says."""
    mode, folder, sessions, question = sys.argv[1:5]
    del sys.argv[1:5]
    if mode == "headless":
        asyncio.run(_run_headless(Path(sys.argv[2]), int(sessions), question))
    else:
        _show(Path(folder), int(sessions), question)


if __name__ == "__main__":
    main()
