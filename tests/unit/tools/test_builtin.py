from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import Memory, MemoryHit, MemoryKind
from hector_tui.tools.builtin import NOT_AVAILABLE_YET, builtin_tools, why_unavailable


class NoMemory:
    """A memory that is never asked."""

    async def remember(self, key: SessionKey, text: str, *, turn_id: str) -> Memory:
        return Memory(memory_id="m", key=key, kind=MemoryKind.NOTE, role="note", text=text, created_at=0.0)

    async def recall(self, key: SessionKey, question: str, *, limit: int | None = None) -> Sequence[MemoryHit]:
        return ()

    async def newest_notes(self, key: SessionKey, *, limit: int | None = None) -> Sequence[MemoryHit]:
        return ()


def test_memory_tools_need_a_memory() -> None:
    assert list(builtin_tools(None)) == ["calculator", "current_time"]
    assert list(builtin_tools(NoMemory())) == ["calculator", "current_time", "remember", "recall"]


def test_every_spec_is_strict_and_within_every_providers_rules() -> None:
    for name, tool in builtin_tools(NoMemory()).items():
        spec = tool.spec
        assert spec.name == name
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name)
        # OpenAI refuses descriptions above 1,024 characters.
        assert 20 < len(spec.description) <= 1_024
        assert spec.parameters["type"] == "object"
        assert spec.parameters["additionalProperties"] is False
        assert set(spec.parameters.get("required", ())) <= set(spec.parameters["properties"])
        assert all(argument["description"] for argument in spec.parameters["properties"].values())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("execute_command", 'the tool "execute_command" is not available in this version'),
        ("remember", 'the tool "remember" needs a long-term memory'),
        ("calculater", 'there is no tool "calculater"; did you mean "calculator"?'),
        ("zzz", 'there is no tool "zzz"; available: calculator, current_time'),
    ],
)
def test_a_missing_tool_is_explained(name: str, reason: str) -> None:
    assert why_unavailable(name, builtin_tools(None)) == reason


def test_nothing_is_both_there_and_not_available() -> None:
    assert not NOT_AVAILABLE_YET & set(builtin_tools(NoMemory()))
