"""Putting neighbouring deltas together, for whoever takes many events at once."""

from __future__ import annotations

from collections.abc import Iterable

from hector_tui.domain.events import OutputEvent, TextDelta, ThinkingDelta


def joined(events: Iterable[OutputEvent]) -> list[OutputEvent]:
    """The same events with neighbouring deltas of one kind put together."""
    result: list[OutputEvent] = []
    texts: list[str] = []
    kind: type[TextDelta] | type[ThinkingDelta] | None = None
    signature = ""

    def flush() -> None:
        nonlocal kind, signature
        if kind is TextDelta:
            result.append(TextDelta("".join(texts)))
        elif kind is ThinkingDelta:
            result.append(ThinkingDelta("".join(texts), signature))
        texts.clear()
        kind, signature = None, ""

    for event in events:
        match event:
            case TextDelta(text) | ThinkingDelta(text):
                if kind is not type(event):
                    flush()
                    kind = type(event)
                texts.append(text)
                if isinstance(event, ThinkingDelta) and event.signature:
                    # A signature ends its thought: the next one has a proof of its own.
                    signature = event.signature
                    flush()
            case _:
                flush()
                result.append(event)
    flush()
    return result
