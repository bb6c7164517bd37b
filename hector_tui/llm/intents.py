"""What the offline model makes of a message: rules over its words, no guessing."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from hector_tui.llm.arithmetic import find_expression

_ASKING = r"(?:please\s+|bitte\s+|can\s+you\s+|could\s+you\s+|will\s+you\s+|and\s+)*"
_REMEMBER = re.compile(
    rf"(?:^|[.!?;:,]\s+|\n)\s*{_ASKING}"
    r"(?:remember|memori[sz]e|keep\s+in\s+mind|make\s+a\s+note|take\s+a\s+note|note|don'?t\s+forget|merke?\s+dir|notiere?)"
    r"(?:[\s,]+(?:that|this|of\s+this|dass|down)\b)?\s*[:,]?\s+(?!(?:when|what|who|where|why|how|me)\b)"
    r"(?P<text>\S.*?)\s*(?=\n\s*\n|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_TRAILING_QUESTION = re.compile(r"(?<=[.!])\s+[^.!?\n]*\?\s*\Z")
_RECALL = re.compile(
    r"\b(?:do|did|can|could)\s+you\s+(?:still\s+)?(?:remember|recall)\b"
    r"|\b(?:what|anything|everything|something)\b.{0,20}\byou\s+(?:still\s+)?(?:remember|recall|know\s+about\s+(?:me|my|us))\b"
    r"|\b(?:did|have)\s+(?:i|we)\s+(?:ever\s+)?(?:tell|told|say|said|mention|mentioned|talk|talked|ask|asked)\b"
    r"|^\s*(?:please\s+)?recall\b|^\s*remember\s+(?:when|what|who|where|why|how)\b|\bremind\s+me\s+(?:what|who|when|of|about)\b"
    r"|\bwas\s+wei(?:ß|ss)t\s+du\b|\berinnerst\s+du\s+dich\b|\bhabe?\s+ich\s+(?:dir\s+)?(?:gesagt|erzählt)\b",
    re.IGNORECASE,
)
_PERSONAL = re.compile(
    r"^\s*(?:what|who|when|which|wie|was|wer|wann)\b(?:'s|.{0,20}?)\s(?:my|mein\w*)\s", re.IGNORECASE
)
_CLOCK = re.compile(
    r"\bwhat(?:'s|\s+is)?\s+(?:the\s+)?(?:(?:current|exact)\s+)?(?:time|date)\b(?!\s+(?:zone|complexity|limit|out|of\s+(?!day)))"
    r"|\bwhat\s+(?:day|date|month|year)\s+is\s+(?:it|today)\b|\b(?:current|today'?s)\s+(?:date|time)\b|\btell\s+me\s+the\s+time\b"
    r"|\bwie\s+sp(?:ä|ae)t\b|\bwelche[rs]?\s+(?:tag|datum)\b|\bwieviel\s+uhr\b",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^\s*(?:hi|hiya|hey|hello|hallo|moin|servus|yo|greetings|good\s+(?:morning|afternoon|evening|day)|guten\s+(?:tag|morgen|abend))\b"
    r"(?:\W+\w+){0,3}\W*$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^\s*(?:help|\?|hilfe)\W*$|\bwho\s+are\s+you\b|\bwhat\s+are\s+you\b|\bwhat\s+can\s+(?:you|i)\s+do\b|\bare\s+you\s+(?:an?\s+)?"
    r"(?:ai|llm|language\s+model|human|real|bot|chatgpt|gpt)\b|\bwhich\s+(?:llm|model)\s+are\s+you\b|\bwer\s+bist\s+du\b|\bwas\s+kannst\s+du\b",
    re.IGNORECASE,
)
_THANKS = re.compile(r"^\s*(?:thanks?|thank\s+you|thx|cheers|danke)\b(?:\W+\w+){0,4}\W*$", re.IGNORECASE)
_NAMED_TOOL = re.compile(
    r"^\s*(?:please\s+)?(?:use|call|run)\s+(?:the\s+)?(?:tool\s+)?`?(?P<name>[\w-]{1,64})`?\s*(?:tool\s*)?(?:with\s*)?:?\s*(?P<arguments>\{.*\})\s*$",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST = 20_000
"""Characters of a message the rules look at; what follows is pasted material."""

CALCULATOR = "calculator"
CLOCK = "current_time"
REMEMBER = "remember"
RECALL = "recall"


@dataclass(frozen=True, slots=True)
class Compute:
    """Arithmetic to hand to the calculator."""

    expression: str


@dataclass(frozen=True, slots=True)
class TellTime:
    """The date or time is asked for."""


@dataclass(frozen=True, slots=True)
class Remember:
    """Something to keep."""

    text: str


@dataclass(frozen=True, slots=True)
class Recall:
    """Something told earlier is asked for."""

    question: str


@dataclass(frozen=True, slots=True)
class UseTool:
    """A tool named outright with its arguments: `use write_file {"path": ...}`."""

    name: str
    arguments: str


ToolIntent = Compute | TellTime | Remember | Recall | UseTool
SmallTalk = Literal["greeting", "thanks", "about"]


def tool_intents(text: str, tools: Collection[str]) -> tuple[ToolIntent, ...]:
    """What the message asks of the tools at hand; several at once when it asks for several."""
    message = text[:_LONGEST]
    if (named := _NAMED_TOOL.match(message)) and named["name"] in tools:
        return (UseTool(named["name"], named["arguments"]),)
    if REMEMBER in tools and (kept := _REMEMBER.search(message)):
        return (Remember(_TRAILING_QUESTION.sub("", kept["text"])),)
    if RECALL in tools and is_about_the_past(message):
        return (Recall(message.strip()),)
    found: list[ToolIntent] = []
    if CALCULATOR in tools and (expression := find_expression(message)):
        found.append(Compute(expression))
    if CLOCK in tools and _CLOCK.search(message):
        found.append(TellTime())
    return tuple(found)


def is_about_the_past(text: str) -> bool:
    """Whether a question is about what the person said before."""
    return _RECALL.search(text) is not None or _PERSONAL.match(text) is not None


def small_talk(text: str) -> SmallTalk | None:
    """The kind of small talk a message is; None when it is a question or a task."""
    message = text[:_LONGEST]
    if _GREETING.search(message):
        return "greeting"
    if _THANKS.search(message):
        return "thanks"
    return "about" if _ABOUT.search(message) else None
