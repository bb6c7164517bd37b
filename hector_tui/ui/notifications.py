"""Telling a person who looks elsewhere: the bell, and desktop notifications through the terminal.

    OSC 9    ESC ] 9 ; text BEL                     iTerm2, WezTerm, Ghostty, kitty, Warp
    OSC 777  ESC ] 777 ; notify ; title ; text BEL  foot, urxvt, Contour, VTE where distributions add it

A terminal is not asked what it knows: an unknown one may print what it does not understand, so the environment must
name it. tmux passes a sequence on when it is wrapped (`allow-passthrough on`) and swallows it otherwise; GNU screen
and zellij get the bell alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from hector_tui.ui.settings_schema import UiSettings
from hector_tui.ui.text import clean_line

Form = Literal["osc9", "osc777", ""]

BELL = "\x07"
_TITLE = "hector-tui"
_MAX_CELLS = 160
_NAMES_SHOWN = 3
_GATHER_S = 0.4
"""Seconds in which news is gathered: sixteen sessions that end together are one announcement."""
_QUIET_S = 5.0
"""Seconds between two announcements; what comes meanwhile is told together after them."""

_BY_PROGRAM: Mapping[str, Form] = {
    "iTerm.app": "osc9",
    "WezTerm": "osc9",
    "ghostty": "osc9",
    "WarpTerminal": "osc9",
    "kitty": "osc9",
    "contour": "osc777",
    "foot": "osc777",
}
_BY_VARIABLE: Sequence[tuple[str, Form]] = (
    ("KITTY_WINDOW_ID", "osc9"),
    ("ITERM_SESSION_ID", "osc9"),
    ("WEZTERM_PANE", "osc9"),
    ("GHOSTTY_RESOURCES_DIR", "osc9"),
    ("VTE_VERSION", "osc777"),
)
"""Variables a terminal sets for what runs in it; they are still there within tmux."""
_BY_TERM: Sequence[tuple[str, Form]] = (
    ("xterm-kitty", "osc9"),
    ("xterm-ghostty", "osc9"),
    ("wezterm", "osc9"),
    ("foot", "osc777"),
    ("rxvt-unicode", "osc777"),
    ("contour", "osc777"),
)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f;]")


@dataclass(frozen=True, slots=True)
class Channel:
    """How this terminal shows a desktop notification.

    Attributes:
        form: The sequence it takes; empty when none is known.
        terminal: What named it, for `doctor`.
        through_tmux: It must be wrapped for tmux, which may swallow it, so that the bell rings as well.
    """

    form: Form = ""
    terminal: str = ""
    through_tmux: bool = False

    @property
    def is_certain(self) -> bool:
        """Whether a notification will be shown as far as anybody can tell."""
        return bool(self.form) and not self.through_tmux


def find_channel(env: Mapping[str, str]) -> Channel:
    """How the terminal of this environment shows a desktop notification."""
    through_tmux = bool(env.get("TMUX"))
    if env.get("STY") or env.get("ZELLIJ"):
        return Channel()
    for variable in ("TERM_PROGRAM", "LC_TERMINAL"):
        # iTerm2 calls itself `iTerm2` in the variable that ssh passes on.
        program = env.get(variable, "").replace("iTerm2", "iTerm.app")
        if form := _BY_PROGRAM.get(program):
            return Channel(form, program, through_tmux)
    for variable, form in _BY_VARIABLE:
        if env.get(variable):
            return Channel(form, variable, through_tmux)
    term = env.get("TERM", "")
    for beginning, form in _BY_TERM:
        if term.startswith(beginning):
            return Channel(form, term[:40], through_tmux)
    return Channel()


def desktop_sequence(channel: Channel, text: str) -> str:
    """What is written to the terminal for one notification; empty when it knows none.

    Nothing of the text can end the sequence or begin another: control characters and separators are taken out.
    """
    body = _UNSAFE.sub(" ", clean_line(text, _MAX_CELLS)).strip()
    match channel.form:
        case "osc9":
            # The title goes first: to some terminals `9;4;…` is a progress bar.
            sequence = f"\x1b]9;{_TITLE}: {body}{BELL}"
        case "osc777":
            sequence = f"\x1b]777;notify;{_TITLE};{body}{BELL}"
        case _:
            return ""
    if channel.through_tmux:
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return sequence


class Kind(StrEnum):
    """What happened in a session."""

    DONE = "done"
    FAILED = "failed"
    WAITING = "waiting"

    @property
    def needs_you(self) -> bool:
        """Whether it goes on only with the person."""
        return self is not Kind.DONE


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened in a session the person may not see."""

    session_id: str
    name: str
    kind: Kind


