"""The server: HTTP/1.1 written byte by byte on asyncio, so that it can be cut, stalled and split at any byte."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from tests.provider.answers import Answer, echo
from tests.provider.speech import ReceivedRequest, Speech
from tests.provider.speeches import speech_of

_PATIENCE_S = 20.0


Respond = Callable[[ReceivedRequest], Answer]


class LoopbackProvider:
    """A provider on 127.0.0.1, as an async context manager.

    Args:
        answers: Called with each question, or the answers in order (the last one repeats); echoes by default.
        models: What it lists.
        listing: What it answers to a GET instead.
        documents: What it answers at a path instead, such as `/api/show`.
        port: 0 takes a free one.
    """

    def __init__(
        self,
        answers: Respond | Sequence[Answer] | Answer | None = None,
        *,
        models: Sequence[str] = ("loop-1",),
        listing: Answer | None = None,
        documents: Mapping[str, object] | None = None,
        port: int = 0,
    ) -> None:
        self._respond = _responder(answers)
        self._models = models
        self._listing = listing
        self._documents = documents or {}
        self._port = port
        self._server: asyncio.Server | None = None
        self._waiting: list[asyncio.Future[None]] = []
        self._connections: set[_Connection] = set()
        self.requests: list[ReceivedRequest] = []
        self.connections = 0
        """How many connections there ever were."""
        self.answered = 0
        """How many answers were sent to their end."""
        self.left = 0
        """How many answers the client did not wait for."""

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self._port, backlog=2048)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        connections = list(self._connections)
        for connection in connections:
            connection.abort()
        await asyncio.gather(*(connection.gone.wait() for connection in connections))
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def base_url(self) -> str:
        """What a configuration names as the provider's address."""
        return f"{self.origin}/v1"

    @property
    def posts(self) -> list[ReceivedRequest]:
        """The questions that arrived, in order."""
        posted = [request for request in self.requests if request.method == "POST"]
        return [request for request in posted if speech_of(request).document(request, self._models) is None]

    @property
    def open_connections(self) -> int:
        """Connections that are open now."""
        return len(self._connections)

    async def until(self, condition: Callable[[LoopbackProvider], bool]) -> None:
        """Wait until something is true of this server.

        Raises:
            TimeoutError: It is still false after 20 seconds.
        """
        async with asyncio.timeout(_PATIENCE_S):
            while not condition(self):
                change = asyncio.get_running_loop().create_future()
                self._waiting.append(change)
                await change

    def _answer_to(self, request: ReceivedRequest, speech: Speech) -> Answer:
        if isinstance(answer := self._documents.get(request.place), Answer):
            return answer
        if request.place in self._documents:
            return Answer(raw=json.dumps(answer).encode(), framing="length")
        if request.method == "GET" and self._listing is not None:
            return self._listing
        if (document := speech.document(request, self._models)) is not None:
            return Answer(raw=json.dumps(document).encode(), framing="length")
        return self._respond(request)

    def _note(self) -> None:
        """Something changed; wakes whoever waits in `until`."""
        for change in self._waiting:
            if not change.done():
                change.set_result(None)
        self._waiting.clear()


def _responder(answers: Respond | Sequence[Answer] | Answer | None) -> Respond:
    if answers is None:
        return lambda request: echo(request.body)
    if isinstance(answers, Answer):
        return lambda _request: answers
    if callable(answers):
        return answers
    waiting = list(answers)
    return lambda _request: waiting.pop(0) if len(waiting) > 1 else waiting[0]


