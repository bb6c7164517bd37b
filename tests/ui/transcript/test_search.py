"""Searching a transcript: what is found, what lights up, and that it costs what is drawn."""

from __future__ import annotations

import pytest

from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import AnswerEntry, Entry, UserEntry
from hector_tui.ui.transcript.flow import Place
from hector_tui.ui.transcript.folds import FOLD_LINES, FoldEntry
from hector_tui.ui.transcript.plain import PlainEntry
from hector_tui.ui.transcript.search import MOST, TranscriptSearch, plain_pattern, source_pattern
from tests.ui.transcript.support import TranscriptApp, theme


def searched(text: str, *entries: Entry, width: int = 60) -> TranscriptSearch:
    document = TranscriptDocument(entries)
    document.set_layout(theme(), width)
    search = TranscriptSearch(document, text)
    while not search.scan():
        pass
    return search


def answer(text: str) -> AnswerEntry:
    return AnswerEntry("bot", text, finished=True)


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("bold text", "some **bold** text"),
        ("bold text", "some **bold text** here"),
        ("BOLD", "**bold**"),
        ("two words", "two\nwords"),
        ("two words", "> two\n> words"),
        ("call()", "the `call`() function"),
        ("a*b", r"a\*b"),
        ("snake_case", "snake_case"),
        ("x.y", "**x**.y"),
        ("日本", "日本語"),
    ],
)
def test_markup_does_not_stand_between_a_text_and_what_is_drawn(text: str, markdown: str) -> None:
    search = searched(text, answer(markdown))
    assert search.total == 1
    shown = search.find(search.step(1) or pytest.fail("no hit"))
    assert shown.match == 0


def test_letters_are_not_torn_apart() -> None:
    assert source_pattern("ab").search("a_b") is None
    assert plain_pattern("a b").search("ab") is None


def test_every_kind_of_entry_is_searched_and_labels_are_not() -> None:
    search = searched(
        "needle",
        UserEntry("a needle", label="needle"),
        FoldEntry("needle", "detail", sections=[("arguments", "needle"), ("result", "no"), ("", "needle needle")]),
        AnswerEntry("needle · model", "needle", finished=True),
        FoldEntry("tool", "a needle"),
    )
    assert search.total == 1 + 4 + 1 + 1
    numbers = [search.step(1) and search.number for _ in range(9)]
    assert numbers == [1, 2, 3, 4, 5, 6, 7, 1, 2]
    assert [search.step(-1) and search.number for _ in range(3)] == [1, 7, 6]


def test_labels_do_not_light_up() -> None:
    search = searched("needle", UserEntry("a needle", label="needle"), AnswerEntry("needle", "needle", finished=True))
    for order, entry in enumerate(search.document.entries):
        search.document.parsed_to(entry, 0, 0)
        assert not search.spans(entry, Place(order, 0, 0)) and search.spans(entry, Place(order, 1, 0))


def test_what_is_counted_is_what_is_drawn() -> None:
    text = (
        "# A fox\n\nThe **fox** and the *fox's* `fox`.\n\n- fox\n- [fox](http://fox.example)\n\n```\nfox = 1\n```\n\n"
        "| fox | x |\n|--|--|\n| a | fox |\n\n> a quoted\n> fox"
    )
    search = searched("fox", answer(text), width=30)
    drawn = 0
    document = search.document
    document.parsed_to(document.entries[0], 0, len(text))
    for part in range(len(document.entries[0].parts)):
        lines = document.lines_of(Place(0, part, 0))
        drawn += sum(line.said.lower().count("fox") for line in lines) if part else 0
    assert search.total == drawn == 11
    places = {search.find(search.step(1) or pytest.fail("no hit")) for _ in range(11)}
    assert len(places) == 11 and all(shown.match >= 0 for shown in places)


