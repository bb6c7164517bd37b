"""Anthropic Messages under test, and the rules its documentation and its error messages state for a request.

Source: https://platform.claude.com/docs/en/api/messages/create, and the pages on tool use, thinking and prompt caching.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hector_tui.domain.usage import Usage
from hector_tui.llm.anthropic import Messages
from hector_tui.llm.anthropic_messages import REDACTED, THOUGHT
from hector_tui.llm.anthropic_request import Parameters, anthropic_url
from hector_tui.llm.base import StopReason, ToolCall
from hector_tui.llm.wire import WireFormat
from tests.provider import anthropic
from tests.unit.llm.formats.subject import Recording, Subject, after_line

MODEL = "claude-sonnet-4-5"
_IDENTIFIER = re.compile(r"[a-zA-Z0-9_-]+")
_KINDS = {
    "user": frozenset({"text", "image", "document", "tool_result"}),
    "assistant": frozenset({"text", "thinking", "redacted_thinking", "tool_use"}),
}
_MOST_MARKS = 4


def wire(base_url: str) -> WireFormat:
    parameters = Parameters(thinking=2_048)
    return Messages(model=MODEL, url=anthropic_url(base_url, "/messages"), parameters=parameters)


def complete_from(body: bytes) -> int:
    """`message_stop`, with the blank line that ends the event."""
    return after_line(body, b"event: message_stop", 3)


def complaints(body: Mapping[str, Any]) -> list[str]:
    """What Anthropic would refuse about a request."""
    messages = body["messages"]
    found = [*_about_parameters(body), *_about_roles(messages)]
    for number, message in enumerate(messages):
        before = messages[number - 1]["content"] if number else ()
        found += [f"{number}: {what}" for what in (*_about_blocks(message), *_about_pairs(before, message["content"]))]
    asked = [block["id"] for message in messages for block in message["content"] if block["type"] == "tool_use"]
    if len(set(asked)) != len(asked):
        found.append(f"ids that are not unique: {asked}")
    return [*found, *_about_last_thought(body)]


def _about_parameters(body: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1:
        yield "no max_tokens"
    thinking = body.get("thinking", {"type": "disabled"})
    if thinking["type"] == "enabled" and not 1_024 <= thinking["budget_tokens"] < body["max_tokens"]:
        yield f"a budget of {thinking['budget_tokens']} within {body['max_tokens']}"
    if thinking["type"] == "enabled" and body.get("temperature", 1) != 1:
        yield "a temperature while thinking"
    if not 0 <= body.get("temperature", 0) <= 1:
        yield f"a temperature of {body['temperature']}"
    if (marks := str(body).count("'cache_control'")) > _MOST_MARKS:
        yield f"{marks} cache marks"
    for tool in body.get("tools", ()):
        if not _IDENTIFIER.fullmatch(tool["name"]) or tool["input_schema"].get("type") != "object":
            yield f"a tool {tool}"
    for block in body.get("system", ()):
        if block["type"] != "text" or not block["text"].strip():
            yield f"a system prompt {block}"


def _about_roles(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not messages or messages[0]["role"] != "user":
        yield "the first message is not the user's"
    for number, message in enumerate(messages):
        if number and message["role"] == messages[number - 1]["role"]:
            yield f"{number}: {message['role']} twice"
        if not message["content"]:
            yield f"{number}: says nothing"


def _about_blocks(message: Mapping[str, Any]) -> Iterator[str]:
    for block in message["content"]:
        kind = block["type"]
        if kind not in _KINDS[message["role"]]:
            yield f"a {kind} of the {message['role']}"
        match block:
            case {"type": "text", "text": str(text)} if text.strip():
                pass
            case {"type": "thinking", "thinking": str(), "signature": str(signature)} if signature:
                pass
            case {"type": "redacted_thinking", "data": str(data)} if data:
                pass
            case {"type": "tool_use", "id": str(call_id), "name": str(name), "input": dict()}:
                if not (_IDENTIFIER.fullmatch(call_id) and _IDENTIFIER.fullmatch(name)):
                    yield f"a call named {name!r} with id {call_id!r}"
            case {"type": "tool_result", "tool_use_id": str(), "content": str(text)} if text.strip():
                pass
            case {"type": "image" | "document", "source": {"data": str(data)}} if data:
                pass
            case _:
                yield f"a block {block}"
        if kind in ("thinking", "redacted_thinking") and "cache_control" in block:
            yield "a cache mark on a thought"


def _about_pairs(before: Sequence[Mapping[str, Any]], content: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Calls are answered in the next message, each once, before anything else there."""
    asked = [block["id"] for block in before if block["type"] == "tool_use"]
    answered = [block["tool_use_id"] for block in content if block["type"] == "tool_result"]
    if sorted(asked) != sorted(answered):
        yield f"results of {answered} for calls {asked}"
    kinds = [block["type"] for block in content]
    if kinds[: len(answered)] != ["tool_result"] * len(answered):
        yield "something stands before the results"


def _about_last_thought(body: Mapping[str, Any]) -> Iterator[str]:
    """While thinking with a budget, the answer whose tools were just run begins with a thought."""
    messages = body["messages"]
    if messages and any(block["type"] == "tool_use" for block in messages[-1]["content"]):
        yield "calls without results at the end"
    if body.get("thinking", {}).get("type") != "enabled" or len(messages) < 2:
        return
    if any(block["type"] == "tool_result" for block in messages[-1]["content"]):
        first = messages[-2]["content"][0]["type"]
        if first not in ("thinking", "redacted_thinking"):
            yield f"expected a thought, found {first}"


SUBJECT = Subject(
    name="anthropic",
    path="/v1/messages",
    wire=wire,
    key_header=lambda key: ("x-api-key", key),
    complete_from=complete_from,
    complaints=complaints,
    refusal=anthropic.refusal,
    keep_alive=b'event: ping\ndata: {"type": "ping"}\n\n',
    reports_reasoning=True,
    signs_thoughts=True,
    recordings={
        "text": Recording(
            text="Hello! Grüße 👋",
            usage=Usage(input_tokens=17, output_tokens=12, cached_tokens=4),
            stop=StopReason.END,
        ),
        "thinking": Recording(
            thinking="27 * 453: 27 * 400 = 10,800",
            signatures=(
                f"{THOUGHT}EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds",
                f"{REDACTED}EmwKAhgBEgy3va3pzix/LafPsn4aDFIT2Xlxh0L5L8rLVyIwxtE3rAFBa8cr3qpP",
            ),
            text="27 * 453 = 12,231",
            usage=Usage(input_tokens=52, output_tokens=86),
            stop=StopReason.END,
        ),
        "parallel_tools": Recording(
            text="Okay, let's check the weather:",
            calls=(
                ToolCall("toolu_01T1x1fJ34qAmk2tNTrN7Up6", "get_weather", '{"location": "San Francisco, CA"}'),
                ToolCall("toolu_01A09q90qw90lq917835lq9", "get_time", ""),
            ),
            usage=Usage(input_tokens=472, output_tokens=89),
            stop=StopReason.TOOL_CALLS,
        ),
        "refusal": Recording(
            text="I can't help with that.",
            usage=Usage(input_tokens=33, output_tokens=9),
            stop=StopReason.REFUSAL,
        ),
        "length": Recording(text="Once upon a", usage=Usage(input_tokens=14, output_tokens=3), stop=StopReason.LENGTH),
        "error": Recording(text="Let me", error="Overloaded"),
    },
)
