"""A run's events as text: the answer on standard output, what happens beside it on standard error."""

from __future__ import annotations

import math
import sys
import time

from hector_tui.cli.output import prints_unicode, warn
from hector_tui.domain.events import (
    MemoryWritten,
    Notice,
    OutputEvent,
    RunCancelled,
    RunFailed,
    StateChanged,
    TextDelta,
    ToolCallFinished,
    ToolCallStarted,
)
from hector_tui.ui.text import Cleaner, clean_line

_SUMMARY_CELLS = 100


class AnswerPrinter:
    """Prints the events of one run as they come."""

    def __init__(self) -> None:
        self._cleaner = Cleaner()
        self._wrote = False
        self._line_open = False
        self._break_before_text = False
        self._bullet, self._arrow = ("·", "→") if prints_unicode() else ("-", "->")

    def show(self, event: OutputEvent) -> None:
        """Print what an event has for a reader."""
        match event:
            case TextDelta(text):
                if self._break_before_text and text:
                    text, self._break_before_text = f"\n\n{text}", False
                self._print(self._cleaner.feed(text))
            case ToolCallStarted():
                # The words before a tool call and those after it are two paragraphs, as they are on the screen.
                self._break_before_text = self._wrote
            case _:
                if remark := self._remark(event):
                    self._end_line_on_screen()
                    warn(remark)

    def finish(self) -> None:
        """End the last line."""
        self._print(self._cleaner.finish())
        if self._line_open:
            self._print("\n")

    def _print(self, text: str) -> None:
        if text:
            self._wrote = True
            self._line_open = not text.endswith("\n")
            print(text, end="", flush=True)

    def _end_line_on_screen(self) -> None:
        """A remark must not stand in the middle of a line; in a pipe the two do not meet, and nothing is added."""
        if self._line_open and sys.stdout.isatty() and sys.stderr.isatty():
            self._print("\n")

    def _remark(self, event: OutputEvent) -> str:
        match event:
            case ToolCallFinished(_, name, text, is_error):
                return f"{self._bullet} {name} {'failed:' if is_error else self._arrow} {_summary(text)}"
            case MemoryWritten(_, text):
                return f"{self._bullet} remembered: {_summary(text)}"
            case Notice(level, text):
                return f"{level}: {text}"
            case StateChanged(phase="retrying", until=until, reason=reason):
                left = math.ceil(until - time.time())
                return f"warning: {reason}: trying again {f'in {left} s' if left > 0 else 'now'}"
            case RunFailed(error):
                return f"hector-tui: {error}"
            case RunCancelled(reason):
                return f"hector-tui: {reason}"
            case _:
                return ""


def _summary(text: str) -> str:
    return clean_line(text, _SUMMARY_CELLS)
