from __future__ import annotations

from pathlib import Path

from textual.events import Paste

from hector_tui.ui.screens.connect import ProviderPicker
from hector_tui.ui.widgets.agent_cards import AgentCards
from tests.provider import LoopbackProvider
from tests.ui.support import running, stored


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


async def test_what_is_typed_on_the_first_screen_is_said_to_the_guide(tmp_path: Path) -> None:
    async with running(tmp_path / "profile") as person:
        await person.press(*("space" if letter == " " else letter for letter in "How much is 6*7?"))
        await person.sees("How much is 6*7?", "Enter says it to Guide")
        await person.press("enter")
        await person.until(lambda: person.chat.active is not None, "a tab")
        await person.until(lambda: bool(person.active.questions) and not person.active.is_live, "an answer")
        assert person.active.agent_id == "guide"
        assert person.active.questions == ["How much is 6*7?"]
        assert "42" in person.answer
        assert person.chat.prompt.value == ""


async def test_a_message_on_the_first_screen_can_name_its_agent(tmp_path: Path) -> None:
    async with running(tmp_path / "profile") as person:
        person.chat.query_one(AgentCards).filter = "@math_bot how much is 6*7?"
        await person.press("enter")
        await person.until(lambda: person.chat.active is not None, "a tab")
        await person.until(lambda: bool(person.active.questions) and not person.active.is_live, "an answer")
        assert stored(tmp_path / "profile", "SELECT agent_id FROM turns") == [("math_bot",)]


async def test_a_command_on_the_first_screen_runs(tmp_path: Path) -> None:
    async with running(tmp_path / "profile") as person:
        await person.press(*"/connect")
        await person.sees("/connect", "Enter runs the command")
        await person.press("enter")
        await person.until(lambda: isinstance(person.app.screen, ProviderPicker), "the dialog")
        await person.press("escape")
        await person.until(lambda: person.is_at_home, "the first screen")
        assert person.chat.query_one(AgentCards).filter == ""
        await person.press(*"/conect", "enter")
        await person.hears("Did you mean /connect?")


async def test_a_paste_on_the_first_screen_is_kept_and_sends_nothing_by_itself(tmp_path: Path) -> None:
    async with running(tmp_path / "profile") as person:
        paste = Paste("compute 6*7\nplease")
        person.app.post_message(paste)
        # What follows within a moment is the rest of a paste that held the end mark of a paste.
        person.tap("enter")
        await person.sees("compute 6*7", "Enter says it to Guide")
        await person.pilot.pause(0.4)
        assert person.chat.active is None
        await person.press("enter")
        await person.until(lambda: person.chat.active is not None, "a tab")
        await person.until(lambda: bool(person.active.questions), "a question")
        assert person.active.questions == ["compute 6*7\nplease"]


_GUIDE_AND_ASSISTANT = """
llms:
  loop: {{type: openai, host: "{host}", model: loop-1, api_key: none-at-all}}
agents:
  guide: {{name: Guide, llm: offline}}
  assistant: {{name: Helper, llm: loop}}
"""


async def test_what_is_typed_on_the_first_screen_goes_to_an_agent_with_a_model(tmp_path: Path) -> None:
    async with LoopbackProvider() as provider:
        config = tmp_path / "two.yaml"
        config.write_text(_GUIDE_AND_ASSISTANT.format(host=provider.base_url), encoding="utf-8")
        async with running(tmp_path / "profile", config=[config]) as person:
            assert person.chat.query_one(AgentCards).highlighted == "guide"
            await person.press(*"hello?")
            await person.sees("Enter says it to Helper")
            await person.press("enter")
            await person.until(lambda: person.chat.active is not None, "a tab")
            await person.until(lambda: bool(person.active.questions) and not person.active.is_live, "an answer")
            assert person.active.agent_id == "assistant"
            assert len(provider.requests) == 1
