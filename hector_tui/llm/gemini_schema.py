"""JSON Schemas as Gemini takes them for answers: the subset of OpenAPI 3.0 it calls `Schema`.

Format: https://ai.google.dev/api/caching#Schema. A keyword it does not know fails the whole request with status 400,
so what has no counterpart is left out: the answer is held to less than was asked, never to something else. Tools do
not come here; their parameters are sent as JSON Schema, in a field of its own that takes all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_PLAIN = (
    "title",
    "description",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "pattern",
)
"""Keywords that mean the same in both."""
_FORMATS = {
    "string": frozenset({"enum", "date-time"}),
    "number": frozenset({"float", "double"}),
    "integer": frozenset({"int32", "int64"}),
}
_DEEPEST = 24
"""Levels; a schema that refers to itself has no end, and Gemini takes no references."""
_LARGEST = 2_000
"""Schemas within one; a tree that refers to itself twice would double with every level."""


def openapi_schema(schema: Mapping[str, Any], ordering: Sequence[str] = ()) -> dict[str, Any]:
    """A JSON Schema in Gemini's words.

    Args:
        schema: The schema; references into itself are followed.
        ordering: The order of the outermost keys; those it does not name keep theirs, after the named ones.
    """
    made = _Translation(schema).of(schema, 0)
    if ordering and (names := made.get("properties")):
        first = [name for name in dict.fromkeys(ordering) if name in names]
        made["propertyOrdering"] = [*first, *(name for name in names if name not in first)]
    return made


class _Translation:
    """One schema being translated."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._left = _LARGEST

    def of(self, schema: Any, depth: int) -> dict[str, Any]:
        self._left -= 1
        if not isinstance(schema, Mapping) or depth > _DEEPEST or self._left < 0:
            return {}
        schema = self._resolved(schema)
        made: dict[str, Any] = {name: schema[name] for name in _PLAIN if name in schema}
        kind, nullable = _type_of(schema)
        if nullable or schema.get("nullable") is True:
            made["nullable"] = True
        if kind:
            made["type"] = kind.upper()
        choices = [schema["const"]] if "const" in schema else schema.get("enum")
        if isinstance(choices, list):
            made.update(_choices(choices, kind))
        if schema.get("format") in _FORMATS.get(kind, ()):
            made["format"] = schema["format"]
        self._add_parts(made, schema, depth)
        return made

    def _add_parts(self, made: dict[str, Any], schema: Mapping[str, Any], depth: int) -> None:
        """The schemas within a schema."""
        properties = schema.get("properties")
        if isinstance(properties, Mapping) and properties:
            made["properties"] = {name: self.of(inner, depth + 1) for name, inner in properties.items()}
            required = schema.get("required")
            if isinstance(required, list) and (known := [name for name in required if name in properties]):
                made["required"] = known
            if isinstance(ordering := schema.get("propertyOrdering"), list):
                made["propertyOrdering"] = ordering
        if isinstance(items := schema.get("items"), Mapping):
            made["items"] = self.of(items, depth + 1)
        for name in ("anyOf", "oneOf"):
            if isinstance(variants := schema.get(name), list):
                self._add_variants(made, variants, depth)

    def _add_variants(self, made: dict[str, Any], variants: list[Any], depth: int) -> None:
        kept = [variant for variant in variants if not _is_null(variant)]
        if len(kept) < len(variants):
            made["nullable"] = True
        inner = [self.of(variant, depth + 1) for variant in kept]
        if len(inner) == 1:
            made.update({**inner[0], **made})
        elif inner:
            made["anyOf"] = inner

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema a reference stands for, with what stands beside the reference."""
        for _ in range(_DEEPEST):
            reference = schema.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#"):
                break
            target: Any = self._root
            for step in filter(None, reference.lstrip("#").split("/")):
                target = target.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(target, Mapping) else None
            beside = {name: value for name, value in schema.items() if name != "$ref"}
            schema = {**(target if isinstance(target, Mapping) else {}), **beside}
        return schema


def _type_of(schema: Mapping[str, Any]) -> tuple[str, bool]:
    """The type in lower case, empty when there is none or several, and whether null is one of them."""
    kind = schema.get("type")
    if isinstance(kind, list):
        others = [one for one in kind if one != "null"]
        return (str(others[0]).lower() if len(others) == 1 else ""), len(others) < len(kind)
    if isinstance(kind, str):
        return kind.lower(), False
    return ("object" if "properties" in schema else ""), False


def _choices(choices: list[Any], kind: str) -> dict[str, Any]:
    """A closed set; Gemini takes only texts in one, and others are left to the type."""
    texts = [choice for choice in choices if isinstance(choice, str)]
    if len(texts) < len(choices) or kind not in ("", "string"):
        return {}
    return {"type": "STRING", "format": "enum", "enum": texts}


def _is_null(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "null"
