"""The tools that come with the program, and the names a configuration may use with nothing behind them yet."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping

from hector_tui.domain.memories import MemoryAccess
from hector_tui.tools.base import Tool
from hector_tui.tools.calculator import CalculatorTool
from hector_tui.tools.current_time import CurrentTimeTool
from hector_tui.tools.memory_tools import RecallTool, RememberTool

NEEDS_MEMORY = frozenset({"remember", "recall"})
"""Built-in tools that exist only where there is a long-term memory."""

NOT_AVAILABLE_YET = frozenset(
    {"execute_command", "write_file", "search_replace", "read_file", "search", "todo_write", "agent_call"}
)
"""Tools of Hector's configuration that this version knows by name only."""


def builtin_tools(memory: MemoryAccess | None) -> Mapping[str, Tool]:
    """The built-in tools by name; without a memory there are no tools for it."""
    tools: list[Tool] = [CalculatorTool(), CurrentTimeTool()]
    if memory is not None:
        tools += [RememberTool(memory), RecallTool(memory)]
    return {tool.spec.name: tool for tool in tools}


def why_unavailable(name: str, available: Collection[str]) -> str:
    """Why a tool that a configuration names cannot be used, in one line for the person who wrote it."""
    if name in NOT_AVAILABLE_YET:
        return f'the tool "{name}" is not available in this version'
    if name in NEEDS_MEMORY:
        return f'the tool "{name}" needs a long-term memory'
    near = difflib.get_close_matches(name, available, n=1)
    advice = f'did you mean "{near[0]}"?' if near else f"available: {', '.join(sorted(available)) or 'none'}"
    return f'there is no tool "{name}"; {advice}'
