from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.pty.provider import config, provider
from tests.pty.terminal import hector

pytestmark = pytest.mark.pty

TABS = 8


def _rows(profile: Path, query: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(f"file:{profile / 'sessions.db'}?mode=ro", uri=True)) as database:
        return database.execute(query).fetchall()


def _answers(profile: Path) -> dict[str, str]:
    """The stored answer of each question."""
    rows = _rows(
        profile,
        "SELECT turns.text, messages.parts FROM turns JOIN messages USING (turn_id) WHERE messages.role = 'assistant'",
    )
    return {asked: "".join(part.get("text", "") for part in json.loads(parts)) for asked, parts in rows}


def test_continue_brings_tabs_drafts_and_history_back(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    with provider("--rate", "0", "--words", "5") as address:
        options = ("--config", str(config(tmp_path, address)))
        with hector(profile, *options, "--agent", "echo") as terminal:
            terminal.sees("> ")
            terminal.type("deadbeef01")
            terminal.press("enter")
            terminal.sees("deadbeef01:4")
            terminal.press("ctrl+n")
            terminal.sees("New session with")
            terminal.press("enter")
            terminal.wait_for(lambda text: "2 ○ echo" in text and "deadbeef01:4" not in text, "the second tab")
            terminal.type("half a thought")
            terminal.sees("> half a thought")
            terminal.press("ctrl+q")
            assert terminal.ends() == 0
        with hector(profile, *options, "--continue") as terminal:
            terminal.sees("1 ○ deadbeef01", "2 ○ echo", "> half a thought")
            terminal.press("ctrl+pagedown")
            terminal.sees("deadbeef01:0", "deadbeef01:4")
            terminal.press("up")
            terminal.sees("> deadbeef01")
            terminal.press("ctrl+q")
            assert terminal.ends() == 0


def test_kill_while_eight_tabs_stream_loses_a_second_at_most(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    nonces = [f"beef{number:06x}" for number in range(TABS)]
    with provider("--rate", "50", "--words", "2000") as address:
        options = ("--config", str(config(tmp_path, address)))
        with hector(profile, *options, "--agent", "echo", columns=160) as terminal:
            terminal.sees("> ")
            for number, nonce in enumerate(nonces):
                if number:
                    terminal.press("ctrl+n")
                    terminal.sees("New session with")
                    terminal.press("enter")
                    terminal.sees(f"{number + 1} ○ echo")
                terminal.type(nonce)
                terminal.sees(f"> {nonce}")
                terminal.press("enter")
                terminal.sees(f"{nonce}:5 ")
            shown = terminal.sees(f"{nonces[-1]}:60 ")
            terminal.kill()
            terminal.ends()
        assert {status for (status,) in _rows(profile, "SELECT status FROM turns")} <= {"running"}
        with hector(profile, *options, "--continue", columns=160) as terminal:
            terminal.sees("8 answers were interrupted", nonces[0])
            terminal.press("alt+1")
            terminal.sees(f"{nonces[0]}:", "interrupted")
            terminal.press("ctrl+q")
            assert terminal.ends() == 0
    assert _rows(profile, "SELECT text FROM turns ORDER BY rowid") == [(nonce,) for nonce in nonces]
    assert {status for (status,) in _rows(profile, "SELECT status FROM turns")} == {"interrupted"}
    answers = _answers(profile)
    whole = {nonce: " ".join(f"{nonce}:{word}" for word in range(2_000)) for nonce in nonces}
    for nonce in nonces:
        assert len(answers[nonce]) > 5 * len(nonce)
        assert whole[nonce].startswith(answers[nonce])
    # Fifty words come in a second: what of the youngest answer was on screen before that is on disk.
    last = max(int(number) for number in re.findall(rf"{nonces[-1]}:(\d+) ", shown))
    assert f"{nonces[-1]}:{last - 50}" in answers[nonces[-1]]
