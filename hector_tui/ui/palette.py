"""What the palette lists besides the commands: the keys of each part of the screen that is shown."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from textual.app import SystemCommand
from textual.screen import Screen
from textual.widget import Widget

from hector_tui.ui.keymap import Keys
from hector_tui.ui.keymap_check import catalogue, words_of


def part_commands(screen: Screen[None], keys: Keys) -> Iterable[SystemCommand]:
    """Every action of the shown parts, with its keys: `Transcript: Oldest`."""
    for action in catalogue().values():
        if action.where != "part" or action.is_editing:
            continue
        node = next((node for node in screen.query(action.owner) if _is_shown(node)), None)
        if node is not None:
            title = f"{words_of(action.owner)}: {action.title}"
            listed = keys.listed(action.binding_id, ",".join(action.keys))
            run = partial(node.run_action, action.action)
            # Found by typing; before that they would crowd out the commands.
            yield SystemCommand(title, listed or "no key", run, discover=False)


def _is_shown(node: Widget) -> bool:
    return all(one.display for one in node.ancestors_with_self if isinstance(one, Widget))
