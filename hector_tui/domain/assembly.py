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

    __slots__ = ("calls", "outputs", "results", "text", "thinking", "thoughts")

    def __init__(self) -> None:
        self.thoughts: list[ThinkingPart] = []
        self.thinking: list[str] = []
        """The thought that is still arriving."""
        self.text: list[str] = []
        self.calls: list[ToolCallPart] = []
        self.results: dict[str, ToolResultPart] = {}
        self.outputs: dict[str, list[str]] = {}

    @property
    def is_empty(self) -> bool:
        return not (self.thinking or self.thoughts or self.text or self.calls)

    def think(self, text: str, signature: str) -> None:
        """Take more of a thought; a signature proves the thought before it, so it ends one."""
        self.thinking.append(text)
        if signature:
            self.thoughts.append(ThinkingPart("".join(self.thinking), signature))
            self.thinking.clear()

    def messages(self, unfinished: str) -> list[Message]:
        parts: list[Part] = []
        parts.extend(self.thoughts)
        if self.thinking:
            parts.append(ThinkingPart("".join(self.thinking)))
        if self.text:
            parts.append(TextPart("".join(self.text)))
        parts.extend(self.calls)
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
                step.text.append(text)
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
        """All words of the answer so far, steps separated by blank lines."""
        return "\n\n".join("".join(step.text) for step in self._steps if step.text)

    def messages(self, *, unfinished: str = "cancelled") -> tuple[Message, ...]:
        """The messages so far.

        Args:
            unfinished: What a tool call without an answer gets as its result, in brackets.
        """
        return tuple(message for step in self._steps if not step.is_empty for message in step.messages(unfinished))
