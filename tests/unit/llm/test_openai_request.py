"""What is sent: addresses, the JSON body, and the key."""

from __future__ import annotations

import json
from typing import Any

import pytest

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
from hector_tui.errors import ConfigError
from hector_tui.llm.addresses import models_url, shown_address, usable_key
from hector_tui.llm.base import ModelRequest
from hector_tui.llm.dialects import Dialect, dialect_of
from hector_tui.llm.openai_request import body, chat_url
from hector_tui.llm.secrets import Secret
from tests.provider.talk import ask

SPEC = ToolSpec(
    name="get", description="Gets.", parameters={"type": "object", "properties": {"x": {"type": "integer"}}}
)


def sent(request: ModelRequest, dialect: Dialect | None = None, **options: Any) -> dict[str, Any]:
    settings = {"temperature": None, "max_tokens": None, **options}
    data = json.loads(body("m", request, dialect or Dialect(), **settings))
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize(
    ("base_url", "chat"),
    [
        ("http://localhost:11434", "http://localhost:11434/v1/chat/completions"),
        ("http://localhost:11434/", "http://localhost:11434/v1/chat/completions"),
        ("http://localhost:11434/v1", "http://localhost:11434/v1/chat/completions"),
        (" http://localhost:11434/v1/ ", "http://localhost:11434/v1/chat/completions"),
        ("https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1/chat/completions"),
        ("https://host/v1/chat/completions", "https://host/v1/chat/completions"),
        ("https://[::1]:8080/v1", "https://[::1]:8080/v1/chat/completions"),
        (
            "https://x.openai.azure.com/openai/deployments/d?api-version=2024-10-21",
            "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
        ),
    ],
)
def test_addresses_of_every_form_are_understood(base_url: str, chat: str) -> None:
    assert chat_url(base_url) == chat
    assert models_url(base_url) == chat.replace("/chat/completions", "/models")


@pytest.mark.parametrize(
    "base_url", ["", "localhost:11434", "ftp://host", "http://", "http://host:x", "http://host:99999"]
)
def test_what_is_no_address_is_refused(base_url: str) -> None:
    with pytest.raises(ConfigError, match="not a URL"):
        chat_url(base_url)


def test_an_address_is_shown_without_credentials_path_and_query() -> None:
    assert shown_address("https://user:pass@host:8443/v1?key=secret") == "https://host:8443"
    assert shown_address("http://[::1]:8080/v1") == "http://[::1]:8080"


def test_messages_are_mapped_in_order() -> None:
    calls = (ToolCallPart("c1", "get", '{"x": 1}'), ToolCallPart("c2", "get", ""))
    results = (ToolResultPart("c1", "get", "one"), ToolResultPart("c2", "get", "failed", is_error=True))
    request = ModelRequest(
        system="Be kind.",
        messages=(
            user_message("hello"),
            Message(Role.ASSISTANT, (ThinkingPart("hm", "sig"), TextPart("Let me look."), *calls)),
            Message(Role.TOOL, results),
            Message(Role.ASSISTANT, (ThinkingPart("only thinking"),)),
            Message(Role.ASSISTANT, (TextPart("Done."),)),
        ),
        tools=(SPEC, ToolSpec(name="plain", description="")),
    )
    data = sent(request)
    assert data["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "hello"},
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "get", "arguments": '{"x": 1}'}},
                {"id": "c2", "type": "function", "function": {"name": "get", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
        {"role": "tool", "tool_call_id": "c2", "content": "failed"},
        {"role": "assistant", "content": "Done."},
    ]
    assert data["tools"][0]["function"]["parameters"] == SPEC.parameters
    assert data["tools"][1]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert (data["stream"], data["stream_options"]) == (True, {"include_usage": True})


def test_what_is_not_set_is_not_sent() -> None:
    data = sent(ask("hello"))
    assert set(data) == {"model", "messages", "stream", "stream_options"}


def test_the_request_goes_before_the_settings_of_the_model() -> None:
    request = ModelRequest(system="", messages=(user_message("a"),), temperature=0.0)
    data = sent(request, temperature=0.7, max_tokens=100)
    assert (data["temperature"], data["max_tokens"]) == (0.0, 100)


@pytest.mark.parametrize("broken", ['{"x": ', "[1]", '"text"', "null", "\x00"])
def test_arguments_a_model_broke_do_not_break_every_later_request(broken: str) -> None:
    request = ask("a", Message(Role.ASSISTANT, (ToolCallPart("c", "get", broken),)))
    arguments = sent(request)["messages"][1]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(arguments) == {"not_valid_json": broken}


def test_half_a_character_does_not_stop_a_request() -> None:
    assert sent(ask("a\ud83db", system="\ude00"))["messages"][1]["content"] == "a\ufffdb"


def test_hosts_that_refuse_the_usual_fields_get_their_own() -> None:
    request = ask(
        "a", Message(Role.ASSISTANT, (ToolCallPart("call_1", "get", ""), ToolCallPart("Abc123xyZ", "get", "")))
    )
    mistral = sent(request, dialect_of("https://api.mistral.ai/v1"), max_tokens=5)
    first, second = (made["id"] for made in mistral["messages"][1]["tool_calls"])
    assert "stream_options" not in mistral
    assert mistral["max_tokens"] == 5
    assert len(first) == 9
    assert first.isalnum()
    assert second == "Abc123xyZ"
    openai = sent(request, dialect_of("https://api.openai.com"), max_tokens=5)
    assert openai["max_completion_tokens"] == 5
    assert "max_tokens" not in openai
    assert dialect_of("http://localhost:11434") == Dialect()


@pytest.mark.parametrize("key", ["a\nb", "käse", "a\x00b"])
def test_a_key_no_header_can_carry_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        usable_key(Secret(key))
    assert key not in str(caught.value)
    assert usable_key(Secret(" sk-1\n")).reveal() == "sk-1"
