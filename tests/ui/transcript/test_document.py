"""The reader's place, estimates, memory and copying, without a screen."""

from __future__ import annotations

import pytest

from hector_tui.ui.transcript.document import STEP, TranscriptDocument
from hector_tui.ui.transcript.entries import AnswerEntry, Entry, NoticeEntry, UserEntry
from hector_tui.ui.transcript.flow import KEPT_LINES, Place
from hector_tui.ui.transcript.folds import FoldEntry, FoldState
from tests.ui.transcript.support import theme


def document(entries: list[Entry], *, width: int = 40, has_older: bool = False) -> TranscriptDocument:
    made = TranscriptDocument(entries, has_older=has_older)
    made.set_layout(theme(), width)
    return made


def answers(count: int, *, first: int = 0) -> list[Entry]:
    return [
        AnswerEntry("bot", f"answer {number}\n\n- one\n- two **bold**\n", finished=True, entry_id=f"a{number}")
        for number in range(first, first + count)
    ]


def texts(made: TranscriptDocument, height: int = 10) -> list[str]:
    return [row.line.text.rstrip() for row in made.view(height).rows]


def test_only_what_is_in_view_is_rendered() -> None:
    small, large = document(answers(50)), document(answers(10_000))
    assert texts(small, 40)[-1] == texts(large, 40)[-1] == "  • two bold"
    assert large.rendered_parts == small.rendered_parts < 50


def test_scrolling_up_renders_only_what_comes_into_view() -> None:
    made = document(answers(10_000))
    texts(made, 40)
    before = made.rendered_parts
    made.scroll(-40)
    texts(made, 40)
    assert made.rendered_parts - before < 50


def test_every_row_is_reached_by_scrolling_and_none_twice() -> None:
    made = document(answers(30))
    everything = document(answers(30)).view(10_000).rows
    seen = [row.place for row in made.view(10).rows]
    while made.top_row() > 0 or made.view(10).rows[0].place != everything[0].place:
        made.scroll(-1)
        place = made.view(10).rows[0].place
        if place == seen[0]:
            break
        seen.insert(0, place)
    assert seen == [row.place for row in everything]


def test_following_stays_at_the_end_and_moves_a_few_rows_at_once() -> None:
    answer = AnswerEntry("bot")
    made = document([*answers(5), answer])
    made.view(24)
    tops = set()
    for number in range(60):
        answer.append(f"- item {number}\n")
        rows = made.view(24).rows
        tops.add(rows[0].place)
        assert any(f"item {number - 1}" in row.line.text for row in rows[-2:]) or number == 0
        assert 24 - STEP <= len(rows) <= 24
    assert len(tops) <= 60 // STEP + 1


def test_a_reader_above_is_left_alone() -> None:
    answer = AnswerEntry("bot")
    made = document([*answers(20), answer])
    made.view(10)
    made.scroll(-15)
    before = texts(made)
    for number in range(100):
        answer.append(f"line {number}\n\n")
        assert texts(made) == before
    assert made.new_below and not made.following
    assert answer.parsed_characters == 0, "text nobody looks at must cost nothing"
    made.scroll_end()
    assert "line 99" in texts(made)[-1] and not made.new_below


def test_scrolling_down_to_the_end_follows_again() -> None:
    made = document(answers(20))
    made.view(10)
    made.scroll(-5)
    made.view(10)
    assert not made.following
    made.scroll(5)
    made.view(10)
    assert made.following


def test_older_entries_come_in_without_moving_the_view() -> None:
    made = document(answers(20, first=100), has_older=True)
    made.view(10)
    made.scroll_home()
    before = texts(made)
    assert before[0] == "  bot"
    made.insert_before(answers(50, first=50), has_older=True)
    assert texts(made) == before
    made.scroll(-3)
    assert texts(made)[3:] == before[:-3]
    assert "two bold" in texts(made)[1]


def test_heights_that_were_guesses_are_corrected_without_moving_the_view() -> None:
    long = [AnswerEntry("bot", "word " * 400, finished=True) for _ in range(20)]
    made = document([*long])
    made.view(10)
    for _ in range(30):
        made.scroll(-7)
        before = texts(made)
        made.scroll(-7)
        assert texts(made)[7:] == before[:3]


def test_the_place_survives_a_change_of_width() -> None:
    entries: list[Entry] = [AnswerEntry("bot", f"# head {n}\n\n" + "word " * 60, finished=True) for n in range(30)]
    made = document(entries)
    made.view(10)
    made.scroll(-150)
    head = next(text for text in texts(made, 20) if "head" in text)
    made.set_layout(theme(), 60)
    assert any(head in text for text in texts(made, 20))


def test_scrollbar_positions_lead_to_where_they_say() -> None:
    made = document(answers(1_000))
    made.view(10)
    for row in (0, 1_234, 3_333):
        made.scroll_to(row)
        made.view(10)
        assert abs(made.top_row() - row) <= 3
    made.scroll_to(10**9)
    made.view(10)
    assert made.following


