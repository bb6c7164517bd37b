"""Vectors from the letters of a text: no model, no download, the same on every machine.

Feature hashing (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009) of words and of their
character n-grams with boundary marks (Bojanowski et al., "Enriching Word Vectors with Subword Information", 2016).
Two texts are alike when they share words or parts of words, so "preferences" finds "prefers"; that two words mean the
same it cannot know. Full-text search needs the whole word; the two together find more than either.
"""

from __future__ import annotations

import math
import re
import unicodedata
import zlib
from collections import Counter

MAX_WORDS = 400
"""Words of a text that count; bounds the time for one text to a few milliseconds."""
_MAX_WORD_LENGTH = 40
_NGRAM_LENGTHS = (3, 4, 5)
_NGRAM_SHARE = 2.0
"""Length of all n-gram features of a word together, when that of the word itself is 1. Measured on pairs of related and
unrelated sentences: up to 2 related inflections and spellings rise ("favourite colour", "favorite color": 0.06 to 0.28)
while unrelated sentences stay below 0.15."""
_CUT_BEFORE = 40_000
"""Characters looked at; `MAX_WORDS` words of a natural language are far fewer."""

_WORD = re.compile(r"[^\W_]+|[\u2600-\u27bf\U0001f000-\U0001faff]")
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
_WEIGHTS = (0.0, 0.1, 0.15, 0.25, 0.5, 0.8)
"""Weight of a word by its length; six letters and more weigh 1. Zipf's law of abbreviation: the words a language uses
most, those that carry grammar and no topic, are short in every language that writes words with letters."""

Feature = tuple[int, float]


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: compatibility-normalised, lower-cased, without accents."""
    folded = unicodedata.normalize("NFKD", text[:_CUT_BEFORE].casefold())
    if not folded.isascii():
        folded = "".join(character for character in folded if not unicodedata.combining(character))
        # Back to composed form: Hangul falls apart into letters under NFKD.
        folded = unicodedata.normalize("NFC", folded)
    return [word[:_MAX_WORD_LENGTH] for word in _WORD.findall(folded)[:MAX_WORDS]]


def word_weight(word: str) -> float:
    """How much a word says about the topic, 0 to 1, judged by its length alone.

    Digits and scripts that write no spaces carry meaning in every character, so these weigh 1.
    """
    if len(word) >= len(_WEIGHTS) or word.isdigit() or not word.isalpha() or _WIDE.search(word):
        return 1.0
    return _WEIGHTS[len(word)]


def hash_vector(text: str, dimension: int) -> list[float]:
    """The unit-length vector of a text. A text without any word gets the vector of the empty word, never zeros."""
    vector = [0.0] * dimension
    for word, count in Counter(words_of(text)).items() or ((("", 1),)):
        strength = (word_weight(word) or 1.0) * (1.0 + math.log(count))
        for index, value in _features(word, dimension):
            vector[index] += strength * value
    norm = math.sqrt(sum(value * value for value in vector))
    if norm == 0.0:  # features that cancel each other out
        vector[0] = norm = 1.0
    return [value / norm for value in vector]


def _features(word: str, dimension: int) -> list[Feature]:
    pieces = _pieces(word)
    features = [_feature(f"={word}", 1.0, dimension)]
    if pieces:
        value = _NGRAM_SHARE / math.sqrt(len(pieces))
        features.extend(_feature(piece, value, dimension) for piece in pieces)
    return features


def _pieces(word: str) -> list[str]:
    if _WIDE.search(word):
        # A run of ideographs is a sentence, not a word: its pairs are what words are.
        return [*word, *(word[start : start + 2] for start in range(len(word) - 1))]
    marked = f"<{word}>"
    return [marked[start : start + length] for length in _NGRAM_LENGTHS for start in range(len(marked) - length + 1)]


def _feature(text: str, value: float, dimension: int) -> Feature:
    # crc32 is the same in every process and on every platform, which `hash` is not; the sign comes from a high bit,
    # which does not decide the index.
    hashed = zlib.crc32(text.encode("utf-8", "replace"))
    return (hashed & 0xFFFFFF) % dimension, -value if hashed & 0x80000000 else value
