"""`AgentServices`: what every agent uses, shared by all of them and safe for concurrent use."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hector_tui.domain.prices import PriceTable
from hector_tui.memory.service import MemoryService
from hector_tui.sessions.service import SessionService


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentServices:
    """References, nothing else; one instance for all agents of an engine.

    Attributes:
        prices: What tokens cost.
        clock: Seconds since the epoch, UTC.
    """

    sessions: SessionService
    memory: MemoryService
    prices: PriceTable = field(default_factory=lambda: PriceTable({}))
    clock: Callable[[], float] = time.time
