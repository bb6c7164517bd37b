"""The menu of a block: what can be done with it, by arrow keys or by the letter of a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from hector_tui.ui.block_actions import BlockAction
from hector_tui.ui.keymap import bindings_of, key_line, keys_of
from hector_tui.ui.screens.dialog import Dialog
from hector_tui.ui.text import clean_line


class MenuList(OptionList, inherit_bindings=False):
    """Textual's list with keys that can be remapped."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Up", id="menu.up", show=False),
        Binding("down,j", "cursor_down", "Down", id="menu.down", show=False),
        Binding("home", "first", "First", id="menu.first", show=False),
        Binding("end", "last", "Last", id="menu.last", show=False),
        Binding("pageup", "page_up", "Page up", id="menu.page_up", show=False),
        Binding("pagedown", "page_down", "Page down", id="menu.page_down", show=False),
        Binding("enter", "select", "Do it", id="menu.choose", show=False),
    ]


class BlockMenu(Dialog[BlockAction]):
    """Lists what can be done with a block; the answer is what was chosen, None when the person left.

    Args:
        title: What the block is.
        about: Its first words.
        actions: The rows.
    """

    DEFAULT_CSS = """
    BlockMenu {
        align: center middle;
        background: $background 60%;

        & #menu-about { padding: 0 1; color: $text-muted; height: 1; }
        & MenuList {
            height: auto;
            max-height: 60vh;
            margin-top: 1;
            padding: 0;
            border: none;
            background: $panel;
            scrollbar-size-vertical: 1;
            text-wrap: nowrap;
            text-overflow: ellipsis;
        }
        & MenuList:focus { border: none; background-tint: transparent; }
    }
    """

    AUTO_FOCUS = "MenuList"

    def __init__(self, title: str, about: str, actions: Sequence[BlockAction]) -> None:
        super().__init__()
        self._title = title
        self._about = about
        self._actions = actions

    def compose(self) -> ComposeResult:
        """The block, the rows and the keys."""
        with Vertical(classes="dialog"):
            yield Static(clean_line(self._title).capitalize(), classes="dialog-title", markup=False)
            yield Static(clean_line(self._about, 54), id="menu-about", markup=False)
            rows = [
                Option(Content.assemble((f" {action.key or ' '}  ", "bold"), clean_line(action.title)))
                for action in self._actions
            ]
            yield MenuList(*rows, markup=False)
            keys = key_line(
                keys_of(self.app),
                [*bindings_of(MenuList), *bindings_of(type(self))],
                (("menu.up menu.down", "choose"), ("menu.choose", "or its letter do it"), ("dialog.leave", "leave")),
            )
            yield Static(keys, classes="dialog-keys", markup=False)

    @on(OptionList.OptionSelected)
    def _chosen(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self.answer(self._actions[message.option_index])

    def on_key(self, event: events.Key) -> None:
        """A row's letter chooses it."""
        found = next((action for action in self._actions if action.key and action.key == event.character), None)
        if found is not None:
            event.stop()
            event.prevent_default()
            self.answer(found)
