"""Where an Ollama server is: the addresses people write, and the many spellings of `OLLAMA_HOST`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlunsplit

from hector_tui.errors import ConfigError
from hector_tui.llm.addresses import split_address

DEFAULT_PORT = 11434
DEFAULT_ADDRESS = f"http://localhost:{DEFAULT_PORT}"
ENV_HOST = "OLLAMA_HOST"

_COPIED = re.compile(r"/v1(?:/chat/completions|/models)?$|/api(?:/chat|/tags|/show|/ps|/generate)?$")


def server_address(text: str) -> str:
    """The address of the server an `OLLAMA_HOST` or a `host` means, with scheme and port and without a final slash.

    Understood as Ollama's own client does (https://docs.ollama.com/faq): a port of 11434 where neither scheme nor port
    is written, 80 or 443 with a scheme alone, and this machine for an address that only a server listens on, such as
    `0.0.0.0`. A path before Ollama's own is kept, for servers behind a proxy; the `/v1` of its OpenAI format, which
    people copy with the address, is taken off.

    Raises:
        ConfigError: It is no address.
    """
    written = text.strip().strip("\"'").strip()
    scheme, separator, rest = written.partition("://")
    if not separator:
        scheme, rest = "http", written or "localhost"
    place, slash, path = rest.partition("/")
    user, at, host_and_port = place.rpartition("@")
    if host_and_port.count(":") > 1 and not host_and_port.startswith("["):
        host_and_port = f"[{host_and_port}]"
    elif host_and_port.startswith(":"):
        host_and_port = f"localhost{host_and_port}"
    if any(character.isspace() for character in written):
        host_and_port = ""
    parts = split_address(f"{scheme.lower()}://{host_and_port}{slash}{path}")
    port = parts.port or (None if separator else DEFAULT_PORT)
    netloc = f"{user}{at}{_reachable(parts.hostname or '')}" + (f":{port}" if port else "")
    return urlunsplit((parts.scheme, netloc, _COPIED.sub("", parts.path.rstrip("/")), "", "")).rstrip("/")


def environment_address(env: Mapping[str, str]) -> str:
    """The server that the environment names; the usual one when it names none.

    Raises:
        ConfigError: What it names is no address.
    """
    written = env.get(ENV_HOST, "").strip()
    try:
        return server_address(written) if written else DEFAULT_ADDRESS
    except ConfigError as error:
        raise ConfigError(
            f"{ENV_HOST} is not an address", hint="Write it as host:11434 or http://host:11434."
        ) from error


def api_url(base_url: str, endpoint: str) -> str:
    """The address of one of Ollama's endpoints, such as `chat`.

    Raises:
        ConfigError: The base is no address.
    """
    return f"{server_address(base_url)}/api/{endpoint}"


def _reachable(host: str) -> str:
    """The host as a client can reach it."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return host if address.version == 4 else f"[{host}]"