def test_the_memory_of_rows_is_bounded() -> None:
    made = document(answers(2_000))
    made.view(40)
    for _ in range(200):
        made.scroll(-40)
        made.view(40)
    layout = made._flow.layout
    assert layout is not None
    known = [part.known_lines(layout) or [] for entry in made.entries for part in entry.parts]
    assert 40 <= sum(len(lines) for lines in known) <= KEPT_LINES


def test_a_hidden_document_forgets_its_rows_and_keeps_its_place() -> None:
    made = document(answers(50))
    made.view(10)
    made.scroll(-30)
    before = texts(made)
    made.release()
    rendered = made.rendered_parts
    assert texts(made) == before
    assert made.rendered_parts > rendered


def test_removing_an_entry() -> None:
    made = document(answers(10))
    made.view(10)
    made.remove("a9")
    assert len(made) == 9 and "answer 8" in " ".join(texts(made))
    with pytest.raises(KeyError):
        made.entry("a9")
    for number in range(9):
        made.remove(f"a{number}")
    assert texts(made) == []


def test_ids_are_unique() -> None:
    made = document(answers(3))
    with pytest.raises(ValueError, match="a1"):
        made.append(UserEntry("x", entry_id="a1"))
    with pytest.raises(ValueError, match="a2"):
        made.insert_before([UserEntry("x", entry_id="a2")])
    assert len(made) == 3


def test_the_last_answer_can_be_copied() -> None:
    made = document([*answers(2), UserEntry("hello"), AnswerEntry("bot")])
    assert made.last_answer_text().startswith("answer 1")


def test_copied_text_has_no_decoration_and_wrapped_rows_are_joined() -> None:
    text = "A sentence that is longer than the width of the column.\n\n> quoted\n\n```\ncode  here\n```\n"
    made = document([UserEntry("hello\nyou"), AnswerEntry("bot", text, finished=True)], width=20)
    made.view(30)
    assert made.text_between(None, None) == (
        "you\nhello\nyou\n\nbot\nA sentence that is longer than the width of the column.\n\nquoted\n\ncode  here"
    )


def test_places_are_numbers_that_sort_and_come_back() -> None:
    places = [Place(-3, -1, 0), Place(-3, 0, 0), Place(-3, 0, 5), Place(0, -1, 0), Place(0, 2, 1), Place(7, 0, 0)]
    assert [Place.from_key(place.key()) for place in places] == places
    assert sorted(places, key=Place.key) == places


def test_folds_stand_close_and_other_entries_do_not() -> None:
    made = document(
        [UserEntry("a"), FoldEntry("one"), FoldEntry("two"), NoticeEntry("error", "bad"), NoticeEntry("info", "b")]
    )
    assert [bool(text) for text in texts(made, 20)] == [True, True, False, True, True, False, True, False, True]


def test_an_opened_fold_is_capped_and_its_text_is_not() -> None:
    result = "\n".join(f"row {number}" for number in range(1_000))
    fold = FoldEntry("tool", sections=[("result", result)])
    made = document([fold])
    assert len(texts(made, 400)) == 1
    assert fold.toggle()
    rows = texts(made, 400)
    assert len(rows) == 203 and rows[-1].endswith("… 800 more lines")
    assert fold.sections["result"] == result
    fold.set_section("result", "x" * 100_000)
    assert texts(made, 2_000)[-1].endswith("… 76,000 more characters")


def test_a_fold_without_content_does_not_open() -> None:
    fold = FoldEntry("tool", state=FoldState.RUNNING)
    assert not fold.toggle()
    fold.append_section("output", "now")
    assert fold.toggle() and fold.opened


def test_states_differ_in_more_than_colour() -> None:
    rows = [texts(document([FoldEntry("tool", "what", state)]))[0] for state in FoldState]
    assert len(set(rows)) == len(FoldState)
    assert all(state.value in row for state, row in zip(FoldState, rows, strict=True) if state is not FoldState.DONE)


def test_a_fold_can_change_while_it_runs() -> None:
    fold = FoldEntry("calculator", state=FoldState.RUNNING)
    made = document([fold])
    assert "running" in texts(made)[0]
    fold.update(detail="12 * 7 → 84", state=FoldState.DONE, aside="0.01 s")
    (row,) = texts(made)
    assert "12 * 7 → 84" in row and row.endswith("0.01 s") and "running" not in row


def test_a_fold_is_one_row_however_long_its_detail() -> None:
    (row,) = texts(document([FoldEntry("tool", "line\nline " * 100, aside="1 s")]))
    assert len(row) <= 42 and "…" in row


def test_an_answer_can_say_how_it_ended() -> None:
    answer = AnswerEntry("bot", "half")
    made = document([answer])
    answer.finish("cancelled")
    assert texts(made) == ["  bot", "  half", "", "  cancelled"]
    kept = AnswerEntry("bot", "half", finished=True, note="interrupted")
    assert texts(document([kept]))[-1] == "  interrupted"


def test_a_message_of_a_megabyte_is_rendered_in_parts() -> None:
    made = document([UserEntry("x" * 1_000_000)])
    texts(made, 40)
    assert made.rendered_parts < 5
