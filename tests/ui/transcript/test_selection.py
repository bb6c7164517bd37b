"""Selected text is the text: across entries, wide characters, folded code, scrolled views and growing answers."""

from __future__ import annotations

from textual.events import MouseDown, MouseMove, MouseUp
from textual.pilot import Pilot

from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import AnswerEntry, Entry, UserEntry
from hector_tui.ui.transcript.flow import Place
from hector_tui.ui.transcript.folds import FoldEntry
from hector_tui.ui.transcript.lines import Line
from hector_tui.ui.transcript.selecting import after_character, before_character, index_at, word_at
from tests.ui.transcript.support import TranscriptApp

FAMILY = "👨‍👩‍👧"


async def drag(pilot: Pilot[None], app: TranscriptApp, start: tuple[int, int], end: tuple[int, int]) -> str:
    """Press, move and let go, as a terminal reports it; what is then selected."""
    await pilot.mouse_down(app.transcript, offset=start)
    await pilot.hover(app.transcript, offset=end)
    await pilot.mouse_up(app.transcript, offset=end)
    await pilot.pause()
    return app.transcript.selected_text


def finished(text: str, **options: str) -> AnswerEntry:
    return AnswerEntry("bot", text, finished=True, **options)


async def test_a_drag_across_entries_gives_their_lines() -> None:
    fold = FoldEntry("calculator", "12 * 7 → 84")
    app = TranscriptApp(TranscriptDocument([UserEntry("one question"), fold, finished("first\n\n- item\n- next")]))
    async with app.run_test(size=(60, 20)) as pilot:
        rows = app.shown()
        start = (6, rows.index("▌ one question"))
        end = (6, rows.index("  • item"))
        selected = (await drag(pilot, app, start, end)).split("\n")
        assert selected[0] == "question"
        assert selected[2].startswith("· calculator  12 * 7 → 84")
        assert selected[4:] == ["bot", "first", "", "ite"]
        assert app.screen.get_selected_text() == "\n".join(selected)


async def test_a_drag_upwards_selects_the_same() -> None:
    app = TranscriptApp(TranscriptDocument([finished("hello world\n\nsecond line")]))
    async with app.run_test(size=(60, 20)) as pilot:
        down = await drag(pilot, app, (8, 1), (7, 3))
        up = await drag(pilot, app, (7, 3), (8, 1))
        assert down == up == "world\n\nsecond"


async def test_both_halves_of_a_wide_character_stand_for_it() -> None:
    app = TranscriptApp(TranscriptDocument([finished(f"日本語 {FAMILY}x")]))
    async with app.run_test(size=(60, 20)) as pilot:
        assert await drag(pilot, app, (2, 1), (5, 1)) == "日本"
        assert await drag(pilot, app, (3, 1), (4, 1)) == "日本"
        # The family is five code points in two cells; x comes right after it.
        assert await drag(pilot, app, (9, 1), (10, 1)) == FAMILY
        assert await drag(pilot, app, (10, 1), (11, 1)) == f"{FAMILY}x"


async def test_wrapped_and_folded_lines_are_joined_as_they_were_written() -> None:
    prose = "several words that do not fit into one row of a narrow terminal"
    code = "x = '" + "abc def " * 12 + "end'"
    app = TranscriptApp(TranscriptDocument([finished(f"{prose}\n\n```\n{code}\n```")]))
    async with app.run_test(size=(30, 30)) as pilot:
        last = max(y for y, row in enumerate(app.shown()) if row)
        assert await drag(pilot, app, (0, 1), (29, last)) == f"{prose}\n\n{code}"


async def test_an_opened_fold_gives_what_it_shows() -> None:
    fold = FoldEntry("tool", sections=[("", "first output\nsecond output")])
    fold.toggle()
    app = TranscriptApp(TranscriptDocument([fold]))
    async with app.run_test(size=(60, 20)) as pilot:
        assert await drag(pilot, app, (4, 1), (9, 2)) == "first output\nsecond"


async def test_a_drag_beyond_the_edge_scrolls_and_goes_on_selecting() -> None:
    app = TranscriptApp(TranscriptDocument([finished("\n\n".join(f"line {number}" for number in range(100)))]))
    async with app.run_test(size=(60, 10)) as pilot:
        transcript = app.transcript
        await pilot.mouse_down(transcript, offset=(2, 9))
        bottom = app.shown()[9].strip()
        event = MouseMove(transcript, 2, -3, 0, 0, 1, False, False, False, screen_x=2, screen_y=-3)
        transcript.on_mouse_move(event)
        while "line 80" not in " ".join(app.shown()):
            await pilot.pause(0.01)
        await pilot._post_mouse_events([MouseUp], transcript, offset=(2, 0), button=1)
        await pilot.pause()
        selected = [row for row in transcript.selected_text.split("\n") if row]
        assert transcript._drag_timer is None and app.mouse_captured is None
        assert selected[0].startswith("line ") and selected[0] in " ".join(app.shown())
        assert selected[-1] == bottom[:1]
        assert selected[:-1] == [f"line {n}" for n in range(int(selected[0].split()[1]), int(bottom.split()[1]))]


async def test_a_selection_holds_on_to_its_words_while_the_answer_grows() -> None:
    answer = AnswerEntry("bot", "- first item\n- second item")
    app = TranscriptApp(TranscriptDocument([UserEntry("list"), answer]))
    async with app.run_test(size=(60, 12)) as pilot:
        row = app.shown().index("  • second item")
        assert await drag(pilot, app, (4, row), (9, row)) == "second"
        # The list is cut into parts now, and then grows far beyond the view.
        for number in range(40):
            answer.append(f"\n- item {number}")
            await pilot.pause()
            assert app.transcript.selected_text == "second"
        assert app.shown()[row] == "  • second item", "the view moved under a selection"
        strip = app.transcript.render_lines(app.transcript.scrollable_content_region.reset_offset)[row]
        lit = {segment.text for segment in strip if segment.style != strip._segments[-1].style}
        assert "second" in lit
        assert app.transcript.has_new_below


