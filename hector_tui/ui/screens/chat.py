"""The conversation screen: where everything a person does arrives, and what they see of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from hector_tui.engine.feed import ENGINE
from hector_tui.engine.thread import EngineThread
from hector_tui.errors import UnknownSession
from hector_tui.ui.attention import Attention
from hector_tui.ui.commands import bindings
from hector_tui.ui.conversation import Conversation
from hector_tui.ui.desk import Desk
from hector_tui.ui.follower import FRAME_S, Follower
from hector_tui.ui.guarded import run_guarded
from hector_tui.ui.inspector.feeder import InspectorFeeder
from hector_tui.ui.inspector.widget import Inspector
from hector_tui.ui.keymap import hint, keys_of
from hector_tui.ui.screens.home import card_infos, greeting, home_hint
from hector_tui.ui.screens.prompt_actions import PromptActions, working_folder
from hector_tui.ui.screens.tab_switcher import RecentWalk
from hector_tui.ui.settings_schema import UiSettings
from hector_tui.ui.status import status_of
from hector_tui.ui.text import clean
from hector_tui.ui.transcript.widget import Transcript
from hector_tui.ui.widgets.agent_card import AgentCardInfo
from hector_tui.ui.widgets.agent_cards import AgentCards
from hector_tui.ui.widgets.approval_bar import ApprovalBar
from hector_tui.ui.widgets.completion import CompletionPopup
from hector_tui.ui.widgets.prompt import Prompt
from hector_tui.ui.widgets.prompt_attachments import AttachmentRow
from hector_tui.ui.widgets.search_bar import SearchBar
from hector_tui.ui.widgets.side_pane import SidePane
from hector_tui.ui.widgets.status_line import StatusLine
from hector_tui.ui.widgets.tab_strip import TabStrip

if TYPE_CHECKING:
    from hector_tui.agents.registry import AgentRegistry

_DRAFT_PAUSE_S = 0.5
"""Seconds without a key after which a draft is saved."""
_STATUS_S = 1.0
"""Seconds between two looks at the clock while something runs."""
_SHORT_ROWS = 20


class ChatScreen(PromptActions):
    """Tabs, transcript, prompt, inspector and status line.

    Args:
        engine: Where commands go.
        desk: The open conversations.
        brand: What stands at the right end of the tabs.
        inspector: Whether wide terminals show the inspector.
        theme_names: Tells which themes there are.
        copied: Where a copy goes when no clipboard is sure to take it.
    """

    CSS_PATH = "chat.tcss"
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (120, "-wide")]  # noqa: RUF012 - Textual's type
    VERTICAL_BREAKPOINTS = [(0, "-short"), (_SHORT_ROWS, "-tall")]  # noqa: RUF012 - Textual's type

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    def __init__(
        self,
        engine: EngineThread,
        desk: Desk,
        *,
        brand: str,
        inspector: bool,
        theme_names: Callable[[], Sequence[str]] = tuple,
        copied: Path,
    ) -> None:
        super().__init__()
        self.theme_names = theme_names
        self.copied = copied
        self.engine = engine
        self.desk = desk
        self.follower = Follower(self._drawn)
        self.feeder = InspectorFeeder(engine, desk)
        self.inspector_wanted = inspector
        self.attention = Attention()
        self.settings = UiSettings(inspector=inspector)
        self._walk = RecentWalk()
        self._brand = brand
        self._unsaved: set[Conversation] = set()
        self._recallable: tuple[Conversation | None, int] = (None, 0)
        """Up to which turn of which conversation the prompt's history goes."""
        self._clock_running = False
        self._registry: AgentRegistry | None = None
        """The agents that are shown; the engine replaces them all at once."""

    def compose(self) -> ComposeResult:
        """The rows from top to bottom."""
        yield TabStrip(id="tabs")
        with Horizontal(id="body"):
            with Vertical(id="main"):
                with Vertical(id="home"), Vertical(id="home-box"):
                    yield Static("hector-tui", id="home-title", markup=False)
                    yield Static("starting …", id="home-hint", markup=False)
                yield Transcript(id="transcript")
                yield SearchBar(id="search")
                yield Static(id="starters", markup=False)
                yield Static(id="queue", markup=False)
                yield ApprovalBar(name_of=self.desk.name_of, id="approval")
                yield AttachmentRow(id="attachments")
                yield CompletionPopup(id="completion")
                yield Prompt(id="prompt")
            yield SidePane(drawn=self.side_drawn, id="side")
            yield Inspector(id="inspector")
        yield StatusLine(id="status")

    # The parts

    @property
    def prompt(self) -> Prompt:
        """Where a person types."""
        return self.query_one("#prompt", Prompt)

    @property
    def transcript(self) -> Transcript:
        """What was said."""
        return self.query_one("#transcript", Transcript)

    # Beginning

    def on_mount(self) -> None:
        """Show the home screen; the engine comes later."""
        self.set_class(True, "-home")
        strip = self.query_one("#tabs", TabStrip)
        strip.brand = self._brand
        self.connect_prompt(working_folder())
        self.apply_settings(self.settings)

    def apply_settings(self, settings: UiSettings) -> None:
        """Let everything here be as the settings and the keys in force say."""
        keys = keys_of(self.app)
        self.settings = settings
        self.prompt.hint = hint(
            ("Ask anything", ""), ("/", "commands"), ("@", "agents, files"), (keys.way_to("help"), "help")
        )
        self.prompt.max_rows = settings.prompt_rows
        for transcript in (self.transcript, self.side.transcript):
            transcript.styles.max_width = settings.text_width or None
        self.desk.preferred = settings.default_agent
        self.desk.new_policy = "" if settings.queue == "enqueue" else settings.queue
        if settings.inspector != self.inspector_wanted:
            self.inspector_wanted = settings.inspector
            self.set_class(self.active is not None and settings.inspector and self.size.width >= 120, "-inspector")
        self.inspector.refresh_keys()
        self.refresh_queue()
        self.refresh_inspector()
        self.refresh_status()

    async def engine_opened(self) -> None:
        """The engine is there: show the agents, and follow what happens."""
        self._registry = self.engine.engine.registry
        run_guarded(self, self.follower.work, group="follow")
        run_guarded(self, self._watch_changes, group="watch")
        cards = AgentCards(
            self.agent_cards(),
            selected=self.desk.preferred_agent(),
            listener=self.desk.name_of(self.desk.listener()),
        )
        self.query_one("#home-hint", Static).update(home_hint(tuple(self.desk.agents.values()), keys_of(self.app)))
        await self.query_one("#home-box").mount(cards)
        await self.show_active()

    def show_fatal(self, reason: str) -> None:
        """The engine cannot be opened: say why, and leave the way out open."""
        self.set_class(True, "-fatal")
        self.query_one("#home-title", Static).update("hector-tui cannot start")
        self.query_one("#home-hint", Static).update(f"{clean(reason)}\n\n{keys_of(self.app).way_to('app.quit')} quits.")

    def agent_cards(self) -> Sequence[AgentCardInfo]:
        """The agents, for a choice."""
        return card_infos(tuple(self.desk.agents.values()))

    async def _watch_changes(self) -> None:
        """Hear which sessions changed, at most once a frame."""
        reader = self.engine.engine.chat.changes()
        while True:
            await reader.wait()
            changed = reader.take()
            self._sessions_changed(changed)
            await asyncio.sleep(FRAME_S)

    def _sessions_changed(self, changed: Sequence[str]) -> None:
        self.refresh_tabs()
        self.run_command(partial(self._refresh_titles, changed), group="titles")
        active = self.active
        if active is not None and active.info.session_id in changed:
            self.follower.wake()
            self.refresh_queue()
            self.refresh_approvals()
            self.refresh_inspector()
        beside = self.side.conversation
        if beside is not None and beside.info.session_id in changed:
            self.side.wake()
        if ENGINE in changed:
            self._renew_agents()
            for text in self.engine.engine.chat.take_announcements():
                self.app.notify(clean(text), severity="warning", timeout=10, markup=False)
        if ENGINE in changed or active is not None:
            self.refresh_status()
        self.announce_hidden(changed)

    async def _refresh_titles(self, changed: Sequence[str]) -> None:
        """Titles that the first answer made, or that were given elsewhere."""
        for session_id in changed:
            if (conversation := self.desk.workspace.find(session_id)) is not None and not conversation.info.named:
                before = conversation.info.title
                with suppress(UnknownSession):
                    await self.desk.refresh_info(conversation)
                if conversation.info.title != before:
                    self.refresh_tabs()

    def _renew_agents(self) -> None:
        """Show the agents of now, when a key or a server has given them other models."""
        registry = self.engine.engine.registry
        if registry is self._registry:
            return
        self._registry = registry

        async def renew() -> None:
            await self.desk.load_agents()
            for cards in self.query("#home-box AgentCards").results(AgentCards):
                cards.listener = self.desk.name_of(self.desk.listener())
                cards.agents = tuple(self.agent_cards())
            self.query_one("#home-hint", Static).update(home_hint(tuple(self.desk.agents.values()), keys_of(self.app)))
            self.refresh_status()
            self.refresh_starters()
            self.refresh_inspector()

        self.run_command(renew, group="agents")

    # Showing

    async def show_active(self) -> None:
        """Show the active conversation, or the home screen when there is none."""
        conversation = self.active
        self.search_bar.close(restore=False)
        self.let_go_beside()
        self.set_class(conversation is None, "-home")
        self.refresh_tabs()
        self.refresh_status()
        self.refresh_approvals()
        self.follower.follow(conversation)
        if conversation is None:
            self.set_class(False, "-empty", "-inspector")
            self.refresh_queue()
            self.refresh_attachments()
            self.refresh_beside()
            if cards := self.query(AgentCards):
                cards.first().focus()
            return
        self.set_class(self.inspector_wanted and self.size.width >= 120, "-inspector")
        self.transcript.show(conversation.document)
        self.refresh_beside()
        self.prompt.restore(conversation.draft)
        self.prompt.set_sent(conversation.questions)
        self.refresh_attachments()
        self.prompt.focus()
        self.refresh_queue()
        self.refresh_inspector()
        self.refresh_starters()

    def _drawn(self, ended: bool) -> None:
        """Something of the active conversation was drawn."""
        conversation = self.active
        if conversation is None:
            return
        self.refresh_starters()
        if conversation.last_ordinal > conversation.seen_ordinal:
            self.run_command(partial(self.desk.mark_seen, conversation), group="seen")
        if ended or self._recallable != (conversation, conversation.last_ordinal):
            self._recallable = (conversation, conversation.last_ordinal)
            self.prompt.set_sent(conversation.questions)
        if ended or not self._clock_running:
            self.refresh_status()
        self.refresh_inspector()

    def refresh_tabs(self) -> None:
        """Put the state of every session on its tab."""
        strip = self.query_one("#tabs", TabStrip)
        if self.desk.agents:
            strip.tabs = self.desk.workspace.tab_items(self.desk.activity)
        strip.active = self.active.info.session_id if self.active is not None else ""
        self.describe_beside()

    def refresh_starters(self) -> None:
        """What to say first, while nothing was said."""
        conversation = self.active
        empty = conversation is not None and conversation.is_empty
        self.set_class(empty, "-empty")
        if conversation is None or not empty:
            return
        agent = self.desk.agents.get(conversation.agent_id)
        if agent is not None:
            self.query_one("#starters", Static).update(greeting(agent))

    def refresh_approvals(self) -> None:
        """The first tool call that waits for a decision, above the prompt."""
        conversation = self.active
        waiting = self.desk.activity(conversation.info.session_id).approvals if conversation is not None else ()
        self.query_one("#approval", ApprovalBar).show(waiting)

    def refresh_status(self) -> None:
        """The bottom row, and a clock for it while something runs."""
        line = self.query_one("#status", StatusLine)
        line.info = status_of(
            self.desk,
            self.engine,
            self.feeder,
            keys_of(self.app),
            stop_armed=self.stop_armed,
            new_below=self.transcript.has_new_below,
        )
        running = self.active is not None and self.active.is_live
        if running and not self._clock_running:
            self._clock_running = True
            self.set_timer(_STATUS_S, self._tick)

    def _tick(self) -> None:
        self._clock_running = False
        if self.active is not None:
            self.active.tick()
        self.refresh_status()

    def refresh_inspector(self) -> None:
        """Fetch what the shown panel needs; calls that come close together are one."""
        if self.active is not None and self.desk.agents and not self.feeder.again():
            self.run_command(self._feed, group="inspector")

    async def _feed(self) -> None:
        if await self.feeder.feed(lambda: self.inspector if self.has_class("-inspector") else None):
            self.refresh_status()

    # What happens

    @on(Prompt.DraftChanged)
    def _draft_changed(self, message: Prompt.DraftChanged) -> None:
        conversation = self.active
        if conversation is None:
            return
        # What follows /connect may be somebody's key, and a draft is stored.
        conversation.draft = "" if message.text.lstrip().startswith("/connect") else message.text
        if not message.text:
            conversation.kept = ()
        self.refresh_attachments()
        if conversation not in self._unsaved:
            self._unsaved.add(conversation)
            self.set_timer(_DRAFT_PAUSE_S, lambda: self._save_draft(conversation))

    def _save_draft(self, conversation: Conversation) -> None:
        self._unsaved.discard(conversation)
        self.run_command(partial(self.desk.save_draft, conversation), group="draft")
        if conversation is self.active:
            self.refresh_inspector()

    @on(Prompt.Submitted)
    def _submitted(self, message: Prompt.Submitted) -> None:
        self.submit(message.text, message.mentions)

    @on(Prompt.TakeBackRequested)
    def _take_back_requested(self) -> None:
        self.take_back()

    @on(ApprovalBar.Left)
    def _approval_left(self) -> None:
        self.prompt.focus()

    @on(Prompt.HelpRequested)
    def _help_requested(self) -> None:
        self.action_help()

    @on(AgentCards.Chosen, "#home-box AgentCards")
    def _agent_chosen(self, message: AgentCards.Chosen) -> None:
        message.stop()
        self.begin(message.agent_id, first=len(self.desk.workspace) == 0)

    @on(AgentCards.Said, "#home-box AgentCards")
    def _said_at_home(self, message: AgentCards.Said) -> None:
        message.stop()
        message.cards.filter = ""
        self.say_first(message.text)

    @on(Transcript.LinkClicked)
    def _link_clicked(self, message: Transcript.LinkClicked) -> None:
        self.open_link(message.url)

    @on(Transcript.NewBelow)
    def _new_below(self, message: Transcript.NewBelow) -> None:
        self.refresh_status()
