"""Lines of JSON from bytes, as Ollama streams them (https://github.com/ndjson/ndjson-spec), in bounded memory."""

from __future__ import annotations

from hector_tui.errors import BadResponse
from hector_tui.llm.sse import ServerSentEvent

_BOM = b"\xef\xbb\xbf"


class LineReader:
    """Takes bytes cut anywhere and gives the lines they complete; linear in the bytes, whatever the cuts.

    A line ends with LF, and a CR before it is not part of it; U+2028 and its like are content, as JSON says. What
    follows the last LF is never given: a line without its end was cut.

    Args:
        cap: The most bytes one line may have.
    """

    __slots__ = ("_at_start", "_cap", "_line")

    def __init__(self, *, cap: int) -> None:
        self._cap = cap
        self._line = bytearray()
        self._at_start = True

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """The lines that end in this chunk; blank ones keep a connection warm and are left out.

        Raises:
            BadResponse: A line is larger than the cap.
        """
        *whole, rest = chunk.split(b"\n")
        events: list[ServerSentEvent] = []
        for piece in whole:
            self._keep(piece)
            line = bytes(self._line)
            self._line.clear()
            if self._at_start:
                line = line.removeprefix(_BOM)
                self._at_start = False
            if text := line.decode("utf-8", "replace").strip(" \t\r"):
                events.append(ServerSentEvent("message", text))
        self._keep(rest)
        return events

    def _keep(self, piece: bytes) -> None:
        if len(self._line) + len(piece) > self._cap:
            raise BadResponse(f"one line of the stream is larger than {self._cap} bytes")
        self._line += piece
