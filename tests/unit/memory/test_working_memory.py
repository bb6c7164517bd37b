from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.messages import (
    Message,
    Role,
    StoredMessage,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    user_message,
)
from hector_tui.domain.tokens import messages_tokens
from hector_tui.domain.turns import Turn, TurnRecord, TurnStatus
from hector_tui.memory.settings import MemorySettings, Strategy
from hector_tui.memory.working import UNFINISHED, buffer_window, messages_of, select, summary_buffer, token_window

KEY = SessionKey("s", "a")


def answer(text: str) -> Message:
    return Message(Role.ASSISTANT, (TextPart(text),))


def call(*call_ids: str) -> Message:
    return Message(Role.ASSISTANT, tuple(ToolCallPart(call_id, "calculator", '{"x": 1}') for call_id in call_ids))


def result(call_id: str, text: str = "84") -> Message:
    return Message(Role.TOOL, (ToolResultPart(call_id, "calculator", text),))


def turn(number: int, *messages: Message, status: TurnStatus = TurnStatus.DONE, text: str = "") -> TurnRecord:
    turn_id = f"t{number}"
    return TurnRecord(
        turn=Turn(
            turn_id=turn_id,
            key=KEY,
            ordinal=number,
            status=status,
            text=text or f"question {number}",
            created_at=float(number),
        ),
        messages=tuple(
            StoredMessage(seq=number * 100 + place, turn_id=turn_id, message=message, created_at=float(number))
            for place, message in enumerate(messages)
        ),
    )


def exchange(number: int, size: int = 1) -> TurnRecord:
    return turn(number, user_message(f"question {number}"), answer("word " * size))


def numbers(turns: tuple[TurnRecord, ...]) -> list[int]:
    return [record.turn.ordinal for record in turns]


def assert_valid(messages: tuple[Message, ...]) -> None:
    """What providers demand: every call is answered directly after the message that made it, and nothing else is."""
    for index, message in enumerate(messages):
        assert message.parts
        calls = [part.call_id for part in message.tool_calls]
        follower = messages[index + 1] if index + 1 < len(messages) else None
        if calls:
            assert follower is not None
            assert follower.role is Role.TOOL
            assert [part.call_id for part in follower.parts if isinstance(part, ToolResultPart)] == calls
        if message.role is Role.TOOL:
            assert messages[index - 1].tool_calls


def test_nothing_is_picked_from_nothing() -> None:
    selection = buffer_window((), 20)
    assert selection.turns == ()
    assert selection.tokens == selection.dropped_turns == 0
    assert messages_of(()) == ()


def test_the_window_counts_messages_but_keeps_whole_turns() -> None:
    turns = [exchange(1), turn(2, user_message("q"), call("c"), result("c"), answer("84")), exchange(3)]
    assert numbers(buffer_window(turns, 8).turns) == [1, 2, 3]
    assert numbers(buffer_window(turns, 7).turns) == [2, 3]
    assert numbers(buffer_window(turns, 6).turns) == [2, 3]
    assert numbers(buffer_window(turns, 5).turns) == [3]
    assert buffer_window(turns, 5).dropped_turns == 2


def test_the_newest_turn_is_kept_whatever_it_costs() -> None:
    turns = [exchange(1), exchange(2, size=5000)]
    for selection in (buffer_window(turns, 1, 10), token_window(turns, 10), token_window(turns, 0)):
        assert numbers(selection.turns) == [2]
        assert selection.dropped_turns == 1


def test_the_window_also_keeps_to_the_budget_and_counts_tools() -> None:
    heavy = turn(1, user_message("q"), call("c"), result("c", "number " * 3000), answer("84"))
    turns = [heavy, exchange(2)]
    small = messages_tokens(messages_of([turns[1]]))
    whole = messages_tokens(messages_of(turns))
    assert whole > 3000
    assert numbers(buffer_window(turns, 20, whole).turns) == [1, 2]
    assert numbers(buffer_window(turns, 20, whole - 1).turns) == [2]
    assert buffer_window(turns, 20, whole - 1).tokens == small
    assert buffer_window(turns, 20, None).tokens == whole


def test_token_window_takes_no_older_turn_past_one_that_did_not_fit() -> None:
    turns = [exchange(1), exchange(2, size=5000), exchange(3)]
    assert numbers(token_window(turns, 200).turns) == [3]


