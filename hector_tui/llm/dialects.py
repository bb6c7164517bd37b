"""How the servers that speak chat completions depart from the format, found by their address.

A departure stands here when leaving it out makes requests fail, or loses something a person would miss. What one
model refuses, and no address tells, is learnt from its answer (see `refused.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, parse_qs

from hector_tui.llm.addresses import split_address
from hector_tui.llm.tool_calls import hashed_id

Schemas = Literal["schema", "object", "words"]
"""How an answer's form is asked for: as a JSON Schema, as any JSON object, or in the words of the prompt alone."""

_SHORT_ID = re.compile(r"[A-Za-z0-9]{9}")
_LONGEST_ID = 40
"""Characters OpenAI takes; the ids of vLLM and others are longer, and a hash does as well for every server."""
_AZURE_HOSTS = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")
_REASONING = re.compile(r"(?:o[1-9]|gpt-[5-9]|codex-mini)(?!.*-chat)")
_THINKS_OR_CALLS = re.compile(r"gpt-[6-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a host departs from chat completions.

    Attributes:
        asks_for_usage: Whether `stream_options` may be sent; Mistral refuses it (422) and reports usage unasked.
        asks_for_cost: OpenRouter says what an answer cost when `usage.include` is set.
        bound_name: OpenAI's reasoning models refuse `max_tokens`, most others do not know `max_completion_tokens`.
        has_short_ids: Mistral takes only call ids of nine letters and digits, and a session may hold another model's.
        key_header: The header that holds the key instead of a bearer token; Azure's is `api-key`.
        schemas: DeepSeek knows `json_object` alone.
        continues_answers: Mistral goes on with an assistant message that is marked as a `prefix`.
        returns_thinking: DeepSeek refuses a request (400) when the thinking before any call of the conversation is
            missing; in every other place it says to leave thinking out.
        thinks_or_calls: OpenAI's later models take tools in this format only when they are told not to think; with
            both, Responses is their format.
    """

    asks_for_usage: bool = True
    asks_for_cost: bool = False
    bound_name: str = "max_tokens"
    has_short_ids: bool = False
    key_header: str = ""
    schemas: Schemas = "schema"
    continues_answers: bool = False
    returns_thinking: bool = False
    thinks_or_calls: bool = False

    def call_id(self, call_id: str) -> str:
        """A call id this host takes; the same one always gives the same one."""
        if self.has_short_ids:
            return call_id if _SHORT_ID.fullmatch(call_id) else hashed_id(call_id, 9)
        return call_id if len(call_id) <= _LONGEST_ID else hashed_id(call_id, _LONGEST_ID)


def dialect_of(base_url: str) -> Dialect:
    """The dialect spoken at an address.

    Groq, LM Studio, llama.cpp, vLLM, Ollama and unknown servers speak the format as it is; what they add to answers
    is understood from everyone.

    Raises:
        ConfigError: It is not an http or https address.
    """
    parts = split_address(base_url)
    if is_azure(parts):
        return Dialect(bound_name="max_completion_tokens", key_header="api-key", thinks_or_calls=True)
    match parts.hostname:
        case "api.openai.com":
            return Dialect(bound_name="max_completion_tokens", thinks_or_calls=True)
        case "openrouter.ai":
            return Dialect(asks_for_cost=True)
        case "api.mistral.ai" | "codestral.mistral.ai":
            return Dialect(asks_for_usage=False, has_short_ids=True, continues_answers=True)
        case "api.deepseek.com":
            return Dialect(schemas="object", returns_thinking=True)
        case _:
            return Dialect()


def default_path(base_url: str) -> str:
    """The path before an endpoint's, where an address has none.

    Raises:
        ConfigError: It is not an http or https address.
    """
    return "/openai/v1" if is_azure(split_address(base_url)) else "/v1"


def is_azure(parts: SplitResult) -> bool:
    """Whether an address is Azure's, or a gateway's that keeps Azure's form of address."""
    host = parts.hostname or ""
    return host.endswith(_AZURE_HOSTS) or ("/openai/" in parts.path and "api-version" in parse_qs(parts.query))


def thinks_or_calls(model: str, dialect: Dialect) -> bool:
    """Whether a model has to be told not to think where it is given tools."""
    return dialect.thinks_or_calls and _THINKS_OR_CALLS.match(model.lower()) is not None


def is_reasoning_model(model: str) -> bool:
    """Whether a name is one of OpenAI's reasoning models, which refuse `temperature`.

    A vendor before the name, as OpenRouter writes it (`openai/gpt-5`), is ignored.
    """
    return _REASONING.match(model.rpartition("/")[2].lower()) is not None
