"""What a model refuses is left out: once learnt, never sent again, and never at the price of a repeated answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from hector_tui.errors import ModelNotFound, RequestRejected
from hector_tui.llm.base import ModelRequest, StopReason, StructuredOutput
from hector_tui.llm.refused import refused_part
from hector_tui.llm.retry import RetryPolicy
from tests.provider import Answer, LoopbackProvider, ReceivedRequest
from tests.provider.talk import ask, hear
from tests.unit.llm.conftest import MakeModel


def openai_error(message: str, code: str | None = None, parameter: str | None = None) -> bytes:
    fields = {"message": message, "type": "invalid_request_error", "param": parameter, "code": code}
    return json.dumps({"error": fields}).encode()


SAYINGS: dict[str, tuple[int, bytes, str]] = {
    "OpenAI, temperature": (
        400,
        openai_error(
            "Unsupported value: 'temperature' does not support 0.7 with this model.", "unsupported_value", "temperature"
        ),
        "temperature",
    ),
    "OpenAI, bound": (
        400,
        openai_error(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'.",
            "unsupported_parameter",
            "max_tokens",
        ),
        "max_tokens",
    ),
    "OpenAI, summaries": (
        400,
        openai_error(
            "Your organization must be verified to generate reasoning summaries.",
            "unsupported_value",
            "reasoning.summary",
        ),
        "reasoning",
    ),
    "OpenAI, encrypted": (400, openai_error("Encrypted content is not supported with this model."), "include"),
    "OpenAI, foreign thoughts": (
        400,
        openai_error("The encrypted content gAAA could not be verified.", "invalid_encrypted_content"),
        "input.reasoning",
    ),
    "OpenAI, lost thoughts": (
        404,
        openai_error("Item with id 'rs_1' not found. Items are not persisted when `store` is set to false."),
        "input.reasoning",
    ),
    "OpenAI, lonely thoughts": (
        400,
        openai_error("Item 'rs_1' of type 'reasoning' was provided without its required following item."),
        "input.reasoning",
    ),
    "Ollama": (400, openai_error("registry.ollama.ai/library/gemma:2b does not support tools"), "tools"),
    "OpenRouter": (404, openai_error("No endpoints found that support tool use."), "tools"),
    "vLLM": (
        400,
        b'{"object": "error", "message": "\\"auto\\" tool choice requires --enable-auto-tool-choice to be set"}',
        "tools",
    ),
    "LM Studio": (400, b"{\"error\": \"'response_format.type' must be 'json_schema' or 'text'\"}", "response_format"),
    "Groq": (
        400,
        openai_error("This model does not support response format `json_schema`."),
        "response_format",
    ),
    "Groq, both": (400, openai_error("json mode cannot be combined with tool/function calling"), "response_format"),
    "Mistral": (
        422,
        b'{"object": "error", "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], '
        b'"msg": "Extra inputs are not permitted"}]}}',
        "stream_options",
    ),
    "an old server": (400, b'{"detail": "Unknown field: stream_options"}', "stream_options"),
    "Anthropic": (400, openai_error("`temperature` is deprecated for this model."), "temperature"),
    "a wrong value": (400, openai_error("'temperature' must be between 0 and 2", "invalid_value", "temperature"), ""),
    "too long": (400, openai_error("max_tokens is too large: 9999. This model supports at most 4096."), ""),
    "a tool's schema": (
        400,
        openai_error("Invalid schema: 'uniqueItems' is not permitted.", "unsupported_value", "tools[0].parameters"),
        "",
    ),
    "another mistake": (400, openai_error("Invalid JSON"), ""),
    "no key": (401, openai_error("tools are not supported for this key"), ""),
}


@pytest.mark.parametrize("name", SAYINGS)
async def test_what_providers_refuse_is_understood(make_model: MakeModel, name: str) -> None:
    status, raw, part = SAYINGS[name]
    async with LoopbackProvider(Answer(status=status, raw=raw)) as provider:
        heard = await hear(make_model(provider, retry=RetryPolicy(tries=1)), "a")
    assert heard.error is not None
    assert heard.error.refused == part


def test_a_server_that_failed_refused_nothing() -> None:
    assert refused_part(500, "tools are not supported", "", "") == ""


def picky(name: str, status: int, raw: bytes) -> Any:
    """A server that refuses whatever request has a field."""

    def respond(request: ReceivedRequest) -> Answer:
        return Answer(status=status, raw=raw) if name in request.body else Answer(text="fine")

    return respond


async def test_a_refused_part_is_left_out_at_once_and_for_good(make_model: MakeModel, waits: list[float]) -> None:
    status, raw, _ = SAYINGS["OpenAI, temperature"]
    async with LoopbackProvider(picky("temperature", status, raw)) as provider:
        model = make_model(provider, temperature=0.7)
        first, second = await hear(model, "a"), await hear(model, "b")
        assert ["temperature" in post.body for post in provider.posts] == [True, False, False]
    assert (first.text, second.text, waits) == ("fine", "fine", [0.0])
    assert [(retry.wait_s, retry.attempt) for retry in first.retries] == [(0.0, 1)]
    assert "does not take `temperature`" in first.retries[0].reason
    assert second.retries == []


async def test_tools_are_left_out_for_a_model_that_has_no_use_for_them(make_model: MakeModel) -> None:
    status, raw, _ = SAYINGS["Ollama"]
    async with LoopbackProvider(picky("tools", status, raw)) as provider:
        heard = await hear(make_model(provider), ask("a", tools=("calculator",)))
        assert len(provider.posts) == 2
    assert (heard.error, heard.text) == (None, "fine")


async def test_the_bound_takes_its_other_name(make_model: MakeModel) -> None:
    status, raw, _ = SAYINGS["OpenAI, bound"]
    async with LoopbackProvider(picky("max_tokens", status, raw)) as provider:
        heard = await hear(make_model(provider, max_tokens=50), "a")
        assert provider.posts[1].body["max_completion_tokens"] == 50
    assert heard.text == "fine"


async def test_a_form_no_server_takes_is_asked_for_in_words(make_model: MakeModel) -> None:
    status, raw, _ = SAYINGS["LM Studio"]
    request = ModelRequest(system="", messages=ask("a").messages, output=StructuredOutput(format="json"))
    async with LoopbackProvider(picky("response_format", status, raw)) as provider:
        heard = await hear(make_model(provider), request)
        assert "one JSON object" in provider.posts[1].body["messages"][0]["content"]
    assert heard.text == "fine"


async def test_a_part_that_was_not_sent_is_not_left_out_again(make_model: MakeModel) -> None:
    status, raw, _ = SAYINGS["Ollama"]
    async with LoopbackProvider(Answer(status=status, raw=raw)) as provider:
        heard = await hear(make_model(provider), ask("a", tools=("calculator",)))
        assert len(provider.posts) == 2
    assert isinstance(heard.error, RequestRejected)


async def test_each_refusal_counts_as_a_try(make_model: MakeModel) -> None:
    """Three parts are refused one after the other; the third request is the last."""
    raws = [SAYINGS[name][1] for name in ("OpenAI, temperature", "OpenAI, bound", "Ollama")]
    answers = [Answer(status=400, raw=raw) for raw in raws]
    async with LoopbackProvider([*answers, Answer(text="fine")]) as provider:
        model = make_model(provider, temperature=0.7, max_tokens=9)
        heard = await hear(model, ask("a", tools=("calculator",)))
        assert len(provider.posts) == 3
        assert isinstance(heard.error, RequestRejected)
        # What was learnt on the way is not lost.
        assert (await hear(model, ask("a", tools=("calculator",)))).text == "fine"
        assert not {"temperature", "max_tokens", "tools"} & set(provider.posts[3].body)


async def test_what_is_said_within_an_answer_is_not_sent_again(make_model: MakeModel) -> None:
    content = b'data: {"choices": [{"delta": {"content": "half"}}]}\n\n'
    raw = content + b"data: " + openai_error("x does not support tools", "invalid_request_error") + b"\n\n"
    async with LoopbackProvider(Answer(raw=raw)) as provider:
        heard = await hear(make_model(provider), ask("a", tools=("calculator",)))
        assert len(provider.posts) == 1
    assert heard.text == "half"
    assert heard.error is not None


async def test_many_sessions_that_are_refused_together_all_learn(make_model: MakeModel) -> None:
    status, raw, _ = SAYINGS["OpenAI, temperature"]
    async with LoopbackProvider(picky("temperature", status, raw)) as provider:
        model = make_model(provider, temperature=0.7)
        heard = await asyncio.gather(*(hear(model, f"question {number}") for number in range(20)))
    assert [(answer.text, answer.stop) for answer in heard] == [("fine", StopReason.END)] * 20


async def test_one_models_refusal_is_not_anothers(make_model: MakeModel) -> None:
    status, raw, _ = SAYINGS["OpenAI, temperature"]
    async with LoopbackProvider(picky("temperature", status, raw)) as provider:
        await hear(make_model(provider, temperature=0.7), "a")
        await hear(make_model(provider, temperature=0.7), "a")
        assert ["temperature" in post.body for post in provider.posts] == [True, False, True, False]


async def test_an_unknown_model_stays_an_unknown_model(make_model: MakeModel) -> None:
    error = openai_error("The model `loop-1` does not exist or has been deprecated", "model_not_found")
    async with LoopbackProvider(Answer(status=404, raw=error)) as provider:
        heard = await hear(make_model(provider), "a")
        assert len(provider.posts) == 1
    assert isinstance(heard.error, ModelNotFound)
