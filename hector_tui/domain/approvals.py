"""A tool call that waits for a person, and what they decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hector_tui.domain.keys import SessionKey

ApprovalScope = Literal["once", "session"]
"""For this call alone, or for every later call of the same tool by the same agent in this session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequest:
    """A tool call that waits.

    Attributes:
        request_id: Names it; a model may use the id of a call twice.
        arguments: JSON text as the model wrote it.
        asked_at: Seconds since the epoch, UTC.
    """

    request_id: str
    key: SessionKey
    turn_id: str
    call_id: str
    name: str
    arguments: str
    asked_at: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided.

    Attributes:
        reason: Why not, in their words; the model is told.
    """

    allowed: bool
    scope: ApprovalScope = "once"
    reason: str = ""
