"""`llm: auto`: a model without any configuration, by a key in the environment or a server on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from hector_tui.errors import ConfigError
from hector_tui.llm.addresses import is_loopback, models_url, shown_address
from hector_tui.llm.connections import Connections
from hector_tui.llm.keystore import Connection
from hector_tui.llm.listing import auth_headers, list_url, listed_models
from hector_tui.llm.ollama_address import DEFAULT_ADDRESS, ENV_HOST, environment_address
from hector_tui.llm.providers import PROVIDERS, Provider
from hector_tui.llm.secrets import Secret

ENV_NO_PROBE = "HECTOR_TUI_NO_PROBE"


class CandidateKind(StrEnum):
    """Where a candidate comes from."""

    KEY = "key"
    SERVER = "server"
    OFFLINE = "offline"


class CandidateState(StrEnum):
    """Whether a candidate can be used."""

    READY = "ready"
    NEEDS_KEY = "needs_key"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model that could be used, or why it could not.

    Attributes:
        label: The provider or server, for people.
        type: Which of `PROVIDERS` it is spoken to as.
        model: Empty when none is known.
        detail: One line: which variable, which address, what is missing.
        key_name: The environment variable the key is, or would be, in.
        connection: The name of the connection in the key store that gave it; empty when the environment did.
    """

    kind: CandidateKind
    label: str
    state: CandidateState
    base_url: str = ""
    type: str = "openai"
    model: str = ""
    detail: str = ""
    key_name: str = ""
    api_key: Secret = field(default=Secret(""))
    connection: str = ""


@dataclass(frozen=True, slots=True)
class Discovery:
    """Every candidate in the order of preference; the offline model is always the last and always ready."""

    candidates: tuple[Candidate, ...]

    @property
    def best(self) -> Candidate:
        """The first that is ready."""
        return next(candidate for candidate in self.candidates if candidate.state is CandidateState.READY)


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A place where a model server may listen; `type` is the one of `PROVIDERS` it is spoken to as.

    Attributes:
        model: The one to take where there are several; empty for the first.
        connection: The name of the connection in the key store it comes from; empty for none.
    """

    label: str
    base_url: str
    type: str = "openai"
    api_key: Secret = field(default=Secret(""), repr=False)
    model: str = ""
    connection: str = ""


LOCAL_SERVERS = (
    LocalServer("Ollama", DEFAULT_ADDRESS, "ollama"),
    LocalServer("llama.cpp", "http://localhost:8080/v1"),
    LocalServer("LM Studio", "http://localhost:1234/v1"),
    LocalServer("vLLM", "http://localhost:8000/v1"),
)
OFFLINE = Candidate(
    kind=CandidateKind.OFFLINE,
    label="offline",
    state=CandidateState.READY,
    model="offline",
    detail="no language model; quotes the handbook and calls the tools",
)


async def discover(
    env: Mapping[str, str],
    *,
    probe: bool = True,
    servers: Sequence[LocalServer] = LOCAL_SERVERS,
    timeout_s: float = 0.5,
    connected: Sequence[Connection] = (),
) -> Discovery:
    """What can be used here, best first: keys of the environment, what was connected by hand, servers on this machine.

    Args:
        env: The environment. `OLLAMA_HOST` says where Ollama is looked for.
        connected: What the key store holds, with the keys.
        probe: Whether to look for servers; `HECTOR_TUI_NO_PROBE=1` forbids it too.
        servers: Where to look, all at once.
        timeout_s: Seconds to wait for a connection, and again for the list of models.
    """
    by_name = {one.name: one for one in connected if not one.base_url}
    keys = [
        _by_key(kind, provider, env, by_name.get(kind))
        for kind, provider in PROVIDERS.items()
        if provider.is_discovered
    ]
    keys.sort(key=lambda candidate: bool(candidate.connection))
    named = [_connected_server(one) for one in connected if one.base_url]
    looks = probe and env.get(ENV_NO_PROBE, "") in ("", "0")
    far = [_taken_as_said(server) for server in named if not looks or not is_loopback(server.base_url)]
    found: list[Candidate] = []
    if looks:
        near = [server for server in named if is_loopback(server.base_url)]
        known = {server.base_url.rstrip("/") for server in near}
        places = [_as_environment_says(server, env) for server in servers]
        places = [place for place in places if place.base_url.rstrip("/") not in known]
        found = await _probe_all((*near, *_named_server(env), *places), env, timeout_s)
    return Discovery((*keys, *far, *found, OFFLINE))


def still_known(before: Discovery, now: Discovery) -> Discovery:
    """What is found now; where that is nothing, the server that was used before, though it is silent.

    An agent that had a language model must not go on as the offline one without a word: its sessions say instead that
    the server is gone, and it is there again as soon as the server is.
    """
    lost = before.best
    if now.best.kind is not CandidateKind.OFFLINE or lost.kind is not CandidateKind.SERVER:
        return now
    others = [one for one in now.candidates if one.base_url != lost.base_url and one.kind is not CandidateKind.OFFLINE]
    return Discovery((*others, lost, OFFLINE))


def _connected_server(connection: Connection) -> LocalServer:
    return LocalServer(
        connection.name,
        connection.base_url,
        connection.type,
        api_key=connection.key,
        model=connection.model,
        connection=connection.name,
    )


def _taken_as_said(server: LocalServer) -> Candidate:
    """A server elsewhere that was tried when it was connected: a start does not wait for the internet."""
    detail = f"connected, at {shown_address(server.base_url)}"
    return _server(server, CandidateState.READY if server.model else CandidateState.NOT_FOUND, detail, server.model)


def _as_environment_says(server: LocalServer, env: Mapping[str, str]) -> LocalServer:
    """The place of a server, which for Ollama's usual one the environment may move; empty when it names none."""
    if server.base_url != DEFAULT_ADDRESS:
        return server
    try:
        return LocalServer(server.label, environment_address(env), server.type)
    except ConfigError:
        return LocalServer(server.label, "", server.type)


