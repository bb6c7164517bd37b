"""The events of an Anthropic message as ours.

Format: https://platform.claude.com/docs/en/build-with-claude/streaming. An answer is a list of blocks, each with a
start, deltas and a stop; unknown events, blocks and deltas are skipped, as the vendor asks of its clients.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hector_tui.domain.usage import Usage
from hector_tui.errors import BadResponse
from hector_tui.llm.anthropic_messages import REDACTED, THOUGHT
from hector_tui.llm.base import ModelEvent, StopReason, TextChunk, ThinkingChunk, UsageReport
from hector_tui.llm.failures import Origin, in_band_error
from hector_tui.llm.reading import count_of, decoded, unreadable
from hector_tui.llm.sse import ServerSentEvent
from hector_tui.llm.structured import plain_choice
from hector_tui.llm.surrogates import SurrogateJoiner
from hector_tui.llm.tool_calls import ArrivingCall, Held, runnable

_REASONS = {
    "end_turn": StopReason.END,
    "stop_sequence": StopReason.END,
    "tool_use": StopReason.TOOL_CALLS,
    "max_tokens": StopReason.LENGTH,
    "model_context_window_exceeded": StopReason.LENGTH,
    # The vendor's own tools were called too often in one go; what was said is not the whole answer.
    "pause_turn": StopReason.LENGTH,
    "refusal": StopReason.REFUSAL,
}
_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class MessageReader:
    """Takes the events of one answer in order and gives the events they mean.

    Tool calls come out when the answer ends: one that ends early may have left the last of them half.

    Args:
        beginning: What was put into the model's mouth; the provider sends only what follows.
        is_choice: Whether the answer is one of several, wrapped into an object by the schema that holds the model.
    """

    def __init__(self, origin: Origin, *, beginning: str = "", is_choice: bool = False) -> None:
        self._origin = origin
        self._beginning = beginning
        self._choice: list[str] | None = [] if is_choice else None
        self._text = SurrogateJoiner()
        self._thinking = SurrogateJoiner()
        self._signature: list[str] = []
        self._calls: dict[int, ArrivingCall] = {}
        self._held = Held(origin)
        self._content_count = 0
        self._stop_reason = ""
        self._closed = False
        self._counts: dict[str, int] = {}
        self.usage: Usage | None = None

    @property
    def is_finished(self) -> bool:
        """Whether `message_stop` came: what precedes it may still be followed by an error."""
        return self._closed

    @property
    def is_closed(self) -> bool:
        """Whether `message_stop` came; nothing follows it."""
        return self._closed

    @property
    def content_count(self) -> int:
        """How many pieces of content came, fragments of tool calls included."""
        return self._content_count

    def read(self, event: ServerSentEvent) -> list[ModelEvent]:
        """The events of one event of the stream.

        Raises:
            BadResponse: It is not of this format.
            ProviderError: It is an error.
        """
        if not event.data.strip():
            return []
        data = decoded(event.data, "an event", self._origin)
        if not isinstance(data, dict):
            raise self._bad("an event that is no object", event.data)
        match data.get("type") or event.event:
            case "message_start":
                return self._note_usage(_object(data, "message").get("usage"))
            case "content_block_start":
                return self._start(_index(data), _object(data, "content_block"))
            case "content_block_delta":
                return self._delta(_index(data), _object(data, "delta"))
            case "content_block_stop":
                return self._end_thought()
            case "message_delta":
                return self._message_delta(_object(data, "delta"), data.get("usage"))
            case "message_stop":
                self._closed = True
            case "error":
                raise in_band_error(data.get("error") or data, self._origin)
        return []

    def take_whole(self, document: Any) -> list[ModelEvent]:
        """The events of a message that came as one document; raises as `read` does."""
        if isinstance(document, dict) and document.get("type") == "error":
            raise in_band_error(document.get("error") or document, self._origin)
        if not isinstance(document, dict) or not isinstance(document.get("content"), list):
            raise self._bad("no message", document)
        events = self._note_usage(document.get("usage"))
        for index, block in enumerate(document["content"]):
            if not isinstance(block, dict):
                raise self._bad("a block that is no object", block)
            events += self._start(index, block)
            if block.get("type") == "thinking":
                self._sign(_string(block, "signature"))
            events += self._end_thought()
        return events + self._message_delta(document, None)

    def finish(self) -> tuple[list[ModelEvent], StopReason]:
        """What the end of a complete answer releases - the tool calls - and why it stopped."""
        events = self._end_thought()
        if rest := self._text.flush():
            events += self._say(rest)
        if self._choice is not None and (choice := plain_choice("".join(self._choice))):
            events.append(TextChunk(choice))
        reason = _REASONS.get(self._stop_reason, StopReason.END)
        calls = runnable((call.complete() for call in self._calls.values() if call.name), reason)
        events += calls
        if reason is StopReason.END and calls:
            reason = StopReason.TOOL_CALLS
        elif reason is StopReason.TOOL_CALLS and not calls:
            reason = StopReason.END
        return events, reason

    def _start(self, index: int, block: Mapping[str, Any]) -> list[ModelEvent]:
        match block.get("type"):
            case "text":
                return self._more_text(_string(block, "text"))
            case "thinking":
                return self._think(_string(block, "thinking"))
            case "redacted_thinking":
                self._content_count += 1
                return [*self._end_thought(), ThinkingChunk("", REDACTED + _string(block, "data"))]
            case "tool_use":
                call = ArrivingCall(_string(block, "id"), _string(block, "name"))
                if block.get("input"):
                    # Some imitations send the whole input here, where the vendor sends an empty object.
                    call.arguments.append(json.dumps(block["input"], ensure_ascii=False))
                self._calls[index] = call
                self._content_count += 1
                self._held.add(len(call.call_id) + len(call.name) + sum(map(len, call.arguments)), pieces=1)
        return []

    def _delta(self, index: int, delta: Mapping[str, Any]) -> list[ModelEvent]:
        match delta.get("type"):
            case "text_delta":
                return self._more_text(_string(delta, "text"))
            case "thinking_delta":
                return self._think(_string(delta, "thinking"))
            case "signature_delta":
                self._sign(_string(delta, "signature"))
                self._content_count += 1
            case "input_json_delta" if index in self._calls:
                fragment = _string(delta, "partial_json")
                self._calls[index].arguments.append(fragment)
                self._content_count += 1
                self._held.add(len(fragment))
        return []

    def _sign(self, piece: str) -> None:
        self._held.add(len(piece), what="the signatures")
        self._signature.append(piece)

    def _more_text(self, text: str) -> list[ModelEvent]:
        self._content_count += bool(text)
        return self._say(self._text.feed(text))

    def _say(self, text: str) -> list[ModelEvent]:
        if not text:
            return []
        if self._choice is not None:
            self._held.add(len(text), what="the words of a choice")
            self._choice.append(text)
            return []
        text, self._beginning = self._beginning + text, ""
        return [TextChunk(text)]

    def _think(self, text: str) -> list[ModelEvent]:
        self._content_count += bool(text)
        piece = self._thinking.feed(text)
        return [ThinkingChunk(piece)] if piece else []

    def _end_thought(self) -> list[ModelEvent]:
        """The proof of a thought that has ended, with what is left of its words."""
        rest, signature = self._thinking.flush(), "".join(self._signature)
        self._signature.clear()
        return [ThinkingChunk(rest, THOUGHT + signature if signature else "")] if rest or signature else []

    def _message_delta(self, delta: Mapping[str, Any], usage: Any) -> list[ModelEvent]:
        self._stop_reason = _string(delta, "stop_reason") or self._stop_reason
        events = self._note_usage(usage)
        details = delta.get("stop_details")
        if isinstance(details, dict) and not self._content_count and (why := _string(details, "explanation")):
            # A refusal before the first word says why here and nowhere else.
            events += self._more_text(why)
        return events

    def _note_usage(self, usage: Any) -> list[ModelEvent]:
        """Take counts, of which later ones replace earlier ones; what the cache gave or took is input too."""
        if not isinstance(usage, dict):
            return []
        for name in (*_INPUT, "output_tokens"):
            if usage.get(name) is not None:
                self._counts[name] = count_of(usage, name)
        if thinking := count_of(usage, "output_tokens_details", "thinking_tokens"):
            self._counts["thinking_tokens"] = thinking
        self.usage = Usage(
            input_tokens=sum(self._counts.get(name, 0) for name in _INPUT),
            output_tokens=self._counts.get("output_tokens", 0),
            cached_tokens=self._counts.get("cache_read_input_tokens", 0),
            reasoning_tokens=self._counts.get("thinking_tokens", 0),
        )
        return [UsageReport(self.usage)] if self.usage.total_tokens else []

    def _bad(self, what: str, value: Any) -> BadResponse:
        return unreadable(what, value, self._origin)


def _object(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _string(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _index(data: Mapping[str, Any]) -> int:
    value = data.get("index")
    return value if isinstance(value, int) else 0
