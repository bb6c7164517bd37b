"""Gemini under test, and the rules Google states for the contents of a request.

Source: https://ai.google.dev/gemini-api/docs/function-calling and https://ai.google.dev/gemini-api/docs/thought-signatures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hector_tui.domain.usage import Usage
from hector_tui.llm import gemini_request
from hector_tui.llm.base import StopReason, ToolCall
from hector_tui.llm.gemini import GenerateContent
from hector_tui.llm.wire import WireFormat
from tests.provider import gemini
from tests.unit.llm.formats.subject import Recording, Subject, after_line


def wire(base_url: str) -> WireFormat:
    return GenerateContent(model="loop-1", url=gemini_request.stream_url(base_url, "loop-1"))


def complete_from(body: bytes) -> int:
    """The chunk with a `finishReason`."""
    return min(after_line(body, marker, 2) for marker in (b'"finishReason":"', b'"finishReason": "'))


def complaints(body: Mapping[str, Any]) -> list[str]:
    """What Gemini would refuse about the contents of a request."""
    found: list[str] = []
    open_calls: list[str] = []
    for number, content in enumerate(body["contents"]):
        parts = content["parts"]
        found += [f"{number}: no parts"] if not parts else []
        found += [f"{number}: an empty part"] if any(part in ({}, {"text": ""}) for part in parts) else []
        answers = [part["functionResponse"]["name"] for part in parts if "functionResponse" in part]
        if answers != open_calls:
            found.append(f"{number}: {answers} answer {open_calls}")
        calls = [part["functionCall"] for part in parts if "functionCall" in part]
        found += [f"{number}: arguments that are no object" for call in calls if not isinstance(call["args"], dict)]
        if content["role"] not in ("user", "model"):
            found.append(f"{number}: no role {content['role']!r}")
        if calls and content["role"] != "model":
            found.append(f"{number}: calls by a person")
        open_calls = [call["name"] for call in calls]
    return [*found, *([f"calls without a result: {open_calls}"] if open_calls else [])]


SUBJECT = Subject(
    name="gemini",
    path="/v1beta/models/loop-1:streamGenerateContent",
    wire=wire,
    key_header=lambda key: ("x-goog-api-key", key),
    complete_from=complete_from,
    complaints=complaints,
    refusal=gemini.refusal,
    reports_reasoning=True,
    calls_come_whole=True,
    signs_thoughts=True,
    recordings={
        "text": Recording(text="Hello! Grüße 👋", usage=Usage(input_tokens=8, output_tokens=6), stop=StopReason.END),
        "thinking": Recording(
            thinking="**Comparing decimals**\n\n9.11 is less than 9.8.",
            signatures=("gemini:text:EjQKMgEMOdbHV3Zr1q8=",),
            text="9.8 is larger.",
            usage=Usage(input_tokens=14, output_tokens=70, cached_tokens=8, reasoning_tokens=64),
            stop=StopReason.END,
        ),
        "parallel_tools": Recording(
            calls=(
                ToolCall("nkq0ar8h", "get_weather", '{"city": "Paris"}', "gemini:CiQBcsjafEg0a5sO/2rI+Q=="),
                ToolCall("ds7e2fw1", "get_weather", '{"city": "Bogotá"}'),
            ),
            usage=Usage(input_tokens=61, output_tokens=68, reasoning_tokens=32),
            stop=StopReason.TOOL_CALLS,
        ),
        "refusal": Recording(
            text="Here is how", usage=Usage(input_tokens=12, output_tokens=3), stop=StopReason.REFUSAL
        ),
        "length": Recording(text="Once upon a", usage=Usage(input_tokens=12, output_tokens=3), stop=StopReason.LENGTH),
        "error": Recording(text="Let me", error="The model is overloaded"),
        "blocked": Recording(error="blocked the question: PROHIBITED_CONTENT"),
    },
)
