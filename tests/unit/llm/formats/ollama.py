"""Ollama's own format under test, and what its templates need of the messages of a request.

Source: https://docs.ollama.com/api/chat and https://docs.ollama.com/capabilities/tool-calling.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hector_tui.domain.usage import Usage
from hector_tui.llm.base import StopReason, ToolCall
from hector_tui.llm.ollama import OllamaChat
from hector_tui.llm.ollama_address import api_url
from hector_tui.llm.ollama_request import OllamaSettings
from hector_tui.llm.wire import WireFormat
from tests.provider import ollama
from tests.unit.llm.formats.subject import Recording, Subject, after_line


def wire(base_url: str) -> WireFormat:
    return OllamaChat(settings=OllamaSettings(model="loop-1"), url=api_url(base_url, "chat"))


def complete_from(body: bytes) -> int:
    """The line with `done`."""
    return min(after_line(body, marker) for marker in (b'"done":true', b'"done": true'))


def complaints(body: Mapping[str, Any]) -> list[str]:
    """What Ollama would refuse about the messages of a request, or mistake."""
    found: list[str] = []
    open_calls: list[str] = []
    for number, message in enumerate(body["messages"]):
        role, content = message["role"], message.get("content")
        found += [f"{number}: content that is no text"] if not isinstance(content, str) else []
        if role == "tool":
            if not open_calls or message["tool_name"] != open_calls.pop(0):
                found.append(f"{number}: a result nobody asked for, or out of order")
            continue
        if open_calls:
            found.append(f"{number}: calls without a result: {open_calls}")
        calls = [call["function"] for call in message.get("tool_calls", ())]
        found += [
            f"{number}: arguments that are no object" for call in calls if not isinstance(call["arguments"], dict)
        ]
        found += [f"{number}: says nothing"] if not content and not calls and not message.get("images") else []
        found += [f"{number}: no role {role!r}"] if role not in ("system", "user", "assistant") else []
        open_calls = [call["name"] for call in calls]
    return [*found, *([f"calls without a result: {open_calls}"] if open_calls else [])]


SUBJECT = Subject(
    name="ollama",
    path="/api/chat",
    wire=wire,
    key_header=lambda key: ("authorization", f"Bearer {key}"),
    complete_from=complete_from,
    complaints=complaints,
    refusal=ollama.refusal,
    keep_alive=b"\n",
    is_sse=False,
    calls_come_whole=True,
    reports_cache=False,
    recordings={
        "text": Recording(text="Hello! Grüße 👋", usage=Usage(input_tokens=19, output_tokens=10), stop=StopReason.END),
        "thinking": Recording(
            thinking="9.11 is less than 9.8.",
            text="9.8",
            usage=Usage(input_tokens=14, output_tokens=21),
            stop=StopReason.END,
        ),
        "parallel_tools": Recording(
            calls=(
                ToolCall("call_8kq2", "get_weather", '{"city": "Paris"}'),
                ToolCall("call_v1m9", "get_weather", '{"city": "Bogotá"}'),
            ),
            usage=Usage(input_tokens=161, output_tokens=52),
            stop=StopReason.TOOL_CALLS,
        ),
        # Models on a server of one's own refuse in words; no reason of the format says so.
        "refusal": Recording(
            text="I can't help with that.", usage=Usage(input_tokens=31, output_tokens=7), stop=StopReason.END
        ),
        "length": Recording(text="Once upon a", usage=Usage(input_tokens=12, output_tokens=3), stop=StopReason.LENGTH),
        "error": Recording(text="Let me", error="unexpected EOF"),
    },
)
