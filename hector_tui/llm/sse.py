"""Server-sent events from bytes, by the rules of the WHATWG HTML standard, section 9.2.6, in bounded memory.

Why not httpx-sse 0.4.3, which splits lines correctly: its line decoder is private, keeps an unfinished line without any
bound, holds an event back until the next byte when lines end in CR alone, and dispatches events that have no data.
httpx's own `aiter_lines` splits at U+2028 and tears JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hector_tui.errors import BadResponse

DEFAULT_EVENT_CAP = 128 * 1024 * 1024
"""Bytes of one event; a model's largest answer in one chunk is far below."""

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event. `id` and `retry` serve reconnecting, which a chat request never does, and are not kept."""

    event: str
    data: str


class EventReader:
    """Takes bytes cut anywhere and gives the events they complete; linear in the bytes, whatever the cuts.

    Args:
        cap: The most bytes one event, or one unfinished line, may have.
    """

    __slots__ = ("_after_cr", "_at_start", "_cap", "_data", "_event", "_line", "_size")

    def __init__(self, *, cap: int = DEFAULT_EVENT_CAP) -> None:
        self._cap = cap
        self._line = bytearray()
        self._size = 0
        self._data: list[str] = []
        self._event = ""
        self._after_cr = False
        self._at_start = True

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """The events that end in this chunk. One left open at the stream's end is never given: the standard's rule.

        Raises:
            BadResponse: An event is larger than the cap.
        """
        events: list[ServerSentEvent] = []
        start = 0
        if self._after_cr and chunk:
            # The LF of a CRLF whose CR ended the last chunk: its line has been dealt with.
            start = 1 if chunk[:1] == b"\n" else 0
            self._after_cr = False
        for end in _LINE_END.finditer(chunk, start):
            self._keep(chunk[start : end.start()])
            start = end.end()
            event = self._end_line()
            if event is not None:
                events.append(event)
        self._keep(chunk[start:])
        self._after_cr = chunk[-1:] == b"\r" or (self._after_cr and not chunk)
        return events

    def _keep(self, piece: bytes) -> None:
        if not piece:
            return
        self._size += len(piece)
        if self._size > self._cap:
            raise BadResponse(f"one event of the stream is larger than {self._cap} bytes")
        self._line += piece

    def _end_line(self) -> ServerSentEvent | None:
        line = bytes(self._line)
        self._line.clear()
        if self._at_start:
            line = line.removeprefix(_BOM)
            self._at_start = False
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._data.append(value.decode("utf-8", "replace"))
                return None
            case b"event":
                self._event = value.decode("utf-8", "replace")
        # A comment or another field leaves nothing behind, so it does not count towards the event.
        self._size -= len(line)
        return None

    def _dispatch(self) -> ServerSentEvent | None:
        name, data = self._event, self._data
        self._event, self._data, self._size = "", [], 0
        return ServerSentEvent(name or "message", "\n".join(data)) if data else None
