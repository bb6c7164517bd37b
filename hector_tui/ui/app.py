"""`HectorApp`: the Textual application around one engine."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult, SystemCommand
from textual.screen import Screen
from textual.widgets import Static

from hector_tui import __version__
from hector_tui.engine.thread import EngineThread, Opener
from hector_tui.errors import HectorError, ThemeError
from hector_tui.paths import Profile
from hector_tui.paths_bundled import bundled
from hector_tui.ui.commands import COMMANDS
from hector_tui.ui.guard import install_render_guard
from hector_tui.ui.guarded import guarded, run_guarded
from hector_tui.ui.settings import UiSettings, read_settings, write_settings
from hector_tui.ui.signals import end_on_signals
from hector_tui.ui.terminal_input import use_terminal_parser
from hector_tui.ui.text import clean, clean_line
from hector_tui.ui.themes import DEFAULT_THEME, ThemeLibrary, own_variables
from hector_tui.ui.type_ahead import TypeAhead

if TYPE_CHECKING:
    from hector_tui.engine.host import Engine
    from hector_tui.ui.desk import Desk
    from hector_tui.ui.screens.chat import ChatScreen

_CLOSE_S = 3.0
"""Seconds the engine gets to save everything when the program ends."""
_DRAFT_S = 1.0
"""Seconds the last draft gets to be saved; a database that hangs must not keep the program open."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What the app begins with.

    Attributes:
        agent_id: Begin a session with this agent; empty for none.
        session_id: Open this session; with an agent it is made if it is not there.
        restore: Open the tabs that stood open last.
        theme: Name of a theme; empty for the remembered one.
    """

    agent_id: str = ""
    session_id: str = ""
    restore: bool = False
    theme: str = ""


class HectorApp(App[None]):
    """The whole program, as a person sees it.

    Args:
        profile: Where themes and settings are.
        opener: Opens the engine; called on the engine's loop, after the first frame.
        start: What to begin with.
    """

    TITLE = "hector-tui"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    CSS = """
    #starting { width: 100%; height: 100%; content-align: center middle; color: $chat-dim; }
    """

    def __init__(self, profile: Profile, opener: Opener, start: Start | None = None) -> None:
        super().__init__()
        install_render_guard()
        use_terminal_parser()
        self.engine = EngineThread(opener)
        self._profile = profile
        self._start = start or Start()
        self._themes = ThemeLibrary((bundled("themes"), profile.themes))
        self._notices: list[str] = []
        self._settings, problem = read_settings(profile.settings)
        if problem:
            self._notices.append(problem)
        self._chat: ChatScreen | None = None
        self._typed = TypeAhead()

    async def on_event(self, event: events.Event) -> None:
        """Put off what is typed before there is a prompt."""
        if self._typed.is_open and isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            # A dialog that was opened by a key has its own keys; Textual's own first screen has no use for any.
            in_dialog = len(self.screen_stack) > 1 and self.screen is not self._chat
            if not in_dialog and self._typed.keep(event):
                return
        await super().on_event(event)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own variables, for themes that do not set them."""
        return own_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        """The first frame: one line, so that it stands there before the rest is even imported."""
        yield Static("starting …", id="starting", markup=False)

    def on_mount(self) -> None:
        """Draw the first frame with the chosen theme; everything else starts after it."""
        if not self.is_headless:
            end_on_signals(self, self.close_engine)
        name = self._start.theme or self._settings.theme or DEFAULT_THEME
        theme, error = self._themes.load_or_default(name)
        if error is not None:
            self._notices.append(str(error))
        self.register_theme(theme)
        self.theme = theme.name
        self.call_after_refresh(self._show_chat)

    async def _show_chat(self) -> None:
        """Show the conversation screen and open the engine."""
        # Imported here, after the first frame, and before the engine's thread imports its half: two threads that
        # import at once share one processor and can meet in a package that imports itself in a circle.
        from hector_tui.ui.desk import Desk
        from hector_tui.ui.screens.chat import ChatScreen

        brand = f"hector-tui {__version__}"
        self._chat = ChatScreen(
            self.engine,
            Desk(self.engine),
            brand=brand,
            inspector=self._settings.inspector,
            theme_names=self._themes.names,
            copied=self._profile.copied,
        )
        await self.push_screen(self._chat)
        self.engine.start()
        run_guarded(self, partial(self._begin, self._chat), group="begin")

    async def _begin(self, chat: ChatScreen) -> None:
        """Once the engine is open: say what was found, and open what was asked for."""
        try:
            engine = await self.engine.opened()
        except Exception as error:
            reason = str(error) if isinstance(error, HectorError) else f"An internal error: {error!r}"
            chat.show_fatal(reason)
            raise
        await chat.desk.load_agents()
        await guarded(self, partial(self._open_asked, chat.desk))
        await chat.engine_opened()
        await guarded(self, partial(self._type_again, chat))
        self._tell_findings(engine)
        await asyncio.to_thread(_load_parsers)
        if not self.is_headless:
            # What was made until now stays: 140,000 objects that every full collection would walk through, holding up
            # the engine's thread for up to 200 ms.
            gc.freeze()

    async def _type_again(self, chat: ChatScreen) -> None:
        """Give the prompt what was typed meanwhile; words on the home screen begin a session with its first agent."""
        try:
            if chat.active is None and self._typed.has_text and (agent_id := chat.desk.preferred_agent()):
                await chat.desk.begin(agent_id)
                await chat.show_active()
        finally:
            self._typed.release(self, enter_for_line_breaks=chat.active is None)

    def _tell_findings(self, engine: Engine) -> None:
        """Show what the person should know about the start."""
        self._notices += engine.notices
        if engine.config.errors:
            first = str(engine.config.errors[0])
            more = f" (and {len(engine.config.errors) - 1} more: `hector-tui agents validate`)"
            self._notices.append(first + (more if len(engine.config.errors) > 1 else ""))
        if engine.interrupted:
            count = len(engine.interrupted)
            turns = "1 answer was" if count == 1 else f"{count} answers were"
            self._notices.append(f"{turns} interrupted when hector-tui ended; what had come is kept.")
        for notice in self._notices:
            self.notify(clean(notice), severity="warning", timeout=12, markup=False)

    async def _open_asked(self, desk: Desk) -> None:
        start = self._start
        if start.restore:
            await desk.restore()
        if start.agent_id:
            await desk.begin(start.agent_id, start.session_id or None)
        elif start.session_id:
            await desk.open(start.session_id)

    # Themes and settings

    def search_themes(self) -> None:
        """The theme picker, with every theme of ours."""
        run_guarded(self, self._search_themes, group="themes", exclusive=True)

    async def _search_themes(self) -> None:
        # Twenty files take 130 ms to parse: not in the loop that draws. They are read again each time, so a file that
        # was just written is offered.
        themes, errors = await asyncio.to_thread(self._themes.load_all)
        for theme in themes:
            self.register_theme(theme)
        for error in errors:
            self.notify(clean(str(error)), severity="warning", timeout=12, markup=False)
        choices = [(theme.name, partial(self._set_theme, theme.name), theme.description) for theme in themes]
        await self.search_commands(choices, placeholder="Search for a theme …")

    def _set_theme(self, name: str) -> None:
        self.theme = name

    def on_chat_actions_theme_wanted(self, message: ChatScreen.ThemeWanted) -> None:
        """Show the theme a person named."""
        try:
            theme = self._themes.load(message.name)
        except ThemeError as error:
            self.notify(clean(str(error)), severity="warning", timeout=8, markup=False)
            return
        self.register_theme(theme)
        self.theme = theme.name

    def on_chat_actions_inspector_toggled(self, message: ChatScreen.InspectorToggled) -> None:
        """Remember whether wide terminals show the inspector."""
        self._remember(replace(self._settings, inspector=message.shown))

    def _watch_theme(self, theme_name: str) -> None:
        super()._watch_theme(theme_name)
        if self._chat is not None and theme_name != self._settings.theme and not self._start.theme:
            self._remember(replace(self._settings, theme=theme_name))

    def _remember(self, settings: UiSettings) -> None:
        self._settings = settings
        try:
            write_settings(self._profile.settings, settings)
        except OSError as error:
            self.notify(f"The setting could not be saved: {error}", severity="warning", markup=False)

    # The palette

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every command of ours with its key, then the open sessions."""
        chat = self._chat
        if chat is None or screen is not chat:
            return
        for command in COMMANDS:
            keys = command.keys or (f"ctrl+x {command.leader}" if command.leader else f"/{command.slash}")
            yield SystemCommand(command.title, keys, partial(self._run_on_chat, command.action))
        for conversation in chat.desk.workspace:
            title = clean_line(conversation.info.title or conversation.agent_id, 60)
            yield SystemCommand(f"Go to: {title}", "open tab", partial(chat.switch_to, conversation))

    async def _run_on_chat(self, action: str) -> None:
        if self._chat is not None:
            await self._chat.run_action(action)

    # The end

    def _fatal_error(self) -> None:
        """A bug reached the root of the interface: end with one line.

        Textual would print the local variables of every frame here, keys among them; the log gets the bare traceback.
        """
        error = self._exception
        logger.critical("the interface failed", exc_info=error)
        reason = type(error).__name__ if error is not None else "unknown"
        text = f"hector-tui ended by a bug ({reason}). Everything said is saved; the log is {self._profile.log}"
        self._exit_renderables.append(Text(clean(text)))
        self._close_messages_no_wait()

    async def _on_exit_app(self) -> None:
        """Save the draft that is being written, then leave."""
        chat = self._chat
        if chat is not None and chat.active is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_DRAFT_S):
                    await guarded(self, partial(chat.desk.save_draft, chat.active))
        await super()._on_exit_app()

    def close_engine(self) -> bool:
        """Close the engine after the terminal was given back; returns whether it ended in time."""
        return self.engine.close(_CLOSE_S)


def _load_parsers() -> None:
    """Import what draws answers, so that the first one does not wait for it."""
    from hector_tui.ui.transcript.preload import preload

    preload()
