"""`HectorApp`: the Textual application around one engine."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widgets import Static

from hector_tui import __version__
from hector_tui.engine.thread import EngineThread, Opener
from hector_tui.errors import HectorError
from hector_tui.paths import Profile
from hector_tui.paths_bundled import bundled
from hector_tui.ui.appearance import Appearance
from hector_tui.ui.guard import install_render_guard
from hector_tui.ui.guarded import guarded, run_guarded
from hector_tui.ui.keymap import Keys
from hector_tui.ui.live_files import LOOK_S, LiveFiles
from hector_tui.ui.motion import follow_motion, set_motion
from hector_tui.ui.notifications import Announcer
from hector_tui.ui.preferences import FollowsSettings, Preferences
from hector_tui.ui.settings import Change
from hector_tui.ui.signals import end_on_signals
from hector_tui.ui.terminal_input import use_terminal_parser
from hector_tui.ui.text import clean, clean_line
from hector_tui.ui.themes import ThemeLibrary, own_variables
from hector_tui.ui.type_ahead import TypeAhead

if TYPE_CHECKING:
    from hector_tui.engine.host import Engine
    from hector_tui.ui.desk import Desk
    from hector_tui.ui.palette import CommandProvider
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


def _command_provider() -> type[CommandProvider]:
    from hector_tui.ui.palette import CommandProvider

    return CommandProvider


class HectorApp(App[None], inherit_bindings=False):
    """The whole program, as a person sees it.

    Args:
        profile: Where themes and settings are.
        opener: Opens the engine; called on the engine's loop, after the first frame.
        start: What to begin with.
    """

    TITLE = "hector-tui"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = {_command_provider}  # noqa: RUF012 - Textual's type
    # Not Textual's own: those have no id, so no keymap could change them. These two work in dialogs too.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", id="app.quit", show=False, priority=True),
        Binding("ctrl+p", "command_palette", "Palette", id="app.palette", show=False, priority=True),
    ]
    CSS = """
    #starting { width: 100%; height: 100%; content-align: center middle; color: $chat-dim; }

    /* Notices leave the prompt and the status line free. */
    ToastRack { margin-bottom: 2; }
    Toast { padding: 0 1; margin: 1 0 0 0; }
    .-narrow Toast { max-width: 100%; width: 100%; }

    /* The palette looks as our own lists do. */
    CommandPalette > Vertical { width: 84; max-width: 100%; margin-top: 1; background: $panel; }
    CommandPalette #--input { border: none; background: $panel; padding: 1 2; height: auto; }
    CommandPalette #--input.--list-visible { border: none; }
    CommandPalette SearchIcon { display: none; }
    CommandPalette CommandInput, CommandPalette CommandInput:focus {
        border: none; background: $surface; padding: 0 1; height: 1;
    }
    CommandPalette CommandList {
        border: none; background: $panel; padding: 0 1 1 1; max-height: 70vh; scrollbar-size-vertical: 1;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    CommandPalette CommandList > .option-list--option { padding: 0 1; }
    CommandPalette CommandList > .option-list--option-highlighted {
        color: $block-cursor-foreground; background: $block-cursor-background;
    }
    """

    def __init__(self, profile: Profile, opener: Opener, start: Start | None = None) -> None:
        super().__init__()
        install_render_guard()
        use_terminal_parser()
        self.engine = EngineThread(opener)
        self._profile = profile
        self._start = start or Start()
        self._notices: list[str] = []
        self.preferences = Preferences(profile.settings)
        self.keys = Keys()
        self.appearance = Appearance(
            self,
            ThemeLibrary((bundled("themes"), profile.themes)),
            redraw=lambda: self._watch_theme(self.theme),
            keep=lambda name: self.change_settings({("theme",): name}),
            start_theme=self._start.theme,
        )
        self.announcer = Announcer(
            os.environ,
            write=self._write_out,
            tell=self._tell_news,
            after=self.set_timer,
            is_seen=self._is_seen,
            clock=time.monotonic,
        )
        self._live = LiveFiles()
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
        set_motion(self, self.preferences.settings.motion)
        if problem := self.appearance.begin(self.preferences.settings.theme):
            self._notices.append(problem)
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
            inspector=self.preferences.settings.inspector,
            theme_names=self.appearance.names,
            copied=self._profile.copied,
        )
        self.preferences.check_keys()
        self._notices += _shortened([str(error) for error in self.preferences.errors], "`hector-tui doctor`")
        await self.push_screen(self._chat)
        self._apply()
        self.engine.start()
        run_guarded(self, self._watch_files, group="files")
        run_guarded(self, partial(self._begin, self._chat), group="begin")

    async def _begin(self, chat: ChatScreen) -> None:
        """Once the engine is open: say what was found, and open what was asked for."""
        try:
            engine = await self.engine.opened()
        except Exception as error:
            reason = str(error) if isinstance(error, HectorError) else f"An internal error: {error!r}"
            logger.critical("the engine did not open", exc_info=not isinstance(error, HectorError))
            chat.show_fatal(reason)
            return
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
        """Give the prompt what was typed meanwhile; words on the home screen begin a session."""
        try:
            if chat.active is None and self._typed.has_text and (agent_id := chat.desk.listener()):
                await chat.desk.begin(agent_id)
                await chat.show_active()
        finally:
            self._typed.release(self, enter_for_line_breaks=chat.active is None)

    def _tell_findings(self, engine: Engine) -> None:
        """Show what the person should know about the start."""
        self._notices += engine.notices
        self._notices += _shortened([str(error) for error in engine.config.errors], "`hector-tui agents validate`")
        if engine.interrupted:
            count = len(engine.interrupted)
            turns = "1 answer was" if count == 1 else f"{count} answers were"
            self._notices.append(f"{turns} interrupted when hector-tui ended; what had come is kept.")
        for notice in self._notices:
            self.notify(clean(notice), severity="warning", timeout=12, markup=False)

    async def _open_asked(self, desk: Desk) -> None:
        start = self._start
        if start.restore or self.preferences.settings.restore:
            await desk.restore()
        if start.agent_id:
            await desk.begin(start.agent_id, start.session_id or None)
        elif start.session_id:
            await desk.open(start.session_id)

    # Settings

    def change_settings(self, changes: Mapping[tuple[str, ...], Change]) -> None:
        """Set some keys of the settings file: at once on screen, and in the background in the file."""
        self.preferences.expect(changes)
        self._apply()

        async def change() -> None:
            if remark := await self.preferences.change(changes):
                self.notify(clean(remark), severity="warning", timeout=12, markup=False)
            self._live.accept(self.preferences.path)
            self._apply()

        run_guarded(self, change, group="settings")

    def _apply(self) -> None:
        """Let everything be as the settings say; what is so already costs nothing."""
        settings = self.preferences.settings
        if self.keys != self.preferences.keys:
            self.keys = self.preferences.keys
            self.set_keymap(self.keys.textual)
        set_motion(self, settings.motion)
        self.appearance.follow(settings.theme)
        self.announcer.settings = settings
        if self._chat is not None and self._chat.is_mounted:
            self._chat.apply_settings(settings)
        if isinstance(self.screen, FollowsSettings):
            self.screen.settings_changed()

    async def _watch_files(self) -> None:
        """Notice edits of the settings and of the theme that is shown."""
        while True:
            files = (self.preferences.path, *self.appearance.files())
            for path in self._live.changed(files):
                if path != self.preferences.path:
                    await self.appearance.reload()
                elif self.preferences.is_settled:
                    self._read_settings()
            await asyncio.sleep(LOOK_S)

    def _read_settings(self) -> None:
        before = self.preferences.errors
        self.preferences.read()
        self._apply()
        new = [str(error) for error in self.preferences.errors if str(error) not in [str(one) for one in before]]
        for text in _shortened(new, "`hector-tui doctor`"):
            self.notify(clean(text), severity="warning", timeout=12, markup=False)

    def on_chat_actions_theme_wanted(self, message: ChatScreen.ThemeWanted) -> None:
        """Show the theme a person named, or let them choose one."""
        if message.name:
            self.appearance.choose(message.name)
        else:
            self.appearance.pick()

    def search_themes(self) -> None:
        """Choose a theme; Textual's own list has themes that lack what is ours."""
        self.appearance.pick()

    def on_chat_actions_screen_wanted(self, message: ChatScreen.ScreenWanted) -> None:
        """Show a screen that changes settings."""
        self._open_screen(message.name)

    def _open_screen(self, name: str | None) -> None:
        chat = self._chat
        if name == "settings" and chat is not None:
            from hector_tui.ui.screens.settings import SettingsScreen

            agents = sorted(chat.desk.agents)
            screen = SettingsScreen(self.preferences, change=self.change_settings, agents=agents)
            self.push_screen(screen, self._open_screen)
        elif name == "keymap":
            from hector_tui.ui.screens.keys import KeysScreen

            self.push_screen(KeysScreen(self.preferences, change=self.change_settings))
        elif name == "theme":
            self.appearance.pick()

    def on_chat_actions_happened(self, message: ChatScreen.Happened) -> None:
        """Tell it, by the bell and on the desktop as the settings want it."""
        self.announcer.announce(message.news, away=not self.app_focus)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The palette lists what the conversation screen can do, so it opens there alone."""
        if action == "command_palette":
            return self.screen is self._chat
        return super().check_action(action, parameters)

    def on_inspector_actions_inspector_toggled(self, message: ChatScreen.InspectorToggled) -> None:
        """Remember whether wide terminals show the inspector."""
        self.change_settings({("inspector",): message.shown})

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Keep the cursor of a field still that came after motion was turned off."""
        follow_motion(event.widget)

    # What a person is told

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a notice. A trouble that is told already is not piled up: on a full disk every draft fails alike."""
        if severity == "information" or all(told.message != message for told in self._notifications):
            super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    def _write_out(self, sequence: str) -> None:
        """Send a sequence to the terminal, between two frames."""
        if self._driver is not None:
            self._driver.write(sequence)

    def _is_seen(self, session_id: str) -> bool:
        """Whether the person looks at a session, as far as the terminal tells."""
        active = self._chat.active if self._chat is not None else None
        return self.app_focus and active is not None and active.info.session_id == session_id

    def _tell_news(self, text: str) -> None:
        self.notify(clean_line(text, 300), markup=False, timeout=8)

    # The palette

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What can be done on the conversation screen; no other has a palette."""
        if self._chat is None or screen is not self._chat:
            return ()
        from hector_tui.ui.palette import commands_of

        return commands_of(self._chat, self.keys)

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


def _shortened(problems: list[str], where: str) -> list[str]:
    """The first of some problems and how many more there are; nothing when there is none."""
    if len(problems) < 2:
        return problems
    return [f"{problems[0]} (and {len(problems) - 1} more: {where})"]


def _load_parsers() -> None:
    """Import what draws answers, so that the first one does not wait for it."""
    from hector_tui.ui.transcript.preload import preload

    preload()
