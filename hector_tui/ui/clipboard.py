"""Copying: by the terminal (OSC 52), by the system's own program, and into a file when nobody is sure to have it.

A terminal never answers whether it took a text, so what is said about it says no more than that it was asked. Nothing
here runs unless a person pressed a key for it: text from a model reaches no clipboard by itself.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from textual.app import App

from hector_tui.ui.numbers import counted
from hector_tui.ui.text import clean

_TOOLS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("wl-copy", ("wl-copy",), "WAYLAND_DISPLAY", "utf-8"),
    ("xclip", ("xclip", "-selection", "clipboard"), "DISPLAY", "utf-8"),
    ("xsel", ("xsel", "--clipboard", "--input"), "DISPLAY", "utf-8"),
    ("pbcopy", ("pbcopy",), "", "utf-8"),
    ("clip.exe", ("clip.exe",), "WSL_DISTRO_NAME", "utf-16"),
    ("termux-clipboard-set", ("termux-clipboard-set",), "TERMUX_VERSION", "utf-8"),
    ("tmux", ("tmux", "load-buffer", "-w", "-"), "TMUX", "utf-8"),
)
"""Name, command, the variable without which it cannot work, and how it wants its text."""
_TIMEOUT_S = 2.0

OSC52_BYTES = 74_994
"""The longest text sent by OSC 52: with its frame and in base64 that is 100,000 bytes, where several terminals stop."""
_DEAF_TERMINALS = frozenset({"", "dumb", "linux"})


@dataclass(frozen=True, slots=True)
class Copied:
    """Where a text went.

    Attributes:
        tool: The system's program that took it; empty for none.
        terminal: The terminal was asked.
        file: The file that holds it, for when nothing else is sure; None when a program took it, or it was not written.
    """

    tool: str = ""
    terminal: bool = False
    file: Path | None = None

    @property
    def words(self) -> str:
        """How it went, as a person is told; empty when it went nowhere."""
        asked = "the terminal (OSC 52, which never answers)"
        match self.tool, self.terminal, self.file:
            case "", False, None:
                return ""
            case "", False, file:
                return f"to {file}: there is no clipboard program here and the terminal takes no text of that kind"
            case "", True, None:
                return f"by {asked}"
            case "", True, file:
                return f"by {asked}; also in {file}"
            case tool, True, _:
                return f"by {tool} and the terminal"
            case tool, False, _:
                return f"by {tool}"


async def copy_text(app: App[object], text: str, what: str, fallback: Path) -> None:
    """Copy by every way there is, and say so.

    Args:
        app: Whose terminal it is.
        text: What to copy; cleaned before it goes anywhere.
        what: What it is, for the person: `answer`, `code block`.
        fallback: Where it is written when no clipboard is sure to have it; what was there is replaced.
    """
    shown = clean(text)
    copied = await _copy(app, shown, fallback)
    size = counted(len(shown), "character")
    if not copied.words:
        reason = f"there is no clipboard here, and {fallback} cannot be written"
        app.notify(clean(f"Not copied, {what}, {size}: {reason}."), severity="error", markup=False, timeout=12)
        return
    app.notify(clean(f"Copied {what}, {size}, {copied.words}."), markup=False, timeout=5)


async def _copy(app: App[object], text: str, fallback: Path) -> Copied:
    terminal = takes_osc52(text, os.environ)
    if terminal:
        app.copy_to_clipboard(text)
    else:
        # What the app's own paste key inserts; the public way would send the sequence as well.
        app._clipboard = text
    tool = await _by_system(text)
    file = None
    if not tool:
        with suppress(OSError):
            await asyncio.to_thread(_write, fallback, text)
            file = fallback
    return Copied(tool, terminal, file)


def takes_osc52(text: str, env: Mapping[str, str]) -> bool:
    """Whether it makes sense to send a text by OSC 52 to the terminal that the environment names."""
    if env.get("TERM", "") in _DEAF_TERMINALS or env.get("TERM_PROGRAM") == "Apple_Terminal":
        return False
    return len(text.encode("utf-8", "replace")) <= OSC52_BYTES


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


async def _by_system(text: str) -> str:
    """Copy by the system's program; its name, or empty when there is none that works."""
    for name, command, variable, encoding in _TOOLS:
        wanted = os.environ.get(variable) if variable else sys.platform == "darwin"
        if wanted and shutil.which(command[0]) and await _pipe(command, text.encode(encoding, "replace")):
            return name
    return ""


async def _pipe(command: Sequence[str], data: bytes) -> bool:
    """Give data to a program; False when it fails or does not end."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await process.communicate(data)
    except (OSError, TimeoutError):
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        return False
    return process.returncode == 0
