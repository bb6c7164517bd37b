"""`OpenAIModel`: the chat completions format, as OpenAI and nearly every other server speak it.

When is an answer complete? When the chunk with the `finish_reason` came, or `[DONE]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Unpack

from hector_tui.llm import openai_request
from hector_tui.llm.base import ModelRequest
from hector_tui.llm.failures import Origin
from hector_tui.llm.network import NetworkModel, NetworkOptions
from hector_tui.llm.openai_chunks import ChunkReader
from hector_tui.llm.openai_request import Dialect
from hector_tui.llm.secrets import Secret
from hector_tui.llm.sse import EventReader


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCompletions:
    """The wire format.

    Attributes:
        url: With the path of the endpoint.
        temperature, max_tokens: Used when a request does not say; None is not sent.
    """

    model: str
    url: str
    dialect: Dialect
    temperature: float | None = None
    max_tokens: int | None = None
    streams_documents: bool = False

    def headers(self, key: Secret) -> Mapping[str, str]:
        """The key as a bearer token."""
        return {"Authorization": f"Bearer {key.reveal()}"} if key else {}

    def body(self, request: ModelRequest) -> bytes:
        """The JSON body."""
        return openai_request.body(
            self.model, request, self.dialect, temperature=self.temperature, max_tokens=self.max_tokens
        )

    def framing(self, cap: int) -> EventReader:
        """Server-sent events."""
        return EventReader(cap=cap)

    def reader(self, request: ModelRequest, origin: Origin) -> ChunkReader:
        """What reads the answer to a request."""
        return ChunkReader(origin)


class OpenAIModel(NetworkModel):
    """A model behind `POST {base_url}/chat/completions`.

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
        wire = ChatCompletions(
            model=model,
            url=openai_request.chat_url(base_url),
            dialect=openai_request.dialect_of(base_url),
            temperature=temperature,
            max_tokens=max_tokens,
        )
        super().__init__(wire, **options)
