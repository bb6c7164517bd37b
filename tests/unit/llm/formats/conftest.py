"""Every test of this folder runs for every wire format."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

import pytest

from hector_tui.llm.connections import Connections
from hector_tui.llm.network import NetworkModel
from hector_tui.llm.retry import RetryPolicy
from tests.provider import LoopbackProvider
from tests.unit.llm.formats.subject import Subject
from tests.unit.llm.formats.subjects import SUBJECTS


class MakeModel(Protocol):
    def __call__(self, provider: LoopbackProvider | str, **options: Any) -> NetworkModel: ...


@pytest.fixture(params=SUBJECTS, ids=lambda subject: subject.name)
def subject(request: pytest.FixtureRequest) -> Subject:
    """The wire format under test."""
    found = request.param
    assert isinstance(found, Subject)
    return found


@pytest.fixture
async def make_model(subject: Subject, patience: Callable[[float], Awaitable[object]]) -> AsyncIterator[MakeModel]:
    """Models of the format that retry without waiting; closed after the test."""
    made: list[NetworkModel] = []
    connections = Connections()

    def make(provider: LoopbackProvider | str, **options: Any) -> NetworkModel:
        base_url = provider if isinstance(provider, str) else provider.origin
        policy = RetryPolicy(sleep=patience, chance=lambda: 0.0)
        made.append(subject.model(base_url, **{"connections": connections, "retry": policy, **options}))
        return made[-1]

    yield make
    for model in made:
        await model.aclose()
