"""The palette: what it lists, and how it shows it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from hector_tui.ui.commands import COMMANDS
from hector_tui.ui.keymap import Keys
from hector_tui.ui.keymap_check import catalogue, words_of
from hector_tui.ui.text import clean_line

if TYPE_CHECKING:
    from hector_tui.ui.screens.chat import ChatScreen


class CommandProvider(Provider):
    """What the app's `get_system_commands` lists, shown letter by letter.

    Textual's own provider reads names as markup: the title of a session could be clicked, or end the program.
    """

    async def discover(self) -> Hits:
        """What the palette shows before anything is typed, by name."""
        for title, keys, run, is_discovered in sorted(
            self.app.get_system_commands(self.screen), key=lambda command: command.title
        ):
            if is_discovered:
                yield DiscoveryHit(_row(Content(title), keys), run, text=title)

    async def search(self, query: str) -> Hits:
        """What has the letters of the query, with those letters marked."""
        matcher = self.matcher(query)
        for title, keys, run, _ in self.app.get_system_commands(self.screen):
            score, places = matcher.fuzzy_search.match(query, title)
            if score > 0:
                shown = Content(title)
                for place in places:
                    shown = shown.stylize(matcher.match_style, place, place + 1)
                yield Hit(score, _row(shown, keys), run, text=title)


def _row(title: Content, keys: str) -> Content:
    """A command and its keys on one line."""
    return Content.assemble(title, (f"  {keys}", "not bold"))


def commands_of(chat: ChatScreen, keys: Keys) -> Iterable[SystemCommand]:
    """Every command of ours with its keys, what the parts of the screen can do, and the open sessions."""
    for command in COMMANDS:
        yield SystemCommand(command.title, keys.all_ways(command) or "no key", partial(chat.run_action, command.action))
    yield from _part_commands(chat, keys)
    for number, conversation in enumerate(chat.desk.workspace, start=1):
        title = clean_line(conversation.info.title or conversation.agent_id, 60)
        listed = keys.listed(f"tab.{number}") if number < 10 else ""
        yield SystemCommand(f"Go to: {title}", listed or "open tab", partial(chat.switch_to, conversation))


def _part_commands(screen: Screen[None], keys: Keys) -> Iterable[SystemCommand]:
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
