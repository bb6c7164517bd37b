"""What Anthropic is sent: addresses, parameters by model, blocks, cache marks, files, thoughts, forms of answers."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from hector_tui.domain.files import AttachedFile
from hector_tui.domain.messages import (
    Message,
    Role,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    user_message,
)
from hector_tui.domain.tools import ToolSpec
from hector_tui.errors import RequestRejected
from hector_tui.llm.anthropic import Messages
from hector_tui.llm.anthropic_models import effort_of, traits_of, version_of
from hector_tui.llm.anthropic_request import VERSION, Parameters, anthropic_url, body
from hector_tui.llm.base import ModelRequest, StructuredOutput
from hector_tui.llm.secrets import Secret
from tests.provider.talk import ask
from tests.unit.llm.formats.anthropic import complaints

BUDGETED, ADAPTIVE = "claude-sonnet-4-5", "claude-sonnet-5-5"
MARK = {"type": "ephemeral"}
CALLED = (
    user_message("What time is it?"),
    Message(Role.ASSISTANT, (ToolCallPart("call_1", "clock", "{}"),)),
    Message(Role.TOOL, (ToolResultPart("call_1", "clock", "noon"),)),
)
THOUGHT = ThinkingPart("Hm. ", "anthropic:sig1")


def sent(request: ModelRequest, model: str = BUDGETED, **settings: Any) -> dict[str, Any]:
    data = json.loads(body(model, request, Parameters(**settings)))
    assert isinstance(data, dict)
    assert complaints(data) == []
    return data


def asked_for(output: StructuredOutput, model: str = BUDGETED, **settings: Any) -> dict[str, Any]:
    request = ModelRequest(system="Be kind.", messages=(user_message("Well?"),), output=output)
    return sent_unchecked(request, model, **settings)


def sent_unchecked(request: ModelRequest, model: str, **settings: Any) -> dict[str, Any]:
    data = json.loads(body(model, request, Parameters(**settings)))
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://api.anthropic.com", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/v1", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/v1/messages", "https://api.anthropic.com/v1/messages"),
        ("https://host/anthropic", "https://host/anthropic/v1/messages"),
        ("http://localhost:8080/v1?team=a", "http://localhost:8080/v1/messages?team=a"),
    ],
)
def test_addresses_of_every_form_are_understood(base_url: str, url: str) -> None:
    assert anthropic_url(base_url, "/messages") == url
    assert anthropic_url(base_url, "/models") == url.replace("/messages", "/models")


@pytest.mark.parametrize(
    ("model", "version"),
    [
        ("claude-sonnet-4-5-20250929", (4, 5)),
        ("claude-haiku-4-5", (4, 5)),
        ("claude-opus-4-20250514", (4, 0)),
        ("claude-sonnet-5", (5, 0)),
        ("claude-opus-5-5", (5, 5)),
        ("claude-3-7-sonnet-latest", (3, 7)),
        ("claude-3-opus-20240229", (3, 0)),
        ("anthropic/claude-sonnet-4.6", (4, 6)),
        ("kimi-k2", None),
    ],
)
def test_the_version_is_read_from_the_name(model: str, version: tuple[int, int] | None) -> None:
    assert version_of(model) == version


def test_only_what_is_needed_is_sent() -> None:
    data = sent(ask("hello"))
    assert set(data) == {"model", "messages", "max_tokens", "stream"}
    assert data["messages"] == [{"role": "user", "content": [{"type": "text", "text": "hello", "cache_control": MARK}]}]
    assert (data["max_tokens"], data["stream"]) == (traits_of(BUDGETED).max_tokens, True)


def test_the_request_goes_before_the_settings_of_the_model() -> None:
    request = ModelRequest(system="", messages=(user_message("a"),), temperature=0.0, max_tokens=5)
    data = sent(request, temperature=0.7, max_tokens=100)
    assert (data["temperature"], data["max_tokens"]) == (0.0, 5)


def test_a_temperature_is_sent_only_to_models_that_take_it() -> None:
    assert sent(ask("a"), "claude-opus-4-6", temperature=1.7)["temperature"] == 1.0
    assert sent(ask("a"), "other-vendor-1", temperature=0.3)["temperature"] == 0.3
    assert "temperature" not in sent(ask("a"), "claude-opus-4-7", temperature=0.3)
    assert "temperature" not in sent(ask("a"), BUDGETED, temperature=0.3, thinking=2_000)
    assert "temperature" not in sent(ask("a"), BUDGETED, temperature=0.3, left_out=frozenset({"temperature"}))


def test_a_budget_is_sent_as_the_model_takes_it() -> None:
    data = sent(ask("a"), BUDGETED, thinking=2_000)
    assert data["thinking"] == {"type": "enabled", "budget_tokens": 2_000}
    assert sent(ask("a"), BUDGETED, thinking=10)["thinking"]["budget_tokens"] == 1_024
    data = sent(ask("a"), ADAPTIVE, thinking=2_000)
    assert data["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert data["output_config"] == {"effort": "low"}
    assert [effort_of(budget) for budget in (4_096, 4_097, 16_384, 16_385)] == ["low", "medium", "medium", "high"]
    assert "thinking" not in sent(ask("a"), "claude-3-5-haiku-latest", thinking=2_000)
    for model in (BUDGETED, ADAPTIVE):
        assert "thinking" not in sent(ask("a"), model)
        assert "thinking" not in sent(ask("a"), model, thinking=2_000, left_out=frozenset({"thinking"}))


def test_thoughts_do_not_eat_the_bound_of_the_answer() -> None:
    assert sent(ask("a"), BUDGETED, thinking=4_000, max_tokens=1_000)["max_tokens"] == 5_000
    assert sent(ask("a"), BUDGETED, thinking=4_000, max_tokens=9_000)["max_tokens"] == 9_000


def test_calls_made_without_a_thought_are_followed_up_without_one() -> None:
    """Another model began the turn: a budget would be refused until the next one."""
    assert "thinking" not in sent(ask(*CALLED), BUDGETED, thinking=2_000)
    assert "thinking" in sent(ask(*CALLED), ADAPTIVE, thinking=2_000)
    own = (CALLED[0], Message(Role.ASSISTANT, (THOUGHT, *CALLED[1].parts)), CALLED[2])
    assert "thinking" in sent(ask(*own), BUDGETED, thinking=2_000)
    ended = (*CALLED, Message(Role.ASSISTANT, (TextPart("Noon."),)), user_message("And now?"))
    assert "thinking" in sent(ask(*ended), BUDGETED, thinking=2_000)


def test_headers_hold_the_version_and_the_key() -> None:
    plain = Messages(model=BUDGETED, url="http://x")
    assert plain.headers(Secret("")) == {"anthropic-version": VERSION}
    assert plain.headers(Secret("sk"))["x-api-key"] == "sk"
    thinking = Messages(model=BUDGETED, url="http://x", parameters=Parameters(thinking=2_000))
    assert "interleaved-thinking" in thinking.headers(Secret(""))["anthropic-beta"]
    adaptive = Messages(model=ADAPTIVE, url="http://x", parameters=Parameters(thinking=2_000))
    assert "anthropic-beta" not in adaptive.headers(Secret(""))


def test_parts_become_blocks_in_their_order_and_proofs_go_back_unchanged() -> None:
    answer = Message(
        Role.ASSISTANT,
        (
            ThinkingPart(" First. ", "anthropic:sig1"),
            ThinkingPart("", "anthropic:redacted:AAA="),
            TextPart("Wait."),
            ThinkingPart("", "anthropic:sig2"),
            TextPart("So."),
            ThinkingPart("no proof"),
            ThinkingPart("not ours", "gemini:xyz"),
            ToolCallPart("call_1", "clock", '{"zone": "UTC"}'),
            ToolCallPart("call_2", "rm", ""),
        ),
    )
    results = Message(
        Role.TOOL,
        (ToolResultPart("call_1", "clock", "noon"), ToolResultPart("call_2", "rm", "", is_error=True)),
    )
    data = sent(ask("a", answer, results, "go on"))
    _, assistant, user = data["messages"]
    assert assistant["content"] == [
        {"type": "thinking", "thinking": " First. ", "signature": "sig1"},
        {"type": "redacted_thinking", "data": "AAA="},
        {"type": "text", "text": "Wait."},
        {"type": "thinking", "thinking": "", "signature": "sig2"},
        {"type": "text", "text": "So."},
        {"type": "tool_use", "id": "call_1", "name": "clock", "input": {"zone": "UTC"}},
        {"type": "tool_use", "id": "call_2", "name": "rm", "input": {}},
    ]
    assert user["content"] == [
        {"type": "tool_result", "tool_use_id": "call_1", "content": "noon"},
        {"type": "tool_result", "tool_use_id": "call_2", "content": "(no output)", "is_error": True},
        {"type": "text", "text": "go on", "cache_control": MARK},
    ]


def test_cache_marks_end_the_tools_the_prompt_and_the_last_two_questions() -> None:
    questions = [user_message(f"question {number}") for number in range(4)]
    answers = [Message(Role.ASSISTANT, (TextPart("yes"),)) for _ in range(3)]
    said = [message for pair in zip(questions, answers, strict=False) for message in pair]
    data = sent(ask(*said, questions[-1], tools=("one", "two"), system="Be kind."))
    assert [tool.get("cache_control") for tool in data["tools"]] == [None, MARK]
    assert data["system"] == [{"type": "text", "text": "Be kind.", "cache_control": MARK}]
    marked = [message["content"][0].get("cache_control") for message in data["messages"]]
    assert marked == [None, None, None, None, MARK, None, MARK]


def test_tools_carry_their_schema() -> None:
    parameters = {"type": "object", "properties": {"zone": {"type": "string"}}}
    request = ModelRequest(
        system="",
        messages=(user_message("a"),),
        tools=(ToolSpec(name="clock", description="Tells.", parameters=parameters), ToolSpec(name="x", description="")),
    )
    clock, plain = sent(request)["tools"]
    assert clock == {"name": "clock", "description": "Tells.", "input_schema": parameters}
    assert plain["input_schema"] == {"type": "object", "properties": {}}


def test_files_stand_before_the_words_in_the_way_of_their_kind() -> None:
    picture = AttachedFile("a.png", "image/png", b"\x89PNG")
    paper = AttachedFile("b.pdf", "application/pdf", b"%PDF")
    notes = AttachedFile("c.txt", "text/plain", "Grüße".encode())
    empty = AttachedFile("d.txt", "text/plain", b" \n")
    attached = (picture, paper, notes, empty)
    request = ModelRequest(
        system="",
        messages=(user_message("Look.", tuple(file.part for file in attached)),),
        files={file.part.file_id: file.content for file in attached},
    )
    image, document, text, nothing, words = sent(request)["messages"][0]["content"]
    assert image["source"] == {
        "type": "base64",
        "media_type": "image/png",
        "data": base64.b64encode(b"\x89PNG").decode(),
    }
    assert (document["type"], document["title"], document["source"]["media_type"]) == (
        "document",
        "b.pdf",
        "application/pdf",
    )
    assert text["source"] == {"type": "text", "media_type": "text/plain", "data": "Grüße"}
    assert "d.txt is empty" in nothing["text"]
    assert words["text"] == "Look."


def test_files_that_cannot_be_sent_are_named() -> None:
    picture = AttachedFile("a.tiff", "image/tiff", b"II*")
    message = user_message("Look.", (picture.part,))
    with pytest.raises(RequestRejected, match=r"a\.tiff.*image/tiff"):
        sent(ModelRequest(system="", messages=(message,), files={picture.part.file_id: b"II*"}))
    gone = AttachedFile("b.png", "image/png", b"x")
    with pytest.raises(RequestRejected, match=r"b\.png"):
        sent(ModelRequest(system="", messages=(user_message("Look.", (gone.part,)),)))


SCHEMA = {
    "type": "object",
    "properties": {
        "minimum": {"type": "integer", "minimum": 1, "maximum": 9, "description": "How many"},
        "inner": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 5}}},
    },
    "required": ["minimum"],
}


def test_a_schema_holds_the_model_and_says_the_rest_in_words() -> None:
    data = asked_for(StructuredOutput(format="json", schema=SCHEMA, prefill="{"), thinking=2_000)
    form = data["output_config"]["format"]
    assert form["type"] == "json_schema"
    assert form["schema"] == {
        "type": "object",
        "properties": {
            "minimum": {"type": "integer", "description": "How many (minimum: 1, maximum: 9)"},
            "inner": {
                "type": "object",
                "properties": {"name": {"type": "string", "description": "(maxLength: 5)"}},
                "additionalProperties": False,
            },
        },
        "required": ["minimum"],
        "additionalProperties": False,
    }
    assert data["system"][0]["text"] == "Be kind."
    assert len(data["messages"]) == 1
    both = asked_for(StructuredOutput(format="json", schema=SCHEMA), ADAPTIVE, thinking=2_000)
    assert set(both["output_config"]) == {"effort", "format"}


def test_a_model_that_is_not_held_is_asked_in_words() -> None:
    old = asked_for(StructuredOutput(format="json", schema=SCHEMA, prefill='{"minimum": '), "claude-opus-4-1")
    assert "output_config" not in old
    assert '"maxLength": 5' in old["system"][0]["text"]
    assert old["messages"][-1] == {"role": "assistant", "content": [{"type": "text", "text": '{"minimum":'}]}
    refused = asked_for(StructuredOutput(format="json", schema=SCHEMA), ADAPTIVE, left_out=frozenset({"output_config"}))
    assert "output_config" not in refused
    assert "JSON Schema" in refused["system"][0]["text"]


def test_a_model_that_refuses_an_effort_still_thinks() -> None:
    request = ModelRequest(system="", messages=(user_message("Well?"),))
    refused = sent_unchecked(request, ADAPTIVE, thinking=2_000, left_out=frozenset({"output_config"}))
    assert refused["thinking"]["type"] == "adaptive"
    assert "output_config" not in refused


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        (ADAPTIVE, {}),
        (BUDGETED, {"thinking": 2_000}),
        (BUDGETED, {"left_out": frozenset({"prefill"})}),
        ("other-vendor-1", {}),
    ],
)
def test_where_no_beginning_is_taken_it_is_asked_for(model: str, settings: dict[str, Any]) -> None:
    data = asked_for(StructuredOutput(format="xml", prefill="<answer>"), model, **settings)
    assert [message["role"] for message in data["messages"]] == ["user"]
    assert "<answer>" in data["system"][0]["text"]


def test_a_choice_is_held_by_a_schema() -> None:
    data = asked_for(StructuredOutput(format="enum", choices=("yes", "no")))
    assert data["output_config"]["format"]["schema"]["properties"]["answer"]["enum"] == ["yes", "no"]


def test_what_a_model_refuses_is_left_out_from_then_on() -> None:
    wire = Messages(model="claude-opus-4-6", url="http://x", parameters=Parameters(temperature=0.5))
    narrower = wire.without("temperature")
    assert narrower is not None
    assert narrower.left_out == {"temperature"}
    assert "temperature" in json.loads(wire.body(ask("a")))
    assert "temperature" not in json.loads(narrower.body(ask("a")))
    assert narrower.without("temperature") is None
    assert wire.without("messages") is None


def test_half_a_character_does_not_stop_a_request() -> None:
    assert sent(ask("a\ud83db", system="\ude00"))["messages"][0]["content"][0]["text"] == "a\ufffdb"


def test_a_history_that_begins_in_the_middle_is_sent() -> None:
    data = sent(ask(Message(Role.ASSISTANT, (TextPart("Hello."),)), "Who are you?"))
    assert [message["role"] for message in data["messages"]] == ["user", "assistant", "user"]
    orphan = Message(Role.TOOL, (ToolResultPart("call_9", "clock", "noon"),))
    assert len(sent(ask(orphan, "Who are you?"))["messages"][0]["content"]) == 1
