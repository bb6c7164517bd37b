"""Agents as cards in a grid, of which one is chosen: by arrows, by typing, or with the mouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, VerticalScroll
from textual.content import Content
from textual.css.query import NoMatches
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from hector_tui.ui.text import clean, clean_line
from hector_tui.ui.widgets.agent_card import AgentCard, AgentCardInfo
from hector_tui.ui.widgets.own_keys import run_own_binding
from hector_tui.ui.widgets.prompt_paste import PasteGuard

_TWO_COLUMNS, _THREE_COLUMNS = 70, 108
"""Widths in cells from which cards stand in two and in three columns: screens of 80 and 120 less their margins."""

_FILTER = "type to filter"

_SHORT = 20
"""Rows of the screen below which nothing is spent on space between cards."""


class AgentCards(Widget, can_focus=True):
    """A grid of agent cards with one highlighted: arrows move, Enter chooses, typing filters.

    The cards themselves take no focus: one place for the keyboard keeps the filter and the arrows together.

    Args:
        agents: The cards, in their order.
        selected: The id of the agent that is highlighted first; the first usable one when it is not there.
        listener: The name of who hears what was typed where no card matches; empty where nobody does.

    Attributes:
        listener: That name.
    """

    DEFAULT_CSS = """
    AgentCards {
        layout: vertical;
        height: auto;

        & #filter { height: 1; padding: 0 1; color: $text-muted; }
        & #cards { scrollbar-size-vertical: 1; }
        & Grid { height: auto; grid-rows: 3; grid-gutter: 1 2; }
        & #nothing { display: none; padding: 1; color: $text-muted; }
        & #detail { padding: 1 1 0 1; }
        &.-short Grid { grid-gutter: 0 2; }
        &.-short #detail { padding: 0 1; }
        &:blur AgentCard.-highlighted { background: $surface; }
    }
    """

    BINDING_GROUP_TITLE = "Agents"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Choose", id="agent_cards.choose"),
        Binding("up", "move(0, -1)", "Up", show=False, id="agent_cards.up"),
        Binding("down", "move(0, 1)", "Down", show=False, id="agent_cards.down"),
        Binding("left", "move(-1, 0)", "Left", show=False, id="agent_cards.left"),
        Binding("right", "move(1, 0)", "Right", show=False, id="agent_cards.right"),
        Binding("home", "edge(0)", "First", show=False, id="agent_cards.first"),
        Binding("end", "edge(-1)", "Last", show=False, id="agent_cards.last"),
        Binding("backspace", "shorten_filter", "Shorten the filter", show=False, id="agent_cards.shorten_filter"),
        Binding("escape", "clear_filter", "Clear the filter", show=False, id="agent_cards.clear_filter"),
    ]

    agents: reactive[tuple[AgentCardInfo, ...]] = reactive((), init=False)
    """The agents on the cards; set it again when a state changes."""

    highlighted: reactive[str] = reactive("", init=False)
    """The id of the highlighted agent; empty when no card is in sight."""

    filter: reactive[str] = reactive("", init=False)
    """What was typed: cards that do not hold every word of it are hidden."""

    @dataclass
    class Chosen(Message):
        """The person chose an agent that can be used."""

        cards: AgentCards
        agent_id: str

        @property
        def control(self) -> AgentCards:
            """The grid, for the `on` decorator."""
            return self.cards

    @dataclass
    class Said(Message):
        """The person typed something that is no agent's name, and pressed Enter: a message or a command."""

        cards: AgentCards
        text: str

        @property
        def control(self) -> AgentCards:
            """The grid, for the `on` decorator."""
            return self.cards

    def __init__(
        self,
        agents: Sequence[AgentCardInfo] = (),
        *,
        selected: str = "",
        listener: str = "",
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._columns = 1
        self.listener = listener
        self._guard = PasteGuard()
        self.set_reactive(AgentCards.agents, tuple(agents))
        self.set_reactive(AgentCards.highlighted, self._first_choice(selected))

    def _first_choice(self, wanted: str) -> str:
        shown = self.shown
        if any(info.agent_id == wanted for info in shown):
            return wanted
        return next((info.agent_id for info in shown if info.usable), shown[0].agent_id if shown else "")

    @property
    def shown(self) -> list[AgentCardInfo]:
        """The agents that the filter leaves, in order."""
        if self.listener and self.filter.startswith("/"):
            return []
        words = self.filter.casefold().split()
        return [info for info in self.agents if info.matches(words)]

    @property
    def highlighted_agent(self) -> AgentCardInfo | None:
        """What the highlighted card says."""
        return next((info for info in self.shown if info.agent_id == self.highlighted), None)

    def compose(self) -> ComposeResult:
        """The filter above, the cards, and all about the highlighted agent below."""
        yield Static(id="filter", markup=False)
        with VerticalScroll(id="cards", can_focus=False):
            yield Grid(*(AgentCard(info) for info in self.agents))
            yield Static(id="nothing", markup=False)
        yield Static(id="detail", markup=False)

    def on_mount(self) -> None:
        """Show what the cards say."""
        self._show_all()

    def on_resize(self, event: events.Resize) -> None:
        """Choose the columns for the new width."""
        width = event.size.width
        self._columns = 3 if width >= _THREE_COLUMNS else 2 if width >= _TWO_COLUMNS else 1
        self.query_one(Grid).styles.grid_size_columns = self._columns
        self.set_class(self.screen.size.height < _SHORT, "-short")
        # What was typed is cut to the width.
        self._show_all()

    def _share_rows(self) -> None:
        """Divide the rows between the cards and what is said about one of them.

        The sum stays what all cards need, so that neither a filter nor a long reason makes the box around it jump.
        """
        short = self.has_class("-short")
        gap = 0 if short else 1
        grid_rows = -(-len(self.agents) // self._columns)
        cards = max(3, min(grid_rows * (3 + gap) - gap, self.screen.size.height // 2))
        least = 3 if short else 5
        needed = len(self._description().wrap(max(1, self.size.width - 2))) + gap
        detail = max(least, min(needed, cards + least - 3))
        self.query_one("#cards").styles.height = cards + least - detail
        self.query_one("#detail").styles.height = detail

    async def watch_agents(self) -> None:
        """Put the new states on the cards, and new cards into the grid when the agents are others."""
        grid = self.query_one(Grid)
        cards = list(grid.query(AgentCard))
        if [card.info.agent_id for card in cards] == [info.agent_id for info in self.agents]:
            for card, info in zip(cards, self.agents, strict=True):
                card.info = info
        else:
            async with self.batch():
                await grid.remove_children()
                await grid.mount(*(AgentCard(info) for info in self.agents))
        self.highlighted = self._first_choice(self.highlighted)
        self._show_all()

    def watch_filter(self) -> None:
        """Hide what does not match, and keep something highlighted."""
        self.highlighted = self._first_choice(self.highlighted)
        self._show_all()

    def watch_highlighted(self) -> None:
        """Mark the card and describe its agent."""
        self._show_highlight()

    def _show_all(self) -> None:
        shown = {info.agent_id for info in self.shown}
        for card in self.query(AgentCard):
            card.display = card.info.agent_id in shown
        count = f"{len(shown)} of {len(self.agents)}"
        self.query_one("#filter", Static).update(self._typed(count))
        nothing = self.query_one("#nothing", Static)
        nothing.display = not shown
        nothing.update(self._nothing())
        self._show_highlight()

    def _typed(self, count: str) -> str:
        """What was typed, with its end in sight."""
        if not self.filter:
            return f"type to filter, or to say something to {clean_line(self.listener)}" if self.listener else _FILTER
        typed = clean_line(self.filter)
        room = max(10, self.size.width - len(count) - 6)
        end = typed if len(typed) <= room else f"…{typed[-room:]}"
        return f"{end}▏" if self._is_said else f"/{end}▏ {count}"

    def _nothing(self) -> str:
        if not self.agents:
            return "There are no agents."
        if not self._is_said:
            return f'No agent matches "{clean_line(self.filter, 200)}".'
        if self.filter.startswith("/"):
            return "Enter runs the command."
        return f"No agent is called that. Enter says it to {clean_line(self.listener)}."

    @property
    def _is_said(self) -> bool:
        """Whether what was typed is for the listener."""
        return bool(self.listener and self.agents and self.filter.strip() and not self.shown)

    def _show_highlight(self) -> None:
        for card in self.query(AgentCard):
            card.set_class(card.info.agent_id == self.highlighted, "-highlighted")
        self.query_one("#detail", Static).update(self._description())
        self._share_rows()
        self.call_after_refresh(self._scroll_to_highlighted)

    def _description(self) -> Content:
        """Everything about the highlighted agent that its card had to cut."""
        info = self.highlighted_agent
        if info is None:
            return Content("")
        paragraphs = [Content(clean(info.description))] if info.description else []
        if info.state != "ready":
            where = f" at {clean_line(info.detail)}" if info.state == "no_server" and info.detail else ""
            paragraphs.append(info.state_text + where)
        paragraphs += [Content.styled(f"› {clean_line(starter)}", "$text-muted") for starter in info.starters]
        return Content("\n").join(paragraphs)

    def _scroll_to_highlighted(self) -> None:
        try:
            card = self.query_one("AgentCard.-highlighted", AgentCard)
        except NoMatches:
            return
        self.query_one("#cards", VerticalScroll).scroll_to_widget(card, animate=False)

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Printable keys belong to the filter."""
        return character is not None and character.isprintable()

    async def on_key(self, event: events.Key) -> None:
        """Type into the filter."""
        if self._guard.belongs_to_paste(event.time):
            event.stop()
            event.prevent_default()
            self.filter += "\n" if event.key in ("enter", "ctrl+j") else event.character or ""
            return
        if event.is_printable and event.character and (self.filter or event.character != " "):
            event.stop()
            event.prevent_default()
            self.filter += event.character
        else:
            await run_own_binding(self, event)

    def on_paste(self, event: events.Paste) -> None:
        """Take what was pasted as if it had been typed; it never chooses by itself."""
        event.stop()
        self._guard.pasted(event.time)
        self.filter += event.text if self.filter else event.text.lstrip()

    def on_agent_card_clicked(self, message: AgentCard.Clicked) -> None:
        """Choose what was clicked."""
        message.stop()
        self.focus()
        self.highlighted = message.card.info.agent_id
        self.action_choose()

    def action_choose(self) -> None:
        """Choose the highlighted agent; one that is disabled only shows its reason."""
        if self._is_said:
            self.post_message(self.Said(self, self.filter.strip()))
            return
        info = self.highlighted_agent
        if info is not None and info.usable:
            self.post_message(self.Chosen(self, info.agent_id))

    def action_move(self, columns: int, rows: int) -> None:
        """Highlight the card that many columns and rows away; at an edge, stay."""
        shown = self.shown
        place = self._place(shown)
        if place is None:
            return
        target = place + columns + rows * self._columns
        if rows > 0 and target >= len(shown) and place // self._columns < (len(shown) - 1) // self._columns:
            target = len(shown) - 1  # The last row is shorter, and below all the same.
        if 0 <= target < len(shown):
            self.highlighted = shown[target].agent_id

    def action_edge(self, place: int) -> None:
        """Highlight the first card (0) or the last (-1)."""
        if shown := self.shown:
            self.highlighted = shown[place].agent_id

    def _place(self, shown: Sequence[AgentCardInfo]) -> int | None:
        return next((place for place, info in enumerate(shown) if info.agent_id == self.highlighted), None)

    def action_shorten_filter(self) -> None:
        """Take the last character off the filter."""
        self.filter = self.filter[:-1]

    def action_clear_filter(self) -> None:
        """Show every card again."""
        self.filter = ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave Escape to the screen when there is no filter to clear."""
        return bool(self.filter) if action == "clear_filter" else True
