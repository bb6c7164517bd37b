"""Hosts that depart from chat completions: what they are sent, and what of their answers is understood."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hector_tui.domain.messages import FilePart, Message, Role, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from hector_tui.domain.tools import ToolSpec
from hector_tui.domain.usage import Usage
from hector_tui.errors import ProviderError, RateLimited, RequestRejected
from hector_tui.llm.base import ModelRequest, StopReason, StructuredOutput
from hector_tui.llm.dialects import Dialect, dialect_of, is_reasoning_model
from hector_tui.llm.openai import key_headers
from hector_tui.llm.openai_request import body, chat_url
from hector_tui.llm.responses_request import responses_url
from hector_tui.llm.secrets import Secret
from tests.provider import Answer, LoopbackProvider
from tests.provider.talk import ask, hear
from tests.unit.llm.conftest import MakeModel

PLAIN = Dialect()
PNG = FilePart(file_id="p", name="cat.png", media_type="image/png", size=4)
NOTES = FilePart(file_id="n", name="notes.md", media_type="text/markdown", size=5)
FILES = {"p": b"\x89PNG", "n": "\ufeffGrüße".encode()}


def sent(request: ModelRequest, base_url: str = "http://localhost:8080/v1", model: str = "m") -> dict[str, Any]:
    data = json.loads(body(model, request, dialect_of(base_url), temperature=0.5, max_tokens=100))
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize(
    ("base_url", "dialect"),
    [
        ("https://api.openai.com/v1", Dialect(bound_name="max_completion_tokens", thinks_or_calls=True)),
        ("https://openrouter.ai/api/v1", Dialect(asks_for_cost=True)),
        ("https://api.groq.com/openai/v1", PLAIN),
        ("https://api.mistral.ai/v1", Dialect(asks_for_usage=False, has_short_ids=True, continues_answers=True)),
        ("https://api.deepseek.com", Dialect(schemas="object", returns_thinking=True)),
        (
            "https://me.openai.azure.com",
            Dialect(bound_name="max_completion_tokens", key_header="api-key", thinks_or_calls=True),
        ),
        (
            "https://gateway.example/openai/deployments/d?api-version=2024-10-21",
            Dialect(bound_name="max_completion_tokens", key_header="api-key", thinks_or_calls=True),
        ),
        ("https://me.openai.azure.com.evil.example/v1", PLAIN),
        ("http://localhost:1234/v1", PLAIN),
        ("http://localhost:8000/v1", PLAIN),
        ("http://localhost:11434/v1", PLAIN),
    ],
)
def test_a_host_is_known_by_its_address(base_url: str, dialect: Dialect) -> None:
    assert dialect_of(base_url) == dialect


@pytest.mark.parametrize(
    ("base_url", "chat", "responses"),
    [
        ("https://me.openai.azure.com", "/openai/v1/chat/completions", "/openai/v1/responses"),
        (
            "https://me.openai.azure.com/openai/deployments/d?api-version=2024-10-21",
            "/openai/deployments/d/chat/completions?api-version=2024-10-21",
            "/openai/deployments/d/responses?api-version=2024-10-21",
        ),
        ("https://me.openai.azure.com/openai/v1/responses", "/openai/v1/chat/completions", "/openai/v1/responses"),
    ],
)
def test_azures_addresses_keep_their_path_and_version(base_url: str, chat: str, responses: str) -> None:
    assert chat_url(base_url) == f"https://me.openai.azure.com{chat}"
    assert responses_url(base_url) == f"https://me.openai.azure.com{responses}"


def test_azure_takes_the_key_in_its_own_header() -> None:
    azure = dialect_of("https://me.openai.azure.com")
    assert key_headers(Secret("sk-1"), azure) == {"api-key": "sk-1"}
    assert key_headers(Secret(""), azure) == {}


@pytest.mark.parametrize(
    ("model", "is_one"),
    [
        ("o1", True),
        ("o3-mini", True),
        ("o4-mini-2025-04-16", True),
        ("gpt-5", True),
        ("gpt-5.1-codex", True),
        ("openai/gpt-5-nano", True),
        ("gpt-5-chat-latest", False),
        ("gpt-6-luna", True),
        ("gpt-4o", False),
        ("olmo-7b", False),
        ("loop-1", False),
    ],
)
def test_reasoning_models_are_not_sent_a_temperature(model: str, is_one: bool) -> None:
    assert is_reasoning_model(model) is is_one
    assert ("temperature" not in sent(ask("a"), model=model)) is is_one


def test_openrouter_is_asked_for_the_cost_and_believed() -> None:
    assert sent(ask("a"), "https://openrouter.ai/api/v1")["usage"] == {"include": True}
    assert "usage" not in sent(ask("a"))


def chunk(**fields: Any) -> bytes:
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


def choice(finish_reason: str | None = None, **delta: Any) -> list[dict[str, Any]]:
    return [{"index": 0, "delta": delta, "finish_reason": finish_reason}]


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        pytest.param(
            b": OPENROUTER PROCESSING\n\n"
            + chunk(choices=choice(content="a"))
            + b": OPENROUTER PROCESSING\n\n"
            + chunk(choices=choice("stop"))
            + chunk(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 1, "cost": 0.00014, "is_byok": False})
            + b"data: [DONE]\n\n",
            Usage(input_tokens=3, output_tokens=1, cost=0.00014),
            id="OpenRouter says what it cost",
        ),
        pytest.param(
            chunk(choices=choice(content="a"))
            + chunk(choices=choice("stop"), x_groq={"usage": {"prompt_tokens": 3, "completion_tokens": 1}})
            + b"data: [DONE]\n\n",
            Usage(input_tokens=3, output_tokens=1),
            id="Groq counts in x_groq",
        ),
        pytest.param(
            chunk(choices=choice(content="a"))
            + chunk(
                choices=choice("stop"),
                usage={"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 8},
            )
            + b"data: [DONE]\n\n",
            Usage(input_tokens=9, output_tokens=1, cached_tokens=8),
            id="DeepSeek counts its cache",
        ),
        pytest.param(
            chunk(choices=choice(content="a"))
            + chunk(choices=choice("stop"), timings={"cache_n": 5, "prompt_n": 4, "predicted_n": 1})
            + b"data: [DONE]\n\n",
            Usage(input_tokens=9, output_tokens=1, cached_tokens=5),
            id="llama.cpp counts in timings",
        ),
        pytest.param(
            chunk(choices=[], prompt_filter_results=[{"prompt_index": 0}])
            + chunk(choices=choice(content="a"))
            + chunk(choices=choice("stop"))
            + chunk(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 1})
            + b"data: [DONE]\n\n",
            Usage(input_tokens=3, output_tokens=1),
            id="Azure begins with its filters",
        ),
    ],
)
async def test_what_a_host_adds_is_understood(make_model: MakeModel, raw: bytes, usage: Usage) -> None:
    async with LoopbackProvider(Answer(raw=raw)) as provider:
        heard = await hear(make_model(provider), "a")
    assert (heard.error, heard.text, heard.stop) == (None, "a", StopReason.END)
    assert heard.usage.usage == usage


async def test_groqs_own_error_is_an_error(make_model: MakeModel) -> None:
    raw = chunk(choices=choice(content="half")) + chunk(choices=choice("stop"), x_groq={"error": "over capacity"})
    async with LoopbackProvider(Answer(raw=raw)) as provider:
        heard = await hear(make_model(provider), "a")
    assert isinstance(heard.error, ProviderError)
    assert (heard.text, "over capacity" in heard.error.message) == ("half", True)


def test_thinking_goes_back_to_deepseek_with_every_call_and_with_nothing_else() -> None:
    def step(number: int) -> tuple[Message, ...]:
        call = ToolCallPart(f"c{number}", "get", "{}")
        thought = ThinkingPart(f"thought {number}", "other:proof")
        return (
            Message(Role.ASSISTANT, (thought, TextPart("so"), call)),
            Message(Role.TOOL, (ToolResultPart(f"c{number}", "get", "one"),)),
        )

    foreign = Message(Role.ASSISTANT, (ToolCallPart("c3", "get", "{}"),))
    answered = Message(Role.TOOL, (ToolResultPart("c3", "get", "one"),))
    done = Message(Role.ASSISTANT, (ThinkingPart("x"), TextPart("done")))
    request = ask("first", *step(1), done, "then", *step(2), foreign, answered)
    deepseek = sent(request, "https://api.deepseek.com")["messages"]
    assert [message.get("reasoning_content") for message in deepseek if message["role"] == "assistant"] == [
        "thought 1",
        None,
        "thought 2",
        "",
    ]
    assert "thought" not in json.dumps(sent(request))


@pytest.mark.parametrize(
    ("base_url", "model", "effort"),
    [
        ("https://api.openai.com/v1", "gpt-6-luna", "none"),
        ("https://me.openai.azure.com", "gpt-6.1-sol", "none"),
        ("https://api.openai.com/v1", "gpt-5-mini", None),
        ("https://openrouter.ai/api/v1", "openai/gpt-6-luna", None),
    ],
)
def test_a_model_that_thinks_or_calls_is_told_not_to_think_with_tools(
    base_url: str, model: str, effort: str | None
) -> None:
    tool = ToolSpec(name="get", description="Gets.", parameters={})
    with_tools = ModelRequest(system="", messages=ask("hello").messages, tools=(tool,))
    assert sent(with_tools, base_url, model).get("reasoning_effort") == effort
    assert "reasoning_effort" not in sent(ask("hello"), base_url, model)


@pytest.mark.parametrize(
    "base_url", ["https://api.openai.com/v1", "http://localhost:8000/v1", "https://api.mistral.ai"]
)
def test_what_another_vendors_model_called_does_not_end_a_session(base_url: str) -> None:
    long_id = "chatcmpl-tool-" + "0123456789abcdef" * 2
    call, result = ToolCallPart(long_id, "web.search tool", "{}"), ToolResultPart(long_id, "web.search tool", "none")
    request = ask("a", Message(Role.ASSISTANT, (call,)), Message(Role.TOOL, (result,)))
    asked, answered = sent(request, base_url)["messages"][-2:]
    made = asked["tool_calls"][0]
    assert made["function"]["name"] == "web_search_tool"
    assert made["id"] == answered["tool_call_id"]
    assert len(made["id"]) <= 40


def test_files_go_as_pictures_and_named_texts() -> None:
    asked = Message(Role.USER, (PNG, NOTES, TextPart("What is this?")))
    request = ModelRequest(system="", messages=(asked,), files=FILES)
    assert sent(request)["messages"][0]["content"] == [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
        {"type": "text", "text": "The file notes.md:\n\nGrüße"},
        {"type": "text", "text": "What is this?"},
    ]


async def test_a_picture_for_a_model_that_takes_none_is_refused_before_anything_is_sent(make_model: MakeModel) -> None:
    request = ModelRequest(system="", messages=(Message(Role.USER, (PNG, TextPart("?"))),), files=FILES)
    with pytest.raises(RequestRejected, match=r"deepseek-chat takes no images, and 'cat.png' is one"):
        sent(request, model="deepseek/deepseek-chat")
    async with LoopbackProvider() as provider:
        lost = await hear(make_model(provider), ModelRequest(system="", messages=request.messages))
        assert provider.posts == []
    assert isinstance(lost.error, RequestRejected)
    assert "'cat.png' is not there any more" in lost.error.message


SCHEMA = {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "integer"}}, "required": ["a", "b"]}
STRICT = {**SCHEMA, "additionalProperties": False}
ANY, CHOICE = StructuredOutput(format="json"), StructuredOutput(format="enum", choices=("x", "y"))
FOLLOWING, STRICTLY = StructuredOutput(format="json", schema=SCHEMA), StructuredOutput(format="json", schema=STRICT)
BEGUN = StructuredOutput(format="json", schema=SCHEMA, prefill="{")
OPENAI, DEEPSEEK, LM_STUDIO = "https://api.openai.com", "https://api.deepseek.com", "http://localhost:1234"


@pytest.mark.parametrize(
    ("base_url", "output", "response_format", "in_prompt"),
    [
        (OPENAI, ANY, {"type": "json_object"}, "one JSON object"),
        (LM_STUDIO, FOLLOWING, ("answer", SCHEMA, False), ""),
        (OPENAI, STRICTLY, ("answer", STRICT, True), ""),
        (DEEPSEEK, FOLLOWING, {"type": "json_object"}, '"a"'),
        (DEEPSEEK, CHOICE, {"type": "json_object"}, '"x"'),
        (LM_STUDIO, StructuredOutput(format="xml"), None, "well-formed XML"),
        (LM_STUDIO, BEGUN, ("answer", SCHEMA, False), "\n{"),
    ],
)
def test_the_form_of_an_answer_is_asked_for_in_each_hosts_way(
    base_url: str, output: StructuredOutput, response_format: Any, in_prompt: str
) -> None:
    request = ModelRequest(system="Be kind.", messages=ask("a").messages, output=output)
    data = sent(request, base_url)
    if isinstance(response_format, tuple):
        name, schema, strict = response_format
        wanted: dict[str, Any] = {"name": name, "schema": schema, "strict": strict}
        response_format = {"type": "json_schema", "json_schema": wanted}
    assert data.get("response_format") == response_format
    system = data["messages"][0]["content"]
    assert system.startswith("Be kind.")
    assert in_prompt in system
    assert (system == "Be kind.") is (in_prompt == "")


def test_a_choice_is_asked_for_as_an_object_and_keys_in_their_order() -> None:
    choice_of = StructuredOutput(format="enum", choices=("yes", "no"))
    schema = sent(ModelRequest(system="", messages=ask("a").messages, output=choice_of))["response_format"][
        "json_schema"
    ]
    assert schema["schema"]["properties"]["answer"]["enum"] == ["yes", "no"]
    assert schema["strict"] is True
    ordered = StructuredOutput(format="json", schema=SCHEMA, property_ordering=("a", "b", "c"))
    request = ModelRequest(system="", messages=ask("a").messages, output=ordered)
    assert list(sent(request)["response_format"]["json_schema"]["schema"]["properties"]) == ["a", "b"]


def test_mistral_goes_on_with_the_beginning_of_the_answer() -> None:
    output = StructuredOutput(format="xml", prefill="<a>")
    data = sent(ModelRequest(system="", messages=ask("a").messages, output=output), "https://api.mistral.ai/v1")
    assert data["messages"][-1] == {"role": "assistant", "content": "<a>", "prefix": True}
    assert "<a>" not in data["messages"][0]["content"]


async def test_openrouters_limit_is_told_in_the_words_of_the_provider_behind_it(make_model: MakeModel) -> None:
    error = {"error": {"code": 429, "message": "Provider returned error", "metadata": {"raw": "busy upstream"}}}
    async with LoopbackProvider(Answer(status=429, raw=json.dumps(error).encode())) as provider:
        heard = await hear(make_model(provider), "a")
    assert isinstance(heard.error, RateLimited)
    assert "busy upstream" in heard.error.message
