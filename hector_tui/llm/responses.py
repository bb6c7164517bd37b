"""`ResponsesModel`: OpenAI's Responses format, and that of servers that imitate it.

When is an answer complete? When `response.completed` or `response.incomplete` came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self, Unpack

from hector_tui.llm import responses_request
from hector_tui.llm.base import ModelRequest
from hector_tui.llm.dialects import Dialect, dialect_of
from hector_tui.llm.failures import Origin
from hector_tui.llm.network import NetworkModel, NetworkOptions
from hector_tui.llm.openai import key_headers
from hector_tui.llm.responses_events import ResponseReader
from hector_tui.llm.secrets import Secret
from hector_tui.llm.sse import EventReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Responses:
    """The wire format.

    Attributes:
        url: With the path of the endpoint.
        dialect: Of the host; only its way with the key counts here.
        temperature, max_tokens: Used when a request does not say; None is not sent.
        left_out: What the model has refused before and is not sent any more.
    """

    model: str
    url: str = field(repr=False)
    dialect: Dialect
    temperature: float | None = None
    max_tokens: int | None = None
    left_out: frozenset[str] = frozenset()
    streams_documents: bool = False

    def headers(self, key: Secret) -> Mapping[str, str]:
        """The key as a bearer token, or in the host's own header."""
        return key_headers(key, self.dialect)

    def body(self, request: ModelRequest) -> bytes:
        """The JSON body."""
        return responses_request.body(
            self.model, request, temperature=self.temperature, max_tokens=self.max_tokens, left_out=self.left_out
        )

    def without(self, part: str) -> Self | None:
        """The same format without a part of its requests."""
        if part not in responses_request.YIELDING or part in self.left_out:
            return None
        return replace(self, left_out=self.left_out | {part})

    def framing(self, cap: int) -> EventReader:
        """Server-sent events."""
        return EventReader(cap=cap)

    def reader(self, request: ModelRequest, origin: Origin) -> ResponseReader:
        """What reads the answer to a request."""
        return ResponseReader(origin)


class ResponsesModel(NetworkModel):
    """A model behind `POST {base_url}/responses`.

    Args:
        model: The provider's name for it.
        temperature, max_tokens: Used when a request does not say; None is not sent.
        options: As every model behind HTTP takes them; the address with or without `/v1` or another path.

    Raises:
        ConfigError: The address or the key cannot be used.
    """

    def __init__(
        self,
        model: str,
        *,
        temperature: float | None = None,
        max_tokens: int | None = None,
        **options: Unpack[NetworkOptions],
    ) -> None:
        base_url = options["base_url"]
        wire = Responses(
            model=model,
            url=responses_request.responses_url(base_url),
            dialect=dialect_of(base_url),
            temperature=temperature,
            max_tokens=max_tokens,
        )
        super().__init__(wire, **options)
