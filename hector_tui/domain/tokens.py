"""Token counts without a vocabulary.

Every tokenizer worth the name downloads its vocabulary, and each model has another one. An estimate that is known to be
one (`~` on screen) beats an exact count of the wrong vocabulary, which is what Hector showed for Claude and Gemini.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from hector_tui.domain.messages import FilePart, Message, Part, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from hector_tui.domain.tools import ToolSpec

MESSAGE_OVERHEAD = 4
"""Tokens a chat format spends on one message besides its content: role and separators."""

_WIDE = re.compile(r"[\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff\uff00-\uff60\U0001f000-\U0003ffff]")
_CHARACTERS_PER_TOKEN = 3.8
"""Measured means for English prose and code lie between 3.5 and 4.2 in the common vocabularies."""

IMAGE_TOKENS = 1_000
"""What a picture costs: the providers count between 85 and 1,600, by its size."""


def estimate_tokens(text: str) -> int:
    """About how many tokens a model counts for a text; 0 only for the empty text.

    CJK, Hangul and emoji count one token each, everything else 3.8 characters a token.
    """
    if not text:
        return 0
    wide = 0 if text.isascii() else len(_WIDE.findall(text))
    return wide + max(1 if wide == 0 else 0, round((len(text) - wide) / _CHARACTERS_PER_TOKEN))


def part_tokens(part: Part) -> int:
    """About how many tokens a part costs; tool calls and results count in full."""
    match part:
        case TextPart(text) | ThinkingPart(text):
            return estimate_tokens(text)
        case FilePart(size=size):
            return IMAGE_TOKENS if part.is_image else round(size / _CHARACTERS_PER_TOKEN)
        case ToolCallPart(_, name, arguments):
            return estimate_tokens(name) + estimate_tokens(arguments) + MESSAGE_OVERHEAD
        case ToolResultPart(_, _, text):
            return estimate_tokens(text) + MESSAGE_OVERHEAD


def message_tokens(message: Message) -> int:
    """About how many tokens a message costs in a request."""
    return MESSAGE_OVERHEAD + sum(part_tokens(part) for part in message.parts)


def messages_tokens(messages: Iterable[Message]) -> int:
    """About how many tokens several messages cost in a request."""
    return sum(message_tokens(message) for message in messages)


def tools_tokens(tools: Sequence[ToolSpec]) -> int:
    """About how many tokens the descriptions of the tools cost in a request."""
    return sum(
        estimate_tokens(tool.name) + estimate_tokens(tool.description) + estimate_tokens(str(tool.parameters))
        for tool in tools
    )
