"""The one module that knows httpx: sends requests, gives bodies in pieces, translates every failure into our errors.

Import it only when a network model is first used (`hector_tui.llm.connections` does).
"""

from __future__ import annotations

import asyncio
import errno
import importlib
import json
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

import httpx

from hector_tui import __version__
from hector_tui.errors import (
    BadResponse,
    ConfigError,
    ProviderError,
    ProviderTimeout,
    ProviderUnavailable,
    RequestRejected,
    StreamCut,
)
from hector_tui.llm.addresses import is_loopback
from hector_tui.llm.failures import Origin, one_line, read_complaint, redirect, refusal
from hector_tui.llm.timeouts import Timeouts

_HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream"}
_ERROR_BODY_BYTES = 64 * 1024
_DOCUMENT_BYTES = 4 * 1024 * 1024
"""OpenRouter's list of models has half a megabyte."""
_ERROR_BODY_S = 5.0
_KEPT_ALIVE = 20
_TRANSPORT = ("httpcore._backends.anyio", "anyio._backends._asyncio", "sniffio")
_NEAR_HINT = "Start the server, or check the address."
_FAR_HINT = "Check the network and the address; a server of your own must be running."


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request with a JSON body.

    Attributes:
        url: In full, with the path and query of the provider.
        headers: Beside the content type; one of them holds the key.
        origin: How errors name the other side.
    """

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    origin: Origin
    timeouts: Timeouts
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class HttpClient:
    """Connections to one provider.

    Args:
        tls: The process's TLS settings; reading the certificates takes 25 ms, so every client shares them.
        uses_proxies: Whether the proxies the environment names are used.

    Raises:
        ConfigError: The environment names a proxy that cannot be used.
    """

    def __init__(self, tls: ssl.SSLContext, *, uses_proxies: bool = True) -> None:
        try:
            self._client = httpx.AsyncClient(
                verify=tls,
                follow_redirects=False,
                trust_env=uses_proxies,
                # No bound on connections: with httpx's 100 the 101st stream fails with PoolTimeout while others run.
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=_KEPT_ALIVE, keepalive_expiry=30.0),
                # A coded body could expand a thousandfold.
                headers={"Accept-Encoding": "identity", "User-Agent": f"hector-tui/{__version__}"},
            )
        except (ValueError, ImportError, httpx.InvalidURL) as error:
            # Not httpx's words: they repeat the proxy's address, which may hold a password.
            raise ConfigError(
                "the proxy of the environment cannot be used",
                hint="Set HTTP_PROXY, HTTPS_PROXY or ALL_PROXY to http://host:port; SOCKS proxies are not supported.",
            ) from error

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    @asynccontextmanager
    async def post(self, request: HttpRequest) -> AsyncIterator[Body]:
        """Send a request and give the body of its answer; leaving the block closes the connection if more would come.

        Raises:
            ProviderError: It was not answered, or not with a status that promises a body of ours.
        """
        loop = asyncio.get_running_loop()
        first_byte_at = loop.time() + request.timeouts.first_byte_s
        timeouts = httpx.Timeout(None, connect=request.timeouts.connect_s)
        with _translated(request):
            message = self._client.build_request(
                "POST", request.url, content=request.body, headers={**_HEADERS, **request.headers}, timeout=timeouts
            )
        response = await self._sent(message, request, first_byte_at)
        try:
            await _check(response, request)
            yield Body(response, request, first_byte_at)
        finally:
            # Shielded: a cancellation that lands in here would leave the connection neither open nor given back.
            await asyncio.shield(asyncio.ensure_future(response.aclose()))

    async def _sent(self, message: httpx.Request, request: HttpRequest, deadline: float) -> httpx.Response:
        try:
            with _translated(request):
                async with asyncio.timeout_at(deadline):
                    return await self._client.send(message, stream=True)
        except TimeoutError as error:
            raise _silence(request.timeouts.first_byte_s, request) from error

    async def document(self, request: HttpRequest) -> Any:
        """GET a JSON document of at most 4 MiB; unlike `get_json`, this tells what the other side said when it refused.

        Raises:
            ProviderError: It was refused, or did not come, or is no JSON.
        """
        seconds = request.timeouts.first_byte_s
        with _translated(request):
            message = self._client.build_request(
                "GET",
                request.url,
                headers={"Accept": "application/json", **request.headers},
                timeout=httpx.Timeout(None, connect=request.timeouts.connect_s),
            )
        try:
            async with asyncio.timeout(seconds):
                with _translated(request):
                    response = await self._client.send(message, stream=True)
                try:
                    await _check(response, request)
                    with _translated(request):
                        body = await _read_some(response, _DOCUMENT_BYTES)
                finally:
                    await asyncio.shield(asyncio.ensure_future(response.aclose()))
        except TimeoutError as error:
            raise _silence(seconds, request) from error
        try:
            return _json(body)
        except (ValueError, RecursionError) as error:
            hint = "Check the address: most end in /v1."
            raise BadResponse("the answer is no JSON document", where=request.origin.where, hint=hint) from error

    async def get_json(
        self, url: str, *, timeout_s: float, headers: Mapping[str, str], question: bytes | None = None
    ) -> Any:
        """The JSON of a small document, such as the list of models.

        Args:
            url: In full.
            timeout_s: Seconds for all of it.
            headers: Beside the client's own.
            question: A JSON body for the servers that are asked for a document with POST.

        Raises:
            ValueError: The answer is not JSON of at most 4 MiB with status 200.
            OSError: It did not come within the time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                method, kind = ("GET", {}) if question is None else ("POST", {"Content-Type": "application/json"})
                message = self._client.build_request(method, url, content=question, headers={**kind, **headers})
                response = await self._client.send(message, stream=True)
                try:
                    if response.status_code != 200:
                        raise ValueError(f"status {response.status_code}")
                    return _json(await _read_some(response, _DOCUMENT_BYTES))
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OSError(one_line(str(error)) or type(error).__name__) from error


