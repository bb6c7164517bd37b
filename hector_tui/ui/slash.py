"""Slash commands: what a person typed into the prompt, when it is no message."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from hector_tui.ui.commands import COMMANDS, Command

_BARE_QUIT = frozenset({"exit", "quit", ":q"})
"""What people type to leave, out of habit."""


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """What a person typed after `/`; `command` is None when there is no such command."""

    name: str
    argument: str
    command: Command | None
    nearest: str = ""

    @property
    def has_too_much(self) -> bool:
        """Whether words follow a command that takes none: `/quit smoking, how?` was hardly meant to quit."""
        return self.command is not None and bool(self.argument) and not self.command.takes


def parse_slash(text: str) -> SlashCommand | None:
    """The slash command a message is; None when it is a message for an agent.

    A path such as `/etc/hosts` is a message: a command's name holds no second slash.
    """
    line = text.strip()
    if line in _BARE_QUIT:
        return SlashCommand(line, "", by_slash("quit"))
    if not line.startswith("/") or "\n" in line:
        return None
    name, _, argument = line[1:].partition(" ")
    if not name or "/" in name:
        return None
    command = by_slash(name.lower())
    known = [other.slash for other in COMMANDS if other.slash]
    near = difflib.get_close_matches(name.lower(), known, n=1)
    return SlashCommand(name, argument.strip(), command, near[0] if near and command is None else "")


def by_slash(name: str) -> Command | None:
    """The command with that slash name or alias."""
    return next((each for each in COMMANDS if each.slash and (each.slash == name or name in each.aliases)), None)
