"""Whom a message names."""

from __future__ import annotations

import pytest

from hector_tui.domain.addressing import addressed, split_address

AGENTS = ("assistant", "math_bot", "Twin", "twin")


@pytest.mark.parametrize(
    ("text", "agent_id", "words"),
    [
        ("@math_bot 1 + 1", "math_bot", "1 + 1"),
        ("@math_bot\n1 + 1\n2", "math_bot", "1 + 1\n2"),
        ("@math_bot", "math_bot", ""),
        ("@Math_Bot hi", "math_bot", "hi"),
        ("@twin hi", "twin", "hi"),
        ("@TWIN hi", "", "@TWIN hi"),
        ("@nobody hi", "", "@nobody hi"),
        ("@math_bot, hi", "", "@math_bot, hi"),
        ("@ math_bot hi", "", "@ math_bot hi"),
        ("@", "", "@"),
        (" @math_bot hi", "", " @math_bot hi"),
        ("ask @math_bot", "", "ask @math_bot"),
        ("", "", ""),
    ],
)
def test_who_is_addressed(text: str, agent_id: str, words: str) -> None:
    assert split_address(text, AGENTS) == (agent_id, words)


def test_what_was_sent_reaches_the_same_agent_again() -> None:
    assert addressed("1 + 1", "math_bot", "assistant") == "@math_bot 1 + 1"
    assert split_address(addressed("1 + 1", "math_bot", "assistant"), AGENTS) == ("math_bot", "1 + 1")
    assert addressed("1 + 1", "assistant", "assistant") == "1 + 1"
