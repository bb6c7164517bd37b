r"""Repairs of text that JSON escapes have cut in two.

A provider that cuts its output anywhere sends the halves of `\ud83d\ude00` in two chunks. Each half alone is a valid
Python string that neither UTF-8, nor JSON, nor SQLite can hold.
"""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


def whole_text(text: str) -> str:
    """The text with pairs of halves joined and single halves replaced by U+FFFD."""
    if text.isascii() or _SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class SurrogateJoiner:
    """Joins halves across the chunks of one stream of text."""

    __slots__ = ("_half",)

    def __init__(self) -> None:
        self._half = ""

    def feed(self, text: str) -> str:
        """The text that is complete so far; a first half at the end waits for the next chunk."""
        text = self._half + text
        self._half = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return whole_text(text)

    def flush(self) -> str:
        """What is left when the stream has ended: U+FFFD for a half that never found the other one."""
        half, self._half = self._half, ""
        return whole_text(half)
