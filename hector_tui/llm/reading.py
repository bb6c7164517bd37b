"""What the readers of every format share: JSON taken with suspicion, counts, and what is said of the unreadable."""

from __future__ import annotations

import json
from typing import Any

from hector_tui.errors import BadResponse
from hector_tui.llm.failures import Origin, one_line
from hector_tui.llm.secrets import redacted

_LARGEST_COUNT = 10**12
"""Tokens; far more than any model holds, and small enough that sums of it fit wherever counts are kept."""


def decoded(text: str, what: str, origin: Origin) -> Any:
    """The JSON of one piece of an answer.

    Args:
        text: Of the piece.
        what: The format's name for it, such as `a chunk`.
        origin: Whose answer it is.

    Raises:
        BadResponse: It is not JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise unreadable(f"{what} that is not JSON", text, origin) from error


def unreadable(what: str, value: Any, origin: Origin) -> BadResponse:
    """The error of an answer that does not follow its format; it shows the beginning of what came instead."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # Without the key first: a cut through it would leave half of it to be seen.
    said = one_line(redacted(text, origin.key)[:200])
    return BadResponse(f"the provider sent {what}: {said}", where=origin.where)


def count_of(usage: Any, *path: str) -> int:
    """A number of tokens by the names that lead to it; 0 where there is none that can be one."""
    value: Any = usage
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    # NaN and infinity, which JSON as Python reads it can hold, are in no range.
    return int(value) if 0 <= value <= _LARGEST_COUNT else 0
