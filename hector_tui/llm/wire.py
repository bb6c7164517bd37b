"""What differs between the providers' wire formats: where a request goes, how it looks, and how its answer is read.

Everything else - connections, time limits, retries, bounded memory, what makes an answer complete - is the same for all
of them and stands once, in `network.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from hector_tui.domain.usage import Usage
from hector_tui.llm.base import ModelEvent, ModelRequest, StopReason
from hector_tui.llm.failures import Origin
from hector_tui.llm.secrets import Secret
from hector_tui.llm.sse import ServerSentEvent


class AnswerReader(Protocol):
    """Takes the events of one answer in order and gives the model events they mean."""

    usage: Usage | None
    """What the provider counted until now; None when it said nothing."""

    @property
    def is_finished(self) -> bool:
        """Whether the content is complete: whatever happens from now on costs nothing of the answer."""
        ...

    @property
    def is_closed(self) -> bool:
        """Whether the format's end marker came: nothing follows, so nothing is waited for."""
        ...

    @property
    def content_count(self) -> int:
        """How many pieces of content came, fragments of tool calls included.

        With the first, the request must not be sent again; while it stands still, whatever keeps the connection warm,
        the model is silent.
        """
        ...

    def read(self, event: ServerSentEvent) -> list[ModelEvent]:
        """The events of one piece of the stream.

        Raises:
            BadResponse: It is not of this format.
            ProviderError: It is an error.
        """
        ...

    def take_whole(self, document: Any) -> list[ModelEvent]:
        """The events of an answer that came as one JSON document; raises as `read` does."""
        ...

    def finish(self) -> tuple[list[ModelEvent], StopReason]:
        """What the end of a complete answer releases, such as tool calls, and why it stopped."""
        ...


class Framing(Protocol):
    """Cuts a body into its events."""

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """The events that end in this chunk.

        Raises:
            BadResponse: One is larger than the cap.
        """
        ...


class WireFormat(Protocol):
    """How one provider is spoken to: immutable, shared by all requests of a model."""

    @property
    def model(self) -> str:
        """The provider's name for the model."""
        ...

    @property
    def url(self) -> str:
        """Where requests go; never holds a key, but perhaps a password of a server's, so it is not in the repr."""
        ...

    @property
    def streams_documents(self) -> bool:
        """Whether a body that begins with `{` is a stream, as lines of JSON are, and not an answer sent whole."""
        ...

    def headers(self, key: Secret) -> Mapping[str, str]:
        """The headers of a request beside its content type; the key goes nowhere else."""
        ...

    def body(self, request: ModelRequest) -> bytes:
        """The JSON body of a request."""
        ...

    def framing(self, cap: int) -> Framing:
        """What cuts an answer into events of at most `cap` bytes."""
        ...

    def reader(self, request: ModelRequest, origin: Origin) -> AnswerReader:
        """What reads the answer to a request."""
        ...