def test_summary_buffer_says_that_the_summary_is_missing() -> None:
    turns = [exchange(number, size=100) for number in range(1, 6)]
    cut = summary_buffer(turns, 400)
    assert cut.turns == token_window(turns, 400).turns
    assert cut.lacks_summary
    assert cut.dropped_turns > 0
    assert not summary_buffer(turns, 100_000).lacks_summary
    assert not token_window(turns, 400).lacks_summary


@pytest.mark.parametrize(
    ("strategy", "budget_tokens", "expected"),
    [
        ("buffer_window", None, [4, 5]),
        ("buffer_window", 1, [5]),
        ("token_window", None, [3, 4, 5]),
        ("token_window", 150, [5]),
        ("summary_buffer", None, [3, 4, 5]),
        ("summary_buffer", 150, [5]),
    ],
)
def test_select_takes_the_lesser_of_the_agents_budget_and_the_models(
    strategy: Strategy, budget_tokens: int | None, expected: list[int]
) -> None:
    turns = [exchange(number, size=80) for number in range(1, 6)]
    cost = messages_tokens(messages_of(turns[:1]))
    settings = MemorySettings(strategy=strategy, window_size=4, budget=3 * cost)
    assert numbers(select(settings, turns, budget_tokens).turns) == expected


def test_a_turn_without_a_stored_question_contributes_what_was_sent() -> None:
    queued = turn(1, status=TurnStatus.CANCELLED, text="never started")
    begun = turn(2, answer("partial"), status=TurnStatus.INTERRUPTED, text="cut off")
    assert messages_of([queued, begun]) == (user_message("never started"), user_message("cut off"), answer("partial"))


def test_a_call_without_a_result_gets_one() -> None:
    cut = turn(1, user_message("q"), call("c1", "c2"), result("c2", "ok"), status=TurnStatus.INTERRUPTED)
    messages = messages_of([cut, exchange(2)])
    assert_valid(messages)
    first, second = messages[2].parts
    assert first == ToolResultPart("c1", "calculator", UNFINISHED, is_error=True)
    assert second == ToolResultPart("c2", "calculator", "ok")


def test_results_in_several_messages_are_joined_and_stray_ones_dropped() -> None:
    record = turn(1, user_message("q"), call("c1", "c2"), result("c2"), result("c1"), result("stray"), answer("done"))
    messages = messages_of([record, turn(2, user_message("q"), result("late"), answer("x"))])
    assert_valid(messages)
    assert [message.role.value for message in messages] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
        "assistant",
    ]


def test_a_model_that_numbers_its_calls_anew_gets_each_result_where_it_belongs() -> None:
    record = turn(1, user_message("q"), call("0"), result("0", "first"), call("0"), result("0", "second"), call("0"))
    messages = messages_of([record])
    assert_valid(messages)
    texts = [part.text for message in messages for part in message.parts if isinstance(part, ToolResultPart)]
    assert texts == ["first", "second", UNFINISHED]


def test_of_two_results_for_one_call_the_first_counts() -> None:
    messages = messages_of([turn(1, user_message("q"), call("c"), result("c", "first"), result("c", "second"))])
    assert_valid(messages)
    assert messages[2].parts == result("c", "first").parts


def test_messages_stand_in_the_order_they_were_said() -> None:
    record = turn(1, user_message("q"), answer("one"), answer("two"))
    shuffled = TurnRecord(turn=record.turn, messages=tuple(reversed(record.messages)))
    assert messages_of([shuffled]) == messages_of([record])


_PARTS = st.sampled_from(
    [
        Message(Role.ASSISTANT, ()),
        answer("text"),
        Message(Role.ASSISTANT, (ThinkingPart("hm"), TextPart("so"), ToolCallPart("c1", "t", "{}"))),
        call("c1", "c2"),
        call("c2"),
        result("c1"),
        result("c2"),
        user_message("again"),
        Message(Role.TOOL, ()),
    ]
)


@given(st.lists(st.lists(_PARTS, max_size=7), max_size=6), st.integers(0, 30), st.none() | st.integers(0, 300))
def test_whatever_was_stored_makes_a_valid_request_within_the_window(
    stored: list[list[Message]], window: int, budget: int | None
) -> None:
    turns = [turn(number, *messages) for number, messages in enumerate(stored, 1)]
    selection = buffer_window(turns, window, budget)
    messages = messages_of(selection.turns)
    assert_valid(messages)
    assert selection.tokens == messages_tokens(messages)
    assert selection.dropped_turns + len(selection.turns) == len(turns)
    assert list(selection.turns) == turns[selection.dropped_turns :]
    if len(selection.turns) > 1:
        assert len(messages) <= window
        assert budget is None or selection.tokens <= budget
