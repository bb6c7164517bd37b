"""What the loopback provider answers, whatever the wire format, and how it goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hector_tui.llm.base import StopReason
from hector_tui.llm.script import nonce_of, words_of

Cut = Literal["end", "fin", "rst"]
"""How a cut ends the body: as if complete, by closing the connection, or by resetting it."""
Framing = Literal["chunked", "close", "length"]

INPUT_TOKENS = 10
"""What every answer reports as its input, of which `CACHED_TOKENS` came from a cache; its output is its words."""
CACHED_TOKENS = 4


@dataclass(frozen=True, slots=True)
class WireCall:
    """A tool call as it goes over the wire; the arguments are sent in pieces of `piece` characters."""

    call_id: str
    name: str
    arguments: str
    piece: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer.

    Attributes:
        text: Streamed word by word.
        thinking: Streamed before it, with the `signature` where the format has one.
        stop: Why it stops; None takes what follows from the calls.
        finish_reason: The same in the format's own word; `none` leaves out what would say it.
        failure: An error in these words, within the stream instead of its end, or as the body of another status.
        raw: The body itself, instead of one made from text, thinking and calls.
        usage: Whether the token counts are sent (where the format lets a request choose: when it asks for them).
        done: Whether the format's end marker is sent.
        rate: Events per second; 0 sends as fast as the client reads.
        stall_before_headers: Says nothing at all until the client leaves.
        stall_after: Stops after so many bytes of the body, until the client leaves.
        cut_after: Ends after so many bytes of the body, in the way `cut` says.
        piece: Sends the body in pieces of so many bytes, each in a chunk of its own.
    """

    text: str = ""
    thinking: str = ""
    signature: str = ""
    calls: tuple[WireCall, ...] = ()
    stop: StopReason | None = None
    finish_reason: str | None = None
    failure: str = ""
    usage: bool = True
    done: bool = True
    raw: bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    rate: float = 0.0
    stall_before_headers: bool = False
    stall_after: int | None = None
    cut_after: int | None = None
    cut: Cut = "fin"
    piece: int | None = None
    framing: Framing = "chunked"

    @property
    def said(self) -> int:
        """What it reports as its output, in tokens: its words."""
        return len(words_of(self.text)) + len(words_of(self.thinking))

    def reason(self, words: Mapping[StopReason, str]) -> str:
        """Why it stops in the format's words; `none` when that is not to be said."""
        usual = StopReason.TOOL_CALLS if self.calls else StopReason.END
        return self.finish_reason or words[self.stop or usual]

    def pieces(self, body: Iterator[bytes]) -> Iterator[bytes]:
        """The body in the pieces it is sent in."""
        left = self.cut_after
        for event in self._cut_to_size(body):
            part = event if left is None else event[:left]
            if part:
                yield part
            if left is not None:
                left -= len(part)
                if left <= 0:
                    return

    def _cut_to_size(self, body: Iterator[bytes]) -> Iterator[bytes]:
        if self.piece is None:
            yield from body
            return
        whole = b"".join(body)
        for start in range(0, len(whole), self.piece):
            yield whole[start : start + self.piece]


def echo(request: Mapping[str, Any], *, words: int = 20, rate: float = 0.0) -> Answer:
    """Words that each carry the nonce of the last user message, so that a leak between sessions shows."""
    nonce = nonce_of(question_of(request))
    return Answer(text=" ".join(f"{nonce}:{number}" for number in range(words)), rate=rate)


def question_of(body: Mapping[str, Any]) -> str:
    """The words of the last user message of a request of any format; empty when there is none."""
    for name in ("messages", "contents", "input"):
        said = body.get(name)
        if isinstance(said, str):
            return said
        for message in reversed(said or ()):
            if message.get("role") == "user" and (text := _words(message)):
                return text
    return ""


def _words(node: Any) -> str:
    """The text in a message, in a part of one, or in a list of them."""
    match node:
        case str():
            return node
        case list():
            return "".join(_words(inner) for inner in node)
        case {"text": str(text)}:
            return text
        case {"content": inner, "type": "message"} | {"content": inner, "role": _} | {"parts": inner}:
            return _words(inner)
        case _:
            return ""
