"""Judging a person's keymap: unknown ids, words that are no keys, keys no terminal sends, two actions on one key.

What is wrong is left out, so that the default counts, and named with its line; the rest works.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import ModalScreen
from textual.widgets import TextArea

import hector_tui.ui
from hector_tui.errors import SettingsError
from hector_tui.ui.commands import COMMANDS, TAB_COMMANDS
from hector_tui.ui.key_names import KeyNameError, is_typed, parse_key, reach, readable
from hector_tui.ui.keymap import Keys
from hector_tui.ui.settings import KeyEntry
from hector_tui.ui.yaml_nodes import nearest

Where = Literal["everywhere", "part", "dialog"]
"""Whether keys work in the whole conversation screen, in one part of it, or in one dialog that covers it."""


@dataclass(frozen=True, slots=True)
class BoundAction:
    """Something a key can be bound to.

    Attributes:
        owner: The class that has the binding; all commands of the conversation screen have the same.
        action: What Textual runs on the owner.
        typed_in: Whether the part takes typed text, so that a letter there is no command.
        is_editing: Whether it moves or edits as in every field, which help need not tell.
    """

    binding_id: str
    title: str
    keys: tuple[str, ...]
    owner: str
    where: Where
    action: str = ""
    typed_in: bool = False
    is_editing: bool = False


@dataclass(frozen=True, slots=True)
class CheckedKeymap:
    """What a keymap comes to.

    Attributes:
        errors: Lines that were left out, and why.
        remarks: Lines that count, though not every terminal sends their keys.
    """

    keys: Keys
    errors: tuple[SettingsError, ...] = ()
    remarks: tuple[SettingsError, ...] = ()


_EDITING = frozenset(binding.action for binding in TextArea.BINDINGS if isinstance(binding, Binding))


@cache
def catalogue() -> Mapping[str, BoundAction]:
    """Everything that has a binding, by id: the commands, and what the classes of the interface declare.

    Imports all of the interface, so that a new widget needs no entry in a list that somebody forgets.
    """
    found: dict[str, BoundAction] = {}
    for command in (*COMMANDS, *TAB_COMMANDS):
        keys = tuple(command.keys.split(",")) if command.keys else ()
        found[command.command_id] = BoundAction(command.command_id, command.title, keys, "commands", "everywhere")
    for owner in _classes():
        where: Where = "dialog" if issubclass(owner, ModalScreen) else "part"
        for binding in vars(owner).get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.id and binding.id not in found:
                keys = tuple(key.strip() for key in binding.key.split(","))
                title, basic = binding.description or binding.action, binding.action in _EDITING
                typed_in = issubclass(owner, TextArea)
                found[binding.id] = BoundAction(
                    binding.id, title, keys, owner.__name__, where, binding.action, typed_in, typed_in and basic
                )
    return found


def _classes() -> Iterator[type[DOMNode]]:
    for module in pkgutil.walk_packages(hector_tui.ui.__path__, f"{hector_tui.ui.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, DOMNode) and value.__module__ == module.name:
                yield value


def check_keymap(
    entries: Sequence[KeyEntry], leader: Sequence[KeyEntry] = (), base: Mapping[str, tuple[str, ...]] | None = None
) -> CheckedKeymap:
    """The keys in force by a keymap, and what is wrong with it.

    Args:
        entries: The lines of `keymap`, in their order.
        leader: The lines of `leader`.
        base: What the settings themselves change, below the keymap.
    """
    base = dict(base or {})
    if not entries and not leader:
        return CheckedKeymap(Keys(base))
    checker = _Checker(base)
    changed = checker.keymap(entries)
    leaders = checker.leaders(leader)
    return CheckedKeymap(Keys({**base, **changed}, leaders), tuple(checker.errors), tuple(checker.remarks))


class _Checker:
    def __init__(self, base: Mapping[str, tuple[str, ...]]) -> None:
        self.errors: list[SettingsError] = []
        self.remarks: list[SettingsError] = []
        self._base = base
        self._known = catalogue()

    def keymap(self, entries: Sequence[KeyEntry]) -> dict[str, tuple[str, ...]]:
        wanted: dict[str, tuple[str, ...]] = {}
        places: dict[str, str] = {}
        for entry in entries:
            if entry.binding_id not in self._known:
                self._refuse(entry, f"unknown action {entry.binding_id[:40]!r}", nearest(entry.binding_id, self._known))
            elif (keys := self._parsed(entry)) is not None:
                wanted[entry.binding_id] = keys
                places[entry.binding_id] = entry.where
        # A line that is left out gives its action the default back, which another line may have taken: look again.
        while (clash := self._clash(wanted)) is not None:
            loser, key, winner = clash
            del wanted[loser]
            other = self._known[winner]
            self.errors.append(
                SettingsError(
                    f"{loser}: {readable(key)} is already {winner} ({other.title})",
                    where=places[loser],
                    hint=f"Choose another key, or give {winner} another one or `none`.",
                )
            )
        return wanted

    def _parsed(self, entry: KeyEntry) -> tuple[str, ...] | None:
        action = self._known[entry.binding_id]
        keys: dict[str, None] = {}
        for word in entry.keys:
            try:
                key = parse_key(word)
            except KeyNameError as error:
                self._refuse(entry, f"{entry.binding_id}: {error}")
                return None
            sent, why = reach(key)
            if sent == "none":
                self._refuse(entry, f"{entry.binding_id}: {readable(key)} cannot be bound: {why}")
                return None
            if is_typed(key) and (action.where == "everywhere" or action.typed_in) and key not in action.keys:
                message = f"{entry.binding_id}: {readable(key)} is text while somebody types"
                self._refuse(entry, message, "Use a key with ctrl or alt, or a function key.")
                return None
            if sent == "some":
                self.remarks.append(SettingsError(f"{entry.binding_id}: {readable(key)}: {why}", where=entry.where))
            keys[key] = None
        return tuple(keys)

    def _clash(self, wanted: Mapping[str, tuple[str, ...]]) -> tuple[str, str, str] | None:
        """The last wanted line on a key that another action has, with that key and that action."""
        holders: dict[str, list[str]] = {}
        for binding_id, action in self._known.items():
            for key in wanted.get(binding_id, self._base.get(binding_id, action.keys)):
                holders.setdefault(key, []).append(binding_id)
        for binding_id in reversed(list(wanted)):
            for key in wanted[binding_id]:
                for other in holders[key]:
                    if other != binding_id and self._meet(binding_id, other):
                        return binding_id, key, other
        return None

    def _meet(self, one: str, other: str) -> bool:
        """Whether two actions can get in each other's way; those that share a key by default are meant to."""
        first, second = self._known[one], self._known[other]
        if set(first.keys) & set(second.keys):
            return False
        if first.owner == second.owner:
            return True
        wheres = {first.where, second.where}
        return wheres == {"everywhere", "part"}

    def leaders(self, entries: Sequence[KeyEntry]) -> dict[str, str]:
        commands = {command.command_id: command for command in COMMANDS}
        wanted: dict[str, str] = {}
        taken = {command.leader: command.command_id for command in COMMANDS if command.leader}
        for entry in entries:
            if (command := commands.get(entry.binding_id)) is not None:
                taken.pop(command.leader, None)
        for entry in entries:
            name = entry.binding_id
            if name not in commands:
                self._refuse(entry, f"unknown action {name[:40]!r} after the leader key", nearest(name, commands))
                continue
            letter = entry.keys[0] if entry.keys else ""
            if len(entry.keys) > 1 or len(letter) > 1 or letter.isdigit():
                message = f"{name}: expected one letter or sign, found {' '.join(entry.keys)[:40]!r}"
                self._refuse(entry, message, "Digits go to tabs.")
            elif letter and letter in taken:
                self._refuse(entry, f"{name}: {letter} after the leader key is already {taken[letter]}")
            else:
                wanted[name] = letter
                if letter:
                    taken[letter] = name
        for name in {entry.binding_id for entry in entries} & commands.keys() - wanted.keys():
            # It was left out, and its own letter may be another's by now.
            if taken.get(commands[name].leader, name) != name:
                wanted[name] = ""
        return wanted

    def _refuse(self, entry: KeyEntry, message: str, hint: str = "") -> None:
        self.errors.append(SettingsError(message, where=entry.where, hint=hint))


def words_of(owner: str) -> str:
    """What a person calls a class of the interface: `Queue screen`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", owner).capitalize()


def bindings_without_id() -> list[str]:
    """Bindings of ours that no keymap can change, as `Class: key`; there should be none."""
    bare = []
    for owner in _classes():
        for binding in vars(owner).get("BINDINGS", ()):
            if not isinstance(binding, Binding) or not binding.id:
                key = binding.key if isinstance(binding, Binding) else binding[0]
                bare.append(f"{owner.__name__}: {key}")
    return bare
