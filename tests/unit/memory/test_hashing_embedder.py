from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hector_tui.memory.embedders import NOISE_FLOOR, HashingEmbedder
from hector_tui.memory.hashing import MAX_WORDS, hash_vector, word_weight, words_of


def likeness(one: str, other: str) -> float:
    return sum(a * b for a, b in zip(hash_vector(one, 384), hash_vector(other, 384), strict=True))


@given(st.text())
def test_every_text_has_a_finite_vector_of_unit_length(text: str) -> None:
    vector = hash_vector(text, 384)
    assert len(vector) == 384
    assert math.isclose(sum(value * value for value in vector), 1.0, rel_tol=1e-9)


def test_lone_surrogates_and_nothing_at_all_are_texts_too() -> None:
    for text in ("", "   ", "\ud800", "?!", "\0"):
        assert any(hash_vector(text, 384))


def test_vectors_are_the_same_in_another_process() -> None:
    code = "from hector_tui.memory.hashing import hash_vector; print(hash_vector('Grüße, 我的猫 🙂 isn’t it', 384))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == str(hash_vector("Grüße, 我的猫 🙂 isn’t it", 384))


def test_vectors_never_change_under_one_embedder_id() -> None:
    # Fails when the algorithm changes; then `embedder_id` must change too, so that stored vectors are rebuilt.
    assert HashingEmbedder().embedder_id == "hashing-384-v1"
    vector = hash_vector("The cache uses Redis", 384)
    strongest = sorted(range(384), key=lambda index: -abs(vector[index]))[:3]
    assert [(index, round(vector[index], 4)) for index in strongest] == [(42, -0.2751), (346, -0.2751), (348, -0.2734)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is my favourite colour?", "My favorite color is teal"),
        ("wie heißt meine KATZE", "Meine Katze heisst Minka"),
        ("我的猫叫什么名字", "我的猫叫咪咪"),
        ("how did we configure caching", "The cache configuration uses Redis"),
        ("prefer", "preferences of the user"),
        ("Café Müller", "cafe muller"),
        ("ﬁle names", "file name"),
    ],
)
def test_related_texts_are_above_the_noise(one: str, other: str) -> None:
    assert likeness(one, other) > NOISE_FLOOR


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is the weather in Paris today?", "The user prefers SQLite for small tools"),
        ("How do I boil an egg?", "I live in Utrecht, in the Netherlands"),
        ("write a haiku about the sea", "The release is planned for the 14th of May"),
        ("Compare WAL and rollback journal", "My favourite colour is teal"),
    ],
)
def test_unrelated_texts_are_below_the_noise(one: str, other: str) -> None:
    assert likeness(one, other) < NOISE_FLOOR


def test_words_that_carry_no_topic_weigh_less_in_any_language() -> None:
    for short, long in (("is", "database"), ("und", "katze"), ("de", "fromage"), ("это", "кошка")):
        assert word_weight(short) < word_weight(long) / 2
    assert word_weight("42") == word_weight("猫") == word_weight("🙂") == 1.0


def test_a_long_text_costs_no_more_than_its_first_words() -> None:
    text = "word " * 200_000
    assert len(words_of(text)) == MAX_WORDS
    assert hash_vector(text, 384) == hash_vector("word " * MAX_WORDS, 384)


def test_repetition_counts_less_than_it_repeats() -> None:
    mixed = "teal " * 50 + "database isolation"
    assert likeness(mixed, "database isolation") > 0.3


async def test_embed_keeps_the_order() -> None:
    embedder = HashingEmbedder()
    vectors = await embedder.embed(["first", "second"])
    assert [list(vector) for vector in vectors] == [hash_vector("first", 384), hash_vector("second", 384)]
    assert await embedder.embed([]) == []
