"""The next request to a model, and the same in readable parts: both come from one value, so they cannot differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from hector_tui.agents.prompt import PromptTemplate, memory_section
from hector_tui.domain.context import ContextKind, ContextPart, ContextView
from hector_tui.domain.memories import MemoryHit
from hector_tui.domain.messages import (
    FilePart,
    Message,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from hector_tui.domain.tokens import estimate_tokens, messages_tokens, tools_tokens
from hector_tui.domain.tools import ToolSpec
from hector_tui.llm.base import ModelRequest, StructuredOutput
from hector_tui.llm.structured import in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestParts:
    """What a request is made of.

    Attributes:
        history: Messages of earlier turns, oldest first.
        turn: Messages of this turn, the question first.
        output: The form the answer must have; a provider that has a way of its own is asked in that way, and the view
            says it in the words the others get.
        files: The content of the files in both, by their ids.
    """

    prompt: PromptTemplate
    recalled: Sequence[MemoryHit]
    tools: tuple[ToolSpec, ...]
    history: tuple[Message, ...]
    turn: tuple[Message, ...]
    temperature: float | None
    max_tokens: int | None
    output: StructuredOutput | None = None
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def request(self) -> ModelRequest:
        """The request as a model takes it."""
        memory = memory_section(self.recalled)
        return ModelRequest(
            system="\n\n".join(part for part in (self.prompt.text, memory) if part),
            messages=self.history + self.turn,
            tools=self.tools,
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            recalled=tuple(self.recalled),
            output=self.output,
            files=self.files,
        )

    def view(
        self, *, agent_id: str, model: str, window: int, dropped_turns: int, iteration: int, at: float
    ) -> ContextView:
        """The request in readable parts with their tokens."""
        memory = memory_section(self.recalled)
        tools = "\n\n".join(
            f"{tool.name}: {tool.description}\n{json.dumps(tool.parameters, ensure_ascii=False)}" for tool in self.tools
        )
        form = in_words(self.output) if self.output is not None else ""
        draft: ContextKind = "turn" if iteration else "draft"
        parts = (
            ContextPart(kind="system", title="system", text=self.prompt.text, tokens=estimate_tokens(self.prompt.text)),
            ContextPart(kind="memory", title="memory", text=memory, tokens=estimate_tokens(memory)),
            ContextPart(kind="tools", title="tools", text=tools, tokens=tools_tokens(self.tools)),
            ContextPart(kind="form", title="form", text=form, tokens=estimate_tokens(form)),
            ContextPart(
                kind="history", title="history", text=transcript(self.history), tokens=messages_tokens(self.history)
            ),
            ContextPart(kind=draft, title=draft, text=transcript(self.turn), tokens=messages_tokens(self.turn)),
        )
        return ContextView(
            agent_id=agent_id,
            model=model,
            parts=tuple(part for part in parts if part.text),
            window=window,
            dropped_turns=dropped_turns,
            iteration=iteration,
            at=at,
        )


def naming_the_lost(messages: Sequence[Message], files: Mapping[str, bytes]) -> tuple[Message, ...]:
    """Earlier messages, with a remark where a file stood whose content the database lost.

    The model is told, and the conversation goes on: refusing the request would end the session for good.
    """
    return tuple(replace(message, parts=tuple(_kept(part, files) for part in message.parts)) for message in messages)


def _kept(part: Part, files: Mapping[str, bytes]) -> Part:
    if isinstance(part, FilePart) and part.file_id not in files:
        return TextPart(f"[{part.name}: its content is not there any more]")
    return part


def transcript(messages: Sequence[Message]) -> str:
    """Messages as plain text, each under its role."""
    return "\n\n".join(f"[{message.role.value}]\n{_parts(message)}" for message in messages)


def _parts(message: Message) -> str:
    return "\n".join(_part(part) for part in message.parts)


def _part(part: Part) -> str:
    match part:
        case TextPart(text):
            return text
        case ThinkingPart(text):
            return f"(thinking) {text or '[only its provider can read it]'}"
        case FilePart(name=name, media_type=media_type, size=size):
            return f"(file) {name}, {media_type}, {size} bytes"
        case ToolCallPart(call_id, name, arguments):
            return f"(tool call {call_id}) {name} {arguments}"
        case ToolResultPart(call_id, name, text, is_error):
            return f"({'tool error' if is_error else 'tool result'} {call_id}) {name}: {text}"
