"""What the help screen lists: made from the commands and bindings in force, so it cannot be out of date."""

from __future__ import annotations

from collections.abc import Iterable

from textual.screen import Screen

from hector_tui.ui.commands import COMMANDS, TAB_COMMANDS
from hector_tui.ui.key_names import readable
from hector_tui.ui.keymap import LEADER_ID, Keys, keys_of
from hector_tui.ui.keymap_check import BoundAction, catalogue, words_of
from hector_tui.ui.screens.help import HelpGroup
from hector_tui.ui.transcript.widget import Transcript
from hector_tui.ui.widgets.prompt import Prompt


def help_groups(screen: Screen[None]) -> list[HelpGroup]:
    """Every key, in groups; keys a person changed are shown as they are now."""
    keys = keys_of(screen.app)
    leader = " ".join(readable(key) for key in keys.of(LEADER_ID))
    reading = [command for command in COMMANDS if command.group == "Transcript"]
    return [
        HelpGroup("Everywhere", tuple(_command_rows(keys))),
        HelpGroup("Prompt", tuple(_prompt_rows(keys))),
        HelpGroup(
            "Transcript, from the prompt",
            tuple((keys.listed(one.command_id), one.title) for one in reading if keys.of(one.command_id)),
        ),
        *_part_groups(keys),
        HelpGroup(f"After {leader}", keys.leader_rows() if leader else ()),
        HelpGroup("Slash commands", tuple((f"/{c.slash} {c.takes}".strip(), c.title) for c in COMMANDS if c.slash)),
    ]


def _command_rows(keys: Keys) -> Iterable[tuple[str, str]]:
    for command in COMMANDS:
        if not command.group and (listed := keys.listed(command.command_id)):
            yield listed, command.title
    tabs = [keys.listed(command.command_id) for command in TAB_COMMANDS]
    if any(command.command_id in keys.changed for command in TAB_COMMANDS):
        yield from ((listed, command.title) for listed, command in zip(tabs, TAB_COMMANDS, strict=True) if listed)
    else:
        yield f"{tabs[0]} … {tabs[-1]}", "Go to a tab"


def _prompt_rows(keys: Keys) -> Iterable[tuple[str, str]]:
    for action in catalogue().values():
        if action.owner == Prompt.__name__ and not action.is_editing and (listed := _listed(keys, action)):
            yield listed, action.title
    yield "\\ enter", "New line, where no other key makes one"
    yield "↑ ↓", "Earlier prompts, from the first and last row"
    yield "@agent …", "Ask another agent in this session"


def _part_groups(keys: Keys) -> Iterable[HelpGroup]:
    """The keys of each part of the screen, while it has the focus."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for action in catalogue().values():
        if action.where == "part" and action.owner != Prompt.__name__ and (listed := _listed(keys, action)):
            rows.setdefault(action.owner, []).append((listed, action.title))
    for owner in sorted(rows, key=lambda owner: owner != Transcript.__name__):
        yield HelpGroup(words_of(owner), tuple(rows[owner]))


def _listed(keys: Keys, action: BoundAction) -> str:
    return keys.listed(action.binding_id, ",".join(action.keys))
