"""How long until something stands on the screen: hector-tui against the smallest Textual app, in the same run.

Both start in a real pseudo-terminal of 120x40 whose other end is read as fast as it comes. The time is wall time from
the fork to the first words of a widget on the wire. Runs are interleaved, so that a busy machine slows both; the first
pair warms the page cache and is dropped. The ratio is what to look at, the goal is 1.4 and the limit 1.5. How long it
takes until the engine is open and an agent can be chosen stands beside it.

    python -m benchmarks.first_frame [--runs 7] [--limit 1.5]
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COLUMNS, ROWS = 120, 40
GOAL, LIMIT = 1.4, 1.5
_PATIENCE_S = 30.0

_MINIMAL = """
from textual.app import App, ComposeResult
from textual.widgets import Static


class Minimal(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("first words")


Minimal().run()
"""


@dataclass(frozen=True, slots=True)
class Program:
    """What is started.

    Attributes:
        name: What the table calls it.
        arguments: For the Python interpreter.
        words: What its screen says.
    """

    name: str
    arguments: tuple[str, ...]
    words: bytes


def programs(folder: Path) -> tuple[Program, Program, Program]:
    """The smallest Textual app, ours, and ours until it can be used.

    Args:
        folder: Where the smallest app is written to.
    """
    script = folder / "minimal.py"
    script.write_text(_MINIMAL, encoding="utf-8")
    minimal = Program("minimal Textual app", (str(script),), b"first words")
    ours = Program("hector-tui", ("-m", "hector_tui"), "starting …".encode())
    return minimal, ours, Program("hector-tui, usable", ours.arguments, b"type to filter")


def time_to_words(program: Program, env: Mapping[str, str]) -> float:
    """Start a program and end it again; seconds from the fork until its first words came.

    Raises:
        RuntimeError: It ended, or 30 seconds went by, before it said them.
    """
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.execve(sys.executable, [sys.executable, *program.arguments], dict(env))
    try:
        _read_until(terminal, program.words, began + _PATIENCE_S)
        return time.perf_counter() - began
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def _read_until(terminal: int, words: bytes, deadline: float) -> None:
    seen = b""
    while words not in seen:
        readable, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.perf_counter()))
        if not readable:
            raise RuntimeError(f"no {words!r} within {_PATIENCE_S:.0f} s, but {seen[-400:]!r}")
        try:
            seen += os.read(terminal, 65_536)
        except OSError as error:
            raise RuntimeError(f"it ended before it said {words!r}: {seen[-2_000:]!r}") from error


def measure(programs: Sequence[Program], runs: int, profile: Path) -> dict[str, list[float]]:
    """Start the programs in turn, so many times each after one that does not count; seconds by name."""
    env = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "HECTOR_TUI_HOME": str(profile),
        "HECTOR_TUI_NO_PROBE": "1",
    }
    times: dict[str, list[float]] = {program.name: [] for program in programs}
    for run in range(runs + 1):
        for program in programs:
            seconds = time_to_words(program, env)
            if run:
                times[program.name].append(seconds)
    return times


def main() -> int:
    """Measure and print; returns 1 when the ratio is above the limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_frame", description=main.__doc__)
    parser.add_argument("--runs", type=int, default=7, help="starts of each program that count (7)")
    parser.add_argument("--limit", type=float, default=LIMIT, help=f"the largest ratio of the medians ({LIMIT})")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        minimal, ours, usable = programs(Path(folder))
        times = measure((minimal, ours, usable), options.runs, Path(folder, "profile"))
    print(f"{'to the first words, ms':<24}{'min':>8}{'median':>8}")  # noqa: T201 - what it is for
    for name, seconds in times.items():
        print(f"{name:<24}{1000 * min(seconds):8.0f}{1000 * statistics.median(seconds):8.0f}")  # noqa: T201
    base, own = times[minimal.name], times[ours.name]
    ratio = statistics.median(own) / statistics.median(base)
    least = min(own) / min(base)
    print(f"ratio of medians {ratio:.2f}, of minima {least:.2f}; goal {GOAL}, limit {options.limit}")  # noqa: T201
    return int(ratio > options.limit)


if __name__ == "__main__":
    raise SystemExit(main())
