from __future__ import annotations

from hector_tui.ui.widgets.prompt_history import PromptHistory


def test_walking_back_and_forth_returns_the_draft() -> None:
    history = PromptHistory(["one", "two"])
    assert history.older("draft") == "two"
    assert history.older("two") == "one"
    assert history.older("one") is None
    assert history.newer("one") == "two"
    assert history.newer("two") == "draft"
    assert history.newer("draft") is None


def test_looking_at_a_sent_prompt_does_not_change_the_draft() -> None:
    history = PromptHistory(["one"])
    assert history.older("draft") == "one"
    assert history.draft("one") == "draft"
    assert history.draft("one edited") == "one edited"


def test_an_edited_prompt_becomes_the_draft() -> None:
    history = PromptHistory(["one", "two"])
    history.older("")
    assert history.older("two edited") == "one"
    history.newer("one")
    assert history.newer("two") == "two edited"


def test_a_prompt_equal_to_what_is_shown_is_skipped() -> None:
    history = PromptHistory(["one", "two"])
    assert history.older("two") == "one"


def test_recording_ends_the_walk_and_keeps_no_doubles() -> None:
    history = PromptHistory(["one"])
    history.older("draft")
    history.record("one")
    assert not history.walking
    assert history.older("") == "one"
    assert history.older("one") is None


def test_an_empty_history_has_nothing_to_show() -> None:
    history = PromptHistory()
    assert history.older("draft") is None
    assert history.newer("draft") is None
    assert history.draft("draft") == "draft"
