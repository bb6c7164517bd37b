"""Asking a person before a tool runs: the seam between an agent's loop and whoever can be asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from hector_tui.domain.approvals import Decision
from hector_tui.domain.events import OutputEvent
from hector_tui.llm.base import ToolCall

NOBODY = Decision(allowed=False, reason="nobody is here to be asked")


class Approver(Protocol):
    """Whoever decides about the tool calls of one run."""

    async def ask(self, call: ToolCall, emit: Callable[[OutputEvent], None]) -> Decision:
        """Wait for a decision; `emit` tells that it is waited for, and what came of it.

        Raises:
            LimitReached: `emit` took no more.
        """
        ...


class NobodyToAsk:
    """Refuses, because a tool that asks first must not run where nobody can answer."""

    async def ask(self, call: ToolCall, emit: Callable[[OutputEvent], None]) -> Decision:
        """No."""
        return NOBODY


def refusal(decision: Decision) -> str:
    """What the model is told about a call a person refused."""
    words = decision.reason.strip()
    told = f" They said: {words}" if words and decision != NOBODY else ""
    who = "Nobody could be asked" if decision == NOBODY else "The person refused"
    return f"{who}, so this call did not run.{told}"
