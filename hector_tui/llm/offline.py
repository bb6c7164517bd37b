"""The offline model: a deterministic responder behind the `Model` protocol, for a machine with no key and no server.

It is no language model and says so. What it does is real: it streams, it calls the agent's tools as a model would and
answers from their results in the next request, and it looks questions up in the recalled memories, in the conversation
and in the bundled handbook, quoting each with its source. With a `Script` it says exactly what a test wants.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

from hector_tui.domain.messages import Role
from hector_tui.domain.usage import Usage
from hector_tui.errors import ProviderError
from hector_tui.llm import answers, intents, tour
from hector_tui.llm.base import (
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
from hector_tui.llm.estimates import estimated_usage
from hector_tui.llm.handbook import PassageIndex, read_passages
from hector_tui.llm.script import Gate, Pause, Script, ScriptStep, call, last_user_text, say

DEFAULT_CONTEXT_WINDOW = 32_000
"""Tokens. The offline model has no limit of its own; the number gives the context meter a scale."""

_CHARACTERS_PER_TOKEN = 3.8
_YIELD_EVERY = 16
"""Chunks between two turns given to the event loop when there is no delay."""


class OfflineModel:
    """Answers without any network.

    Args:
        handbook: The folder of Markdown files to look questions up in; read once, at the first question.
        delay_s: Seconds between two chunks, so that streaming can be seen; 0 streams as fast as the loop allows.
        script: What to answer instead of following the rules.
        label: What the screen calls it.
        context_window: In tokens; what the context meter is drawn against.
    """

    def __init__(
        self,
        *,
        handbook: Path | None = None,
        delay_s: float = 0.015,
        script: Script | None = None,
        label: str = "offline",
        context_window: int = DEFAULT_CONTEXT_WINDOW,
    ) -> None:
        self._folder = handbook
        self._delay_s = delay_s
        self._script = script
        self._label = label
        self._context_window = context_window
        self._numbers = itertools.count()
        self._index: PassageIndex | None = None

    def __repr__(self) -> str:
        return f"OfflineModel({self._label!r})"

    @property
    def label(self) -> str:
        """`offline`, unless a test names it."""
        return self._label

    @property
    def context_window(self) -> int:
        """Tokens the context meter is drawn against."""
        return self._context_window

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Answer by the script, or by the rules.

        Raises:
            ProviderError: The script says so.
        """
        number = next(self._numbers)
        step = self._script.choose(request, number) if self._script else await self._respond(request)
        answer = _Answer(request)
        for count, action in enumerate(step, 1):
            match action:
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                case Gate(wait):
                    await wait()
                case ProviderError():
                    raise action
                case event:
                    await self._breathe(count)
                    if (kept := answer.take(event)) is not None:
                        yield kept
            if answer.is_full:
                break
        for event in answer.closing():
            yield event

    async def prepare(self) -> None:
        """Read the handbook."""
        await self._handbook_index()

    async def aclose(self) -> None:
        """Nothing is held."""

    async def _breathe(self, count: int) -> None:
        if self._delay_s > 0:
            await asyncio.sleep(self._delay_s)
        elif count % _YIELD_EVERY == 0:
            await asyncio.sleep(0)

    async def _respond(self, request: ModelRequest) -> ScriptStep:
        step = await self._said(request)
        if request.output is None or any(isinstance(action, ToolCall) for action in step):
            return step
        words = "".join(action.text for action in step if isinstance(action, TextChunk))
        return say(answers.formed(request.output, words))

    async def _said(self, request: ModelRequest) -> ScriptStep:
        index = await self._handbook_index()
        text = last_user_text(request)
        if request.messages and request.messages[-1].role is Role.TOOL:
            results = answers.tool_results(request.messages, index)
            return say(tour.ending(results) if tour.is_tour(text) else results)
        tools = [tool.name for tool in request.tools]
        if tour.is_tour(text):
            return tour.opening(tools)
        if calls := tuple(_tool_call(intent) for intent in intents.tool_intents(text, tools)):
            return calls
        if kind := intents.small_talk(text):
            return say(answers.small_talk(kind, tools))
        return say(answers.looked_up(text, request, index) or answers.nothing_found(tools))

    async def _handbook_index(self) -> PassageIndex:
        if self._index is None:
            # Two first questions at once read the folder twice and keep one of two equal results.
            self._index = await asyncio.to_thread(_build_index, self._folder)
        return self._index


def _build_index(folder: Path | None) -> PassageIndex:
    if folder is None:
        return PassageIndex(())
    try:
        return PassageIndex(read_passages(folder))
    except OSError:
        # An unreadable handbook costs the quotations, not the conversation.
        return PassageIndex(())


def _tool_call(intent: intents.ToolIntent) -> ToolCall:
    match intent:
        case intents.Compute(expression):
            return call(intents.CALCULATOR, expression=expression)
        case intents.TellTime():
            return call(intents.CLOCK)
        case intents.Remember(text):
            return call(intents.REMEMBER, text=text)
        case intents.Recall(question):
            return call(intents.RECALL, question=question)
        case intents.UseTool(name, arguments):
            made = call(name)
            return ToolCall(made.call_id, name, arguments)


class _Answer:
    """Keeps count of what was said: the bound of the request, the usage, and the reason to stop."""

    __slots__ = ("_called", "_characters_left", "_finished", "_reported", "_request", "_text")

    def __init__(self, request: ModelRequest) -> None:
        self._request = request
        self._text: list[str] = []
        self._called = False
        self._finished = False
        self._reported = False
        bound = request.max_tokens
        self._characters_left = None if bound is None else int(bound * _CHARACTERS_PER_TOKEN)

    @property
    def is_full(self) -> bool:
        """Whether nothing more may be said."""
        return self._finished or (self._characters_left is not None and self._characters_left <= 0)

    def take(self, event: ModelEvent) -> ModelEvent | None:
        """Note an event and give it back, shortened to the bound; None when nothing is left of it."""
        match event:
            case TextChunk(text):
                if self._characters_left is not None:
                    text = text[: self._characters_left]
                    self._characters_left -= len(text)
                self._text.append(text)
                return TextChunk(text) if text else None
            case ThinkingChunk(text):
                self._text.append(text)
            case ToolCall(_, name, arguments):
                self._called = True
                self._text.append(name + arguments)
            case UsageReport():
                self._reported = True
            case Stop():
                self._finished = True
            case Retrying():
                pass
        return event

    def closing(self) -> tuple[ModelEvent, ...]:
        """What the protocol wants at the end and the step did not hold."""
        if self._finished:
            return ()
        reason = StopReason.TOOL_CALLS if self._called else StopReason.LENGTH if self.is_full else StopReason.END
        return (Stop(reason),) if self._reported else (UsageReport(self._usage()), Stop(reason))

    def _usage(self) -> Usage:
        return replace(estimated_usage(self._request, "".join(self._text)), cost=0.0)
