"""What streaming an answer costs: the transcript against Textual's own Markdown widget, in the same run.

Each case runs as a process of its own in a real pseudo-terminal of 120x40 whose other end is read as fast as it comes.
CPU is the process's own, from the first token to the last frame. Look at the ratios; absolute numbers depend on the
machine.

    python -m benchmarks.transcript [--tokens 2000] [--rate 100] [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import os
import pty
import random
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Markdown

from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import AnswerEntry, Entry, UserEntry
from hector_tui.ui.transcript.widget import Transcript

COLUMNS, ROWS = 120, 40
FRAMES_PER_SECOND = 12
TOKEN_CHARACTERS = 3.6
SETTLE_S = 1.5
"""Seconds for the first frames, before anything is measured."""

SENTENCE = (
    "the agent keeps its state in a queue and every session reads from one shared log while the writer commits a batch "
    "of rows before it answers so that nothing is lost when the process dies in the middle of a turn"
)
WORDS = SENTENCE.split()


@dataclass(frozen=True)
class Case:
    """One measurement."""

    name: str
    app: str
    tokens: int
    rate: float
    already: int = 0
    """Tokens in the same answer before measuring starts."""
    history: int = 0
    """Messages above it."""


@dataclass(frozen=True)
class Result:
    """What one process measured."""

    cpu_s: float
    wall_s: float
    worst_callback_ms: float


def sample(characters: int, seed: int = 7) -> str:
    """Markdown like that of a language model, of about a length: headings, paragraphs, lists, tables, code."""
    chance = random.Random(seed)
    parts: list[str] = []
    size = 0
    while size < characters:
        part = _block(chance)
        parts.append(part)
        size += len(part)
    return "".join(parts)[:characters]


def _sentence(chance: random.Random, words: int) -> str:
    picked = [chance.choice(WORDS) for _ in range(words)]
    place = chance.randrange(words)
    picked[place] = chance.choice(("**{}**", "`{}`", "*{}*", "{}")).format(picked[place])
    return " ".join(picked).capitalize() + "."


def _block(chance: random.Random) -> str:
    match chance.randrange(9):
        case 0:
            return f"## {_sentence(chance, 4)}\n\n"
        case 1 | 2:
            return (
                "".join(f"- {_sentence(chance, chance.randint(5, 16))}\n" for _ in range(chance.randint(3, 7))) + "\n"
            )
        case 3:
            lines = "".join(
                f"    total += rows[{n}] * {n}  # {chance.choice(WORDS)}\n" for n in range(chance.randint(4, 14))
            )
            return f"```python\ndef answer(rows):\n    total = 0\n{lines}    return total\n```\n\n"
        case 4:
            rows = "".join(
                f"| {chance.choice(WORDS)} | {n} | {_sentence(chance, 4)} |\n" for n in range(chance.randint(3, 6))
            )
            return f"| Name | Count | Remark |\n|---|--:|---|\n{rows}\n"
        case _:
            return " ".join(_sentence(chance, chance.randint(8, 20)) for _ in range(chance.randint(2, 5))) + "\n\n"


def chunks(text: str, rate: float) -> Iterator[str]:
    """The text as it arrives within each frame."""
    size = max(1, round(rate / FRAMES_PER_SECOND * TOKEN_CHARACTERS))
    return (text[start : start + size] for start in range(0, len(text), size))


class Probe:
    """Measures CPU from now on, and the longest callback of the event loop.

    Args:
        begun: A file to make, so that the parent counts bytes from now on too.
    """

    def __init__(self, begun: Path) -> None:
        begun.touch()
        self._worst_s = 0.0
        run = asyncio.Handle._run

        def timed(handle: asyncio.Handle) -> None:
            before = time.thread_time()
            run(handle)
            self._worst_s = max(self._worst_s, time.thread_time() - before)

        # asyncio has no hook for this short of its debug mode, which slows everything down.
        setattr(asyncio.Handle, "_run", timed)  # noqa: B010
        self._wall = time.perf_counter()
        self._cpu = time.process_time()

    def result(self) -> Result:
        """What was used since the start."""
        return Result(time.process_time() - self._cpu, time.perf_counter() - self._wall, self._worst_s * 1000)


async def _feed(case: Case, text: str, append: Callable[[str], Awaitable[None] | None], begun: Path) -> Probe:
    """Hand the text over at the case's rate; returns the probe, running."""
    probe = Probe(begun)
    started = time.perf_counter()
    for number, chunk in enumerate(chunks(text, case.rate), start=1):
        outcome = append(chunk)
        if outcome is not None:
            await outcome
        await asyncio.sleep(max(0.0, started + number / FRAMES_PER_SECOND - time.perf_counter()))
    return probe


