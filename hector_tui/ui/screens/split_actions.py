"""Two conversations side by side: which one stands beside the active one, and which of the two is read."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial

from textual import on

from hector_tui.ui.conversation import Conversation
from hector_tui.ui.keymap import keys_of
from hector_tui.ui.screens.session_actions import SessionActions
from hector_tui.ui.text import clean_line
from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.widget import Transcript
from hector_tui.ui.widgets.prompt import Prompt
from hector_tui.ui.widgets.side_pane import SidePane

SPLIT_COLUMNS = 160
"""Columns from which there is room for two conversations, also with the inspector."""


class SplitActions(SessionActions):
    """The commands of the second pane; the prompt always belongs to the active conversation, which stands left."""

    @property
    @abstractmethod
    def prompt(self) -> Prompt:
        """Where a person types."""

    @property
    @abstractmethod
    def transcript(self) -> Transcript:
        """What was said."""

    @property
    def side(self) -> SidePane:
        """The second pane; hidden while nothing is to be shown in it."""
        return self.query_one("#side", SidePane)

    # Which one is read

    @property
    def panes(self) -> list[tuple[Transcript, Conversation | None]]:
        """The transcripts on screen with what they show: the active one first."""
        panes = [(self.transcript, self.active)]
        if self.side.conversation is not None:
            panes.append((self.side.transcript, self.side.conversation))
        return panes

    @property
    def reader(self) -> Transcript:
        """The transcript that keys for reading act on: the one with the focus, else that of the active conversation."""
        side = self.side
        return side.transcript if side.conversation is not None and side.transcript is self.focused else self.transcript

    @property
    def read(self) -> Conversation | None:
        """The conversation that keys for reading act on."""
        return self.side.conversation if self.reader is not self.transcript else self.active

    def showing(self, document: TranscriptDocument) -> Conversation | None:
        """The conversation on screen whose document that is."""
        shown = (conversation for _, conversation in self.panes if conversation is not None)
        return next((conversation for conversation in shown if conversation.document is document), None)

    def name_of_pane(self, doing: str) -> str:
        """What is done, and in which of the two where there are two: `find in Tea recipes`."""
        conversation = self.read
        if conversation is None or self.side.conversation is None:
            return doing
        return f"{doing} in {clean_line(conversation.info.title or conversation.agent_id, 24)}"

    # The commands

    def action_split(self) -> None:
        """Show the tab that was shown before beside this one; a second time, show one conversation again."""
        workspace = self.desk.workspace
        if workspace.beside is not None:
            self.put_beside(None)
            return
        other = next((each for each in workspace.recent if each is not self.active), None)
        if other is not None:
            self.put_beside(other)
        elif self.active is not None:
            self.tell(f"There is no other tab to show beside this one; {self._way('session.new')} begins one.")

    def split_named(self, name: str) -> None:
        """Show a tab beside this one, by its number or its title."""
        found = self._tab_named(name.strip())
        if found is None:
            self.tell(f"No tab has the number or title {name!r}; {self._way('tab.list')} lists them.")
        elif found is self.active:
            self.tell("That tab is the one you are in; name another.")
        else:
            self.put_beside(found)

    def _tab_named(self, name: str) -> Conversation | None:
        workspace, wanted = self.desk.workspace, name.casefold()
        if name.isdecimal() and (numbered := workspace.nth(int(name))) is not None:
            return numbered
        titled = [(clean_line(each.info.title or each.agent_id).casefold(), each) for each in workspace]
        whole = next((each for title, each in titled if title == wanted), None)
        return whole or next((each for title, each in titled if title.startswith(wanted)), None)

    def put_beside(self, conversation: Conversation | None) -> None:
        """Show a conversation beside the active one; None for none any more."""
        self.desk.workspace.put_beside(conversation)
        self.refresh_tabs()
        self.refresh_beside()
        self.run_command(self.desk.save)
        if conversation is not None and not self.desk.workspace.room_beside:
            has = self.size.width
            self.tell(f"Two sessions side by side need {SPLIT_COLUMNS} columns and here are {has}: it waits for them.")

    def action_swap(self) -> None:
        """Talk in the conversation beside, and read this one there."""
        beside = self.desk.workspace.beside
        if beside is None:
            self.tell(f"No session stands beside this one; {self._way('tab.split')} shows one.")
        else:
            self.switch_to(beside)

    def action_go_beside(self) -> None:
        """Go to the transcript beside, for its keys; from there, back to the prompt."""
        if self.side.conversation is None:
            self.tell(f"No session stands beside this one; {self._way('tab.split')} shows one.")
        elif self.reader is self.transcript:
            self.side.transcript.focus()
        else:
            self._leave_side()

    def _way(self, command_id: str) -> str:
        return keys_of(self.app).way_to(command_id)

    # What is shown

    def let_go_beside(self) -> None:
        """Take the second pane off what it shows, before another one shows it: a document has one view at a time."""
        if self.side.conversation is not self.desk.workspace.shown_beside:
            self.search_ends()
            self.side.show(None)

    @abstractmethod
    def search_ends(self) -> None:
        """Put the search bar away, when what it searches goes off the screen."""

    def refresh_beside(self) -> None:
        """Show what is to stand beside, as far as there is room for it."""
        workspace = self.desk.workspace
        workspace.room_beside = self.size.width >= SPLIT_COLUMNS
        had_focus = self.side.transcript is self.focused
        self.let_go_beside()
        self.side.show(workspace.shown_beside)
        self.describe_beside()
        if had_focus and workspace.shown_beside is None:
            self.prompt.focus()

    def describe_beside(self) -> None:
        """Write the title of the second pane: its tab, its state, and how to come there."""
        conversation = self.side.conversation
        if conversation is None:
            return
        session_id = conversation.info.session_id
        items = self.desk.workspace.tab_items(self.desk.activity)
        number, item = next((n, item) for n, item in enumerate(items, start=1) if item.session_id == session_id)
        self.side.describe(number, item, self._way("tab.swap"))

    def side_drawn(self, conversation: Conversation) -> None:
        """Something of the conversation beside was drawn: it counts as seen."""
        self.run_command(partial(self.desk.mark_seen, conversation), group="seen")

    def on_resize(self) -> None:
        """The second pane hides where there is no room for it, and comes back."""
        if self.is_mounted and (self.size.width >= SPLIT_COLUMNS) is not self.desk.workspace.room_beside:
            self.refresh_beside()

    @on(SidePane.SwapRequested)
    def _swap_requested(self) -> None:
        self.action_swap()

    @on(SidePane.Left)
    def _side_left(self) -> None:
        self._leave_side()

    def _leave_side(self) -> None:
        self.side.transcript.drop_cursor()
        self.prompt.focus()
