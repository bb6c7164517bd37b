"""Names of keys: what a person writes, what Textual calls it, and what terminals can send.

A person may write `Ctrl+N`, `C-n`, `pgup`, `esc` or `?`; Textual knows `ctrl+n`, `pageup`, `escape` and
`question_mark`. What a terminal sends was read from Textual's parser and from the control codes of ASCII: Ctrl with
`i`, `m`, `[` and `h` are the codes of Tab, Enter, Escape and Backspace.
"""

from __future__ import annotations

import string
from difflib import get_close_matches
from typing import Literal

from textual.keys import _character_to_key, key_to_character

Reach = Literal["all", "some", "none"]
"""Which terminals send a key: all, those with the Kitty keyboard protocol, or none."""

_MODIFIERS = {
    "ctrl": "ctrl",
    "control": "ctrl",
    "c": "ctrl",
    "^": "ctrl",
    "alt": "alt",
    "option": "alt",
    "opt": "alt",
    "m": "alt",
    "meta": "meta",
    "shift": "shift",
    "s": "shift",
    "super": "super",
    "cmd": "super",
    "command": "super",
    "win": "super",
    "hyper": "hyper",
}
_ALIASES = {
    "esc": "escape",
    "return": "enter",
    "ret": "enter",
    "cr": "enter",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "page_up": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "page_down": "pagedown",
    "bs": "backspace",
    "spc": "space",
    "period": "full_stop",
    "dot": "full_stop",
    "hyphen": "minus",
    "dash": "minus",
}
_SHORT = {
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
    "delete": "del",
    "insert": "ins",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}
_SIGNS = {_character_to_key(sign): sign for sign in string.punctuation}
_MOVING = frozenset({"up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete"})
_FUNCTION = frozenset(f"f{number}" for number in range(1, 13))
_FAR_FUNCTION = frozenset(f"f{number}" for number in range(13, 25))
_TYPING = frozenset({"enter", "tab", "backspace", "escape", "space"})
_NAMED = _MOVING | _FUNCTION | _FAR_FUNCTION | _TYPING
_SAME_AS = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+left_square_bracket": "escape",
    "ctrl+h": "backspace",
}
_CONTROL_SIGNS = frozenset({"backslash", "right_square_bracket", "underscore", "circumflex_accent"})


class KeyNameError(ValueError):
    """A word that names no key; `str()` says why and what may have been meant."""


def parse_key(word: str) -> str:
    """The name Textual has for a key a person wrote.

    Raises:
        KeyNameError: It names no key.
    """
    text = word.strip() or ("space" if word == " " else "")
    if len(text) == 1:
        return _base(text, word)
    *modifiers, base = _pieces(text)
    found = set()
    for modifier in modifiers:
        known = _MODIFIERS.get(modifier.lower())
        if known is None:
            near = get_close_matches(modifier.lower(), _MODIFIERS, n=1)
            hint = f"did you mean {near[0]}?" if near else "there are ctrl, alt, shift and super"
            raise KeyNameError(f"{modifier[:20]!r} in {word[:40]!r} is no modifier: {hint}")
        found.add(known)
    key = _base(base, word)
    if len(key) == 1 and key.isascii() and found:
        # `Ctrl+N` is how people write ctrl+n; Shift is meant only where it is named.
        key = key.lower()
    if found == {"shift"} and len(key) == 1 and key.isascii():
        return key.upper()
    return "+".join((*sorted(found), key))


def _pieces(text: str) -> list[str]:
    """Modifiers and key; `ctrl++` and `C--` end in the sign itself."""
    for sign in "+-":
        if text.endswith(sign * 2):
            return [*(piece for piece in text[:-2].split(sign) if piece), sign]
    separator = "+" if "+" in text else "-"
    pieces = text.split(separator)
    return pieces if all(pieces) else [text]


def _base(base: str, word: str) -> str:
    if len(base) == 1:
        if base.isprintable() and base != " ":
            return _character_to_key(base)
        return "space"
    name = base.lower()
    name = _ALIASES.get(name, name)
    if name in _NAMED or name in _SIGNS or key_to_character(name) is not None:
        return name
    known = sorted(_NAMED | _SIGNS.keys() | _ALIASES.keys())
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "for example ctrl+n, alt+enter, f9 or pagedown"
    raise KeyNameError(f"{word[:40]!r} is no key: {hint}")


def reach(key: str) -> tuple[Reach, str]:
    """Which terminals send a key, and why not all."""
    if same := _SAME_AS.get(key):
        return "none", f"terminals send {same} for it"
    *modifiers, base = key.split("+")
    held = frozenset(modifiers)
    if _is_sent_by_all(held, base):
        return "all", ""
    return "some", "only terminals with the Kitty keyboard protocol send it"


def _is_sent_by_all(held: frozenset[str], base: str) -> bool:
    if held & {"super", "hyper", "meta"} or base in _FAR_FUNCTION:
        return False
    if base in _MOVING | _FUNCTION:
        return True
    letter = len(base) == 1 and base.isalnum()
    if held == {"ctrl"}:
        return (letter and not base.isdigit()) or base in _CONTROL_SIGNS
    if held in ({"alt"}, {"alt", "shift"}):
        return letter or (base == "enter" and held == {"alt"})
    return not held or (held == {"shift"} and base == "tab")


def is_typed(key: str) -> bool:
    """Whether the key writes a character, so that it cannot be a command while somebody types."""
    return "+" not in key and (len(key) == 1 or key in _SIGNS or key == "space")


def readable(key: str) -> str:
    """A key as a person reads it: `ctrl+pgdn`, `?`, `esc`."""
    *modifiers, base = key.split("+")
    return "+".join((*modifiers, _SIGNS.get(base, _SHORT.get(base, base))))
