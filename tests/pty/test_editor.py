"""The person's own editor in a real terminal: a tiny one, which does what its command line says."""

from __future__ import annotations

import ast
import os
import shlex
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.pty.provider import config, provider
from tests.pty.terminal import CURSOR, SWITCHED, Terminal, environment

pytestmark = pytest.mark.pty

_EDITOR = """\
import os, stat, sys, time
from pathlib import Path

what, log, file = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
before = file.read_text(encoding="utf-8")
mode = stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)
log.write_text(repr((before, *mode, str(file), os.getpid())), encoding="utf-8")
print("EDITOR HAS THE TERMINAL", flush=True)
if what == "wait":
    sys.stdin.readline()
    file.write_text(before + "\\nfrom the editor\\n", encoding="utf-8")
elif what == "fail":
    os.system("stty raw -echo")
    sys.exit(3)
elif what == "remove":
    file.unlink()
elif what == "latin":
    file.write_bytes(b"caf\\xe9")
elif what == "interrupted":
    print("ready", flush=True)
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        file.write_text("interrupted", encoding="utf-8")
"""


@contextmanager
def editing(tmp_path: Path, what: str, *options: str) -> Iterator[Terminal]:
    """The program on a machine with that editor."""
    script = tmp_path / "editor.py"
    script.write_text(_EDITOR, encoding="utf-8")
    command = shlex.join([sys.executable, str(script), what, str(tmp_path / "log")])
    env = environment(tmp_path / "profile", VISUAL=command, EDITOR="false", TMPDIR=str(tmp_path))
    with Terminal(["-m", "hector_tui", *options], env=env) as terminal:
        yield terminal


def lent(tmp_path: Path) -> tuple[str, int, int, str, int]:
    """What the editor found: the draft, the modes of its file and folder, the file, and its own process."""
    before, file_mode, folder_mode, file, process = ast.literal_eval((tmp_path / "log").read_text(encoding="utf-8"))
    return before, file_mode, folder_mode, file, process


def test_the_draft_goes_to_the_editor_and_comes_back_while_an_answer_streams(tmp_path: Path) -> None:
    with (
        provider("--words", "40", "--rate", "20") as base_url,
        editing(tmp_path, "wait", "--config", str(config(tmp_path, base_url)), "--agent", "echo") as terminal,
    ):
        terminal.sees("Ask anything")
        terminal.type("0000000a go")
        terminal.sees("> 0000000a go")
        terminal.press("enter")
        terminal.sees("0000000a:1")
        terminal.type("a draft")
        terminal.sees("> a draft")
        terminal.press("ctrl+g")
        terminal.sees("EDITOR HAS THE TERMINAL")
        assert {mode: terminal.modes[mode] for mode in SWITCHED} == dict.fromkeys(SWITCHED, False)
        before, file_mode, folder_mode, file, _ = lent(tmp_path)
        assert (before, file_mode, folder_mode) == ("a draft", 0o600, 0o700)
        # While nothing is drawn, the engine's thread takes the rest of the answer and stores it.
        _until_answered(tmp_path / "profile")
        terminal.press("enter")
        terminal.sees("> a draft", "from the editor", "0000000a:39")
        assert not Path(file).parent.exists(), "the draft is still on the disk"
        assert all(terminal.modes[mode] for mode in SWITCHED)
        terminal.press("ctrl+q")
        assert terminal.ends() == 0
        assert terminal.is_as_it_was()
        assert terminal.modes[CURSOR]


def _until_answered(profile: Path) -> None:
    for _ in range(300):
        with closing(sqlite3.connect(profile / "sessions.db")) as database:
            if database.execute("SELECT status FROM turns").fetchall() == [("done",)]:
                return
        time.sleep(0.1)  # Between two looks.
    raise AssertionError("the answer stood still while the editor had the terminal")


@pytest.mark.parametrize(
    ("what", "words"),
    [("fail", "ended with status 3"), ("remove", "left no file"), ("latin", "no UTF-8")],
)
def test_an_editor_that_fails_leaves_the_draft_and_a_terminal_that_works(tmp_path: Path, what: str, words: str) -> None:
    with editing(tmp_path, what) as terminal:
        terminal.sees("Enter begins")
        terminal.press("enter")
        terminal.wait_for(lambda text: "esc esc to stop" in text, "an answer that streams")
        terminal.wait_for(lambda text: "esc esc to stop" not in text and "> " in text, "the end of the answer")
        terminal.type("a draft")
        terminal.sees("> a draft")
        terminal.press("ctrl+g")
        terminal.sees(words, "> a draft")
        terminal.type(" goes on")
        terminal.sees("> a draft goes on")
        terminal.press("ctrl+q")
        assert terminal.ends() == 0
        assert terminal.is_as_it_was()


def test_control_c_in_the_editor_is_the_editors(tmp_path: Path) -> None:
    with editing(tmp_path, "interrupted") as terminal:
        terminal.sees("Enter begins")
        terminal.press("enter")
        terminal.wait_for(lambda text: "esc esc to stop" in text, "an answer that streams")
        terminal.press("ctrl+g")
        terminal.sees("ready")
        os.killpg(os.getpgid(lent(tmp_path)[4]), signal.SIGINT)  # What the terminal does at Ctrl+C.
        terminal.sees("> interrupted")
        assert terminal.process.poll() is None
        terminal.press("ctrl+q")
        assert terminal.ends() == 0


def test_what_is_typed_before_the_prompt_is_there_arrives_in_it(tmp_path: Path) -> None:
    with editing(tmp_path, "wait") as terminal:
        terminal.wait_for(lambda _: 1049 in terminal.modes, "the first frame")
        # With what a terminal answers when it is asked for its colour and its name.
        terminal.type("What is\x1b]11;rgb:1a1a/1b1b/1c1c\x1b\\ 17 * 23?\x1bP>|name(1.0)\x1b\\")
        terminal.press("enter")
        terminal.sees("What is 17 * 23?", "391")
        assert "rgb:" not in terminal.text
        assert "name(" not in terminal.text
