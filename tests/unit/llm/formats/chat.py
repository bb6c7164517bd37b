"""Chat completions under test, and the rules OpenAI states for their messages.

Source: https://platform.openai.com/docs/api-reference/chat/create.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hector_tui.domain.usage import Usage
from hector_tui.llm import openai_request
from hector_tui.llm.base import StopReason, ToolCall
from hector_tui.llm.dialects import dialect_of
from hector_tui.llm.openai import ChatCompletions
from hector_tui.llm.wire import WireFormat
from tests.provider import chat
from tests.unit.llm.formats.subject import Recording, Subject, after_line


def wire(base_url: str) -> WireFormat:
    return ChatCompletions(model="loop-1", url=openai_request.chat_url(base_url), dialect=dialect_of(base_url))


def complete_from(body: bytes) -> int:
    """A chunk with a `finish_reason`, or `[DONE]`: the earlier."""
    words = (b"stop", b"length", b"tool_calls", b"content_filter")
    reasons = [b'"finish_reason":%s"%s"' % (blank, word) for word in words for blank in (b"", b" ")]
    return min(after_line(body, marker, 2) for marker in (*reasons, b"[DONE]"))


def complaints(body: Mapping[str, Any]) -> list[str]:
    """What OpenAI would refuse about the messages of a request."""
    found: list[str] = []
    open_calls: list[str] = []
    for number, message in enumerate(body["messages"]):
        role, content = message["role"], message.get("content")
        if open_calls and role != "tool":
            found.append(f"{number}: calls without a result: {open_calls}")
        match role:
            case "tool" if message.get("tool_call_id") in open_calls:
                open_calls.remove(message["tool_call_id"])
            case "tool":
                found.append(f"{number}: a result nobody asked for")
            case "assistant":
                open_calls = [call["id"] for call in message.get("tool_calls", ())]
                found += [f"{number}: an id twice"] if len(set(open_calls)) != len(open_calls) else []
                found += [f"{number}: says nothing"] if not content and not open_calls else []
                found += [f"{number}: an id of {len(one)} characters" for one in open_calls if len(one) > 40]
                for call in message.get("tool_calls", ()):
                    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", call["function"]["name"]):
                        found.append(f"{number}: the name {call['function']['name']!r}")
                    if not isinstance(json.loads(call["function"]["arguments"]), dict):
                        found.append(f"{number}: arguments that are no object")
            case "user" | "system":
                found += [f"{number}: says nothing"] if not content else []
            case _:
                found.append(f"{number}: no role {role!r}")
        if role == "tool" and not isinstance(content, str):
            found.append(f"{number}: a result without text")
    return [*found, *([f"calls without a result: {open_calls}"] if open_calls else [])]


SUBJECT = Subject(
    name="chat",
    path="/v1/chat/completions",
    wire=wire,
    key_header=lambda key: ("authorization", f"Bearer {key}"),
    complete_from=complete_from,
    complaints=complaints,
    refusal=chat.refusal,
    reports_reasoning=True,
    recordings={
        "text": Recording(
            text="Hello! Grüße 👋",
            usage=Usage(input_tokens=19, output_tokens=10, cached_tokens=0, reasoning_tokens=0),
            stop=StopReason.END,
        ),
        "thinking": Recording(
            thinking="9.11 is less than 9.8.",
            text="9.8",
            usage=Usage(input_tokens=14, output_tokens=21, cached_tokens=8, reasoning_tokens=17),
            stop=StopReason.END,
        ),
        "parallel_tools": Recording(
            calls=(
                ToolCall("call_DdmO9pD3xa9XTPNJ32zg2hcA", "get_weather", '{"city":"Paris"}'),
                ToolCall("call_ABCDEF9pD3xa9XTPNJ32zg2h", "get_weather", '{"city":"Bogotá"}'),
            ),
            usage=Usage(input_tokens=61, output_tokens=52, cached_tokens=0, reasoning_tokens=0),
            stop=StopReason.TOOL_CALLS,
        ),
        "refusal": Recording(text="I'm sorry, I cannot assist with that request.", stop=StopReason.REFUSAL),
        "length": Recording(
            text="Once upon a",
            usage=Usage(input_tokens=12, output_tokens=3),
            stop=StopReason.LENGTH,
        ),
        "error": Recording(text="Let me", error="The server had an error while processing your request"),
    },
)
