"""Everything the prompt's popup can offer, behind one seam."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from hector_tui.engine.views import AgentView
from hector_tui.ui.commands import Command
from hector_tui.ui.completion.background import DiskThread
from hector_tui.ui.completion.commands import ArgumentSource, argument_suggestions, command_suggestions
from hector_tui.ui.completion.folders import FileFinder, FoundFile
from hector_tui.ui.completion.mentions import mention_of
from hector_tui.ui.completion.suggestion import MOST, Suggestion, ranked
from hector_tui.ui.completion.trigger import Trigger, TriggerKind
from hector_tui.ui.text import clean_line

_PAUSE_S = 0.04
"""Seconds without a further key before the disk is asked: a fast typist's every letter would be a search."""


class PromptSource:
    """Commands and agents at once, arguments and files when they are found.

    Args:
        agents: Tells which agents there are.
        arguments: By slash name, for the commands whose arguments only the running program knows.
        folder: Where relative paths begin.
        key_of: The keys that do a command, as the person has them.
    """

    def __init__(
        self,
        agents: Callable[[], Mapping[str, AgentView]],
        arguments: Mapping[str, ArgumentSource],
        folder: Path,
        key_of: Callable[[Command], str],
    ) -> None:
        self._key_of = key_of
        self._agents = agents
        self._arguments = arguments
        self._finder = FileFinder(folder)
        self._disk = DiskThread()

    def at_once(self, trigger: Trigger) -> Sequence[Suggestion]:
        """Commands, and for an `@` at the beginning of a message the agents."""
        if trigger.kind is TriggerKind.COMMAND:
            return command_suggestions(trigger.query, self._key_of)
        if trigger.kind is TriggerKind.MENTION and trigger.leads:
            return self._agent_rows(trigger.query)
        return ()

    async def later(self, trigger: Trigger) -> Sequence[Suggestion] | None:
        """Arguments, and files behind the agents."""
        match trigger.kind:
            case TriggerKind.COMMAND:
                return None
            case TriggerKind.ARGUMENT:
                return await argument_suggestions(trigger.command, trigger.query, self._arguments)
            case TriggerKind.MENTION:
                await asyncio.sleep(_PAUSE_S)
                agents = self.at_once(trigger)
                found = await self._disk.run(partial(self._finder.find, trigger.query, MOST - len(agents)))
                return [*agents, *(_file_row(file) for file in found)]

    def _agent_rows(self, query: str) -> list[Suggestion]:
        rows = [
            Suggestion(
                label=clean_line(agent_id, 40),
                insert=f"@{agent_id} ",
                detail=clean_line(agent.description or agent.detail, 120),
                aside="agent",
            )
            for agent_id, agent in self._agents().items()
            if agent.readiness != "disabled"
        ]
        return [
            replace(row, label=f"@{row.label}", matched=tuple(place + 1 for place in row.matched))
            for row in ranked(query, rows)
        ]


def _file_row(file: FoundFile) -> Suggestion:
    written = mention_of(file.path)
    # Behind a folder one writes on, and its popup follows; an open quote keeps its spaces together.
    insert = written.removesuffix('"') if file.is_folder else f"{written} "
    return Suggestion(label=file.path, insert=insert, matched=file.matched, aside="folder" if file.is_folder else "")
