from __future__ import annotations

import pytest

from hector_tui.ui.widgets.prompt_paste import PasteFolds, PasteGuard, is_big


@pytest.mark.parametrize(
    ("text", "big"),
    [("a", False), ("a\n" * 9 + "a", False), ("a\n" * 10 + "a", True), ("a" * 1_000, False), ("a" * 1_001, True)],
)
def test_what_is_big(text: str, big: bool) -> None:
    assert is_big(text) is big


def test_a_label_stands_for_its_text() -> None:
    folds = PasteFolds()
    first, second = folds.fold("a\nb\nc\n"), folds.fold("x" * 1_234)
    assert (first, second) == ("[Pasted #1 · 3 lines]", "[Pasted #2 · 1,234 characters]")
    assert folds.expand(f"see {first} and {second}, {first}") == f"see a\nb\nc\n and {'x' * 1_234}, a\nb\nc\n"


def test_a_label_nobody_pasted_is_plain_text() -> None:
    folds = PasteFolds()
    folds.fold("a\nb")
    assert folds.expand("[Pasted #1 · 3 lines] [Pasted #9 · 2 lines]") == "[Pasted #1 · 3 lines] [Pasted #9 · 2 lines]"
    assert folds.spans("[Pasted #9 · 2 lines]") == []


def test_a_pasted_label_is_not_expanded_again() -> None:
    folds = PasteFolds()
    label = folds.fold("a\n[Pasted #1 · 2 lines]")
    assert folds.expand(label) == "a\n[Pasted #1 · 2 lines]"


def test_labels_are_found_in_a_line() -> None:
    folds = PasteFolds()
    label = folds.fold("a\nb")
    assert folds.spans(f"世{label}x{label}") == [(1, 1 + len(label)), (2 + len(label), 2 + 2 * len(label))]


def test_clearing_counts_from_one_again() -> None:
    folds = PasteFolds()
    label = folds.fold("a\nb")
    folds.clear()
    assert not folds
    assert folds.expand(label) == label
    assert folds.fold("a\nb") == label


def test_the_guard_follows_a_burst_and_lets_people_through() -> None:
    guard = PasteGuard(moment_s=0.05)
    assert not guard.belongs_to_paste(1.0)
    guard.pasted(1.0)
    assert guard.belongs_to_paste(1.04)
    assert guard.belongs_to_paste(1.08)
    assert not guard.belongs_to_paste(1.2)
    assert not guard.belongs_to_paste(1.21)
