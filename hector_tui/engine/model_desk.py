"""`ModelDesk`: every model of a process - those of agents, and those sessions choose - and how new ones come in.

Agents never change. When a key is connected or a server appears, all models and all agents are built anew, and the new
set takes the place of the old one in a single assignment. A run that works keeps the agent it began with; the old
models are closed when the last such run has ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hector_tui.agents.choosing import OFFLINE_SOURCE, ModelSource, place_of, sources_of
from hector_tui.agents.models import ModelShelf, Scripted, with_stored_keys
from hector_tui.config.loaded import LoadedConfig
from hector_tui.domain.models import (
    ChosenModel,
    Connected,
    ConnectOption,
    ListedModel,
    Listing,
    ModelChoice,
    SourceView,
)
from hector_tui.domain.turns import SessionInfo
from hector_tui.errors import ConfigError, HectorError, SessionError
from hector_tui.llm.base import Model
from hector_tui.llm.connecting import check, offered, option_of
from hector_tui.llm.connections import Connections
from hector_tui.llm.discovery import (
    ENV_NO_PROBE,
    OFFLINE,
    CandidateKind,
    CandidateState,
    Discovery,
    discover,
    kept_words,
    still_known,
)
from hector_tui.llm.factory import build_model
from hector_tui.llm.keyless import AbsentModel, KeylessModel
from hector_tui.llm.keystore import Connection, KeyStore
from hector_tui.llm.listing import described_models, fetch, list_url
from hector_tui.llm.providers import PROVIDERS
from hector_tui.paths_bundled import bundled
from hector_tui.redaction import Redactor

_FRESH_S = 300.0
"""Seconds a list of models is kept."""
_FIRST_LOOK_S = 3.0
_LONGEST_PAUSE_S = 30.0
"""Seconds between two looks for servers while an agent waits for one; doubled from the first to this."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSet:
    """One version of everything that depends on keys and servers; replaced as a whole.

    Attributes:
        config: The configuration with the key store's keys.
        connected: What the key store holds.
        chosen: Models that sessions chose, built at their first use.
    """

    config: LoadedConfig
    connected: tuple[Connection, ...]
    discovery: Discovery
    shelf: ModelShelf
    sources: Mapping[str, ModelSource]
    chosen: dict[ModelChoice, Model] = field(default_factory=dict)

    async def aclose(self) -> None:
        """Release the connections of every model."""
        await self.shelf.aclose()
        for model in self.chosen.values():
            await model.aclose()


