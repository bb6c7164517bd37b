"""JSON Schemas in Gemini's words: what it takes stays, what it refuses goes, references are followed."""

from __future__ import annotations

from typing import Any

import pytest

from hector_tui.llm.gemini_schema import openapi_schema


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, {"type": "STRING"}),
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}),
        ({"type": "string", "format": "email"}, {"type": "STRING"}),
        ({"type": "string", "format": "date-time"}, {"type": "STRING", "format": "date-time"}),
        ({"type": "integer", "format": "int64", "minimum": 1}, {"type": "INTEGER", "format": "int64", "minimum": 1}),
        ({"enum": ["a", "b"]}, {"type": "STRING", "format": "enum", "enum": ["a", "b"]}),
        ({"const": "a"}, {"type": "STRING", "format": "enum", "enum": ["a"]}),
        ({"type": "integer", "enum": [1, 2]}, {"type": "INTEGER"}),
        ({"type": "integer", "exclusiveMinimum": 0, "multipleOf": 2}, {"type": "INTEGER"}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "STRING", "nullable": True}),
        (
            {"oneOf": [{"type": "string"}, {"type": "integer"}], "description": "d"},
            {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}], "description": "d"},
        ),
        ({"type": "array", "items": {"type": "number"}}, {"type": "ARRAY", "items": {"type": "NUMBER"}}),
        ({}, {}),
    ],
)
def test_keywords_become_geminis_or_are_left_out(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert openapi_schema(schema) == expected


def test_an_object_keeps_its_keys_and_their_order() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"b": {"type": "string"}, "a": {"$ref": "#/$defs/A"}},
        "required": ["b", "gone"],
        "additionalProperties": False,
        "$defs": {"A": {"type": "object", "properties": {"x": {"type": "boolean", "default": True}}}},
    }
    assert openapi_schema(schema, ("a",)) == {
        "type": "OBJECT",
        "properties": {"b": {"type": "STRING"}, "a": {"type": "OBJECT", "properties": {"x": {"type": "BOOLEAN"}}}},
        "required": ["b"],
        "propertyOrdering": ["a", "b"],
    }


def test_a_schema_that_holds_itself_comes_to_an_end() -> None:
    schema = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    made: Any = openapi_schema(schema)
    for _ in range(20):
        made = made["properties"]["next"]
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}}
    assert len(str(openapi_schema(tree))) < 200_000
    assert openapi_schema({"$ref": "#"}) == {}
    assert openapi_schema({"$ref": "#/nowhere", "type": "string"}) == {"type": "STRING"}
