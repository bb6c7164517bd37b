from __future__ import annotations

from pathlib import Path

import pytest

from tests.pty.terminal import CURSOR, SWITCHED, hector

pytestmark = pytest.mark.pty


def test_the_first_screen_and_a_question_with_nothing_configured(tmp_path: Path) -> None:
    with hector(tmp_path / "profile") as terminal:
        terminal.sees("Guide", "● ready", "Enter begins")
        terminal.press("enter")
        terminal.wait_for(lambda text: "esc esc to stop" in text, "an answer that streams")
        terminal.wait_for(lambda text: "esc esc to stop" not in text and "> " in text, "the end of the answer")
        terminal.type("What is 17 * 23?")
        terminal.sees("> What is 17 * 23?")
        terminal.press("enter")
        terminal.sees("391")


def test_quitting_gives_the_terminal_back(tmp_path: Path) -> None:
    with hector(tmp_path / "profile") as terminal:
        terminal.sees("Enter begins")
        assert all(terminal.modes[mode] for mode in SWITCHED), "nothing to take back: the test would prove nothing"
        assert not terminal.is_as_it_was()
        terminal.press("ctrl+q")
        assert terminal.ends() == 0
        assert {mode: terminal.modes[mode] for mode in SWITCHED} == dict.fromkeys(SWITCHED, False)
        assert terminal.modes[CURSOR], "the cursor is still hidden"
        assert terminal.is_as_it_was()
        assert "Traceback" not in terminal.raw.decode()
