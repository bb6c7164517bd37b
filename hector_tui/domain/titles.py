"""A title for a session nobody named, made from its first exchange. Pure functions; no model is asked.

A model would make better titles, at the price of one more request per session, of sending what was said once more, and
of a wait or a failure in a place where nobody asked for either.
"""

from __future__ import annotations

import re

TITLE_CHARACTERS = 48
"""The longest title that is made; a tab shows half of it."""
_LOOKED_AT = 2_000
_FEW_WORDS = 2
"""A question of so few telling words says less than the answer's own heading."""

_FENCE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
_URL = re.compile(r"\bhttps?://(?:www\.)?([^\s/?#]{1,60})\S*")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_MARKUP = re.compile(r"^[ \t]*(?:(?:[>*+-]|\d{1,3}[.)])[ \t]+|#{1,6}(?=\s))|`{1,3}", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<![\w*)\]])([*_]{1,3})(?=[^\s*_])(.+?)(?<=[^\s*_])\1(?![\w*(\[])")
"""Pairs only: a single `*` multiplies, and `snake_case` is a name."""
_SENTENCE = re.compile(r"(?<=[.!?:])\s+(?=\S)|\n\s*\n")
_ADDRESSED = re.compile(r"^@\w+\s+")
_OPENING = re.compile(
    r"^(?:(?:hi|hello|hey|hallo|good (?:morning|afternoon|evening)|greetings|thanks|thank you|ok|okay|so|well)"
    r"(?: there| again| everyone)?[\s,.!;:–—-]+"
    r"|please[\s,]+|kindly\s+"
    r"|(?:can|could|would|will) (?:you|we|i)(?: please| kindly)?\s+"
    r"|(?:i(?:'d| would) like (?:you )?to|i (?:want|need) (?:you )?to|help me(?: to)?|tell me|show me|explain to me)\s+"
    r"|(?:i was wondering|i wonder|do you know|any idea)[\s,]+)",
    re.IGNORECASE,
)
_TELLING = re.compile(r"\w[\w'+#.-]*")
_EMPTY_WORDS = frozenset(
    _TELLING.findall(
        "a an and are be can continue do does for fix from go he hello help here hey hi how i in is it its just me"
        " more my next no of ok okay on or please question quick she so something that thanks the them there these"
        " they thing things this those to us was we what when where which who why will with would yes you your"
    )
)


def provisional_title(question: str) -> str:
    """What a session is called until its first answer stands: the beginning of the question, on one line."""
    return _cut(" ".join(question.split()))


def title_of(question: str, answer: str) -> str:
    """A short title from the first exchange: what was asked for, else what the answer is about.

    Args:
        question: What the person sent.
        answer: The words of the answer, Markdown.

    Returns:
        At most `TITLE_CHARACTERS` characters on one line; never empty unless both texts are.
    """
    asked = _subject(question)
    heading = _heading(answer)
    if _telling_words(asked) >= _FEW_WORDS:
        # A question that must be cut is named better by a heading that says the same in full.
        if len(asked) > TITLE_CHARACTERS and 0 < len(heading) <= TITLE_CHARACTERS and _share_a_word(asked, heading):
            return _capital(heading)
        return _cut(_capital(asked))
    told = heading or _subject(answer)
    if _telling_words(told) > _telling_words(asked):
        return _cut(_capital(told))
    return _cut(_capital(asked)) or provisional_title(question) or _cut(_capital(told))


def _subject(text: str) -> str:
    """The first sentence that says something, without greeting, markup, code and the ends of addresses."""
    plain = _FENCE.sub("\n", text[:_LOOKED_AT])
    plain = _URL.sub(r"\1", _ADDRESSED.sub("", plain.strip()))
    plain = _unmarked(plain)
    best = ""
    for sentence in _SENTENCE.split(plain):
        line = _without_opening(" ".join(sentence.split()))
        if _telling_words(line) >= _FEW_WORDS:
            return line
        best = best or line
    return best


def _unmarked(text: str) -> str:
    return _EMPHASIS.sub(r"\2", _MARKUP.sub("", text))


def _without_opening(line: str) -> str:
    while (opening := _OPENING.match(line)) is not None and opening.end() < len(line):
        line = line[opening.end() :]
    return line.strip(" \t,;:-–—").rstrip(".!…")


def _heading(answer: str) -> str:
    found = _HEADING.search(_FENCE.sub("\n", answer[:_LOOKED_AT]))
    return " ".join(_unmarked(found[1]).split()).rstrip(":.") if found is not None else ""


def _telling_words(line: str) -> int:
    return sum(1 for word in _TELLING.findall(line.lower()) if word not in _EMPTY_WORDS)


def _share_a_word(first: str, second: str) -> bool:
    words = {word for word in _TELLING.findall(first.lower()) if word not in _EMPTY_WORDS}
    return any(word in words for word in _TELLING.findall(second.lower()))


def _capital(line: str) -> str:
    # Only a whole lower-case word: `iPhone` and `x86` stand as they are.
    first = line.split(" ", 1)[0]
    return line[:1].upper() + line[1:] if first.isalpha() and first.islower() else line


def _cut(line: str) -> str:
    if len(line) <= TITLE_CHARACTERS:
        return line
    head = line[: TITLE_CHARACTERS - 1]
    space = head.rfind(" ")
    # A long word, or text without spaces, is cut where the room ends.
    return (head[:space] if space > TITLE_CHARACTERS // 2 else head).rstrip(" ,;:-–—") + "…"