def run_case(case: Case, report: Path) -> None:
    """The child process: one app, one stream."""
    text = sample(round((case.already + case.tokens) * TOKEN_CHARACTERS))
    cut = round(case.already * TOKEN_CHARACTERS)
    begun = report.with_name("begun")
    app = (_transcript_app if case.app == "transcript" else _markdown_app)(case, text[:cut], text[cut:], begun)
    result = app.run()
    if result is not None:
        report.write_text(json.dumps(asdict(result)))


def _transcript_app(case: Case, before: str, measured: str, begun: Path) -> App[Result]:
    entries: list[Entry] = []
    for number in range(case.history // 2):
        entries.append(UserEntry(_sentence(random.Random(number), 12), "09:14"))
        entries.append(AnswerEntry("planner", sample(1_000, seed=number), finished=True))
    answer = AnswerEntry("planner · model", before)

    class TranscriptApp(App[Result]):
        def compose(self) -> ComposeResult:
            yield Transcript(TranscriptDocument([*entries, UserEntry("Tell me more"), answer]))

        def on_mount(self) -> None:
            self.run_worker(self.stream())

        async def stream(self) -> None:
            await asyncio.sleep(SETTLE_S)
            probe = await _feed(case, measured, answer.append, begun)
            answer.finish()
            await asyncio.sleep(0.1)
            self.exit(probe.result())

    return TranscriptApp()


def _markdown_app(case: Case, before: str, measured: str, begun: Path) -> App[Result]:
    class MarkdownApp(App[Result]):
        def compose(self) -> ComposeResult:
            with VerticalScroll():
                yield Markdown(before, open_links=False)

        def on_mount(self) -> None:
            self.query_one(VerticalScroll).anchor()
            self.run_worker(self.stream())

        async def stream(self) -> None:
            await asyncio.sleep(SETTLE_S)
            stream = Markdown.get_stream(self.query_one(Markdown))
            probe = await _feed(case, measured, stream.write, begun)
            await stream.stop()
            self.exit(probe.result())

    return MarkdownApp()


def measure(case: Case) -> tuple[Result, int]:
    """Run a case in a pseudo-terminal; returns what it measured and the bytes it sent to the terminal."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "result.json"
        arguments = [
            sys.executable,
            "-m",
            "benchmarks.transcript",
            "--case",
            json.dumps(asdict(case)),
            "--report",
            str(report),
        ]
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        child, terminal = pty.fork()
        if child == 0:
            os.execve(sys.executable, arguments, environment)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        begun = report.with_name("begun")
        sent = 0
        last = b""
        while True:
            try:
                last = os.read(terminal, 65_536)
            except OSError:
                # Linux says EIO when the last process of the terminal is gone.
                break
            if not last:
                break
            if begun.exists():
                sent += len(last)
        os.close(terminal)
        status = os.waitpid(child, 0)[1]
        if not report.exists():
            raise SystemExit(f"{case.name} failed with status {status}:\n{last.decode(errors='replace')}")
        return Result(**json.loads(report.read_text())), sent


def main() -> None:
    """Measure every case and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tokens", type=int, default=2_000)
    options.add_argument("--rate", type=float, default=100.0, help="tokens per second")
    options.add_argument("--quick", action="store_true", help="half the tokens at four times the rate")
    options.add_argument("--case", help=argparse.SUPPRESS)
    options.add_argument("--report", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.case:
        run_case(Case(**json.loads(chosen.case)), chosen.report)
        return
    tokens, rate = (chosen.tokens // 2, chosen.rate * 4) if chosen.quick else (chosen.tokens, chosen.rate)
    part = max(200, tokens // 2)
    cases = [
        Case("transcript", "transcript", tokens, rate),
        Case("Markdown + MarkdownStream", "markdown", tokens, rate),
        Case("transcript, after 1k tokens", "transcript", part, rate, already=1_000),
        Case("transcript, after 20k tokens", "transcript", part, rate, already=20_000),
        Case("transcript, 1,000 messages above", "transcript", part, rate, already=1_000, history=1_000),
    ]
    _say(f"{'case':<36}{'tokens':>7}{'CPU s/1k':>10}{'of a core':>11}{'worst ms':>10}{'bytes/token':>13}")
    costs: dict[str, float] = {}
    for case in cases:
        result, sent = measure(case)
        costs[case.name] = result.cpu_s * 1000 / case.tokens
        _say(
            f"{case.name:<36}{case.tokens:>7}{costs[case.name]:>10.2f}{result.cpu_s / result.wall_s:>10.0%} "
            f"{result.worst_callback_ms:>9.0f}{sent / case.tokens:>13.0f}"
        )
    first, theirs, after_1k, after_20k, long_history = costs.values()
    _say(f"\nagainst Markdown              {first / theirs:.2f}   (goal below 0.25)")
    _say(f"20k tokens against 1k         {after_20k / after_1k:.2f}   (goal up to 1.3)")
    _say(f"1,000 messages against none   {long_history / after_1k:.2f}   (goal up to 1.2)")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