class _Connection(asyncio.Protocol):
    """One connection: requests come in one after another, each is answered by a task."""

    def __init__(self, provider: LoopbackProvider) -> None:
        self._provider = provider
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._provider._connections.add(self)
        self._provider.connections += 1
        self._provider._note()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()
        self._writable.set()
        self._provider._connections.discard(self)
        if self._task is not None and not self._task.done():
            self._task.cancel()
            self._provider.left += 1
        self._provider._note()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._task is None or self._task.done():
            self._next_request()

    def abort(self) -> None:
        self._transport.abort()

    def _next_request(self) -> None:
        if self._buffer and not self._buffer[:1].isalpha():
            # Not HTTP, most likely the greeting of TLS; real servers answer and leave too.
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            self._transport.close()
            return
        request = _take_request(self._buffer)
        if request is None:
            return
        self._provider.requests.append(request)
        self._provider._note()
        self._task = asyncio.get_running_loop().create_task(self._answer(request))

    async def _answer(self, request: ReceivedRequest) -> None:
        speech = speech_of(request)
        answer = self._provider._answer_to(request, speech)
        if answer.stall_before_headers:
            await self.gone.wait()
        await self._send(answer, request, speech)
        self._task = None
        self._provider.answered += 1
        self._provider._note()
        if not self._transport.is_closing():
            self._next_request()

    async def _send(self, answer: Answer, request: ReceivedRequest, speech: Speech) -> None:
        pieces = answer.pieces(_body(answer, request, speech))
        kind = _kind(answer, speech)
        if answer.framing == "length":
            body = b"".join(pieces)
            self._transport.write(_head(answer, {**kind, "content-length": str(len(body))}) + body)
            return
        chunked = answer.framing == "chunked"
        framing = {"transfer-encoding": "chunked"} if chunked else {"connection": "close"}
        self._transport.write(_head(answer, {**kind, **framing}))
        await self._send_body(answer, pieces, chunked=chunked)
        if answer.cut_after is not None and answer.cut == "rst":
            _reset(self._transport)
        elif answer.cut_after is not None and answer.cut == "fin":
            self._transport.close()
        elif chunked:
            self._transport.write(b"0\r\n\r\n")
        else:
            self._transport.close()

    async def _send_body(self, answer: Answer, pieces: Iterator[bytes], *, chunked: bool) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        sent = 0
        for number, piece in enumerate(pieces, 1):
            if answer.stall_after is not None and sent + len(piece) > answer.stall_after:
                self._write(piece[: answer.stall_after - sent], chunked=chunked)
                await asyncio.Event().wait()
            self._write(piece, chunked=chunked)
            sent += len(piece)
            if answer.rate > 0:
                due += 1 / answer.rate
                await asyncio.sleep(max(0.0, due - loop.time()))
            elif number % 16 == 0 or answer.piece is not None:
                # One write to the kernel per piece: without this the pieces would travel together.
                await asyncio.sleep(0)
            await self._writable.wait()

    def _write(self, piece: bytes, *, chunked: bool) -> None:
        if piece:
            self._transport.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)


def _take_request(buffer: bytearray) -> ReceivedRequest | None:
    """The next whole request, removed from the buffer; None while it is still arriving."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    first, *lines = buffer[:end].decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.split(":", 1) for line in lines)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    length = int(headers.get("content-length", "0"))
    if len(buffer) < end + 4 + length:
        return None
    body = bytes(buffer[end + 4 : end + 4 + length])
    del buffer[: end + 4 + length]
    return ReceivedRequest(method=method, path=path, headers=headers, body=json.loads(body) if body else {})


def _body(answer: Answer, request: ReceivedRequest, speech: Speech) -> Iterator[bytes]:
    """The body in one piece where it is given, else event by event."""
    if answer.raw is not None:
        return iter((answer.raw,))
    if answer.status >= 400:
        return iter((speech.refusal(answer.status, answer.failure),))
    return speech.events(answer, request)


def _kind(answer: Answer, speech: Speech) -> Mapping[str, str]:
    streams = answer.raw is None and answer.status < 400
    return {"content-type": speech.MEDIA_TYPE if streams else "application/json"}


def _head(answer: Answer, framing: Mapping[str, str]) -> bytes:
    headers = {**framing, **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} Status", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _reset(transport: asyncio.Transport) -> None:
    """Close so that the other side sees a reset instead of an end."""
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
