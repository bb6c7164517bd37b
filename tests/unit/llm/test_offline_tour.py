"""The tour: what a newcomer's first Enter shows."""

from __future__ import annotations

import pytest

from hector_tui.domain.messages import Message, Role, ToolCallPart, ToolResultPart, user_message
from hector_tui.domain.tools import ToolSpec
from hector_tui.llm.base import ModelRequest, TextChunk, ToolCall
from hector_tui.llm.offline import OfflineModel

TOOLS = tuple(ToolSpec(name=name, description=name) for name in ("calculator", "remember"))


async def answer(*messages: Message, tools: tuple[ToolSpec, ...] = TOOLS) -> tuple[str, list[ToolCall]]:
    model = OfflineModel(delay_s=0)
    events = [event async for event in model.stream(ModelRequest(system="", messages=messages, tools=tools))]
    text = "".join(event.text for event in events if isinstance(event, TextChunk))
    return text, [event for event in events if isinstance(event, ToolCall)]


@pytest.mark.parametrize("question", ["Show me around", "show me what you can do", "give me the tour, please"])
async def test_the_tour_greets_and_calls_both_tools(question: str) -> None:
    text, calls = await answer(user_message(question))
    assert "offline guide" in text
    assert [call.name for call in calls] == ["calculator", "remember"]


async def test_the_tour_goes_on_with_what_the_tools_gave() -> None:
    _, calls = await answer(user_message("Show me around"))
    asked = Message(Role.ASSISTANT, tuple(ToolCallPart(call.call_id, call.name, call.arguments) for call in calls))
    results = ("391", "Remembered.")
    gave = Message(Role.TOOL, tuple(ToolResultPart(c.call_id, c.name, r) for c, r in zip(calls, results, strict=True)))
    text, more = await answer(user_message("Show me around"), asked, gave)
    assert more == []
    assert "391" in text
    assert "### What you are looking at" in text


async def test_without_tools_the_tour_is_one_answer() -> None:
    text, calls = await answer(user_message("Show me around"), tools=())
    assert calls == []
    assert "### What you are looking at" in text


async def test_other_questions_get_no_tour() -> None:
    text, _ = await answer(user_message("How do I show the inspector?"))
    assert "### What you are looking at" not in text
