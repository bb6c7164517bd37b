"""`python -m benchmarks.window.provider`: the loopback provider, whose answers say in some words when they were sent.

A question such as `2000 tokens at 100 after 1000 as 7` is answered with 1,000 tokens that come quickly, the words
`Here we go 7`, a second of silence, 2,000 tokens at 100 a second, and the words `That was 7`. A token has 3.6
characters or so, as those of language models; the text is Markdown like theirs. A rate of 0 is as fast as possible.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from benchmarks.transcript import TOKEN_CHARACTERS, sample
from tests.provider.answers import Answer, question_of
from tests.provider.chat import delta_event
from tests.provider.server import LoopbackProvider
from tests.provider.speech import ReceivedRequest

STAMP = re.compile(r"\bt(\d{7})\b")
"""A word that says when it was sent: milliseconds of the monotonic clock, its last seven digits."""
_BLANK = "t0000000"
_WRAP_MS = 10_000_000
_QUESTION = re.compile(r"(\d+) tokens at (\d+)(?: after (\d+))?(?: as (\w+))?")
_TOKEN = re.compile(rf"\s*(?:\b{_BLANK}\b|\S{{1,4}})|\s+")
_LUMP = 50
"""Tokens that travel together where they are to come quickly."""
_SILENCE_S = 1.0


def question(tokens: int, rate: int, name: str, *, after: int = 0) -> str:
    """What to ask for; `name` is a word no other question of the run has."""
    return f"{tokens} tokens at {rate} after {after} as {name}"


def start_of(name: str) -> str:
    """What stands before the measured part of an answer."""
    return f"Here we go {name}"


def end_of(name: str) -> str:
    """What an answer ends with."""
    return f"That was {name}"


def closed(text: str) -> str:
    """Markdown that was cut somewhere, with the end of the code it may have been cut in."""
    return text + fence_end((text,))


def fence_end(pieces: Iterable[str]) -> str:
    """What ends the code in which a text ends; empty when it does not end in code."""
    return "\n```" if "".join(pieces).count("```") % 2 else ""


def age_ms(stamp: str, at: float) -> float:
    """How old a stamp was at a time of the monotonic clock."""
    return (at * 1000 - int(stamp)) % _WRAP_MS


@lru_cache(maxsize=8)
def tokens_of(count: int, seed: int) -> Sequence[str]:
    """So many tokens of Markdown with blank stamps."""
    text = re.sub(r"\b(?:the|and|when|state|rows)\b", _BLANK, sample(round(count * TOKEN_CHARACTERS * 1.5), seed))
    return tuple(_TOKEN.findall(text)[:count])


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer(Answer):
    """An answer in tokens; the stamps are filled in as they are sent.

    Attributes:
        count: Tokens at `rate`.
        after: Tokens that come before them, quickly.
        name: Of the question.
    """

    count: int
    after: int
    name: str

    def pieces(self, body: Iterator[bytes]) -> Iterator[bytes]:
        """The events instead of those made from the text."""
        yield delta_event("")
        quick = tokens_of(self.after, 1) if self.after else ()
        for start in range(0, len(quick), _LUMP):
            yield b"".join(delta_event(token) for token in quick[start : start + _LUMP])
        if self.after:
            yield delta_event(f"{fence_end(quick)}\n\n{start_of(self.name)}\n\n")
            for _ in range(round(_SILENCE_S * self.rate)):
                yield b": silence\n\n"
        blank, slow = _BLANK.encode(), tokens_of(self.count, 2)
        for token in slow:
            piece = delta_event(token)
            if _BLANK in token:
                piece = piece.replace(blank, b"t%07d" % (time.monotonic() * 1000 % _WRAP_MS))
            yield piece
        yield delta_event(f"{fence_end(slow)}\n\n{end_of(self.name)}\n")
        yield delta_event(None)
        yield b"data: [DONE]\n\n"


def respond(request: ReceivedRequest) -> Answer:
    """What a question asks for."""
    asked = _QUESTION.search(question_of(request.body))
    if asked is None:
        return Answer(text="Ask for some tokens at a rate.")
    count, rate, after, name = asked.groups(default="0")
    return TokenAnswer(count=int(count), rate=float(rate), after=int(after), name=name)


async def serve() -> None:
    """Serve until the process is ended; the first line on standard output is the address."""
    async with LoopbackProvider(respond) as provider:
        sys.stdout.write(f"{provider.base_url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
