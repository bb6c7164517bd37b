"""Which part of a request a provider refused, so that the request can be sent once more without it."""

from __future__ import annotations

import re
from typing import Protocol, Self, runtime_checkable

_STATUSES = frozenset({400, 404, 422})
"""404 is OpenRouter's answer when no provider behind it takes the tools."""
_CODES = frozenset({"unsupported_parameter", "unsupported_value", "unknown_parameter", "extra_forbidden"})

_REFUSAL = (
    r"(?:(?:not|n't|no longer)\s(?:\w+\s){0,2}?(?:support|permitted|allowed|recogni[sz]ed|accept|enabled)|unsupported"
    r"|unrecogni[sz]ed|unknown|deprecated|extra (?:inputs|fields)|cannot be (?:used|combined))"
)
_FIELDS = {
    "stream_options": r"stream[_ ]options",
    "response_format": r"response[_ ]format|json[_ ]mode|json_schema|structured outputs?|response mime type",
    "temperature": r"temperature",
    "max_completion_tokens": r"max_completion_tokens",
    "max_output_tokens": r"max_output_tokens",
    "max_tokens": r"max_tokens",
    "thinking": r"thinking(?:\.\w+){0,2}",
    "output_config": r"output_config(?:\.\w+){0,2}",
    "prefill": r"prefill",
}
_SAYINGS = (
    ("include", r"encrypted content is not supported"),
    ("input.reasoning", r"items are not persisted|required following item|encrypted content .{0,80}could not be"),
    ("response_format", r"'?response_format\.type'? must be"),
    ("tools", r"n[o']t support (?:\w+ ){0,2}?(?:tools?\b|function)|support tool use|enable-auto-tool-choice"),
    ("tools", r"\b(?:tools|tool use|tool calling|function calling) (?:is|are) not (?:supported|enabled)"),
    (
        "thinking",
        r"n[o']t support thinking|\bthinking (?:is|are) not (?:supported|enabled)|includeThoughts|thinking_?config",
    ),
    ("system", r"developer instruction is not enabled"),
    ("reasoning", r"generate reasoning summar"),
    *(
        (part, rf"(?:{words})\b.{{0,80}}?{_REFUSAL}|{_REFUSAL}.{{0,80}}?(?:{words})\b")
        for part, words in _FIELDS.items()
    ),
)
_PATTERNS = tuple((part, re.compile(pattern, re.IGNORECASE)) for part, pattern in _SAYINGS)
"""How providers say that they do not take a part of a request, most telling first. OpenAI names the field; Ollama,
Gemini, OpenRouter, vLLM, LM Studio, Groq and Mistral say it in words only."""


@runtime_checkable
class Yielding(Protocol):
    """A wire format that can do without parts of its requests."""

    @property
    def left_out(self) -> frozenset[str]:
        """What it leaves out already."""
        ...

    def without(self, part: str) -> Self | None:
        """The same format without a part; None when requests cannot do without it."""
        ...


def refused_part(status: int, detail: str, code: str, parameter: str) -> str:
    """What a provider does not take; empty when it does not say, or when something else was wrong.

    A value that is wrong - a temperature of 9 - is a person's mistake and no reason to leave the part out: only what
    is called unsupported counts.

    Args:
        status: Of the HTTP answer.
        detail: The provider's words.
        code: Its name for the failure, such as `unsupported_parameter`.
        parameter: The field it names, as OpenAI does.
    """
    if status not in _STATUSES:
        return ""
    if code == "invalid_encrypted_content":
        return "input.reasoning"
    if code in _CODES and parameter:
        return _part_of(parameter)
    return next((part for part, pattern in _PATTERNS if pattern.search(detail)), "")


def _part_of(parameter: str) -> str:
    """The part a field belongs to: `reasoning.summary` is asked for within `reasoning`.

    One entry of a list is the entry's fault: `tools[3].strict` says nothing against tools.
    """
    name = parameter.strip().lower()
    if "[" in name:
        return ""
    return "text.format" if name.startswith("text.format") else name.partition(".")[0]
