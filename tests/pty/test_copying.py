"""A drag and the copy key in a real terminal: the clipboard gets exactly the words, once, and from nowhere else."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from tests.pty.provider import config, provider
from tests.pty.terminal import Terminal, hector

pytestmark = pytest.mark.pty

_CLIPBOARD = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)(?:\x07|\x1b\\)")
ANSWER = "Plain words.\n\n- 日本語 item\n- next\n\n```\ncode line\n```\n\nthe end"


def mouse(terminal: Terminal, button: int, row: int, column: int, *, up: bool = False) -> None:
    """One report of the mouse, rows and columns counted from 0 (SGR coordinates count from 1)."""
    terminal.type(f"\x1b[<{button};{column + 1};{row + 1}{'m' if up else 'M'}")


def drag(terminal: Terminal, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Press at a row and column, move, and let go."""
    mouse(terminal, 0, *start)
    mouse(terminal, 32, *end)
    mouse(terminal, 0, *end, up=True)


def test_a_drag_across_entries_and_the_copy_key(tmp_path: Path) -> None:
    with (
        provider("--rate", "0", "--text", ANSWER) as address,
        hector(tmp_path / "profile", "--config", str(config(tmp_path, address)), "--agent", "echo") as terminal,
    ):
        terminal.sees("Ask anything")
        terminal.type("a question")
        terminal.press("enter")
        terminal.sees("the end", "code line")
        # The starters above the prompt make room for the answer; only then does every row stand where it stays.
        rows = terminal.wait_for(lambda text: "▌ a question" in text.split("\n")[2], "the question on top").split("\n")
        first = next(y for y, row in enumerate(rows) if "▌ a question" in row)
        last = next(y for y, row in enumerate(rows) if "code line" in row)
        before = terminal._screen.buffer[last][4].bg
        drag(terminal, (first, 4), (last, 6))
        terminal.wait_for(lambda _: terminal._screen.buffer[last][4].bg != before, "the selection lit up")
        terminal.press("ctrl+c")
        terminal.sees("Copied selection")
        (copied,) = _CLIPBOARD.findall(terminal.raw)
        lines = base64.b64decode(copied).decode().split("\n")
        assert lines[0] == "question" and lines[-1] == "code"
        assert lines[3:] == ["Plain words.", "", "日本語 item", "next", "", "code"]
        assert (tmp_path / "profile" / "copied.txt").read_text("utf-8") == "\n".join(lines)
