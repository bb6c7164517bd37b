"""Which keys do what: the commands' defaults, with what a person's keymap says instead.

`App.set_keymap` of Textual does the binding, by the ids every binding of ours has. It takes any word for a key and
settles a clash by dropping one side without a word, so a keymap is judged here first, and only what is sound in it is
given to the app. What a person reads, help, hints and lists, asks `Keys`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, runtime_checkable

from textual.binding import Binding

from hector_tui.ui.commands import COMMANDS, NO_KEY, TAB_COMMANDS, Command
from hector_tui.ui.key_names import readable
from hector_tui.ui.short_titles import SHORT_TITLES

LEADER_ID = "app.leader"

_BY_ID: Mapping[str, Command] = {command.command_id: command for command in (*COMMANDS, *TAB_COMMANDS)}


@dataclass(frozen=True)
class Keys:
    """The keys in force.

    Args:
        changed: Keys by the id of their binding, as Textual calls them, where they are not the defaults; empty for
            a binding that has none.
        leaders: The key after the leader key by the command's id, where it is another; empty for none.
    """

    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leaders: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def textual(self) -> dict[str, str]:
        """The keymap for `App.set_keymap`, in which an empty string would mean the default."""
        return {binding_id: ",".join(keys) or NO_KEY for binding_id, keys in self.changed.items()}

    def of(self, binding_id: str, default: str = "") -> tuple[str, ...]:
        """The keys of a binding, as Textual calls them.

        Args:
            binding_id: Its id.
            default: Its own keys, separated by commas, where it is not a command.
        """
        if (changed := self.changed.get(binding_id)) is not None:
            return changed
        command = _BY_ID.get(binding_id)
        own = command.keys if command is not None else default
        return tuple(key.strip() for key in own.split(",") if key.strip() not in ("", NO_KEY))

    def of_binding(self, binding: Binding) -> tuple[str, ...]:
        """The keys of a binding of a widget or dialog."""
        return self.of(binding.id or "", binding.key)

    def listed(self, binding_id: str, default: str = "") -> str:
        """All keys of a binding for people: `f9 ctrl+,`; empty when it has none."""
        return " ".join(readable(key) for key in self.of(binding_id, default))

    def leader_of(self, command: Command) -> str:
        """The key after the leader key; empty for none."""
        return self.leaders.get(command.command_id, command.leader)

    def way_to(self, command_id: str) -> str:
        """The shortest way to a command for a hint: its first key, else leader and letter, else its slash name."""
        command = _BY_ID[command_id]
        if keys := self.of(command_id):
            return readable(keys[0])
        return self.ways_around(command)

    def ways_around(self, command: Command) -> str:
        """How to do a command without a key of its own: after the leader, or by its slash name; or not at all."""
        letter, leader = self.leader_of(command), self.of(LEADER_ID)
        if letter and leader:
            return f"{readable(leader[0])} {letter}"
        return f"/{command.slash}" if command.slash else ""

    def all_ways(self, command: Command) -> str:
        """Every way to a command, for the palette."""
        ways = (self.listed(command.command_id), self.ways_around(command))
        return " · ".join(way for way in ways if way)

    def by_leader(self, key: str) -> Command | None:
        """The command behind a key after the leader key."""
        return next((command for command in COMMANDS if self.leader_of(command) == key), None)

    def leader_rows(self, *, short: bool = False) -> tuple[tuple[str, str], ...]:
        """Keys after the leader key with what they do, in few words where there is little room."""
        shorter = SHORT_TITLES if short else {}
        rows = [(self.leader_of(each), shorter.get(each.command_id, each.title)) for each in COMMANDS]
        return (*((key, title) for key, title in rows if key), ("1-9", "Go to a tab"))


@runtime_checkable
class HasKeys(Protocol):
    """An app with a keymap."""

    keys: Keys


_DEFAULTS = Keys()


def keys_of(app: object) -> Keys:
    """The keys in force in an app; the defaults in one without a keymap."""
    return app.keys if isinstance(app, HasKeys) else _DEFAULTS


def hint(*parts: tuple[str, str]) -> str:
    """Keys with what they do on one line: `f1 help · f4 edits`; a part without a key is left out."""
    return " · ".join(f"{key} {what}".strip() for key, what in parts if key)


def bindings_of(owner: type[object]) -> Iterator[Binding]:
    """The bindings a widget or screen declares, those of the classes it is made from first."""
    for base in reversed(owner.__mro__):
        for binding in vars(base).get("BINDINGS", ()):
            if isinstance(binding, Binding):
                yield binding


def key_line(keys: Keys, bindings: Iterable[Binding], parts: Sequence[tuple[str, str]]) -> str:
    """The line under a dialog: what its keys do, by the ids of its bindings.

    Args:
        keys: The keys in force.
        bindings: The dialog's.
        parts: Ids, separated by spaces where several belong together, and what they do. What is no id of these
            bindings is a key as it is to be read.
    """
    own = {binding.id: binding for binding in bindings if binding.id}
    shown = []
    for ids, what in parts:
        firsts = []
        for name in ids.split():
            if (binding := own.get(name)) is None:
                firsts.append(name)
            elif found := keys.of_binding(binding):
                firsts.append(readable(found[0]))
        shown.append((" ".join(firsts), what))
    return hint(*shown)