async def test_the_view_follows_again_once_nothing_is_selected_and_the_end_is_in_it() -> None:
    answer = AnswerEntry("bot", "hello world")
    app = TranscriptApp(TranscriptDocument([answer]))
    async with app.run_test(size=(60, 12)) as pilot:
        assert await drag(pilot, app, (2, 1), (6, 1)) == "hello"
        assert not app.transcript.document.following
        await pilot.click(app.transcript, offset=(2, 6))
        await pilot.pause()
        assert app.transcript.selected_text == ""
        assert app.transcript.document.following


async def test_two_clicks_take_a_word_and_three_a_paragraph() -> None:
    app = TranscriptApp(TranscriptDocument([finished("a snake_case word\n\nanother")]))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.click(app.transcript, offset=(6, 1), times=2)
        assert app.transcript.selected_text == "snake_case"
        await pilot.click(app.transcript, offset=(6, 1), times=3)
        assert app.transcript.selected_text == "a snake_case word"


async def test_a_press_that_does_not_move_selects_nothing() -> None:
    app = TranscriptApp(TranscriptDocument([finished("hello")]))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot._post_mouse_events([MouseDown, MouseUp], app.transcript, offset=(3, 1), button=1)
        assert app.transcript.selected_text == ""
        assert app.mouse_captured is None


async def test_keys_select_rows_and_characters() -> None:
    app = TranscriptApp(TranscriptDocument([finished("alpha beta\n\ngamma\n\ndelta")]))
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.focus()
        await pilot.press("alt+up", "shift+down")
        assert app.transcript.selected_text == "alpha beta"
        await pilot.press("shift+down", "shift+down")
        assert app.transcript.selected_text == "alpha beta\n\ngamma"
        await pilot.press("shift+left", "shift+left")
        assert app.transcript.selected_text == "alpha beta\n\ngam"
        await pilot.press("shift+right")
        assert app.transcript.selected_text == "alpha beta\n\ngamm"
        await pilot.press("shift+up")
        assert app.transcript.selected_text == "alpha beta"
        await pilot.press("shift+up", "shift+home")
        assert app.transcript.selected_text == "a"
        await pilot.press("shift+end", "shift+up")
        assert app.transcript.selected_text == "bot\nalpha beta"


async def test_keys_that_select_scroll_the_view() -> None:
    app = TranscriptApp(TranscriptDocument([finished("\n\n".join(f"line {number}" for number in range(100)))]))
    async with app.run_test(size=(60, 10)) as pilot:
        app.transcript.focus()
        await pilot.press("shift+up", *["shift+pageup"] * 5)
        selected = [row for row in app.transcript.selected_text.split("\n") if row]
        assert selected[-1] == "line 99" and len(selected) > 18
        assert selected[0] in " ".join(app.shown())


async def test_a_block_is_selected_whole() -> None:
    answer = finished("words\n\n```python\nx = 1\ny = 2\n```\n\nmore")
    app = TranscriptApp(TranscriptDocument([answer]))
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.focus()
        await pilot.press("alt+up", "v")
        assert app.transcript.selected_text == "words\n\npython\nx = 1\ny = 2\n\nmore"
        await pilot.press("alt+down", "v")
        assert app.transcript.selected_text == "python\nx = 1\ny = 2"


async def test_only_one_thing_on_the_screen_is_selected_and_another_document_starts_without() -> None:
    app = TranscriptApp(TranscriptDocument([finished("hello world")]))
    async with app.run_test(size=(60, 12)) as pilot:
        await drag(pilot, app, (2, 1), (6, 1))
        app.screen.selections = {}
        await pilot.pause()
        assert app.transcript.selected_text == "" and not app.transcript.document.pinned
        await drag(pilot, app, (2, 1), (6, 1))
        first = app.transcript.document
        app.transcript.show(TranscriptDocument([UserEntry("other")]))
        await pilot.pause()
        assert app.transcript.selected_text == "" and not first.pinned


def test_characters_are_found_by_the_cells_they_cover() -> None:
    text = f"a日{FAMILY}e\u0301z"
    family, accent = 2, 2 + len(FAMILY)
    assert [index_at(text, cell) for cell in range(8)] == [0, 1, 1, family, family, accent, accent + 2, len(text)]
    assert after_character(text, family + 1) == accent
    assert after_character(text, len(text)) == len(text)
    assert before_character(text, accent) == family
    assert before_character(text, 0) == 0


def test_a_word_is_letters_or_signs_or_blanks() -> None:
    from rich.segment import Segment

    line = Line([Segment("  two::words  ")], 2)
    found = [word_at(Place(0, 0, 0), line, index) for index in range(14)]
    texts = [None if each is None else line.text[each.anchor.at : each.head.at + 1] for each in found]
    assert texts == [None] * 2 + ["two"] * 3 + ["::"] * 2 + ["words"] * 5 + [None] * 2


async def test_any_offset_is_survived_by_an_empty_transcript() -> None:
    entries: list[Entry] = []
    app = TranscriptApp(TranscriptDocument(entries))
    async with app.run_test(size=(20, 5)) as pilot:
        app.transcript.focus()
        assert await drag(pilot, app, (0, 0), (9, 4)) == ""
        await pilot.press("shift+down", "shift+left", "v", "y", "enter", "n", "slash")
        assert app.is_running and app.mouse_captured is None
