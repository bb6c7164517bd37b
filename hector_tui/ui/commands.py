"""Every command of the interface, in one table: its keys, its leader key, its slash name and its palette entry."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing a person can do.

    Attributes:
        command_id: Names it in a keymap.
        action: The screen's action that does it.
        keys: Keys that do it, separated by commas; empty for none.
        leader: The key after the leader key; empty for none.
        slash: Its name after `/`; empty for none.
        takes: What a slash command's argument is, for hints; empty for none.
    """

    command_id: str
    title: str
    action: str
    keys: str = ""
    leader: str = ""
    slash: str = ""
    aliases: tuple[str, ...] = ()
    takes: str = ""


LEADER_KEY = "ctrl+x"

COMMANDS: tuple[Command, ...] = (
    Command(
        command_id="session.new",
        title="New session",
        action="new_session",
        keys="ctrl+n",
        leader="n",
        slash="new",
        takes="agent",
    ),
    Command(
        command_id="session.open",
        title="Open a session",
        action="sessions",
        keys="ctrl+s",
        leader="s",
        slash="sessions",
        aliases=("resume",),
        takes="title",
    ),
    Command(
        command_id="session.rename",
        title="Rename session",
        action="rename",
        keys="f2",
        leader="r",
        slash="rename",
        aliases=("title",),
        takes="title",
    ),
    Command(
        command_id="session.close", title="Close tab", action="close_tab", keys="ctrl+f4", leader="w", slash="close"
    ),
    Command(
        command_id="session.delete", title="Delete this session", action="delete_session", leader="X", slash="delete"
    ),
    Command(command_id="session.reopen", title="Reopen closed tab", action="reopen", leader="u", slash="reopen"),
    Command(command_id="tab.next", title="Next tab", action="step(1)", keys="ctrl+pagedown", leader="l", slash="next"),
    Command(
        command_id="tab.previous",
        title="Previous tab",
        action="step(-1)",
        keys="ctrl+pageup",
        leader="h",
        slash="previous",
    ),
    Command(command_id="tab.move_right", title="Move tab right", action="move(1)", leader="L"),
    Command(command_id="tab.move_left", title="Move tab left", action="move(-1)", leader="H"),
    Command(
        command_id="queue.edit", title="Edit waiting messages", action="queue", keys="f4", leader="e", slash="queue"
    ),
    Command(
        command_id="queue.policy",
        title="What a message does while an answer comes",
        action="policy",
        slash="policy",
        takes="enqueue|interrupt|reject",
    ),
    Command(
        command_id="approval.decide",
        title="Decide about the tool call that waits",
        action="decide_approval",
        keys="f8",
        leader="d",
        slash="decide",
    ),
    Command(
        command_id="approval.ask_again",
        title="Let the tools allowed for this session ask again",
        action="ask_again",
        slash="askagain",
    ),
    Command(
        command_id="prompt.search",
        title="Search what you sent",
        action="search_prompts",
        keys="ctrl+r",
        leader="R",
        slash="sent",
        takes="words",
    ),
    Command(
        command_id="prompt.editor",
        title="Write in your own editor",
        action="editor",
        keys="ctrl+g",
        leader="E",
        slash="editor",
    ),
    Command(command_id="run.stop", title="Stop the answer", action="stop", leader="c", slash="stop"),
    Command(command_id="run.retry", title="Ask the last question again", action="retry", leader="a", slash="retry"),
    Command(
        command_id="run.continue",
        title="Go on with an interrupted answer",
        action="go_on",
        leader="g",
        slash="continue",
    ),
    Command(
        command_id="answer.copy",
        title="Copy the last answer or the chosen block",
        action="copy_answer",
        keys="alt+c",
        leader="y",
        slash="copy",
        takes="all|question|code|table|csv",
    ),
    Command(
        command_id="transcript.search",
        title="Search this conversation",
        action="search",
        keys="ctrl+f",
        leader="f",
        slash="find",
        aliases=("search",),
        takes="text",
    ),
    Command(
        command_id="transcript.pager",
        title="Read on the whole screen",
        action="pager",
        keys="ctrl+t",
        leader="p",
        slash="pager",
        aliases=("transcript",),
    ),
    Command(
        command_id="transcript.folds",
        title="Open or close all tool calls and thinking",
        action="folds",
        keys="ctrl+o",
        leader="z",
        slash="details",
        aliases=("thinking",),
    ),
    Command(
        command_id="question.previous",
        title="Previous question",
        action="question(-1)",
        keys="alt+pageup",
        leader="[",
    ),
    Command(command_id="question.next", title="Next question", action="question(1)", keys="alt+pagedown", leader="]"),
    Command(
        command_id="question.edit",
        title="Edit a question and send it again",
        action="edit_question",
        leader="b",
        slash="edit",
    ),
    Command(command_id="block.quote", title="Quote into the prompt", action="quote", leader=">", slash="quote"),
    Command(command_id="block.raw", title="View as it was written", action="raw", leader="v", slash="raw"),
    Command(command_id="links.open", title="Open a link in view", action="links", leader="k", slash="links"),
    Command(
        command_id="session.export",
        title="Export the conversation as Markdown",
        action="export",
        leader="o",
        slash="export",
        takes="file",
    ),
    Command(
        command_id="inspector.toggle",
        title="Show or hide the inspector",
        action="toggle_inspector",
        keys="f3",
        leader="i",
        slash="inspector",
        takes="panel",
    ),
    Command(
        command_id="inspector.context",
        title="Inspector: context",
        action="inspect('context')",
        keys="f5",
        slash="context",
    ),
    Command(
        command_id="inspector.history",
        title="Inspector: history",
        action="inspect('history')",
        keys="f6",
        slash="history",
    ),
    Command(
        command_id="inspector.memory", title="Inspector: memory", action="inspect('memory')", keys="f7", slash="memory"
    ),
    Command(
        command_id="inspector.usage",
        title="Inspector: tokens and cost",
        action="inspect('usage')",
        keys="f9",
        slash="usage",
        aliases=("cost", "tokens"),
    ),
    Command(command_id="memory.remember", title="Remember a note", action="remember", slash="remember", takes="text"),
    Command(command_id="theme.choose", title="Choose a theme", action="theme", leader="t", slash="theme", takes="name"),
    Command(command_id="help", title="Help", action="help", keys="f1", leader="?", slash="help"),
    Command(
        command_id="app.quit",
        title="Quit",
        action="quit_app",
        keys="ctrl+q",
        leader="q",
        slash="quit",
        aliases=("exit", "q"),
    ),
)
"""In the order help and the leader's list show them."""

_BARE_QUIT = frozenset({"exit", "quit", ":q"})


def bindings() -> list[Binding]:
    """The commands' own keys; they go before those of the prompt, or an editor would swallow half of them."""
    found = [
        Binding(command.keys, command.action, command.title, id=command.command_id, show=False, priority=True)
        for command in COMMANDS
        if command.keys
    ]
    found += [
        Binding(f"alt+{number}", f"nth({number})", f"Tab {number}", id=f"tab.{number}", show=False, priority=True)
        for number in range(1, 10)
    ]
    return found


def by_leader(key: str) -> Command | None:
    """The command behind a key after the leader key."""
    return next((command for command in COMMANDS if command.leader == key), None)


def leader_rows() -> Iterator[tuple[str, str]]:
    """Keys after the leader key with what they do."""
    for command in COMMANDS:
        if command.leader:
            yield command.leader, command.title
    yield "1-9", "Go to a tab"


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """What a person typed after `/`; `command` is None when there is no such command."""

    name: str
    argument: str
    command: Command | None
    nearest: str = ""


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
