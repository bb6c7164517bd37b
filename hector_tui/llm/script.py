"""Scripts: what a model answers, decided beforehand, for tests and benchmarks."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hector_tui.domain.keys import new_id
from hector_tui.domain.messages import Role
from hector_tui.errors import ProviderError
from hector_tui.llm.base import ModelEvent, ModelRequest, TextChunk, ToolCall

_NONCE = re.compile(r"\b[0-9a-f]{8,64}\b")


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing arrives for a while; `float("inf")` stalls until the stream is closed."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Gate:
    """Nothing arrives until `wait()` returns: a test holds the stream at an exact place without sleeping."""

    wait: Callable[[], Awaitable[object]]


Action = ModelEvent | Pause | Gate | ProviderError
"""An event is streamed, a `Pause` or `Gate` waits, an error is raised and ends the answer."""

ScriptStep = tuple[Action, ...]
"""What one request is answered with. Usage and a `Stop` follow by themselves unless the step holds its own."""


@dataclass(frozen=True, slots=True)
class Script:
    """Chooses the step for a request.

    Attributes:
        choose: Called with the request and its number, from 0, among all requests to this model. Sessions run side by
            side, so a script for several of them looks at the request, not at the number.
    """

    choose: Callable[[ModelRequest, int], ScriptStep]

    @classmethod
    def of(cls, *steps: ScriptStep) -> Script:
        """The nth request gets the nth step; the last step serves every later request.

        Raises:
            ValueError: There are no steps.
        """
        if not steps:
            raise ValueError("a script needs at least one step")
        return cls(lambda _request, number: steps[min(number, len(steps) - 1)])

    @classmethod
    def echo(cls, words: int = 50) -> Script:
        """Every answer has so many words, each carrying the nonce of the message it answers.

        A nonce is the last run of 8 to 64 hexadecimal digits of the last user message, or that message's first word.
        An answer that shows another request's nonce anywhere proves a leak between sessions.
        """

        def choose(request: ModelRequest, _number: int) -> ScriptStep:
            nonce = nonce_of(last_user_text(request))
            return tuple(TextChunk(f"{nonce}:{number} ") for number in range(words))

        return cls(choose)


def say(text: str) -> ScriptStep:
    """A step that streams a text word by word."""
    return tuple(TextChunk(word) for word in words_of(text))


def call(name: str, /, **arguments: object) -> ToolCall:
    """A tool call with a fresh id."""
    return ToolCall(f"call_{new_id()}", name, json.dumps(arguments, ensure_ascii=False))


def words_of(text: str) -> list[str]:
    """A text in word-sized pieces that join to exactly the same text."""
    return re.findall(r"\s*\S+|\s+", text)


def last_user_text(request: ModelRequest) -> str:
    """The words of the newest user message; empty when there is none."""
    for message in reversed(request.messages):
        if message.role is Role.USER:
            return message.text
    return ""


def nonce_of(text: str) -> str:
    """The last run of 8 to 64 hexadecimal digits, else the first word, else `none`."""
    found = _NONCE.findall(text)
    if found:
        return str(found[-1])
    return (text.split() or ["none"])[0]
