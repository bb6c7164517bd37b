"""What the loopback provider answers, and how it goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hector_tui.llm.script import nonce_of, words_of

Cut = Literal["end", "fin", "rst"]
"""How a cut ends the body: as if complete, by closing the connection, or by resetting it."""
Framing = Literal["chunked", "close", "length"]


@dataclass(frozen=True, slots=True)
class WireCall:
    """A tool call as it goes over the wire; the arguments are sent in pieces of `piece` characters."""

    call_id: str
    name: str
    arguments: str
    piece: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer to a chat completion.

    Attributes:
        text: Streamed word by word.
        raw: The body itself, instead of one made from text, thinking and calls.
        usage: Whether the chunk with the token counts is sent (when the request asks for it).
        done: Whether `[DONE]` is sent.
        rate: Events per second; 0 sends as fast as the client reads.
        stall_before_headers: Says nothing at all until the client leaves.
        stall_after: Stops after so many bytes of the body, until the client leaves.
        cut_after: Ends after so many bytes of the body, in the way `cut` says.
        piece: Sends the body in pieces of so many bytes, each in a chunk of its own.
    """

    text: str = ""
    thinking: str = ""
    calls: tuple[WireCall, ...] = ()
    finish_reason: str | None = None
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

    def pieces(self, request: Mapping[str, Any]) -> Iterator[bytes]:
        """The body in the pieces it is sent in."""
        left = self.cut_after
        for event in self._cut_to_size(self._events(request)):
            part = event if left is None else event[:left]
            if part:
                yield part
            if left is not None:
                left -= len(part)
                if left <= 0:
                    return

    def _cut_to_size(self, events: Iterator[bytes]) -> Iterator[bytes]:
        if self.piece is None:
            yield from events
            return
        body = b"".join(events)
        for start in range(0, len(body), self.piece):
            yield body[start : start + self.piece]

    def _events(self, request: Mapping[str, Any]) -> Iterator[bytes]:
        if self.raw is not None:
            yield self.raw
            return
        model = str(request.get("model", ""))
        yield _event(_chunk(model, {"role": "assistant", "content": ""}))
        for word in words_of(self.thinking):
            yield _event(_chunk(model, {"reasoning_content": word}))
        for word in words_of(self.text):
            yield _event(_chunk(model, {"content": word}))
        for index, call in enumerate(self.calls):
            yield from (_event(_chunk(model, {"tool_calls": [part]})) for part in _call_fragments(index, call))
        reason = self.finish_reason or ("tool_calls" if self.calls else "stop")
        if reason != "none":
            yield _event(_chunk(model, {}, reason))
        if self.usage and (request.get("stream_options") or {}).get("include_usage"):
            said = len(words_of(self.text)) + len(words_of(self.thinking))
            yield _event({**_chunk(model, {}), "choices": [], "usage": _usage(said)})
        if self.done:
            yield b"data: [DONE]\n\n"


def echo(request: Mapping[str, Any], *, words: int = 20, rate: float = 0.0) -> Answer:
    """Words that each carry the nonce of the last user message, so that a leak between sessions shows."""
    users = [message for message in request.get("messages", ()) if message.get("role") == "user"]
    nonce = nonce_of(str(users[-1].get("content", ""))) if users else "none"
    return Answer(text=" ".join(f"{nonce}:{number}" for number in range(words)), rate=rate)


def _call_fragments(index: int, call: WireCall) -> Iterator[dict[str, Any]]:
    function = {"name": call.name, "arguments": ""}
    yield {"index": index, "id": call.call_id, "type": "function", "function": function}
    for start in range(0, len(call.arguments), call.piece):
        yield {"index": index, "function": {"arguments": call.arguments[start : start + call.piece]}}


def _chunk(model: str, delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    """A chunk as OpenAI's reference prints it."""
    return {
        "id": "chatcmpl-123",
        "object": "chat.completion.chunk",
        "created": 1694268190,
        "model": model,
        "system_fingerprint": "fp_44709d6fcb",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}],
    }


def _usage(output_tokens: int) -> dict[str, Any]:
    return {
        "prompt_tokens": 10,
        "completion_tokens": output_tokens,
        "total_tokens": 10 + output_tokens,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }


def _event(data: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"
