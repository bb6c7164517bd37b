"""The `Model` protocol: a request goes in, typed events come out, and the last one is always `Stop`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from hector_tui.domain.memories import MemoryHit
from hector_tui.domain.messages import Message
from hector_tui.domain.tools import ToolSpec
from hector_tui.domain.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class StructuredOutput:
    """The form an answer must have; each wire format asks for it in its own way.

    Attributes:
        format: `json` follows `schema` where there is one; `enum` is one of `choices`; `xml` is asked for in words.
        schema: A JSON Schema; empty for any object.
        choices: The possible answers.
        prefill: The beginning of the answer, put into the model's mouth where the provider lets us.
        property_ordering: The order of the keys.
    """

    format: Literal["json", "enum", "xml"]
    schema: Mapping[str, object] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    prefill: str = ""
    property_ordering: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """Everything one call to a model needs.

    Attributes:
        system: The system prompt, already filled with slots and recalled memories.
        messages: History and the current turn, oldest first; every tool call has its result.
        max_tokens: Bound on the answer in tokens; None leaves it to the provider.
        recalled: The memories the system prompt already contains, as values; wire formats ignore them.
        output: The form the answer must have; None for free text.
        files: The content of every `FilePart` of the messages, by its `file_id`.
    """

    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    temperature: float | None = None
    max_tokens: int | None = None
    recalled: tuple[MemoryHit, ...] = field(default=(), repr=False)
    output: StructuredOutput | None = None
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


class StopReason(StrEnum):
    """Why a model stopped, in our words; each wire format maps its own."""

    END = "end"
    TOOL_CALLS = "tool_calls"
    LENGTH = "length"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True)
class TextChunk:
    """More words of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingChunk:
    """More of the model's reasoning; a signature proves the whole thought before it (see `ThinkingPart`)."""

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A complete tool call; `arguments` is JSON text as the model wrote it, not checked."""

    call_id: str
    name: str
    arguments: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Tokens of this request so far; a later report replaces an earlier one."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Stop:
    """The protocol's own end marker arrived; a stream that ends without one was cut."""

    reason: StopReason


@dataclass(frozen=True, slots=True)
class Retrying:
    """The provider failed before it said anything; the request goes out again after the wait.

    Attributes:
        wait_s: Seconds until the next try; cancelling works during the wait.
        attempt: The try that failed, from 1.
        reason: Why, in one line.
    """

    wait_s: float
    attempt: int
    reason: str


ModelEvent = TextChunk | ThinkingChunk | ToolCall | UsageReport | Retrying | Stop


class Model(Protocol):
    """One model of one provider, shared by every agent that names it, safe for concurrent use."""

    @property
    def label(self) -> str:
        """What the screen calls it, such as `gpt-4o` or `offline`."""
        ...

    @property
    def context_window(self) -> int:
        """Tokens of input and output together the model can hold; 0 when unknown."""
        ...

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Answer a request; ends with exactly one `Stop`.

        Closing the iterator closes the connection at once.

        Raises:
            ProviderError: The provider refused, failed, stalled or sent something that is not its protocol.
        """
        ...

    async def prepare(self) -> None:
        """Load what the first request will need, in the background.

        Nothing of a conversation is sent; a server of one's own may be asked what its model can do.
        """
        ...

    async def aclose(self) -> None:
        """Release connections; the model is not used afterwards."""
        ...