class ModelDesk:
    """The models of an engine. Make one with `ModelDesk.open`, on the engine's loop.

    Attributes:
        current: What is used now.
        on_swap: Called with nothing after `current` was replaced, on the engine's loop; gives the agents new models.
        announce: Tells the person one line.
        when_idle: Gives what is done once no run uses the set before; None when none does.
    """

    def __init__(self, config: LoadedConfig, store: KeyStore, *, scripted: Scripted | None, redactor: Redactor) -> None:
        self._config = config
        self._store = store
        self._scripted = scripted
        self._redactor = redactor
        self._connections = Connections()
        self._listings: dict[str, tuple[float, Listing]] = {}
        self._retiring: set[asyncio.Task[None]] = set()
        self._reloading = asyncio.Lock()
        self._doubt = asyncio.Event()
        self.current: ModelSet
        self._before: ModelSet | None = None
        self.on_swap: Callable[[], None] = lambda: None
        self.announce: Callable[[str], None] = lambda _: None
        self.when_idle: Callable[[], asyncio.Future[None] | None] = lambda: None

    @classmethod
    async def open(
        cls,
        config: LoadedConfig,
        store: KeyStore,
        *,
        scripted: Scripted | None = None,
        redactor: Redactor | None = None,
    ) -> ModelDesk:
        """Read the key store, look for servers, build the models of all agents."""
        desk = cls(config, store, scripted=scripted, redactor=redactor or Redactor())
        desk.current = await desk._build(None)
        return desk

    async def aclose(self) -> None:
        """Release every connection."""
        for task in self._retiring:
            task.cancel()
        if self._retiring:
            await asyncio.wait(self._retiring)
        await self.current.aclose()

    # Choosing

    def sources(self) -> tuple[SourceView, ...]:
        """Where models can come from here."""
        return tuple(source.view for source in self.current.sources.values())

    async def listing(self, source_id: str, *, fresh: bool = False) -> Listing:
        """The models of one source; fetched at the first call and then kept for a while. Nothing is raised."""
        source = self.current.sources.get(source_id)
        if source is None:
            return Listing(source=SourceView(source_id=source_id, label=source_id), problem="is not there any more")
        now = asyncio.get_running_loop().time()
        kept = self._listings.get(source_id)
        if kept is not None and not fresh and now - kept[0] < _FRESH_S:
            return kept[1]
        listing = await self._fetched(source)
        if not listing.problem:
            self._listings[source_id] = (now, listing)
        return listing

    async def _fetched(self, source: ModelSource) -> Listing:
        view, settings = source.view, source.settings
        if view.source_id == OFFLINE_SOURCE:
            return Listing(source=view, models=(ListedModel(OFFLINE.model),))
        if view.problem:
            return Listing(source=view, problem=view.problem)
        try:
            place, wire = place_of(source), PROVIDERS[settings.type].wire
            url, key = list_url(wire, place), settings.api_key
            document = await fetch(self._connections, wire, url, base_url=place, key=key, key_name=settings.key_name)
        except HectorError as error:
            return Listing(source=view, problem=self._redactor.redact(str(error)))
        models = described_models(wire, document)
        return Listing(source=view, models=tuple(models), problem="" if models else "lists no model")

    async def choice_of(self, text: str) -> ModelChoice:
        """The choice a person named: `source/model`, or a model's name that one source alone lists.

        Raises:
            SessionError: No source, or more than one, has it.
        """
        choice = ModelChoice.parse(text)
        if choice is not None and choice.source_id in self.current.sources:
            listing = await self.listing(choice.source_id)
            windows = {model.name: model.context_window for model in listing.models}
            return replace(choice, context_window=windows.get(choice.model, 0))
        listings = await asyncio.gather(*(self.listing(source_id) for source_id in self.current.sources))
        found = [
            ModelChoice(listing.source.source_id, model.name, model.context_window)
            for listing in listings
            for model in listing.models
            if model.name == text.strip()
        ]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(map(str, found))
            raise SessionError(f"more than one provider has {text!r}", hint=f"Write one of: {names}.")
        known = ", ".join(self.current.sources)
        hint = f"Write provider/model; providers here: {known}. /model lists what they have, /connect adds one."
        raise SessionError(f"no provider here lists the model {text!r}", hint=hint)

    def model_for(self, info: SessionInfo) -> Model | None:
        """The model a session chose; None for its agent's own. Sessions with the same choice share one."""
        choice = ModelChoice.parse(info.model, info.model_window)
        return self._shared(choice) if choice is not None else None

    def renewed(self, model: Model | None) -> Model | None:
        """The model of the new set in the place of one that a session chose from the set before."""
        if self._before is None or model is None:
            return model
        choice = next((choice for choice, built in self._before.chosen.items() if built is model), None)
        return self._shared(choice) if choice is not None else model

    def _shared(self, choice: ModelChoice) -> Model:
        models = self.current.chosen
        if choice not in models:
            models[choice] = self._build_chosen(choice)
        return models[choice]

    def _build_chosen(self, choice: ModelChoice) -> Model:
        source = self.current.sources.get(choice.source_id)
        if source is None:
            reason = f"{choice.source_id!r}, which this session's model comes from, is not there any more"
            return AbsentModel(choice.model, choice.context_window, reason)
        if source.needs_key:
            return KeylessModel(choice.model, choice.context_window, source.needs_key)
        settings = source.settings_for(choice)
        if self._scripted is not None and (stand_in := self._scripted(settings)) is not None:
            return stand_in
        try:
            return build_model(settings, connections=self._connections, handbook=bundled("docs"))
        except ConfigError as error:
            return AbsentModel(choice.model, choice.context_window, str(error))

    def chosen(self, info: SessionInfo) -> ChosenModel | None:
        """What the screen shows of the model a session chose; None for its agent's own."""
        choice, model = ModelChoice.parse(info.model, info.model_window), self.model_for(info)
        if choice is None or model is None:
            return None
        source = self.current.sources.get(choice.source_id)
        view = ChosenModel(choice=choice, label=model.label, context_window=model.context_window)
        if source is None:
            return replace(view, state="gone", detail=choice.source_id)
        return replace(view, state="needs_key", detail=source.needs_key) if source.needs_key else view

    # Connecting

    def options(self) -> tuple[ConnectOption, ...]:
        """What can be connected, with what is there already."""
        states = {}
        for candidate in self.current.discovery.candidates:
            if candidate.kind is CandidateKind.KEY and candidate.state is CandidateState.READY:
                states[candidate.type] = candidate.detail
            elif candidate.connection or candidate.type == "ollama":
                states[candidate.connection or candidate.type] = candidate.detail
        return offered(self.current.connected, states)

    async def connect(self, option_id: str, *, key: str = "", address: str = "", model: str = "") -> Connected:
        """Try a key or an address with one cheap call, keep it, and let every agent use it at once.

        Raises:
            ConfigError: The key or the address cannot be one, or it cannot be kept.
            ProviderError: It was refused; nothing is kept.
        """
        if key:
            self._redactor.learn(key, "".join(key.split()))
        checked = await check(
            option_of(option_id), key=key, address=address, connections=self._connections, model=model
        )
        self._redactor.learn(checked.connection.key.reveal())
        try:
            connection = await asyncio.to_thread(self._store.save, checked.connection)
        except OSError as error:
            raise ConfigError(f"the connection cannot be kept ({error.strerror or error})") from error
        await self.reload()
        return Connected(
            name=connection.name,
            label=checked.label,
            kept=kept_words(connection) if connection.key else "",
            models=len(checked.models),
            auto=self._auto_words(),
            shadowed=self._shadow(connection),
        )

    async def disconnect(self, name: str) -> Connection:
        """Forget a connection and its key.

        Raises:
            ConfigError: There is none of that name, or the profile cannot be written.
        """
        known = {one.name: one for one in self.current.connected}
        if name not in known:
            names = ", ".join(known) or "nothing is connected"
            hint = f"Connected: {names}. A key in the environment is taken away where it was set."
            raise ConfigError(f"{name!r} is not in the key store", hint=hint)
        try:
            await asyncio.to_thread(self._store.remove, name)
        except OSError as error:
            raise ConfigError(f"the connection cannot be forgotten ({error.strerror or error})") from error
        await self.reload(forget=True)
        return known[name]

    def _shadow(self, connection: Connection) -> str:
        """What goes before a key that was just stored; empty for nothing."""
        for candidate in self.current.discovery.candidates:
            if candidate.kind is CandidateKind.KEY and candidate.type == connection.name and not candidate.connection:
                return f"{candidate.key_name} in the environment goes before it"
        return ""

    def _auto_words(self) -> str:
        best = self.current.discovery.best
        return f"agents with `llm: auto` use {best.label}{f', {best.model}' if best.model else ''}."

    # New versions

    async def reload(self, *, forget: bool = False) -> None:
        """Look at keys and servers again and put a new set in the place of the current one.

        Args:
            forget: Do not keep a server that has become silent.
        """
        async with self._reloading:
            new = await self._build(None if forget else self.current.discovery)
            old, self.current = self.current, new
            self._listings.clear()
            self._before = old
            self.on_swap()
            self._before = None
        task = asyncio.create_task(self._retire(old, self.when_idle()), name="retire-models")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def _retire(self, old: ModelSet, idle: asyncio.Future[None] | None) -> None:
        """Close what was replaced, once nothing uses it."""
        try:
            if idle is not None:
                await idle
        finally:
            await old.aclose()

    async def _build(self, before: Discovery | None) -> ModelSet:
        connected = await asyncio.to_thread(self._store.load)
        config = with_stored_keys(self._config, connected)
        self._redactor.learn(*secrets_of(config, connected))
        discovery = await discover(config.env, connected=connected)
        if before is not None:
            discovery = still_known(before, discovery)
        shelf = await ModelShelf.build(config, discovery, bundled("docs"), self._scripted, self._connections)
        sources = sources_of(config, discovery)
        return ModelSet(config=config, connected=connected, discovery=discovery, shelf=shelf, sources=sources)

    # Servers that come and go

    def doubt(self) -> None:
        """A request failed: look at once whether its server is still there."""
        self._doubt.set()

    async def watch(self, waiting: Callable[[], bool]) -> None:
        """Look for servers while something waits for one, ever more rarely, and at once after a failed request.

        Args:
            waiting: Whether an agent would be better off with a server.
        """
        if self._config.env.get(ENV_NO_PROBE, "") not in ("", "0"):
            return
        pause = _FIRST_LOOK_S
        while True:
            doubted = await self._pause(pause if waiting() else None)
            pause = _FIRST_LOOK_S if doubted else min(pause * 2, _LONGEST_PAUSE_S)
            try:
                if await self.look():
                    pause = _FIRST_LOOK_S
            except Exception:  # what cannot be looked at now can be the next time
                logger.exception("looking for model servers failed")

    async def look(self) -> bool:
        """Look for servers now; returns whether one came or went, and agents got other models."""
        if self._config.env.get(ENV_NO_PROBE, "") not in ("", "0") or not await self._has_changed():
            return False
        before = self.current
        await self.reload()
        self._tell(before.discovery, before.shelf, self.current)
        return True

    async def _pause(self, seconds: float | None) -> bool:
        """Wait, or be woken by a doubt; returns whether it was one."""
        self._doubt.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._doubt.wait()
        except TimeoutError:
            return False
        return True

    async def _has_changed(self) -> bool:
        """Whether a server came or went since the current set was built."""
        current = self.current
        now = still_known(current.discovery, await discover(current.config.env, connected=current.connected))
        seen = [(one.base_url, one.state, one.model) for one in current.discovery.candidates]
        if sorted(seen) != sorted((one.base_url, one.state, one.model) for one in now.candidates):
            return True
        return await current.shelf.has_changed()

    def _tell(self, before: Discovery, shelf: ModelShelf, now: ModelSet) -> None:
        """Say in one line what a new set means for the agents."""
        best = now.discovery.best
        came_back = [where for where in shelf.missing if where not in now.shelf.missing]
        went = [where for where in now.shelf.missing if where not in shelf.missing]
        if best != before.best and best.kind is not CandidateKind.OFFLINE:
            self.announce(f"{best.label} {best.detail}: {self._auto_words()}")
        elif came_back:
            self.announce(f"The model server at {', '.join(came_back)} is there now.")
        elif went:
            self.announce(f"The model server at {', '.join(went)} does not answer any more.")


def secrets_of(config: LoadedConfig, connected: Sequence[Connection]) -> Collection[str]:
    """Every secret a configuration brings, for what must not be seen."""
    found = [one.key.reveal() for one in connected]
    found += [entry.api_key.get_secret_value() for entry in config.llms.values() if entry.api_key is not None]
    for definition in config.databases.values():
        key = definition.config.api_key if definition.config is not None else None
        found += [key.get_secret_value()] if key is not None else []
    return [secret for secret in found if secret]
