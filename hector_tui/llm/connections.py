"""Who shares which connections: one HTTP client per provider address, from its first request to its last model.

This module is light on purpose. httpx, and the certificates it reads, cost 0.15 s and are loaded in a thread when the
first request, or `prepare()`, asks for them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hector_tui.llm.addresses import is_loopback

if TYPE_CHECKING:
    import ssl

    from hector_tui.llm.http import HttpClient


class Connections:
    """The HTTP clients of one event loop, by provider address. One provider's trouble never touches another's pool."""

    def __init__(self) -> None:
        self._clients: dict[str, HttpClient] = {}
        self._users: dict[str, int] = {}
        self._tls: ssl.SSLContext | None = None
        self._lock = asyncio.Lock()

    def lease(self, base_url: str) -> Lease:
        """A share of the client for an address; costs nothing until it is used."""
        self._users[base_url] = self._users.get(base_url, 0) + 1
        return Lease(self, base_url)

    async def prepare(self) -> None:
        """Load what the first request will need, without holding up the loop."""
        async with self._lock:
            if self._tls is None:
                self._tls = await asyncio.to_thread(_load)

    async def client(self, base_url: str) -> HttpClient:
        """The client for an address; made once."""
        if (client := self._clients.get(base_url)) is not None:
            return client
        await self.prepare()
        from hector_tui.llm.http import HttpClient

        # Nothing is awaited between the look and the store, so two first requests get the same client.
        if base_url not in self._clients:
            assert self._tls is not None
            self._clients[base_url] = HttpClient(self._tls, uses_proxies=not is_loopback(base_url))
        return self._clients[base_url]

    async def release(self, base_url: str) -> None:
        """Give a share back; the last one closes the connections."""
        self._users[base_url] -= 1
        if self._users[base_url] > 0:
            return
        del self._users[base_url]
        if (client := self._clients.pop(base_url, None)) is not None:
            await client.aclose()


class Lease:
    """One model's share of a client."""

    __slots__ = ("_base_url", "_connections", "_released")

    def __init__(self, connections: Connections, base_url: str) -> None:
        self._connections = connections
        self._base_url = base_url
        self._released = False

    async def client(self) -> HttpClient:
        """The shared client."""
        return await self._connections.client(self._base_url)

    async def release(self) -> None:
        """Give the share back; safe to call twice."""
        if not self._released:
            self._released = True
            await self._connections.release(self._base_url)


def _load() -> ssl.SSLContext:
    from hector_tui.llm import http

    http.load_transport()
    return http.new_tls_context()
