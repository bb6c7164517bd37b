"""Tokens nobody counted: an honest guess, marked as one."""

from __future__ import annotations

from dataclasses import replace

from hector_tui.domain.tokens import estimate_tokens, messages_tokens, tools_tokens
from hector_tui.domain.usage import Usage
from hector_tui.llm.base import ModelRequest


def estimated_usage(request: ModelRequest, said: str) -> Usage:
    """About what a request and its answer cost."""
    asked = estimate_tokens(request.system) + messages_tokens(request.messages) + tools_tokens(request.tools)
    return Usage(input_tokens=asked, output_tokens=estimate_tokens(said), estimated=True)


def broken_off(usage: Usage, request: ModelRequest, said: str) -> Usage:
    """The tokens of a call that did not reach its end: what the provider had counted, and what was said meanwhile."""
    guess = estimated_usage(request, said)
    return replace(
        usage,
        input_tokens=usage.input_tokens or guess.input_tokens,
        output_tokens=max(usage.output_tokens, guess.output_tokens),
        estimated=True,
        cost=None,
    )
