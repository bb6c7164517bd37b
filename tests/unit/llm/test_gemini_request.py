"""What Gemini is sent: its address without a key, contents, signatures, tools, files and the form of an answer."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
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
from hector_tui.llm.base import ModelRequest, StructuredOutput, ThinkingChunk
from hector_tui.llm.connections import Connections
from hector_tui.llm.gemini import GeminiModel
from hector_tui.llm.gemini_request import body, models_url, stream_url
from hector_tui.llm.retry import RetryPolicy
from hector_tui.llm.secrets import Secret
from tests.provider import Answer, LoopbackProvider
from tests.provider.talk import ask, hear
from tests.unit.llm.formats.gemini import complaints

KEY = "AIza-canary-0123456789"
STREAM = "models/gemini-3-flash:streamGenerateContent?alt=sse"
PNG = FilePart("id-png", "cat.png", "image/png", 4)
GIF = FilePart("id-gif", "cat.gif", "image/gif", 4)
NOTES = FilePart("id-txt", "notes.txt", "text/plain", 5)
FILES = {"id-png": b"\x89PNG", "id-gif": b"GIF8", "id-txt": "Grüße".encode()}
OBJECT = {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}}}


def sent(request: ModelRequest, model: str = "gemini-3-flash", **options: Any) -> dict[str, Any]:
    settings = {"temperature": None, "max_tokens": None, **options}
    data = json.loads(body(model, request, **settings))
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://host", f"https://host/v1beta/{STREAM}"),
        ("https://host/", f"https://host/v1beta/{STREAM}"),
        ("https://host/v1beta", f"https://host/v1beta/{STREAM}"),
        ("https://host/v1alpha/", f"https://host/v1alpha/{STREAM}"),
        ("https://host/v1beta/openai", f"https://host/v1beta/{STREAM}"),
        ("https://host/v1beta/openai/chat/completions", f"https://host/v1beta/{STREAM}"),
        ("https://host/v1beta/models/gemini-pro:generateContent", f"https://host/v1beta/{STREAM}"),
        ("https://gateway/google?team=a", f"https://gateway/google/v1beta/{STREAM.replace('?', '?team=a&')}"),
    ],
)
def test_addresses_of_every_form_are_understood(base_url: str, expected: str) -> None:
    assert stream_url(base_url, "gemini-3-flash") == expected
    assert models_url(base_url).partition("?")[0] == expected.partition("/gemini-3")[0]


def test_a_models_name_is_a_path_and_nothing_else() -> None:
    assert "/v1beta/tunedModels/mine:stream" in stream_url("https://host", "tunedModels/mine")
    assert "/models/a%3Fb%23c:stream" in stream_url("https://host", "a?b#c")


def test_an_address_with_a_key_in_it_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="holds a key") as caught:
        stream_url(f"https://host/v1beta?key={KEY}", "m")
    assert KEY not in str(caught.value)


async def test_the_key_goes_into_its_header_only() -> None:
    async with LoopbackProvider() as provider:
        model = GeminiModel("models/loop-1", base_url=provider.origin, connections=Connections(), api_key=Secret(KEY))
        assert (await hear(model, "hello deadbeef00")).text.startswith("deadbeef00:0")
        await model.aclose()
        (post,) = provider.posts
    assert post.headers["x-goog-api-key"] == KEY
    assert post.path == "/v1beta/models/loop-1:streamGenerateContent?alt=sse"
    rest = {name: value for name, value in post.headers.items() if name != "x-goog-api-key"}
    assert KEY not in f"{post.path} {rest} {post.body} {model!r} {vars(model)!r}"


def test_messages_are_mapped_in_order() -> None:
    calls = (ToolCallPart("c1", "get", '{"x": 1}', "gemini:SIG"), ToolCallPart("made_2", "look", ""))
    results = (ToolResultPart("c1", "get", "one"), ToolResultPart("made_2", "look", "failed", is_error=True))
    request = ModelRequest(
        system="Be kind.",
        messages=(
            user_message("hello"),
            Message(Role.ASSISTANT, (ThinkingPart("a summary"), TextPart("Let me look."), *calls)),
            Message(Role.TOOL, results),
            Message(Role.ASSISTANT, (ThinkingPart("only thinking"),)),
            Message(Role.ASSISTANT, (TextPart("Done."),)),
        ),
        tools=(ToolSpec(name="get", description="Gets.", parameters=OBJECT), ToolSpec(name="look", description="")),
    )
    data = sent(request)
    assert data["systemInstruction"] == {"parts": [{"text": "Be kind."}]}
    assert data["contents"] == [
        {"role": "user", "parts": [{"text": "hello"}]},
        {
            "role": "model",
            "parts": [
                {"text": "Let me look."},
                {"functionCall": {"id": "c1", "name": "get", "args": {"x": 1}}, "thoughtSignature": "SIG"},
                {"functionCall": {"name": "look", "args": {}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "c1", "name": "get", "response": {"output": "one"}}},
                {"functionResponse": {"name": "look", "response": {"error": "failed"}}},
            ],
        },
        {"role": "model", "parts": [{"text": "Done."}]},
    ]
    assert data["tools"] == [
        {
            "functionDeclarations": [
                {"name": "get", "description": "Gets.", "parametersJsonSchema": OBJECT},
                {"name": "look", "description": ""},
            ]
        }
    ]
    assert complaints(data) == []


def test_only_signatures_of_this_format_are_sent_and_each_in_its_place() -> None:
    parts = (
        ThinkingPart("private", "anthropic:AAAA"),
        ThinkingPart("thought", "gemini:THOUGHT"),
        TextPart("Done."),
        ThinkingPart("", "gemini:text:WORDS"),
        ToolCallPart("c", "get", "{}", "anthropic:BBBB"),
    )
    request = ask("a", Message(Role.ASSISTANT, parts), Message(Role.TOOL, (ToolResultPart("c", "get", "x"),)))
    data = sent(request)
    assert data["contents"][1]["parts"] == [
        {"text": "thought", "thought": True, "thoughtSignature": "THOUGHT"},
        {"text": "Done."},
        {"text": "", "thoughtSignature": "WORDS"},
        {"functionCall": {"id": "c", "name": "get", "args": {}}},
    ]
    assert "AAAA" not in json.dumps(data)
    assert "BBBB" not in json.dumps(data)


async def test_signatures_that_came_go_back_unchanged() -> None:
    async with LoopbackProvider([Answer(thinking="hm", signature="U0lHTg==", text="one")]) as provider:
        model = GeminiModel("gemini-3-flash", base_url=provider.origin, connections=Connections())
        heard = await hear(model, "a")
        (signature,) = (one.signature for one in heard.events if isinstance(one, ThinkingChunk) and one.signature)
        thought = ThinkingPart(heard.thinking, signature)
        await hear(model, ask("a", Message(Role.ASSISTANT, (thought, TextPart(heard.text))), "b"))
        await model.aclose()
        said = provider.posts[-1].body["contents"][1]["parts"]
    assert said[0] == {"text": "hm", "thought": True, "thoughtSignature": "U0lHTg=="}


@pytest.mark.parametrize("broken", ['{"x": ', "[1]", '"text"', "null", "\x00"])
def test_arguments_a_model_broke_do_not_break_every_later_request(broken: str) -> None:
    request = ask("a", Message(Role.ASSISTANT, (ToolCallPart("c", "get", broken),)))
    assert sent(request)["contents"][1]["parts"][0]["functionCall"]["args"] == {"not_valid_json": broken}


def test_what_is_not_set_is_not_sent_and_the_request_goes_before_the_settings() -> None:
    assert set(sent(ask("hello"), "gemini-2.0-flash")) == {"contents"}
    request = ModelRequest(system="", messages=(user_message("a"),), temperature=0.0)
    config = sent(request, temperature=0.7, max_tokens=100)["generationConfig"]
    assert config == {"temperature": 0.0, "maxOutputTokens": 100, "thinkingConfig": {"includeThoughts": True}}
    bounded = sent(request, thinking=4_096)["generationConfig"]["thinkingConfig"]
    assert bounded == {"includeThoughts": True, "thinkingBudget": 4_096}


@pytest.mark.parametrize(
    ("model", "thinks"),
    [
        ("gemini-3-pro-preview", True),
        ("gemini-3.8-flash", True),
        ("gemini-2.5-flash", True),
        ("gemini-flash-latest", True),
        ("gemini-flash-lite-latest", True),
        ("gemini-2.0-flash", False),
        ("gemini-1.5-pro", False),
        ("gemini-2.5-flash-image", False),
        ("gemini-2.5-flash-preview-tts", False),
        ("gemma-3-27b-it", False),
        ("tunedModels/mine", False),
    ],
)
def test_only_models_that_think_are_asked_to_show_it(model: str, thinks: bool) -> None:
    assert ("thinkingConfig" in sent(ask("a"), model).get("generationConfig", {})) is thinks


def test_gemma_3_gets_its_system_prompt_as_words_and_no_tools() -> None:
    data = sent(ask("hello", system="Be kind.", tools=("get",)), "gemma-3-27b-it")
    assert set(data) == {"contents"}
    assert data["contents"] == [{"role": "user", "parts": [{"text": "Be kind."}, {"text": "hello"}]}]


def test_files_go_as_they_are_or_as_text() -> None:
    message = user_message("What is this?", (PNG, NOTES))
    data = sent(ModelRequest(system="", messages=(message,), files=FILES))
    image, notes, question = data["contents"][0]["parts"]
    assert image == {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(b"\x89PNG").decode()}}
    assert "notes.txt" in notes["text"]
    assert "Grüße" in notes["text"]
    assert question == {"text": "What is this?"}


def test_a_file_can_come_without_words() -> None:
    data = sent(ModelRequest(system="", messages=(user_message("", (PNG,)),), files=FILES))
    assert [list(part) for part in data["contents"][0]["parts"]] == [["inlineData"]]
    assert complaints(data) == []


def test_a_picture_it_does_not_take_is_refused_now_and_only_named_later() -> None:
    with pytest.raises(RequestRejected, match=r"image/gif.*cat\.gif"):
        sent(ModelRequest(system="", messages=(user_message("a", (GIF,)),), files=FILES))
    later = (user_message("a", (GIF,)), Message(Role.ASSISTANT, (TextPart("b"),)), user_message("c"))
    parts = sent(ModelRequest(system="", messages=later, files=FILES))["contents"][0]["parts"]
    assert "cat.gif" in parts[0]["text"]
    with pytest.raises(RequestRejected, match="not there any more"):
        sent(ModelRequest(system="", messages=(user_message("a", (PNG,)),)))


def form(output: StructuredOutput, model: str = "gemini-3-flash", **more: Any) -> tuple[dict[str, Any], str]:
    data = sent(ModelRequest(system="", messages=(user_message("a"),), output=output, **more), model)
    words = data.get("systemInstruction", {"parts": [{"text": ""}]})["parts"][0]["text"]
    return {key: value for key, value in data["generationConfig"].items() if key.startswith("response")}, words


def test_the_form_of_an_answer_is_asked_for_in_geminis_way() -> None:
    ordered = StructuredOutput(format="json", schema=OBJECT, property_ordering=("y",))
    held, words = form(ordered)
    assert held["responseMimeType"] == "application/json"
    assert held["responseSchema"]["propertyOrdering"] == ["y", "x"]
    assert words == ""
    assert form(StructuredOutput(format="json"))[0] == {"responseMimeType": "application/json"}
    assert form(StructuredOutput(format="enum", choices=("a", "b")))[0] == {
        "responseMimeType": "text/x.enum",
        "responseSchema": {"type": "STRING", "enum": ["a", "b"]},
    }
    held, words = form(StructuredOutput(format="xml"))
    assert held == {}
    assert "XML" in words


def test_before_gemini_3_a_form_beside_tools_is_asked_for_in_words() -> None:
    tools = (ToolSpec(name="get", description="Gets.", parameters=OBJECT),)
    output = StructuredOutput(format="json", schema=OBJECT)
    held, words = form(output, "gemini-2.5-flash", tools=tools)
    assert held == {}
    assert "JSON" in words
    assert form(output, "gemini-2.5-flash")[0]["responseMimeType"] == "application/json"
    assert form(output, "gemini-3-flash", tools=tools)[0]["responseMimeType"] == "application/json"


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("thinkingConfig", "Thinking is not enabled for models/gemini-3-nano"),
        ("temperature", "temperature is not supported by this model"),
        ("functionDeclarations", "Function calling is not enabled for models/gemini-3-nano"),
        ("systemInstruction", "Developer instruction is not enabled for models/gemini-3-nano"),
        ("responseMimeType", "JSON mode is not enabled for models/gemini-3-nano"),
    ],
)
async def test_what_a_model_refuses_is_left_out_from_then_on(field: str, words: str) -> None:
    def respond(request: Any) -> Answer:
        return Answer(status=400, failure=words) if f"'{field}'" in str(request.body) else Answer(text="fine")

    form = StructuredOutput(format="json")
    request = replace(ask("a", system="Be kind.", tools=("get",)), output=form, temperature=0.5)
    async with LoopbackProvider(respond) as provider:
        model = GeminiModel("gemini-3-nano", base_url=provider.origin, connections=Connections(), retry=RetryPolicy())
        first, second = await hear(model, request), await hear(model, request)
        await model.aclose()
        assert len(provider.posts) == 3
        assert "Be kind." in str(provider.posts[-1].body)
    assert (first.text, second.text, len(second.retries)) == ("fine", "fine", 0)
