"""What every wire format of the loopback provider gives: the bytes of an answer, of a refusal, of a list of models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tests.provider.answers import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRequest:
    """A request as it arrived; header names in lower case, the path with its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def place(self) -> str:
        """The path without its query."""
        return self.path.partition("?")[0]


class Speech(Protocol):
    """One wire format, written from what its provider publishes; a module of this folder each."""

    @property
    def MEDIA_TYPE(self) -> str:  # a constant of a module
        """What the stream of an answer is."""
        ...

    def speaks(self, request: ReceivedRequest) -> bool:
        """Whether a request is of this format."""
        ...

    def events(self, answer: Answer, request: ReceivedRequest) -> Iterator[bytes]:
        """The body of a streamed answer, event by event."""
        ...

    def refusal(self, status: int, words: str) -> bytes:
        """The body of an answer with such a status."""
        ...

    def document(self, request: ReceivedRequest, models: Sequence[str]) -> object:
        """What a request that is no question gets, such as the list of models; None for a question."""
        ...


def event(data: Mapping[str, Any], name: str = "") -> bytes:
    """A server-sent event with JSON data."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def portions(text: str, size: int) -> Iterator[str]:
    """A text in pieces of so many characters."""
    for start in range(0, len(text), size):
        yield text[start : start + size]
