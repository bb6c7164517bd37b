"""`python -m tests.pty.probed FOLDER SESSIONS ...`: the program, with a probe in its engine's loop and more to stream.

When the engine is open, so many sessions with the agent `echo` begin to stream. FOLDER/gaps gets a line for each tenth
of a second: seconds since the epoch, and the longest time by which the loop came too late in it. What follows SESSIONS
is the program's own command line.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from hector_tui.cli import main as program
from hector_tui.domain.keys import SessionKey
from hector_tui.engine.host import Engine, EngineOptions

TICK_S = 0.005
LINE_S = 0.1
AGENT = "echo"


def nonce_of(number: int) -> str:
    """What a session is asked, from 1; its answer repeats it."""
    return f"{0xF00D0000 + number:08x}"


async def probe(file: Path) -> None:
    """Note for ever how late the loop is."""
    with file.open("w", encoding="ascii", buffering=1) as lines:
        worst = 0.0
        line_at = time.monotonic() + LINE_S
        while True:
            before = time.monotonic()
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            worst = max(worst, now - before - TICK_S)
            if now >= line_at:
                lines.write(f"{time.time():.3f} {worst:.6f}\n")
                worst, line_at = 0.0, now + LINE_S


def longest_gap(file: Path, since: float, until: float) -> float:
    """The longest gap that was noted between two times; seconds."""
    rows = (line.split() for line in file.read_text(encoding="ascii").splitlines())
    gaps = [float(gap) for at, gap in (row for row in rows if len(row) == 2) if since <= float(at) <= until]
    # A loop that stood still writes no lines: what is missing between them counts as well.
    expected = (until - since) / (LINE_S + 2 * TICK_S)
    assert len(gaps) > expected / 2, f"{len(gaps)} lines instead of about {expected:.0f}"
    return max(gaps)


async def stream(engine: Engine, number: int) -> None:
    """Let one session stream."""
    info = await engine.chat.create_session(AGENT, session_id=nonce_of(number))
    await engine.chat.send(SessionKey(info.session_id, AGENT), nonce_of(number))


def main() -> None:
    """Run the program with its engine probed."""
    folder, sessions = Path(sys.argv[1]), int(sys.argv[2])
    del sys.argv[1:3]
    open_engine = Engine.open
    tasks: list[asyncio.Task[None]] = []

    async def open_probed(options: EngineOptions) -> Engine:
        engine = await open_engine(options)
        tasks.append(asyncio.create_task(probe(folder / "gaps")))
        tasks.extend(asyncio.create_task(stream(engine, number)) for number in range(1, sessions + 1))
        return engine

    Engine.open = open_probed  # type: ignore[method-assign]  # the one seam between the program and its engine
    sys.exit(program())


if __name__ == "__main__":
    main()
