"""Shared agents against an instance per session: what each costs in memory and time.

The second does not exist outside this module. It is built here by the code that builds the shared agents, once per
session, so that both sides are measured and nothing is taken from a table.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hector_tui.agents.build import build_registry, memory_settings
from hector_tui.agents.models import ModelShelf
from hector_tui.agents.services import AgentServices
from hector_tui.engine.host import Engine
from hector_tui.llm.connections import Connections
from hector_tui.memory.service import open_memory
from hector_tui.paths_bundled import bundled
from hector_tui.sessions.store import Store

SESSIONS = (1, 1_000, 100_000)
"""Numbers of sessions the comparison is told for."""
_SAMPLE = 100
"""Sessions whose agents are built to see what those of one cost."""
_CLIENTS = 5
_LOOKUPS = 10_000
_NOWHERE = "http://127.0.0.1:9/v1"
"""Nothing is sent there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one thing takes.

    Attributes:
        bytes: Python memory; what C libraries allocate, such as TLS contexts, is not in it.
        us: CPU to build it, in microseconds.
    """

    bytes: float
    us: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycles:
    """The comparison.

    Attributes:
        agents: How many there are.
        agent: One agent on services that others share. Shared by all sessions there is one per agent id, otherwise one
            per session and agent id.
        own_services: One agent where each session has a memory service, models and a service container of its own. The
            database and the vector folder stay shared, because the folder admits one owner.
        http_client: What each such model would need on top for a provider.
        lookup_us: CPU to get the shared agent of a session.
        is_one_object: Whether every look-up gave the same object.
    """

    agents: int
    agent: Cost
    own_services: Cost
    http_client: Cost
    lookup_us: float
    is_one_object: bool

    def bytes_at(self, cost: Cost, sessions: int) -> float:
        """Memory of the agents of so many sessions, each with one of every id; measured for one and multiplied."""
        return self.agents * sessions * cost.bytes


async def compare_lifecycles(engine: Engine) -> Lifecycles:
    """Build the agents of an engine again, in every way.

    Raises:
        HectorError: The profile cannot be opened a second time.
    """
    services = engine.registry.get(next(iter(engine.registry)).agent_id).services
    shelf = await _shelf(engine)
    agents = len(engine.registry)

    async def build() -> object:
        return build_registry(engine.config, services, shelf)

    sharing = await _cost(build, _SAMPLE, parts=agents)
    store = await Store.open(engine.options.profile)
    try:
        owning = await _cost(lambda: _with_own_services(engine, store), _SAMPLE, parts=agents)
    finally:
        await store.aclose()
    client = await _cost(lambda: Connections().client(_NOWHERE), _CLIENTS)
    agent_id = next(iter(engine.registry)).agent_id
    before = time.process_time()
    objects = {id(engine.registry.get(agent_id)) for _ in range(_LOOKUPS)}
    return Lifecycles(
        agents=agents,
        agent=sharing,
        own_services=owning,
        http_client=client,
        lookup_us=1e6 * (time.process_time() - before) / _LOOKUPS,
        is_one_object=len(objects) == 1,
    )


async def _shelf(engine: Engine) -> ModelShelf:
    return await ModelShelf.build(engine.config, engine.discovery, bundled("docs"), engine.options.scripted)


async def _with_own_services(engine: Engine, store: Store) -> object:
    """The agents of one session, with everything of their own that can exist a thousand times in one process."""
    settings = memory_settings(engine.config)
    memory = open_memory(store.memories, engine.options.profile.vectors, settings.__getitem__)
    services = AgentServices(sessions=store.sessions, memory=memory)
    return memory, build_registry(engine.config, services, await _shelf(engine))


async def _cost(build: Callable[[], Awaitable[object]], count: int, *, parts: int = 1) -> Cost:
    """What a build costs, per part of what it gives: first its CPU, then, in a second pass, its memory.

    Tracing memory makes everything slower, so the two cannot be measured at once.
    """
    await build()  # what the first one leaves in caches belongs to none of them
    before = time.process_time()
    for _ in range(count):
        await build()
    cpu_s = time.process_time() - before
    gc.collect()
    tracemalloc.start()
    try:
        kept = [await build() for _ in range(count)]
        gc.collect()
        traced, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    del kept
    return Cost(bytes=traced / count / parts, us=1e6 * cpu_s / count / parts)
