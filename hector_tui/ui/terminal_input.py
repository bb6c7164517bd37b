r"""What the terminal types: Textual's parser, with its mistakes about pastes, Enter and Alt put right.

Textual 8.2 looks for keys inside a bracketed paste too: an escape character in a paste makes the 32 characters after
it keys, with Enter among them, and they come before the paste they belong to. It reads Alt+Enter of terminals without
the Kitty protocol (ESC CR) as a plain Enter, which sends, and xterm's Shift+Enter (`ESC [ 27 ; 2 ; 13 ~`) as a key
that does not exist. Alt with a digit (ESC 1) it turns into the sign a Mac types with Option, such as `¡`. And what a
terminal answers with a string in it, such as its background colour (`ESC ] 11 ; rgb:... ESC \`) or its name, it takes
for keys, which would stand in the prompt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.message import Message

_ENTER_WITH_MODIFIER = re.compile(r"\x1b(\r)|\x1b\[27;([235]);13~")
_MODIFIERS = {"\r": "alt", "2": "shift", "3": "alt", "5": "ctrl"}
_ALT_DIGIT = re.compile(r"\x1b([0-9])")
_STRING = r"\x1b(?:\][0-9][^\x07\x1b]*|P[0-9>!=+$|][^\x1b]*|[_^X][^\x1b]*)"
"""A string a terminal sends: OSC, DCS, APC, PM or SOS; the first two begin so that Alt+] and Alt+P are none."""
_REPLY = re.compile(_STRING + r"(?:\x07|\x1b\\)")
_REPLY_BEGUN = re.compile(_STRING + r"\x1b?\Z")
_LONGEST_REPLY = 4_096
"""Characters of an unfinished reply that are waited for; a longer one is none, or nobody ends it."""
_LEAST_HELD = 3
"""Characters of a marker cut in half by a read that are worth waiting for: a lone ESC or ESC [ may be a key."""


class TerminalParser(XTermParser):
    """Takes pastes out of the stream before the keys are parsed."""

    def __init__(self, debug: bool = False) -> None:
        self._held = ""
        self._paste: list[str] | None = None
        super().__init__(debug)

    def feed(self, data: str) -> Iterable[Message]:
        """Yield the events of what was read; an empty string is the end of the input."""
        if not data:
            yield from super().feed(data)
            return
        data, self._held = self._held + data, ""
        while data:
            if self._paste is None:
                keys, data = self._until(BRACKETED_PASTE_START, data, least_held=_LEAST_HELD)
                yield from self._keys(self._without_replies(keys, at_end=not data))
                if data.startswith(BRACKETED_PASTE_START):
                    data = data.removeprefix(BRACKETED_PASTE_START)
                    self._paste = []
            else:
                text, data = self._until(BRACKETED_PASTE_END, data, least_held=1)
                self._paste.append(text)
                if data.startswith(BRACKETED_PASTE_END):
                    data = data.removeprefix(BRACKETED_PASTE_END)
                    # Without NUL, as Textual does it: https://github.com/Textualize/textual/issues/1661
                    yield events.Paste("".join(self._paste).replace("\x00", ""))
                    self._paste = None

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if digit := _ALT_DIGIT.fullmatch(sequence):
            yield events.Key(f"alt+{digit[1]}", None)
        else:
            yield from super()._sequence_to_key_events(sequence, alt)

    def _until(self, marker: str, data: str, *, least_held: int) -> tuple[str, str]:
        """Split before a marker; what may be the beginning of one is held back for the next read."""
        before, found, after = data.partition(marker)
        if found:
            return before, found + after
        for length in range(len(marker) - 1, least_held - 1, -1):
            if data.endswith(marker[:length]):
                self._held = data[-length:]
                return data[:-length], ""
        return data, ""

    def _without_replies(self, data: str, *, at_end: bool) -> str:
        """Leave out what the terminal says by itself; what may be the beginning of that is held back."""
        if "\x1b" not in data:
            return data
        data = _REPLY.sub("", data)
        begun = _REPLY_BEGUN.search(data) if at_end else None
        if begun is None or len(begun[0]) > _LONGEST_REPLY or len(begun[0]) <= _LEAST_HELD:
            return data
        self._held = begun[0] + self._held
        return data[: begun.start()]

    def _keys(self, data: str) -> Iterable[Message]:
        place = 0
        for enter in _ENTER_WITH_MODIFIER.finditer(data):
            if enter.start() > place:
                yield from super().feed(data[place : enter.start()])
            yield events.Key(f"{_MODIFIERS[enter[1] or enter[2]]}+enter", None)
            place = enter.end()
        if place < len(data):
            yield from super().feed(data[place:])


def use_terminal_parser() -> None:
    """Make Textual's driver for Linux and macOS use `TerminalParser`; call it before the app runs.

    The driver names its parser within the method that reads the terminal, and gives no other way to choose one; the
    alternative is a copy of that method.
    """
    from textual.drivers import linux_driver

    linux_driver.XTermParser = TerminalParser  # type: ignore[attr-defined]