class Body:
    """The body of an answer as it arrives, undecoded.

    A model that thinks for long may be silent in content while its server keeps the connection warm: any byte counts
    against `idle_s`, only `content_seen()` against `content_idle_s`.
    """

    def __init__(self, response: httpx.Response, request: HttpRequest, first_byte_at: float) -> None:
        self._response = response
        self._request = request
        self._deadline = first_byte_at
        self._loop = asyncio.get_running_loop()
        self._content_deadline = self._loop.time() + request.timeouts.content_idle_s
        self._is_first = True

    def content_seen(self) -> None:
        """Content arrived: the wait for the next begins."""
        self._content_deadline = self._loop.time() + self._request.timeouts.content_idle_s

    def give_at_most(self, seconds: float) -> None:
        """From now on wait so long in all, whatever arrives."""
        self._content_deadline = min(self._content_deadline, self._loop.time() + seconds)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Pieces of the body until its end.

        Raises:
            ProviderTimeout: Nothing came for too long.
            StreamCut: The connection broke.
        """
        # Not `aiter_raw()`: it closes a finished answer itself, out of reach of the shield in `HttpClient.post`.
        stream = cast("httpx.AsyncByteStream", self._response.stream)
        raw = cast("AsyncGenerator[bytes, None]", aiter(stream))
        async with aclosing(raw):
            while True:
                try:
                    with _translated(self._request):
                        async with asyncio.timeout_at(min(self._deadline, self._content_deadline)):
                            chunk = await anext(raw)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise self._too_late() from error
                self._is_first = False
                self._deadline = self._loop.time() + self._request.timeouts.idle_s
                yield chunk

    def _too_late(self) -> ProviderTimeout:
        timeouts = self._request.timeouts
        if self._content_deadline < self._deadline:
            return _silence(timeouts.content_idle_s, self._request, "content")
        return _silence(timeouts.first_byte_s if self._is_first else timeouts.idle_s, self._request)


def load_transport() -> None:
    """Import what httpx imports when it connects for the first time: 40 ms of CPU that the first Enter would wait for.

    The modules are named nowhere in its documentation, so that one which is gone is not missed; a test tells us.
    """
    for name in _TRANSPORT:
        with suppress(ImportError):
            importlib.import_module(name)


def new_tls_context() -> ssl.SSLContext:
    """TLS settings with the certificates of the environment (`SSL_CERT_FILE`), else certifi's.

    Raises:
        ConfigError: The environment names certificates that cannot be read.
    """
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        reason = error.strerror or one_line(str(error))
        raise ConfigError(
            f"the certificates of the environment cannot be read: {reason}",
            hint="Set SSL_CERT_FILE to a file of certificates in PEM, or SSL_CERT_DIR to a folder of them.",
        ) from error


async def _check(response: httpx.Response, request: HttpRequest) -> None:
    status = response.status_code
    if 300 <= status < 400:
        raise redirect(status, _host_of(response.headers.get("location", ""), request.url), request.origin)
    if not 200 <= status < 300:
        complaint = read_complaint(await _error_body(response), request.origin.key)
        raise refusal(
            status, complaint, request.origin, {name.lower(): value for name, value in response.headers.items()}
        )
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise BadResponse(
            f"the answer is coded as {one_line(coding)!r} though it was asked to be plain", where=request.origin.where
        )


def _host_of(location: str, base: str) -> str:
    try:
        target = httpx.URL(base).join(location)
    except httpx.InvalidURL:
        return ""
    port = f":{target.port}" if target.port else ""
    return f"{target.scheme}://{target.host}{port}" if location else ""


async def _error_body(response: httpx.Response) -> bytes:
    """What an error answer says; an error answer that breaks off says less."""
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        return b""
    try:
        async with asyncio.timeout(_ERROR_BODY_S):
            return await _read_some(response, _ERROR_BODY_BYTES)
    except (TimeoutError, httpx.HTTPError):
        return b""


async def _read_some(response: httpx.Response, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) >= limit:
            break
    return bytes(body[:limit])


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _silence(seconds: float, request: HttpRequest, what: str = "answer") -> ProviderTimeout:
    return ProviderTimeout(
        f"no {what} for {seconds:g} seconds", where=request.origin.where, hint="Try again in a moment.", retryable=True
    )


@contextmanager
def _translated(request: HttpRequest) -> Iterator[None]:
    """Turns httpx's errors into ours; the one place where that happens."""
    try:
        yield
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise RequestRejected(
            "the provider's address is not a usable URL",
            where=request.origin.where,
            hint="Write it as https://host/v1.",
        ) from error
    except httpx.ConnectTimeout as error:
        raise ProviderTimeout(
            f"no connection within {request.timeouts.connect_s:g} seconds",
            where=request.origin.where,
            hint=_way_there(request.origin),
            retryable=True,
        ) from error
    except (httpx.ConnectError, httpx.ProxyError) as error:
        raise _unreachable(error, request.origin) from error
    except httpx.TimeoutException as error:
        raise _silence(request.timeouts.idle_s, request) from error
    except (httpx.ReadError, httpx.WriteError, httpx.CloseError, httpx.RemoteProtocolError) as error:
        raise StreamCut(
            "the connection broke before the answer was complete", where=request.origin.where, retryable=True
        ) from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise ProviderUnavailable(one_line(str(error)) or type(error).__name__, where=request.origin.where) from error


