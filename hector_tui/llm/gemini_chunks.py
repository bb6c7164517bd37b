"""The chunks of Gemini's `streamGenerateContent` as our events.

Format: https://ai.google.dev/api/generate-content#generatecontentresponse. A call comes whole, in one part. The end
marker is the chunk with the `finishReason`; the stream has no other.
"""

from __future__ import annotations

import json
from typing import Any

from hector_tui.domain.usage import Usage
from hector_tui.errors import BadResponse, RequestRejected, StreamCut
from hector_tui.llm.base import ModelEvent, StopReason, TextChunk, ThinkingChunk, ToolCall, UsageReport
from hector_tui.llm.failures import Origin, in_band_error, one_line
from hector_tui.llm.gemini_request import MADE_ID, SIGNATURE, TEXT_SIGNATURE
from hector_tui.llm.reading import count_of, decoded, unreadable
from hector_tui.llm.sse import ServerSentEvent
from hector_tui.llm.surrogates import SurrogateJoiner
from hector_tui.llm.tool_calls import Held, arrived, runnable

_REASONS = {
    "STOP": StopReason.END,
    "MAX_TOKENS": StopReason.LENGTH,
    "SAFETY": StopReason.REFUSAL,
    "RECITATION": StopReason.REFUSAL,
    "LANGUAGE": StopReason.REFUSAL,
    "BLOCKLIST": StopReason.REFUSAL,
    "PROHIBITED_CONTENT": StopReason.REFUSAL,
    "SPII": StopReason.REFUSAL,
    "IMAGE_SAFETY": StopReason.REFUSAL,
    "IMAGE_PROHIBITED_CONTENT": StopReason.REFUSAL,
    "IMAGE_RECITATION": StopReason.REFUSAL,
}
"""An answer that ended for any other reason is one as far as it got, unless it said nothing at all."""
_BROKEN = {
    "MALFORMED_FUNCTION_CALL": "the model wrote a tool call that cannot be read",
    "UNEXPECTED_TOOL_CALL": "the model called a tool it does not have",
    "TOO_MANY_TOOL_CALLS": "the model called too many tools in a row",
    "MISSING_THOUGHT_SIGNATURE": "the provider misses the signature of an earlier tool call",
    "MALFORMED_RESPONSE": "the model's answer cannot be read",
}
"""Reasons that are failures: what the model wanted is lost."""
_RETRYABLE = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE"})
_NO_REASON = "FINISH_REASON_UNSPECIFIED"


