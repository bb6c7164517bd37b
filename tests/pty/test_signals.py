from __future__ import annotations

import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.pty.provider import config, provider
from tests.pty.terminal import CURSOR, SWITCHED, Terminal, hector

pytestmark = pytest.mark.pty

LIMIT_S = 5.0
"""Within which the program must have ended, whatever hangs; the promise itself, not a measurement."""


@pytest.fixture
def streaming(tmp_path: Path) -> Iterator[Terminal]:
    """The program in the middle of a long answer."""
    with (
        provider("--rate", "50", "--words", "5000") as address,
        hector(tmp_path / "profile", "--config", str(config(tmp_path, address)), "--agent", "echo") as terminal,
    ):
        terminal.sees("> ")
        terminal.type("deadbeef01")
        terminal.press("enter")
        terminal.sees("deadbeef01:20")
        yield terminal


def _saved(profile: Path) -> tuple[str, str]:
    """Status of the only turn, and the answer's text, as the database has it after the end."""
    with closing(sqlite3.connect(profile / "sessions.db")) as database:
        ((status,),) = database.execute("SELECT status FROM turns").fetchall()
        parts = database.execute("SELECT parts FROM messages WHERE role = 'assistant'").fetchall()
    return status, "".join(row[0] for row in parts)


def _wait_until_the_main_thread_rests(pid: int) -> None:
    """Until Textual's loop, which wakes for every frame of an answer that streams, has stopped to wake at all.

    Its queue holds 30 frames, so that takes some seconds after the terminal has stopped to read.
    """
    status = Path(f"/proc/{pid}/task/{pid}/status")
    before = ""
    for _ in range(60):
        (now,) = (line for line in status.read_text().splitlines() if line.startswith("voluntary_ctxt_switches"))
        if now == before:
            return
        before = now
        time.sleep(0.5)  # Between two looks; the loop wakes twelve times in a second.
    raise AssertionError("the program goes on drawing into a terminal that reads nothing")


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (lambda terminal: terminal.kill(signal.SIGTERM), 143),
        (lambda terminal: terminal.kill(signal.SIGHUP), 129),
        (lambda terminal: terminal.kill(signal.SIGINT), 130),
        (lambda terminal: terminal.kill(signal.SIGQUIT), 131),
    ],
    ids=["TERM", "HUP", "INT", "QUIT"],
)
def test_a_signal_ends_the_program_with_the_partial_answer_saved(
    streaming: Terminal, tmp_path: Path, end: Callable[[Terminal], None], status: int
) -> None:
    end(streaming)
    assert streaming.ends(LIMIT_S) == status
    saved, text = _saved(tmp_path / "profile")
    assert saved == "interrupted"
    assert "deadbeef01:20" in text
    assert not any(streaming.modes[mode] for mode in SWITCHED)
    assert streaming.modes[CURSOR]
    assert streaming.is_as_it_was()


@pytest.mark.parametrize("attempt", range(3))
def test_a_closed_terminal_ends_the_program_with_the_partial_answer_saved(
    streaming: Terminal, tmp_path: Path, attempt: int
) -> None:
    streaming.hang_up()
    streaming.ends(LIMIT_S)
    saved, text = _saved(tmp_path / "profile")
    assert saved == "interrupted"
    assert "deadbeef01:20" in text


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_terminal_that_takes_no_more_output_cannot_hold_the_program(streaming: Terminal, tmp_path: Path) -> None:
    streaming.freeze()
    _wait_until_the_main_thread_rests(streaming.process.pid)
    streaming.kill(signal.SIGTERM)
    assert streaming.ends(LIMIT_S) == 143
    saved, text = _saved(tmp_path / "profile")
    assert saved == "interrupted"
    assert "deadbeef01:20" in text
