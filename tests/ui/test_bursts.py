"""Keys that come in one burst, as a slow link delivers them: they count in the order they were pressed."""

from __future__ import annotations

from pathlib import Path

from textual.events import Key

from hector_tui.ui.screens.dialogs import AskText
from hector_tui.ui.widgets.agent_cards import AgentCards
from hector_tui.ui.widgets.line_input import LineInput
from tests.ui.support import Person, running


def burst(person: Person, *keys: str) -> None:
    """Press keys without waiting for anything between them."""
    for key in keys:
        event = Key(key, key if len(key) == 1 else None)
        event.set_sender(person.app)
        person.app.post_message(event)


async def test_a_correction_in_a_field_counts_where_it_was_made(tmp_path: Path) -> None:
    async with running(tmp_path / "profile") as person:
        await person.begin("guide")
        await person.press("f2")
        await person.until(lambda: isinstance(person.app.screen, AskText), "the dialog")
        field = person.app.screen.query_one(LineInput)
        await person.until(lambda: field.has_focus, "the field")
        burst(person, "ctrl+u", "a", "b", "backspace", "c", "left", "x", "enter")
        await person.until(lambda: person.active.info.title == "axc", "the title")
        assert not isinstance(person.app.screen, AskText)


async def test_a_correction_on_the_first_screen_counts_where_it_was_made(tmp_path: Path) -> None:
    async with running(tmp_path / "profile") as person:
        cards = person.chat.query_one(AgentCards)
        burst(person, "m", "x", "backspace", "a", "t", "h")
        await person.until(lambda: len(cards.filter) >= 4, "what was typed")
        await person.until(lambda: cards.filter == "math", "the filter")
        assert cards.highlighted == "math_bot"
