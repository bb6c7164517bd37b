"""What stands around the prompt: what it completes with, its files, what waits, the editor, what was sent."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from textual.content import Content
from textual.widgets import Static

from hector_tui.domain.addressing import addressed, split_address
from hector_tui.domain.files import AttachedFile
from hector_tui.domain.turns import SentPrompt
from hector_tui.engine.queueing import QueuedMessage
from hector_tui.ui.attachments import Attachments, Chip
from hector_tui.ui.commands import Command
from hector_tui.ui.completion.commands import Argument, ArgumentSource
from hector_tui.ui.completion.source import PromptSource
from hector_tui.ui.conversation import Conversation
from hector_tui.ui.editor import edit_in_terminal, editor_command
from hector_tui.ui.guarded import run_guarded
from hector_tui.ui.inspector.widget import PANELS
from hector_tui.ui.kept_files import KeptFile, still_named
from hector_tui.ui.keymap import hint, keys_of
from hector_tui.ui.numbers import size_text
from hector_tui.ui.screens.chat_actions import ChatActions
from hector_tui.ui.screens.prompt_search import PromptSearch
from hector_tui.ui.screens.session_actions import SESSIONS_OFFERED
from hector_tui.ui.slash import parse_slash
from hector_tui.ui.text import clean_line
from hector_tui.ui.times import ago
from hector_tui.ui.widgets.completion import CompletionPopup
from hector_tui.ui.widgets.prompt_attachments import AttachmentRow

_LOOK_PAUSE_S = 0.15
"""Seconds without a key before the files of a draft are looked for."""
_HURRIED_S = 1.0
"""An editor that is done sooner has probably opened a window and not waited for it."""
_QUEUE_ROWS = 2
"""Waiting messages shown above the prompt; the queue's own dialog has them all."""
_POLICIES = {
    "enqueue": "a message waits until the answer is there",
    "interrupt": "a message stops the answer",
    "reject": "a message is refused while an answer comes",
}


def working_folder() -> Path:
    """Where relative paths begin: the folder the program was started in, or home if that is gone."""
    try:
        return Path(os.getcwd())
    except OSError:
        return Path.home()


