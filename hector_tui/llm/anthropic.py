"""`AnthropicModel`: Anthropic's own format, in which thoughts come with proofs that are sent back.

When is an answer complete? When `message_stop` came. The stop reason arrives before it, but so may an error after that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self, Unpack

from hector_tui.llm import anthropic_request
from hector_tui.llm.anthropic_events import MessageReader
from hector_tui.llm.anthropic_models import traits_of
from hector_tui.llm.anthropic_request import INTERLEAVED, VERSION, Parameters
from hector_tui.llm.base import ModelRequest
from hector_tui.llm.failures import Origin
from hector_tui.llm.network import NetworkModel, NetworkOptions
from hector_tui.llm.secrets import Secret
from hector_tui.llm.sse import EventReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """The wire format.

    Attributes:
        url: With the path of the endpoint.
        parameters: What the settings of the model say.
    """

    model: str
    url: str = field(repr=False)
    parameters: Parameters = field(default=Parameters())
    streams_documents: bool = False

    def headers(self, key: Secret) -> Mapping[str, str]:
        """The version of the format, and the key in the header of its own."""
        found = {"anthropic-version": VERSION}
        if self.parameters.thinking and traits_of(self.model).thinking == "budget":
            found["anthropic-beta"] = INTERLEAVED
        return {**found, "x-api-key": key.reveal()} if key else found

    def body(self, request: ModelRequest) -> bytes:
        """The JSON body."""
        return anthropic_request.body(self.model, request, self.parameters)

    @property
    def left_out(self) -> frozenset[str]:
        """What the model has refused before."""
        return self.parameters.left_out

    def without(self, part: str) -> Self | None:
        """The same format without a part of its requests; None when they cannot do without it."""
        if part not in anthropic_request.YIELDING or part in self.left_out:
            return None
        return replace(self, parameters=replace(self.parameters, left_out=self.left_out | {part}))

    def framing(self, cap: int) -> EventReader:
        """Server-sent events."""
        return EventReader(cap=cap)

    def reader(self, request: ModelRequest, origin: Origin) -> MessageReader:
        """What reads the answer to a request."""
        output = request.output
        is_choice = output is not None and output.format == "enum"
        held = output is not None and anthropic_request.is_held_to_schema(self.model, output, self.parameters)
        beginning = anthropic_request.prefill_of(self.model, request, self.parameters)
        return MessageReader(origin, beginning=beginning, is_choice=is_choice and held)


class AnthropicModel(NetworkModel):
    """A model behind `POST {base_url}/v1/messages`.

    Args:
        model: The provider's name for it.
        temperature, max_tokens: Used when a request does not say; None takes the provider's, or what the model can say.
        thinking: Tokens it may think with, or 0; models that take an effort instead get the one that stands for it.
        options: As every model behind HTTP takes them; the address with or without `/v1`.

    Raises:
        ConfigError: The address or the key cannot be used.
    """

    def __init__(
        self,
        model: str,
        *,
        temperature: float | None = None,
        max_tokens: int | None = None,
        thinking: int = 0,
        **options: Unpack[NetworkOptions],
    ) -> None:
        wire = Messages(
            model=model,
            url=anthropic_request.anthropic_url(options["base_url"], "/messages"),
            parameters=Parameters(temperature=temperature, max_tokens=max_tokens, thinking=thinking),
        )
        super().__init__(wire, **options)
