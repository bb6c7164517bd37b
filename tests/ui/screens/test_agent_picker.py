from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.pilot import Pilot

from hector_tui.ui.screens.agent_picker import AgentPicker
from hector_tui.ui.widgets.agent_card import AgentCard, AgentCardInfo
from hector_tui.ui.widgets.agent_cards import AgentCards

_REASON = "agents/broken.yaml:12: unknown key 'promt' in agents.broken, did you mean 'prompt'?"
AGENTS = (
    AgentCardInfo("assistant", "Assistant", "Helps without any key", "offline", starters=("What is 12 * 7?",)),
    AgentCardInfo("planner", "Planner", "Breaks a goal into steps", "gpt", "needs_key", "OPENAI_API_KEY"),
    AgentCardInfo("coder", "Coder", "Reads code", "qwen", "no_server", "http://localhost:11434"),
    AgentCardInfo("math_bot", "Math bot", "Exact arithmetic", "claude"),
    AgentCardInfo("broken", "Broken", "", "", "disabled", _REASON),
)
_UNSET = "unset"


class PickerApp(App[None]):
    """Opens the dialog and keeps its answer."""

    def __init__(self, picker: AgentPicker) -> None:
        super().__init__()
        self.picker = picker
        self.answer: str | None = _UNSET

    def on_mount(self) -> None:
        self.push_screen(self.picker, self.keep)

    def keep(self, answer: str | None) -> None:
        self.answer = answer


Started = tuple[PickerApp, AgentCards, Pilot[None]]


@asynccontextmanager
async def started(
    size: tuple[int, int] = (80, 24), *, agents: tuple[AgentCardInfo, ...] = AGENTS, selected: str = "assistant"
) -> AsyncIterator[Started]:
    app = PickerApp(AgentPicker(agents, selected=selected))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, app.picker.query_one(AgentCards), pilot


def screen_text(app: App[None]) -> str:
    """What the terminal shows, a row per line."""
    return "\n".join("".join(segment.text for segment in row) for row in app.screen._compositor.render_strips())


async def test_enter_chooses_the_preselected_agent() -> None:
    async with started(selected="math_bot") as (app, cards, pilot):
        assert cards.highlighted == "math_bot"
        await pilot.press("enter")
        assert app.answer == "math_bot"


@pytest.mark.parametrize("selected", ["", "nobody"])
async def test_without_a_preselected_agent_it_is_the_first_usable_one(selected: str) -> None:
    async with started(agents=AGENTS[::-1], selected=selected) as (_, cards, _pilot):
        assert cards.highlighted == "math_bot"


@pytest.mark.parametrize(
    ("size", "keys", "highlighted"),
    [
        ((40, 12), ["down", "down"], "coder"),
        ((40, 12), ["right"], "planner"),
        ((80, 24), ["down"], "coder"),
        ((80, 24), ["right", "down", "down"], "broken"),
        ((80, 24), ["down", "down", "up", "left"], "planner"),
        ((120, 40), ["down"], "math_bot"),
        ((120, 40), ["right", "right", "down"], "broken"),
        ((80, 24), ["up", "left"], "assistant"),
        ((80, 24), ["end"], "broken"),
        ((80, 24), ["end", "down", "right", "home"], "assistant"),
    ],
)
async def test_arrows_move_in_the_grid(size: tuple[int, int], keys: list[str], highlighted: str) -> None:
    async with started(size) as (_, cards, pilot):
        await pilot.press(*keys)
        assert cards.highlighted == highlighted


@pytest.mark.parametrize(("size", "columns"), [((40, 12), 1), ((60, 24), 1), ((80, 24), 2), ((120, 40), 3)])
async def test_columns_follow_the_width(size: tuple[int, int], columns: int) -> None:
    async with started(size) as (_, cards, _pilot):
        shown = list(cards.query(AgentCard))
        assert len({card.region.x for card in shown}) == columns


async def test_columns_follow_a_resize() -> None:
    async with started((40, 12)) as (_, cards, pilot):
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert len({card.region.x for card in cards.query(AgentCard)}) == 3


async def test_everything_needed_is_on_the_smallest_screen() -> None:
    async with started((40, 12)) as (app, cards, pilot):
        for _move in AGENTS:
            shown = app.screen.region
            card = cards.query_one("AgentCard.-highlighted")
            assert shown.contains_region(card.region)
            assert cards.query_one("#cards").region.contains_region(card.region)
            await pilot.press("down")
        text = screen_text(app)
        assert "Choose an agent" in text
        assert "↑ ↓ choose · enter begin · esc leave" in text


async def test_a_disabled_agent_shows_its_whole_reason_and_cannot_be_chosen() -> None:
    async with started((40, 12)) as (app, cards, pilot):
        await pilot.press("end", "enter")
        assert cards.highlighted == "broken"
        assert app.answer == _UNSET
        assert _REASON in " ".join(screen_text(app).split())


