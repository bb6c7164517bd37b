"""The form of an answer: what a provider is told, what is wrong with one, and what is said without a model."""

from __future__ import annotations

import json

import pytest

from hector_tui.llm.base import ModelRequest, StructuredOutput
from hector_tui.llm.offline import OfflineModel
from hector_tui.llm.structured import fault_of, in_words, is_strict, plain_choice, schema_of
from tests.provider.talk import ask, hear

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": ["integer", "null"]},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}},
        "home": {"type": "object", "properties": {"city": {"type": "string"}}, "additionalProperties": False},
    },
    "required": ["name"],
}
JSON = StructuredOutput(format="json", schema=PERSON)
CHOICE = StructuredOutput(format="enum", choices=("yes", "no"))
XML = StructuredOutput(format="xml")


@pytest.mark.parametrize(
    ("output", "text", "fault"),
    [
        (JSON, '{"name": "Ada", "age": 36.0, "tags": ["a"], "home": {"city": "London"}, "more": 1}', ""),
        (JSON, '{"name": "Ada", "age": null}', ""),
        (JSON, '{"age": 1}', "the answer lacks 'name'"),
        (JSON, '{"name": 1}', "name is not of the type string"),
        (JSON, '{"name": "Ada", "age": true}', "age is not of the type"),
        (JSON, '{"name": "Ada", "tags": ["a", "c"]}', "tags[1] is none of a, b"),
        (JSON, '{"name": "Ada", "home": {"street": "x"}}', "home has 'street'"),
        (JSON, "[1]", "the answer is not of the type object"),
        (JSON, '```json\n{"name": "Ada"}\n```', "it is not valid JSON"),
        (JSON, "Sure! Here it is", "it is not valid JSON"),
        (JSON, "[" * 100_000, "it is nested too deeply"),
        (StructuredOutput(format="json"), '{"any": "thing"}', ""),
        (StructuredOutput(format="json"), '"text"', "not of the type object"),
        (CHOICE, "yes", ""),
        (CHOICE, ' "no"\n', ""),
        (CHOICE, '{"answer": "no"}', ""),
        (CHOICE, "maybe", "it is none of yes, no"),
        (CHOICE, "yes, of course", "it is none of yes, no"),
        (XML, "<a>b</a>\n", ""),
        (XML, "<a>b", "it is not well-formed XML"),
        (XML, "words", "it is not well-formed XML"),
        (XML, '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">]><a>&b;</a>', "it has a document type"),
    ],
)
def test_what_is_wrong_with_an_answer_is_named(output: StructuredOutput, text: str, fault: str) -> None:
    found = fault_of(output, text)
    assert fault in found
    assert bool(found) is bool(fault)


@pytest.mark.parametrize(
    ("text", "choice"),
    [("yes", "yes"), ('"yes"', "yes"), ('{"answer": "yes"}', "yes"), ("42", "42"), ('{"a": 1}', '{"a": 1}'), ("", "")],
)
def test_a_choice_is_taken_out_of_what_it_is_wrapped_in(text: str, choice: str) -> None:
    assert plain_choice(text) == choice


def test_only_a_schema_without_freedom_is_strict() -> None:
    assert is_strict(schema_of(CHOICE))
    assert not is_strict(PERSON)
    inner = {"type": "object", "properties": {"x": {}}, "required": ["x"], "additionalProperties": False}
    assert is_strict({"type": "array", "items": inner})
    assert not is_strict({"type": "array", "items": {**inner, "required": []}})
    assert not is_strict({"anyOf": [inner, {"type": "object"}]})


@pytest.mark.parametrize("output", [JSON, CHOICE, XML, StructuredOutput(format="xml", property_ordering=("b", "a"))])
def test_words_ask_for_everything(output: StructuredOutput) -> None:
    words = in_words(StructuredOutput(**{**{name: getattr(output, name) for name in FIELDS}, "prefill": "{{{"}))
    assert words.endswith("\n{{{")
    assert all(choice in words for choice in output.choices)
    assert "XML" in words or output.format != "xml"
    assert '"required": ["name"]' in words or not output.schema


FIELDS = ("format", "schema", "choices", "prefill", "property_ordering")


async def test_the_offline_model_fills_the_forms_that_need_no_understanding() -> None:
    model = OfflineModel(delay_s=0)

    async def answer(output: StructuredOutput) -> str:
        return (await hear(model, ModelRequest(system="", messages=ask("hello").messages, output=output))).text

    loose = json.loads(await answer(StructuredOutput(format="json")))
    assert "offline responder" in loose["answer"]
    assert "no language model" in loose["by"]
    xml = await answer(XML)
    assert fault_of(XML, xml) == ""
    for output in (JSON, CHOICE):
        told = await answer(output)
        assert "needs a language model" in told
        assert fault_of(output, told)
