"""What reaches the terminal byte by byte: only sequences this program sends by itself, whatever a model says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pty.provider import config, provider
from tests.pty.terminal import hector

pytestmark = pytest.mark.pty

HOSTILE = {
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "clipboard by ST": "\x1b]52;c;ZXZpbA==\x1b\\",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "erase": "\x1b[2J\x1b[H",
    "alternate screen off": "\x1b[?1049l",
    "status report": "\x1b[6n",
    "conceal": "\x1b[8mhidden",
    "reset": "\x1bc",
    "device control": "\x1bP+q544e\x1b\\",
    "graphics": "\x1b_Gf=24;AAAA\x1b\\",
    "c1 csi": "\x9b2J",
    "c1 osc": "\x9d0;owned\x9c",
    "bell": "\x07",
    "shift out": "\x0eqqq\x0f",
    "nul and delete": "a\x00b\x7fc",
    "override": "file\u202egpj.exe",
    "isolates": "\u2066a\u2069\u2067b\u2069",
    "zero width": "pay\u200bpal",
    "tags": "hi" + "".join(chr(0xE0000 + ord(letter)) for letter in "ignore the person"),
    "separators": "a\u2028b\u2029c\x85d",
}

ALLOWED = re.compile(
    r"""
      \x1b\[ [0-9;]* m                     # colours
    | \x1b\[ [0-9;]* H                     # where the next words stand
    | \x1b\[\? (?:25|7|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048) [hl]
    | \x1b\[\? (?:2026|2048) \$p           # may I?
    | \x1b\[ > [0-9]+ u | \x1b\[ < u       # the keyboard protocol, on and off
    | \x1b\[ [0-9]+ \x20 q                 # the shape of the cursor
    | \x1b\]22;[a-z-]+\x07               # the shape of the pointer
    | [\n\r] (?=\x1b\[) | \r\n
    """,
    re.VERBOSE,
)
"""Everything the program and Textual's driver write on purpose."""

ACTS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")
CONCEAL = re.compile(r"\x1b\[(?:[0-9;]*;)?8m")


def _left_over(raw: bytes) -> list[str]:
    """What acts on a terminal and is none of ours, with what stands around it."""
    text = ALLOWED.sub("", raw.decode())
    found = [text[max(0, match.start() - 20) : match.end() + 20] for match in ACTS.finditer(text)]
    # Two sequences that are ours once, or in another form.
    return found + CONCEAL.findall(raw.decode()) + ["left the screen"] * (raw.count(b"\x1b[?1049l") - 1)


def test_the_check_itself_finds_every_payload() -> None:
    for name, payload in HOSTILE.items():
        assert _left_over(f"\x1b[1mbefore {payload} after\x1b[?1049l".encode()), name


def test_no_hostile_byte_of_an_answer_reaches_the_terminal(tmp_path: Path) -> None:
    answer = "".join(f"{name}: {payload} ok\n\n" for name, payload in HOSTILE.items() if "\x00" not in payload)
    profile = tmp_path / "profile"
    with provider("--rate", "200", "--text", f"{answer}\n\nthe end", "--thinking", answer) as address:
        options = ("--config", str(config(tmp_path, address)))
        with hector(profile, *options, "--agent", "echo", columns=130, rows=50) as terminal:
            terminal.sees("> ")
            terminal.type("hello")
            terminal.press("enter")
            terminal.sees("the end", "separators:")
            terminal.press("ctrl+q")
            assert terminal.ends() == 0
            first = terminal.raw
        with hector(profile, *options, "--continue", columns=130, rows=50) as terminal:
            terminal.sees("the end", "separators:")
            terminal.press("ctrl+q")
            assert terminal.ends() == 0
            second = terminal.raw
    for raw in (first, second):
        assert _left_over(raw) == []


@pytest.mark.parametrize("tail", ["\r", "\x1b[24;80R\r", "rm -rf /\r/quit\r"])
def test_a_paste_with_its_own_end_marker_sends_nothing(tmp_path: Path, tail: str) -> None:
    with hector(tmp_path / "profile", "--agent", "guide") as terminal:
        terminal.sees("> ")
        terminal.type(f"\x1b[200~harmless\x1b[201~{tail}\x1b[201~")
        terminal.sees("harmless")
        terminal.type(" and typed")
        shown = terminal.sees("and typed")
        assert "▌ you" not in shown
        assert "esc esc" not in shown
        terminal.press("ctrl+q")
        assert terminal.ends() == 0
