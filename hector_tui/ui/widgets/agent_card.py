"""One agent on a card: what it does, what it runs on, and whether it can answer right now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from hector_tui.ui.text import clean_line

AgentState = Literal["ready", "needs_key", "no_server", "disabled"]


@dataclass(frozen=True, slots=True)
class AgentCardInfo:
    """What a card says about an agent.

    Attributes:
        description: One sentence.
        model: The model's name, or empty.
        detail: What belongs to the state: the name of the missing key, the server's address, the reason it is disabled.
        starters: Questions to begin with.
    """

    agent_id: str
    name: str
    description: str
    model: str
    state: AgentState = "ready"
    detail: str = ""
    starters: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether it can be chosen: a missing key or server can be put right afterwards, a broken file cannot."""
        return self.state != "disabled"

    @property
    def state_text(self) -> Content:
        """The state as a glyph, a colour and words: never by colour alone."""
        detail = clean_line(self.detail)
        match self.state:
            case "ready":
                return Content.styled("● ready", "$text-success")
            case "needs_key":
                return Content.styled(f"○ needs {detail or 'a key'}", "$text-warning")
            case "no_server":
                return Content.styled("○ server not found", "$text-warning")
            case "disabled":
                return Content.styled(f"✗ disabled: {detail}" if detail else "✗ disabled", "$text-error")

    def matches(self, words: Sequence[str]) -> bool:
        """Whether every word of a filter, in lower case, occurs in what the card says."""
        text = f"{self.name} {self.agent_id} {self.description} {self.model}".casefold()
        return all(word in text for word in words)


class AgentCard(Widget):
    """One card: name and model, description, state; a row each."""

    DEFAULT_CSS = """
    AgentCard {
        height: 3;
        padding: 0 1;
        background: $surface;
        border-left: outer $surface-lighten-2;

        &:hover { background: $boost; }
        &.-highlighted { background: $primary 20%; border-left: outer $primary; }
        /* Nothing can be mixed of the terminal's colours; there a bar marks the card, and no other has one. */
        &:ansi { border-left: blank; }
        &.-highlighted:ansi { background: ansi_default; border-left: outer $primary; }
    }
    """

    info: reactive[AgentCardInfo] = reactive(AgentCardInfo("", "", "", ""), init=False)
    """What the card says."""

    @dataclass
    class Clicked(Message):
        """The card was clicked."""

        card: AgentCard

    def __init__(self, info: AgentCardInfo) -> None:
        super().__init__()
        self.set_reactive(AgentCard.info, info)

    def render(self) -> Content:
        """The three rows, each cut to the width."""
        width = max(1, self.content_size.width)
        info = self.info
        model = Content.styled(clean_line(info.model, max(1, width // 2)), "$text-muted")
        room = width - model.cell_length - 1
        name = Content.styled(clean_line(info.name, max(1, room)), "bold" if info.usable else "bold $text-muted")
        space = " " * (width - name.cell_length - model.cell_length)
        description = Content.styled(clean_line(info.description, width), "$text-muted")
        return Content("\n").join([name + space + model, description, info.state_text.truncate(width, ellipsis=True)])

    def on_click(self, event: events.Click) -> None:
        """Tell the grid."""
        event.stop()
        self.post_message(self.Clicked(self))
