"""`Engine`: every service of one process, opened and closed in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType

from hector_tui.agents.agent import Agent
from hector_tui.agents.build import build_registry, memory_settings, price_table, vector_database
from hector_tui.agents.models import Scripted
from hector_tui.agents.registry import AgentRegistry
from hector_tui.agents.services import AgentServices
from hector_tui.config.loaded import LlmEntry, LoadedConfig
from hector_tui.config.loader import load
from hector_tui.domain.turns import Turn
from hector_tui.engine.chat import ChatService
from hector_tui.engine.feed import ChangeFeed
from hector_tui.engine.journal import Journal
from hector_tui.engine.model_desk import ModelDesk
from hector_tui.engine.run import Run
from hector_tui.engine.runner import Runner
from hector_tui.engine.settling import Settler
from hector_tui.errors import AgentDisabled, StoreError, UnknownAgent
from hector_tui.llm.discovery import CandidateKind, Discovery
from hector_tui.llm.keystore import KeyStore
from hector_tui.memory.service import MemoryService, open_memory
from hector_tui.memory.settings import MemorySettings
from hector_tui.memory.status import IndexState
from hector_tui.paths import Profile
from hector_tui.paths_bundled import bundled
from hector_tui.redaction import Redactor
from hector_tui.sessions.daily import keep_daily_backups
from hector_tui.sessions.store import Store

PREFERRED_AGENT = "assistant"
"""Answers `hector-tui ask` when no agent is named."""
_STORAGE = "storage"
_DAMAGE = "damage"
"""A problem of its own: storing works again by and by, a damaged file stays one until the next start."""
_JOURNAL = "journal"
_MEMORY_LOOK_S = 2.0
"""Seconds between two looks at the state of the memory index."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """What an engine is opened with.

    Attributes:
        config_paths: Files and folders; empty means the sample agents.
        env: The environment, for keys and `${VAR}`.
        concurrency: Runs at a time; 0 for no limit, None for what the configuration says.
        scripted: Gives the models of benchmarks and tests; everything else about the engine stays as it is.
        redactor: Is told every key, for the log and whatever else text leaves by.
        keys: The key store; None for the profile's own.
    """

    profile: Profile
    config_paths: tuple[Path, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    concurrency: int | None = None
    scripted: Scripted | None = None
    redactor: Redactor = field(default_factory=Redactor)
    keys: KeyStore | None = None


class Engine:
    """The open engine. Make one with `Engine.open`, on the loop it will live on.

    Attributes:
        chat: The door to everything.
        config: What was loaded, with every problem; the key store's keys are not in it.
        models: The models of agents and sessions, and how new ones come in.
        notices: What the person should know about the opening.
        interrupted: Turns that were live when their process ended.
    """

    def __init__(
        self,
        *,
        options: EngineOptions,
        store: Store,
        config: LoadedConfig,
        models: ModelDesk,
        memory: MemoryService,
    ) -> None:
        self.options = options
        self.config = config
        self.models = models
        self.notices = store.notices
        self.interrupted: tuple[Turn, ...] = store.interrupted
        self.memory = memory
        self._store = store
        self._looking_after: asyncio.Task[None] | None = None
        self._backing_up: asyncio.Task[None] | None = None
        self._emptying: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        # Two subjects: a journal that works again must not take back that an answer is still unsaved.
        self._settler = Settler(
            store.sessions,
            memory,
            partial(self._report, _STORAGE),
            approvals=store.approvals,
            is_gone=store.owner.is_gone,
        )
        self._journal = Journal(store.sessions, partial(self._report, _JOURNAL))
        self._services = AgentServices(sessions=store.sessions, memory=memory, prices=price_table(config))
        self.chat = ChatService(
            registry=self._new_registry(),
            models=models,
            sessions=store.sessions,
            tabs=store.tabs,
            approvals=store.approvals,
            spending=store.spending,
            library=store.library,
            memory=memory,
            feed=ChangeFeed(),
            make_runner=self._make_runner,
        )
        models.on_swap = self._swap_agents
        models.announce = self.chat.announce
        models.when_idle = self._when_idle

    @property
    def registry(self) -> AgentRegistry:
        """The agents of now; a key or a server that comes in replaces them all at once."""
        return self.chat.registry

    @property
    def discovery(self) -> Discovery:
        """What `llm: auto` has to choose from."""
        return self.models.current.discovery

    @classmethod
    async def open(cls, options: EngineOptions) -> Engine:
        """Open every service.

        Raises:
            ProfileError: The profile folder cannot be used.
            StoreError: The database cannot be opened.
        """
        store = await Store.open(options.profile)
        try:
            options.redactor.learn_environment(options.env)
            config = load(options.config_paths or (bundled("sample_agents"),), env=options.env)
            options.redactor.learn_environment(config.env)
            keys = options.keys or KeyStore.of(options.profile, config.env)
            models = await ModelDesk.open(config, keys, scripted=options.scripted, redactor=options.redactor)
            settings = memory_settings(config)
            memory = open_memory(
                store.memories,
                options.profile.vectors,
                _settings_for(settings),
                opener=vector_database(config, options.profile),
            )
            engine = cls(options=options, store=store, config=config, models=models, memory=memory)
        except BaseException:
            await store.aclose()
            raise
        memory.start()
        store.database.on_damage = engine._report_damage
        engine._watching = asyncio.create_task(models.watch(engine._waits_for_server), name="watch-servers")
        engine._looking_after = asyncio.create_task(engine._look_after(), name="look-after")
        engine._backing_up = asyncio.create_task(
            keep_daily_backups(options.profile, engine.chat.announce), name="daily-backup"
        )
        engine._emptying = asyncio.create_task(engine.chat.library.keep_emptying(), name="empty-trash")
        return engine

    def default_agent(self) -> Agent:
        """The agent for a question to nobody in particular: `assistant`, else the first that can answer.

        Raises:
            AgentDisabled: There is no usable agent.
        """
        entries = [entry for entry in self.registry if entry.agent is not None]
        entries.sort(key=lambda entry: (entry.readiness != "ready", entry.agent_id != PREFERRED_AGENT))
        if not entries or entries[0].agent is None:
            raise AgentDisabled(
                "there is no usable agent", hint="`hector-tui agents validate` shows what is wrong with the files."
            )
        return entries[0].agent

    @property
    def commits(self) -> int:
        """Transactions this process has committed to the database; turns that are stored together share one."""
        return self._store.database.commits

    async def _look_after(self) -> None:
        """Load what the first message will need, then say when the state of the memory index changes."""
        try:
            await self.models.current.shelf.prepare()
        except Exception:  # a failure shows itself again, with its reason, in the first message
            logger.exception("the models could not be prepared")
        told: IndexState = "ready"
        while True:
            await asyncio.sleep(_MEMORY_LOOK_S)
            status = self.memory.status
            if status.state == told or status.state not in ("ready", "locked", "degraded"):
                continue
            told = status.state
            self.chat.announce(status.detail or "The memory index works again: recall finds by meaning and by words.")

    async def aclose(self) -> None:
        """Interrupt runs, save what they have, index what waits, close everything; safe to call twice."""
        for task in (self._watching, self._looking_after, self._backing_up, self._emptying):
            if task is not None:
                task.cancel()
                await asyncio.wait({task})
        await self.chat.runner.aclose()
        await self._journal.aclose()
        await self._settler.aclose()
        await self.memory.aclose()
        await self.models.aclose()
        await self._store.aclose()

    def _new_registry(self) -> AgentRegistry:
        return build_registry(self.models.current.config, self._services, self.models.current.shelf)

    def _swap_agents(self) -> None:
        """Build every agent anew with the models of now: once for each version of keys and servers."""
        self.chat.replace_agents(self._new_registry())

    def _when_idle(self) -> asyncio.Future[None] | None:
        """What is done when every run has ended that works with the agents from before; None when none does."""
        working = [run for run in self.chat.runner.all_runs() if run.started_at is not None]
        if not working:
            return None
        return asyncio.ensure_future(_all_ended(working))

    def _waits_for_server(self) -> bool:
        """Whether an agent would be better off with a server that may come."""
        entries = tuple(self.registry)
        if any(entry.readiness == "no_server" for entry in entries):
            return True
        is_offline = self.discovery.best.kind is CandidateKind.OFFLINE
        llms = self.config.llms
        names = {file.config.llm for file in self.config.enabled_agents if file.config is not None}
        kinds = {_kind(llms[name]) if name in llms else name for name in names}
        return is_offline and "auto" in kinds

    def _make_runner(self, on_change: Callable[[Run], None]) -> Runner:
        limit = self.options.concurrency
        if limit is None:
            limit = _configured_concurrency(self.config)
        return Runner(settler=self._settler, journal=self._journal, limit=limit, on_change=on_change)

    def _report(self, subject: str, reason: str) -> None:
        self.chat.report(subject, reason)

    def _report_damage(self, error: StoreError) -> None:
        self._report(_DAMAGE, str(error))


def _kind(entry: LlmEntry) -> str:
    return entry.config.type if entry.config is not None else ""


async def _all_ended(runs: Sequence[Run]) -> None:
    for run in runs:
        await run.wait()


def _settings_for(settings: Mapping[str, MemorySettings]) -> Callable[[str], MemorySettings]:
    known = MappingProxyType(dict(settings))

    def settings_for(agent_id: str) -> MemorySettings:
        if agent_id not in known:
            raise UnknownAgent(f"there is no agent {agent_id!r}")
        return known[agent_id]

    return settings_for


def _configured_concurrency(config: LoadedConfig) -> int:
    """Hector's default of 4 suits a server; a person's tabs all stream unless their file says otherwise."""
    performance = config.global_.performance
    return performance.max_concurrency if "max_concurrency" in performance.model_fields_set else 0
