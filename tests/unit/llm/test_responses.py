"""The Responses format: what a request holds, and the streams of servers that imitate it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from hector_tui.domain.assembly import TurnAssembler
from hector_tui.domain.deltas import joined
from hector_tui.domain.events import TextDelta, ThinkingDelta, ToolCallFinished, ToolCallStarted
from hector_tui.domain.messages import FilePart, Message, Role, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from hector_tui.domain.usage import Usage
from hector_tui.errors import BadResponse, ProviderError, ProviderUnavailable, RateLimited, RequestRejected
from hector_tui.llm.base import ModelRequest, StopReason, StructuredOutput, ThinkingChunk, ToolCall
from hector_tui.llm.connections import Connections
from hector_tui.llm.responses import ResponsesModel
from hector_tui.llm.responses_request import body, signature_of
from hector_tui.llm.retry import RetryPolicy
from hector_tui.llm.secrets import Secret
from tests.provider import Answer, LoopbackProvider, ReceivedRequest, WireCall
from tests.provider.talk import ask, hear

ONCE = RetryPolicy(tries=1)
Make = Callable[..., ResponsesModel]


def sent(
    request: ModelRequest, model: str = "m", left_out: frozenset[str] = frozenset(), **options: Any
) -> dict[str, Any]:
    settings: dict[str, Any] = {"temperature": None, "max_tokens": None, **options}
    data = json.loads(body(model, request, left_out=left_out, **settings))
    assert isinstance(data, dict)
    return data


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Models of the format; closed after the test."""
    made: list[ResponsesModel] = []
    connections = Connections()

    def model(provider: LoopbackProvider, name: str = "loop-1", **options: Any) -> ResponsesModel:
        settings: dict[str, Any] = {"connections": connections, "retry": ONCE, **options}
        made.append(ResponsesModel(name, base_url=provider.base_url, **settings))
        return made[-1]

    yield model
    for each in made:
        await each.aclose()


def test_nothing_is_stored_and_what_is_not_set_is_not_sent() -> None:
    data = sent(ask("hello"))
    assert data == {
        "model": "m",
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}],
        "stream": True,
        "store": False,
    }
    full = sent(ask("hello", system="Be kind."), temperature=0.5, max_tokens=9)
    assert (full["instructions"], full["temperature"], full["max_output_tokens"]) == ("Be kind.", 0.5, 9)


def test_reasoning_models_are_asked_for_their_reasoning_and_not_sent_a_temperature() -> None:
    data = sent(ask("hello"), model="gpt-5-mini", temperature=0.5)
    assert data["include"] == ["reasoning.encrypted_content"]
    assert data["reasoning"] == {"summary": "auto"}
    assert "temperature" not in data


def test_messages_become_items_and_reasoning_goes_back_as_it_came() -> None:
    proof = signature_of("m", "rs_1", "gAAA", [3, 3])
    history = (
        Message(
            Role.ASSISTANT,
            (
                ThinkingPart("one\n\ntwo", proof),
                ThinkingPart("anthropic's", "anthropic:abc"),
                ThinkingPart("unproved"),
                ThinkingPart("another model's", signature_of("other", "rs_2", "gBBB", [])),
                ThinkingPart("broken", "openai:{"),
                TextPart("Let me look."),
                ToolCallPart("c1", "get", '{"x": 1}'),
                ToolCallPart("c2", "get", "[broken"),
            ),
        ),
        Message(Role.TOOL, (ToolResultPart("c1", "get", "one"), ToolResultPart("c2", "get", "no", is_error=True))),
    )
    items = sent(ask("hello", *history))["input"][1:]
    assert items == [
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "one"}, {"type": "summary_text", "text": "two"}],
            "encrypted_content": "gAAA",
        },
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Let me look."}]},
        {"type": "function_call", "call_id": "c1", "name": "get", "arguments": '{"x": 1}'},
        {"type": "function_call", "call_id": "c2", "name": "get", "arguments": '{"not_valid_json": "[broken"}'},
        {"type": "function_call_output", "call_id": "c1", "output": "one"},
        {"type": "function_call_output", "call_id": "c2", "output": "no"},
    ]
    refused = sent(ask("hello", *history), left_out=frozenset({"input.reasoning"}))
    assert "reasoning" not in json.dumps(refused["input"])


def test_a_thought_that_led_to_nothing_is_not_sent() -> None:
    """A cancelled answer leaves one; alone it is refused."""
    thought = Message(Role.ASSISTANT, (ThinkingPart("hm", signature_of("m", "rs_1", "gAAA", [2])),))
    assert len(sent(ask("hello", thought, "and now?"))["input"]) == 2


def test_a_summary_that_was_changed_is_sent_as_one() -> None:
    thought = ThinkingPart("altogether different", signature_of("m", "", "gAAA", [3, 3]))
    item = sent(ask("a", Message(Role.ASSISTANT, (thought, TextPart("b")))))["input"][1]
    assert item["summary"] == [{"type": "summary_text", "text": "altogether different"}]
    assert "id" not in item


