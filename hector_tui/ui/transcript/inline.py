"""What stands inside one line of Markdown: emphasis, code, links and images as styled runs of text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

from rich.style import Style

from hector_tui.ui.text import clean
from hector_tui.ui.transcript.grammar import References, parse_inline
from hector_tui.ui.transcript.lines import Run
from hector_tui.ui.transcript.styles import BOLD, ITALIC, STRIKE, TranscriptStyles

if TYPE_CHECKING:
    from markdown_it.token import Token

LONGEST = 4_096
"""Characters parsed as one piece."""
LONGEST_WITH_BRACKETS, MANY_BRACKETS = 1_024, 100
"""The same where that many brackets stand: markdown-it takes quadratic time for brackets that are never closed."""
URL_KEY = "href"
"""The key of a style's meta under which a link's address stands. Nothing but the transcript reads it."""

# Without any of these a text is what it looks like, and needs no parser.
_SPECIAL = re.compile(r"[\\`*_\[\]<>&!~$@\n\t]|://|www\.")
_BARE_URL = re.compile(
    r"(?<!\w)(?:https?://|www\.(?=[^\s.]))[^\s<>\"'`|\\^{}]+"
    r"|(?<![\w.+-])[\w.+-]+@(?:[\w-]+\.)+[\w-]*[^\W_](?![\w-])"
)
_ADDRESS_SIGN = re.compile(r"://|www\.|@")
_EMPHASIS = {"em_open": ITALIC, "strong_open": BOLD, "s_open": STRIKE}
_CLOSERS = {")": "(", "]": "["}


def inline_runs(content: str, style: Style, styles: TranscriptStyles, references: References) -> list[Run]:
    """Parse inline Markdown into styled runs; newlines in the result are hard breaks.

    Args:
        content: The source, at most `LONGEST` characters; `pieces()` cuts what is longer.
        style: What plain text looks like here.
        styles: The theme.
        references: Link reference definitions.
    """
    if not _SPECIAL.search(content):
        return [(content, style)] if content else []
    return _Inline(styles, style).walk(parse_inline(content, references))


def pieces(content: str) -> list[str]:
    """Cut a very long paragraph where a line, a sentence or a word ends. Depends on the text alone."""
    longest = LONGEST
    if len(content) > LONGEST_WITH_BRACKETS and content.count("[") > MANY_BRACKETS:
        longest = LONGEST_WITH_BRACKETS
    cut: list[str] = []
    while len(content) > longest:
        for mark in ("\n", ". ", " "):
            at = content.rfind(mark, longest // 2, longest)
            if at > 0:
                break
        length = at + len(mark) if at > 0 else longest
        cut.append(content[:length])
        content = content[length:]
    cut.append(content)
    return cut


def link_style(url: str, style: Style) -> Style:
    """A style that tells a click or a key which address stands here. Never a terminal hyperlink."""
    return style + Style.from_meta({URL_KEY: url})


class _Inline:
    """Walks inline tokens with a stack of styles."""

    def __init__(self, styles: TranscriptStyles, style: Style) -> None:
        self._styles = styles
        self._stack = [style]
        self._runs: list[Run] = []
        self._links: list[tuple[str, str, int]] = []
        """Address, title and first run of the links that are open."""

    def walk(self, tokens: Sequence[Token]) -> list[Run]:
        """The runs of a list of tokens."""
        for token in tokens:
            self._token(token)
        return self._runs

    def _add(self, text: str, style: Style | None = None) -> None:
        if text:
            self._runs.append((text.expandtabs(4), self._stack[-1] if style is None else style))

    def _push(self, style: Style) -> None:
        self._stack.append(self._stack[-1] + style)

    def _token(self, token: Token) -> None:
        match token.type:
            case "text":
                self._text(token.content)
            case "text_special":
                # An entity can spell out any character, also one that was cleaned away before.
                self._add(clean(token.content))
            case "softbreak":
                self._add(" ")
            case "hardbreak":
                self._add("\n")
            case "code_inline":
                self._add(token.content, self._styles.code + Style.from_meta(self._stack[-1].meta))
            case "link_open":
                self._open_link(str(token.attrs.get("href", "")), str(token.attrs.get("title", "")))
            case "link_close":
                self._close_link()
            case "image":
                self._image(token)
            case kind if kind in _EMPHASIS:
                self._push(_EMPHASIS[kind])
            case "em_close" | "strong_close" | "s_close":
                self._stack.pop()
            case _:
                self._add(*self._as_written(token))

    def _as_written(self, token: Token) -> Run:
        """HTML, footnote marks, formulas, and whatever a later markdown-it may bring."""
        style = self._stack[-1]
        match token.type:
            case "footnote_ref":
                return f"[{token.content}]", style + self._styles.marker
            case "html_inline":
                return token.content, style + self._styles.tag
            case _:
                return token.content, style

    def _text(self, text: str) -> None:
        if self._links or not _ADDRESS_SIGN.search(text):
            self._add(text)
            return
        position = 0
        for found in _BARE_URL.finditer(text):
            shown = _without_trailing_punctuation(found.group())
            self._add(text[position : found.start()])
            self._add(shown, link_style(_whole_address(shown), self._stack[-1] + self._styles.link))
            position = found.start() + len(shown)
        self._add(text[position:])

    def _open_link(self, url: str, title: str) -> None:
        url = clean(url)
        self._links.append((url, clean(title), len(self._runs)))
        self._push(link_style(url, self._styles.link))

    def _close_link(self) -> None:
        url, title, first = self._links.pop()
        linked = self._stack.pop()
        shown = "".join(text for text, _ in self._runs[first:])
        if not shown:
            self._add(url, linked)
            shown = url
        target = " ".join(
            part for part in ("" if _same_address(shown, url) else url, f'"{title}"' if title else "") if part
        )
        if target:
            self._add(f" ({target})", link_style(url, self._styles.link_target))

    def _image(self, token: Token) -> None:
        url = clean(str(token.attrs.get("src", "")))
        title = clean(str(token.attrs.get("title", "")))
        # A space that does not break: the sign stays with its text.
        self._add("▣\u00a0", self._styles.marker)
        self._push(link_style(url, self._styles.link))
        first = len(self._runs)
        self.walk(token.children or [])
        alt = "".join(text for text, _ in self._runs[first:])
        linked = self._stack.pop()
        if not alt:
            self._add(url, linked)
        target = " ".join(part for part in (url if alt and alt != url else "", f'"{title}"' if title else "") if part)
        if target:
            self._add(f" ({target})", link_style(url, self._styles.link_target))


def _same_address(shown: str, url: str) -> bool:
    # The parser encodes what may not stand in an address; the author's way of writing it is the readable one.
    return unquote(url) in (unquote(shown), f"mailto:{shown}", f"{unquote(shown)}/")


def _whole_address(shown: str) -> str:
    if "://" in shown:
        return shown
    return f"http://{shown}" if shown.startswith("www.") else f"mailto:{shown}"


def _without_trailing_punctuation(url: str) -> str:
    while url and (
        url[-1] in ".,;:!?*_~" or (url[-1] in _CLOSERS and url.count(url[-1]) > url.count(_CLOSERS[url[-1]]))
    ):
        url = url[:-1]
    return url
