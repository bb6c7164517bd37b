from __future__ import annotations

from pathlib import Path

from hector_tui.ui.widgets.agent_cards import AgentCards
from tests.ui.support import running


async def test_the_first_screen_offers_the_agents_with_the_guide_chosen(tmp_path: Path) -> None:
    async with running(tmp_path / "profile") as person:
        cards = person.chat.query_one(AgentCards)
        assert cards.highlighted == "guide"
        assert {info.agent_id for info in cards.agents} >= {"guide", "assistant", "math_bot"}
        assert cards.has_focus
        await person.sees("Guide", "Enter begins")
        assert not person.chat.prompt.display


async def test_enter_begins_a_conversation_that_answers_at_once(tmp_path: Path) -> None:
    async with running(tmp_path / "profile") as person:
        await person.press("enter")
        await person.until(lambda: person.chat.active is not None, "a tab")
        await person.until(lambda: bool(person.active.questions) and not person.active.is_live, "an answer")
        assert person.active.agent_id == "guide"
        assert person.active.questions == [person.chat.desk.agents["guide"].starters[0]]
        assert len(person.answer) > 40
        assert person.prompt_is_ready