@pytest.mark.parametrize("agent_id", ["planner", "coder"])
async def test_an_agent_that_lacks_a_key_or_server_can_be_chosen(agent_id: str) -> None:
    async with started(selected=agent_id) as (app, _, pilot):
        await pilot.press("enter")
        assert app.answer == agent_id


async def test_states_are_told_in_words() -> None:
    async with started() as (app, _, _pilot):
        text = screen_text(app)
        for words in ("● ready", "○ needs OPENAI_API_KEY", "○ server not found", "✗ disabled: agents/"):
            assert words in text
        assert "› What is 12 * 7?" in text


async def test_typing_filters_and_escape_clears_before_it_leaves() -> None:
    async with started() as (app, cards, pilot):
        await pilot.press(*"a st")
        assert [info.agent_id for info in cards.shown] == ["assistant", "planner"]
        await pilot.press("backspace", "backspace", "backspace", "backspace", *"MATH")
        assert cards.highlighted == "math_bot"
        assert "/MATH▏ 1 of 5" in screen_text(app)
        await pilot.press("escape")
        assert len(cards.shown) == 5
        assert app.answer == _UNSET
        await pilot.press("escape")
        assert app.answer is None


async def test_a_filter_that_fits_nothing_says_so_and_chooses_nothing() -> None:
    async with started() as (app, cards, pilot):
        await pilot.press(*"[b]", "enter", "down")
        assert cards.highlighted == ""
        assert app.answer == _UNSET
        assert 'No agent matches "[b]".' in screen_text(app)


async def test_a_filter_does_not_make_the_dialog_jump() -> None:
    async with started() as (_, cards, pilot):
        before = cards.region
        await pilot.press(*"math")
        assert cards.region == before


async def test_a_held_enter_closes_one_screen_only() -> None:
    async with started() as (app, _, pilot):
        driver = app._driver
        assert driver is not None
        for _press in range(3):
            driver.send_message(events.Key("enter", "\r"))
        await pilot.pause()
        assert app.answer == "assistant"
        assert len(app.screen_stack) == 1


async def test_a_click_chooses() -> None:
    async with started() as (app, cards, pilot):
        await pilot.click(list(cards.query(AgentCard))[3])
        await pilot.pause()
        assert app.answer == "math_bot"


async def test_a_click_on_a_disabled_agent_only_shows_it() -> None:
    async with started() as (app, cards, pilot):
        await pilot.click(list(cards.query(AgentCard))[4])
        assert (app.answer, cards.highlighted) == (_UNSET, "broken")


async def test_states_that_change_keep_the_place() -> None:
    async with started() as (app, cards, pilot):
        await pilot.press("right")
        cards.agents = tuple(AgentCardInfo(info.agent_id, info.name, info.description, info.model) for info in AGENTS)
        await pilot.pause()
        assert cards.highlighted == "planner"
        assert "needs" not in screen_text(app)


async def test_other_agents_replace_the_cards() -> None:
    async with started() as (app, cards, pilot):
        cards.agents = (AgentCardInfo("new", "New", "Just arrived", "m"),)
        await pilot.pause()
        assert len(cards.query(AgentCard)) == 1
        await pilot.press("enter")
        assert app.answer == "new"


async def test_no_agents_at_all() -> None:
    async with started(agents=()) as (app, _, pilot):
        assert "There are no agents." in screen_text(app)
        await pilot.press("enter", "down", "end")
        assert app.answer == _UNSET


async def test_foreign_text_is_shown_and_never_obeyed() -> None:
    hostile = AgentCardInfo("x", "[red]x\x1b[2J", "d\x07\ny", "m\u202e", "disabled", "[/b] bad\x1b]0;t\x07", ("s\x1b",))
    async with started((120, 40), agents=(hostile,)) as (app, _, _pilot):
        text = screen_text(app)
        assert "[red]x␛[2J" in text
        assert "[/b] bad␛]0;t␇" in text
        assert not any(character in text for character in "\x1b\x07\u202e")


class EmbeddedApp(App[None]):
    """The cards as part of a screen of their owner."""

    def __init__(self) -> None:
        super().__init__()
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield AgentCards(AGENTS, selected="assistant", id="start")

    def on_agent_cards_chosen(self, message: AgentCards.Chosen) -> None:
        assert message.control.id == "start"
        self.chosen.append(message.agent_id)


async def test_the_cards_work_as_part_of_a_screen() -> None:
    app = EmbeddedApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(AgentCards).focus()
        await pilot.press("right", "enter")
        assert app.chosen == ["planner"]


def test_every_binding_has_an_id() -> None:
    for owner in (AgentCards, AgentPicker):
        assert all(isinstance(binding, Binding) and binding.id for binding in owner.BINDINGS)
