"""`Agent`: an immutable description with references to shared services; one instance serves every session.

Nothing is ever assigned to an agent after it is built. What a run needs to remember stands in its ReasoningState, what
a session needs to remember in SQLite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from hector_tui.agents.context import RequestParts, naming_the_lost
from hector_tui.agents.limits import LimitGuard, RunLimits
from hector_tui.agents.loop import think_and_act
from hector_tui.agents.prompt import PromptTemplate
from hector_tui.agents.reasoning import ReasoningState
from hector_tui.agents.services import AgentServices
from hector_tui.domain.context import ContextView
from hector_tui.domain.events import MemoryRecalled, Notice, OutputEvent, RecalledMemory, StateChanged
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import MemoryHit
from hector_tui.domain.messages import FilePart, Message, user_message
from hector_tui.domain.tokens import estimate_tokens, tools_tokens
from hector_tui.domain.turns import LIMIT, Turn
from hector_tui.domain.usage import Usage
from hector_tui.errors import LimitReached
from hector_tui.llm.base import Model, StructuredOutput
from hector_tui.memory.settings import MemorySettings
from hector_tui.memory.working import Selection, messages_of
from hector_tui.tools.base import ToolSet

Emit = Callable[[OutputEvent], None]
QueuePolicy = Literal["enqueue", "interrupt", "reject"]

HISTORY_TURNS = 200
"""Earlier turns read from the database for a request; working memory then picks from these."""
ANSWER_RESERVE = 1024
"""Tokens kept free for the answer when the file sets no `max_tokens`."""
_AFTER_ALL_TURNS = 2**62
_NO_FILES: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Agent:
    """One agent, shared by all its sessions.

    Attributes:
        version: Fingerprint of the configuration it was built from; turns are stamped with it.
        output: The form of its answers; None for free text.
        worker_pool: Runs of this agent at a time; 0 for no limit of its own.
    """

    agent_id: str
    name: str
    description: str
    version: str
    prompt: PromptTemplate
    model: Model
    tools: ToolSet
    memory: MemorySettings
    services: AgentServices
    max_iterations: int
    limits: RunLimits
    temperature: float | None = None
    max_tokens: int | None = None
    output: StructuredOutput | None = None
    worker_pool: int = 0
    queue_policy: QueuePolicy = "enqueue"
    starters: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Agent {self.agent_id} {self.model.label}>"

    async def run(self, state: ReasoningState, emit: Emit) -> str:
        """Answer the turn in `state`, saying everything through `emit`; returns the stop reason.

        Raises:
            ProviderError: The model failed; what was said until then stands in `state.answer`.
            StoreError: The history could not be read.
        """
        guard = LimitGuard(self.limits, emit)
        try:
            async with guard.on_time():
                return await self._answer(state, guard.emit)
        except LimitReached as limit:
            emit(Notice("warning", str(limit)))
            return f"{LIMIT}{limit.name}"

    async def _answer(self, state: ReasoningState, emit: Emit) -> str:
        turn = state.turn
        emit(StateChanged("recalling"))
        model = state.model or self.model
        selection = await self._select(turn.key, turn.text, before=turn.ordinal, model=model)
        state.dropped_turns = selection.dropped_turns
        history = messages_of(selection.turns)
        state.files = await self._files(turn, history)
        state.history = naming_the_lost(history, state.files)
        state.recalled = await self._recall(turn.key, turn.text, selection)
        if state.recalled:
            emit(MemoryRecalled(tuple(_recalled(hit) for hit in state.recalled)))
        return await think_and_act(self, state, emit)

    def priced(self, usage: Usage, model: str) -> Usage:
        """Tokens with what they cost, by the label of the model that was asked."""
        return self.services.prices.priced(usage, model)

    async def preview(self, key: SessionKey, draft: str, chosen: Model | None = None) -> ContextView:
        """What would be sent if the draft were sent now, to the agent's model or the one its session chose."""
        model = chosen or self.model
        selection = await self._select(key, draft, before=_AFTER_ALL_TURNS, model=model)
        recalled = await self._recall(key, draft, selection) if draft.strip() else ()
        turn = (user_message(draft),) if draft.strip() else ()
        parts = self.parts(messages_of(selection.turns), recalled, turn)
        return self._view(parts, model, selection.dropped_turns, iteration=0, at=self.services.clock())

    def parts(
        self,
        history: Sequence[Message],
        recalled: Sequence[MemoryHit],
        turn: Sequence[Message],
        files: Mapping[str, bytes] = _NO_FILES,
    ) -> RequestParts:
        """What the next request is made of."""
        return RequestParts(
            prompt=self.prompt,
            recalled=tuple(recalled),
            tools=self.tools.specs,
            history=tuple(history),
            turn=tuple(turn),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            output=self.output,
            files=files,
        )

    def sent(self, state: ReasoningState) -> tuple[ContextView, ...]:
        """What a run of this agent has sent so far, as the inspector shows it."""
        return tuple(
            self._view(
                request.parts,
                state.model or self.model,
                state.dropped_turns,
                iteration=request.iteration,
                at=request.at,
            )
            for request in state.requests
        )

    def _view(self, parts: RequestParts, model: Model, dropped_turns: int, *, iteration: int, at: float) -> ContextView:
        return parts.view(
            agent_id=self.agent_id,
            model=model.label,
            window=model.context_window,
            dropped_turns=dropped_turns,
            iteration=iteration,
            at=at,
        )

    async def _select(self, key: SessionKey, question: str, *, before: int, model: Model) -> Selection:
        records = await self.services.sessions.conversation(key, before=before, limit=HISTORY_TURNS)
        return self.services.memory.select(self.memory, records, self._history_budget(question, model.context_window))

    async def _files(self, turn: Turn, history: Sequence[Message]) -> Mapping[str, bytes]:
        """What the messages of a request have attached; read once a run, and by id, so one picture is read once."""
        attached = [part for message in history for part in message.parts if isinstance(part, FilePart)]
        return await self.services.sessions.files(turn.key, {part.file_id for part in (*attached, *turn.files)})

    async def _recall(self, key: SessionKey, question: str, selection: Selection) -> Sequence[MemoryHit]:
        long_term = self.memory.long_term
        if long_term is None or not long_term.auto_recall:
            return ()
        shown = frozenset(record.turn.turn_id for record in selection.turns)
        return await self.services.memory.recall_for(key, question, self.memory, exclude_turns=shown)

    def _history_budget(self, question: str, window: int) -> int | None:
        """Tokens left for earlier turns; None when the model's window is unknown."""
        if not window:
            return None
        fixed = estimate_tokens(self.prompt.text) + tools_tokens(self.tools.specs) + estimate_tokens(question)
        return max(0, window - fixed - (self.max_tokens or ANSWER_RESERVE))


def _recalled(hit: MemoryHit) -> RecalledMemory:
    memory = hit.memory
    return RecalledMemory(
        memory_id=memory.memory_id,
        text=memory.text,
        score=hit.score,
        found_by=hit.found_by,
        session_id=memory.key.session_id,
        session_title=hit.session_title,
        created_at=memory.created_at,
    )
