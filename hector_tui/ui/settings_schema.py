"""Every setting of the interface, defined once: its type, default, bounds and words.

The file is read by this table, the settings screen is made from it, and so is the handbook's list; each setting is a
typed field of `UiSettings`, and something in the interface acts on each.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeVar, cast

from hector_tui.ui.themes import DEFAULT_THEME

Value = bool | int | str
T = TypeVar("T", bool, int, str)


@dataclass(frozen=True, slots=True)
class Flag:
    """On or off."""

    default: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words, each with what it means."""

    default: str
    words: tuple[tuple[str, str], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The words alone."""
        return tuple(word for word, _ in self.words)


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number between two bounds, both included."""

    default: int
    least: int
    most: int
    step: int = 1
    zero: str = ""
    """What 0 means, where 0 is allowed below the least."""

    def holds(self, value: int) -> bool:
        """Whether a number is one of ours."""
        return self.least <= value <= self.most or (value == 0 and bool(self.zero))

    @property
    def bounds(self) -> str:
        """The bounds in words."""
        return f"a whole number from {self.least} to {self.most}" + (f", or 0 for {self.zero}" if self.zero else "")


@dataclass(frozen=True, slots=True)
class Name:
    """The name of something there is a list of, such as a theme; empty where that is allowed."""

    default: str
    of: Literal["theme", "agent"]
    empty: str = ""
    """What an empty name means; empty where a name is needed."""


Kind = Flag | Choice | Number | Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting.

    Attributes:
        key: Its name in the file and its field in `UiSettings`.
        title: A few words for the settings screen.
        description: What it changes, in a sentence.
    """

    key: str
    group: str
    title: str
    description: str
    kind: Kind

    @property
    def default(self) -> Value:
        """The value it has while nobody set it."""
        return self.kind.default


def _flag(default: bool, group: str, title: str, description: str) -> bool:
    return cast("bool", _field(Flag(default), group, title, description))


def _choice(default: str, words: dict[str, str], group: str, title: str, description: str) -> str:
    return cast("str", _field(Choice(default, tuple(words.items())), group, title, description))


def _number(kind: Number, group: str, title: str, description: str) -> int:
    return cast("int", _field(kind, group, title, description))


def _name(kind: Name, group: str, title: str, description: str) -> str:
    return cast("str", _field(kind, group, title, description))


def _field(kind: Kind, group: str, title: str, description: str) -> object:
    """A dataclass field that carries its setting; the helpers above give it the type of its value."""
    return dataclasses.field(default=kind.default, metadata={"setting": (kind, group, title, description)})


_LOOKS, _TALKING, _KEYS, _NEWS = "Looks", "Talking", "Keys", "Notifications"


@dataclass(frozen=True, slots=True, kw_only=True)
class UiSettings:
    """The interface's own settings; an agent's are in its file."""

    theme: str = _name(Name(DEFAULT_THEME, "theme"), _LOOKS, "Theme", "The colours of everything.")
    inspector: bool = _flag(
        True, _LOOKS, "Inspector", "Shown beside the conversation in terminals of 120 columns and more."
    )
    motion: bool = _flag(
        True,
        _LOOKS,
        "Motion",
        "Blinking cursors, sliding scrolls and anything else that moves by itself. TEXTUAL_ANIMATIONS=none turns it "
        "off as well.",
    )
    text_width: int = _number(
        Number(0, 40, 400, 10, "the whole width"),
        _LOOKS,
        "Text width",
        "The widest the conversation gets, in columns; long lines are hard to read in a wide terminal.",
    )
    prompt_rows: int = _number(
        Number(10, 1, 40), _LOOKS, "Prompt rows", "The rows the prompt grows to; never more than half the screen."
    )
    restore: bool = _flag(
        False, _TALKING, "Open the last tabs", "Start with the tabs that stood open last, as --continue does once."
    )
    default_agent: str = _name(
        Name("", "agent", "the guide"), _TALKING, "Preferred agent", "The agent that a new session is offered first."
    )
    queue: str = _choice(
        "enqueue",
        {
            "enqueue": "it waits its turn",
            "interrupt": "it stops the answer",
            "reject": "it is refused",
        },
        _TALKING,
        "A message while an answer comes",
        "What a new session does with a message that comes while it answers; /policy changes one session.",
    )
    enter: str = _choice(
        "send",
        {"send": "Enter sends, Ctrl+J breaks the line", "newline": "Enter breaks the line, Alt+Enter sends"},
        _KEYS,
        "Enter",
        "What Enter does in the prompt.",
    )
    leader_wait: int = _number(
        Number(4, 1, 60),
        _KEYS,
        "Seconds for the leader",
        "How long the list after the leader key waits for the next key.",
    )
    notifications: str = _choice(
        "all",
        {
            "all": "answers that are done, failed, or wait for you",
            "attention": "only answers that failed or wait for you",
            "off": "nothing",
        },
        _NEWS,
        "Tell me about",
        "What is announced of sessions you do not see.",
    )
    notify_when: str = _choice(
        "hidden",
        {
            "hidden": "hidden tabs always, the shown one while you are elsewhere",
            "away": "only while the terminal does not have the focus",
        },
        _NEWS,
        "Tell me when",
        "When the bell rings and the desktop is told; the terminal must report its focus (tmux: focus-events on).",
    )
    desktop: str = _choice(
        "auto",
        {
            "auto": "where the terminal is known to show them",
            "osc9": "always, as iTerm2, WezTerm, Ghostty and kitty want it",
            "osc777": "always, as foot, urxvt and VTE want it",
            "off": "never",
        },
        _NEWS,
        "Desktop notifications",
        "Notifications of the desktop, sent through the terminal, so that they work over ssh.",
    )
    bell: str = _choice(
        "auto",
        {"auto": "where no desktop notification can be shown", "always": "with every announcement", "off": "never"},
        _NEWS,
        "Bell",
        "The terminal's bell; tmux and most terminals mark the window with it.",
    )


@cache
def schema() -> tuple[Setting, ...]:
    """Every setting, in the order of the screen."""
    found = []
    for field in dataclasses.fields(UiSettings):
        kind, group, title, description = field.metadata["setting"]
        found.append(Setting(key=field.name, group=group, title=title, description=description, kind=kind))
    return tuple(found)


def value_of(settings: UiSettings, key: str) -> Value:
    """The value of a setting by its key."""
    return cast("Value", getattr(settings, key))


def refusal(setting: Setting, value: object) -> str:
    """Why a value is none of a setting's, as the end of a sentence; empty when it is one.

    Whether a theme or an agent of that name exists is not asked: they come and go.
    """
    match setting.kind:
        case Flag():
            return "" if isinstance(value, bool) else "expected true or false"
        case Choice() as choice:
            return "" if value in choice.names else f"expected one of {', '.join(choice.names)}"
        case Number() as number:
            whole = isinstance(value, int) and not isinstance(value, bool)
            return "" if whole and number.holds(cast("int", value)) else f"expected {number.bounds}"
        case Name() as name:
            named = isinstance(value, str) and (bool(value.strip()) or bool(name.empty))
            return "" if named else f"expected the name of {'an agent' if name.of == 'agent' else 'a theme'}"


def words_for(setting: Setting, value: Value) -> str:
    """A value as the settings screen shows it."""
    match setting.kind:
        case Flag():
            return "on" if value else "off"
        case Number(zero=zero) if zero and value == 0:
            return zero
        case Name(empty=empty) if not value:
            return empty
    return str(value)


def meaning_of(setting: Setting, value: Value) -> str:
    """What a value does, where its word does not say it; empty otherwise."""
    return dict(setting.kind.words).get(str(value), "") if isinstance(setting.kind, Choice) else ""
