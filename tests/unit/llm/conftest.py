from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

import pytest

from hector_tui.llm.connections import Connections
from hector_tui.llm.openai import OpenAIModel
from hector_tui.llm.retry import RetryPolicy
from tests.provider import LoopbackProvider


class MakeModel(Protocol):
    def __call__(self, provider: LoopbackProvider | str, **options: Any) -> OpenAIModel: ...


@pytest.fixture
def waits() -> list[float]:
    """The seconds that retries would have waited."""
    return []


@pytest.fixture
def patience(waits: list[float]) -> Callable[[float], Awaitable[object]]:
    async def wait(seconds: float) -> None:
        waits.append(seconds)

    return wait


@pytest.fixture
async def make_model(patience: Callable[[float], Awaitable[object]]) -> AsyncIterator[MakeModel]:
    """Models that retry without waiting; closed after the test."""
    made: list[OpenAIModel] = []
    connections = Connections()

    def make(provider: LoopbackProvider | str, **options: Any) -> OpenAIModel:
        base_url = provider if isinstance(provider, str) else provider.base_url
        settings: dict[str, Any] = {
            "connections": connections,
            "retry": RetryPolicy(sleep=patience, chance=lambda: 0.0),
            **options,
        }
        made.append(OpenAIModel("loop-1", base_url=base_url, **settings))
        return made[-1]

    yield make
    for model in made:
        await model.aclose()
