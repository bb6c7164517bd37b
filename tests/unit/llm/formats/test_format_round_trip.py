"""An answered turn is sent back in the next request so that its provider takes it, also when it was cancelled halfway.

The provider's rules stand in `Subject.complaints`, as strict as it states them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from hector_tui.domain.assembly import TurnAssembler
from hector_tui.domain.events import (
    OutputEvent,
    StateChanged,
    TextDelta,
    ThinkingDelta,
    ToolCallFinished,
    ToolCallStarted,
)
from hector_tui.domain.messages import Message, Role, TextPart, ThinkingPart, ToolCallPart, ToolResultPart, user_message
from hector_tui.llm.base import ModelEvent, TextChunk, ThinkingChunk, ToolCall
from tests.provider import Answer, LoopbackProvider, WireCall
from tests.provider.talk import ask, hear
from tests.unit.llm.formats.conftest import MakeModel
from tests.unit.llm.formats.subject import Subject
from tests.unit.llm.formats.subjects import SUBJECTS

SIGNATURE = "EqQBCgIYAhIM1gbcDa9GJwZA2b3h"
CALLS = (WireCall("call_abc", "get_weather", '{"city": "Zürich"}'), WireCall("call_def", "get_time", "{}"))
FIRST = Answer(thinking="Both are needed. ", signature=SIGNATURE, text="Let me look. ", calls=CALLS)
SECOND = Answer(thinking="Now I know. ", signature=SIGNATURE, text="Sunny, and noon.")


def happened(step: Sequence[ModelEvent]) -> Iterator[OutputEvent]:
    """What a run says of one answer: calls when it has ended, then their results."""
    yield StateChanged("model")
    calls = [event for event in step if isinstance(event, ToolCall)]
    for event in step:
        match event:
            case TextChunk(text):
                yield TextDelta(text)
            case ThinkingChunk(text, signature):
                yield ThinkingDelta(text, signature)
    for call in calls:
        yield ToolCallStarted(call.call_id, call.name, call.arguments, call.signature)
    for number, call in enumerate(calls):
        yield ToolCallFinished(
            call.call_id, call.name, "" if number else "sunny", is_error=bool(number), duration_s=0.1
        )


async def turn(make_model: MakeModel) -> list[OutputEvent]:
    """Everything a run of two answers with tools between them says."""
    async with LoopbackProvider([FIRST, SECOND]) as provider:
        model = make_model(provider)
        steps = [await hear(model, "What now?") for _ in range(2)]
    assert [step.error for step in steps] == [None, None]
    assert len(steps[0].calls) == 2
    return [event for step in steps for event in happened(step.events)]


def messages_after(events: Sequence[OutputEvent]) -> tuple[Message, ...]:
    """What is stored of a run that was cancelled after these events."""
    assembler = TurnAssembler()
    for event in events:
        assembler.apply(event)
    return assembler.messages()


def sent(subject: Subject, *messages: Message) -> dict[str, Any]:
    request = ask(*messages, tools=("get_weather", "get_time"), system="Be kind.")
    body = json.loads(subject.wire("http://loop").body(request))
    assert isinstance(body, dict)
    return body


def strings(node: Any) -> Iterator[str]:
    match node:
        case str():
            yield node
        case list():
            for inner in node:
                yield from strings(inner)
        case Mapping():
            for inner in node.values():
                yield from strings(inner)


async def test_an_answered_turn_is_sent_back_valid_and_with_its_proofs(subject: Subject, make_model: MakeModel) -> None:
    messages = messages_after(await turn(make_model))
    assert [message.role for message in messages] == [Role.ASSISTANT, Role.TOOL, Role.ASSISTANT]
    within = sent(subject, user_message("What now?"), *messages[:2])
    assert subject.complaints(within) == []
    assert "Zürich" in json.dumps(within, ensure_ascii=False)
    after = sent(subject, user_message("What now?"), *messages, user_message("And tomorrow?"))
    assert subject.complaints(after) == []
    thoughts = [part for message in messages for part in message.parts if isinstance(part, ThinkingPart)]
    assert [SIGNATURE in thought.signature for thought in thoughts] == [subject.signs_thoughts] * 2
    if subject.signs_thoughts:
        assert SIGNATURE in list(strings(within))


async def test_a_turn_cancelled_at_any_point_leaves_a_valid_history(subject: Subject, make_model: MakeModel) -> None:
    events = await turn(make_model)
    for size in range(len(events) + 1):
        messages = messages_after(events[:size])
        body = sent(subject, user_message("What now?"), *messages, user_message("Go on."))
        assert subject.complaints(body) == [], (size, events[:size][-1:])


@pytest.mark.parametrize("other", SUBJECTS, ids=lambda other: f"from {other.name}")
async def test_a_turn_of_another_provider_is_sent_without_its_proofs(
    subject: Subject, make_model: MakeModel, other: Subject
) -> None:
    messages = messages_after(await turn(make_model))
    body = sent(other, user_message("What now?"), *messages, user_message("And tomorrow?"))
    assert other.complaints(body) == []
    within = sent(other, user_message("What now?"), *messages[:2])
    assert other.complaints(within) == []
    if other is not subject:
        assert not any(SIGNATURE in text for text in strings([body, within]))


ODD: dict[str, tuple[Message, ...]] = {
    "two questions in a row": (user_message("One?"), user_message("Two?")),
    "nothing but a thought": (
        user_message("One?"),
        Message(Role.ASSISTANT, (ThinkingPart("hm"),)),
        user_message("Two?"),
    ),
    "a blank answer": (user_message("One?"), Message(Role.ASSISTANT, (TextPart("  \n"),)), user_message("Two?")),
    "arguments that are no object": (
        user_message("One?"),
        Message(Role.ASSISTANT, (ToolCallPart("call_1", "get_time", '{"broken'),)),
        Message(Role.TOOL, (ToolResultPart("call_1", "get_time", "no"),)),
    ),
    "an id of another vendor": (
        user_message("One?"),
        Message(Role.ASSISTANT, (ToolCallPart("call:1/x?", "get_time", "{}"),)),
        Message(Role.TOOL, (ToolResultPart("call:1/x?", "get_time", "noon"),)),
    ),
    "the same id in two answers": (
        user_message("One?"),
        *(
            message
            for _ in range(2)
            for message in (
                Message(Role.ASSISTANT, (ToolCallPart("call_0", "get_time", "{}"),)),
                Message(Role.TOOL, (ToolResultPart("call_0", "get_time", "noon"),)),
            )
        ),
        user_message("Two?"),
    ),
    "a tool that says nothing": (
        user_message("One?"),
        Message(Role.ASSISTANT, (TextPart("Wait."), ToolCallPart("call_1", "get_time", ""))),
        Message(Role.TOOL, (ToolResultPart("call_1", "get_time", "", is_error=True),)),
        user_message("Two?"),
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_what_would_make_every_later_request_fail_is_repaired(subject: Subject, name: str) -> None:
    assert subject.complaints(sent(subject, *ODD[name])) == []
