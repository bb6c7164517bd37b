"""What Anthropic's models take and refuse, by the version in their names.

Source: the migration guides and the pages on thinking, structured outputs and model ids of
https://platform.claude.com/docs. A name without a version is another vendor's model behind the same format: it is
asked for nothing special.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Thinking = Literal["none", "budget", "adaptive"]

_FAMILY_FIRST = re.compile(r"claude-[a-z]+-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_VERSION_FIRST = re.compile(r"claude-(\d)(?:[-.](\d))?-[a-z]+")
_EFFORTS = ((4_096, "low"), (16_384, "medium"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """How a model departs from the others.

    Attributes:
        thinking: Whether it is given a budget of tokens or an effort to think with.
        takes_temperature: From 4.7 on every sampling parameter is refused (400).
        takes_prefill: Up to 4.5 the answer may be begun for the model; later ones refuse it (400).
        takes_schema: Whether `output_config.format` holds it to a JSON Schema.
        max_tokens: Sent when nobody bounds the answer, since the format wants a bound; within what the model can say.
    """

    thinking: Thinking
    takes_temperature: bool
    takes_prefill: bool
    takes_schema: bool
    max_tokens: int


def traits_of(model: str) -> Traits:
    """The traits of a model."""
    version = version_of(model)
    if version is None:
        return Traits(
            thinking="budget", takes_temperature=True, takes_prefill=False, takes_schema=False, max_tokens=8_192
        )
    thinking: Thinking = "adaptive" if version >= (4, 6) else "budget" if version >= (3, 7) else "none"
    return Traits(
        thinking=thinking,
        takes_temperature=version < (4, 7),
        takes_prefill=version < (4, 6),
        takes_schema=version >= (4, 5),
        max_tokens=32_000 if version >= (3, 7) else 8_192 if version >= (3, 5) else 4_096,
    )


def version_of(model: str) -> tuple[int, int] | None:
    """Major and minor version of `claude-sonnet-4-5-20250929`, `claude-opus-5` or `claude-3-7-sonnet-latest`."""
    name = model.lower()
    found = _FAMILY_FIRST.search(name) or _VERSION_FIRST.search(name)
    return (int(found[1]), int(found[2] or 0)) if found else None


def effort_of(budget: int) -> str:
    """The effort that stands for a budget of so many tokens, for models that take no budget."""
    return next((effort for bound, effort in _EFFORTS if budget <= bound), "high")
