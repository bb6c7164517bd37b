"""What stands between a program and a provider: an HTTP proxy, TLS with a certificate of one's own, a mute port."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_PATIENCE_S = 20.0


@dataclass(slots=True)
class Seen:
    """What a proxy was asked.

    Attributes:
        port: Where it listens.
        lines: The first line of each request, such as `CONNECT provider.test:443 HTTP/1.1`.
        headers: The head of each request, as it came.
    """

    port: int
    lines: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _listening(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on a free port; at the end every connection is gone and every task of it too."""
    open_now: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_now[task] = writer
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await serve(reader, writer)
        finally:
            writer.transport.abort()
            del open_now[task]

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for writer in open_now.values():
            writer.transport.abort()
        if open_now:
            await asyncio.wait(set(open_now), timeout=_PATIENCE_S)
        assert not open_now


@asynccontextmanager
async def proxy(target_port: int) -> AsyncIterator[Seen]:
    """A proxy that takes every request to one port of this machine, whatever host it names."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        first = head.split(b"\r\n", 1)[0].decode()
        seen.lines.append(first)
        seen.headers.append(head.decode())
        if first.startswith("CONNECT "):
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            head = b""
        await _join(reader, writer, target_port, head)

    async with _listening(serve) as port:
        seen = Seen(port)
        yield seen


@asynccontextmanager
async def tls(target_port: int, certificate: Path, key: Path) -> AsyncIterator[int]:
    """A TLS server in front of a port of this machine; gives its own port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _join(reader, writer, target_port)

    async with _listening(serve, context) as port:
        yield port


@asynccontextmanager
async def mute() -> AsyncIterator[int]:
    """A port that accepts connections and says nothing; whoever connected must have left at the end."""
    left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        left.set()

    async with _listening(serve) as port:
        yield port
        async with asyncio.timeout(_PATIENCE_S):
            await left.wait()


async def _join(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target_port: int, first: bytes = b""
) -> None:
    """Carry bytes both ways until one side has no more."""
    back, onward = await asyncio.open_connection("127.0.0.1", target_port)
    onward.write(first)
    ways = {asyncio.ensure_future(_carry(reader, onward)), asyncio.ensure_future(_carry(back, writer))}
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.wait(ways)
        onward.transport.abort()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()


def has_openssl() -> bool:
    """Whether certificates can be made here."""
    return shutil.which("openssl") is not None


def make_certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """A certificate nobody else trusts, valid for a host, and its key; it is its own authority."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key
