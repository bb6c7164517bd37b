"""The examples of the CommonMark and GFM specifications, and what a reader sees of their reference HTML."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

FOLDER = Path(__file__).parent / "specification"
FILES = ("commonmark-0.31.2.json", "gfm-0.29.json")
TABLE = "table thead tbody tr th td"
# What the reference renderer writes itself; other tags are HTML of the author's, which it passes through.
OWN_TAGS = frozenset(
    ("p h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code em strong del a img hr br input " + TABLE).split()
)


@dataclass(frozen=True, slots=True)
class Example:
    """One example of a specification.

    Args:
        name: Its file and number.
        markdown: The source.
        html: What the reference renderer makes of it.
        extension: The GFM extension it needs; empty for none.
    """

    name: str
    markdown: str
    html: str
    extension: str


@cache
def examples() -> list[Example]:
    """All examples; those that both specifications share come once."""
    found: dict[tuple[str, str], Example] = {}
    for file in FILES:
        for record in json.loads((FOLDER / file).read_text(encoding="utf-8")):
            name = f"{file.partition('-')[0]}-{record['example']}"
            example = Example(name, record["markdown"], record["html"], record.get("extension", ""))
            found.setdefault((example.markdown, example.html), example)
    return list(found.values())


class VisibleText(HTMLParser):
    """Collects the text of HTML: entities decoded, images as their alt text, code line by line.

    Where a link or an image has no text, its address stands for it; otherwise nobody would see that it is there.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.addresses: list[str] = []
        """Where links and images lead to, in order."""
        self.code: list[str] = []
        """The content of each block of code."""
        self.foreign = False
        """HTML of the author's is in it."""
        self._in_code = False
        self._link_starts = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.foreign |= tag not in OWN_TAGS
        if tag == "pre":
            self._in_code = True
            self.code.append("")
        elif tag == "a":
            self.addresses.append(attributes.get("href") or "")
            self._link_starts = len(self.text)
        elif tag == "img":
            self.addresses.append(attributes.get("src") or "")
            self.text += attributes.get("alt") or (self.addresses[-1] if "alt" in attributes else "")
        elif tag not in ("em", "strong", "del", "code"):
            self.text += " "

    def handle_endtag(self, tag: str) -> None:
        self._in_code = self._in_code and tag != "pre"
        if tag == "a" and len(self.text) == self._link_starts:
            self.text += self.addresses[-1]
        if tag not in ("em", "strong", "del", "code", "a"):
            self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_code:
            self.code[-1] += data

    def handle_comment(self, data: str) -> None:
        self.foreign = True

    def handle_decl(self, decl: str) -> None:
        self.foreign = True

    def unknown_decl(self, data: str) -> None:
        self.foreign = True

    def handle_pi(self, data: str) -> None:
        self.foreign = True
