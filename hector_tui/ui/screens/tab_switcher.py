"""Going to a tab by name, and walking back through those that were shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from hector_tui.domain.excerpts import fold
from hector_tui.ui.conversation import Conversation
from hector_tui.ui.desk import Desk
from hector_tui.ui.keymap import keys_of
from hector_tui.ui.screens.dialog import Dialog
from hector_tui.ui.text import clean_line
from hector_tui.ui.widgets.line_input import LineInput
from hector_tui.ui.widgets.tab_layout import GLYPHS, TabItem

_MOST_SHOWN = 16
_SHARE = 0.5
"""Of the screen's height that the list may take, with the row that counts the others; typing finds those."""
_CHOSEN = "$block-cursor-foreground on $block-cursor-background bold"
_WALK_S = 1.0
"""Seconds within which another press goes on walking instead of beginning again."""
_REFRESH_S = 1.0


class RecentWalk:
    """Walks back through the tabs by when they were shown, as Ctrl+Tab does elsewhere.

    Terminals tell no release of a key, so a walk ends by itself after a moment; until then the order stands still,
    or the second press would only come back.
    """

    def __init__(self) -> None:
        self._order: list[Conversation] = []
        self._at = 0
        self._until = float("-inf")

    def step(self, recent: Sequence[Conversation], by: int, now: float) -> Conversation | None:
        """The tab to show; None when there is no other.

        Args:
            recent: The open tabs, the shown one first.
            by: How many further back.
            now: Seconds, monotonic.
        """
        if now > self._until or set(self._order) != set(recent):
            self._order, self._at = list(recent), 0
        self._until = now + _WALK_S
        if len(self._order) < 2:
            return None
        self._at = (self._at + by) % len(self._order)
        return self._order[self._at]


class TabSwitcher(Dialog[Conversation | None]):
    """Lists the open tabs, the one shown last first; typing filters, Enter goes there.

    Args:
        desk: The open conversations.
    """

    AUTO_FOCUS = "#switcher-filter"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,shift+tab,ctrl+shift+tab", "select(-1)", "Up", id="switcher.up", show=False, priority=True),
        Binding("down,tab,ctrl+tab", "select(1)", "Down", id="switcher.down", show=False, priority=True),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._selected = 1 if len(desk.workspace) > 1 else 0
        self._filter = ""

    def compose(self) -> ComposeResult:
        """The filter, the tabs and the keys."""
        with Vertical(classes="dialog -tall"):
            yield LineInput(placeholder="Go to a tab …", id="switcher-filter")
            yield Static(id="switcher-list", markup=False)
            keys = self.key_line(("switcher.up switcher.down", "choose"), ("enter", "go"), ("dialog.leave", "leave"))
            yield Static(keys, classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        """Show the tabs, and keep their states right."""
        self.call_after_refresh(self._show)
        self.set_interval(_REFRESH_S, self._show)

    def _matching(self) -> list[tuple[Conversation, TabItem]]:
        workspace = self._desk.workspace
        items = {item.session_id: item for item in workspace.tab_items(self._desk.activity)}
        words = fold(self._filter).split()
        found = []
        for conversation in workspace.recent:
            item = items[conversation.info.session_id]
            name = fold(f"{item.title} {conversation.agent_id}")
            if all(word in name for word in words):
                found.append((conversation, item))
        return found

    def _show(self) -> None:
        if not self.query("#switcher-list"):
            return  # It is called a refresh later, when the dialog may have been left.
        found = self._matching()
        self._selected = max(0, min(self._selected, len(found) - 1))
        first = self._first(len(found))
        numbers = {name: number for number, name in enumerate(self._desk.workspace.session_ids, start=1)}
        width = max(20, self.query_one("#switcher-list").content_size.width)
        lines = []
        for place, (conversation, item) in enumerate(found[first : first + self._room], start=first):
            badge = f" •{item.unread}" if item.unread else ""
            badge += f" +{item.queued}" if item.queued else ""
            title = clean_line(item.title, width - 11 - len(badge))
            number = numbers[conversation.info.session_id]
            is_chosen = place == self._selected
            line = Content(f"{'▸' if is_chosen else ' '} {number:>3} {GLYPHS[item.state]} {title}{badge}")
            if is_chosen:
                line = line.pad_right(max(0, width - line.cell_length)).stylize(_CHOSEN)
            lines.append(line)
        left = len(found) - len(lines)
        if left > 0:
            lines.append(Content.styled(f"      {left} more; type to find them", "$text-muted"))
        lists = keys_of(self.app).way_to("session.open")
        empty = Content.styled(f"No tab has such a title. Leave, and {lists} searches all sessions.", "$text-muted")
        self.query_one("#switcher-list", Static).update(Content("\n").join(lines) if lines else empty)

    @property
    def _room(self) -> int:
        """Tabs in view."""
        return max(3, min(_MOST_SHOWN, int(self.size.height * _SHARE)))

    def _first(self, count: int) -> int:
        """The place of the first tab in view, so that the chosen one is in it."""
        return max(0, min(self._selected - self._room // 2, count - self._room))

    def on_resize(self) -> None:
        """There is another room."""
        self.call_after_refresh(self._show)

    def action_select(self, by: int) -> None:
        """Choose another tab, around the end."""
        if found := self._matching():
            self._selected = (self._selected + by) % len(found)
            self._show()

    @on(Input.Changed)
    def _filter_changed(self, message: Input.Changed) -> None:
        message.stop()
        self._filter = message.value
        self._selected = 0 if message.value or len(self._desk.workspace) < 2 else 1
        self._show()

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        if found := self._matching():
            self.answer(found[self._selected][0])

    def on_click(self, event: events.Click) -> None:
        """Go to the tab that was clicked."""
        tabs = self.query_one("#switcher-list")
        if not tabs.content_region.contains(int(event.screen_x), int(event.screen_y)):
            return
        found = self._matching()
        first = self._first(len(found))
        place = first + int(event.screen_y) - tabs.content_region.y
        if first <= place < min(first + self._room, len(found)):
            self.answer(found[place][0])
