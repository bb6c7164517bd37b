"""From events to the messages of a turn: order, proofs, and a result for every call."""

from __future__ import annotations

import pytest

from hector_tui.domain.assembly import TurnAssembler
from hector_tui.domain.deltas import joined
from hector_tui.domain.events import (
    OutputEvent,
    StateChanged,
    TextDelta,
    ThinkingDelta,
    ToolCallFinished,
    ToolCallOutput,
    ToolCallStarted,
)
from hector_tui.domain.messages import Message, Role, TextPart, ThinkingPart, ToolCallPart, ToolResultPart

STEP: tuple[OutputEvent, ...] = (
    StateChanged("model", 1),
    ThinkingDelta("Fir"),
    ThinkingDelta("st. "),
    ThinkingDelta("", "sig1"),
    ThinkingDelta("", "sig2"),
    TextDelta("Wa"),
    TextDelta("it."),
    ThinkingDelta("Second."),
    TextDelta("So."),
    ToolCallStarted("c1", "clock", "{}", "sig3"),
    ToolCallStarted("c2", "clock", "{}"),
    ToolCallOutput("c2", "half"),
    ToolCallFinished("c1", "clock", "noon", is_error=False, duration_s=0.0),
)
SAID = (
    ThinkingPart("First. ", "sig1"),
    ThinkingPart("", "sig2"),
    TextPart("Wait."),
    ThinkingPart("Second."),
    TextPart("So."),
    ToolCallPart("c1", "clock", "{}", "sig3"),
    ToolCallPart("c2", "clock", "{}"),
)


def assembled(events: tuple[OutputEvent, ...] | list[OutputEvent]) -> TurnAssembler:
    found = TurnAssembler()
    for event in events:
        found.apply(event)
    return found


@pytest.mark.parametrize("events", [STEP, joined(STEP)], ids=["as they came", "as the journal keeps them"])
def test_words_and_thoughts_keep_their_order_and_every_proof_its_thought(events: tuple[OutputEvent, ...]) -> None:
    assembler = assembled(events)
    answer, results = assembler.messages(unfinished="cancelled")
    assert answer == Message(Role.ASSISTANT, SAID)
    assert assembler.text == answer.text == "Wait.\n\nSo."
    assert [(part.call_id, part.text, part.is_error) for part in results.parts if isinstance(part, ToolResultPart)] == [
        ("c1", "noon", False),
        ("c2", "half\n[cancelled]", True),
    ]


def test_every_beginning_of_a_step_is_a_message_of_its_parts() -> None:
    for size in range(1, len(STEP) + 1):
        messages = assembled(STEP[:size]).messages()
        assert [message.role for message in messages] in ([], [Role.ASSISTANT], [Role.ASSISTANT, Role.TOOL])
        for message in messages[:1]:
            kinds = [type(part) for part in message.parts]
            assert kinds == [type(part) for part in SAID[: len(kinds)]]


def test_a_step_begins_a_message_of_its_own() -> None:
    again: tuple[OutputEvent, ...] = (StateChanged("model", 2), TextDelta("Noon."))
    messages = assembled((*STEP, *again)).messages()
    assert [message.role for message in messages] == [Role.ASSISTANT, Role.TOOL, Role.ASSISTANT]
    assert assembled((*STEP, *again)).text == "Wait.\n\nSo.\n\nNoon."
    assert assembled((StateChanged("model", 1),)).messages() == ()
