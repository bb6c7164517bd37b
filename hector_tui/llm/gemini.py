"""`GeminiModel`: Google's own format, in which thoughts, their signatures and every count arrive.

When is an answer complete? When the chunk with the `finishReason` came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self, Unpack

from hector_tui.llm import gemini_request
from hector_tui.llm.base import ModelRequest
from hector_tui.llm.failures import Origin
from hector_tui.llm.gemini_chunks import GeminiReader
from hector_tui.llm.network import NetworkModel, NetworkOptions
from hector_tui.llm.secrets import Secret
from hector_tui.llm.sse import EventReader

_DISPENSABLE = frozenset({"system", "thinking", "tools", "response_format", "temperature"})
"""What requests can do without, by the names of `refused.py`; a system prompt is then said in the first message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateContent:
    """The wire format.

    Attributes:
        url: With the path of the model.
        temperature, max_tokens: Used when a request does not say; None is not sent.
        thinking: Tokens it may think with; 0 leaves it to the model.
        left_out: What the model refused before, by the names of `refused.py`.
    """

    model: str
    url: str = field(repr=False)
    temperature: float | None = None
    max_tokens: int | None = None
    thinking: int = 0
    left_out: frozenset[str] = frozenset()
    streams_documents: bool = False

    def headers(self, key: Secret) -> Mapping[str, str]:
        """The key in its header; as `?key=` it would stand in every log on the way."""
        return {"x-goog-api-key": key.reveal()} if key else {}

    def body(self, request: ModelRequest) -> bytes:
        """The JSON body."""
        return gemini_request.body(
            self.model,
            request,
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            thinking=self.thinking,
            left_out=self.left_out,
        )

    def framing(self, cap: int) -> EventReader:
        """Server-sent events."""
        return EventReader(cap=cap)

    def reader(self, request: ModelRequest, origin: Origin) -> GeminiReader:
        """What reads the answer to a request."""
        return GeminiReader(origin)

    def without(self, part: str) -> Self | None:
        """The same format without a part; None when requests cannot do without it."""
        return replace(self, left_out=self.left_out | {part}) if part in _DISPENSABLE else None


class GeminiModel(NetworkModel):
    """A model behind `POST {base_url}/models/{model}:streamGenerateContent`.

    Args:
        model: The provider's name for it, with or without `models/` before it.
        temperature, max_tokens: Used when a request does not say; None is not sent.
        thinking: Tokens it may think with; 0 leaves it to the model.
        options: As every model behind HTTP takes them; the address with or without `/v1beta`.

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
        name = model.removeprefix("models/")
        wire = GenerateContent(
            model=name,
            url=gemini_request.stream_url(options["base_url"], name),
            temperature=temperature,
            max_tokens=max_tokens,
            thinking=thinking,
        )
        super().__init__(wire, **options)
