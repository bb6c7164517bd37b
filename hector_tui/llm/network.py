"""`NetworkModel`: a model behind HTTP, whatever its wire format.

When is an answer complete? When its format's reader says so: after that at most the usage and an end marker follow, so
whatever happens then - the end of the stream, a broken connection, silence - costs nothing of the answer. A stream that
ends before was cut, and is never taken for an answer.

What a model refuses - `temperature`, tools, an answer's form - no table knows for every server, so it is learnt: the
request goes out once more without it, and the model's later requests leave it out from the start.
"""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, NotRequired, TypedDict, Unpack

from hector_tui.domain.usage import Usage
from hector_tui.errors import BadResponse, ProviderError, StreamCut
from hector_tui.llm.addresses import shown_address, usable_key
from hector_tui.llm.base import ModelEvent, ModelRequest, Stop, TextChunk, ThinkingChunk, ToolCall, UsageReport
from hector_tui.llm.connections import Connections
from hector_tui.llm.estimates import estimated_usage
from hector_tui.llm.failures import Origin, one_line
from hector_tui.llm.refused import Yielding
from hector_tui.llm.retry import Progress, RetryPolicy, retried
from hector_tui.llm.secrets import Secret, redacted
from hector_tui.llm.sse import DEFAULT_EVENT_CAP
from hector_tui.llm.timeouts import Timeouts
from hector_tui.llm.wire import AnswerReader, Framing, WireFormat

if TYPE_CHECKING:
    from hector_tui.llm.http import Body

_LEFTOVER_S = 0.25
"""How long to wait for the body's end after the end marker, so that the connection can be used again."""
_ADDRESS_HINT = "Check the address: most end in /v1."
_BLANK = b" \t\r\n\xef\xbb\xbf"


class NetworkOptions(TypedDict):
    """What every model behind HTTP takes.

    Attributes:
        base_url: What its connections are shared by, and errors name.
        connections: Shared by all models of a process; the model holds a share until `aclose`.
        api_key: Sent in a header and nowhere else; an empty one is not sent.
        key_name: The environment variable the key comes from, for error messages.
        context_window: In tokens; 0 when unknown.
        event_cap: The most bytes one event of the stream may have.
    """

    base_url: str
    connections: Connections
    api_key: NotRequired[Secret | None]
    key_name: NotRequired[str]
    context_window: NotRequired[int]
    timeouts: NotRequired[Timeouts | None]
    retry: NotRequired[RetryPolicy | None]
    event_cap: NotRequired[int]


