"""The dialog that chooses an agent."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from hector_tui.ui.screens.dialog import Dialog
from hector_tui.ui.text import clean_line
from hector_tui.ui.widgets.agent_card import AgentCardInfo
from hector_tui.ui.widgets.agent_cards import AgentCards


class AgentPicker(Dialog[str | None]):
    """Asks for an agent; the answer is its id, or None when the person left.

    Args:
        agents: The cards, in their order.
        selected: The id of the agent that is highlighted first.
        title: What the choice is for.
    """

    AUTO_FOCUS = "AgentCards"

    def __init__(self, agents: Sequence[AgentCardInfo], *, selected: str = "", title: str = "Choose an agent") -> None:
        super().__init__()
        self._agents = agents
        self._selected = selected
        self._title = title

    def compose(self) -> ComposeResult:
        """The title, the cards and the keys."""
        with Vertical(classes="dialog -large"):
            yield Static(clean_line(self._title), classes="dialog-title", markup=False)
            yield AgentCards(self._agents, selected=self._selected)
            keys = self.key_line(("↑ ↓", "choose"), ("enter", "begin"), ("dialog.leave", "leave"))
            yield Static(keys, classes="dialog-keys", markup=False)

    @on(AgentCards.Chosen)
    def _answer(self, message: AgentCards.Chosen) -> None:
        message.stop()
        self.answer(message.agent_id)
