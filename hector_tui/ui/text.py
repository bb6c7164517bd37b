"""The only door for foreign text: whatever a model, tool, file, person or error says is made visible here.

A terminal obeys what it is sent, and Textual passes escape sequences, C1 codes and bidi overrides on as they
are. `clean()` replaces each character that would act or hide by exactly one glyph that shows it. Nothing is
parsed and nothing is dropped: a sequence can be cut in half by a stream, and a remover that guesses wrong
loses the person's own text.

    found                                            shown
    C0 except LF and TAB, DEL                        its control picture, U+2400..U+2421
    CR LF, CR, NEL, U+2028, U+2029                   LF
    C1, lone surrogates                              U+FFFD
    bidi controls                                    an arrow of its own, for example ⇇ for U+202E
    tag characters (text hidden from people)         that text in full-width letters
    other invisible characters, misplaced joiners    ◌  (a soft hyphen is ‧)

Joiners and variation selectors stay where writing needs them: inside an emoji, after an Arabic or Indic
letter, after a CJK ideograph or a Mongolian letter. At most three joins follow one another, because the layout
counts a joined chain as one glyph and many terminals draw every part of it.

Import-light on purpose: neither Textual nor Rich is needed for `clean`.
"""

from __future__ import annotations

import re
from functools import cache

_PLACEHOLDER = "◌"
_REPLACEMENT = "\ufffd"
_ELLIPSIS = "…"
_LINE_END = "⏎"

# More code points than this in one cell is decoration gone wild (stacked accents), not a longer label.
_CODE_POINTS_PER_CELL = 16

_BIDI = {
    "\u061c": "⇠",  # Arabic letter mark
    "\u200e": "⇾",  # left-to-right mark
    "\u200f": "⇽",  # right-to-left mark
    "\u202a": "↣",  # left-to-right embedding
    "\u202b": "↢",  # right-to-left embedding
    "\u202c": "↥",  # pop directional formatting
    "\u202d": "⇉",  # left-to-right override
    "\u202e": "⇇",  # right-to-left override
    "\u2066": "↦",  # left-to-right isolate
    "\u2067": "↤",  # right-to-left isolate
    "\u2068": "⇿",  # first strong isolate
    "\u2069": "↧",  # pop directional isolate
}

HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 (CR is gone by then), DEL, C1
    "\ud800-\udfff"
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"  # bidi controls, line and paragraph separator
    "\u00ad\u034f\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff0-\ufffb"  # formats with no glyph
    "\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # letters that are blank
    "\ufe00-\ufe0d"  # variation selectors of mathematics and CJK, which terminals do not draw
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
"""Characters that never reach the screen, as the inside of a regular expression's character class."""


class _Glyphs(dict[int, str]):
    """A `str.translate` table for text made of `HIDDEN` characters only; what it does not name is invisible."""

    def __missing__(self, key: int) -> str:
        return _REPLACEMENT if 0xD800 <= key <= 0xDFFF else _PLACEHOLDER


def _glyph_table() -> _Glyphs:
    table = _Glyphs({code: chr(0x2400 + code) for code in range(0x20)})
    table[0x7F] = "\u2421"
    table.update(dict.fromkeys(range(0x80, 0xA0), _REPLACEMENT))
    table.update(dict.fromkeys((0x85, 0x2028, 0x2029), "\n"))
    table.update({ord(control): glyph for control, glyph in _BIDI.items()})
    table[0xAD] = "‧"
    table[0xE0020] = "\u2420"  # the picture of a space; a full-width space would be as blank as what it shows
    table.update({0xE0000 + code: chr(0xFEE0 + code) for code in range(0x21, 0x7F)})
    return table


_GLYPHS = _glyph_table()
_ASCII_GLYPHS = {code: glyph for code, glyph in _GLYPHS.items() if code < 0x80 and code not in b"\t\n"}

