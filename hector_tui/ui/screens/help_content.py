"""What the help screen lists: made from the commands and bindings themselves, so it cannot be out of date."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding
from textual.screen import Screen

from hector_tui.ui.commands import COMMANDS, LEADER_KEY
from hector_tui.ui.inspector.widget import Inspector
from hector_tui.ui.screens.help import HelpGroup
from hector_tui.ui.transcript.widget import Transcript

_READABLE = {
    "question_mark": "?",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "greater_than_sign": ">",
    "slash": "/",
}


def help_groups(screen: Screen[None]) -> list[HelpGroup]:
    """Every key, in groups; keys a person remapped are shown as they are now."""
    keymap = screen.app._keymap
    return [
        HelpGroup("Everywhere", (*_command_rows(keymap), ("ctrl+p", "Palette: every command by name"))),
        HelpGroup(
            "Prompt",
            (
                ("enter", "Send"),
                ("ctrl+j shift+enter", "New line; \\ and enter too"),
                ("up down", "Earlier prompts, from the first and last row"),
                ("/ @", "Commands; agents and files: tab or enter completes, esc closes"),
                ("ctrl+z ctrl+y", "Undo, redo"),
                ("esc esc", "Stop the answer"),
                ("ctrl+c", "Copy the selection, clear the draft, stop, or twice: quit"),
                ("@agent …", "Ask another agent in this session"),
                ("@file", "Attach a text or a picture"),
            ),
        ),
        HelpGroup("Transcript", _binding_rows(Transcript, keymap)),
        HelpGroup("Inspector", _binding_rows(Inspector, keymap)),
        HelpGroup(f"After {LEADER_KEY}", tuple((_readable(c.leader), c.title) for c in COMMANDS if c.leader)),
        HelpGroup("Slash commands", tuple((f"/{c.slash} {c.takes}".strip(), c.title) for c in COMMANDS if c.slash)),
    ]


def _command_rows(keymap: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    rows = [(keymap.get(c.command_id, c.keys), c.title) for c in COMMANDS if c.keys]
    return tuple((_readable(keys), title) for keys, title in [*rows, ("alt+1 … alt+9", "Go to a tab")])


def _binding_rows(owner: type[Transcript] | type[Inspector], keymap: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (_readable(keymap.get(binding.id or "", binding.key)), binding.description)
        for binding in owner.BINDINGS
        if isinstance(binding, Binding)
    )


def _readable(keys: str) -> str:
    for name, short in _READABLE.items():
        keys = keys.replace(name, short)
    return keys.replace(",", " ")
