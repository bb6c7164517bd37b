"""A second conversation beside the first: to be read while one talks in the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from hector_tui.ui.conversation import Conversation
from hector_tui.ui.follower import Follower
from hector_tui.ui.guarded import run_guarded
from hector_tui.ui.text import clean_line
from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.widget import Transcript
from hector_tui.ui.widgets.tab_layout import GLYPHS, TabItem, TabState

_SHORTEST = 8
"""Cells of a title at least; what does not fit any more is cut at the right end of the row."""
_STATE_STYLES: dict[TabState, str] = {
    "idle": "$chat-dim",
    "waiting": "$chat-dim",
    "working": "$tab-working",
    "needs_you": "$tab-needs-you bold",
    "failed": "$text-error",
}


class SidePane(Vertical):
    """Shows one open conversation under its title, live; who types does so in the other one.

    Args:
        drawn: Called after something of the conversation was drawn.
    """

    DEFAULT_CSS = """
    SidePane {
        width: 1fr;
        display: none;
        border-left: vkey $surface-lighten-1;
        & > #side-title { height: 1; padding: 0 1; background: $panel; color: $chat-dim; }
        & > Transcript { width: 1fr; }
        &:focus-within { border-left: vkey $primary; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "leave", "Back to the prompt", id="side.leave", show=False),
    ]

    class SwapRequested(Message):
        """The person wants to talk in this one, and read the other."""

    class Left(Message):
        """The person goes back to the prompt."""

    def __init__(self, *, drawn: Callable[[Conversation], None], id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawn = drawn
        self._conversation: Conversation | None = None
        self._follower = Follower(self._was_drawn)
        self._described: tuple[int, TabItem, str] | None = None

    def compose(self) -> ComposeResult:
        """The title and the transcript."""
        yield Static(id="side-title", markup=False)
        yield Transcript(id="side-transcript")

    def on_mount(self) -> None:
        """Follow whatever will be shown."""
        run_guarded(self, self._follower.work, group="side")

    @property
    def conversation(self) -> Conversation | None:
        """What is shown; None while the pane is hidden."""
        return self._conversation

    @property
    def transcript(self) -> Transcript:
        """What was said in it."""
        return self.query_one("#side-transcript", Transcript)

    def show(self, conversation: Conversation | None) -> None:
        """Show a conversation beside the active one; None hides the pane, and nothing is drawn any more."""
        self.display = conversation is not None
        if conversation is self._conversation:
            return
        self._conversation = conversation
        self._follower.follow(conversation)
        # An empty one in its place: a document has one view at a time, and another may show this one now.
        self.transcript.show(conversation.document if conversation is not None else TranscriptDocument())

    def wake(self) -> None:
        """The shown conversation may have news."""
        self._follower.wake()

    def describe(self, number: int, item: TabItem, swap_key: str) -> None:
        """Write the title: the place of its tab, its state, its name, what waits there, and how to come here."""
        described = (number, item, swap_key)
        if described != self._described:
            self._described = described
            self._write_title()

    def on_resize(self) -> None:
        """The title has another room."""
        self._write_title()

    def _write_title(self) -> None:
        if self._described is None:
            return
        number, item, swap_key = self._described
        state = _STATE_STYLES[item.state]
        asks = " · waits for you" if item.state == "needs_you" else ""
        queued = f" · {item.queued} queued" if item.queued else ""
        way = f" · {swap_key or 'a click'} goes there"
        room = self.size.width - 4 - cell_len(f"{number}   {asks}{queued}{way}")
        title = Content.assemble(
            (f"{number} ", "$chat-dim"),
            (f"{GLYPHS[item.state]} ", state),
            (clean_line(item.title, max(_SHORTEST, room)), "bold"),
            (asks, state),
            (queued, "$chat-dim"),
            (way, "$chat-dim"),
        )
        self.query_one("#side-title", Static).update(title)

    def on_click(self, event: events.Click) -> None:
        """A click on the title changes places; one on the text reads and selects."""
        if event.widget is not None and event.widget.id == "side-title":
            self.post_message(self.SwapRequested())

    def action_leave(self) -> None:
        """Go back to the prompt."""
        self.post_message(self.Left())

    def _was_drawn(self, _ended: bool) -> None:
        if self._conversation is not None:
            self._drawn(self._conversation)
