"""Responses under test, and the rules OpenAI states for the items of a request.

Source: https://platform.openai.com/docs/api-reference/responses/create and its guide to reasoning.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hector_tui.domain.usage import Usage
from hector_tui.llm.base import StopReason, ToolCall
from hector_tui.llm.dialects import dialect_of
from hector_tui.llm.responses import Responses
from hector_tui.llm.responses_request import responses_url, signature_of
from hector_tui.llm.wire import WireFormat
from tests.provider import responses
from tests.unit.llm.formats.subject import ORIGIN, Recording, Subject, after_line

THOUGHTS = ("**Comparing numbers**\n\n9.11 is less than 9.8.", "**Answering**\n\nShort.")
RECORDED_SIGNATURE = signature_of(
    ORIGIN.model,
    "rs_6820f382ee1c8191bc096bee70894d040ac5ba57aafcbac7",
    "gAAAAABoISQ24OyVRYbkYfukdJoqdzWT-3uiKabkBXnrUc-3Om7T",
    [len(thought) for thought in THOUGHTS],
)


def wire(base_url: str) -> WireFormat:
    return Responses(model="loop-1", url=responses_url(base_url), dialect=dialect_of(base_url))


def complete_from(body: bytes) -> int:
    """The event that ends an answer, with the blank line that ends the event."""
    markers = (b"event: response.completed", b"event: response.incomplete")
    return min(after_line(body, marker, 3) for marker in markers)


def complaints(body: Mapping[str, Any]) -> list[str]:
    """What OpenAI would refuse about the items of a request."""
    found = [] if body.get("store") is False else ["something would be stored"]
    open_calls: list[str] = []
    items = body["input"]
    for number, item in enumerate(items):
        match item:
            case {"type": "function_call", "call_id": str(call_id), "name": str(name), "arguments": str(arguments)}:
                found += [f"{number}: an id twice"] if call_id in open_calls else []
                found += [] if isinstance(json.loads(arguments), dict) else [f"{number}: arguments that are no object"]
                found += [f"{number}: an id of {len(call_id)} characters"] if len(call_id) > 64 else []
                found += [] if re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) else [f"{number}: the name {name!r}"]
                open_calls.append(call_id)
            case {"type": "function_call_output", "call_id": str(call_id), "output": str()}:
                found += [] if call_id in open_calls else [f"{number}: a result nobody asked for"]
                open_calls = [other for other in open_calls if other != call_id]
            case {"type": "message", "role": "user" | "assistant" as role, "content": [*parts]} if parts:
                kind = "output_text" if role == "assistant" else "input_text"
                words = [part for part in parts if part["type"] != "input_image" or role != "user"]
                found += [f"{number}: {part}" for part in words if part["type"] != kind or not part["text"]]
                found += [f"{number}: calls without a result: {open_calls}"] if open_calls else []
            case {"type": "reasoning", "encrypted_content": str(), "summary": [*_]}:
                after = next((other["type"] for other in items[number + 1 :] if other["type"] != "reasoning"), "")
                if after not in ("message", "function_call"):
                    found.append(f"{number}: reasoning without what it led to")
            case _:
                found.append(f"{number}: {item}")
    return [*found, *([f"calls without a result: {open_calls}"] if open_calls else [])]


SUBJECT = Subject(
    name="responses",
    path="/v1/responses",
    wire=wire,
    key_header=lambda key: ("authorization", f"Bearer {key}"),
    complete_from=complete_from,
    complaints=complaints,
    refusal=responses.refusal,
    reports_reasoning=True,
    signs_thoughts=True,
    recordings={
        "text": Recording(
            text="Hi there! Grüße 👋",
            usage=Usage(input_tokens=37, output_tokens=11, cached_tokens=32),
            stop=StopReason.END,
        ),
        "thinking": Recording(
            thinking="\n\n".join(THOUGHTS),
            signatures=(RECORDED_SIGNATURE,),
            text="9.8",
            usage=Usage(input_tokens=14, output_tokens=87, reasoning_tokens=64),
            stop=StopReason.END,
        ),
        "parallel_tools": Recording(
            calls=(
                ToolCall("call_sYuAqdoJG2qGZaiRSLAv0Xql", "get_weather", '{"city":"Paris"}'),
                ToolCall("call_7Ld0HqLGzjQn5gRMqSUkTCvP", "get_weather", '{"city":"Bogotá"}'),
            ),
            usage=Usage(input_tokens=61, output_tokens=52),
            stop=StopReason.TOOL_CALLS,
        ),
        "refusal": Recording(
            text="I'm sorry, I cannot assist with that request.",
            usage=Usage(input_tokens=81, output_tokens=11),
            stop=StopReason.REFUSAL,
        ),
        "length": Recording(text="Once upon a", usage=Usage(input_tokens=20, output_tokens=16), stop=StopReason.LENGTH),
        "error": Recording(text="Let me", error="The model failed to generate a response."),
    },
)