_ZWNJ = "\u200c"
_ZWJ = "\u200d"
_EMOJI_SELECTOR = "\ufe0e\ufe0f"
_MONGOLIAN_SELECTOR = "\u180b-\u180d\u180f"
_IDEOGRAPH_SELECTOR = "\U000e0100-\U000e01ef"
_JOINERS = f"{_ZWNJ}{_ZWJ}{_EMOJI_SELECTOR}{_MONGOLIAN_SELECTOR}{_IDEOGRAPH_SELECTOR}"

_EMOJI = "\u00a9\u00ae\u203c\u2049\u2100-\u27bf\u2934\u2935\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_MONGOLIAN = "\u1820-\u18aa"
_IDEOGRAPH = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_JOINING_LETTER = (
    "\u0600-\u061b\u061d-\u08ff"  # Arabic, Syriac, Thaana, N'Ko
    "\u0900-\u0dff\u0f00-\u109f\u1780-\u17b3\u17b6-\u17ff\ua8e0-\ua8ff"  # Indic scripts, Tibetan, Myanmar, Khmer
    f"{_MONGOLIAN}"
)

_suspect = re.compile(f"[{HIDDEN}{_JOINERS}]").search
_surrogate_pair = re.compile("[\ud800-\udbff][\udc00-\udfff]").search
_hidden_runs = re.compile(f"[{HIDDEN}]+").sub
_joiner_runs = re.compile(f"[{_JOINERS}]+").sub
_LINK = f"{_ZWJ}[{_EMOJI}{_JOINING_LETTER}][{_EMOJI}{_JOINING_LETTER}{_EMOJI_SELECTOR}]?"
# What a joiner is judged by: three links of at most three characters before it, one character after it.
_CONTEXT = 9


def _show_ascii(text: str) -> str:
    return _end_lines(text).translate(_ASCII_GLYPHS)


def _end_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _show_hidden(text: str) -> str:
    """Replace every character of `HIDDEN`, whatever stands around it."""
    if _surrogate_pair(text):
        # Two JSON escapes decoded apart arrive as two surrogates; together they are one character, perhaps hidden.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return _hidden_runs(lambda run: run[0].translate(_GLYPHS), _end_lines(text))


def _show_joiners(text: str) -> str:
    """Replace joiners and selectors that join or select nothing; the result is as long as its text."""
    return _joiner_runs(_judge_run, text)


def _judge_run(run: re.Match[str]) -> str:
    """Keep the joiners of one run that belong where they are; only the first two can."""
    text, start, joiners = run.string, run.start(), run[0]
    first = joiners[0] if _belongs(text, start) else _PLACEHOLDER
    if len(joiners) == 1:
        return first
    second = joiners[1] if _belongs(text, start + 1) else _PLACEHOLDER
    return first + second + _PLACEHOLDER * (len(joiners) - 2)


@cache
def _needed_joiner() -> re.Pattern[str]:
    """A joiner or selector that the writing around it needs, matched at the place it stands in.

    Compiled when the first one is met: few texts hold any, and the first frame would wait for it.
    """
    return re.compile(
        rf"(?<=[{_JOINING_LETTER}]){_ZWNJ}"
        rf"|(?:(?<=[{_EMOJI}])|(?<=[{_EMOJI}][{_EMOJI_SELECTOR}])){_ZWJ}(?=[{_EMOJI}])"
        rf"|(?<=[{_JOINING_LETTER}]){_ZWJ}(?=[{_JOINING_LETTER}])"
        rf"|(?<=[{_EMOJI}])[{_EMOJI_SELECTOR}]"
        rf"|(?<=[0-9#*])[{_EMOJI_SELECTOR}](?=\u20e3)"
        rf"|(?<=[{_MONGOLIAN}])[{_MONGOLIAN_SELECTOR}]"
        rf"|(?<=[{_IDEOGRAPH}])[{_IDEOGRAPH_SELECTOR}]"
    )


