"""Which models a provider has, by the list of each format."""

from __future__ import annotations

from typing import Any

import pytest

from hector_tui.llm.listing import list_url, listed_models
from hector_tui.llm.providers import Wire
from tests.provider import anthropic, chat, gemini, ollama
from tests.provider.speech import ReceivedRequest, Speech

ASKED = ReceivedRequest(method="GET", path="/api/tags", headers={}, body={})


@pytest.mark.parametrize(
    ("wire", "url", "speech"),
    [
        ("chat", "http://host/v1/models", chat),
        ("anthropic", "http://host/v1/models?limit=1000", anthropic),
        ("gemini", "http://host/v1beta/models?pageSize=1000", gemini),
        ("ollama", "http://host/api/tags", ollama),
    ],
)
def test_every_format_lists_its_models_in_its_own_way(wire: Wire, url: str, speech: Speech) -> None:
    assert list_url(wire, "http://host" if wire != "ollama" else "http://host/v1") == url
    assert listed_models(wire, speech.document(ASKED, ("one", "two"))) == ["one", "two"]


def test_gemini_lists_more_than_models_that_answer() -> None:
    entries: list[Any] = [
        {"name": "models/gemini-3-flash", "supportedGenerationMethods": ["generateContent", "countTokens"]},
        {"name": "models/gemini-embedding-001", "supportedGenerationMethods": ["embedContent"]},
        {"name": "models/bare"},
        {"name": 7},
        "odd",
    ]
    assert listed_models("gemini", {"models": entries}) == ["gemini-3-flash", "bare"]


@pytest.mark.parametrize("wire", ["chat", "responses", "anthropic", "gemini", "ollama"])
@pytest.mark.parametrize("listed", [None, [], [1], {}, {"data": 1, "models": 1}, {"data": [1], "models": [1]}, "x"])
def test_what_is_no_list_has_no_models(wire: Wire, listed: object) -> None:
    assert listed_models(wire, listed) == []
