"""Which tab needs the person most, and the walk back through those that were shown."""

from __future__ import annotations

from typing import cast

import pytest

from hector_tui.ui.conversation import Conversation
from hector_tui.ui.screens.tab_switcher import RecentWalk
from hector_tui.ui.widgets.tab_layout import TabItem, TabState, urgency_of


@pytest.mark.parametrize(
    ("state", "unread", "urgency"),
    [
        ("needs_you", 0, 0),
        ("needs_you", 3, 0),
        ("failed", 1, 1),
        ("failed", 0, None),
        ("idle", 2, 2),
        ("idle", 0, None),
        ("working", 0, None),
        ("waiting", 0, None),
    ],
)
def test_urgency(state: TabState, unread: int, urgency: int | None) -> None:
    assert urgency_of(TabItem("s", "t", state, unread=unread)) == urgency


def test_a_walk_goes_on_within_a_moment_and_begins_again_after_it() -> None:
    one, two, three = (cast(Conversation, name) for name in ("one", "two", "three"))
    walk = RecentWalk()
    assert walk.step([one, two, three], 1, 10.0) is two
    # What was shown last stands first now; the walk keeps the order it began with.
    assert walk.step([two, one, three], 1, 10.5) is three
    assert walk.step([three, two, one], 1, 11.0) is one
    assert walk.step([one, three, two], 1, 20.0) is three
    # A tab was closed: the old order says nothing any more.
    assert walk.step([three, one], 1, 20.1) is one
    assert walk.step([one], 1, 30.0) is None
    assert walk.step([], 1, 40.0) is None
