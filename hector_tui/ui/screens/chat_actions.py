"""What the commands on messages and the rest do; `ChatScreen` adds what is seen."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from textual.message import Message

from hector_tui.domain.files import AttachedFile
from hector_tui.engine.feed import ENGINE
from hector_tui.engine.queueing import QueuedMessage
from hector_tui.ui.attention import Attention
from hector_tui.ui.conversation import Conversation
from hector_tui.ui.kept_files import KeptFile
from hector_tui.ui.keymap import keys_of
from hector_tui.ui.notifications import News
from hector_tui.ui.screens.help import HelpScreen
from hector_tui.ui.screens.help_content import help_groups
from hector_tui.ui.screens.inspector_actions import InspectorActions
from hector_tui.ui.screens.leader import LeaderScreen
from hector_tui.ui.screens.model_actions import ModelActions
from hector_tui.ui.screens.queue import QueueScreen
from hector_tui.ui.screens.reading_actions import ReadingActions
from hector_tui.ui.settings_schema import UiSettings
from hector_tui.ui.slash import SlashCommand, parse_slash
from hector_tui.ui.text import clean_line

_ARMED_S = 2.0
"""Seconds within which the second Esc, or the second Ctrl+C, must follow the first."""
_GO_ON = "Your last answer was cut off. Please go on where it ends."


class ChatActions(ReadingActions, ModelActions, InspectorActions):
    """The actions of the conversation screen."""

    @dataclass
    class ThemeWanted(Message):
        """The person named a theme, or wants to choose one where the name is empty."""

        name: str

    @dataclass
    class ScreenWanted(Message):
        """The person wants a screen that belongs to the app."""

        name: Literal["settings", "keymap"]

    @dataclass
    class Happened(Message):
        """Something happened in a session the person may not see."""

        news: News

    settings: UiSettings
    attention: Attention

    _escape_at = float("-inf")
    _quit_at = float("-inf")

    @abstractmethod
    def refresh_status(self) -> None:
        """Draw the status line again."""

    @property
    def stop_armed(self) -> bool:
        """Whether one more Esc stops the answer."""
        return time.monotonic() - self._escape_at < _ARMED_S

    # Messages

    def submit(self, text: str, mentions: Sequence[str] = ()) -> None:
        """Enter in the prompt: a slash command, or a message.

        Args:
            text: What was written.
            mentions: What stands behind each `@` that the person could see.
        """
        conversation = self.active
        if conversation is None:
            return
        if (slash := parse_slash(text)) is not None:
            if slash.command is None or slash.has_too_much:
                self.prompt.refuse()
            elif slash.command.slash == "connect":
                self.prompt.forget()
            else:
                self.prompt.accept()
            self._run_slash(slash)
            return
        self.run_command(partial(self.send, conversation, text, mentions, conversation.kept))

    def say_first(self, text: str) -> None:
        """What was typed where there is no prompt yet: a slash command, or the first message of a new session."""
        if (slash := parse_slash(text)) is not None:
            self._run_slash(slash)
        else:
            self.run_command(partial(self._say_first, text))

    async def _say_first(self, text: str) -> None:
        await self.begin_with(text)
        self.prompt.action_send()

    async def send(
        self,
        conversation: Conversation,
        text: str,
        mentions: Sequence[str] = (),
        kept: tuple[KeptFile, ...] = (),
    ) -> None:
        """Send, with the files that are mentioned; the prompt is cleared only once the message is on disk."""
        try:
            await self.desk.send(conversation, text, await self.files_of(text, mentions, kept))
        except Exception:
            self.prompt.refuse()
            raise
        if conversation.kept is kept:
            conversation.kept = ()
        if conversation is self.active:
            self.prompt.accept()
            self.transcript.scroll_end(animate=False)
            # What was written meanwhile, or before an old question was asked again, is still there.
            conversation.draft = self.prompt.draft
        else:
            conversation.draft = ""
            self.run_command(partial(self.desk.save_draft, conversation), group="draft")
        self.refresh_tabs()

    @abstractmethod
    async def files_of(
        self, text: str, mentions: Sequence[str], kept: Sequence[KeptFile] = ()
    ) -> Sequence[AttachedFile]:
        """Read the files that a message names, but those that were kept for it."""

    def _run_slash(self, slash: SlashCommand) -> None:
        command = slash.command
        if command is None:
            nearest = f" Did you mean /{slash.nearest}?" if slash.nearest else " /help lists them."
            self.tell(f"There is no command /{slash.name}.{nearest}")
        elif slash.has_too_much:
            self.tell(f"/{slash.name} takes nothing after it: nothing was done. In a message put a word before it.")
        elif slash.argument:
            self._run_with_argument(command.slash, slash.argument)
        else:
            self.call_later(self.run_action, command.action)

    def _run_with_argument(self, name: str, argument: str) -> None:
        conversation = self.active
        doing: dict[str, Callable[[str], object]] = {
            "copy": self.copy_named,
            "export": self.export,
            "find": self.search,
            "inspector": self.inspect_named,
            "connect": self.connect_named,
            "disconnect": self.disconnect,
            "new": self.begin,
            "sent": self.search_prompts,
            "sessions": self.open_titled,
            "split": self.split_named,
            "theme": lambda theme: self.app.post_message(self.ThemeWanted(theme)),
        }
        if conversation is not None:
            doing |= {
                "fork": self._fork_at_named,
                "model": partial(self.choose_model, conversation),
                "policy": partial(self._set_policy, conversation),
                "remember": partial(self._remember, conversation),
                "rename": partial(self.rename, conversation),
            }
        if name in doing:
            doing[name](argument)
        else:
            self.tell(f"/{name} takes no argument here.")

    @abstractmethod
    def search_prompts(self, words: str) -> None:
        """Look for a prompt among all that were sent."""

    def _fork_at_named(self, turn: str) -> None:
        if turn.isdecimal():
            self.fork_at(int(turn))
        else:
            self.tell("/fork takes the number of the last turn to copy, or nothing for all of them.")

    def action_queue(self) -> None:
        """See and change what waits in this session."""
        conversation = self.active
        if conversation is not None:
            self.app.push_screen(QueueScreen(self.desk, conversation), partial(self._chosen_to_write, conversation))

    def _chosen_to_write(self, conversation: Conversation, message: QueuedMessage | None) -> None:
        if message is not None:
            self.run_command(partial(self._take_back, conversation, message))

    def take_back(self) -> None:
        """Put the last waiting message back into the prompt."""
        conversation = self.active
        if conversation is not None:
            self.run_command(partial(self._take_last_back, conversation))

    async def _take_last_back(self, conversation: Conversation) -> None:
        if waiting := await self.desk.waiting(conversation):
            await self._take_back(conversation, waiting[-1])

    async def _take_back(self, conversation: Conversation, message: QueuedMessage) -> None:
        text, kept = await self.desk.take_back(conversation, message)
        if conversation is self.active:
            self.put_into_prompt(conversation, text, kept)
        else:
            conversation.draft, conversation.kept = text, kept
        await self.desk.save_draft(conversation)

    def action_policy(self) -> None:
        """Say what the policies are; `/policy NAME` sets one."""
        self.tell("/policy enqueue waits (the default), interrupt stops the answer, reject refuses; for this session.")

    def _set_policy(self, conversation: Conversation, policy: str) -> None:
        async def set_policy() -> None:
            await self.desk.set_policy(conversation, policy)
            self.tell(f"While an answer comes, a message to this session will now: {policy}.")

        self.run_command(set_policy)

    def action_go_on(self) -> None:
        """Ask the agent to go on where its answer was cut."""
        if (conversation := self.active) is not None:
            self.run_command(partial(self.send, conversation, _GO_ON))

    def action_retry(self) -> None:
        """Ask the last question once more."""
        if (conversation := self.active) is not None:
            self.run_command(partial(self._retry, conversation))

    async def _retry(self, conversation: Conversation) -> None:
        if (turn := conversation.last_turn) is None:
            self.tell("Nothing was asked in this session yet.")
        else:
            await self.repeat(conversation, turn)

    def action_stop(self) -> None:
        """Stop what is being answered."""
        if (conversation := self.active) is not None:
            self.run_command(partial(self.desk.stop, conversation))

    def action_step_back(self) -> None:
        """To the prompt; twice while an answer comes, it stops."""
        conversation = self.active
        if conversation is None:
            return
        if self.put_away():
            return
        self.uncover_prompt()
        if self.reader is not self.transcript:
            self.action_go_beside()
            return
        if not self.prompt.has_focus:
            self.transcript.drop_cursor()
            self.prompt.focus()
        if not conversation.is_live and not self.desk.activity(conversation.info.session_id).queued:
            return
        if self.stop_armed:
            self._escape_at = float("-inf")
            self.action_stop()
            self.tell("Stopping …")
        else:
            self._escape_at = time.monotonic()
            self.set_timer(_ARMED_S, self.refresh_status)
        self.refresh_status()

    def action_interrupt(self) -> None:
        """Copy a selection, else clear the draft, else stop the answer, else quit when pressed twice."""
        conversation = self.active
        selected = self.prompt.selected_text or self.get_selected_text() or ""
        if selected:
            self.copy(selected, "selection")
        elif self.prompt.value.strip():
            self.prompt.discard()
        elif conversation is not None and conversation.is_live:
            self.action_stop()
        elif time.monotonic() - self._quit_at < _ARMED_S:
            self.app.exit()
        else:
            self._quit_at = time.monotonic()
            self.tell(f"{keys_of(self.app).way_to('app.interrupt')} again quits.")

    def action_choose_block(self, by: int) -> None:
        """Go from the prompt to the transcript's block cursor; Enter says what can be done there, Esc comes back."""
        self.transcript.focus()
        self.transcript.action_move_cursor(by)

    def action_read(self, pages: int) -> None:
        """Scroll the transcript without leaving the prompt."""
        self.transcript.action_scroll_pages(pages)

    def action_follow_end(self) -> None:
        """Go to the newest row and follow it."""
        self.transcript.action_scroll_end()

    # Elsewhere

    def action_help(self) -> None:
        """Every key that does something."""
        self.app.push_screen(HelpScreen(help_groups(self)))

    def action_leader(self) -> None:
        """Wait for the key after the leader key."""
        rows = keys_of(self.app).leader_rows(short=True)
        self.app.push_screen(LeaderScreen(rows, wait_s=self.settings.leader_wait), self._leader_pressed)

    def _leader_pressed(self, key: str | None) -> None:
        if key is None:
            return
        if (command := keys_of(self.app).by_leader(key)) is not None:
            self.call_later(self.run_action, command.action)
        elif key.isdigit():
            self.action_nth(int(key))

    def action_theme(self) -> None:
        """Choose a theme."""
        self.app.post_message(self.ThemeWanted(""))

    def action_palette(self) -> None:
        """Every command by name."""
        self.app.action_command_palette()

    def action_settings(self) -> None:
        """See and change the settings."""
        self.app.post_message(self.ScreenWanted("settings"))

    def action_change_keys(self) -> None:
        """See and change the keys."""
        self.app.post_message(self.ScreenWanted("keymap"))

    def action_quit_app(self) -> None:
        """Quit; everything is saved."""
        self.app.exit()

    def announce_hidden(self, changed: Sequence[str]) -> None:
        """Say what happened in sessions the person does not see: hidden ones, or all while they are elsewhere."""
        for session_id in changed:
            if session_id == ENGINE:
                continue
            conversation = self.desk.workspace.find(session_id)
            name = clean_line(conversation.info.title or conversation.agent_id, 60) if conversation is not None else ""
            news = self.attention.look(self.desk.activity(session_id), name)
            is_seen = conversation is not None and self.desk.workspace.is_shown(conversation) and self.app.app_focus
            if news is not None and not is_seen:
                self.app.post_message(self.Happened(news))
