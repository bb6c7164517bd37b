"""The chunks of an OpenAI chat completion as our events, with the dialects of the servers that imitate it.

Format: https://platform.openai.com/docs/api-reference/chat-streaming.
"""

from __future__ import annotations

import json
from typing import Any

from hector_tui.domain.usage import Usage
from hector_tui.errors import BadResponse, ProviderUnavailable
from hector_tui.llm.base import ModelEvent, StopReason, TextChunk, ThinkingChunk
from hector_tui.llm.failures import Origin, in_band_error
from hector_tui.llm.reading import count_of, decoded, unreadable
from hector_tui.llm.sse import ServerSentEvent
from hector_tui.llm.surrogates import SurrogateJoiner
from hector_tui.llm.tool_calls import ArrivingCall, Held, runnable

_REASONS = {
    "stop": StopReason.END,
    "length": StopReason.LENGTH,
    "max_tokens": StopReason.LENGTH,
    "tool_calls": StopReason.TOOL_CALLS,
    "function_call": StopReason.TOOL_CALLS,
    "content_filter": StopReason.REFUSAL,
    "refusal": StopReason.REFUSAL,
}
_HIGHEST_COST = 1_000_000
"""US dollars of one answer; more is a mistake, and could be infinite."""


class ChunkReader:
    """Takes the chunks of one answer in order and gives the events they mean.

    Tool calls come out complete, when the answer ends: their fragments have no end of their own in this format.
    """

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._text = SurrogateJoiner()
        self._thinking = SurrogateJoiner()
        self._calls: dict[int, ArrivingCall] = {}
        self._held = Held(origin)
        self._refused = False
        self._content_count = 0
        self._finish_reason = ""
        self._closed = False
        self.usage: Usage | None = None

    @property
    def is_finished(self) -> bool:
        """Whether the chunk with the `finish_reason` came: the content is complete, at most the usage follows."""
        return bool(self._finish_reason)

    @property
    def is_closed(self) -> bool:
        """Whether `[DONE]` came; it is believed without a `finish_reason` too, which some servers never send."""
        return self._closed

    @property
    def content_count(self) -> int:
        """How many pieces of content came, fragments of tool calls included."""
        return self._content_count

    def read(self, event: ServerSentEvent) -> list[ModelEvent]:
        """The events of one chunk; blank data keeps a connection warm and means nothing.

        Raises:
            BadResponse: It is not a chunk.
            ProviderError: It is an error.
        """
        if not event.data.strip():
            return []
        if event.data.strip() == "[DONE]":
            self._closed = True
            return []
        chunk = decoded(event.data, "a chunk", self._origin)
        if event.event == "error" and isinstance(chunk, dict):
            raise in_band_error(chunk.get("error") or chunk, self._origin)
        return self._take(chunk)

    def take_whole(self, completion: Any) -> list[ModelEvent]:
        """The events of a completion that came as one document; raises as `read` does."""
        if isinstance(completion, list) and len(completion) == 1:
            completion = completion[0]
        events = self._take(completion)
        if not completion.get("choices"):
            raise self._bad("no chat completion", completion)
        return events

    def _take(self, chunk: Any) -> list[ModelEvent]:
        if not isinstance(chunk, dict):
            raise self._bad("a chunk that is no object", chunk)
        groq = chunk.get("x_groq")
        error = chunk.get("error") or (groq.get("error") if isinstance(groq, dict) else None)
        if error:
            raise in_band_error(error, self._origin)
        self._note_usage(chunk)
        choices = chunk.get("choices")
        if not choices:
            return []
        if not isinstance(choices, list) or not isinstance(choices[0], dict):
            raise self._bad("choices in no known form", choices)
        choice = choices[0]
        delta = choice.get("delta") or choice.get("message") or {}
        if not isinstance(delta, dict):
            raise self._bad("a delta that is no object", delta)
        events = self._content(delta)
        self._note_calls(delta)
        if reason := choice.get("finish_reason"):
            self._finish_reason = str(reason)
            if self._finish_reason == "error":
                raise ProviderUnavailable(
                    "the provider failed within the answer", where=self._origin.where, retryable=True
                )
        return events

    def finish(self) -> tuple[list[ModelEvent], StopReason]:
        """What the end of a complete answer releases - the tool calls - and why it stopped."""
        events: list[ModelEvent] = []
        if rest := self._thinking.flush():
            events.append(ThinkingChunk(rest))
        if rest := self._text.flush():
            events.append(TextChunk(rest))
        reason = _REASONS.get(self._finish_reason, StopReason.END)
        calls = runnable((call.complete() for call in self._calls.values() if call.name), reason)
        events.extend(calls)
        if reason is StopReason.TOOL_CALLS and not calls:
            reason = StopReason.END
        elif reason is StopReason.END and calls:
            # Ollama and others say `stop` although they ask for tools.
            reason = StopReason.TOOL_CALLS
        return events, StopReason.REFUSAL if self._refused and reason is StopReason.END else reason

    def _content(self, delta: dict[str, Any]) -> list[ModelEvent]:
        thinking = delta.get("reasoning_content") or delta.get("reasoning") or ""
        text = delta.get("content") or ""
        if isinstance(text, list):
            parts_thinking, text = _from_parts(text)
            thinking = thinking or parts_thinking
        if refusal := delta.get("refusal"):
            self._refused = True
            text = f"{text}{refusal}"
        if not isinstance(text, str) or not isinstance(thinking, str):
            raise self._bad("content in no known form", delta)
        self._content_count += bool(thinking or text)
        events: list[ModelEvent] = []
        if thinking and (piece := self._thinking.feed(thinking)):
            events.append(ThinkingChunk(piece))
        if text and (piece := self._text.feed(text)):
            events.append(TextChunk(piece))
        return events

    def _note_calls(self, delta: dict[str, Any]) -> None:
        fragments = delta.get("tool_calls") or []
        if not isinstance(fragments, list):
            raise self._bad("tool calls in no known form", fragments)
        for fragment in fragments:
            if not isinstance(fragment, dict):
                raise self._bad("a tool call that is no object", fragment)
            self._note_call(fragment)
            self._content_count += 1

    def _note_call(self, fragment: dict[str, Any]) -> None:
        function = fragment.get("function") or {}
        if not isinstance(function, dict):
            raise self._bad("a tool call in no known form", fragment)
        call_id = str(fragment.get("id") or "")
        name = str(function.get("name") or "")
        call = self._call_for(fragment.get("index"), call_id, name)
        call.call_id = call.call_id or call_id
        if not call.arguments and name != call.name:
            # Most servers send the name once, some in pieces, some again with every fragment.
            call.name += name
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments, ensure_ascii=False)
        if arguments:
            call.arguments.append(str(arguments))
        self._held.add(len(call_id) + len(name) + len(call.arguments[-1] if arguments else ""))

    def _call_for(self, index: Any, call_id: str, name: str) -> ArrivingCall:
        """The call a fragment belongs to.

        By its index, as the format says. Without one: a fragment with a new id or a name begins a call, any other
        continues the last. Gemini gives every parallel call the index 0, so a second id there begins a call.
        """
        last = max(self._calls, default=-1)
        if isinstance(index, int):
            known = self._calls.get(index)
            if known is None:
                return self._new_call(index)
            if not (call_id and name and known.call_id and known.call_id != call_id):
                return known
        elif last >= 0:
            if call_id:
                for call in self._calls.values():
                    if call.call_id == call_id:
                        return call
            elif not name:
                return self._calls[last]
        return self._new_call(last + 1)

    def _new_call(self, index: int) -> ArrivingCall:
        self._held.add(0, pieces=1)
        call = self._calls[index] = ArrivingCall()
        return call

    def _note_usage(self, chunk: dict[str, Any]) -> None:
        usage, groq, timings = chunk.get("usage"), chunk.get("x_groq"), chunk.get("timings")
        if not isinstance(usage, dict):
            usage = groq.get("usage") if isinstance(groq, dict) else None
        if isinstance(usage, dict):
            details = count_of(usage, "prompt_tokens_details", "cached_tokens")
            self.usage = Usage(
                input_tokens=count_of(usage, "prompt_tokens"),
                output_tokens=count_of(usage, "completion_tokens"),
                cached_tokens=details or count_of(usage, "prompt_cache_hit_tokens"),  # the latter is DeepSeek's
                reasoning_tokens=count_of(usage, "completion_tokens_details", "reasoning_tokens"),
                cost=_cost(usage),
            )
        elif isinstance(timings, dict) and self.usage is None:
            # llama.cpp, where nobody asked for usage: what it worked on, beside what it had in its cache.
            cached = count_of(timings, "cache_n")
            self.usage = Usage(
                input_tokens=cached + count_of(timings, "prompt_n"),
                output_tokens=count_of(timings, "predicted_n"),
                cached_tokens=cached,
            )

    def _bad(self, what: str, value: Any) -> BadResponse:
        return unreadable(what, value, self._origin)


def _from_parts(parts: list[Any]) -> tuple[str, str]:
    """Thinking and text of Mistral's content, which may be a list of parts."""
    thinking: list[str] = []
    text: list[str] = []
    for part in parts:
        match part:
            case {"type": "thinking", "thinking": list(inner)}:
                thinking.extend(str(piece.get("text") or "") for piece in inner if isinstance(piece, dict))
            case {"type": "thinking", "thinking": str(inner)}:
                thinking.append(inner)
            case {"text": str(inner)}:
                text.append(inner)
            case _:
                continue
    return "".join(thinking), "".join(text)


def _cost(usage: dict[str, Any]) -> float | None:
    """OpenRouter's price of an answer, in credits, which are US dollars; None where nobody names one."""
    cost = usage.get("cost")
    if isinstance(cost, int | float) and not isinstance(cost, bool) and 0 <= cost <= _HIGHEST_COST:
        return float(cost)
    return None
