"""What a person can connect, and the one cheap call that tells whether it works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from hector_tui.domain.models import ConnectOption, ListedModel
from hector_tui.errors import ConfigError, ModelNotFound
from hector_tui.llm.addresses import is_loopback, shown_address, split_address
from hector_tui.llm.connections import Connections
from hector_tui.llm.keystore import Connection, cleaned_key, server_name
from hector_tui.llm.listing import check_url, described_models, fetch, list_url
from hector_tui.llm.ollama_address import DEFAULT_ADDRESS, server_address
from hector_tui.llm.providers import PROVIDERS
from hector_tui.llm.secrets import Secret

_KEY_PAGES = {
    "openai": "platform.openai.com/api-keys",
    "anthropic": "platform.claude.com/settings/keys",
    "gemini": "aistudio.google.com/apikey",
    "openrouter": "openrouter.ai/keys",
    "groq": "console.groq.com/keys",
    "mistral": "console.mistral.ai/api-keys",
    "deepseek": "platform.deepseek.com/api_keys",
}
_VENDORS = tuple(
    ConnectOption(option_id=kind, label=PROVIDERS[kind].label, asks_key="needed", key_page=page)
    for kind, page in _KEY_PAGES.items()
)
_SERVERS = (
    ConnectOption(option_id="ollama", label="Ollama", asks_key="optional", asks_address=True, address=DEFAULT_ADDRESS),
    ConnectOption(
        option_id="llama.cpp",
        label="llama.cpp",
        asks_key="optional",
        asks_address=True,
        address="http://localhost:8080/v1",
    ),
    ConnectOption(
        option_id="lm-studio",
        label="LM Studio",
        asks_key="optional",
        asks_address=True,
        address="http://localhost:1234/v1",
    ),
    ConnectOption(
        option_id="vllm", label="vLLM", asks_key="optional", asks_address=True, address="http://localhost:8000/v1"
    ),
    ConnectOption(option_id="other", label="OpenAI-compatible address", asks_key="optional", asks_address=True),
)
CONNECT_OPTIONS = (*_VENDORS, *_SERVERS)
"""In the order they are offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A connection that works.

    Attributes:
        models: What it listed; empty where the check lists none.
    """

    connection: Connection
    label: str
    models: tuple[ListedModel, ...] = ()


def option_of(option_id: str) -> ConnectOption:
    """What can be connected under a name.

    Raises:
        ConfigError: There is nothing of that name.
    """
    wanted = option_id.strip().lower()
    for option in CONNECT_OPTIONS:
        if wanted in (option.option_id, option.label.lower()):
            return option
    known = ", ".join(option.option_id for option in CONNECT_OPTIONS)
    raise ConfigError(f"there is no provider {option_id!r} to connect", hint=f"Providers: {known}.")


async def check(
    option: ConnectOption, *, key: str = "", address: str = "", connections: Connections, model: str = ""
) -> Checked:
    """Try a key or an address with one GET.

    Args:
        option: What it is for.
        key: As it was pasted.
        address: As it was typed; empty for the option's own.
        connections: Shared by the process.
        model: Taken by `llm: auto`; empty for the provider's default, or the server's first.

    Raises:
        ConfigError: The key or the address cannot be one.
        ProviderError: It was refused or not reached; the message is what was said, without the key.
    """
    secret = cleaned_key(key)
    if option.asks_key == "needed" and not secret:
        raise ConfigError("a key is needed", hint=f"Make one at {option.key_page}.")
    kind = option.option_id if option.option_id in PROVIDERS else "openai"
    base_url = usable_address(kind, address or option.address) if option.asks_address else ""
    place = base_url or PROVIDERS[kind].base_url
    listed = await _answer(kind, place, secret, connections)
    wire = PROVIDERS[kind].wire
    models = tuple(described_models(wire, listed)) if check_url(wire, place) == list_url(wire, place) else ()
    if option.asks_address and not models:
        advice = "Load one with `ollama pull qwen3:8b`." if kind == "ollama" else "Load one in the server."
        raise ConfigError(f"{shown_address(place)} answers, but has no model", hint=advice)
    name = server_name(base_url) if base_url else kind
    chosen = model or (models[0].name if base_url else "")
    connection = Connection(name=name, type=kind, base_url=base_url, model=chosen, key=secret)
    return Checked(connection=connection, label=name if base_url else option.label, models=models)


async def _answer(kind: str, place: str, key: Secret, connections: Connections) -> object:
    wire = PROVIDERS[kind].wire
    try:
        return await fetch(connections, wire, check_url(wire, place), base_url=place, key=key)
    except ModelNotFound as error:
        where = shown_address(place)
        hint = "Check the address: most end in /v1."
        raise ConfigError("nothing there lists models (404)", where=where, hint=hint) from error


def usable_address(kind: str, address: str) -> str:
    """An address as it was typed, made whole: `localhost:8080` is `http://localhost:8080/v1`.

    Raises:
        ConfigError: It is no address, or holds a name and password.
    """
    text = address.strip().strip("\"'`<>")
    if not text:
        raise ConfigError("an address is needed", hint="Write it as http://localhost:8080/v1.")
    if "://" not in text:
        host = urlsplit(f"//{text}").hostname or ""
        is_near = is_loopback(f"http://{text}") or "." not in host or host.replace(".", "").isdigit()
        text = f"{'http' if is_near else 'https'}://{text}"
    parts = split_address(text)
    if parts.username or parts.password:
        raise ConfigError("an address must not hold a password", hint="Give the address alone, and the key by itself.")
    if kind == "ollama":
        return server_address(text)
    return text.rstrip("/") if parts.path.strip("/") or parts.query else f"{text.rstrip('/')}/v1"


def offered(connected: Sequence[Connection], states: dict[str, str]) -> tuple[ConnectOption, ...]:
    """What can be connected, with what is there already; servers of one's own that are connected come last.

    Args:
        connected: The key store's connections.
        states: By provider, where a key comes from.
    """
    stored = {one.name for one in connected}
    offers = [
        replace(option, state=states.get(option.option_id, ""), is_stored=option.option_id in stored)
        for option in CONNECT_OPTIONS
    ]
    servers = [
        ConnectOption(
            option_id="ollama" if one.type == "ollama" else "other",
            label=one.name,
            asks_key="optional",
            asks_address=True,
            address=one.base_url,
            state=states.get(one.name, "connected"),
            is_stored=True,
        )
        for one in connected
        if one.base_url
    ]
    return (*offers, *servers)
