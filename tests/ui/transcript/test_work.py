"""What is finished costs nothing more: every parser, highlighter and wrapper is watched, and what they were handed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from hector_tui.ui.transcript import fences, markdown, render, table
from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import AnswerEntry, Entry, UserEntry
from hector_tui.ui.transcript.parts import MarkdownPart
from tests.ui.transcript.support import theme

HEIGHT = 30
WATCHED: list[tuple[Any, str]] = [
    (markdown, "parse_blocks"),
    (render, "parse_blocks"),
    (render, "inline_runs"),
    (render, "wrap"),
    (render, "fold"),
    (render, "column_widths"),
    (table, "wrap"),
    (fences, "highlight"),
    (fences, "fold"),
    (MarkdownPart, "estimate"),
]
"""Everything that parses, highlights, wraps or measures, where it is called from."""
KINDS: list[Callable[[int], str]] = [
    lambda n: f"## Heading word{n}\n\n",
    lambda n: f"A paragraph with **word{n}** and `code` that is long enough to be wrapped by the narrow column.\n\n",
    lambda n: f"- item word{n}\n- another\n  - nested\n\n",
    lambda n: f"> a quote word{n}\n\n",
    lambda n: f"```python\nword{n} = [1, 'two']\n```\n\n",
    lambda n: f"| a | b |\n|---|---|\n| word{n} | 1 |\n\n",
    lambda n: f"See[^{n}].\n\n[^{n}]: A note word{n}\n\n",
    lambda n: f"$$\nword_{{{n}}}\n$$\n\n",
]


class Work:
    """Words that were worked on, and how often any watched function was called."""

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.calls = 0

    def note(self, argument: object) -> None:
        """One call."""
        self.calls += 1
        self.words |= words(repr(argument))

    def start(self) -> None:
        """Forget what was done until now."""
        self.words.clear()
        self.calls = 0


def words(text: str) -> set[str]:
    """The numbered words of a text."""
    return set(re.findall(r"word_?\{*\d+", text))


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """Counts from the start of a test on."""
    noted = Work()

    def watch(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def watched(first: Any, *rest: Any) -> Any:
            noted.note(first.block if isinstance(first, MarkdownPart) else first)
            return real(first, *rest)

        monkeypatch.setattr(owner, name, watched)

    for owner, name in WATCHED:
        watch(owner, name)
    return noted


def answer_text(blocks: int, *, first: int = 0) -> str:
    """Blocks of every kind, each with a word of its own."""
    return "".join(KINDS[n % len(KINDS)](n) for n in range(first, first + blocks))


def document(*entries: Entry, width: int = 40) -> TranscriptDocument:
    made = TranscriptDocument(entries)
    made.set_layout(theme(), width)
    return made


def seen(made: TranscriptDocument) -> str:
    """The text in view, once everything there is has been parsed."""
    rows = made.view(HEIGHT).rows
    while made.behind:
        rows = made.view(HEIGHT).rows
    return "\n".join(row.line.text for row in rows)


def test_the_watch_sees_work(work: Work) -> None:
    seen(document(AnswerEntry("bot", answer_text(40), finished=True)))
    assert work.calls > 40 and words(answer_text(40)) <= work.words


def test_finished_blocks_are_left_alone_while_the_answer_grows(work: Work) -> None:
    answer = AnswerEntry("bot")
    made = document(UserEntry("hello"), answer)
    for number in range(160):
        text = answer_text(1, first=number)
        half = len(text) // 2
        for piece in (text[:half], text[half:]):
            answer.append(piece)
            frozen = answer.text[: answer._source.blocks[-1].end] if answer._source.blocks else ""
            work.start()
            seen(made)
            assert not work.words & words(frozen)
            assert work.calls < 60


def test_a_fence_and_a_table_are_frozen_row_by_row(work: Work) -> None:
    for head, row in (("```python\n", "x = 'word{}'\n"), ("| a | b |\n|---|---|\n", "| word{} | b |\n")):
        answer = AnswerEntry("bot", head)
        made = document(answer)
        for number in range(400):
            answer.append(row.format(number))
            frozen = answer.text[: answer._source.blocks[-1].end] if answer._source.blocks else ""
            work.start()
            seen(made)
            # The columns of a table are those of its first part, which is parsed once more for every part after it.
            assert not work.words & words(frozen[len(head) :]) or number % markdown.TABLE_ROWS < 2


def test_nothing_is_done_again_when_nothing_changed(work: Work) -> None:
    made = document(AnswerEntry("bot", answer_text(80), finished=True))
    text = seen(made)
    work.start()
    assert seen(made) == text
    made.scroll(-5)
    made.scroll(5)
    assert seen(made) == text
    assert work.calls <= 6


def test_scrolling_back_finds_what_was_rendered(work: Work) -> None:
    made = document(AnswerEntry("bot", answer_text(200), finished=True))
    seen(made)
    for _ in range(10):
        made.scroll(-HEIGHT)
        seen(made)
    work.start()
    for _ in range(10):
        made.scroll(HEIGHT)
        seen(made)
    assert work.calls == 0


@pytest.mark.parametrize(("name", "width"), [("textual-dark", 60), ("textual-light", 40)])
def test_a_new_width_or_theme_renders_only_what_is_in_view(work: Work, name: str, width: int) -> None:
    made = document(*(AnswerEntry("bot", answer_text(8, first=8 * n), finished=True) for n in range(100)))
    seen(made)
    made.scroll(-300)
    seen(made)
    work.start()
    rendered = made.rendered_parts
    made.set_layout(theme(name), width)
    in_view = seen(made)
    assert words(in_view) <= work.words
    # A part is rendered whole, also when only its last row is in view; heights of its entry's other parts are guesses.
    assert made.rendered_parts - rendered <= HEIGHT
    assert len(work.words) <= len(words(in_view)) + 4
