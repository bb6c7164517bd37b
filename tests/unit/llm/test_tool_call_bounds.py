"""Tool calls are held back until an answer ends: what never ends must not fill the memory."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hector_tui.errors import BadResponse
from hector_tui.llm.failures import Origin
from hector_tui.llm.openai_chunks import ChunkReader
from hector_tui.llm.secrets import Secret
from hector_tui.llm.sse import ServerSentEvent
from hector_tui.llm.tool_calls import HELD_CAP


def fragments(kind: str) -> Iterator[dict[str, object]]:
    """An endless stream of fragments of tool calls."""
    index = 0
    yield {"index": 0, "id": "c0", "function": {"name": "write", "arguments": ""}}
    while True:
        index += 1
        match kind:
            case "one without end":
                yield {"index": 0, "function": {"arguments": "x" * 4_000}}
            case "ever more":
                yield {"index": index, "id": f"c{index}", "function": {"name": "write", "arguments": "{}"}}
            case _:
                yield {"index": 0, "function": {"name": "y" * 4_000}}


@pytest.mark.parametrize("kind", ["one without end", "ever more", "a name without end"])
def test_tool_calls_without_end_are_refused(kind: str) -> None:
    reader = ChunkReader(Origin(where="http://loop", model="loop-1", key=Secret("")))
    with pytest.raises(BadResponse, match="the tool calls are larger than 16,777,216 characters"):
        for number, fragment in enumerate(fragments(kind)):
            chunk = {"choices": [{"index": 0, "delta": {"tool_calls": [fragment]}}]}
            reader.read(ServerSentEvent(event="", data=json.dumps(chunk)))
            assert number * 2_000 < HELD_CAP
