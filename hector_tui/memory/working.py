"""Working memory: which earlier turns go into the next prompt. Pure functions over whole turns.

A turn is never split: its tool calls and their results stand or fall together, because providers reject one without the
other, and an answer without its question misleads the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hector_tui.domain.messages import Message, Role, ToolCallPart, ToolResultPart, user_message
from hector_tui.domain.tokens import messages_tokens
from hector_tui.domain.turns import TurnRecord
from hector_tui.memory.settings import MemorySettings

UNFINISHED = "[interrupted]"
"""The result of a tool call that never got one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The turns a strategy picked, oldest first.

    Attributes:
        tokens: About how many tokens their messages cost.
        dropped_turns: How many older turns were left out.
        lacks_summary: The strategy wanted a summary of the turns left out, and there is none.
    """

    turns: tuple[TurnRecord, ...]
    tokens: int
    dropped_turns: int
    lacks_summary: bool = False


def select(settings: MemorySettings, turns: Sequence[TurnRecord], budget_tokens: int | None) -> Selection:
    """Pick by the agent's strategy.

    Args:
        settings: The agent's.
        turns: Every turn of the SessionKey, oldest first, whatever its status.
        budget_tokens: What the model's window leaves for earlier turns; None when that is unknown.
    """
    match settings.strategy:
        case "buffer_window":
            return buffer_window(turns, settings.window_size, budget_tokens)
        case "token_window":
            return token_window(turns, _least(settings.budget, budget_tokens))
        case "summary_buffer":
            return summary_buffer(turns, _least(settings.budget, budget_tokens))


def buffer_window(turns: Sequence[TurnRecord], window_size: int, budget_tokens: int | None = None) -> Selection:
    """The newest turns that together have at most `window_size` messages and cost at most `budget_tokens`.

    The newest turn is always kept, however large it is.
    """
    return _newest(turns, window_size, budget_tokens)


def token_window(turns: Sequence[TurnRecord], budget_tokens: int | None) -> Selection:
    """The newest turns that together cost at most `budget_tokens`; the newest turn is always kept."""
    return _newest(turns, None, budget_tokens)


def summary_buffer(turns: Sequence[TurnRecord], budget_tokens: int | None) -> Selection:
    """What `token_window` picks, marked `lacks_summary` when turns were left out: no summary of them is stored."""
    selection = token_window(turns, budget_tokens)
    return Selection(
        turns=selection.turns,
        tokens=selection.tokens,
        dropped_turns=selection.dropped_turns,
        lacks_summary=selection.dropped_turns > 0,
    )


def messages_of(turns: Sequence[TurnRecord]) -> tuple[Message, ...]:
    """The messages of turns as a provider accepts them.

    Every tool call is followed by its result, `[interrupted]` where none was stored; results without a call and empty
    messages are left out. A turn that never started contributes what the person sent.
    """
    return tuple(message for record in turns for message in _turn_messages(record))


def _newest(turns: Sequence[TurnRecord], max_messages: int | None, max_tokens: int | None) -> Selection:
    picked: list[TurnRecord] = []
    messages = tokens = 0
    for record in reversed(turns):
        said = tuple(_turn_messages(record))
        cost = messages_tokens(said)
        too_many = max_messages is not None and messages + len(said) > max_messages
        too_much = max_tokens is not None and tokens + cost > max_tokens
        if picked and (too_many or too_much):
            break
        picked.append(record)
        messages += len(said)
        tokens += cost
    return Selection(turns=tuple(reversed(picked)), tokens=tokens, dropped_turns=len(turns) - len(picked))


def _least(budget: int, limit: int | None) -> int:
    return budget if limit is None else min(budget, limit)


def _turn_messages(record: TurnRecord) -> Iterator[Message]:
    stored = [row.message for row in sorted(record.messages, key=lambda row: row.seq)]
    if record.turn.text and not any(message.role is Role.USER for message in stored):
        yield user_message(record.turn.text, record.turn.files)
    index = 0
    while index < len(stored):
        message = stored[index]
        index += 1
        if message.role is Role.TOOL or not message.parts:
            continue
        yield message
        if calls := message.tool_calls:
            results = _results(stored, index)
            yield Message(Role.TOOL, tuple(results.get(call.call_id) or _unfinished(call) for call in calls))


def _results(stored: Sequence[Message], start: int) -> dict[str, ToolResultPart]:
    """The results that directly follow a message; models that number their calls anew reuse ids in later ones."""
    found: dict[str, ToolResultPart] = {}
    for message in stored[start:]:
        if message.role is not Role.TOOL:
            break
        for part in message.parts:
            if isinstance(part, ToolResultPart):
                found.setdefault(part.call_id, part)
    return found


def _unfinished(call: ToolCallPart) -> ToolResultPart:
    return ToolResultPart(call.call_id, call.name, UNFINISHED, is_error=True)
