from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hector_tui.domain.excerpts import excerpt, find_marks, fold, search_words
from hector_tui.domain.titles import TITLE_CHARACTERS, provisional_title, title_of


@pytest.mark.parametrize(
    ("question", "answer", "title"),
    [
        ("Compare WAL and rollback journal.", "", "Compare WAL and rollback journal"),
        ("hi", "Hello! I am the guide.\n\n## Your first steps", "Your first steps"),
        ("hello there, can you tell me how SQLite locks work?", "", "How SQLite locks work?"),
        ("@coder please fix the flaky login test", "", "Fix the flaky login test"),
        ("Fix this:\n\n```python\nprint('x')\n```", "# Quoting in Python\n…", "Quoting in Python"),
        ("read https://www.example.org/a/b?c=d#e and sum up", "", "Read example.org and sum up"),
        ("12 * 7?", "84", "12 * 7?"),
        ("?", "", "?"),
        ("**Plan** a `trip` to Oslo", "", "Plan a trip to Oslo"),
        ("iPhone battery drains overnight", "", "iPhone battery drains overnight"),
        (
            "I would like to know everything there is about the history of lighthouses on the coast of Norway",
            "# Lighthouses of Norway",
            "Lighthouses of Norway",
        ),
        (
            "Everything there is about the history of lighthouses on the coast of Norway",
            "no heading",
            "Everything there is about the history of…",
        ),
    ],
)
def test_titles(question: str, answer: str, title: str) -> None:
    assert title_of(question, answer) == title


@given(st.text(), st.text())
def test_a_title_is_short_on_one_line_and_there(question: str, answer: str) -> None:
    title = title_of(question, answer)
    assert len(title) <= TITLE_CHARACTERS
    assert "\n" not in title
    assert len(provisional_title(question)) <= TITLE_CHARACTERS
    if question.strip():
        assert title


@given(st.text(), st.text())
def test_an_excerpt_marks_what_it_shows(text: str, typed: str) -> None:
    words = search_words(typed)
    shown = excerpt(text, words, width=40)
    assert len(shown.text) <= 40
    last = 0
    for start, end in shown.marks:
        assert last <= start < end <= len(shown.text)
        last = end


@given(st.text())
def test_folding_keeps_places(text: str) -> None:
    assert len(fold(text)) == len(text)


def test_marks_know_case_accents_phrases_and_beginnings() -> None:
    text = "The Café plans planning: plan"
    marked = [text[start:end] for start, end in find_marks(text, search_words('cafe "planning plan" pl'))]
    assert marked == ["Café", "plans", "planning: plan"]
    assert find_marks("planner", search_words("plan ")) == ((0, 7),)
    assert find_marks("planner", search_words('"plan"')) == ()


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("What is 12*(3+4)?", "What is 12*(3+4)?"),
        ("Compute 2*3*4 and 5 * 6 now", "Compute 2*3*4 and 5 * 6 now"),
        ("Rename snake_case_name to my_other_name", "Rename snake_case_name to my_other_name"),
        ("Where is issue #12 about C# discussed?", "Where is issue #12 about C# discussed?"),
        ("Fix **bold** and _slanted_ words in `the_code`", "Fix bold and slanted words in the_code"),
        ("## Plan the big release\nsoon", "Plan the big release soon"),
    ],
)
def test_only_markup_is_taken_out(question: str, title: str) -> None:
    assert title_of(question, "") == title
