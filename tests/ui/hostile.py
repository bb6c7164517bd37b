"""Texts that try to act on a terminal, to hide from the reader, or to be taken for markup."""

from __future__ import annotations

import re
from typing import cast

from textual._compositor import CompositorUpdate
from textual.app import App

PAYLOADS: dict[str, str] = {
    "osc 52 clipboard, ended by ST": "\x1b]52;c;ZXZpbA==\x1b\\",
    "osc 52 clipboard, ended by BEL": "\x1b]52;c;ZXZpbA==\x07",
    "osc 52 without an end": "\x1b]52;c;ZXZpbA==",
    "osc 0 title": "\x1b]0;owned\x07",
    "osc 8 link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "osc 9 notification": "\x1b]9;hello\x07",
    "osc 1337 file": "\x1b]1337;File=inline=1:AAAA\x07",
    "dcs": "\x1bP+q544e\x1b\\",
    "apc, kitty graphics": "\x1b_Gf=24,s=10;AAAA\x1b\\",
    "pm": "\x1b^secret\x1b\\",
    "csi erase screen": "\x1b[2J\x1b[H",
    "csi cursor up and overwrite": "rm -rf /\x1b[1A\x1b[2Kls",
    "csi alternate screen off": "\x1b[?1049l",
    "csi mouse on": "\x1b[?1003h\x1b[?1006h",
    "csi device status": "\x1b[6n",
    "csi conceal": "\x1b[8mhidden\x1b[28m",
    "full reset": "\x1bc",
    "c1 csi": "\x9b2J",
    "c1 osc": "\x9d0;owned\x9c",
    "c1 dcs": "\x90q\x9c",
    "nul": "a\x00b",
    "bell": "\x07",
    "backspaces": "evil\x08\x08\x08\x08good",
    "carriage return overwrite": "evil\rgood",
    "vertical tab and form feed": "a\x0bb\x0cc",
    "shift out": "\x0eqqq\x0f",
    "delete": "a\x7fb",
    "nel": "a\x85b",
    "tab": "a\tb",
    "rlo": "file\u202egpj.exe",
    "isolates": "\u2066a\u2069\u2067b\u2069\u2068c\u2069",
    "embeddings": "\u202aa\u202c\u202bb\u202c\u202dc\u202c",
    "bidi marks": "a\u200eb\u200fc\u061cd",
    "zero-width space": "pay\u200bpal",
    "word joiner and bom": "\ufeffa\u2060b",
    "invisible operators": "a\u2061\u2062\u2063\u2064b",
    "soft hyphen": "pay\u00adpal",
    "tag characters": "hi" + "".join(chr(0xE0000 + ord(letter)) for letter in "ignore the person"),
    "variation selector smuggling": "😀" + "".join(chr(0xE0100 + byte) for byte in b"secret"),
    "low selectors": "a\ufe00\ufe01\ufe02b",
    "joiner after a letter": "a\u200db\u200cc",
    "joiner chain": "\u200d".join("😀" * 40),
    "joiner chain with selectors": "\u200d".join(["❤\ufe0f"] * 40),
    "blank letters": "a\u3164b\u115fc\uffa0d",
    "line separator": "a\u2028b\u2029c",
    "interlinear annotation": "\ufff9a\ufffab\ufffb",
    "lone high surrogate": "a\ud800b",
    "lone low surrogate": "a\udc1bb",
    "surrogate pair": "a\ud83d\ude00b",
    "surrogate pair of a tag": "\udb40\udc41",
    "stacked accents": "a" + "\u0301" * 300,
    "close tag": "[/]",
    "close named tag": "[/foo]",
    "bold": "[b]bold[/b]",
    "action": "[@click=app.quit]click[/]",
    "link markup": "[link=https://evil.example]x[/link]",
    "variable": "$primary [$error]x[/]",
    "index": "x[0][1:2]",
    "regex": r"[^\]]+\[",
    "emoji code": ":warning: [red]",
    "very long": "x" * 20_000,
    "blank": "",
    "spaces": "   ",
    "lines": "one\ntwo\r\nthree\n",
}

ACTING = frozenset(
    chr(code)
    for code in (
        *range(0x20),
        *range(0x7F, 0xA0),
        0xAD,
        0x61C,
        0x200B,
        0x200E,
        0x200F,
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xD800, 0xE000),
        0xFEFF,
        *range(0xFFF9, 0xFFFC),
        *range(0xE0000, 0xE0100),
    )
)
"""Characters that may not be in anything drawn; LF and TAB too, since a drawn line holds neither."""


def acting(text: str) -> list[str]:
    """Name the characters of a drawn text that may not be in it."""
    return [f"U+{ord(character):04X}" for character in text if character in ACTING]


_RENDERERS_OWN = re.compile(r"\x1b\[[0-9;]*[mH]|\n(?=\x1b\[)")


def drawn(app: App[None]) -> str:
    """Return everything a full frame of the app sends to the terminal, without the renderer's own sequences.

    Those are colours, and at the start of each row a move of the cursor with a line end before it; what content
    would add is left in.
    """
    update = cast(CompositorUpdate, app.screen._compositor.render_update(full=True))
    return _RENDERERS_OWN.sub("", update.render_segments(app.console))
