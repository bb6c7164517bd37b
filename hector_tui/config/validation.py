"""From nodes to blocks of the schema, and from pydantic's errors to problems with a place and a hint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import ValidationError

from hector_tui.config.fields import Block
from hector_tui.config.nodes import ListNode, MapNode, Node, ScalarNode, core_value, descend, kind_of
from hector_tui.config.problems import KeyPath, Mark, ProblemLog, nearest, one_of, shortened

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

BlockT = TypeVar("BlockT", bound=Block)

_QUOTED = re.compile(r"'([^']*)'")
_TRUE_WORDS = frozenset({"true", "yes", "on"})
_FALSE_WORDS = frozenset({"false", "no", "off"})
_MOST_LISTED_KEYS = 12

_EXPECTED_BY_ERROR = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "mapping_type": "a mapping",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "finite_number": "a finite number",
    "duration": "seconds, such as 30 or 1m30s",
}


def read_block(block: type[BlockT], node: Node, path: KeyPath, log: ProblemLog) -> BlockT | None:
    """Read one block of the schema.

    Args:
        block: What the node should be.
        node: What the file says; an empty value is a block of defaults.
        path: The path of the node.
        log: Gets every problem.

    Returns:
        The block; None when it has errors.
    """
    if isinstance(node, ScalarNode) and node.is_absent:
        return block()
    if not isinstance(node, MapNode):
        log.error(node.mark, path, f"is {kind_of(node)}", expected="a mapping")
        return None
    try:
        return block.model_validate(_data(node))
    except ValidationError as error:
        for details in error.errors(include_url=False, include_context=True, include_input=False):
            _note(details, block, node, path, log)
        return None


def unknown_key(mark: Mark, path: KeyPath, valid: Iterable[str], log: ProblemLog) -> None:
    """Note a key that no Hector file has, with the nearest that one may have."""
    valid = sorted(valid)
    suggestion = nearest(str(path[-1]), valid)
    listed = bool(valid) and not suggestion and len(valid) <= _MOST_LISTED_KEYS
    log.error(mark, path, "unknown key", expected=one_of(valid) if listed else "", suggestion=suggestion)


def _data(node: Node) -> object:
    match node:
        case MapNode():
            return {entry.key: _data(entry.value) for entry in node.entries.values()}
        case ListNode():
            return tuple(_data(item) for item in node.items)
        case _:
            return node


def _note(details: ErrorDetails, block: type[Block], node: MapNode, path: KeyPath, log: ProblemLog) -> None:
    below = details["loc"]
    place = descend(node, below)
    key_mark, value = place if place is not None else (node.mark, node)
    kind, context = details["type"], details.get("ctx", {})
    where = (*path, *below)
    if kind == "extra_forbidden":
        owner = _block_at(block, below[:-1])
        unknown_key(key_mark, where, owner.yaml_keys() if owner is not None else (), log)
        return
    message, expected, suggestion = f"is {kind_of(value)}", _EXPECTED_BY_ERROR.get(kind, ""), ""
    match kind:
        case "literal_error":
            choices = _QUOTED.findall(str(context.get("expected", "")))
            text = value.text if isinstance(value, ScalarNode) else ""
            message = f"{shortened(text)!r} is not a choice" if text else message
            expected, suggestion = one_of(choices), nearest(text, choices)
        case "bool_type" | "int_type" | "float_type":
            suggestion = _meant(kind, value)
        case "greater_than_equal":
            message, expected = "is too small", f"at least {context['ge']:g}"
        case "greater_than":
            message, expected = "is too small", f"more than {context['gt']:g}"
        case "less_than_equal":
            message, expected = "is too large", f"at most {context['le']:g}"
        case "string_too_short" | "too_short":
            message, expected = "is empty", "text"
        case _ if not expected:
            message = details["msg"]
    log.error(value.mark, where, message, expected=expected, suggestion=suggestion)


def _meant(kind: str, value: Node) -> str:
    """The value a quoted number, or a yes or no, was most likely meant to be."""
    if not isinstance(value, ScalarNode):
        return ""
    word = value.text.strip().lower()
    if kind == "bool_type":
        return "true" if word in _TRUE_WORDS else "false" if word in _FALSE_WORDS else ""
    read = core_value(word)
    wanted = (int,) if kind == "int_type" else (int, float)
    return word if isinstance(read, wanted) and not isinstance(read, bool) else ""


def _block_at(block: type[Block], path: tuple[str | int, ...]) -> type[Block] | None:
    """The block of the schema a path below `block` leads to."""
    annotation: Any = block
    for step in path:
        if isinstance(annotation, type) and issubclass(annotation, Block):
            by_key = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
            annotation = by_key.get(str(step))
        else:
            annotation = _block_in(annotation)  # an item of a list, or a value of a mapping
        annotation = annotation if _is_collection(annotation) else _block_in(annotation)
    return annotation if isinstance(annotation, type) and issubclass(annotation, Block) else None


def _is_collection(annotation: Any) -> bool:
    origin = getattr(annotation, "__origin__", None)
    return isinstance(origin, type) and issubclass(origin, tuple | Mapping)


def _block_in(annotation: Any) -> type[Block] | None:
    """The one block a type holds, through optional, annotated, list and mapping types."""
    if isinstance(annotation, type) and issubclass(annotation, Block):
        return annotation
    found = (_block_in(argument) for argument in get_args(annotation))
    return next((block for block in found if block is not None), None)
