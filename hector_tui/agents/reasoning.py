"""`ReasoningState`: everything that changes during one run, and nothing of it reachable from the Agent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hector_tui.domain.assembly import TurnAssembler
from hector_tui.domain.context import ContextView
from hector_tui.domain.memories import MemoryHit
from hector_tui.domain.messages import Message
from hector_tui.domain.turns import Turn
from hector_tui.domain.usage import Usage


@dataclass(slots=True, kw_only=True)
class ReasoningState:
    """The state of one run, made when it starts.

    Attributes:
        turn: The question.
        answer: The messages of this turn until now, assembled from the events.
        history: Messages of the earlier turns working memory picked, oldest first.
        dropped_turns: Earlier turns it left out.
        recalled: What long-term memory gave for the question.
        iteration: Which model call is running, from 1.
        requests: What was sent to the model, one entry per call, as the inspector shows it.
        usage: Tokens of all finished calls.
    """

    turn: Turn
    answer: TurnAssembler = field(default_factory=TurnAssembler)
    history: Sequence[Message] = ()
    dropped_turns: int = 0
    recalled: Sequence[MemoryHit] = ()
    iteration: int = 0
    requests: list[ContextView] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