class NetworkModel:
    """A model of a provider or a server.

    The one thing that changes in it is `wire`: it is replaced, never altered, by a narrower one when the provider
    refuses a part of a request. That is a fact about the model and not about a conversation, so every session that
    shares the model profits; a lock makes two refusals at the same time count both.

    Args:
        wire: How it is spoken to.
        options: See `NetworkOptions`.

    Raises:
        ConfigError: The address or the key cannot be used.
    """

    def __init__(self, wire: WireFormat, **options: Unpack[NetworkOptions]) -> None:
        base_url = options["base_url"]
        key = usable_key(options.get("api_key") or Secret(""))
        where = shown_address(base_url)
        self._wire = wire
        self._learning = threading.Lock()
        self._origin = Origin(where=where, model=wire.model, key=key, key_name=options.get("key_name", ""))
        self._context_window = options.get("context_window", 0)
        self._timeouts = options.get("timeouts") or Timeouts()
        self._retry = options.get("retry") or RetryPolicy()
        self._event_cap = options.get("event_cap", DEFAULT_EVENT_CAP)
        self._lease = options["connections"].lease(base_url)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._wire.model!r}, {self._origin.where!r})"

    @property
    def label(self) -> str:
        """The provider's name for the model."""
        return self._wire.model

    @property
    def context_window(self) -> int:
        """Tokens of input and output together; 0 when unknown."""
        return self._context_window

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Answer a request; ends with exactly one `Stop`. Closing the iterator closes the connection at once.

        Raises:
            ProviderError: The provider refused, failed, stalled or sent something that is not its protocol.
        """
        return retried(lambda progress: self._attempt(request, progress), self._retry, self._amend)

    async def prepare(self) -> None:
        """Load the HTTP client and its certificates."""
        await self._lease.client()

    async def aclose(self) -> None:
        """Give up the share of the connections."""
        await self._lease.release()

    def _amend(self, error: ProviderError, progress: Progress) -> str:
        """Leave out what the provider refused; says so, or nothing when that was not sent or has to be."""
        part = error.refused
        if not part or part in progress.left_out:
            return ""
        with self._learning:
            wire = self._wire
            if not isinstance(wire, Yielding):
                return ""
            # Another session may have learnt it since this request was sent: then the next try has it already.
            if part not in wire.left_out:
                narrower = wire.without(part)
                if narrower is None:
                    return ""
                self._wire = narrower
        return f"{wire.model} does not take `{part}`: it is left out from now on"

    async def _attempt(self, request: ModelRequest, progress: Progress) -> AsyncGenerator[ModelEvent, None]:
        """Send the request once."""
        client = await self._lease.client()
        from hector_tui.llm.http import HttpRequest

        wire = self._wire
        if isinstance(wire, Yielding):
            progress.left_out = wire.left_out
        message = HttpRequest(
            url=wire.url,
            headers=wire.headers(self._origin.key),
            body=wire.body(request),
            origin=self._origin,
            timeouts=self._timeouts,
        )
        said: list[str] = []
        reader = wire.reader(request, self._origin)
        async with client.post(message) as answer, aclosing(self._events(wire, reader, answer, progress)) as events:
            async for event in events:
                match event:
                    case TextChunk(text) | ThinkingChunk(text):
                        said.append(text)
                    case ToolCall(_, name, arguments):
                        said += [name, arguments]
                    case UsageReport(usage) if not usage.total_tokens:
                        event = UsageReport(estimated_usage(request, "".join(said)))
                yield event

    async def _events(
        self, wire: WireFormat, reader: AnswerReader, answer: Body, progress: Progress
    ) -> AsyncGenerator[ModelEvent, None]:
        """The events of one answer's body, whatever form it has.

        Both `wire` and `reader` are of this request: meanwhile another session may have replaced the model's.
        """
        async with aclosing(answer.chunks()) as chunks:
            start = await _first_bytes(chunks)
            match start.lstrip(_BLANK)[:1]:
                case b"":
                    raise StreamCut("the answer is empty", where=self._origin.where, retryable=True)
                case b"{" | b"[" if not wire.streams_documents:
                    document = await self._document(start, chunks)
                    with _not_too_deep(self._origin):
                        content = reader.take_whole(document)
                    for event in content:
                        yield event
                case b"<":
                    raise BadResponse(
                        f"a web page came instead of an answer: {one_line(self._shown(start)[:120])}",
                        where=self._origin.where,
                        hint=_ADDRESS_HINT,
                    )
                case _:
                    async with aclosing(
                        self._streamed(wire.framing(self._event_cap), start, chunks, answer, reader, progress)
                    ) as events:
                        async for event in events:
                            yield event
            released, reason = reader.finish()
            for event in released:
                yield event
            yield UsageReport(reader.usage or Usage())
            yield Stop(reason)
            answer.give_at_most(_LEFTOVER_S)
            await _drain(chunks)

    async def _streamed(
        self,
        framing: Framing,
        start: bytes,
        chunks: AsyncGenerator[bytes, None],
        answer: Body,
        reader: AnswerReader,
        progress: Progress,
    ) -> AsyncGenerator[ModelEvent, None]:
        """The events of a stream up to its end marker."""
        piece: bytes | None = start
        while piece is not None:
            for event in framing.feed(piece):
                was_finished, content_before = reader.is_finished, reader.content_count
                with _not_too_deep(self._origin):
                    contents = reader.read(event)
                for content in contents:
                    yield content
                if reader.is_closed:
                    return
                progress.has_content = reader.content_count > 0
                if reader.is_finished:
                    if not was_finished:
                        answer.give_at_most(self._timeouts.tail_s)
                elif reader.content_count > content_before:
                    answer.content_seen()
            try:
                piece = await anext(chunks, None)
            except ProviderError:
                if reader.is_finished:
                    return
                raise
        if not reader.is_finished:
            raise StreamCut("the stream ended before the answer was complete", where=self._origin.where, retryable=True)

    async def _document(self, start: bytes, chunks: AsyncGenerator[bytes, None]) -> object:
        """An answer sent whole, by a server that does not stream."""
        body = bytearray(start)
        async for chunk in chunks:
            body += chunk
            if len(body) > self._event_cap:
                raise BadResponse(f"the answer is larger than {self._event_cap} bytes", where=self._origin.where)
        try:
            return json.loads(bytes(body))
        except (ValueError, RecursionError) as error:
            raise BadResponse("the answer is no JSON document", where=self._origin.where, hint=_ADDRESS_HINT) from error

    def _shown(self, start: bytes) -> str:
        """The beginning of what is no answer, without the key that a page of errors may repeat."""
        return redacted(start.decode("utf-8", "replace"), self._origin.key)


@contextmanager
def _not_too_deep(origin: Origin) -> Iterator[None]:
    """Turns the end of the stack into an error of the provider's: JSON can be nested deeper than it can be written."""
    try:
        yield
    except RecursionError as error:
        raise BadResponse("the answer is nested too deeply", where=origin.where) from error


async def _first_bytes(chunks: AsyncGenerator[bytes, None]) -> bytes:
    """The start of a body, up to the first byte that tells its form."""
    start = b""
    async for chunk in chunks:
        start += chunk
        if start.lstrip(_BLANK) or len(start) > 65_536:
            break
    return start


async def _drain(chunks: AsyncGenerator[bytes, None]) -> None:
    """Read what follows the end marker and forget it; nothing that happens here can harm the answer."""
    try:
        async for _ in chunks:
            pass
    except ProviderError:
        return
