"""Reading a tool's arguments: a model sends JSON of any shape, and must be told exactly what was wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from hector_tui.errors import ToolError

_JSON_NAMES: dict[type[Any], str] = {
    bool: "a boolean",
    int: "a number",
    float: "a decimal number",
    str: "text",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


def only_known(arguments: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse arguments a tool does not have: a misspelt one silently ignored would change what the tool does.

    Raises:
        ToolError: There is an argument that is not in `known`.
    """
    for name in arguments:
        if name not in known:
            accepted = ", ".join(f'"{each}"' for each in known) or "no arguments"
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f'Did you mean "{near[0]}"?' if near else f"This tool takes {accepted}"
            raise ToolError(f'unknown argument "{str(name)[:64]}"', hint=hint)


def required_text(arguments: Mapping[str, Any], name: str, *, max_chars: int) -> str:
    """An argument that must be there, be text, and say something.

    Raises:
        ToolError: It is missing, no text, empty, or longer than `max_chars` characters.
    """
    if arguments.get(name) is None:
        raise ToolError(f'the argument "{name}" is missing; it must be text')
    text = _text(arguments[name], name, max_chars)
    if not text:
        raise ToolError(f'the argument "{name}" is empty')
    return text


def optional_text(arguments: Mapping[str, Any], name: str, *, max_chars: int) -> str:
    """An argument that may be left out, null or empty: then the answer is `""`.

    Raises:
        ToolError: It is no text, or longer than `max_chars` characters.
    """
    value = arguments.get(name)
    return "" if value is None else _text(value, name, max_chars)


def optional_integer(arguments: Mapping[str, Any], name: str, *, minimum: int, maximum: int) -> int | None:
    """A whole number that may be left out; `5.0` counts as one, because some models write every number that way.

    Raises:
        ToolError: It is no whole number, or not between `minimum` and `maximum`.
    """
    value = arguments.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ToolError(f'the argument "{name}" must be a whole number, not {_kind_of(value)}')
    if not minimum <= value <= maximum:
        raise ToolError(f'the argument "{name}" must be between {minimum} and {maximum}')
    return value


def _text(value: object, name: str, max_chars: int) -> str:
    if not isinstance(value, str):
        raise ToolError(f'the argument "{name}" must be text, not {_kind_of(value)}')
    text = value.strip()
    if len(text) > max_chars:
        raise ToolError(f'the argument "{name}" has {len(text):,} characters; at most {max_chars:,} are allowed')
    return text


def _kind_of(value: object) -> str:
    return _JSON_NAMES.get(type(value), type(value).__name__)
