"""Slash commands in the popup, and the arguments they take."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hector_tui.ui.commands import COMMANDS, Command
from hector_tui.ui.completion.fuzzy import fit
from hector_tui.ui.completion.suggestion import MOST, Suggestion, ranked
from hector_tui.ui.slash import by_slash


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """Something a command may be given.

    Attributes:
        value: What is written behind the command.
        detail: What it means.
        aside: What stands at the right end.
    """

    value: str
    detail: str = ""
    aside: str = ""


ArgumentSource = Callable[[], Iterable[Argument] | Awaitable[Iterable[Argument]]]
"""Names what a command may be given; it is asked each time a popup opens or the argument changes."""


def command_suggestions(query: str, key_of: Callable[[Command], str]) -> list[Suggestion]:
    """The commands that fit what stands behind the slash, by their names and aliases; without a query all of them.

    Args:
        query: What stands behind the slash.
        key_of: The keys that do a command, as the person has them; empty for none.
    """
    found = [row for command in COMMANDS if command.slash and (row := _command_row(query, command, key_of)) is not None]
    found.sort(key=lambda pair: -pair[0])
    return [row for _, row in found[:MOST]]


def _command_row(query: str, command: Command, key_of: Callable[[Command], str]) -> tuple[float, Suggestion] | None:
    by_name = fit(query, command.slash)
    aliases = [(fitting, alias) for alias in command.aliases if (fitting := fit(query, alias)) is not None]
    by_alias = max(aliases, key=lambda pair: pair[0].score, default=None)
    row = Suggestion(
        label=f"/{command.slash}",
        insert=f"/{command.slash} " if command.takes else f"/{command.slash}",
        hint=command.takes,
        detail=command.title,
        aside=key_of(command),
        runs=not command.takes,
    )
    if by_alias is not None and (by_name is None or by_alias[0].score > by_name.score):
        fitting, alias = by_alias
        start = len(row.label) + 2
        return fitting.score, replace(
            row, label=f"{row.label} ({alias})", matched=tuple(place + start for place in fitting.places)
        )
    if by_name is None:
        return None
    return by_name.score, replace(row, matched=tuple(place + 1 for place in by_name.places))


def choices_of(command: Command) -> tuple[Argument, ...]:
    """The values of a command that says itself which it takes, such as `enqueue|interrupt|reject`."""
    values = command.takes.split("|")
    return tuple(Argument(value=value) for value in values) if len(values) > 1 else ()


async def argument_suggestions(name: str, query: str, sources: Mapping[str, ArgumentSource]) -> Sequence[Suggestion]:
    """What may follow a command, best first; nothing for one that takes free text.

    Args:
        name: Its slash name or an alias.
        query: What was typed of the argument.
        sources: By slash name, for the commands whose arguments only the running program knows.
    """
    command = by_slash(name)
    if command is None:
        return ()
    source = sources.get(command.slash)
    given = source() if source is not None else choices_of(command)
    arguments = await given if inspect.isawaitable(given) else given
    return ranked(
        query,
        (
            Suggestion(label=each.value, insert=each.value, detail=each.detail, aside=each.aside, runs=True)
            for each in arguments
        ),
    )
