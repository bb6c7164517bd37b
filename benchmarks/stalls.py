"""How long hostile Markdown keeps the interface from answering a key: the longest callback of the event loop.

Each bomb is shown whole, streamed as fast as it is taken, scrolled through from the top, and laid out again for another
width and another theme, in a Textual app of 120x40 that paints everything but has no terminal. What counts is the CPU
time of the longest callback, because the wall clock of a shared machine measures the neighbours as well. 100 ms is
where a person notices.

    python -m benchmarks.stalls [--only WORD] [--characters 200000]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable

from textual.app import App, ComposeResult

from hector_tui.ui.text import clean
from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import AnswerEntry, UserEntry
from hector_tui.ui.transcript.preload import preload
from hector_tui.ui.transcript.widget import Transcript
from tests.ui.transcript.bombs import BOMBS

NOTICED_MS = 100.0
CHUNK = 2_048
"""Characters that arrive at once."""
PAGES = 12
"""Screens scrolled through from the top."""
WIDTHS = (120, 71)
"""Columns of the transcript, before and after it is made narrower."""
ACTIONS = ("show", "stream", "scroll", "resize", "theme")


class Longest:
    """Knows the longest callback of the event loop since it was last asked."""

    def __init__(self) -> None:
        self._seconds = 0.0
        run = asyncio.Handle._run

        def timed(handle: asyncio.Handle) -> None:
            before = time.thread_time()
            run(handle)
            self._seconds = max(self._seconds, time.thread_time() - before)

        # asyncio has no hook for this short of its debug mode, which slows everything down.
        setattr(asyncio.Handle, "_run", timed)  # noqa: B010

    def take_ms(self) -> float:
        """The longest one in milliseconds; starts anew."""
        seconds, self._seconds = self._seconds, 0.0
        return seconds * 1000


class StallsApp(App[None]):
    """Shows one bomb after the other, and measures each.

    Args:
        bombs: Texts by name.
        report: Called with a name and the milliseconds of each of `ACTIONS`.
    """

    def __init__(self, bombs: dict[str, str], report: Callable[[str, list[float]], None]) -> None:
        super().__init__()
        self._bombs = bombs
        self._report = report
        self._longest = Longest()
        self._transcript = Transcript()

    def compose(self) -> ComposeResult:
        """Nothing but the transcript."""
        yield self._transcript

    def on_mount(self) -> None:
        """Start to measure."""
        self.run_worker(self._measure())

    async def _measure(self) -> None:
        preload()
        await self._explode("plain words " * 2_000)
        for name, text in self._bombs.items():
            self._report(name, await self._explode(text))
        self.exit()

    async def _explode(self, text: str) -> list[float]:
        """The longest callback of each action, in milliseconds."""
        transcript = self._transcript
        transcript.styles.width = WIDTHS[0]
        transcript.show(TranscriptDocument())
        await self._settle()
        document = TranscriptDocument([UserEntry("Well?"), AnswerEntry("bot", clean(text), finished=True)])
        self._longest.take_ms()
        asyncio.get_running_loop().call_soon(transcript.show, document)
        await self._settle()
        measured = [self._longest.take_ms()]
        await self._stream(text)
        measured.append(self._longest.take_ms())
        transcript.show(document)
        await self._settle()
        transcript.scroll_home()
        for _ in range(PAGES):
            await self._settle()
            asyncio.get_running_loop().call_soon(transcript.action_scroll_pages, 1)
        await self._settle()
        measured.append(self._longest.take_ms())
        transcript.styles.width = WIDTHS[1]
        await self._settle()
        measured.append(self._longest.take_ms())
        self.theme = "textual-light" if self.theme == "textual-dark" else "textual-dark"
        await self._settle()
        measured.append(self._longest.take_ms())
        return measured

    async def _stream(self, text: str) -> None:
        answer = AnswerEntry("bot")
        self._transcript.show(TranscriptDocument([answer]))
        for start in range(0, len(text), CHUNK):
            answer.append(clean(text[start : start + CHUNK]))
            await asyncio.sleep(0.001)
        answer.finish()
        await self._settle()

    async def _settle(self) -> None:
        """Wait until the document has been parsed and painted."""
        quiet = 0
        while quiet < 3:
            await asyncio.sleep(0.005)
            quiet = 0 if self._transcript.document.behind else quiet + 1


def main() -> int:
    """Measure every bomb and print the table; returns 1 when one of them is noticed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default="", help="bombs with this in their name")
    options.add_argument("--characters", type=int, default=200_000, help="of each bomb, at most")
    chosen = options.parse_args()
    bombs = {name: text[: chosen.characters] for name, text in BOMBS.items() if chosen.only in name}
    worst: list[float] = []

    def report(name: str, measured: list[float]) -> None:
        worst.append(max(measured))
        mark = "" if worst[-1] <= NOTICED_MS else "  too long"
        _say(f"{name:<30}" + "".join(f"{milliseconds:>9.0f}" for milliseconds in measured) + mark)

    _say(f"{'longest callback, ms CPU':<30}" + "".join(f"{action:>9}" for action in ACTIONS))
    StallsApp(bombs, report).run(headless=True, size=(WIDTHS[0], 40))
    _say(f"\nlongest of all {max(worst, default=0.0):.0f} ms   (goal up to {NOTICED_MS:.0f})")
    return int(max(worst, default=0.0) > NOTICED_MS)


def _say(line: str) -> None:
    sys.__stdout__.write(line + "\n") if sys.__stdout__ is not None else None


if __name__ == "__main__":
    raise SystemExit(main())
