"""What the commands do; `ChatScreen` adds what is seen."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

from textual.message import Message
from textual.screen import Screen

from hector_tui.domain.turns import TurnStatus
from hector_tui.engine.thread import EngineThread
from hector_tui.ui.clipboard import copy_text
from hector_tui.ui.commands import SlashCommand, by_leader, leader_rows, parse_slash
from hector_tui.ui.conversation import Conversation
from hector_tui.ui.desk import Desk
from hector_tui.ui.guarded import guarded
from hector_tui.ui.inspector.widget import Inspector, PanelName
from hector_tui.ui.screens.agent_picker import AgentPicker
from hector_tui.ui.screens.dialogs import AskText, Confirm
from hector_tui.ui.screens.help import HelpScreen
from hector_tui.ui.screens.help_content import help_groups
from hector_tui.ui.screens.leader import LeaderScreen
from hector_tui.ui.text import clean_line
from hector_tui.ui.transcript.widget import Transcript
from hector_tui.ui.widgets.agent_cards import AgentCardInfo
from hector_tui.ui.widgets.prompt import Prompt

_ARMED_S = 2.0
"""Seconds within which the second Esc, or the second Ctrl+C, must follow the first."""
_WIDE = 120


class ChatActions(Screen[None]):
    """The actions of the conversation screen."""

    @dataclass
    class ThemeWanted(Message):
        """The person named a theme."""

        name: str

    @dataclass
    class InspectorToggled(Message):
        """The person chose whether wide terminals show the inspector."""

        shown: bool

    engine: EngineThread
    desk: Desk
    inspector_wanted: bool

    _escape_at = float("-inf")
    _quit_at = float("-inf")

    @property
    @abstractmethod
    def prompt(self) -> Prompt:
        """Where a person types."""

    @property
    @abstractmethod
    def transcript(self) -> Transcript:
        """What was said."""

    @property
    @abstractmethod
    def inspector(self) -> Inspector:
        """What the agent knows."""

    @abstractmethod
    async def show_active(self) -> None:
        """Show the active conversation."""

    @abstractmethod
    def refresh_tabs(self) -> None:
        """Draw the tabs again."""

    @abstractmethod
    def refresh_status(self) -> None:
        """Draw the status line again."""

    @abstractmethod
    def refresh_inspector(self) -> None:
        """Fetch what the inspector shows."""

    @abstractmethod
    def agent_cards(self) -> Sequence[AgentCardInfo]:
        """The agents, for a choice."""

    @property
    def active(self) -> Conversation | None:
        """The conversation that is shown."""
        return self.desk.workspace.active

    @property
    def stop_armed(self) -> bool:
        """Whether one more Esc stops the answer."""
        return time.monotonic() - self._escape_at < _ARMED_S

    def run_command(self, work: Awaitable[object], *, group: str = "commands") -> None:
        """Do something in the background; what goes wrong is shown."""
        self.run_worker(guarded(self, work), exit_on_error=False, group=group)

    def tell(self, text: str) -> None:
        """A short remark that goes away by itself."""
        self.app.notify(clean_line(text, 300), markup=False, timeout=4)

    # Sessions and tabs

    def begin(self, agent_id: str, *, first: bool = False) -> None:
        """Begin a session with an agent; a newcomer's first one begins with the agent's first starter."""
        self.run_command(self._begin(agent_id, first))

    async def _begin(self, agent_id: str, first: bool) -> None:
        newcomer = first and not await self.desk.recent(1)
        conversation = await self.desk.begin(agent_id)
        await self.show_active()
        starters = self.desk.agents[agent_id].starters
        if newcomer and starters:
            await self._send(conversation, starters[0])

    def switch_to(self, conversation: Conversation | None) -> None:
        """Show another tab; the draft of this one is kept."""
        if conversation is not None and conversation is not self.active:
            self.run_command(self._switch(conversation), group="switch")

    async def _switch(self, conversation: Conversation) -> None:
        before = self.active
        self.desk.workspace.activate(conversation)
        await self.show_active()
        if before is not None:
            await self.desk.save_draft(before)
        await self.desk.save()

    def close(self, conversation: Conversation) -> None:
        """Close a tab; what runs in it goes on."""
        self.run_command(self._close(conversation))

    async def _close(self, conversation: Conversation) -> None:
        await self.desk.close(conversation)
        await self.show_active()

    def action_new_session(self) -> None:
        """Choose an agent and begin a session with it."""
        current = self.active.agent_id if self.active is not None else self.desk.preferred_agent()
        picker = AgentPicker(self.agent_cards(), selected=current, title="New session with …")
        self.app.push_screen(picker, lambda agent_id: self.begin(agent_id) if agent_id else None)

    def action_close_tab(self) -> None:
        """Close the shown tab."""
        if self.active is not None:
            self.close(self.active)

    def action_reopen(self) -> None:
        """Open the tab closed last."""
        self.run_command(self._reopen())

    async def _reopen(self) -> None:
        if await self.desk.reopen() is None:
            self.tell("No tab was closed since the start.")
        else:
            await self.show_active()

    def action_step(self, by: int) -> None:
        """Show the tab so many places to the right."""
        self.switch_to(self.desk.workspace.step(by))

    def action_nth(self, number: int) -> None:
        """Show the tab at a place, from 1."""
        self.switch_to(self.desk.workspace.nth(number))

    def action_move(self, by: int) -> None:
        """Move the shown tab."""
        self.desk.workspace.move(by)
        self.refresh_tabs()
        self.run_command(self.desk.save())

    def action_rename(self) -> None:
        """Ask for a title."""
        conversation = self.active
        if conversation is None:
            return
        dialog = AskText("Rename this session", value=conversation.info.title)
        self.app.push_screen(dialog, lambda title: self._rename(conversation, title) if title else None)

    def _rename(self, conversation: Conversation, title: str) -> None:
        async def rename() -> None:
            await self.desk.rename(conversation, title)
            self.refresh_tabs()

        self.run_command(rename())

    # Messages

    def submit(self, text: str) -> None:
        """Enter in the prompt: a slash command, a starter, or a message."""
        conversation = self.active
        if conversation is None:
            return
        if (slash := parse_slash(text)) is not None:
            self.prompt.accept()
            self._run_slash(slash)
            return
        self.run_command(self._send(conversation, text))

    async def _send(self, conversation: Conversation, text: str) -> None:
        """Send; the prompt is cleared only once the message is on disk."""
        try:
            await self.desk.send(conversation, text)
        except Exception:
            self.prompt.refuse()
            raise
        if conversation is self.active:
            self.prompt.accept()
            self.transcript.scroll_end(animate=False)
        conversation.draft = ""
        self.refresh_tabs()

    def _run_slash(self, slash: SlashCommand) -> None:
        command = slash.command
        if command is None:
            nearest = f" Did you mean /{slash.nearest}?" if slash.nearest else " /help lists them."
            self.tell(f"There is no command /{slash.name}.{nearest}")
        elif command.takes and slash.argument:
            self._run_with_argument(command.slash, slash.argument)
        else:
            self.call_later(self.run_action, command.action)

    def _run_with_argument(self, name: str, argument: str) -> None:
        conversation = self.active
        match name:
            case "rename" if conversation is not None:
                self._rename(conversation, argument)
            case "remember" if conversation is not None:
                self._remember(conversation, argument)
            case "theme":
                self.app.post_message(self.ThemeWanted(argument))
            case _:
                self.tell(f"/{name} takes no argument here.")

    def action_retry(self) -> None:
        """Ask the last question once more."""
        conversation = self.active
        if conversation is not None and conversation.questions:
            self.run_command(self._send(conversation, conversation.questions[-1]))

    def action_stop(self) -> None:
        """Stop what is being answered."""
        if (conversation := self.active) is not None:
            self.run_command(self.desk.stop(conversation))

    def action_step_back(self) -> None:
        """Esc: to the prompt; twice while an answer comes, it stops."""
        conversation = self.active
        if conversation is None:
            return
        if not self.prompt.has_focus:
            self.prompt.focus()
        if not conversation.is_live and not self.desk.activity(conversation.info.session_id).queued:
            self.transcript.clear_selection()
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
        """Ctrl+C: copy a selection, else clear the draft, else stop the answer, else quit when pressed twice."""
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
            self.tell("Ctrl+C again quits.")

    def action_copy_answer(self) -> None:
        """Copy the last answer as Markdown."""
        text = self.transcript.cursor_text() or self.transcript.last_answer_text()
        if text:
            self.copy(text, "answer")
        else:
            self.tell("There is no answer to copy yet.")

    def copy(self, text: str, what: str) -> None:
        """Copy, and say where it went."""
        self.run_command(copy_text(self.app, text, what))

    # The inspector and memory

    def action_toggle_inspector(self) -> None:
        """Show or hide the inspector; what was chosen is kept for wide terminals."""
        if self.active is None:
            return
        shown = not self.has_class("-inspector")
        self.set_class(shown, "-inspector")
        if self.size.width >= _WIDE:
            self.inspector_wanted = shown
            self.app.post_message(self.InspectorToggled(shown))
        if shown:
            self.refresh_inspector()
        else:
            self.prompt.focus()

    def action_inspect(self, panel: PanelName) -> None:
        """Show one panel of the inspector and go there."""
        if self.active is None:
            return
        self.set_class(True, "-inspector")
        self.inspector.panel = panel
        self.inspector.query_one("#inspector-lines").focus()
        self.refresh_inspector()

    def forget(self, memory_id: str, text: str) -> None:
        """Delete a memory after a question."""
        dialog = Confirm("Forget this memory?", text, yes="Forget", no="Keep")
        self.app.push_screen(dialog, lambda sure: self.run_command(self._forget(memory_id)) if sure else None)

    async def _forget(self, memory_id: str) -> None:
        await self.engine.call(lambda engine: engine.chat.forget([memory_id]))
        self.refresh_inspector()

    def action_remember(self) -> None:
        """Ask for a note to remember."""
        conversation = self.active
        if conversation is not None:
            dialog = AskText("Remember for this agent", hint="a fact in one sentence", max_chars=1_000)
            self.app.push_screen(dialog, lambda text: self._remember(conversation, text) if text else None)

    def _remember(self, conversation: Conversation, text: str) -> None:
        async def remember() -> None:
            await self.engine.call(lambda engine: engine.chat.remember(conversation.key, text))
            self.tell("Remembered.")
            self.refresh_inspector()

        self.run_command(remember())

    # Elsewhere

    def action_help(self) -> None:
        """Every key that does something."""
        self.app.push_screen(HelpScreen(help_groups(self)))

    def action_leader(self) -> None:
        """Wait for the key after the leader key."""
        self.app.push_screen(LeaderScreen(tuple(leader_rows())), self._leader_pressed)

    def _leader_pressed(self, key: str | None) -> None:
        if key is None:
            return
        if key.isdigit():
            self.action_nth(int(key))
        elif (command := by_leader(key)) is not None:
            self.call_later(self.run_action, command.action)

    def action_theme(self) -> None:
        """Choose a theme."""
        self.app.search_themes()

    def action_quit_app(self) -> None:
        """Quit; everything is saved."""
        self.app.exit()

    def open_link(self, url: str) -> None:
        """Open a link after a question that shows all of it."""
        if not url.lower().startswith(("http://", "https://", "mailto:")):
            self.tell(f"Only web and mail links are opened, not {clean_line(url, 80)}")
            return
        dialog = Confirm("Open this link in the browser?", url, yes="Open", no="Stay")
        self.app.push_screen(dialog, lambda sure: self.app.open_url(url) if sure else None)

    def announce_hidden(self, changed: Sequence[str]) -> None:
        """Say that a hidden session failed; a finished one is told by its tab."""
        for session_id in changed:
            conversation = self.desk.workspace.find(session_id)
            if conversation is None or conversation is self.active:
                continue
            if self.desk.activity(session_id).last_status is TurnStatus.FAILED:
                self.tell(f"{conversation.info.title or conversation.agent_id}: the answer failed")
