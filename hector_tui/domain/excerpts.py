"""What a person searches for, as words, and where those words stand in a text. Pure functions.

The words mean the same here as in the full-text index: letters and digits, whatever their case and accents, and the
last one may be only a beginning, because it is still being typed. Scripts that are written without spaces have no words
to tell apart: what is searched for in them may stand anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_WORDS = 12
"""Words of a search that are looked for; a pasted page is no search."""
_MAX_CHARACTERS = 400
_LOOKED_AT = 40_000
"""Characters of a text in which words are looked for by their folded form, which takes a loop over them."""
_MAX_MARKS = 200
_PIECE = re.compile(r'"([^"]*)"|(\w+)')
_WORD = re.compile(r"\w+")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese, by their Unicode blocks."""


@dataclass(frozen=True, slots=True)
class SearchWords:
    """A search.

    Attributes:
        phrases: Each must be there; a phrase is one word, or several that stand side by side.
        last_is_open: The last phrase may be the beginning of a longer word.
    """

    phrases: tuple[tuple[str, ...], ...] = ()
    last_is_open: bool = False

    def __bool__(self) -> bool:
        return bool(self.phrases)

    @property
    def is_unspaced(self) -> bool:
        """Whether something is in a script without spaces, which an index of words cannot find."""
        return any(_UNSPACED.search(word) for phrase in self.phrases for word in phrase)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a text on one line, with the places that match: start and end, in characters."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


def search_words(typed: str) -> SearchWords:
    """The words a person typed; quotes make a phrase. Anything else in it means nothing."""
    phrases: list[tuple[str, ...]] = []
    last_is_open = False
    for found in _PIECE.finditer(typed[:_MAX_CHARACTERS]):
        phrase = tuple(_WORD.findall(found[1])) if found[1] is not None else (found[2],)
        if phrase:
            phrases.append(phrase)
            last_is_open = found[1] is None and found.end() == len(typed[:_MAX_CHARACTERS].rstrip())
    return SearchWords(tuple(phrases[:MAX_WORDS]), last_is_open and len(phrases) <= MAX_WORDS)


def find_marks(text: str, words: SearchWords) -> tuple[tuple[int, int], ...]:
    """Where the words of a search stand in a text, from left to right, without overlaps."""
    if not words:
        return ()
    folded = fold(text[:_LOOKED_AT])
    patterns = []
    for number, phrase in enumerate(words.phrases):
        pattern = r"\W+".join(re.escape(fold(word)) for word in phrase)
        is_open = words.last_is_open and number == len(words.phrases) - 1
        if _UNSPACED.search(pattern):
            patterns.append(pattern)
        else:
            patterns.append(rf"(?<!\w){pattern}" + (r"\w*" if is_open else r"(?!\w)"))
    # The longest first: of `plan` and `planner` the second is the better match where both begin.
    patterns.sort(key=len, reverse=True)
    found = re.finditer("|".join(patterns), folded)
    return tuple(match.span() for _, match in zip(range(_MAX_MARKS), found, strict=False))


def excerpt(text: str, words: SearchWords, *, width: int = 160, before: int = 30) -> Excerpt:
    """The piece of a text around the first match, on one line; its beginning when nothing matches.

    Args:
        text: Any text.
        words: What is marked.
        width: Characters at most, ellipses included.
        before: Characters before the first match that are kept for the reader.
    """
    marks = find_marks(text, words)
    first = marks[0][0] if marks else 0
    start = first - before if first > before else 0
    if start:
        # Not from the middle of a word, where one begins near by.
        gap = text.find(" ", start, first)
        start = gap + 1 if gap >= 0 else start
    head = "…" if start else ""
    piece = text[start : start + max(width - len(head) - 1, 0)]
    tail = "…" if start + len(piece) < len(text) else ""
    # Every white space becomes one space, so that places in the text stay where they are.
    line = head + "".join(" " if character.isspace() else character for character in piece) + tail
    shift = len(head) - start
    end = len(head) + len(piece)
    kept = [(a + shift, min(b + shift, end)) for a, b in marks if a >= start and a + shift < end]
    return Excerpt(line, tuple(kept))


def fold(text: str) -> str:
    """Text without case and accents, character for character, so that places in it stay valid."""
    if text.isascii():
        return text.lower()
    return "".join(_folded(character) for character in text)


def _folded(character: str) -> str:
    if character.isascii():
        return character.lower()
    plain = unicodedata.normalize("NFD", character)[0].lower()
    return plain if len(plain) == 1 else character
