"""From the events of a run to the messages of its turn.

The run, crash recovery and any reader of a journal use this one piece. What it guarantees to the next request: every
tool call has a result, right after the message that asked for it - providers reject a history where one is missing.
"""

from __future__ import annotations

from hector_tui.domain.events import (
    OutputEvent,
    StateChanged,
    TextDelta,
    ThinkingDelta,
    ToolCallFinished,
    ToolCallOutput,
    ToolCallStarted,
)
from hector_tui.domain.messages import Message, Part, Role, TextPart, ThinkingPart, ToolCallPart, ToolResultPart


class _Step:
    """One model answer and the results of the tools it asked for."""

    __slots__ = ("_open", "_opened", "calls", "outputs", "parts", "results")

    def __init__(self) -> None:
        self.parts: list[TextPart | ThinkingPart] = []
        """What was said and thought, in the order it came: a model may think again between two texts."""
        self._open: type[TextPart] | type[ThinkingPart] = TextPart
        self._opened: list[str] = []
        """The words of the part that is still arriving, and its kind."""
        self.calls: list[ToolCallPart] = []
        self.results: dict[str, ToolResultPart] = {}
        self.outputs: dict[str, list[str]] = {}

    @property
    def is_empty(self) -> bool:
        return not (self.parts or self._opened or self.calls)

    @property
    def said(self) -> list[TextPart | ThinkingPart]:
        """What was said and thought until now, the part that is still arriving included."""
        return [*self.parts, self._open("".join(self._opened))] if self._opened else self.parts

    def say(self, text: str) -> None:
        """Take more words."""
        self._go_on_with(TextPart)
        self._opened.append(text)

    def think(self, text: str, signature: str) -> None:
        """Take more of a thought; a signature proves the thought before it, so it ends one."""
        self._go_on_with(ThinkingPart)
        self._opened.append(text)
        if signature:
            self.parts.append(ThinkingPart("".join(self._opened), signature))
            self._opened.clear()

    def _go_on_with(self, kind: type[TextPart] | type[ThinkingPart]) -> None:
        if self._open is not kind:
            self.parts = list(self.said)
            self._opened.clear()
            self._open = kind

    def messages(self, unfinished: str) -> list[Message]:
        parts: list[Part] = [*self.said, *self.calls]
        found = [Message(Role.ASSISTANT, tuple(parts))]
        if self.calls:
            results = tuple(self._result(call, unfinished) for call in self.calls)
            found.append(Message(Role.TOOL, results))
        return found

    def _result(self, call: ToolCallPart, unfinished: str) -> ToolResultPart:
        if (result := self.results.get(call.call_id)) is not None:
            return result
        said = "".join(self.outputs.get(call.call_id, ()))
        text = f"{said}\n[{unfinished}]" if said else f"[{unfinished}]"
        return ToolResultPart(call.call_id, call.name, text, is_error=True)


class TurnAssembler:
    """Collects events and gives the assistant and tool messages they amount to."""

    __slots__ = ("_steps",)

    def __init__(self) -> None:
        self._steps: list[_Step] = [_Step()]

    def apply(self, event: OutputEvent) -> None:
        """Take one event; kinds that say nothing about the messages are ignored."""
        step = self._steps[-1]
        match event:
            case TextDelta(text):
                step.say(text)
            case ThinkingDelta(text, signature):
                step.think(text, signature)
            case ToolCallStarted(call_id, name, arguments, signature):
                step.calls.append(ToolCallPart(call_id, name, arguments, signature))
            case ToolCallOutput(call_id, text):
                step.outputs.setdefault(call_id, []).append(text)
            case ToolCallFinished(call_id, name, text, is_error, duration_s):
                step.results[call_id] = ToolResultPart(call_id, name, text, is_error, duration_s)
            case StateChanged(phase="model") if not step.is_empty:
                self._steps.append(_Step())
            case _:
                pass

    @property
    def text(self) -> str:
        """All words of the answer so far, parted by blank lines where something else came between them."""
        parts = (part for step in self._steps for part in step.said)
        return "\n\n".join(part.text for part in parts if isinstance(part, TextPart))

    def messages(self, *, unfinished: str = "cancelled") -> tuple[Message, ...]:
        """The messages so far.

        Args:
            unfinished: What a tool call without an answer gets as its result, in brackets.
        """
        return tuple(message for step in self._steps if not step.is_empty for message in step.messages(unfinished))
