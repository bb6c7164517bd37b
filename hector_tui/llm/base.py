"""The `Model` protocol: a request goes in, typed events come out, and the last one is always `Stop`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from hector_tui.domain.memories import MemoryHit
from hector_tui.domain.messages import Message
from hector_tui.domain.tools import ToolSpec
from hector_tui.domain.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """Everything one call to a model needs.

    Attributes:
        system: The system prompt, already filled with slots and recalled memories.
        messages: History and the current turn, oldest first; every tool call has its result.
        max_tokens: Bound on the answer in tokens; None leaves it to the provider.
        recalled: The memories the system prompt already contains, as values; wire formats ignore them.
    """

    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    temperature: float | None = None
    max_tokens: int | None = None
    recalled: tuple[MemoryHit, ...] = field(default=(), repr=False)


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
    """More of the model's reasoning."""

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A complete tool call; `arguments` is JSON text as the model wrote it, not checked."""

    call_id: str
    name: str
    arguments: str


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
        """Load what the first request will need, in the background; nothing is sent."""
        ...

    async def aclose(self) -> None:
        """Release connections; the model is not used afterwards."""
        ...
