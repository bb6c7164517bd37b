"""What Ollama is sent: messages, tools, pictures, options, and nothing that the model is known to refuse."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from hector_tui.domain.messages import (
    FilePart,
    Message,
    Role,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    user_message,
)
from hector_tui.domain.tools import ToolSpec
from hector_tui.errors import ConfigError, RequestRejected
from hector_tui.llm.base import ModelRequest, StructuredOutput
from hector_tui.llm.ollama_facts import ModelFacts
from hector_tui.llm.ollama_request import OllamaSettings, body, checked_keep_alive
from tests.provider.talk import ask
from tests.unit.llm.formats.ollama import complaints

SPEC = ToolSpec(
    name="get", description="Gets.", parameters={"type": "object", "properties": {"x": {"type": "integer"}}}
)
PNG = FilePart("id-png", "cat.png", "image/png", 4)
NOTES = FilePart("id-txt", "notes.txt", "text/plain", 5)
FILES = {"id-png": b"\x89PNG", "id-txt": "Grüße".encode()}


def can(*capabilities: str) -> ModelFacts:
    return ModelFacts(capabilities=frozenset({"completion", *capabilities}))


def sent(
    request: ModelRequest, facts: ModelFacts | None = None, left_out: frozenset[str] = frozenset(), **settings: Any
) -> dict[str, Any]:
    data = json.loads(body(OllamaSettings(model="m", **settings), request, facts or ModelFacts(), left_out))
    assert isinstance(data, dict)
    return data


def test_messages_are_mapped_in_order() -> None:
    calls = (ToolCallPart("c1", "get", '{"x": 1}'), ToolCallPart("c2", "look", ""))
    results = (ToolResultPart("c1", "get", "one"), ToolResultPart("c2", "look", "failed", is_error=True))
    request = ModelRequest(
        system="Be kind.",
        messages=(
            user_message("hello"),
            Message(Role.ASSISTANT, (TextPart("Let me look."), *calls)),
            Message(Role.TOOL, results),
            Message(Role.ASSISTANT, (ThinkingPart("only thinking"),)),
            Message(Role.ASSISTANT, (TextPart("Done."),)),
        ),
        tools=(SPEC, ToolSpec(name="look", description="")),
    )
    data = sent(request)
    assert data["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "hello"},
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [
                {"id": "c1", "function": {"name": "get", "arguments": {"x": 1}}},
                {"id": "c2", "function": {"name": "look", "arguments": {}}},
            ],
        },
        {"role": "tool", "tool_name": "get", "tool_call_id": "c1", "content": "one"},
        {"role": "tool", "tool_name": "look", "tool_call_id": "c2", "content": "failed"},
        {"role": "assistant", "content": "Done."},
    ]
    assert data["tools"][0] == {
        "type": "function",
        "function": {"name": "get", "description": "Gets.", "parameters": SPEC.parameters},
    }
    assert data["tools"][1]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert complaints(data) == []


def test_what_is_not_set_is_not_sent() -> None:
    assert set(sent(ask("hello"))) == {"model", "messages", "stream"}


def test_the_request_goes_before_the_settings_of_the_model() -> None:
    request = ModelRequest(system="", messages=(user_message("a"),), temperature=0.0)
    data = sent(request, temperature=0.7, max_tokens=100, window=8_192, keep_alive="10m")
    assert data["options"] == {"temperature": 0.0, "num_predict": 100, "num_ctx": 8_192}
    assert data["keep_alive"] == "10m"


@pytest.mark.parametrize(("written", "value"), [("-1", -1), ("0", 0), ("300", 300), ("1h30m", "1h30m"), ("-1m", "-1m")])
def test_how_long_a_model_stays_loaded_goes_as_ollama_reads_it(written: str, value: object) -> None:
    assert sent(ask("a"), keep_alive=checked_keep_alive(f" {written} "))["keep_alive"] == value


@pytest.mark.parametrize("written", ["soon", "10 minutes", "5x", "m"])
def test_a_keep_alive_that_is_no_duration_is_refused(written: str) -> None:
    with pytest.raises(ConfigError, match="keep_alive") as caught:
        checked_keep_alive(written)
    assert "10m" in caught.value.hint


def test_a_model_is_asked_only_what_it_can_do() -> None:
    request = ask("a", tools=("get",))
    unknown, plain, able = sent(request), sent(request, can()), sent(request, can("tools", "thinking"))
    assert ("tools" in unknown, "think" in unknown) == (True, False)
    assert ("tools" in plain, "think" in plain) == (False, False)
    assert ("tools" in able, able["think"]) == (True, True)


def test_what_was_refused_is_left_out() -> None:
    output = StructuredOutput(format="json")
    request = ModelRequest(system="", messages=(user_message("a"),), tools=(SPEC,), output=output)
    data = sent(request, can("tools", "thinking"), frozenset({"tools", "thinking", "response_format"}))
    assert set(data) == {"model", "messages", "stream"}
    assert "JSON" in data["messages"][0]["content"]


def test_thoughts_go_back_while_tools_are_used_and_not_later() -> None:
    call, result = ToolCallPart("c", "get", "{}"), Message(Role.TOOL, (ToolResultPart("c", "get", "x"),))
    first = Message(Role.ASSISTANT, (ThinkingPart("old"), call))
    second = Message(Role.ASSISTANT, (ThinkingPart("new"), call))
    done = Message(Role.ASSISTANT, (TextPart("done"),))
    request = ask("a", first, result, done, "b", second, result)
    thinking = [message.get("thinking") for message in sent(request, can("tools", "thinking"))["messages"]]
    assert thinking == [None, None, None, None, None, "new", None]
    assert "thinking" not in json.dumps(sent(request)["messages"])


@pytest.mark.parametrize("broken", ['{"x": ', "[1]", '"text"', "null", "\x00"])
def test_arguments_a_model_broke_do_not_break_every_later_request(broken: str) -> None:
    request = ask("a", Message(Role.ASSISTANT, (ToolCallPart("c", "get", broken),)))
    assert sent(request)["messages"][1]["tool_calls"][0]["function"]["arguments"] == {"not_valid_json": broken}


def test_pictures_go_beside_the_words_and_text_files_into_them() -> None:
    message = user_message("What is this?", (PNG, NOTES))
    for facts in (ModelFacts(), can("vision")):
        (made,) = sent(ModelRequest(system="", messages=(message,), files=FILES), facts)["messages"]
        assert made["images"] == [base64.b64encode(b"\x89PNG").decode()]
        assert "Grüße" in made["content"]
        assert made["content"].endswith("What is this?")


def test_a_picture_for_a_model_that_sees_none_is_refused_now_and_only_named_later() -> None:
    with pytest.raises(RequestRejected, match=r"cat\.png"):
        sent(ModelRequest(system="", messages=(user_message("a", (PNG,)),), files=FILES), can())
    later = (user_message("a", (PNG,)), Message(Role.ASSISTANT, (TextPart("b"),)), user_message("c"))
    first = sent(ModelRequest(system="", messages=later, files=FILES), can())["messages"][0]
    assert "cat.png" in first["content"]
    assert "images" not in first


@pytest.mark.parametrize(
    ("output", "form"),
    [
        (StructuredOutput(format="json"), "json"),
        (StructuredOutput(format="json", schema={"type": "object"}), {"type": "object"}),
        (StructuredOutput(format="enum", choices=("a", "b")), {"type": "string", "enum": ["a", "b"]}),
        (StructuredOutput(format="xml"), None),
    ],
)
def test_the_form_of_an_answer_is_asked_for_in_ollamas_way(output: StructuredOutput, form: object) -> None:
    data = sent(ModelRequest(system="Be kind.", messages=(user_message("a"),), output=output))
    assert data.get("format") == form
    assert (data["messages"][0]["content"] == "Be kind.") is (form is not None)
