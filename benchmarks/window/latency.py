"""How long a key takes to the screen while sessions stream, and a token from the server to the screen."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.window.figures import Effort, Figure, median, quantile
from benchmarks.window.hidden import RATE, SESSIONS
from benchmarks.window.inside import hidden
from benchmarks.window.profiles import USABLE, stage
from benchmarks.window.provider import STAMP, age_ms, question
from benchmarks.window.watched import Watched

KEY_P50_GOAL_MS, KEY_P99_GOAL_MS, KEY_MARKDOWN_GOAL = 25, 100, 0.25
TOKEN_P50_GOAL_MS, TOKEN_P99_GOAL_MS = 100, 300
_LETTERS = "bcdfghjkmnpqrvwxz"
_PAUSE_S = (0.1, 0.25)
"""The shortest and the longest time between two keys, as somebody types."""
_DELETE = "\x7f"


@dataclass(frozen=True, slots=True)
class Latency:
    """What was seen on the screen, in milliseconds.

    Attributes:
        keys: From each key to its letter.
        tokens: From the sending of each stamped token until it could be read.
    """

    keys: Sequence[float]
    tokens: Sequence[float]


def latency_of(program: Watched, tokens: int, name: str, words: int, letters: int) -> Latency:
    """Ask for a slow answer and type so many words meanwhile, each of which is deleted again."""
    program.says(USABLE)
    program.settle()
    program.ask(question(tokens, RATE, name))
    time.sleep(2.0)
    chance = random.Random(name)
    typed: list[tuple[str, float]] = []
    for _ in range(words):
        word = ""
        for _ in range(letters):
            time.sleep(chance.uniform(*_PAUSE_S))
            letter = chance.choice(_LETTERS)
            word += letter
            typed.append((word, time.monotonic()))
            program.type(letter)
        time.sleep(0.5)
        program.type(_DELETE * letters)
        time.sleep(0.5)
    return _seen(program, typed)


def _seen(program: Watched, typed: Sequence[tuple[str, float]]) -> Latency:
    keys: list[float] = []
    tokens: dict[str, float] = {}
    waiting = list(typed)
    for at, text in program.screens():
        for stamp in STAMP.findall(text):
            # Every stamp counts when it is first seen: it moves up as the answer grows.
            if stamp not in tokens and stamp != "0000000":
                tokens[stamp] = age_ms(stamp, at)
        while waiting and waiting[0][1] <= at and waiting[0][0] in text:
            keys.append(1000 * (at - waiting.pop(0)[1]))
    if waiting:
        raise RuntimeError(f"{len(waiting)} of {len(typed)} keys never came to the screen, first {waiting[0][0]!r}")
    return Latency(keys, list(tokens.values()))


def measure_latency(effort: Effort) -> Iterator[Figure]:
    """Ours with sixteen sessions that stream, one of them shown; the smallest Textual app with its one."""
    words, letters = effort.choose(5, 1), effort.choose(40, 8)
    seconds = words * (letters * _PAUSE_S[1] + 1.0) + 10.0
    tokens = round(seconds * RATE)
    with stage() as made:
        with made.peer("markdown") as markdown:
            theirs = latency_of(markdown, tokens, "markdown", words, letters)
        made.fill("keys", {"shown": 20} | {hidden(number): 20 for number in range(1, SESSIONS)})
        asked = f"{round((seconds + 10.0) * RATE)} tokens at {RATE}"
        with made.inside("keys", "shown", SESSIONS - 1, asked, "--continue") as program:
            ours = latency_of(program, tokens, "ours", words, letters)
    p50, markdown_p50 = median(ours.keys), median(theirs.keys)
    yield Figure(f"ms from a key to its letter, {SESSIONS} streams, p50", p50, KEY_P50_GOAL_MS)
    yield Figure(
        "  as a share of Textual's Markdown with one stream",
        p50 / markdown_p50,
        KEY_MARKDOWN_GOAL,
        f"{markdown_p50:.0f} ms",
    )
    beside = f"Textual's Markdown {quantile(theirs.keys, 0.99):.0f}; {len(ours.keys)} keys"
    yield Figure("ms from a key to its letter, p99", quantile(ours.keys, 0.99), KEY_P99_GOAL_MS, beside)
    beside = f"Textual's Markdown {median(theirs.tokens):.0f}; {len(ours.tokens)} tokens"
    yield Figure("ms from the server to the screen, p50", median(ours.tokens), TOKEN_P50_GOAL_MS, beside)
    beside = f"Textual's Markdown {quantile(theirs.tokens, 0.99):.0f}"
    yield Figure("ms from the server to the screen, p99", quantile(ours.tokens, 0.99), TOKEN_P99_GOAL_MS, beside)
