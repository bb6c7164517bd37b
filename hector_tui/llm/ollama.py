"""`OllamaModel`: Ollama's own format, which tells what its OpenAI format hides: thoughts, abilities, the real window.

When is an answer complete? When the line with `done` came.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Self, Unpack

from hector_tui.errors import ConfigError, ModelNotFound
from hector_tui.llm import ollama_request
from hector_tui.llm.base import ModelEvent, ModelRequest, TextChunk, ThinkingChunk, ToolCall
from hector_tui.llm.failures import Origin
from hector_tui.llm.json_lines import LineReader
from hector_tui.llm.network import NetworkModel, NetworkOptions
from hector_tui.llm.ollama_address import api_url, server_address
from hector_tui.llm.ollama_facts import ModelFacts, loaded_window, shown_facts
from hector_tui.llm.ollama_lines import OllamaReader
from hector_tui.llm.ollama_request import FIELDS, OllamaSettings
from hector_tui.llm.retry import Progress
from hector_tui.llm.secrets import Secret

_LOOK_S = 3.0
"""Seconds the server gets to describe a model; nobody waits for it."""
_ABSENT = re.compile(r"\(404\): .*\bmodel\b.*\bnot found", re.IGNORECASE)
"""What a server says of a model it does not have; any other 404 is of something that is no Ollama."""
_CONTENT = (TextChunk, ThinkingChunk, ToolCall)


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaChat:
    """The wire format.

    Attributes:
        settings: What every request carries.
        url: With the path of the endpoint.
        facts: What is known of the model.
        left_out: What the server refused before, by the names of `FIELDS`.
    """

    settings: OllamaSettings
    url: str = field(repr=False)
    facts: ModelFacts = field(default_factory=ModelFacts)
    left_out: frozenset[str] = frozenset()
    streams_documents: bool = True

    @property
    def model(self) -> str:
        """The server's name for the model."""
        return self.settings.model

    def headers(self, key: Secret) -> Mapping[str, str]:
        """What is read, and the key as a bearer token: a server behind a proxy and Ollama's cloud want one."""
        accept = {"Accept": "application/x-ndjson"}
        return {**accept, "Authorization": f"Bearer {key.reveal()}"} if key else accept

    def body(self, request: ModelRequest) -> bytes:
        """The JSON body."""
        return ollama_request.body(self.settings, request, self.facts, self.left_out)

    def framing(self, cap: int) -> LineReader:
        """Lines of JSON."""
        return LineReader(cap=cap)

    def reader(self, request: ModelRequest, origin: Origin) -> OllamaReader:
        """What reads the answer to a request."""
        return OllamaReader(origin, is_choice=request.output is not None and request.output.format == "enum")

    def without(self, part: str) -> Self | None:
        """The same format without a part; None when requests cannot do without it."""
        return replace(self, left_out=self.left_out | {part}) if part in FIELDS else None


class OllamaModel(NetworkModel):
    """A model behind `POST {server}/api/chat`.

    What the server knows of the model is asked in the background, by `prepare` and with the first request; until it has
    answered, and when it never does, the model is spoken to as one that nothing is known of.

    Args:
        model: The server's name for it.
        temperature, max_tokens: Used when a request does not say; None is not sent.
        keep_alive: How long it stays loaded, as Ollama writes it; empty leaves it to the server.
        options: As every model behind HTTP takes them; a `context_window` is what the server is told to give the model.

    Raises:
        ConfigError: The address, the key or `keep_alive` cannot be used.
    """

    def __init__(
        self,
        model: str,
        *,
        temperature: float | None = None,
        max_tokens: int | None = None,
        keep_alive: str = "",
        **options: Unpack[NetworkOptions],
    ) -> None:
        self._server = server_address(options["base_url"])
        settings = OllamaSettings(
            model=model,
            temperature=temperature,
            max_tokens=max_tokens,
            window=options.get("context_window", 0),
            keep_alive=ollama_request.checked_keep_alive(keep_alive),
        )
        self._settings = settings
        self._loaded_window = 0
        self._is_known = False
        self._looking: asyncio.Task[None] | None = None
        options["base_url"] = self._server
        super().__init__(OllamaChat(settings=settings, url=api_url(self._server, "chat")), **options)

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model by now."""
        assert isinstance(self._wire, OllamaChat)
        return self._wire.facts

    @property
    def context_window(self) -> int:
        """Tokens the server really gives the model; 0 until that is known.

        What a model was made for says little: a server gives it 4,096 tokens where memory is short, and cuts what is
        longer without a word. So this is what was configured, and sent; else what the loaded model has; else what its
        Modelfile sets. Models in Ollama's cloud have all they were made for.
        """
        facts = self.facts
        window = self._settings.window or (facts.trained_window if facts.is_remote else 0)
        window = window or self._loaded_window or facts.set_window
        return min(window, facts.trained_window) if facts.trained_window else window

    async def prepare(self) -> None:
        """Load the HTTP client, and ask the server what the model can do; a server that does not answer is no error."""
        await super().prepare()
        await self._look()

    async def aclose(self) -> None:
        """Stop asking, and give up the share of the connections."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})
        await super().aclose()

    async def _attempt(self, request: ModelRequest, progress: Progress) -> AsyncGenerator[ModelEvent, None]:
        """Send the request once. With the first word the model is loaded, and its window can be looked up."""
        if not self._is_known:
            self._look_in_background()
        has_content = False
        try:
            async with aclosing(super()._attempt(request, progress)) as events:
                async for event in events:
                    if not has_content and isinstance(event, _CONTENT):
                        has_content = True
                        self._look_in_background()
                    yield event
        except ModelNotFound as error:
            if _ABSENT.search(error.message) is None:
                raise
            raise ModelNotFound(
                f"the model {self.label!r} is not on this server",
                where=error.where,
                hint=f"Load it with `ollama pull {self.label}`, or choose one that `ollama list` shows.",
            ) from error

    def _look_in_background(self) -> None:
        """Ask what is not known yet, beside the answer; one look at a time."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name=f"look-at-{self.label}")

    async def _look(self) -> None:
        """Learn about the model. A server that cannot say changes nothing: an answer must never fail because of it."""
        if not self._is_known and isinstance(shown := await self._asked("show", {"model": self.label}), dict):
            facts = shown_facts(shown)
            with self._learning:
                assert isinstance(self._wire, OllamaChat)
                self._wire = replace(self._wire, facts=facts)
            self._is_known = True
        if not self._settings.window and not self.facts.is_remote:
            self._loaded_window = loaded_window(await self._asked("ps"), self.label) or self._loaded_window

    async def _asked(self, endpoint: str, question: Mapping[str, Any] | None = None) -> Any:
        """What the server says at an endpoint; None when it says nothing that can be read."""
        headers = self._wire.headers(self._origin.key)
        try:
            client = await self._lease.client()
            return await client.get_json(
                api_url(self._server, endpoint),
                timeout_s=_LOOK_S,
                headers=headers,
                question=json.dumps(question).encode() if question is not None else None,
            )
        except (OSError, ValueError, ConfigError):
            return None
