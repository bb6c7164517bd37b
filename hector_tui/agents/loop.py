"""The loop of the `chain-of-thought` engine: model, tools, model ... until the model asks for no more tools."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Protocol

from hector_tui.agents.approval import refusal
from hector_tui.agents.context import RequestParts
from hector_tui.agents.form import FormedAnswer
from hector_tui.agents.limits import limit_reached
from hector_tui.agents.reasoning import ReasoningState, SentRequest
from hector_tui.domain.events import (
    Notice,
    OutputEvent,
    StateChanged,
    ThinkingDelta,
    ToolCallFinished,
    ToolCallStarted,
    UsageUpdated,
)
from hector_tui.domain.memories import MemoryHit
from hector_tui.domain.messages import Message, user_message
from hector_tui.domain.usage import Usage
from hector_tui.llm.base import (
    Model,
    ModelRequest,
    Retrying,
    Stop,
    StopReason,
    TextChunk,
    ThinkingChunk,
    ToolCall,
    UsageReport,
)
from hector_tui.llm.estimates import broken_off
from hector_tui.tools.base import ToolContext, ToolSet

_MAX_RESULT_CHARACTERS = 50_000
"""A tool's answer is sent to the model up to this length; Hector cut bytes and split characters."""

Emit = Callable[[OutputEvent], None]


class Reasoner(Protocol):
    """What the loop needs of an agent."""

    @property
    def model(self) -> Model:
        """Whom it asks, unless the session chose another."""
        ...

    @property
    def tools(self) -> ToolSet:
        """What it can call."""
        ...

    @property
    def max_iterations(self) -> int:
        """Model calls of one run at most."""
        ...

    def priced(self, usage: Usage, model: str) -> Usage:
        """Tokens with what they cost, by the label of the model that was asked."""
        ...

    def parts(
        self,
        history: Sequence[Message],
        recalled: Sequence[MemoryHit],
        turn: Sequence[Message],
        files: Mapping[str, bytes],
    ) -> RequestParts:
        """What the next request is made of."""
        ...


async def think_and_act(agent: Reasoner, state: ReasoningState, emit: Emit) -> str:
    """Call the model and the tools it asks for until it stops; returns the stop reason.

    Raises:
        LimitReached: It was not allowed another model call, or `emit` took no more.
        ProviderError: The model failed.
    """
    question = user_message(state.turn.text, state.turn.files)
    for iteration in range(1, agent.max_iterations + 1):
        state.iteration = iteration
        parts = agent.parts(state.history, state.recalled, (question, *state.answer.messages()), state.files)
        state.requests.append(SentRequest(parts, iteration, time.time()))
        emit(StateChanged("model", iteration))
        answer = FormedAnswer(parts.output, emit)
        calls, reason = await _ask(agent, parts.request(), state, answer, emit)
        if not calls:
            answer.check()
            if not state.answer.text:
                emit(Notice("warning", "The model gave an empty answer."))
            return reason
        emit(StateChanged("tools", iteration))
        await _act(agent, calls, state, emit)
    raise limit_reached("reasoning.max_iterations", agent.max_iterations, "model calls")


async def _ask(
    agent: Reasoner, request: ModelRequest, state: ReasoningState, answer: FormedAnswer, emit: Emit
) -> tuple[Sequence[ToolCall], str]:
    """One model call; its tool calls are announced when all are known, so that they belong to one step."""
    model = state.model or agent.model
    calls: list[ToolCall] = []
    usage = Usage()
    said: list[str] = []
    stopped: StopReason | None = None
    try:
        async with aclosing(model.stream(request)) as events:
            async for event in events:
                match event:
                    case TextChunk(text):
                        said.append(text)
                        answer.say(text)
                    case ThinkingChunk(text, signature):
                        said.append(text)
                        emit(ThinkingDelta(text, signature))
                    case ToolCall():
                        calls.append(event)
                    case UsageReport(reported):
                        usage = agent.priced(reported, model.label)
                        emit(UsageUpdated(state.usage + usage))
                    case Retrying(wait_s, attempt, why):
                        emit(StateChanged("retrying", state.iteration, time.time() + wait_s, f"try {attempt}: {why}"))
                    case Stop(stopped):
                        pass
    finally:
        answer.release()
        # A call that was cancelled or broke off is spent too, and most providers count at its end only.
        if said and stopped is None:
            usage = agent.priced(broken_off(usage, request, "".join(said)), model.label)
        state.usage = state.usage + usage
    for call in calls:
        emit(ToolCallStarted(call.call_id, call.name, call.arguments, call.signature))
    return calls, (stopped or StopReason.END).value


async def _act(agent: Reasoner, calls: Sequence[ToolCall], state: ReasoningState, emit: Emit) -> None:
    """Run the tools of one step side by side; results find their call by its id."""
    try:
        async with asyncio.TaskGroup() as group:
            for call in calls:
                group.create_task(_call_tool(agent, call, state, emit), name=f"tool-{call.name}")
    except ExceptionGroup as failures:  # a tool's failure is an outcome; what comes here ended the others too
        raise failures.exceptions[0] from failures


async def _call_tool(agent: Reasoner, call: ToolCall, state: ReasoningState, emit: Emit) -> None:
    if agent.tools.asks_first(call.name):
        decision = await state.approver.ask(call, emit)
        if not decision.allowed:
            emit(ToolCallFinished(call.call_id, call.name, refusal(decision), True, 0.0))
            return
    started = time.perf_counter()
    context = ToolContext(key=state.turn.key, turn_id=state.turn.turn_id, call_id=call.call_id, emit=emit)
    outcome = await agent.tools.call(call.name, call.arguments, context)
    text = outcome.text
    if len(text) > _MAX_RESULT_CHARACTERS:
        left_out = len(text) - _MAX_RESULT_CHARACTERS
        text = f"{text[:_MAX_RESULT_CHARACTERS]}\n[{left_out} more characters were left out]"
    emit(ToolCallFinished(call.call_id, call.name, text, outcome.is_error, time.perf_counter() - started))
