"""`ReasoningState`: everything that changes during one run, and nothing of it reachable from the Agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hector_tui.agents.approval import Approver, NobodyToAsk
from hector_tui.agents.context import RequestParts
from hector_tui.domain.assembly import TurnAssembler
from hector_tui.domain.memories import MemoryHit
from hector_tui.domain.messages import Message
from hector_tui.domain.turns import Turn
from hector_tui.domain.usage import Usage
from hector_tui.llm.base import Model


@dataclass(frozen=True, slots=True)
class SentRequest:
    """What one model call was sent; made readable only when somebody looks.

    Attributes:
        iteration: Which model call of the turn it was, from 1.
        at: Seconds since the epoch, UTC.
    """

    parts: RequestParts
    iteration: int
    at: float


@dataclass(slots=True, kw_only=True)
class ReasoningState:
    """The state of one run, made when it starts.

    Attributes:
        turn: The question.
        model: The one the session chose for itself; None for the agent's own.
        approver: Who is asked about tool calls that need a person's word.
        answer: The messages of this turn until now, assembled from the events.
        history: Messages of the earlier turns working memory picked, oldest first.
        dropped_turns: Earlier turns it left out.
        recalled: What long-term memory gave for the question.
        files: The content of the attached files of the history and the question, by their ids.
        iteration: Which model call is running, from 1.
        requests: What was sent to the model, one entry per call.
        usage: Tokens of all finished calls.
    """

    turn: Turn
    model: Model | None = None
    approver: Approver = field(default_factory=NobodyToAsk)
    answer: TurnAssembler = field(default_factory=TurnAssembler)
    history: Sequence[Message] = ()
    dropped_turns: int = 0
    recalled: Sequence[MemoryHit] = ()
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    iteration: int = 0
    requests: list[SentRequest] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
