"""The screen that shows every action with its keys, and gives it others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from hector_tui.ui.commands import COMMANDS
from hector_tui.ui.key_names import readable
from hector_tui.ui.keymap import Keys
from hector_tui.ui.keymap_check import BoundAction, catalogue, check_keymap, words_of
from hector_tui.ui.preferences import Preferences
from hector_tui.ui.screens.dialog import Dialog
from hector_tui.ui.screens.filtered_list import FilteredList, Row, two_columns
from hector_tui.ui.settings import KEYMAP, NONE, Change, KeyEntry
from hector_tui.ui.text import clean_line

_TITLE_CELLS = 44
_LISTED_CELLS = 34
"""What the keys and the frame want of a narrow terminal."""
_HEADINGS = {"commands": "Everywhere"}


class PressKey(Dialog[str | None]):
    """Waits for one key; the answer is its name, or None when the person left.

    Args:
        title: What the key is for.
    """

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        """What is asked."""
        with Vertical(classes="dialog"):
            yield Static(clean_line(f"A key for: {self._title}"), classes="dialog-title", markup=False)
            text = "Press it now. A key that writes something needs ctrl or alt."
            yield Static(text, markup=False, classes="press-key")
            yield Static("esc leave", classes="dialog-keys", markup=False)

    def on_key(self, event: events.Key) -> None:
        """Whatever is pressed is the answer, except Esc."""
        event.stop()
        event.prevent_default()
        self.answer(None if event.key == "escape" else event.key)


class KeysScreen(FilteredList[None]):
    """Lists every action that can have a key.

    Args:
        preferences: The keys in force.
        change: Sets keys of the settings file.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "reset", "Default", show=False, id="keys.reset", priority=True),
        Binding("delete", "unbind", "No key", show=False, id="keys.unbind", priority=True),
    ]

    def __init__(self, preferences: Preferences, *, change: Callable[[Mapping[tuple[str, ...], Change]], None]) -> None:
        super().__init__("Keys", placeholder="type to search an action or a key")
        self._preferences = preferences
        self._change = change
        self._actions = catalogue()
        self._leaders = {command.command_id: command for command in COMMANDS}

    @property
    def _keys(self) -> Keys:
        return self._preferences.keys

    def rows(self) -> Iterable[Row]:
        """Every action under the part of the screen it belongs to."""
        heading = ""
        for action in self._actions.values():
            if action.owner != heading:
                heading = action.owner
                yield Row("", Content.styled(_HEADINGS.get(heading) or words_of(heading), "bold $text-muted"))
            changed = action.binding_id in self._keys.changed
            width = self.app.size.width
            cells = min(_TITLE_CELLS, max(width // 2 + 2, width - _LISTED_CELLS))
            content = two_columns(action.title, self._listed(action) or "-", marked=changed, title_cells=cells)
            yield Row(action.binding_id, content, action.binding_id)

    def _listed(self, action: BoundAction) -> str:
        return self._keys.listed(action.binding_id, ",".join(action.keys))

    def settings_changed(self) -> None:
        """Show the keys as they are now."""
        self.show_rows()

    def keys_text(self) -> str:
        """What changes a key."""
        return self.key_line(
            ("enter", "press a new key"),
            ("keys.unbind", "no key"),
            ("keys.reset", "default"),
            ("dialog.leave", "leave"),
        )

    def describe(self, row_id: str) -> Content:
        """The action's name in the file, its default, and its letter after the leader key."""
        action = self._actions[row_id]
        default = " ".join(readable(key) for key in action.keys if key != "no-key") or "none"
        command = self._leaders.get(row_id)
        letter = self._keys.leader_of(command) if command is not None else ""
        after = f" · after the leader key: {letter}" if letter else ""
        return Content.styled(f"{row_id} · default: {default}{after}", "$text-muted")

    def chosen(self, row_id: str) -> None:
        """Ask for the new key."""
        action = self._actions[row_id]

        def answered(key: str | None) -> None:
            if key is not None:
                self._bind(action, key)

        self.app.push_screen(PressKey(action.title), answered)

    def action_unbind(self) -> None:
        """Take the keys away."""
        if self.current:
            self._set(self.current, NONE)

    def action_reset(self) -> None:
        """Give the default keys back."""
        if self.current:
            self._set(self.current, None)

    def _bind(self, action: BoundAction, key: str) -> None:
        """Bind, unless the key is another's or none that can be bound; then say so and change nothing."""
        others = [entry for entry in self._preferences.file.keymap if entry.binding_id != action.binding_id]
        tried = KeyEntry(action.binding_id, (key,), "")
        checked = check_keymap([*others, tried])
        problem = next((error for error in checked.errors if not error.where), None)
        if problem is not None:
            text = f"{problem.message}. {problem.hint}".strip()
            self.app.notify(clean_line(text, 300), severity="warning", markup=False, timeout=8)
            return
        self._set(action.binding_id, key)

    def _set(self, binding_id: str, value: str | None) -> None:
        self._change({(KEYMAP, binding_id): value})