def test_files_tools_and_forms() -> None:
    files = (FilePart("p", "cat.png", "image/png", 4), FilePart("n", "notes.txt", "text/plain", 2))
    asked = Message(Role.USER, (*files, TextPart("What?")))
    output = StructuredOutput(format="enum", choices=("yes", "no"))
    request = ModelRequest(
        system="",
        messages=(asked,),
        files={"p": b"\x89PNG", "n": b"hi"},
        output=output,
        tools=ask(tools=("get",)).tools,
    )
    data = sent(request)
    assert data["input"][0]["content"] == [
        {"type": "input_image", "image_url": "data:image/png;base64,iVBORw==", "detail": "auto"},
        {"type": "input_text", "text": "The file notes.txt:\n\nhi"},
        {"type": "input_text", "text": "What?"},
    ]
    assert data["tools"] == [
        {
            "type": "function",
            "name": "get",
            "description": "The get tool.",
            "parameters": {"type": "object", "properties": {}},
            "strict": False,
        }
    ]
    wanted = data["text"]["format"]
    assert (wanted["type"], wanted["name"], wanted["strict"]) == ("json_schema", "answer", True)
    assert "instructions" not in data
    in_words = sent(request, left_out=frozenset({"text.format", "tools"}))
    assert "text" not in in_words
    assert "- yes\n- no" in in_words["instructions"]
    assert "tools" not in in_words
    anything = sent(ModelRequest(system="", messages=ask("a").messages, output=StructuredOutput(format="json")))
    assert anything["text"] == {"format": {"type": "json_object"}}
    assert "JSON" in anything["instructions"]


async def test_reasoning_survives_a_turn_and_its_storage(make: Make) -> None:
    """What came as one thought after another goes back as one after another, each with its own proof."""
    first = Answer(thinking="First this.", signature="gAAA", calls=(WireCall("c1", "get", "{}"),))
    async with LoopbackProvider([first, Answer(text="done")]) as provider:
        model = make(provider, "gpt-5")
        heard = await hear(model, ask("go", tools=("get",)))
        events = [
            ThinkingDelta(event.text, event.signature) for event in heard.events if isinstance(event, ThinkingChunk)
        ]
        again = ThinkingDelta("Then that.", signature_of("gpt-5", "rs_9", "gBBB", [10]))
        assembled = TurnAssembler()
        for event in joined([*events, again, TextDelta("so"), ToolCallStarted("c1", "get", "{}")]):
            assembled.apply(event)
        assembled.apply(ToolCallFinished("c1", "get", "fine", False, 0.0))
        await hear(model, ask("go", *assembled.messages(), tools=("get",)))
        items = provider.posts[1].body["input"]
    thoughts = [(item["id"], item["summary"][0]["text"], item["encrypted_content"]) for item in items[1:3]]
    assert thoughts == [("rs_123", "First this.", "gAAA"), ("rs_9", "Then that.", "gBBB")]
    assert [item["type"] for item in items[3:]] == ["message", "function_call", "function_call_output"]


def sse(*events: dict[str, Any]) -> bytes:
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


def message(text: str, index: int = 0) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text}]
    return {"type": "response.output_item.done", "output_index": index, "item": {"type": "message", "content": content}}


def delta(text: str, **fields: Any) -> dict[str, Any]:
    return {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": text, **fields}


COMPLETED: dict[str, Any] = {"type": "response.completed", "response": {"status": "completed", "output": []}}


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([delta("one "), delta("two"), COMPLETED], id="pieces alone"),
        pytest.param([message("one two"), COMPLETED], id="whole items alone"),
        pytest.param(
            [delta("one "), message("one two"), message("one two"), COMPLETED], id="some pieces, then the whole"
        ),
        pytest.param(
            [{**COMPLETED, "response": {"status": "completed", "output": [message("one two")["item"]]}}],
            id="at the end",
        ),
        pytest.param(
            [
                {"type": "response.output_text.delta", "delta": "one "},
                {"type": "response.output_text.delta", "delta": "two"},
                COMPLETED,
            ],
            id="without indexes",
        ),
        pytest.param(
            [
                {"type": "response.web_search_call.searching", "output_index": 0},
                delta("one two", output_index=1),
                COMPLETED,
            ],
            id="kinds nobody knows",
        ),
        pytest.param([delta("one \ud83d"), delta("\ude00two"), COMPLETED], id="halves of a character"),
    ],
)
async def test_servers_may_leave_out_what_is_said_twice(make: Make, events: list[dict[str, Any]]) -> None:
    async with LoopbackProvider(Answer(raw=sse(*events) + b"data: [DONE]\n\n")) as provider:
        heard = await hear(make(provider), "a")
    assert (heard.error, heard.text.replace("😀", ""), heard.stop) == (None, "one two", StopReason.END)


