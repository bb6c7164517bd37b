"""Talking to a model in a test: requests and what came back."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field

from hector_tui.domain.messages import Message, user_message
from hector_tui.domain.tools import ToolSpec
from hector_tui.errors import ProviderError
from hector_tui.llm.base import (
    Model,
    ModelEvent,
    ModelRequest,
    Retrying,
    Stop,
    StopReason,
    TextChunk,
    ThinkingChunk,
    ToolCall,
    UsageReport,
)


@dataclass(frozen=True, slots=True)
class Heard:
    """Everything one request gave."""

    events: list[ModelEvent] = field(default_factory=list)
    error: ProviderError | None = None

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextChunk))

    @property
    def thinking(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, ThinkingChunk))

    @property
    def calls(self) -> list[ToolCall]:
        return [event for event in self.events if isinstance(event, ToolCall)]

    @property
    def retries(self) -> list[Retrying]:
        return [event for event in self.events if isinstance(event, Retrying)]

    @property
    def usage(self) -> UsageReport:
        return [event for event in self.events if isinstance(event, UsageReport)][-1]

    @property
    def stop(self) -> StopReason | None:
        """Why it stopped; None when the last event is no `Stop`."""
        last = self.events[-1] if self.events else None
        return last.reason if isinstance(last, Stop) else None


def ask(*messages: str | Message, tools: tuple[str, ...] = (), system: str = "") -> ModelRequest:
    """A request; text stands for a user message."""
    said = tuple(user_message(message) if isinstance(message, str) else message for message in messages)
    specs = tuple(ToolSpec(name=name, description=f"The {name} tool.") for name in tools)
    return ModelRequest(system=system, messages=said, tools=specs)


async def hear(model: Model, request: ModelRequest | str) -> Heard:
    """The whole answer, with the error that ended it."""
    heard: list[ModelEvent] = []
    stream = model.stream(ask(request) if isinstance(request, str) else request)
    try:
        async with aclosing(stream) as events:
            async for event in events:
                heard.append(event)  # noqa: PERF401  # what was heard before an error counts
    except ProviderError as error:
        return Heard(heard, error)
    return Heard(heard)
