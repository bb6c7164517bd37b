"""What the fault suite needs to know of a wire format, and reading a body with it, without a connection.

A new format: a `Subject` in a module of its own beside `chat.py`, its recordings in `recordings/NAME/`, its speech in
`tests/provider/`, and its name in `subjects.py`. Every test of this folder then runs for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from hector_tui.domain.usage import Usage
from hector_tui.errors import ProviderError
from hector_tui.llm.base import ModelEvent, ModelRequest, StopReason, ToolCall
from hector_tui.llm.failures import Origin
from hector_tui.llm.network import NetworkModel
from hector_tui.llm.secrets import Secret
from hector_tui.llm.sse import DEFAULT_EVENT_CAP
from hector_tui.llm.wire import WireFormat
from tests.provider import Answer, ReceivedRequest
from tests.provider.speeches import speech_of
from tests.provider.talk import Heard, ask

Kind = Literal["text", "thinking", "parallel_tools", "refusal", "length", "error"]
KINDS: tuple[Kind, ...] = ("text", "thinking", "parallel_tools", "refusal", "length", "error")
"""What every format has a recording of."""
RECORDINGS = Path(__file__).parent / "recordings"
ORIGIN = Origin(where="http://loop", model="loop-1", key=Secret(""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a recorded body says.

    Attributes:
        stop: None when it ends with an error.
        error: A part of that error's message.
        signatures: The signatures of the thoughts, in order, as our events carry them.
    """

    text: str = ""
    thinking: str = ""
    signatures: tuple[str, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    usage: Usage = field(default_factory=Usage)
    stop: StopReason | None = None
    error: str = ""


class MakeWire(Protocol):
    """Makes a wire format for an address, with the settings of its model."""

    def __call__(self, base_url: str) -> WireFormat: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A wire format under test.

    Attributes:
        name: Also of its folder of recordings.
        path: Where the provider is asked.
        wire: Makes it.
        key_header: Name and value of the header that carries a key.
        recordings: What the body in each file says; every one of `KINDS` is there.
        complete_from: How many bytes of a body make a complete answer; more than it has when none do.
        keep_alive: What its servers send to keep a silent connection open, one of it.
        is_sse: Whether it streams server-sent events; if not, lines.
        calls_stream: Whether a tool call comes out as soon as it is complete, before the answer is.
        calls_come_whole: Whether a tool call is one piece in this format, so that it cannot be cut in the middle.
        reports_cache: Whether its usage counts cached tokens apart.
        reports_reasoning: Whether its usage counts reasoning tokens apart.
        signs_thoughts: Whether a thought comes with a proof that is sent back.
        complaints: The provider's own rules for the messages of a request, as strict as it says: what breaks them.
        refusal: The body of an error with some words.
    """

    name: str
    path: str
    wire: MakeWire
    key_header: Callable[[str], tuple[str, str]]
    recordings: Mapping[str, Recording]
    complete_from: Callable[[bytes], int]
    complaints: Callable[[Mapping[str, Any]], list[str]]
    refusal: Callable[[int, str], bytes]
    keep_alive: bytes = b": ping\n\n"
    is_sse: bool = True
    calls_stream: bool = False
    calls_come_whole: bool = False
    reports_cache: bool = True
    reports_reasoning: bool = False
    signs_thoughts: bool = False

    def recorded(self, kind: str) -> bytes:
        """The body of a recording."""
        (file,) = (RECORDINGS / self.name).glob(f"{kind}.*")
        return file.read_bytes()

    def model(self, base_url: str, **options: Any) -> NetworkModel:
        """A model that is spoken to in this format."""
        return NetworkModel(self.wire(base_url), base_url=base_url, **options)


@dataclass(slots=True)
class Read:
    """A body as far as it was read.

    Attributes:
        counts: `content_count` after each piece.
        finished: `is_finished` after each piece.
    """

    events: list[ModelEvent] = field(default_factory=list)
    usage: Usage | None = None
    reason: StopReason | None = None
    error: ProviderError | None = None
    finished: list[bool] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    @property
    def heard(self) -> Heard:
        """The events, for their text, thoughts and calls."""
        return Heard(self.events, self.error)


def read(
    subject: Subject, pieces: Iterable[bytes], request: ModelRequest | None = None, *, cap: int = DEFAULT_EVENT_CAP
) -> Read:
    """Read a body in pieces, as `NetworkModel` does; a finished answer gives up what its end releases."""
    wire = subject.wire("http://loop")
    framing, reader = wire.framing(cap), wire.reader(request or ask("hello"), ORIGIN)
    found = Read()
    for piece in pieces:
        try:
            for event in () if reader.is_closed else framing.feed(piece):
                found.events += reader.read(event)
                if reader.is_closed:
                    break
        except ProviderError as error:
            found.error = error
        found.finished.append(reader.is_finished or reader.is_closed)
        found.counts.append(reader.content_count)
        if found.error is not None:
            return found
    if found.finished and found.finished[-1]:
        released, found.reason = reader.finish()
        found.events += released
    found.usage = reader.usage
    return found


def body_of(subject: Subject, answer: Answer) -> bytes:
    """A scripted answer as the provider writes it in this format."""
    model = subject.wire("http://loop").model
    asked = {"model": model, "stream": True, "stream_options": {"include_usage": True}}
    request = ReceivedRequest(method="POST", path=subject.path, headers={}, body=asked)
    speech = speech_of(request)
    return b"".join(speech.events(answer, request))


def first_content(subject: Subject, body: bytes) -> int:
    """How many bytes of a body hold its first piece of content."""
    counts = read(subject, (body[at : at + 1] for at in range(len(body)))).counts
    return next(size for size, count in enumerate(counts, 1) if count)


def after_line(body: bytes, marker: bytes, ends: int = 1) -> int:
    """How many bytes reach to the end of the line that holds a marker, with so many line ends; else more than all."""
    found = body.find(marker)
    if found < 0:
        return len(body) + 1
    at = found
    for _ in range(ends):
        at = body.find(b"\n", at) + 1
    return at