async def test_an_answer_sent_whole_is_accepted(make: Make) -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "get", "arguments": "{}"}
    thought = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]}
    whole = {
        "object": "response",
        "status": "completed",
        "error": None,
        "output": [thought, message("hello")["item"], call],
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }
    async with LoopbackProvider(Answer(raw=json.dumps(whole).encode(), framing="length")) as provider:
        heard = await hear(make(provider), "a")
    assert (heard.error, heard.thinking, heard.text) == (None, "hm", "hello")
    assert (heard.calls, heard.stop) == ([ToolCall("c1", "get", "{}")], StopReason.TOOL_CALLS)
    assert heard.usage.usage == Usage(input_tokens=3, output_tokens=2)


@pytest.mark.parametrize(
    ("answer", "stop"),
    [
        (Answer(text="a", stop=StopReason.LENGTH), StopReason.LENGTH),
        (Answer(text="a", stop=StopReason.REFUSAL), StopReason.REFUSAL),
        (Answer(text="a", calls=(WireCall("c", "get", "{}"),)), StopReason.TOOL_CALLS),
    ],
)
async def test_ends_are_mapped(make: Make, answer: Answer, stop: StopReason) -> None:
    async with LoopbackProvider(answer) as provider:
        heard = await hear(make(provider), "a")
    assert (heard.error, heard.text, heard.stop) == (None, "a", stop)


async def test_half_a_call_is_never_given_out(make: Make) -> None:
    calls = (WireCall("c1", "get", "{}"), WireCall("c2", "rm", '{"path": "/ho'))
    async with LoopbackProvider(Answer(calls=calls, stop=StopReason.LENGTH)) as provider:
        heard = await hear(make(provider), "a")
    assert ([call.name for call in heard.calls], heard.stop) == (["get"], StopReason.LENGTH)


@pytest.mark.parametrize(
    ("raw", "kind", "words"),
    [
        (sse({"type": "error", "code": "rate_limit_exceeded", "message": "slow down"}), RateLimited, "slow down"),
        (
            sse({"type": "error", "error": {"type": "server_error", "message": "it broke"}}),
            ProviderUnavailable,
            "broke",
        ),
        (b'event: error\ndata: {"message": "it broke"}\n\n', ProviderUnavailable, "it broke"),
        (b'data: {"error": {"message": "no", "code": 429}}\n\n', RateLimited, "no"),
        (
            sse({"type": "response.failed", "response": {"error": {"code": "invalid_prompt", "message": "not this"}}}),
            RequestRejected,
            "not this",
        ),
        (sse({"type": "response.failed", "response": {"error": None}}), ProviderUnavailable, "failed"),
        (
            sse({**COMPLETED, "response": {"status": "failed", "error": {"code": "server_error", "message": "late"}}}),
            ProviderUnavailable,
            "late",
        ),
        (b"data: {broken\n\n", BadResponse, "not JSON"),
        (b"data: [1]\n\n", BadResponse, "no object"),
        (sse({"type": "response.output_item.done", "item": "x"}), BadResponse, "no known form"),
        (sse({"type": "response.completed", "response": [1]}), BadResponse, "no known form"),
        (b'{"error": {"message": "no", "type": "overloaded_error"}}', ProviderUnavailable, "no"),
        (b'{"hello": 1}', BadResponse, "no response"),
    ],
)
async def test_what_is_no_answer_is_an_error(make: Make, raw: bytes, kind: type[ProviderError], words: str) -> None:
    async with LoopbackProvider(Answer(raw=raw)) as provider:
        heard = await hear(make(provider), "a")
    assert type(heard.error) is kind
    assert words in str(heard.error)
    assert heard.stop is None


async def test_items_and_arguments_have_a_bound(make: Make) -> None:
    piece = "x" * 1_000_000
    calls = [{"type": "response.function_call_arguments.delta", "output_index": 0, "delta": piece}] * 20
    many = [
        {"type": "response.output_item.added", "output_index": at, "item": {"type": "message"}} for at in range(2000)
    ]
    for events in (calls, many):
        async with LoopbackProvider(Answer(raw=sse(*events))) as provider:
            heard = await hear(make(provider), "a")
        assert isinstance(heard.error, BadResponse)


async def test_a_model_that_encrypts_nothing_is_asked_again_without(make: Make) -> None:
    refusal = b'{"error": {"message": "Encrypted content is not supported with this model.", "param": "include"}}'

    def respond(request: ReceivedRequest) -> Answer:
        return Answer(status=400, raw=refusal) if "include" in request.body else Answer(text="fine")

    async with LoopbackProvider(respond) as provider:
        model = make(provider, "o3-mini", retry=RetryPolicy())
        assert [(await hear(model, "a")).text for _ in range(2)] == ["fine", "fine"]
        assert ["include" in post.body for post in provider.posts] == [True, False, False]


async def test_the_key_goes_into_its_header_only(make: Make) -> None:
    async with LoopbackProvider() as provider:
        model = make(provider, api_key=Secret("sk-canary-1234"))
        await hear(model, "a")
        (post,) = provider.posts
    assert post.headers["authorization"] == "Bearer sk-canary-1234"
    rest = {name: value for name, value in post.headers.items() if name != "authorization"}
    assert "sk-canary" not in f"{post.path} {rest} {post.body} {model!r} {vars(model)!r}"