class PromptActions(ChatActions):
    """The actions of the prompt that need more than the prompt."""

    attachments: Attachments
    theme_names: Callable[[], Sequence[str]]

    def connect_prompt(self, folder: Path) -> None:
        """Give the prompt what it completes with; relative paths begin at the folder."""
        self.attachments = Attachments(folder)
        source = PromptSource(lambda: self.desk.agents, self._argument_sources(), folder, self._key_of)
        self.prompt.use_completion(self.query_one("#completion", CompletionPopup), source)

    def _key_of(self, command: Command) -> str:
        way = keys_of(self.app).way_to(command.command_id)
        return "" if way.startswith("/") else way

    # What commands can be given

    def _argument_sources(self) -> Mapping[str, ArgumentSource]:
        """By slash name; a command that is not here takes what its `takes` lists, or free text."""
        return {
            "inspector": lambda: [Argument(value=name) for name in PANELS],
            "new": self._agent_arguments,
            "policy": lambda: [Argument(value=name, detail=detail) for name, detail in _POLICIES.items()],
            "sessions": self._session_arguments,
            "split": self._tab_arguments,
            "theme": self._theme_arguments,
        }

    def _agent_arguments(self) -> Iterable[Argument]:
        return [
            Argument(value=agent.agent_id, detail=clean_line(agent.description, 120), aside=clean_line(agent.model, 30))
            for agent in self.desk.agents.values()
            if agent.readiness != "disabled"
        ]

    def _tab_arguments(self) -> Iterable[Argument]:
        return [
            Argument(value=str(number), detail=clean_line(other.info.title or other.agent_id, 80))
            for number, other in enumerate(self.desk.workspace, start=1)
            if other is not self.active
        ]

    async def _session_arguments(self) -> Iterable[Argument]:
        titled = [info for info in await self.desk.recent(SESSIONS_OFFERED) if info.title.strip()]
        newest = {clean_line(info.title): info for info in reversed(titled)}
        return [
            Argument(value=title, aside=f"{clean_line(info.agent_id, 20)} · {ago(info.updated_at)}")
            for title, info in reversed(newest.items())
        ]

    async def _theme_arguments(self) -> Iterable[Argument]:
        names = await asyncio.to_thread(self.theme_names)
        return [Argument(value=name, aside="now" if name == self.app.theme else "") for name in names]

    # Files

    def refresh_attachments(self) -> None:
        """Say which files the draft names."""
        text = self.prompt.text if self.active is not None else ""
        if self.active is None or not text or parse_slash(text) is not None:
            self.workers.cancel_group(self, "attachments")
            self._attachment_row.show(())
            return
        kept = still_named(self.active.kept, self.prompt.value)
        names = self._read_for(text, self.prompt.mentions, kept)
        chips = [Chip(each.file.name, f"{size_text(each.file.part.size)}, as it was sent") for each in kept]
        if names:
            run_guarded(self, partial(self._look_at, names, chips), group="attachments", exclusive=True)
        else:
            self.workers.cancel_group(self, "attachments")
            self._attachment_row.show(chips)

    @property
    def _attachment_row(self) -> AttachmentRow:
        return self.query_one("#attachments", AttachmentRow)

    async def _look_at(self, names: Sequence[str], kept: Sequence[Chip]) -> None:
        await asyncio.sleep(_LOOK_PAUSE_S)
        self._attachment_row.show([*kept, *await self.attachments.look(names)])

    async def files_of(
        self, text: str, mentions: Sequence[str], kept: Sequence[KeptFile] = ()
    ) -> Sequence[AttachedFile]:
        """Read the files that a message names, but those that were kept for it.

        Raises:
            FileRefused: One of them cannot be attached, or there are too many.
        """
        going = still_named(kept, text)
        read = await self.attachments.read(self._read_for(text, mentions, going), besides=len(going))
        return [*(each.file for each in going), *read]

    def _read_for(self, text: str, mentions: Sequence[str], kept: Sequence[KeptFile]) -> Sequence[str]:
        """The names that are looked for on the disk."""
        names = {each.mention for each in kept}
        return [name for name in self._files_in(text, mentions) if name not in names]

    def _files_in(self, text: str, mentions: Sequence[str]) -> Sequence[str]:
        """What could be files: not the agent that the message begins with."""
        agent_id, _ = split_address(text, self.desk.agents)
        # A folded paste can begin with an address that nobody sees: then the first name seen is a file's.
        named = bool(mentions) and mentions[0].casefold() == agent_id.casefold()
        return mentions[1:] if named else mentions

    # What waits

    def refresh_queue(self) -> None:
        """How many messages wait behind the running one."""
        conversation = self.active
        line = self.query_one("#queue", Static)
        queued = self.desk.activity(conversation.info.session_id).queued if conversation is not None else 0
        line.display = queued > 0
        self.prompt.queue_waits = queued > 0
        if queued and conversation is not None:
            self.run_command(partial(self._show_queue, conversation), group="queue")

    async def _show_queue(self, conversation: Conversation) -> None:
        """The first words of what waits, above the prompt."""
        waiting = await self.desk.waiting(conversation)
        width = max(20, self.query_one("#main").size.width - 8)
        # A short terminal has one row for it: an approval and the prompt need the others.
        rows = 0 if self.has_class("-short") else _QUEUE_ROWS
        lines = [
            Content.assemble(("◔ ", "$tab-working"), clean_line(self._as_sent(conversation, message), width))
            for message in waiting[:rows]
        ]
        more = f"{len(waiting) - rows} {'more' if rows else 'wait'} · " if len(waiting) > rows else ""
        ways = hint(
            ("↑", "takes the last back" if rows else "takes back"), (keys_of(self.app).way_to("queue.edit"), "edits")
        )
        lines.append(Content.styled(f"{more}{ways}", "$chat-dim"))
        if conversation is self.active:
            self.query_one("#queue", Static).update(Content("\n").join(lines))

    @staticmethod
    def _as_sent(conversation: Conversation, message: QueuedMessage) -> str:
        return addressed(message.text, message.key.agent_id, conversation.agent_id)

    # Prompts that were sent

    def action_search_prompts(self) -> None:
        """Search everything that was sent, in every session."""
        self.search_prompts("")

    def search_prompts(self, words: str) -> None:
        """Look for a prompt among all that were sent, and write it again."""
        if self.active is None:
            self.tell(f"Begin a session first: {keys_of(self.app).way_to('session.new')}.")
            return
        self.app.push_screen(PromptSearch(self._sent_prompts, words), self._prompt_found)

    async def _sent_prompts(self, words: str) -> Sequence[SentPrompt]:
        return await self.engine.call(lambda engine: engine.chat.sent_prompts(words))

    def _prompt_found(self, turn_id: str | None) -> None:
        if turn_id:
            self.run_command(partial(self._write_again, turn_id))

    async def _write_again(self, turn_id: str) -> None:
        conversation = self.active
        text = await self.engine.call(lambda engine: engine.chat.sent_text(turn_id))
        if conversation is self.active:
            self.prompt.rewrite(text)

    # The person's own editor

    def action_editor(self) -> None:
        """Write the draft in `$VISUAL` or `$EDITOR`."""
        if self.active is not None:
            self.run_command(self._edit)

    async def _edit(self) -> None:
        before = self.prompt.value
        began = time.monotonic()
        after = edit_in_terminal(self.app, editor_command(os.environ), before)
        self.prompt.rewrite(after)
        self.prompt.focus()
        if after == before and time.monotonic() - began < _HURRIED_S:
            self.tell("The draft came back as it was. A graphical editor must wait: `code --wait`.")
