"""Every command of the interface, in one table: its keys, its leader key, its slash name and its palette entry."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing a person can do.

    Attributes:
        command_id: Names it in a keymap.
        action: The screen's action that does it.
        keys: Keys that do it, separated by commas; empty for none. The keymap may say otherwise: see `keymap.Keys`.
        leader: The key after the leader key; empty for none. It too may be another.
        slash: Its name after `/`; empty for none.
        takes: What a slash command's argument is, for hints; empty for none.
        priority: Whether its keys go before those of what has the focus; else it gets what the focus lets through.
        group: The heading it stands under in help.
    """

    command_id: str
    title: str
    action: str
    keys: str = ""
    leader: str = ""
    slash: str = ""
    aliases: tuple[str, ...] = ()
    takes: str = ""
    priority: bool = True
    group: str = ""


NO_KEY = "no-key"
"""What a binding without a key is bound to, so that a keymap finds its id; no terminal sends it."""

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
        title="Sessions: find, open, archive, delete",
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
    Command(command_id="session.archive", title="Archive this session", action="archive", leader="A", slash="archive"),
    Command(
        command_id="session.fork",
        title="Fork: go on from here in a copy",
        action="fork",
        leader="F",
        slash="fork",
        takes="turn",
    ),
    Command(
        command_id="session.reopen",
        title="Reopen the tab closed or deleted last",
        action="reopen",
        leader="u",
        slash="reopen",
    ),
    Command(command_id="tab.next", title="Next tab", action="step(1)", keys="ctrl+pagedown", leader="l", slash="next"),
    Command(
        command_id="tab.previous",
        title="Previous tab",
        action="step(-1)",
        keys="ctrl+pageup",
        leader="h",
        slash="previous",
    ),
    Command(
        command_id="tab.attention",
        title="Next session that needs you",
        action="attention",
        keys="alt+n",
        leader="j",
        slash="attention",
        aliases=("needs",),
    ),
    Command(command_id="tab.list", title="List of tabs", action="tab_list", keys="alt+0", leader="0", slash="tabs"),
    Command(command_id="tab.recent", title="The tab shown before", action="recent(1)", keys="ctrl+tab", leader="b"),
    Command(
        command_id="tab.split",
        title="Show another tab beside this one, or no more",
        action="split",
        keys="f10",
        leader="S",
        slash="split",
        takes="tab",
    ),
    Command(
        command_id="tab.swap",
        title="Change places with the session beside",
        action="swap",
        leader="x",
        slash="swap",
    ),
    Command(
        command_id="tab.beside",
        title="Read in the session beside, or go back",
        action="go_beside",
        leader="B",
        slash="beside",
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
        command_id="model.choose",
        title="Choose a model for this session",
        action="model",
        leader="M",
        slash="model",
        aliases=("models",),
        takes="provider/model|default",
    ),
    Command(
        command_id="model.connect",
        title="Connect a provider or a server",
        action="connect",
        leader="C",
        slash="connect",
        aliases=("login",),
        takes="provider",
    ),
    Command(
        command_id="model.disconnect",
        title="Forget a connection and its key",
        action="disconnect",
        slash="disconnect",
        aliases=("logout",),
        takes="name",
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
        leader="m",
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
    Command(
        command_id="settings.open",
        title="Settings",
        action="settings",
        # Most terminals send nothing of its own for Ctrl+comma, which is where people look for settings.
        keys="f12,ctrl+comma",
        leader=",",
        slash="settings",
        aliases=("config", "preferences"),
    ),
    Command(command_id="keys.change", title="Change keys", action="change_keys", leader="K", slash="keys"),
    Command(command_id="help", title="Help", action="help", keys="f1", leader="?", slash="help"),
    Command(
        command_id="app.palette",
        title="Palette: every command by name",
        action="palette",
        keys="ctrl+p",
        leader=":",
        slash="palette",
        aliases=("commands",),
    ),
    Command(command_id="app.leader", title="Leader key: a list of keys", action="leader", keys="ctrl+x"),
    Command(
        command_id="app.interrupt",
        title="Copy the selection, clear the draft, stop, or twice: quit",
        action="interrupt",
        keys="ctrl+c",
    ),
    Command(
        command_id="app.back",
        title="Back to the prompt; twice: stop the answer",
        action="step_back",
        keys="escape",
        priority=False,
    ),
    # The prompt lets these through when it has no use for them, so one can read without leaving it.
    Command(
        command_id="app.previous_block",
        title="Previous block",
        action="choose_block(-1)",
        keys="alt+up",
        priority=False,
        group="Transcript",
    ),
    Command(
        command_id="app.next_block",
        title="Next block",
        action="choose_block(1)",
        keys="alt+down",
        priority=False,
        group="Transcript",
    ),
    Command(
        command_id="app.page_up", title="Page up", action="read(-1)", keys="pageup", priority=False, group="Transcript"
    ),
    Command(
        command_id="app.page_down",
        title="Page down",
        action="read(1)",
        keys="pagedown",
        priority=False,
        group="Transcript",
    ),
    Command(
        command_id="app.top",
        title="Oldest message",
        action="top",
        keys="ctrl+home",
        priority=False,
        group="Transcript",
    ),
    Command(
        command_id="app.end",
        title="Newest message",
        action="follow_end",
        keys="ctrl+end",
        priority=False,
        group="Transcript",
    ),
    Command(
        command_id="app.end_of_input",
        title="Quit, from an empty prompt",
        action="quit_app",
        keys="ctrl+d",
        priority=False,
    ),
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

TAB_COMMANDS: tuple[Command, ...] = tuple(
    Command(command_id=f"tab.{number}", title=f"Go to tab {number}", action=f"nth({number})", keys=f"alt+{number}")
    for number in range(1, 10)
)
"""The palette has the tabs themselves instead, by their titles; after the leader key a digit does the same."""


def bindings() -> list[Binding]:
    """A binding for each command, also for those without a key, which a keymap may give them."""
    return [
        Binding(
            command.keys or NO_KEY,
            command.action,
            command.title,
            id=command.command_id,
            show=False,
            priority=command.priority,
        )
        for command in (*COMMANDS, *TAB_COMMANDS)
    ]
