"""What the commands on sessions and tabs do."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial

from textual import on
from textual.screen import Screen

from hector_tui.domain.listing import TRASH_DAYS
from hector_tui.engine.thread import EngineThread
from hector_tui.ui.conversation import Conversation
from hector_tui.ui.desk import Desk
from hector_tui.ui.guarded import Work, run_guarded
from hector_tui.ui.keymap import keys_of
from hector_tui.ui.numbers import counted
from hector_tui.ui.screens.agent_picker import AgentPicker
from hector_tui.ui.screens.dialogs import AskText
from hector_tui.ui.screens.sessions import SessionsScreen
from hector_tui.ui.screens.tab_switcher import RecentWalk, TabSwitcher
from hector_tui.ui.text import clean_line
from hector_tui.ui.widgets.agent_card import AgentCardInfo
from hector_tui.ui.widgets.tab_strip import TabStrip

SESSIONS_OFFERED = 200
"""Sessions among which a title is looked for."""


class SessionActions(Screen[None]):
    """Opening, switching, renaming, closing and deleting sessions; what is seen of it is added by `ChatScreen`."""

    engine: EngineThread
    desk: Desk
    _walk: RecentWalk

    @abstractmethod
    async def show_active(self) -> None:
        """Show the active conversation."""

    @abstractmethod
    def refresh_tabs(self) -> None:
        """Draw the tabs again."""

    @abstractmethod
    def agent_cards(self) -> Sequence[AgentCardInfo]:
        """The agents, for a choice."""

    @abstractmethod
    async def send(self, conversation: Conversation, text: str, mentions: Sequence[str] = ()) -> None:
        """Send a message, with the files that are mentioned."""

    @property
    def active(self) -> Conversation | None:
        """The conversation that is shown."""
        return self.desk.workspace.active

    def run_command(self, work: Work, *, group: str = "commands") -> None:
        """Do something in the background; what goes wrong is shown."""
        run_guarded(self, work, group=group)

    def tell(self, text: str) -> None:
        """A short remark that goes away by itself."""
        self.app.notify(clean_line(text, 300), markup=False, timeout=4)

    def begin(self, agent_id: str, *, first: bool = False) -> None:
        """Begin a session with an agent; a newcomer's first one begins with the agent's first starter."""
        self.run_command(partial(self._begin, agent_id, first))

    async def _begin(self, agent_id: str, first: bool) -> None:
        newcomer = first and not await self.desk.recent(1)
        conversation = await self.desk.begin(agent_id)
        await self.show_active()
        starters = self.desk.agents[agent_id].starters
        if newcomer and starters:
            await self.send(conversation, starters[0])

    async def begin_with(self, text: str) -> None:
        """Begin a session with the agent that hears what is said to nobody else, with a text in its prompt."""
        conversation = await self.desk.begin(self.desk.listener())
        conversation.draft = text
        await self.show_active()

    def switch_to(self, conversation: Conversation | None) -> None:
        """Show another tab; the draft of this one is kept."""
        if conversation is not None and conversation is not self.active:
            self.run_command(partial(self.show_conversation, conversation), group="switch")

    async def show_conversation(self, conversation: Conversation) -> None:
        """Show another tab; the draft of this one is kept."""
        before = self.active
        self.desk.workspace.activate(conversation)
        await self.show_active()
        if before is not None:
            await self.desk.save_draft(before)
        await self.desk.save()

    def close(self, conversation: Conversation) -> None:
        """Close a tab; what runs in it goes on."""
        self.run_command(partial(self._close, conversation))

    async def _close(self, conversation: Conversation) -> None:
        await self.desk.close(conversation)
        await self.show_active()

    def action_new_session(self) -> None:
        """Choose an agent and begin a session with it."""
        if not self.desk.agents:
            return
        current = self.active.agent_id if self.active is not None else self.desk.preferred_agent()
        picker = AgentPicker(self.agent_cards(), selected=current, title="New session with …")
        self.app.push_screen(picker, lambda agent_id: self.begin(agent_id) if agent_id else None)

    def action_close_tab(self) -> None:
        """Close the shown tab."""
        if self.active is not None:
            self.close(self.active)

    def action_reopen(self) -> None:
        """Open the tab closed last."""
        self.run_command(self._reopen)

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
        self.run_command(self.desk.save)

    def action_sessions(self) -> None:
        """Choose a session to open, among all there are."""
        self.app.push_screen(SessionsScreen(self.desk, self.engine, self.show_active), self._open_chosen)

    def _open_chosen(self, session_ids: Sequence[str] | None) -> None:
        async def open_chosen() -> None:
            if session_ids:
                await self._save_shown_draft()
                await self.desk.open_all(session_ids)
            await self.show_active()

        self.run_command(open_chosen)

    async def _save_shown_draft(self) -> None:
        if self.active is not None:
            await self.desk.save_draft(self.active)

    def open_titled(self, title: str) -> None:
        """Open the session with that title, the last used one when there are several."""

        async def open_titled() -> None:
            wanted = title.casefold()
            for info in await self.desk.recent(SESSIONS_OFFERED):
                if clean_line(info.title).casefold() == wanted:
                    self._open_chosen([info.session_id])
                    return
            lists = keys_of(self.app).way_to("session.open")
            self.tell(f"There is no session called {title!r}. {lists} lists them all.")

        self.run_command(open_titled)

    def action_delete_session(self) -> None:
        """Delete the shown session; it can be brought back."""
        if self.active is not None:
            self.run_command(partial(self._delete, self.active))

    async def _delete(self, conversation: Conversation) -> None:
        await self.desk.delete(conversation)
        await self.show_active()
        title = clean_line(conversation.info.title or conversation.agent_id, 40)
        back = keys_of(self.app).way_to("session.reopen")
        self.tell(f"“{title}” deleted · {back} brings it back, for {TRASH_DAYS} days the sessions screen does too.")

    def action_archive(self) -> None:
        """Close the tab and take the session out of the list; it stays as it is."""
        if self.active is not None:
            self.run_command(partial(self._archive, self.active))

    async def _archive(self, conversation: Conversation) -> None:
        await self.desk.shelf.archive([conversation.info.session_id], True)
        await self.desk.close(conversation)
        await self.show_active()
        lists = keys_of(self.app).way_to("session.open")
        self.tell(f"Archived · {lists} lists it with the archived; saying something in it puts it back into the list.")

    def action_fork(self) -> None:
        """Begin a session with what was said in this one."""
        self.fork_at(None)

    def fork_at(self, up_to: int | None) -> None:
        """Begin a session with what was said in this one, up to a turn (its ordinal); None for everything."""
        if (conversation := self.active) is not None:
            self.run_command(partial(self._fork, conversation, up_to))

    async def _fork(self, conversation: Conversation, up_to: int | None) -> None:
        await self._save_shown_draft()
        forked = await self.desk.shelf.fork(conversation.info.session_id, up_to)
        await self.desk.open(forked.session_id)
        await self.show_active()
        self.tell(f"A copy with {counted(forked.turns, 'turn')}; the first session is as it was.")

    def action_attention(self) -> None:
        """Show the next session that needs an answer, failed, or finished unseen."""
        if closed := self.desk.needing_without_tab():
            self._open_chosen([closed])
            return
        needing = self.desk.workspace.next_that_needs(self.desk.activity)
        if needing is None:
            self.tell("No other session needs you.")
        self.switch_to(needing)

    def action_tab_list(self) -> None:
        """Choose among the open tabs by typing."""
        if len(self.desk.workspace):
            self.app.push_screen(TabSwitcher(self.desk), self.switch_to)

    def action_recent(self, by: int) -> None:
        """Show the tab that was shown before; again within a moment, the one before that."""
        self.switch_to(self._walk.step(self.desk.workspace.recent, by, time.monotonic()))

    def move_tab(self, session_id: str, before_id: str) -> None:
        """Put a tab where another one stands."""
        workspace = self.desk.workspace
        moved, before = workspace.find(session_id), workspace.find(before_id)
        if moved is not None and before is not None:
            workspace.move_to(moved, before)
            self.refresh_tabs()
            self.run_command(self.desk.save)

    @on(TabStrip.TabClicked)
    def _tab_clicked(self, message: TabStrip.TabClicked) -> None:
        if (conversation := self.desk.workspace.find(message.session_id)) is not None:
            self.switch_to(conversation)

    @on(TabStrip.TabDropped)
    def _tab_dropped(self, message: TabStrip.TabDropped) -> None:
        self.move_tab(message.session_id, message.before_id)

    @on(TabStrip.CloseClicked)
    def _close_clicked(self, message: TabStrip.CloseClicked) -> None:
        if (conversation := self.desk.workspace.find(message.session_id)) is not None:
            self.close(conversation)

    @on(TabStrip.NewClicked)
    def _new_clicked(self) -> None:
        self.action_new_session()

    def action_rename(self) -> None:
        """Ask for a title."""
        conversation = self.active
        if conversation is None:
            return
        dialog = AskText("Rename this session", value=conversation.info.title)
        self.app.push_screen(dialog, lambda title: self.rename(conversation, title) if title else None)

    def rename(self, conversation: Conversation, title: str) -> None:
        """Give a session a title."""

        async def rename() -> None:
            await self.desk.rename(conversation, title)
            self.refresh_tabs()

        self.run_command(rename)
