"""Structured output: what every wire format needs to ask for an answer's form, and what tells whether it has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from hector_tui.llm.base import StructuredOutput

ANSWER = "answer"
"""The key that holds the choice where a provider takes only objects."""


def schema_of(output: StructuredOutput) -> dict[str, Any]:
    """The JSON Schema of an answer, with the keys in the order that was asked for; empty for any object.

    A choice becomes an object with one key, because providers take only objects; `plain_choice` undoes it.
    """
    if output.format == "enum":
        choice = {ANSWER: {"type": "string", "enum": list(output.choices)}}
        return {"type": "object", "properties": choice, "required": [ANSWER], "additionalProperties": False}
    schema = dict(output.schema)
    properties = schema.get("properties", {})
    if output.property_ordering and isinstance(properties, Mapping):
        first = [name for name in output.property_ordering if name in properties]
        schema["properties"] = {name: properties[name] for name in dict.fromkeys([*first, *properties])}
    return schema


def is_strict(schema: Any) -> bool:
    """Whether a provider can hold a model to a schema: every object names all its keys and allows no others.

    OpenAI refuses a schema marked as strict that is not (https://platform.openai.com/docs/guides/structured-outputs).
    """
    if isinstance(schema, list):
        return all(is_strict(item) for item in schema)
    if not isinstance(schema, Mapping):
        return True
    if schema.get("type") == "object":
        properties = schema.get("properties")
        if not isinstance(properties, Mapping) or schema.get("additionalProperties") is not False:
            return False
        if set(schema.get("required", ())) != set(properties):
            return False
    return all(is_strict(value) for value in schema.values())


def in_words(output: StructuredOutput, *, prefill: bool = True) -> str:
    """What to add to the system prompt where a provider has no way of its own.

    Args:
        output: The form.
        prefill: Whether to ask for the beginning too; not where it is put into the model's mouth.
    """
    match output.format:
        case "enum":
            choices = "\n".join(f"- {choice}" for choice in output.choices)
            lines = [f"Answer with exactly one of these, and nothing else:\n{choices}"]
        case "xml":
            lines = ["Answer with one well-formed XML element and nothing else: no code fence, no words around it."]
            if output.schema:
                lines.append(f"It follows this schema:\n{_dumped(schema_of(output))}")
            elif output.property_ordering:
                lines.append(f"Its elements, in this order: {', '.join(output.property_ordering)}.")
        case "json":
            lines = ["Answer with one JSON object and nothing else: no code fence, no words around it."]
            if output.schema:
                lines.append(f"It follows this JSON Schema:\n{_dumped(schema_of(output))}")
            elif output.property_ordering:
                lines.append(f"Its keys, in this order: {', '.join(output.property_ordering)}.")
    if prefill and output.prefill:
        lines.append(f"The answer begins with exactly this:\n{output.prefill}")
    return "\n\n".join(lines)


def _dumped(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False)


def plain_choice(text: str) -> str:
    """A choice without what providers wrap it in: quotation marks, or an object with one key."""
    stripped = text.strip()
    try:
        value = json.loads(stripped)
    except (ValueError, RecursionError):
        return stripped
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    return value if isinstance(value, str) else stripped


def fault_of(output: StructuredOutput, text: str) -> str:
    """What is wrong with an answer's form, as the end of a sentence; empty when nothing is."""
    match output.format:
        case "enum":
            if plain_choice(text) in output.choices:
                return ""
            return f"it is none of {', '.join(output.choices)}"
        case "xml":
            return _xml_fault(text)
        case "json":
            return _json_fault(output, text)


def _json_fault(output: StructuredOutput, text: str) -> str:
    try:
        value = json.loads(text)
    except RecursionError:
        return "it is nested too deeply"
    except ValueError as error:
        where = f" ({error.msg}, line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        return f"it is not valid JSON{where}"
    return _schema_fault(value, schema_of(output) or {"type": "object"}, "")


_TYPES: dict[str, type[Any] | tuple[type[Any], ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def _schema_fault(value: Any, schema: Any, path: str) -> str:
    """The first departure from the parts of JSON Schema that say what keys and types there are.

    A full validator is a dependency of its own for what a notice says; patterns and bounds are the provider's to hold.
    """
    if not isinstance(schema, Mapping):
        return ""
    name = path or "the answer"
    if (allowed := schema.get("enum")) and isinstance(allowed, list) and value not in allowed:
        return f"{name} is none of {', '.join(map(str, allowed))}"
    if not _has_type(value, schema.get("type")):
        return f"{name} is not of the type {schema['type']}"
    if isinstance(value, list):
        faults = (_schema_fault(item, schema.get("items"), f"{path}[{number}]") for number, item in enumerate(value))
        return next(filter(None, faults), "")
    if not isinstance(value, dict):
        return ""
    properties = schema.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    required = schema.get("required")
    for key in required if isinstance(required, list) else ():
        if key not in value:
            return f"{name} lacks {key!r}"
    if schema.get("additionalProperties") is False and (extra := [key for key in value if key not in properties]):
        return f"{name} has {extra[0]!r}, which the schema does not know"
    faults = (
        _schema_fault(inner, properties[key], f"{path}.{key}".strip("."))
        for key, inner in value.items()
        if key in properties
    )
    return next(filter(None, faults), "")


def _has_type(value: Any, wanted: Any) -> bool:
    names = wanted if isinstance(wanted, list) else [wanted]
    if isinstance(value, bool):
        return "boolean" in names or not any(name in _TYPES for name in names)
    if isinstance(value, float) and value.is_integer() and "integer" in names:
        return True
    known = [_TYPES[name] for name in names if isinstance(name, str) and name in _TYPES]
    return not known or any(isinstance(value, kind) for kind in known)


def _xml_fault(text: str) -> str:
    """Whether a text is one XML element. A document type is refused before its entities could grow without bound."""
    parser = expat.ParserCreate()
    refused: list[str] = []

    def no_document_type(*_: object) -> None:
        refused.append("it has a document type")
        raise ValueError

    parser.StartDoctypeDeclHandler = no_document_type
    try:
        parser.Parse(text.strip(), True)
    except expat.ExpatError as error:
        return f"it is not well-formed XML ({error})"
    except ValueError:
        return refused[0] if refused else "it is not well-formed XML"
    return ""