def test_a_match_that_was_wrapped_lights_up_in_both_rows() -> None:
    search = searched("brown fox jumps", answer("the quick brown fox jumps over"), width=16)
    shown = search.find(search.step(1) or pytest.fail("no hit"))
    first = search.spans(search.document.entries[0], shown.place)
    second = search.spans(search.document.entries[0], shown.place._replace(line=shown.place.line + 1))
    lines = search.document.lines_of(shown.place)
    assert [lines[0].text[start:end] for start, end, _ in first] == ["brown"]
    assert [lines[1].text[start:end] for start, end, _ in second] == ["fox jumps"]


def test_a_match_beyond_what_a_fold_shows_leads_to_its_last_row() -> None:
    fold = FoldEntry("tool", sections=[("", "\n".join(f"line {n}" for n in range(FOLD_LINES + 50)) + "\nneedle")])
    search = searched("needle", fold)
    fold.toggle()
    shown = search.find(search.step(1) or pytest.fail("no hit"))
    assert shown.match == -1
    line = search.document.line_at(shown.place)
    assert line is not None and "more lines" in line.said


def test_what_grows_is_searched_again() -> None:
    growing = AnswerEntry("bot", "one")
    search = searched("one", UserEntry("one"), growing)
    assert not search.look_again()
    growing.append(" and one")
    assert search.look_again() and search.total == 3
    search.document.append(UserEntry("one"))
    assert search.scan() and search.total == 4


def test_the_reader_is_shown_the_match_nearest_to_them() -> None:
    entries = [UserEntry(f"needle {number}") for number in range(10)]
    search = searched("needle", *entries)
    near = search.nearest(Place(4, 1, 0))
    assert near is not None and near.entry is entries[4]
    far = search.nearest(Place(4, 1, 0), forward=True)
    assert far is not None and far.entry is entries[4]
    assert search.nearest(Place(4, -1, 0), forward=True) == far
    only = searched("needle", UserEntry("x"), UserEntry("needle"))
    assert only.nearest(Place(0, 0, 0)) is not None
    assert searched("none", *entries).nearest(Place(4, 0, 0)) is None


def test_a_plain_text_is_walked_part_by_part() -> None:
    search = searched("needle", PlainEntry("\n".join("needle" if n % 500 == 0 else f"row {n}" for n in range(5_000))))
    assert search.total == 10
    found = search.nearest(Place(0, 5, 0), forward=True)
    assert found is not None and found.entry.part_at(0, found.offset) >= 5


def test_nobody_counts_for_ever() -> None:
    search = searched("a", *(UserEntry("a " * 5_000) for _ in range(10)))
    assert search.full and MOST <= search.total < MOST + 5_001


def test_only_what_is_looked_at_is_rendered() -> None:
    entries = [answer(f"answer {number} with a needle") for number in range(2_000)]
    search = searched("needle", *entries)
    assert search.total == 2_000 and search.document.rendered_parts == 0
    search.find(search.step(-1) or pytest.fail("no hit"))
    assert search.document.rendered_parts < 5


async def test_rows_light_up_and_keep_their_strips_while_nothing_changes() -> None:
    growing = AnswerEntry("bot", "the end")
    document = TranscriptDocument([answer("a needle and a needle"), growing])
    app = TranscriptApp(document)
    async with app.run_test(size=(60, 12)) as pilot:
        plain = list(app.transcript._painted)
        search = TranscriptSearch(document, "needle")
        app.transcript.highlight(search)
        while not search.scan():
            pass
        search.step(1)
        app.transcript.show_hit()
        await pilot.pause()
        lit = list(app.transcript._painted)
        assert [y for y in range(12) if lit[y] is not plain[y]] == [1]
        styles = [segment.style for segment in lit[1] if segment.text == "needle"]
        assert len(styles) == 2 and styles[0] != styles[1]
        growing.append(" comes")
        await pilot.pause()
        after = app.transcript._painted
        assert [y for y in range(12) if after[y] is not lit[y]] == [4]
        app.transcript.highlight(None)
        await pilot.pause()
        assert app.transcript._painted[1] is plain[1]
