"""Providers' addresses and keys: made from what was configured, checked before anything is sent."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit, urlunsplit

from hector_tui.errors import ConfigError
from hector_tui.llm.secrets import Secret

_ENDPOINTS = ("/chat/completions", "/responses", "/messages")
"""What people copy with an address."""


def is_loopback(base_url: str) -> bool:
    """Whether the address is this machine, where no proxy can reach what we mean by it."""
    host = urlsplit(base_url).hostname or ""
    return host in ("localhost", "::1") or host.endswith(".localhost") or host.startswith("127.")


def endpoint_url(base_url: str, endpoint: str, *, default_path: str = "/v1") -> str:
    """The address of one endpoint; a path and a query, as Azure has them, are kept.

    Args:
        base_url: With or without a path, with or without the endpoint.
        endpoint: Such as `/chat/completions`.
        default_path: Taken when the address has no path.

    Raises:
        ConfigError: It is not an http or https address.
    """
    parts = split_address(base_url)
    path = parts.path.rstrip("/")
    for known in _ENDPOINTS:
        path = path.removesuffix(known)
    path = path or default_path
    return urlunsplit((parts.scheme, parts.netloc, path + endpoint, parts.query, ""))


def models_url(base_url: str) -> str:
    """The address that lists the models of a server that speaks OpenAI's formats.

    Raises:
        ConfigError: It is not an http or https address.
    """
    return endpoint_url(base_url, "/models")


def shown_address(base_url: str) -> str:
    """Scheme, host and port: what an error message may show of an address that can hold credentials.

    Raises:
        ConfigError: It is not an http or https address.
    """
    parts = split_address(base_url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def split_address(base_url: str) -> SplitResult:
    """The parts of an address.

    Raises:
        ConfigError: It is not an http or https address.
    """
    hint = "Write it as https://host/v1 or http://localhost:11434/v1."
    try:
        parts = urlsplit(base_url.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise ConfigError("the provider's address is not a URL", hint=hint) from error
    if not usable:
        raise ConfigError("the provider's address is not a URL", hint=hint)
    return parts


def usable_key(api_key: Secret) -> Secret:
    """The key without the white space around it that copying brings.

    Raises:
        ConfigError: It has characters that no header can carry.
    """
    key = api_key.reveal().strip()
    if key and not (key.isascii() and key.isprintable()):
        raise ConfigError(
            "the API key has characters no key has", hint="Copy it again, without quotes and line breaks."
        )
    return Secret(key)
