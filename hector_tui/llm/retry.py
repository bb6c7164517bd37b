"""Retrying a request that failed before the model said anything; later, words and tool calls would come twice."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from hector_tui.errors import ProviderError
from hector_tui.llm.base import ModelEvent, Retrying, TextChunk, ThinkingChunk, ToolCall

_CONTENT = (TextChunk, ThinkingChunk, ToolCall)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and after how long to try again.

    Attributes:
        tries: Requests in all, the first included.
        first_wait_s: Seconds before the second try when the provider names none; doubles with each try.
        longest_wait_s: Bound of our own waits, in seconds.
        longest_asked_s: The longest wait asked for by a provider that is kept; longer ones end the request at once.
        sleep, chance: Waiting and a number from 0 to 1, replaced in tests.
    """

    tries: int = 3
    first_wait_s: float = 0.5
    longest_wait_s: float = 8.0
    longest_asked_s: float = 120.0
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    chance: Callable[[], float] = random.random

    def wait_s(self, attempt: int, error: ProviderError) -> float | None:
        """Seconds to wait after a failed try, counted from 1; None when there must be no other."""
        if not error.retryable or attempt >= self.tries:
            return None
        if error.retry_after_s is not None:
            return error.retry_after_s if error.retry_after_s <= self.longest_asked_s else None
        wait = min(self.first_wait_s * 2.0 ** (attempt - 1), self.longest_wait_s)
        # Up to a quarter less, so that a hundred sessions refused together do not come back together.
        return wait * (1 - 0.25 * self.chance())


@dataclass(slots=True)
class Progress:
    """How far one try got.

    Attributes:
        has_content: Whether the provider sent content, even if no event of it has come out yet.
        left_out: The parts of the request this try did without.
    """

    has_content: bool = False
    left_out: frozenset[str] = frozenset()


def _nothing_changed(_error: ProviderError, _progress: Progress) -> str:
    return ""


async def retried(
    attempt: Callable[[Progress], AsyncGenerator[ModelEvent, None]],
    policy: RetryPolicy,
    amend: Callable[[ProviderError, Progress], str] = _nothing_changed,
) -> AsyncGenerator[ModelEvent, None]:
    """The events of the first try that gets as far as content, with a `Retrying` before each further try.

    Args:
        attempt: Sends the request once and streams its events; may note its progress before an event comes out.
        policy: When to try again.
        amend: Changes what the next try sends, so that it need not fail as the last did; returns what was changed as
            a sentence, empty for nothing. Such a try follows at once, and counts as any other.

    Raises:
        ProviderError: The last try failed, or one failed after its first content.
    """
    for number in itertools.count(1):
        progress = Progress()
        try:
            async with aclosing(attempt(progress)) as events:
                async for event in events:
                    progress.has_content = progress.has_content or isinstance(event, _CONTENT)
                    yield event
            return
        except ProviderError as error:
            if progress.has_content:
                raise
            changed = amend(error, progress)
            wait_s = 0.0 if changed and number < policy.tries else policy.wait_s(number, error)
            if wait_s is None:
                raise
            reason = changed or error.message
        yield Retrying(wait_s, number, reason)
        await policy.sleep(wait_s)
