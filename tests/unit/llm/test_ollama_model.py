"""An Ollama model: what its lines mean, what its server knows of it, and that nothing waits for that."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Protocol

import pytest

from hector_tui.domain.messages import user_message
from hector_tui.domain.usage import Usage
from hector_tui.errors import BadResponse, ModelNotFound, ProviderUnavailable
from hector_tui.llm.base import ModelRequest, StopReason, StructuredOutput, TextChunk
from hector_tui.llm.connections import Connections
from hector_tui.llm.ollama import OllamaModel
from hector_tui.llm.ollama_facts import ModelFacts, listed_models, loaded_window, shown_facts
from hector_tui.llm.ollama_lines import OllamaReader
from hector_tui.llm.secrets import Secret
from hector_tui.llm.sse import ServerSentEvent
from hector_tui.llm.tool_calls import HELD_CAP
from tests.provider import Answer, LoopbackProvider
from tests.provider.ollama import running, shown
from tests.provider.speech import ReceivedRequest
from tests.provider.talk import Heard, ask, hear
from tests.unit.llm.formats.subject import ORIGIN


class MakeOllama(Protocol):
    def __call__(self, provider: LoopbackProvider, **options: Any) -> OllamaModel: ...


@pytest.fixture
async def make_ollama() -> AsyncIterator[MakeOllama]:
    made: list[OllamaModel] = []

    def make(provider: LoopbackProvider, **options: Any) -> OllamaModel:
        made.append(OllamaModel("qwen3:8b", base_url=provider.origin, connections=Connections(), **options))
        return made[-1]

    yield make
    for model in made:
        await model.aclose()


def looks() -> list[asyncio.Task[Any]]:
    """What is being asked in the background."""
    return [task for task in asyncio.all_tasks() if task.get_name().startswith("look-at")]


def line(done: bool = False, **message: Any) -> dict[str, Any]:
    counts = ("done_reason", "prompt_eval_count", "eval_count")
    fields: dict[str, Any] = {name: message.pop(name) for name in counts if name in message}
    return {"model": "m", "message": {"role": "assistant", "content": "", **message}, "done": done, **fields}


def call(name: str, arguments: object = None, **fields: Any) -> dict[str, Any]:
    return {"function": {"name": name, "arguments": {} if arguments is None else arguments}, **fields}


def read(*lines: dict[str, Any], is_choice: bool = False) -> tuple[Heard, StopReason, Usage | None]:
    reader = OllamaReader(ORIGIN, is_choice=is_choice)
    events = [event for one in lines for event in reader.read(ServerSentEvent("message", json.dumps(one)))]
    assert reader.is_finished
    released, reason = reader.finish()
    return Heard(events + released), reason, reader.usage


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("stop", StopReason.END), ("length", StopReason.LENGTH), ("load", StopReason.END), ("new", StopReason.END)],
)
def test_done_reasons_are_mapped(reason: str, expected: StopReason) -> None:
    heard, stop, _ = read(line(content="words"), line(done=True, done_reason=reason))
    assert (heard.text, stop) == ("words", expected)


def test_an_old_server_says_no_reason() -> None:
    assert read(line(content="a"), line(done=True))[1] is StopReason.END


def test_calls_get_ids_and_keep_their_order() -> None:
    heard, stop, _ = read(
        line(tool_calls=[call("one", {"x": "ü"}), call("two")]),
        line(tool_calls=[call("one", id="given")]),
        line(done=True, done_reason="stop"),
    )
    assert [(made.name, made.arguments) for made in heard.calls] == [
        ("one", '{"x": "ü"}'),
        ("two", "{}"),
        ("one", "{}"),
    ]
    first, second, third = (made.call_id for made in heard.calls)
    assert third == "given"
    assert len({first, second, third}) == 3
    assert stop is StopReason.TOOL_CALLS


def test_calls_in_the_last_line_count() -> None:
    heard, stop, _ = read(line(done=True, tool_calls=[call("one")]))
    assert ([made.name for made in heard.calls], stop) == (["one"], StopReason.TOOL_CALLS)


def test_calls_are_bounded() -> None:
    with pytest.raises(BadResponse, match="tool calls are larger"):
        read(line(tool_calls=[call("one", {"x": "y" * HELD_CAP})]))
    with pytest.raises(BadResponse, match="tool calls are larger"):
        read(*[line(tool_calls=[call("one")])] * 2_000)


def test_counts_are_reported_and_unknown_when_the_prompt_was_in_memory() -> None:
    _, _, usage = read(line(done=True, prompt_eval_count=26, eval_count=9))
    assert usage == Usage(input_tokens=26, output_tokens=9)
    assert read(line(done=True, eval_count=9))[2] is None


def test_a_choice_comes_without_what_holds_it() -> None:
    heard, _, _ = read(line(content='"ye'), line(content='s"'), line(done=True), is_choice=True)
    assert heard.events == [TextChunk("yes")]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"{broken\n", "not JSON"),
        (b"7\n", "no object"),
        (b'{"hello": 1}\n', "no answer"),
        (b'{"message": {"content": 7}}\n', "content"),
        (b'{"message": {"tool_calls": {"a": 1}}}\n', "tool calls"),
        (b'{"message": {"tool_calls": [{"function": {}}]}}\n', "tool call"),
        (b"<html><title>nginx</title>\n", "web page"),
    ],
)
async def test_what_is_no_answer_is_an_error(make_ollama: MakeOllama, raw: bytes, words: str) -> None:
    async with LoopbackProvider(Answer(raw=raw)) as provider:
        heard = await hear(make_ollama(provider), "a")
    assert isinstance(heard.error, BadResponse)
    assert words in heard.error.message


def test_an_error_within_the_answer_is_one() -> None:
    with pytest.raises(ProviderUnavailable, match="unexpected EOF"):
        read(line(content="a"), {"error": "unexpected EOF"})


def test_halves_of_a_character_are_joined() -> None:
    heard, _, _ = read(line(content="a\ud83d"), line(content="\ude00b"), line(thinking="\ud83d"), line(done=True))
    assert (heard.text, heard.thinking) == ("a😀b", "\ufffd")


@pytest.mark.parametrize(
    ("described", "facts"),
    [
        (shown("completion"), ModelFacts(capabilities=frozenset({"completion"}), trained_window=40_960)),
        (
            shown("completion", parameters='stop  "<|im_end|>"\nnum_ctx                        8192\ntop_k 20'),
            ModelFacts(capabilities=frozenset({"completion"}), trained_window=40_960, set_window=8_192),
        ),
        (
            shown("completion", remote_host="https://ollama.com:443"),
            ModelFacts(capabilities=frozenset({"completion"}), trained_window=40_960, is_remote=True),
        ),
        ({"model_info": {"llama.context_length": 8_192}}, ModelFacts(trained_window=8_192)),
        ({"model_info": {"general.architecture": "x", "x.context_length": "y"}}, ModelFacts()),
        ({"parameters": None, "capabilities": None, "model_info": None}, ModelFacts()),
        ([1], ModelFacts()),
    ],
)
def test_what_a_server_says_of_a_model_is_read_with_suspicion(described: Any, facts: ModelFacts) -> None:
    assert shown_facts(described) == facts


def test_the_models_of_a_list_are_those_one_can_talk_to() -> None:
    entries: list[Any] = [
        {"name": "qwen3:8b", "model": "qwen3:8b"},
        {"name": "all-minilm", "details": {"family": "bert"}},
        {"name": "mxbai-embed-large"},
        {"name": "vectors", "capabilities": ["embedding"]},
        {"model": "llama3.2:latest", "capabilities": ["completion"]},
        {"name": 7},
        "odd",
    ]
    assert listed_models({"models": entries}) == ["qwen3:8b", "llama3.2:latest"]
    assert listed_models({"models": None}) == listed_models([]) == []


@pytest.mark.parametrize(
    ("loaded", "window"),
    [
        (running("qwen3:8b", 4_096), 4_096),
        (running("QWEN3:8b", 4_096), 4_096),
        (running("qwen3", 4_096), 0),
        ({"models": [{"name": "qwen3:8b"}]}, 0),
        ({}, 0),
    ],
)
def test_a_loaded_model_says_what_it_holds(loaded: Any, window: int) -> None:
    assert loaded_window(loaded, "qwen3:8b") == window
    assert loaded_window(running("qwen3:latest", 7), "qwen3") == 7


async def test_the_window_is_what_was_configured_and_is_sent(make_ollama: MakeOllama) -> None:
    async with LoopbackProvider() as provider:
        model = make_ollama(provider, context_window=16_384)
        assert model.context_window == 16_384
        await hear(model, "a")
        assert provider.posts[0].body["options"] == {"num_ctx": 16_384}
        larger = make_ollama(provider, context_window=1_000_000)
        await larger.prepare()
        # A server gives no model more than it was made for.
        assert larger.context_window == 40_960


async def test_the_window_is_unknown_until_the_server_says_what_it_gives(make_ollama: MakeOllama) -> None:
    documents: dict[str, object] = {"/api/ps": {"models": []}}
    async with LoopbackProvider(documents=documents) as provider:
        model = make_ollama(provider)
        await model.prepare()
        assert model.facts.trained_window == 40_960
        assert model.context_window == 0
        documents["/api/ps"] = running("qwen3:8b", 4_096)
        heard = await hear(model, "a")
        await asyncio.gather(*looks())
        assert "options" not in provider.posts[0].body
    assert (heard.error, model.context_window) == (None, 4_096)


async def test_a_modelfile_may_set_the_window(make_ollama: MakeOllama) -> None:
    async with LoopbackProvider(documents={"/api/show": shown(parameters="num_ctx 8192")}) as provider:
        model = make_ollama(provider)
        await model.prepare()
    assert model.context_window == 8_192


async def test_a_model_in_the_cloud_has_all_it_was_made_for(make_ollama: MakeOllama) -> None:
    described = shown("completion", window=131_072, remote_host="https://ollama.com:443")
    async with LoopbackProvider(documents={"/api/show": described}) as provider:
        model = make_ollama(provider)
        await model.prepare()
        assert "/api/ps" not in {request.place for request in provider.requests}
    assert model.context_window == 131_072


async def test_after_preparing_it_thinks_aloud_and_without_it_waits_for_nothing(make_ollama: MakeOllama) -> None:
    async with LoopbackProvider(documents={"/api/show": Answer(stall_before_headers=True)}) as provider:
        slow = make_ollama(provider)
        heard = await hear(slow, "hello deadbeef00")
        assert heard.text.startswith("deadbeef00:0")
        assert "think" not in provider.posts[0].body
    async with LoopbackProvider() as provider:
        model = make_ollama(provider)
        await model.prepare()
        await hear(model, "a")
        assert provider.posts[0].body["think"] is True


@pytest.mark.parametrize(
    "described",
    [
        Answer(status=404, raw=b"404 page not found"),
        Answer(status=500, raw=b"{}"),
        Answer(raw=b"<html>"),
        Answer(raw=b'{"capab', cut_after=4),
        Answer(raw=b"[]"),
    ],
)
async def test_a_server_that_cannot_describe_a_model_changes_nothing(
    make_ollama: MakeOllama, described: Answer
) -> None:
    async with LoopbackProvider(Answer(text="fine"), documents={"/api/show": described}) as provider:
        model = make_ollama(provider)
        await model.prepare()
        heard = await hear(model, ask("a", tools=("get",)))
        assert "tools" in provider.posts[0].body
    assert (heard.error, heard.text, model.context_window) == (None, "fine", 0)


async def test_a_server_that_is_not_there_is_no_error_before_a_question(make_ollama: MakeOllama) -> None:
    async with LoopbackProvider() as provider:
        model = make_ollama(provider)
    await model.prepare()
    heard = await hear(model, "a")
    assert isinstance(heard.error, ProviderUnavailable)


async def test_what_is_being_asked_ends_with_the_model(make_ollama: MakeOllama) -> None:
    async with LoopbackProvider(documents={"/api/show": Answer(stall_before_headers=True)}) as provider:
        model = make_ollama(provider)
        await hear(model, "a")
        await provider.until(lambda server: any(one.place == "/api/show" for one in server.requests))
        (look,) = looks()
        await model.aclose()
        assert look.cancelled()
        await provider.until(lambda server: server.open_connections == 0)


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        ("tools", "registry.ollama.ai/library/gemma:2b does not support tools"),
        ("think", '"gemma:2b" does not support thinking'),
    ],
)
async def test_what_a_model_refuses_is_left_out_at_once_and_from_then_on(
    make_ollama: MakeOllama, refused: str, words: str
) -> None:
    def respond(request: ReceivedRequest) -> Answer:
        return Answer(status=400, failure=words) if refused in request.body else Answer(text="fine")

    async with LoopbackProvider(respond) as provider:
        model = make_ollama(provider)
        await model.prepare()
        first = await hear(model, ask("a", tools=("get",)))
        second = await hear(model, ask("b", tools=("get",)))
        assert [refused in post.body for post in provider.posts] == [True, False, False]
    assert (first.text, second.text) == ("fine", "fine")
    assert model.facts.may("vision")


@pytest.mark.parametrize("words", ["model 'qwen3:8b' not found", 'model "qwen3:8b" not found, try pulling it first'])
async def test_a_model_that_is_not_there_says_how_to_get_it(make_ollama: MakeOllama, words: str) -> None:
    async with LoopbackProvider(Answer(status=404, failure=words)) as provider:
        heard = await hear(make_ollama(provider), "a")
        assert len(provider.posts) == 1
    assert isinstance(heard.error, ModelNotFound)
    assert "ollama pull qwen3:8b" in heard.error.hint
    assert "not on this server" in heard.error.message


async def test_a_server_that_is_no_ollama_is_not_told_to_load_a_model(make_ollama: MakeOllama) -> None:
    async with LoopbackProvider(Answer(status=404, raw=b"404 page not found")) as provider:
        model = OllamaModel("my:model", base_url=provider.origin, connections=Connections())
        heard = [await hear(make_ollama(provider), "a"), await hear(model, "a")]
        await model.aclose()
    for answer in heard:
        assert isinstance(answer.error, ModelNotFound)
        assert "pull" not in answer.error.hint


async def test_what_cannot_be_read_is_shown_without_the_key(make_ollama: MakeOllama) -> None:
    async with LoopbackProvider(Answer(raw=b'{"odd": "sk-canary-1234"}\n')) as provider:
        heard = await hear(make_ollama(provider, api_key=Secret("sk-canary-1234")), "a")
    assert isinstance(heard.error, BadResponse)
    assert "odd" in heard.error.message
    assert "sk-canary" not in str(heard.error)


async def test_the_key_of_a_server_behind_a_proxy_goes_into_its_header_only(make_ollama: MakeOllama) -> None:
    async with LoopbackProvider() as provider:
        model = make_ollama(provider, api_key=Secret("sk-canary-1234"))
        await model.prepare()
        await hear(model, "a")
        plain = make_ollama(provider)
        await hear(plain, "a")
        with_key, without = provider.posts
        for request in provider.requests[:3]:
            assert request.headers["authorization"] == "Bearer sk-canary-1234"
    assert with_key.headers["accept"] == "application/x-ndjson"
    assert "authorization" not in without.headers
    assert "sk-canary" not in f"{with_key.path} {with_key.body} {model!r} {vars(model)!r}"


async def test_a_choice_is_one_whole_piece(make_ollama: MakeOllama) -> None:
    output = StructuredOutput(format="enum", choices=("yes", "no"))
    request = ModelRequest(system="", messages=(user_message("Is it?"),), output=output)
    async with LoopbackProvider(Answer(text='"yes"')) as provider:
        heard = await hear(make_ollama(provider), request)
    assert (heard.text, heard.stop) == ("yes", StopReason.END)


@pytest.mark.parametrize(
    "count", [float("inf"), float("nan"), -5, pytest.param(10**400, id="huge"), True, "many", None]
)
def test_a_window_that_is_no_number_of_tokens_is_unknown(count: object) -> None:
    shown = {
        "parameters": f"num_ctx {'9' * 5_000}",
        "model_info": {"general.architecture": "q", "q.context_length": count},
    }
    facts = shown_facts(shown)
    assert (facts.trained_window, facts.set_window) == (0, 0)
    assert loaded_window({"models": [{"name": "a", "context_length": count}]}, "a") == 0
