"""Passages of the bundled handbook, and the search that finds the one a question is about."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$")
_FENCE = re.compile(r"^\s{0,3}(```|~~~)")
_WORD = re.compile(r"[^\W_]+")
_STOP_WORDS = frozenset(
    _WORD.findall(
        """
        a about all am an and any anything anywhere are as at be been but by can change could das dem den der did die do
        does du ein eine for from get got had happen happens has have he her him his how i ich if im in into is ist it
        its just let like look looks make makes me mein meine mir my need no not oder of on or our please possible she
        should so some something tell than that the their them then there these they this those to too und us use used
        using want was way we were what when where which who why wie will with wo work working works would you your zu
        """
    )
)
"""Words of English and German questions that tell no passage from another."""
_FREQUENCY_SATURATION = 1.2
_LENGTH_NORMALISATION = 0.75
"""The usual constants of Okapi BM25 (Robertson and Zaragoza, 2009), k1 and b."""
_HEADING_WEIGHT = 3
"""A word in a heading counts as three in the text: headings say what a passage is about."""
_MINIMUM_COVERAGE = 0.45
"""The share of a question, weighted by how telling its words are, that a passage must hold to count as found."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text that can be quoted with its source."""

    source: str
    heading: str
    text: str

    @property
    def label(self) -> str:
        """Where it stands, such as `docs/handbook.md § Keys`."""
        return f"{self.source} § {self.heading}" if self.heading else self.source


@dataclass(frozen=True, slots=True)
class PassageHit:
    """A passage a search found; scores compare within one search only."""

    passage: Passage
    score: float


def read_passages(folder: Path) -> tuple[Passage, ...]:
    """The passages of every Markdown file of a folder, named `docs/<file>` wherever the folder really is.

    Raises:
        OSError: A file cannot be read.
    """
    found: list[Passage] = []
    for file in sorted(folder.glob("*.md")):
        found.extend(split_at_headings(file.read_text(encoding="utf-8"), f"docs/{file.name}"))
    return tuple(found)


def split_at_headings(text: str, source: str) -> Iterator[Passage]:
    """One passage per heading that has text of its own; a `#` inside a code fence is no heading."""
    heading, lines, fence = "", list[str](), ""
    for line in text.splitlines():
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif mark[1] == fence:
                fence = ""
        title = None if fence else _HEADING.match(line)
        if title is None:
            lines.append(line)
            continue
        yield from _passage(source, heading, lines)
        heading, lines = title[2], []
    yield from _passage(source, heading, lines)


def _passage(source: str, heading: str, lines: Sequence[str]) -> Iterator[Passage]:
    if body := "\n".join(lines).strip():
        yield Passage(source, heading, body)


def terms(text: str) -> list[str]:
    """The telling words of a text, lower case, with English endings removed."""
    words = (word for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS)
    return [_stem(word) for word in words]


def _stem(word: str) -> str:
    """A word without its ending, so that `tabs`, `closing` and `closes` meet `tab` and `close`.

    Cruder than Porter's algorithm, which is 300 lines and gains nothing on a few dozen passages.
    """
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    for ending, shortest in (("ing", 6), ("ed", 5), ("es", 5), ("s", 4), ("e", 4)):
        if len(word) >= shortest and word.endswith(ending) and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word


class PassageIndex:
    """Finds passages by the words of a question: Okapi BM25 times the share of the question a passage covers."""

    __slots__ = ("_counts", "_holders", "_lengths", "_mean_length", "_passages")

    def __init__(self, passages: Iterable[Passage]) -> None:
        self._passages = tuple(passages)
        self._counts = [
            Counter(terms(passage.heading) * _HEADING_WEIGHT + terms(passage.text)) for passage in self._passages
        ]
        self._lengths = [count.total() for count in self._counts]
        self._mean_length = sum(self._lengths) / max(1, len(self._lengths))
        self._holders = Counter(term for count in self._counts for term in count)

    def __len__(self) -> int:
        return len(self._passages)

    def search(self, question: str, limit: int = 3) -> tuple[PassageHit, ...]:
        """The passages that answer a question best, best first; empty when none covers enough of it."""
        asked = tuple(dict.fromkeys(terms(question)))
        weights = {term: self._weight(term) for term in asked}
        everything = sum(weights.values())
        if everything == 0:
            return ()
        hits: list[PassageHit] = []
        for number, passage in enumerate(self._passages):
            covered = sum(weight for term, weight in weights.items() if term in self._counts[number]) / everything
            if covered >= _MINIMUM_COVERAGE:
                score = covered * sum(self._score(number, term, weight) for term, weight in weights.items())
                hits.append(PassageHit(passage, score))
        hits.sort(key=lambda hit: -hit.score)
        return tuple(hits[:limit])

    def _weight(self, term: str) -> float:
        holders = self._holders[term]
        return math.log(1 + (len(self._passages) - holders + 0.5) / (holders + 0.5))

    def _score(self, number: int, term: str, weight: float) -> float:
        frequency = self._counts[number][term]
        length = self._lengths[number] / (self._mean_length or 1)
        damping = _FREQUENCY_SATURATION * (1 - _LENGTH_NORMALISATION + _LENGTH_NORMALISATION * length)
        return weight * frequency * (_FREQUENCY_SATURATION + 1) / (frequency + damping)
