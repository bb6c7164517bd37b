from __future__ import annotations

import pytest

from hector_tui.domain.messages import user_message
from hector_tui.errors import AuthFailed
from hector_tui.llm.base import ModelRequest
from hector_tui.llm.keyless import KeylessModel


async def test_a_model_without_its_key_says_which_one_and_asks_nobody() -> None:
    model = KeylessModel("gpt-4o", 128_000, "OPENAI_API_KEY")
    with pytest.raises(AuthFailed, match=r"gpt-4o needs a key.*OPENAI_API_KEY"):
        async for event in model.stream(ModelRequest(system="", messages=(user_message("hello"),))):
            raise AssertionError(event)
    assert (model.label, model.context_window) == ("gpt-4o", 128_000)