@cache
def _full_chain() -> re.Pattern[str]:
    """As many joins as may follow one another, at the end of a text."""
    return re.compile(rf"(?:{_LINK}){{3}}\Z")


def _belongs(text: str, at: int) -> bool:
    if _needed_joiner().match(text, at) is None:
        return False
    return text[at] != _ZWJ or _full_chain().search(text[max(at - _CONTEXT, 0) : at]) is None


def clean(text: str) -> str:
    """Return `text` with every character that would act on the terminal, or hide from the reader, made visible.

    LF and TAB stay; printable text comes back unchanged; cleaning twice is cleaning once. Apart from CR LF and
    surrogate pairs each character becomes exactly one, so offsets into the text stay valid.
    """
    if text.isascii():
        # Most questions and names: the same object, not a copy that stays as long as they do.
        return text if text.isprintable() else _show_ascii(text)
    return _show_joiners(_show_hidden(text)) if _suspect(text) else text


def clean_line(text: str, max_cells: int | None = None) -> str:
    """Return `clean(text)` on one line, for titles, file names and labels.

    Line ends at either end go, those within show as ⏎, a TAB becomes a space.

    Args:
        text: Foreign text of any length.
        max_cells: The width in terminal cells to stay within, by an ellipsis; None for no limit.
    """
    if max_cells is None:
        return _on_one_line(clean(text))
    head = text[: max(max_cells, 1) * _CODE_POINTS_PER_CELL]
    return shorten(_on_one_line(clean(head)), max_cells, always=len(head) < len(text))


def _on_one_line(cleaned: str) -> str:
    return cleaned.strip("\n").replace("\n", _LINE_END).replace("\t", " ")


def shorten(text: str, cells: int, *, always: bool = False) -> str:
    """Cut one line of clean text to at most `cells` terminal cells, the last of them an ellipsis.

    Args:
        text: Text without LF or TAB.
        cells: The width to stay within; 0 or less leaves nothing.
        always: Put the ellipsis even if the text fits, because more of it was left out before.
    """
    from rich.cells import cell_len, set_cell_size

    if cells <= 0:
        return ""
    width = cell_len(text)
    if width <= cells and not always:
        return text
    return set_cell_size(text, min(width, cells - 1)).rstrip() + _ELLIPSIS


class Cleaner:
    """`clean` for text that arrives in pieces: however a text is cut, the pieces join to what `clean` gives.

    It holds back at most two characters, those whose meaning the next one decides (a CR, half of a surrogate
    pair, a joiner), and remembers nine more to look back at. Not safe for use by two threads at once.
    """

    __slots__ = ("_before", "_held")

    def __init__(self) -> None:
        self._before = ""
        self._held = ""

    def feed(self, chunk: str) -> str:
        """Take the next piece; return what can be shown of it, and of what was held back."""
        text = self._held + chunk
        decided = _decided_length(text)
        self._held = text[decided:]
        return self._advance(text[:decided])

    def finish(self) -> str:
        """Return what was held back, now that nothing follows; the cleaner is as new afterwards."""
        rest = self._advance(self._held)
        self._before = self._held = ""
        return rest

    def _advance(self, text: str) -> str:
        if text.isascii():
            shown = _show_ascii(text)
            self._before = (self._before + shown)[-_CONTEXT:]
            return shown
        shown = _show_hidden(text)
        framed = self._before + shown
        self._before = framed[-_CONTEXT:]
        return _show_joiners(framed)[len(framed) - len(shown) :]


_WAITS_FOR_NEXT = frozenset(f"\r{_ZWJ}{_EMOJI_SELECTOR}")


def _decided_length(text: str) -> int:
    """Count the characters whose cleaning cannot depend on what follows the text."""
    length = len(text)
    if length and "\ud800" <= text[length - 1] <= "\udbff":
        length -= 1
    if length and text[length - 1] in _WAITS_FOR_NEXT:
        length -= 1
    return length
