"""The lines of Ollama's `/api/chat` as our events.

Format: https://docs.ollama.com/api/chat. A call comes whole, as an object; the end marker is the line with `done`.
"""

from __future__ import annotations

import json
from typing import Any

from hector_tui.domain.usage import Usage
from hector_tui.errors import BadResponse, StreamCut
from hector_tui.llm.base import ModelEvent, StopReason, TextChunk, ThinkingChunk, ToolCall
from hector_tui.llm.failures import Origin, in_band_error
from hector_tui.llm.reading import count_of, decoded, unreadable
from hector_tui.llm.sse import ServerSentEvent
from hector_tui.llm.structured import plain_choice
from hector_tui.llm.surrogates import SurrogateJoiner
from hector_tui.llm.tool_calls import Held, arrived


class OllamaReader:
    """Takes the lines of one answer in order and gives the events they mean.

    Args:
        origin: How errors name the other side.
        is_choice: Whether the answer is one of several choices. Ollama writes it as a JSON text; it is given when it is
            complete, without the quotation marks.
    """

    def __init__(self, origin: Origin, *, is_choice: bool = False) -> None:
        self._origin = origin
        self._is_choice = is_choice
        self._choice: list[str] = []
        self._text = SurrogateJoiner()
        self._thinking = SurrogateJoiner()
        self._calls: list[ToolCall] = []
        self._held = Held(origin)
        self._content_count = 0
        self._done_reason = ""
        self._is_done = False
        self.usage: Usage | None = None

    @property
    def is_finished(self) -> bool:
        """Whether the line with `done` came."""
        return self._is_done

    @property
    def is_closed(self) -> bool:
        """As `is_finished`: the counts are in the same line."""
        return self._is_done

    @property
    def content_count(self) -> int:
        """How many pieces of content came."""
        return self._content_count

    def read(self, event: ServerSentEvent) -> list[ModelEvent]:
        """The events of one line.

        Raises:
            BadResponse: It is none of an answer.
            ProviderError: It is an error.
        """
        return self._take(decoded(event.data, "a line", self._origin))

    def take_whole(self, document: Any) -> list[ModelEvent]:
        """The events of an answer that came as one document.

        Raises:
            StreamCut: It is not complete.
            ProviderError: As of `read`.
        """
        events = self._take(document)
        if not self._is_done:
            raise StreamCut("the answer ended before it was complete", where=self._origin.where, retryable=True)
        return events

    def finish(self) -> tuple[list[ModelEvent], StopReason]:
        """What the end of a complete answer releases - the tool calls - and why it stopped."""
        events: list[ModelEvent] = []
        if rest := self._thinking.flush():
            events.append(ThinkingChunk(rest))
        rest = self._text.flush()
        if self._is_choice:
            rest = plain_choice("".join([*self._choice, rest]))
        if rest:
            events.append(TextChunk(rest))
        events.extend(self._calls)
        if self._done_reason == "length":
            return events, StopReason.LENGTH
        return events, StopReason.TOOL_CALLS if self._calls else StopReason.END

    def _take(self, line: Any) -> list[ModelEvent]:
        if not isinstance(line, dict):
            raise self._bad("a line that is no object", line)
        if error := line.get("error"):
            raise in_band_error(error, self._origin)
        message = line.get("message") or {}
        if not isinstance(message, dict) or not ("message" in line or "done" in line):
            raise self._bad("no answer of its format", line)
        events = self._content(message)
        for call in self._listed_calls(message):
            self._note_call(call)
        if line.get("done") is True:
            self._is_done = True
            self._done_reason = str(line.get("done_reason") or "")
            self._note_usage(line)
        return events

    def _content(self, message: dict[str, Any]) -> list[ModelEvent]:
        thinking, text = message.get("thinking") or "", message.get("content") or ""
        if not isinstance(text, str) or not isinstance(thinking, str):
            raise self._bad("content in no known form", message)
        self._content_count += bool(thinking or text)
        events: list[ModelEvent] = []
        if thinking and (piece := self._thinking.feed(thinking)):
            events.append(ThinkingChunk(piece))
        if text and (piece := self._text.feed(text)):
            if self._is_choice:
                self._held.add(len(piece), what="the words of a choice")
                self._choice.append(piece)
            else:
                events.append(TextChunk(piece))
        return events

    def _listed_calls(self, message: dict[str, Any]) -> list[Any]:
        calls = message.get("tool_calls") or []
        if not isinstance(calls, list):
            raise self._bad("tool calls in no known form", calls)
        return calls

    def _note_call(self, call: Any) -> None:
        function = call.get("function") if isinstance(call, dict) else None
        name = function.get("name") if isinstance(function, dict) else None
        if not isinstance(function, dict) or not isinstance(name, str) or not name:
            raise self._bad("a tool call in no known form", call)
        self._content_count += 1
        arguments = function.get("arguments") or {}
        written = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        self._held.add(len(name) + len(written), pieces=1)
        self._calls.append(arrived(call.get("id"), name, written))

    def _note_usage(self, line: dict[str, Any]) -> None:
        """What was counted. Servers that had the whole prompt in memory leave its count out; then nothing is known."""
        if asked := count_of(line, "prompt_eval_count"):
            self.usage = Usage(input_tokens=asked, output_tokens=count_of(line, "eval_count"))

    def _bad(self, what: str, value: Any) -> BadResponse:
        return unreadable(what, value, self._origin)