def _by_key(kind: str, provider: Provider, env: Mapping[str, str], stored: Connection | None) -> Candidate:
    is_openai = provider is PROVIDERS["openai"]
    base_url = (env.get("OPENAI_BASE_URL", "").strip() if is_openai else "") or provider.base_url
    key_name = next((name for name in provider.key_names if env.get(name, "").strip()), provider.key_name)
    key = Secret(env.get(key_name, "").strip())
    model = env.get(provider.model_name, "").strip() or provider.default_model
    state, detail, connection = CandidateState.NEEDS_KEY, f"set {provider.key_name}", ""
    if key:
        state, detail = CandidateState.READY, f"{key_name} is set"
    elif stored is not None and stored.key:
        # A key that was given for the vendor goes to the vendor, whatever address the environment names.
        state, detail, connection = CandidateState.READY, f"key from the {kept_words(stored)}", stored.name
        key, base_url, model = stored.key, provider.base_url, stored.model or model
    elif stored is not None:
        detail = f"its key cannot be read from the {kept_words(stored)}: connect it again"
    if key:
        try:
            models_url(base_url)
        except ConfigError:
            state, detail = CandidateState.NOT_FOUND, "OPENAI_BASE_URL is not a URL"
    return Candidate(
        kind=CandidateKind.KEY,
        label=provider.label,
        state=state,
        base_url=base_url,
        type=kind,
        model=model,
        detail=detail,
        key_name=key_name,
        api_key=key,
        connection=connection,
    )


def kept_words(connection: Connection) -> str:
    """Where the key of a connection is, in words."""
    return "system's keyring" if connection.kept == "keyring" else "profile's key file"


def _named_server(env: Mapping[str, str]) -> tuple[LocalServer, ...]:
    """`OPENAI_BASE_URL` without a key names a server that wants none."""
    base_url = env.get("OPENAI_BASE_URL", "").strip()
    if not base_url or env.get("OPENAI_API_KEY", "").strip():
        return ()
    try:
        models_url(base_url)
    except ConfigError:
        return ()
    return (LocalServer("OPENAI_BASE_URL", base_url),)


async def _probe_all(servers: Sequence[LocalServer], env: Mapping[str, str], timeout_s: float) -> list[Candidate]:
    connections = Connections()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_probe(server, connections, env, timeout_s)) for server in servers]
    return [task.result() for task in tasks]


async def _probe(server: LocalServer, connections: Connections, env: Mapping[str, str], timeout_s: float) -> Candidate:
    """Whether a server listens and lists a model.

    A bare connection comes first: on most machines nothing listens, and then httpx is not even imported.
    """
    if not server.base_url:
        return _server(server, CandidateState.NOT_FOUND, f"{ENV_HOST} is not an address")
    wire, where = PROVIDERS[server.type].wire, shown_address(server.base_url)
    if not await listens(server.base_url, timeout_s):
        return _server(server, CandidateState.NOT_FOUND, f"nothing listens at {where}")
    lease = connections.lease(server.base_url)
    try:
        client = await lease.client()
        listed = await client.get_json(
            list_url(wire, server.base_url),
            timeout_s=timeout_s,
            headers=auth_headers(wire, server.base_url, server.api_key),
        )
    except ConfigError as error:
        return _server(server, CandidateState.NOT_FOUND, error.message)
    except (OSError, ValueError):
        return _server(server, CandidateState.NOT_FOUND, f"what listens at {where} is no model server")
    finally:
        await lease.release()
    models = listed_models(wire, listed)
    if not models:
        advice = "; load one with `ollama pull qwen3:8b`" if wire == "ollama" else ""
        return _server(server, CandidateState.NOT_FOUND, f"runs at {where}, but has no model{advice}")
    names = ("OLLAMA_MODEL", "OPENAI_MODEL") if wire == "ollama" else ("OPENAI_MODEL",)
    wanted = [server.model, *(env.get(name, "").strip() for name in names)]
    model = next((name for name in wanted if name in models), models[0])
    return _server(server, CandidateState.READY, f"runs at {where}", model)


async def listens(base_url: str, timeout_s: float) -> bool:
    """Whether something accepts connections at an address; nothing is sent."""
    parts = urlsplit(base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


def _server(server: LocalServer, state: CandidateState, detail: str, model: str = "") -> Candidate:
    return Candidate(
        kind=CandidateKind.SERVER,
        label=server.label,
        state=state,
        base_url=server.base_url,
        type=server.type,
        model=model,
        detail=detail,
        api_key=server.api_key,
        connection=server.connection,
    )