_ONE = {Kind.DONE: "the answer is done", Kind.FAILED: "the answer failed", Kind.WAITING: "waits for you"}
_MANY = {Kind.DONE: "answers are done", Kind.FAILED: "answers failed", Kind.WAITING: "sessions wait for you"}


def summary(news: Sequence[News]) -> str:
    """News in one line; what needs the person comes first."""
    parts = []
    for kind in (Kind.WAITING, Kind.FAILED, Kind.DONE):
        names = [one.name for one in news if one.kind is kind]
        if len(names) == 1:
            parts.append(f"{names[0]}: {_ONE[kind]}")
        elif names:
            shown = ", ".join(names[:_NAMES_SHOWN])
            more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
            parts.append(f"{len(names)} {_MANY[kind]}: {shown}{more}")
    return " · ".join(parts)


class Announcer:
    """Gathers news and tells it at once: by the bell, on the desktop, and in the app what needs the person.

    Args:
        env: The environment, which names the terminal.
        write: Sends a sequence to the terminal.
        tell: Shows a line in the app.
        after: Calls something after so many seconds.
        is_seen: Whether the person is looking at a session.
        clock: Seconds that only go forward.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        write: Callable[[str], None],
        tell: Callable[[str], None],
        after: Callable[[float, Callable[[], None]], object],
        is_seen: Callable[[str], bool],
        clock: Callable[[], float],
    ) -> None:
        self.settings = UiSettings()
        self._env = env
        self._write = write
        self._tell = tell
        self._after = after
        self._is_seen = is_seen
        self._clock = clock
        self._news: dict[str, News] = {}
        self._is_due = False
        self._quiet_until = float("-inf")
        self._is_away = False

    def announce(self, news: News, *, away: bool) -> None:
        """Take something in; it is told in a moment, with whatever else comes until then.

        Args:
            news: What happened; the newest of a session counts.
            away: The terminal does not have the focus.
        """
        wanted = self.settings.notifications
        if wanted == "off" or (wanted == "attention" and not news.kind.needs_you):
            return
        self._news[news.session_id] = news
        self._is_away = away
        if not self._is_due:
            self._is_due = True
            self._after(max(_GATHER_S, self._quiet_until - self._clock()), self._flush)

    def _flush(self) -> None:
        self._is_due = False
        # Whoever went there meanwhile knows it already.
        news = [one for one in self._news.values() if not self._is_seen(one.session_id)]
        self._news.clear()
        if not news:
            return
        self._quiet_until = self._clock() + _QUIET_S
        if any(one.kind.needs_you for one in news):
            self._tell(summary([one for one in news if one.kind.needs_you]))
        if self.settings.notify_when == "hidden" or self._is_away:
            self._signal(summary(news))

    def _signal(self, text: str) -> None:
        channel = self.channel()
        sequence = desktop_sequence(channel, text)
        if sequence:
            self._write(sequence)
        bell = self.settings.bell
        if bell == "always" or (bell == "auto" and not channel.is_certain):
            self._write(BELL)

    def channel(self) -> Channel:
        """How the desktop is told, by the terminal and the setting."""
        found = find_channel(self._env)
        match self.settings.desktop:
            case "off":
                return Channel()
            case "osc9" | "osc777" as form:
                return Channel(form, "settings", bool(self._env.get("TMUX")))
            case _:
                return found
