"""What the agents of the stateful test do: answers that stand still until they are let go, tools among them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Literal

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.messages import Role, ToolCallPart, ToolResultPart
from hector_tui.domain.tools import ToolOutcome, ToolSpec
from hector_tui.errors import ProviderUnavailable
from hector_tui.llm.base import ModelRequest, TextChunk
from hector_tui.llm.script import Gate, Script, ScriptStep, call, last_user_text
from hector_tui.tools.base import ToolContext

Kind = Literal["plain", "fail", "tool", "hang"]
KINDS: tuple[Kind, ...] = ("plain", "fail", "tool", "hang")
"""A sentence; an error in the middle; a tool, then a sentence; a tool that stands still."""
_NONCE = re.compile(r"\b[0-9a-f]{8}\b")


def whole_answer(kind: Kind, nonce: str) -> str:
    """All the words of an answer that nothing stops."""
    parts = {"plain": 2, "fail": 1, "tool": 3, "hang": 2}
    return "".join(f"{nonce}:{number} " for number in range(parts[kind]))


class Actors:
    """Gives the answers, and looks at every request.

    Attributes:
        owners: Whose a nonce is; fill it before the nonce is sent.
        copied: Who else knows a nonce, because its message was copied by a fork.
        standing: The nonces whose answers stand still now.
        problems: What was wrong with requests.
    """

    def __init__(self) -> None:
        self.owners: dict[str, SessionKey] = {}
        self.copied: dict[str, set[SessionKey]] = {}
        self.standing: dict[str, asyncio.Event] = {}
        self.problems: list[str] = []
        self.tool = _StandingTool(self)

    @property
    def script(self) -> Script:
        return Script(self._choose)

    def let_go(self, nonce: str) -> None:
        """Let the answer that stands still go on."""
        self.standing[nonce].set()

    async def stand(self, nonce: str) -> None:
        event = self.standing[nonce] = asyncio.Event()
        try:
            await event.wait()
        finally:
            del self.standing[nonce]

    def _choose(self, request: ModelRequest, _number: int) -> ScriptStep:
        kind, nonce = last_user_text(request).split()
        self._check(request, nonce)
        gate = Gate(lambda: self.stand(nonce))
        said = [TextChunk(f"{nonce}:{number} ") for number in range(3)]
        match kind, request.messages[-1].role is Role.TOOL:
            case "plain", _:
                return said[0], gate, said[1]
            case "fail", _:
                return said[0], gate, ProviderUnavailable("the provider is down")
            case "tool", False:
                return said[0], call("calculator", expression="6*7")
            case "tool", True:
                return said[1], gate, said[2]
            case "hang", False:
                return said[0], call("stand", nonce=nonce)
            case _:
                return (said[1],)

    def _check(self, request: ModelRequest, nonce: str) -> None:
        """Only what belongs to this SessionKey, and for every tool call its result right after it."""
        waiting: list[str] = []
        for message in request.messages:
            results = [part.call_id for part in message.parts if isinstance(part, ToolResultPart)]
            if waiting != results:
                self.problems.append(f"the calls {waiting} are followed by the results {results}")
            waiting = [part.call_id for part in message.parts if isinstance(part, ToolCallPart)]
            for found in _NONCE.findall(repr(message)):
                if self.owners[nonce] not in (self.owners.get(found), *self.copied.get(found, ())):
                    self.problems.append(f"{found} was sent with {nonce}, which belongs to another session")


class _StandingTool:
    """A tool that stands still until its answer is let go."""

    spec = ToolSpec(name="stand", description="Stands still.", parameters={"type": "object", "properties": {}})

    def __init__(self, actors: Actors) -> None:
        self._actors = actors

    async def call(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        await self._actors.stand(str(arguments["nonce"]))
        return ToolOutcome("moved")
