from __future__ import annotations

import pytest

from hector_tui.domain.listing import SessionQuery
from hector_tui.ui.numbers import counted
from hector_tui.ui.screens.sessions_keys import heading


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 memories"), (1, "1 memory"), (2, "2 memories"), (1_200, "1,200 memories")]
)
def test_one_is_one(count: int, words: str) -> None:
    assert counted(count, "memory", "memories") == words


def test_a_plural_is_made_with_an_s() -> None:
    assert [counted(count, "turn") for count in (1, 3)] == ["1 turn", "3 turns"]


@pytest.mark.parametrize(("total", "words"), [(1, "1 session ·"), (50, "50 sessions ·")])
def test_the_heading_of_the_sessions_counts_right(total: int, words: str) -> None:
    assert words in heading(SessionQuery(), total, 0, is_cut=False, width=80).plain
