"""The form an answer must have, while it arrives: what is passed on, and what is said when the form is missed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hector_tui.config.schema_services import StructuredOutputConfig
from hector_tui.domain.events import Notice, OutputEvent, TextDelta
from hector_tui.llm.base import StructuredOutput
from hector_tui.llm.structured import fault_of, plain_choice

Emit = Callable[[OutputEvent], None]

_LONGEST_CHOICE = 10_000
"""Characters that are held; what is longer is no choice, and is passed on where the limits of a run see it."""


def output_of(config: StructuredOutputConfig | None) -> StructuredOutput | None:
    """The form a configuration asks for; None for free text."""
    if config is None:
        return None
    schema: Mapping[str, Any] = config.model_dump(by_alias=True)["schema"]
    return StructuredOutput(
        format=config.format,
        schema=schema,
        choices=config.enum,
        prefill=config.prefill,
        property_ordering=config.property_ordering,
    )


class FormedAnswer:
    """The words of one model call.

    A choice is held until it is complete: providers wrap it in an object, of which a reader wants the value alone.
    Everything else streams.

    Args:
        output: The form; None for free text.
        emit: Where the words go.
    """

    __slots__ = ("_emit", "_held", "_output", "_said", "_size")

    def __init__(self, output: StructuredOutput | None, emit: Emit) -> None:
        self._output = output
        self._emit = emit
        self._said: list[str] = []
        self._held = output is not None and output.format == "enum"
        self._size = 0

    def say(self, text: str) -> None:
        """Take more words."""
        if self._output is None:
            self._emit(TextDelta(text))
            return
        self._said.append(text)
        self._size += len(text)
        if not self._held:
            self._emit(TextDelta(text))
        elif self._size > _LONGEST_CHOICE:
            self._held = False
            self._emit(TextDelta("".join(self._said)))

    def release(self) -> None:
        """Pass on what is held; nothing follows."""
        if self._held and (choice := plain_choice("".join(self._said))):
            self._emit(TextDelta(choice))
        self._held = False

    def check(self) -> None:
        """Say what is wrong with the form of a complete answer."""
        text = "".join(self._said)
        if self._output is not None and text and (fault := fault_of(self._output, text)):
            self._emit(Notice("warning", f"The answer does not have the form its agent asks for: {fault}."))
