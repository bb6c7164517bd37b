"""The inspector panel: a row of names and the lines of the chosen one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from hector_tui.domain.context import ContextView
from hector_tui.domain.events import MemoryRecalled
from hector_tui.domain.turns import TurnRecord
from hector_tui.ui.inspector.panels import context_lines, history_lines, memory_lines
from hector_tui.ui.inspector.usage_panel import UsageView, usage_lines
from hector_tui.ui.inspector.wrapping import Wrapper
from hector_tui.ui.keymap import key_line, keys_of
from hector_tui.ui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from hector_tui.engine.views import MemoryView

PanelName = Literal["context", "history", "memory", "usage"]
PANELS: tuple[PanelName, ...] = ("context", "history", "memory", "usage")


class Inspector(Vertical):
    """Shows what the active session's agent knows. Whoever owns it fetches the data and calls the `show_` methods."""

    BINDING_GROUP_TITLE = "Inspector"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "turn(1)", "Next panel", id="inspector.next", show=False),
        Binding("shift+tab", "turn(-1)", "Previous panel", id="inspector.previous", show=False),
        Binding("n", "select(1)", "Next memory", id="inspector.next_memory", show=False),
        Binding("p", "select(-1)", "Previous memory", id="inspector.previous_memory", show=False),
        Binding("d,delete", "forget", "Forget the chosen memory", id="inspector.forget", show=False),
        Binding("escape", "leave", "Back to the prompt", id="inspector.leave", show=False),
    ]

    DEFAULT_CSS = """
    Inspector {
        width: 44;
        background: $panel;
        border-left: vkey $surface-lighten-1;
        & > #inspector-tabs { height: 1; padding: 0 1; color: $chat-dim; background: $panel; }
        & > #inspector-lines { height: 1fr; padding: 0 1; background: $panel; }
        & > #inspector-keys { height: 1; padding: 0 1; color: $chat-dim; background: $panel; }
        &:focus-within { border-left: vkey $primary; }
    }
    """

    panel: reactive[PanelName] = reactive[PanelName]("context", init=False)
    """Which panel is shown."""

    @dataclass
    class PanelChanged(Message):
        """Another panel is shown and wants data."""

        panel: PanelName

    @dataclass
    class ForgetRequested(Message):
        """The person wants a memory forgotten."""

        memory_id: str
        text: str

    @dataclass
    class Left(Message):
        """The person is done here."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._wrapper = Wrapper(40)
        self._request: ContextView | None = None
        self._history: tuple[TurnRecord, ...] = ()
        self._memory: MemoryView | None = None
        self._recalled: MemoryRecalled | None = None
        self._selected = ""
        self._usage: tuple[UsageView | None, dict[str, str]] = (None, {})

    def compose(self) -> ComposeResult:
        """The names, the lines, the keys."""
        yield Static(id="inspector-tabs", markup=False)
        yield LinesView(id="inspector-lines")
        yield Static(id="inspector-keys", markup=False)

    def on_mount(self) -> None:
        """Show the empty first panel."""
        self._show_names()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        self._wrapper = Wrapper(event.size.width - 4)
        self._show_lines()

    def show_context(self, view: ContextView | None) -> None:
        """What the next request looks like, or the running turn's last one."""
        self._request = view
        self._show_lines()

    def show_history(self, records: tuple[TurnRecord, ...]) -> None:
        """The stored rows of the session."""
        self._history = records
        self._show_lines()

    def show_memory(self, view: MemoryView | None, recalled: MemoryRecalled | None) -> None:
        """What the agent remembers, and what the last turn recalled."""
        self._memory = view
        self._recalled = recalled
        self._show_lines()

    def show_usage(self, view: UsageView | None, names: dict[str, str]) -> None:
        """What was spent; `names` says what the screen calls the agents."""
        self._usage = (view, names)
        self._show_lines()

    def watch_panel(self) -> None:
        """Show the panel with what is known of it, and ask for news."""
        self._show_names()
        self._show_lines(from_top=True)
        self.post_message(self.PanelChanged(self.panel))

    def action_turn(self, by: int) -> None:
        """Show the panel so many places to the right."""
        self.panel = PANELS[(PANELS.index(self.panel) + by) % len(PANELS)]

    def action_select(self, by: int) -> None:
        """Move the cursor over the memories."""
        if self.panel != "memory" or self._memory is None or not self._memory.latest:
            return
        ids = [memory.memory_id for memory in self._memory.latest]
        place = ids.index(self._selected) + by if self._selected in ids else 0
        self._selected = ids[max(0, min(len(ids) - 1, place))]
        self._show_lines()

    def action_forget(self) -> None:
        """Ask for the chosen memory to be forgotten."""
        if self.panel != "memory" or self._memory is None:
            return
        for memory in self._memory.latest:
            if memory.memory_id == self._selected:
                self.post_message(self.ForgetRequested(memory.memory_id, memory.text))

    def action_leave(self) -> None:
        """Go back to the prompt."""
        self.post_message(self.Left())

    def on_click(self, event: events.Click) -> None:
        """A click on a name shows its panel."""
        if event.widget is not None and event.widget.id == "inspector-tabs":
            place = 0
            for name in PANELS:
                place += len(name) + 2
                if event.x - 1 < place:
                    self.panel = name
                    return

    def _show_names(self) -> None:
        if not self.children:
            return
        names = [
            Content.styled(f" {name} ", "$tab-active bold reverse" if name == self.panel else "$chat-dim")
            for name in PANELS
        ]
        self.query_one("#inspector-tabs", Static).update(Content.assemble(*names))
        self.refresh_keys()

    def refresh_keys(self) -> None:
        """Say what the keys in force do here."""
        if not self.children:
            return
        keys = keys_of(self.app)
        own = [binding for binding in self.BINDINGS if isinstance(binding, Binding)]
        if self.panel == "memory":
            choice = ("inspector.next_memory inspector.previous_memory", "choose")
            parts = [choice, ("inspector.forget", "forget"), ("inspector.next", "panel")]
        else:
            parts = [(keys.way_to("inspector.toggle"), "hide"), ("inspector.next", "panel")]
        self.query_one("#inspector-keys", Static).update(key_line(keys, own, parts))

    def _show_lines(self, *, from_top: bool = False) -> None:
        if not self.children:
            return
        view = self.query_one("#inspector-lines", LinesView)
        places: dict[str, int] = {}
        match self.panel:
            case "context":
                lines = context_lines(self._request, self._wrapper)
            case "history":
                lines = history_lines(self._history, self._wrapper)
            case "memory":
                lines, places = memory_lines(self._memory, self._recalled, self._selected, self._wrapper)
            case "usage":
                lines = usage_lines(*self._usage)
        view.set_lines(lines)
        if from_top:
            view.scroll_home(animate=False)
        elif self._selected in places and view.has_focus:
            view.scroll_to(y=max(0, places[self._selected] - 2), animate=False)
