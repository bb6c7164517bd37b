"""The `Tool` protocol and the set of tools an agent may use."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hector_tui.domain.events import OutputEvent
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.tools import ToolOutcome, ToolSpec
from hector_tui.errors import LimitReached, ToolError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext:
    """For whom a tool runs; a tool keeps nothing of it after the call.

    Attributes:
        emit: Puts an event into the run's output at once, such as `ToolCallOutput` while a command runs.
    """

    key: SessionKey
    turn_id: str
    call_id: str
    emit: Callable[[OutputEvent], None]


class Tool(Protocol):
    """One tool, shared by every agent, without state of its own."""

    @property
    def spec(self) -> ToolSpec:
        """How the model sees it."""
        ...

    async def call(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        """Do the work.

        Args:
            arguments: The model's arguments: a JSON object, not yet checked against the schema.
            context: For whom it runs.

        Raises:
            ToolError: It could not be done; the text is for the model.
        """
        ...


class ToolSet:
    """The tools of one agent, by name, in the order its file names them.

    Args:
        tools: What it may call.
        ask_first: The names of those a person is asked about before each call.
    """

    __slots__ = ("_ask_first", "_tools")

    def __init__(self, tools: Iterable[Tool], ask_first: Iterable[str] = ()) -> None:
        self._tools: dict[str, Tool] = {tool.spec.name: tool for tool in tools}
        self._ask_first = frozenset(ask_first)

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def __len__(self) -> int:
        return len(self._tools)

    def asks_first(self, name: str) -> bool:
        """Whether a person must allow each call of this tool."""
        return name in self._ask_first

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What a request tells the model about them."""
        return tuple(tool.spec for tool in self)

    async def call(self, name: str, arguments: str, context: ToolContext) -> ToolOutcome:
        """Run a tool by the name and JSON text a model gave; every failure is an outcome the model can read.

        Raises:
            LimitReached: The tool said more than the run may.
        """
        tool = self._tools.get(name)
        if tool is None:
            known = ", ".join(self._tools) or "none"
            return ToolOutcome(f"There is no tool {name!r}. Tools you have: {known}.", is_error=True)
        try:
            values = json.loads(arguments or "{}")
        except ValueError as error:
            return ToolOutcome(f"The arguments are not valid JSON: {error}.", is_error=True)
        if not isinstance(values, dict):
            return ToolOutcome("The arguments must be a JSON object.", is_error=True)
        try:
            return await tool.call(values, context)
        except ToolError as error:
            return ToolOutcome(str(error), is_error=True)
        except LimitReached:  # by what the tool said: the run ends
            raise
        except Exception as error:  # a bug in one tool must not end the turn; the model can try another way
            logger.exception("the tool %s raised", name)
            return ToolOutcome(f"The tool {name!r} failed: {type(error).__name__}.", is_error=True)
