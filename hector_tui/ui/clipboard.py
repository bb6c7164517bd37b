"""Copying: by the terminal (OSC 52) and the system's own program, with a word on which of them was used."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence

from textual.app import App

from hector_tui.ui.text import clean

_TOOLS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("wl-copy", ("wl-copy",), "WAYLAND_DISPLAY"),
    ("xclip", ("xclip", "-selection", "clipboard"), "DISPLAY"),
    ("xsel", ("xsel", "--clipboard", "--input"), "DISPLAY"),
    ("pbcopy", ("pbcopy",), ""),
)
_TIMEOUT_S = 2.0


async def copy_text(app: App[object], text: str, what: str) -> None:
    """Copy by both ways and say so; a terminal does not answer whether it took the text."""
    shown = clean(text)
    app.copy_to_clipboard(shown)
    tool = await _by_system(shown)
    size = "1 character" if len(shown) == 1 else f"{len(shown):,} characters"
    how = f"{tool} and the terminal" if tool else "the terminal (OSC 52)"
    app.notify(f"Copied {what}, {size}, by {how}.", markup=False, timeout=4)


async def _by_system(text: str) -> str:
    """Copy by the system's program; its name, or empty when there is none that works."""
    for name, command, variable in _TOOLS:
        if (not variable or os.environ.get(variable)) and shutil.which(name) and await _pipe(command, text):
            return name
    return ""


async def _pipe(command: Sequence[str], text: str) -> bool:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        async with asyncio.timeout(_TIMEOUT_S):
            await process.communicate(text.encode("utf-8", "replace"))
    except (OSError, TimeoutError):
        return False
    return process.returncode == 0
