"""The events of OpenAI's Responses stream as ours.

Format: https://platform.openai.com/docs/api-reference/responses-streaming. An answer is a list of items - reasoning,
messages, function calls - each announced, sent in pieces and then repeated whole. Servers that imitate the format leave
out one or the other, so a piece counts when it comes, and what is repeated counts as far as it has not come yet.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from hector_tui.domain.usage import Usage
from hector_tui.errors import BadResponse
from hector_tui.llm.base import ModelEvent, StopReason, TextChunk, ThinkingChunk
from hector_tui.llm.failures import Origin, in_band_error
from hector_tui.llm.reading import count_of, decoded, unreadable
from hector_tui.llm.responses_request import PARAGRAPH, signature_of
from hector_tui.llm.sse import ServerSentEvent
from hector_tui.llm.surrogates import SurrogateJoiner
from hector_tui.llm.tool_calls import ArrivingCall, Held, runnable

_STRETCH_COST = 500
"""What one more stretch of words counts as held back: it is remembered until the answer ends."""
_WORDS = re.compile(r"(?P<of>output_text|refusal|reasoning_summary_text|reasoning_text)\.(?P<how>delta|done)")


@dataclass(slots=True)
class _Stretch:
    """One run of words: a part of a message, or a paragraph of a thought."""

    joiner: SurrogateJoiner = field(default_factory=SurrogateJoiner)
    came: int = 0
    """Characters received, before halves of a character were joined."""
    shown: int = 0
    """Characters given out."""

    def add(self, piece: str) -> str:
        self.came += len(piece)
        return self._out(self.joiner.feed(piece))

    def end(self, whole: str) -> str:
        """What is missing of the whole text, as it is repeated at the end."""
        rest = whole[self.came :]
        self.came += len(rest)
        return self._out(self.joiner.feed(rest) + self.joiner.flush())

    def _out(self, text: str) -> str:
        self.shown += len(text)
        return text


@dataclass(slots=True)
class _Item:
    """One item of the answer."""

    kind: str = ""
    call: ArrivingCall = field(default_factory=ArrivingCall)
    arguments_size: int = 0
    stretches: dict[tuple[str, int], _Stretch] = field(default_factory=dict)
    is_done: bool = False


class ResponseReader:
    """Takes the events of one answer in order and gives ours.

    Function calls come out at the end, when it is known that the answer was not cut at a limit within one.
    """

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._items: dict[int, _Item] = {}
        self._content_count = 0
        self._refused = False
        self._held = Held(origin)
        self._end: StopReason | None = None
        self.usage: Usage | None = None

    @property
    def is_finished(self) -> bool:
        """Whether `response.completed` or `response.incomplete` came."""
        return self._end is not None

    @property
    def is_closed(self) -> bool:
        """The same: nothing follows the end marker."""
        return self._end is not None

    @property
    def content_count(self) -> int:
        """How many pieces of content came, the name of a function that is called included."""
        return self._content_count

    def read(self, event: ServerSentEvent) -> list[ModelEvent]:
        """The events of one piece of the stream; kinds that are not known mean nothing.

        Raises:
            BadResponse: It is not of this format.
            ProviderError: It is an error.
        """
        if not event.data.strip() or event.data.strip() == "[DONE]":
            return []
        data = decoded(event.data, "an event", self._origin)
        if not isinstance(data, dict):
            raise self._bad("an event that is no object", event.data)
        try:
            return self._take(str(data.get("type") or event.event), data)
        except (AttributeError, TypeError, ValueError) as error:
            raise self._bad("an event in no known form", event.data) from error

    def take_whole(self, document: Any) -> list[ModelEvent]:
        """The events of an answer that came as one document; raises as `read` does."""
        if not isinstance(document, dict):
            raise self._bad("no response", document)
        if error := document.get("error"):
            raise in_band_error(error, self._origin)
        if not isinstance(document.get("output"), list):
            raise self._bad("no response", document)
        try:
            return self._ended(document, "response.completed")
        except (AttributeError, TypeError, ValueError) as error:
            raise self._bad("a response in no known form", document) from error

    def finish(self) -> tuple[list[ModelEvent], StopReason]:
        """The function calls, and why the answer ended."""
        reason = self._end or StopReason.END
        items = [item for item in self._items.values() if item.kind == "function_call" and item.call.name]
        calls = runnable((item.call.complete() for item in items), reason)
        if reason is StopReason.END and calls:
            reason = StopReason.TOOL_CALLS
        elif reason is StopReason.END and self._refused:
            reason = StopReason.REFUSAL
        return list(calls), reason

    def _take(self, kind: str, data: dict[str, Any]) -> list[ModelEvent]:
        match kind.removeprefix("response."):
            case "completed" | "incomplete" | "done":
                return self._ended(data.get("response") or {}, kind)
            case "failed" | "cancelled":
                failed = data.get("response") or {}
                self._note_usage(failed)
                raise in_band_error(failed.get("error") or "the response failed", self._origin)
            case "error":
                raise in_band_error(data.get("error") or _without_type(data), self._origin)
            case "output_item.added":
                self._announced(self._item(data), data.get("item") or {})
            case "output_item.done":
                return self._item_done(self._item(data), data.get("item") or {})
            case "function_call_arguments.delta":
                self._arguments(self._item(data), str(data.get("delta") or ""))
            case "function_call_arguments.done":
                self._all_arguments(self._item(data), data.get("arguments"))
            case words if (known := _WORDS.fullmatch(words)) is not None:
                return self._words(known["of"], data, is_whole=known["how"] == "done")
            case _ if isinstance(data.get("error"), dict):
                raise in_band_error(data["error"], self._origin)
        return []

    def _words(self, of: str, data: dict[str, Any], *, is_whole: bool) -> list[ModelEvent]:
        """More words of a message, a refusal or a thought, or all of them once more."""
        item = self._item(data)
        piece = None if is_whole else data.get("delta")
        whole = (data.get("text") or data.get("refusal") or "") if is_whole else None
        if of.startswith("reasoning"):
            index = "summary_index" if of == "reasoning_summary_text" else "content_index"
            return self._think(item, (index, _number(data.get(index))), piece, whole=whole)
        self._refused = self._refused or of == "refusal"
        return self._text(item, _number(data.get("content_index")), piece, whole=whole)

    def _item(self, data: dict[str, Any]) -> _Item:
        index = data.get("output_index")
        if not isinstance(index, int):
            # A server that does not count says one thing after the other.
            index = max(self._items, default=0)
        if index not in self._items:
            self._held.add(0, pieces=1, what="the items of the answer")
            self._items[index] = _Item()
        return self._items[index]

    def _stretch(self, item: _Item, key: tuple[str, int]) -> _Stretch:
        if key not in item.stretches:
            self._held.add(_STRETCH_COST, what="the parts of the answer")
            item.stretches[key] = _Stretch()
        return item.stretches[key]

    def _announced(self, item: _Item, data: dict[str, Any]) -> None:
        item.kind = str(data.get("type") or item.kind)
        if item.kind != "function_call":
            return
        call = item.call
        call.call_id = str(data.get("call_id") or data.get("id") or call.call_id)
        call.name = str(data.get("name") or call.name)
        self._held.add(len(call.call_id) + len(call.name))
        self._content_count += 1
        self._all_arguments(item, data.get("arguments"))

    def _text(self, item: _Item, number: int, piece: Any, *, whole: Any = None) -> list[ModelEvent]:
        stretch = self._stretch(item, ("text", number))
        before = stretch.came
        text = stretch.end(str(whole)) if whole is not None else stretch.add(str(piece or ""))
        self._content_count += stretch.came > before
        return [TextChunk(text)] if text else []

    def _think(self, item: _Item, key: tuple[str, int], piece: Any, *, whole: Any = None) -> list[ModelEvent]:
        item.kind = item.kind or "reasoning"
        is_next = key not in item.stretches and any(other.shown for other in item.stretches.values())
        stretch = self._stretch(item, key)
        before = stretch.came
        text = stretch.end(str(whole)) if whole is not None else stretch.add(str(piece or ""))
        self._content_count += stretch.came > before
        if not text:
            return []
        return [ThinkingChunk(PARAGRAPH + text if is_next else text)]

    def _arguments(self, item: _Item, piece: str) -> None:
        item.kind = item.kind or "function_call"
        item.call.arguments.append(piece)
        item.arguments_size += len(piece)
        self._held.add(len(piece))
        self._content_count += 1

    def _all_arguments(self, item: _Item, arguments: Any) -> None:
        """Take arguments that came whole, as far as they have not come in pieces."""
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments, ensure_ascii=False)
        rest = str(arguments or "")[item.arguments_size :]
        if rest:
            self._arguments(item, rest)

    def _item_done(self, item: _Item, data: dict[str, Any]) -> list[ModelEvent]:
        """What of an item has not come in pieces, and the proof of a thought."""
        if item.is_done:
            return []
        item.is_done = True
        self._announced(item, data)
        events: list[ModelEvent] = []
        match item.kind:
            case "message":
                for number, part in enumerate(data.get("content") or ()):
                    self._refused = self._refused or part.get("type") == "refusal"
                    events += self._text(item, number, None, whole=part.get("text") or part.get("refusal") or "")
            case "reasoning":
                for index, texts in (("summary_index", data.get("summary")), ("content_index", data.get("content"))):
                    for number, part in enumerate(texts or ()):
                        events += self._think(item, (index, number), None, whole=part.get("text") or "")
                if encrypted := data.get("encrypted_content"):
                    lengths = [stretch.shown for stretch in item.stretches.values() if stretch.shown]
                    proof = signature_of(self._origin.model, str(data.get("id") or ""), str(encrypted), lengths)
                    events.append(ThinkingChunk("", proof))
            case _:
                pass
        return events

    def _ended(self, response: dict[str, Any], kind: str) -> list[ModelEvent]:
        """The end marker; it repeats every item, of which all should have come already."""
        status = str(response.get("status") or kind.removeprefix("response."))
        if status in ("failed", "cancelled"):
            raise in_band_error(response.get("error") or f"the response is {status}", self._origin)
        self._note_usage(response)
        events: list[ModelEvent] = []
        for index, item in enumerate(response.get("output") or ()):
            events += self._item_done(self._item({"output_index": index}), item)
        for item in self._items.values():
            for stretch in item.stretches.values():
                if rest := stretch.end(""):
                    events.append(ThinkingChunk(rest) if item.kind == "reasoning" else TextChunk(rest))
        self._end = StopReason.END
        if status == "incomplete" or kind == "response.incomplete":
            why = (response.get("incomplete_details") or {}).get("reason")
            self._end = StopReason.REFUSAL if why == "content_filter" else StopReason.LENGTH
        return events

    def _note_usage(self, response: dict[str, Any]) -> None:
        usage = response.get("usage")
        if isinstance(usage, dict):
            self.usage = Usage(
                input_tokens=count_of(usage, "input_tokens"),
                output_tokens=count_of(usage, "output_tokens"),
                cached_tokens=count_of(usage, "input_tokens_details", "cached_tokens"),
                reasoning_tokens=count_of(usage, "output_tokens_details", "reasoning_tokens"),
            )

    def _bad(self, what: str, value: Any) -> BadResponse:
        return unreadable(what, value, self._origin)


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _without_type(data: dict[str, Any]) -> dict[str, Any]:
    """An error event without its own kind, which would be taken for the kind of the error."""
    return {name: value for name, value in data.items() if name != "type"}
