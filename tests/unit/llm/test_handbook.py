"""The handbook's passages, and whether a question finds the right one."""

from __future__ import annotations

from pathlib import Path

import pytest

from hector_tui.llm.handbook import Passage, PassageIndex, read_passages, split_at_headings

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def index() -> PassageIndex:
    return PassageIndex(read_passages(DOCS))


@pytest.mark.parametrize(
    ("question", "heading"),
    [
        ("How do I open a new tab?", "Sessions and tabs"),
        ("which keyboard shortcuts are there", "Keys"),
        ("How can I stop an answer?", "Stopping an answer"),
        ("what happens after a crash", "After a crash or power failure"),
        ("Where is my data stored?", "Where the data is"),
        ("How do I change the theme?", "Themes"),
        ("How do I connect a model with an API key?", "Connecting a model"),
        ("local model with ollama", "Local models with Ollama or llama.cpp"),
        ("how do I forget a memory", "Remembering, recalling and forgetting"),
        ("How do I write a message with several lines?", "Sending and writing messages"),
        ("how do I copy the last answer", "Copying text"),
        ("Is there telemetry?", "Privacy"),
        ("exit code of ask", "Command line"),
    ],
)
def test_a_question_finds_its_section(index: PassageIndex, question: str, heading: str) -> None:
    assert index.search(question)[0].passage.label == f"docs/handbook.md § {heading}"


@pytest.mark.parametrize(
    "question", ["", "?", "how do I", "write me a poem about autumn", "capital of France", "wie heißt du", "🦀"]
)
def test_what_the_handbook_does_not_know_is_not_found(index: PassageIndex, question: str) -> None:
    assert index.search(question) == ()


def test_every_section_can_be_quoted(index: PassageIndex) -> None:
    passages = read_passages(DOCS)
    assert len(index) == len(passages) > 20
    labels = [passage.label for passage in passages]
    assert len(set(labels)) == len(labels)


def test_text_is_split_at_headings_but_not_inside_code() -> None:
    text = "intro\n\n# One\n\n```sh\n# a comment\n```\nafter\n\n## Two ##\n\n## Three\nbody\n~~~\n## no\n```\n~~~\n"
    assert list(split_at_headings(text, "docs/x.md")) == [
        Passage("docs/x.md", "", "intro"),
        Passage("docs/x.md", "One", "```sh\n# a comment\n```\nafter"),
        Passage("docs/x.md", "Three", "body\n~~~\n## no\n```\n~~~"),
    ]


def test_the_source_is_named_docs_wherever_the_folder_is(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# B\nbeta", encoding="utf-8")
    (tmp_path / "a.md").write_text("alpha", encoding="utf-8")
    (tmp_path / "c.txt").write_text("no", encoding="utf-8")
    assert [passage.label for passage in read_passages(tmp_path)] == ["docs/a.md", "docs/b.md § B"]


def test_the_better_passage_comes_first() -> None:
    index = PassageIndex(
        [
            Passage("a", "Cats", "Cats sleep most of the day."),
            Passage("b", "Dogs", "Dogs bark. Some dogs dislike cats."),
            Passage("c", "Fish", "Fish swim."),
        ]
    )
    assert [hit.passage.source for hit in index.search("Do cats sleep?")] == ["a"]
    assert [hit.passage.source for hit in index.search("cat")] == ["a", "b"]
    assert [hit.passage.source for hit in index.search("barking dogs and cats", limit=1)] == ["b"]