def _unreachable(error: httpx.TransportError, origin: Origin) -> ProviderError:
    reason, retryable = "connection failed", True
    for cause in _causes(error):
        match cause:
            case socket.gaierror():
                reason = "no such host"
                break
            case ssl.SSLCertVerificationError():
                reason, retryable = f"the certificate is not trusted: {one_line(cause.verify_message)}", False
                break
            case ssl.SSLError():
                reason, retryable = f"no TLS: {one_line(cause.reason or str(cause))}", False
                break
            case OSError() if cause.errno is not None:
                reason = errno_words(cause.errno)
                break
    if isinstance(error, httpx.ProxyError):
        reason = f"the proxy refused: {one_line(str(error))}"
    return ProviderUnavailable(f"cannot reach {origin.where} ({reason})", hint=_way_there(origin), retryable=retryable)


def _way_there(origin: Origin) -> str:
    return _NEAR_HINT if is_loopback(origin.where) else _FAR_HINT


def errno_words(number: int) -> str:
    """What a connection error is called, in lower case: `connection refused`."""
    match number:
        case errno.ECONNREFUSED:
            return "connection refused"
        case errno.ENETUNREACH | errno.EHOSTUNREACH:
            return "no route to the host"
        case errno.ECONNRESET:
            return "connection reset"
        case _:
            return f"error {errno.errorcode.get(number, number)}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and everything behind it; AnyIO groups the errors of several addresses."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop(0)
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            waiting.extend(current.exceptions)
        waiting += [current.__cause__, current.__context__]
