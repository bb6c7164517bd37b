"""A program in a real pseudo-terminal whose other end is a VT100 screen."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyte

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0
KEYS = {
    "enter": b"\r",
    "escape": b"\x1b",
    "up": b"\x1b[A",
    "alt+1": b"\x1b1",
    "ctrl+c": b"\x03",
    "ctrl+g": b"\x07",
    "ctrl+n": b"\x0e",
    "ctrl+q": b"\x11",
    "ctrl+x": b"\x18",
    "ctrl+pagedown": b"\x1b[6;5~",
    "f3": b"\x1bOR",
}
SWITCHED = (1049, 1000, 1003, 1006, 2004)
"""Private modes the program turns on: the alternate screen, three kinds of mouse reports, bracketed pastes."""
CURSOR = 25
"""The private mode that shows the cursor."""
_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")


class Terminal:
    """Runs a program with a terminal of its own, reads what it draws as fast as it comes, and types.

    Args:
        arguments: For this Python interpreter.
        env: The whole environment of the program.
        columns: Width of the terminal in cells.
        rows: Height of the terminal in cells.
    """

    def __init__(self, arguments: Sequence[str], *, env: Mapping[str, str], columns: int = 100, rows: int = 30) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._news = threading.Condition()
        self._raw = bytearray()
        self._reads = threading.Event()
        self._reads.set()
        self._master, self._slave = os.openpty()
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._settings = termios.tcgetattr(self._slave)
        self._reader = threading.Thread(target=self._drain, name="terminal", daemon=True)
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env=dict(env),
            cwd=ROOT,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        self._reads.set()
        os.close(self._slave)
        self.hang_up()
        self._reader.join(PATIENCE_S)

    # What it shows

    @property
    def text(self) -> str:
        """What stands on the screen, a line per row."""
        with self._news:
            return "\n".join(self._screen.display)

    @property
    def raw(self) -> bytes:
        """Every byte the program has written."""
        with self._news:
            return bytes(self._raw)

    @property
    def modes(self) -> dict[int, bool]:
        """The private modes the program has set (True) or set and taken back (False)."""
        modes: dict[int, bool] = {}
        for numbers, action in _MODE.findall(self.raw):
            modes |= {int(number): action == b"h" for number in numbers.split(b";")}
        return modes

    def is_as_it_was(self) -> bool:
        """Whether the line settings are those from before the start, as `stty` shows them."""
        now: list[Any] = termios.tcgetattr(self._slave)
        return now == self._settings

    def wait_for(self, condition: Callable[[str], bool], what: str) -> str:
        """Wait until something is true of the text on the screen, and return that text.

        Raises:
            AssertionError: It never was; the message shows the screen.
        """
        with self._news:
            if not self._news.wait_for(lambda: condition("\n".join(self._screen.display)), PATIENCE_S):
                shown = "\n".join(line.rstrip() for line in self._screen.display)
                raise AssertionError(f"never: {what} (exit status {self.process.poll()})\n{shown}")
            return "\n".join(self._screen.display)

    def sees(self, *words: str) -> str:
        """Wait until all of the words stand on the screen."""
        return self.wait_for(lambda text: all(word in text for word in words), f"on screen: {words}")

    # What is done to it

    def type(self, text: str) -> None:
        """Type characters."""
        os.write(self._master, text.encode())

    def press(self, *keys: str) -> None:
        """Press keys by the names in `KEYS`."""
        for key in keys:
            os.write(self._master, KEYS[key])

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to the program alone."""
        self.process.send_signal(number)

    def freeze(self) -> None:
        """Read nothing more, as a terminal after Ctrl+S or behind a dead line; the program's output piles up."""
        self._reads.clear()

    def hang_up(self) -> None:
        """Close the terminal, as a window that is closed or a line that is cut."""
        if self._master >= 0:
            master, self._master = self._master, -1
            os.close(master)

    def ends(self, within_s: float = PATIENCE_S) -> int:
        """Wait for the end of the program; its exit status, negative for a signal.

        Raises:
            AssertionError: It still runs.
        """
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {within_s} s\n{self.text}") from None

    def _drain(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65_536)
            except OSError:
                return
            if not data:
                return
            self._reads.wait()
            with self._news:
                self._received(data)
                self._news.notify_all()

    def _received(self, data: bytes) -> None:
        self._raw += data
        self._stream.feed(data)


def environment(profile: Path, **more: str) -> dict[str, str]:
    """The environment of a person whose machine has nothing configured: no key, and servers are not looked for."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(profile.parent),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "HECTOR_TUI_HOME": str(profile),
        "HECTOR_TUI_NO_PROBE": "1",
        **more,
    }


def hector(profile: Path, *options: str, columns: int = 100, rows: int = 30) -> Terminal:
    """The program itself on a profile."""
    return Terminal(["-m", "hector_tui", *options], env=environment(profile), columns=columns, rows=rows)