class GeminiReader:
    """Takes the chunks of one answer in order and gives the events they mean.

    Tool calls come out when the answer ends: nothing may be run of an answer that is cut.
    """

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._text = SurrogateJoiner()
        self._thinking = SurrogateJoiner()
        self._calls: list[ToolCall] = []
        self._held = Held(origin)
        self._content_count = 0
        self._has_words = False
        self._text_signature = ""
        self._finish_reason = ""
        self._finish_message = ""
        self.usage: Usage | None = None

    @property
    def is_finished(self) -> bool:
        """Whether the `finishReason` came: at most counts follow."""
        return bool(self._finish_reason)

    @property
    def is_closed(self) -> bool:
        """Never: nothing but the end of the body tells that no counts follow."""
        return False

    @property
    def content_count(self) -> int:
        """How many pieces of content came."""
        return self._content_count

    def read(self, event: ServerSentEvent) -> list[ModelEvent]:
        """The events of one chunk; blank data keeps a connection warm and means nothing.

        Raises:
            BadResponse: It is not a chunk.
            ProviderError: It is an error, or says that the question was blocked.
        """
        data = event.data.strip()
        if not data or data == "[DONE]":
            return []
        return self._take(decoded(data, "a chunk", self._origin))

    def take_whole(self, document: Any) -> list[ModelEvent]:
        """The events of an answer sent whole: one object, or - where `alt=sse` is not understood - a list of chunks.

        Raises:
            StreamCut: It has no `finishReason`.
            ProviderError: As of `read`.
        """
        chunks = document if isinstance(document, list) else [document]
        events = [event for chunk in chunks for event in self._take(chunk)]
        if not self.is_finished:
            if not any(isinstance(chunk, dict) and "candidates" in chunk for chunk in chunks):
                raise self._bad("no answer of its format", document)
            raise StreamCut("the answer ended before it was complete", where=self._origin.where, retryable=True)
        return events

    def finish(self) -> tuple[list[ModelEvent], StopReason]:
        """What the end of a complete answer releases - a last signature and the tool calls - and why it stopped."""
        events: list[ModelEvent] = []
        if rest := self._thinking.flush():
            events.append(ThinkingChunk(rest))
        if rest := self._text.flush():
            events.append(TextChunk(rest))
        if self._text_signature:
            events.append(ThinkingChunk("", TEXT_SIGNATURE + self._text_signature))
        reason = _REASONS.get(self._finish_reason, StopReason.END)
        calls = runnable(self._calls, reason)
        events += calls
        return events, StopReason.TOOL_CALLS if calls and reason is StopReason.END else reason

    def _take(self, chunk: Any) -> list[ModelEvent]:
        if isinstance(chunk, list) and len(chunk) == 1:
            chunk = chunk[0]
        if not isinstance(chunk, dict):
            raise self._bad("a chunk that is no object", chunk)
        if error := chunk.get("error"):
            if self.is_finished:
                # The content is complete; what went wrong afterwards costs nothing of it.
                return []
            raise in_band_error(error, self._origin)
        events: list[ModelEvent] = []
        candidates = chunk.get("candidates")
        if candidates:
            if not isinstance(candidates, list) or not isinstance(candidates[0], dict):
                raise self._bad("candidates in no known form", candidates)
            events = self._candidate(candidates[0])
        elif reason := _blocked(chunk):
            raise self._refused(f"the provider blocked the question: {reason}")
        before = self.usage
        self._note_usage(chunk.get("usageMetadata"))
        if self.usage is not None and self.usage != before:
            events.append(UsageReport(self.usage))
        return events

    def _candidate(self, candidate: dict[str, Any]) -> list[ModelEvent]:
        content = candidate.get("content") or {}
        parts = content.get("parts") or [] if isinstance(content, dict) else None
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            raise self._bad("content in no known form", candidate)
        events = [event for part in parts for event in self._part(part)]
        reason = candidate.get("finishReason")
        if reason and reason != _NO_REASON:
            self._finish_reason = str(reason)
            self._finish_message = one_line(str(candidate.get("finishMessage") or ""))
            self._check_reason()
        return events

    def _check_reason(self) -> None:
        reason = self._finish_reason
        said = f"{reason}: {self._finish_message}" if self._finish_message else reason
        if reason in _BROKEN:
            raise BadResponse(
                f"{_BROKEN[reason]} ({said})",
                where=self._origin.where,
                hint="Send the message again." if reason in _RETRYABLE else "Start a new session.",
                retryable=reason in _RETRYABLE,
            )
        if self._has_words or self._calls:
            return
        if _REASONS.get(reason) is StopReason.REFUSAL:
            raise self._refused(f"the provider blocked the answer: {said}")
        if reason not in _REASONS:
            raise BadResponse(f"the model stopped without an answer ({said})", where=self._origin.where, retryable=True)

    def _part(self, part: dict[str, Any]) -> list[ModelEvent]:
        signature = part.get("thoughtSignature") or ""
        call = part.get("functionCall")
        text = part.get("text") or ""
        if not isinstance(signature, str) or not isinstance(text, str):
            raise self._bad("a part in no known form", part)
        if call is not None:
            self._note_call(call, signature)
            return []
        if part.get("thought"):
            self._content_count += bool(text or signature)
            thought = self._thinking.feed(text)
            mark = SIGNATURE + signature if signature else ""
            return [ThinkingChunk(thought, mark)] if thought or mark else []
        self._text_signature = signature or self._text_signature
        if not text:
            return []
        self._content_count += 1
        self._has_words = True
        words = self._text.feed(text)
        return [TextChunk(words)] if words else []

    def _note_call(self, call: Any, signature: str) -> None:
        name = call.get("name") if isinstance(call, dict) else None
        if not isinstance(name, str) or not name:
            raise self._bad("a tool call in no known form", call)
        self._content_count += 1
        arguments = json.dumps(call.get("args") or {}, ensure_ascii=False)
        mark = SIGNATURE + signature if signature else ""
        self._held.add(len(name) + len(arguments) + len(mark), pieces=1)
        self._calls.append(arrived(call.get("id"), name, arguments, mark, made_id=MADE_ID))

    def _note_usage(self, usage: Any) -> None:
        """What was counted; thinking costs as output does, and is counted apart from it."""
        if not isinstance(usage, dict):
            return
        asked = count_of(usage, "promptTokenCount") + count_of(usage, "toolUsePromptTokenCount")
        thoughts = count_of(usage, "thoughtsTokenCount")
        said = count_of(usage, "candidatesTokenCount") + thoughts
        self.usage = Usage(
            input_tokens=asked,
            output_tokens=said,
            cached_tokens=count_of(usage, "cachedContentTokenCount"),
            reasoning_tokens=thoughts,
        )

    def _refused(self, message: str) -> RequestRejected:
        return RequestRejected(message, where=self._origin.where, hint="Word the question differently.")

    def _bad(self, what: str, value: Any) -> BadResponse:
        return unreadable(what, value, self._origin)


def _blocked(chunk: dict[str, Any]) -> str:
    """Why the question got no answer; empty when it was not blocked."""
    feedback = chunk.get("promptFeedback")
    if not isinstance(feedback, dict) or not feedback.get("blockReason"):
        return ""
    reason, words = str(feedback["blockReason"]), str(feedback.get("blockReasonMessage") or "")
    ratings = feedback.get("safetyRatings")
    categories = [
        str(rating.get("category", "")).removeprefix("HARM_CATEGORY_").lower().replace("_", " ")
        for rating in (ratings if isinstance(ratings, list) else ())
        if isinstance(rating, dict) and (rating.get("blocked") or rating.get("probability") in ("MEDIUM", "HIGH"))
    ]
    detail = words or ", ".join(filter(None, categories))
    return one_line(f"{reason} ({detail})" if detail else reason)
