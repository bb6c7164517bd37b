"""The transcript in a running app: painting, scrolling, folds, links, selection."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.events import Click, MouseScrollUp, MouseUp
from textual.geometry import Offset
from textual.selection import Selection

from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import AnswerEntry, Entry, UserEntry
from hector_tui.ui.transcript.folds import FoldEntry
from hector_tui.ui.transcript.widget import Transcript
from tests.ui.transcript.support import TranscriptApp


def answers(count: int, *, first: int = 0) -> list[Entry]:
    return [
        AnswerEntry("bot", f"answer {number}\n\n- one\n- two\n", finished=True, entry_id=f"a{number}")
        for number in range(first, first + count)
    ]


async def test_it_opens_at_the_end() -> None:
    app = TranscriptApp(TranscriptDocument(answers(100)))
    async with app.run_test(size=(60, 20)):
        assert app.shown()[-1] == "  • two"
        assert "  answer 99" in app.shown()


async def test_every_strip_is_as_wide_as_the_view() -> None:
    app = TranscriptApp(
        TranscriptDocument([AnswerEntry("bot", "日本 👨‍👩‍👧 " * 40 + "\n\n```\n" + "x" * 500, finished=True)])
    )
    async with app.run_test(size=(61, 20)):
        width = app.transcript.scrollable_content_region.width
        for strip in app.transcript.render_lines(app.transcript.scrollable_content_region.reset_offset):
            assert strip.cell_length == width == cell_len(strip.text)


async def test_the_text_column_has_a_limit() -> None:
    app = TranscriptApp(TranscriptDocument([AnswerEntry("bot", "word " * 100, finished=True)]), max_width=30)
    async with app.run_test(size=(120, 20)):
        assert max(len(row) for row in app.shown()) <= 32


async def test_a_growing_answer_is_painted_without_a_layout() -> None:
    answer = AnswerEntry("bot")
    app = TranscriptApp(TranscriptDocument([*answers(20), answer]))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        layouts = 0
        reflow = app.screen._compositor.reflow

        def counted(*args: object, **kwargs: object) -> object:
            nonlocal layouts
            layouts += 1
            return reflow(*args, **kwargs)  # type: ignore[arg-type]

        app.screen._compositor.reflow = counted  # type: ignore[method-assign, assignment]
        for number in range(60):
            answer.append(f"paragraph {number}\n\n")
            await pilot.pause()
        assert layouts == 0
        assert "  paragraph 59" in app.shown()


async def test_rows_that_did_not_change_keep_their_strips_and_are_not_painted() -> None:
    answer = AnswerEntry("bot", "first paragraph\n\nsecond")
    app = TranscriptApp(TranscriptDocument([answer]))
    async with app.run_test(size=(60, 20)) as pilot:
        transcript = app.transcript
        before = list(transcript._painted)
        painted: list[int] = []
        refresh = transcript.refresh

        def noting(*regions: object, **options: object) -> Transcript:
            painted.extend(y for region in regions for y in region.line_range)  # type: ignore[attr-defined]
            return refresh(*regions, **options)  # type: ignore[arg-type]

        transcript.refresh = noting  # type: ignore[method-assign]
        answer.append(" paragraph")
        await pilot.pause()
        after = transcript._painted
        assert [y for y in range(len(after)) if before[y] is not after[y]] == [3]
        assert painted == [3]


async def test_several_changes_make_one_frame() -> None:
    answer = AnswerEntry("bot")
    app = TranscriptApp(TranscriptDocument([answer]))
    async with app.run_test(size=(60, 20)) as pilot:
        frames = app.transcript.frames
        for _ in range(50):
            answer.append("word ")
        await pilot.pause()
        assert app.transcript.frames == frames + 1


async def test_nothing_happens_while_nothing_changes() -> None:
    app = TranscriptApp(TranscriptDocument(answers(20)))
    async with app.run_test(size=(60, 20)) as pilot:
        frames = app.transcript.frames
        for _ in range(5):
            await pilot.pause()
        assert app.transcript.frames == frames
        assert not app.transcript._timers


@pytest.mark.parametrize(
    ("keys", "top"),
    [
        (["home"], "  bot"),
        (["g"], "  bot"),
        (["home", "down"], "  answer 0"),
        (["home", "j", "j"], ""),
        (["home", "down", "down", "up"], "  answer 0"),
        (["home", "j", "k"], "  bot"),
        (["home", "pagedown", "pageup"], "  bot"),
        (["home", "ctrl+d", "ctrl+u"], "  bot"),
    ],
)
async def test_keys_scroll(keys: list[str], top: str) -> None:
    app = TranscriptApp(TranscriptDocument(answers(50)))
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.focus()
        await pilot.press(*keys)
        assert app.shown()[0] == top
        await pilot.press("end")
        assert app.shown()[-1] == "  • two"
        assert app.transcript.document.following


async def test_the_wheel_scrolls() -> None:
    app = TranscriptApp(TranscriptDocument(answers(50)))
    async with app.run_test(size=(60, 20)) as pilot:
        before = app.shown()
        await pilot._post_mouse_events([MouseScrollUp], app.transcript)
        await pilot.pause()
        assert app.shown()[3:] == before[:-3]


async def test_every_binding_can_be_remapped() -> None:
    ids = [binding.id for binding in Transcript.BINDINGS]  # type: ignore[union-attr]
    assert all(ids) and len(set(ids)) == len(ids)


async def test_the_scrollbar_shows_where_the_view_is() -> None:
    app = TranscriptApp(TranscriptDocument(answers(100)))
    async with app.run_test(size=(60, 20)) as pilot:
        bar = app.transcript.vertical_scrollbar
        assert bar.window_size == 20
        assert abs(bar.position - (bar.window_virtual_size - 20)) <= 20
        app.transcript.scroll_to(y=100)
        await pilot.pause()
        assert abs(bar.position - 100) <= 3
        assert "answer 17" in " ".join(app.shown())
        app.transcript.scroll_home()
        await pilot.pause()
        assert bar.position == 0


async def test_the_view_stands_still_while_someone_reads_and_says_what_is_new() -> None:
    answer = AnswerEntry("bot")
    app = TranscriptApp(TranscriptDocument([*answers(30), answer]))
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.focus()
        await pilot.press("pageup")
        before = app.shown()
        for number in range(30):
            answer.append(f"line {number}\n\n")
            await pilot.pause()
        assert app.shown() == before
        flags = [app.transcript.has_new_below]
        await pilot.press("end")
        flags.append(app.transcript.has_new_below)
        assert flags == [True, False]
        assert "line 29" in " ".join(app.shown())
        values = [message.value for message in app.posted if isinstance(message, Transcript.NewBelow)]
        assert values == [True, False]


async def test_older_entries_are_asked_for_once_and_do_not_move_the_view() -> None:
    document = TranscriptDocument(answers(20, first=50), has_older=True)
    app = TranscriptApp(document)
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.focus()
        assert not app.posted
        await pilot.press("home", "down", "down")
        await pilot.pause()
        asked = [message for message in app.posted if isinstance(message, Transcript.OlderWanted)]
        assert len(asked) == 1 and asked[0].document is document
        before = app.shown()
        document.insert_before(answers(50))
        await pilot.pause()
        assert app.shown() == before
        await pilot.press("up", "up", "up")
        assert app.shown()[3:] == before[:-3]
        assert len([message for message in app.posted if isinstance(message, Transcript.OlderWanted)]) == 1


async def test_a_click_opens_and_closes_a_fold() -> None:
    fold = FoldEntry("calculator", "12 * 7 → 84", sections=[("result", "eighty-four")])
    app = TranscriptApp(TranscriptDocument([*answers(10), fold]))
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.focus()
        row = next(y for y, text in enumerate(app.shown()) if "calculator" in text)
        await pilot.click(app.transcript, offset=(4, row))
        await pilot.press("end")
        opened = app.shown()
        row = next(y for y, text in enumerate(opened) if "calculator" in text)
        await pilot.click(app.transcript, offset=(4, row))
        assert any("eighty-four" in text for text in opened)
        assert not any("eighty-four" in text for text in app.shown())


async def test_an_opened_fold_stays_where_it_was_clicked() -> None:
    fold = FoldEntry("tool", sections=[("", "\n".join(f"output {number}" for number in range(50)))])
    app = TranscriptApp(TranscriptDocument([*answers(10), fold, *answers(2, first=10)]))
    async with app.run_test(size=(60, 20)) as pilot:
        row = next(y for y, text in enumerate(app.shown()) if "tool" in text)
        await pilot.click(app.transcript, offset=(4, row))
        assert "tool" in app.shown()[row] and "output 0" in app.shown()[row + 1]


async def test_keys_walk_the_blocks_and_open_folds() -> None:
    fold = FoldEntry("tool", sections=[("", "output")])
    app = TranscriptApp(TranscriptDocument([*answers(3), fold, UserEntry("thanks")]))
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.focus()
        await pilot.press("alt+up", "alt+up")
        assert app.transcript.document.cursor is fold
        assert any(text.startswith("█") and "tool" in text for text in app.shown())
        await pilot.press("space")
        assert fold.opened and any("output" in text for text in app.shown())
        assert "output" in app.transcript.cursor_text()
        await pilot.press("alt+up", "alt+up", "alt+up", "alt+up")
        assert app.transcript.document.cursor is app.transcript.document.entries[0]
        assert any(text.startswith("█ bot") for text in app.shown())


async def test_a_click_on_a_link_is_only_told() -> None:
    app = TranscriptApp(TranscriptDocument([AnswerEntry("bot", "see [docs](https://a.example/b)", finished=True)]))
    async with app.run_test(size=(60, 20)) as pilot:
        opened: list[str] = []
        app.open_url = lambda url, **_: opened.append(url)  # type: ignore[method-assign]
        await pilot.click(app.transcript, offset=(8, 1))
        await pilot.pause()
        assert [message.url for message in app.posted if isinstance(message, Transcript.LinkClicked)] == [
            "https://a.example/b"
        ]
        assert not opened


async def test_links_in_view_can_be_listed_for_keys() -> None:
    text = "[a](http://a.example) http://b.example\n\n[again](http://a.example)"
    app = TranscriptApp(TranscriptDocument([AnswerEntry("bot", text, finished=True)]))
    async with app.run_test(size=(60, 20)):
        assert app.transcript.visible_links() == ["http://a.example", "http://b.example"]


async def test_the_end_of_a_drag_is_no_click() -> None:
    fold = FoldEntry("tool", "with a detail", sections=[("", "output")])
    app = TranscriptApp(TranscriptDocument([UserEntry("hello"), fold]))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.mouse_down(app.transcript, offset=(4, 1))
        await pilot.hover(app.transcript, offset=(9, 3))
        # A terminal's drag ends with a click as well when it ends in the widget it began in.
        await pilot._post_mouse_events([MouseUp, Click], app.transcript, offset=(9, 3), button=1)
        assert app.screen.get_selected_text()
        assert not fold.opened


HOSTILE = [
    "[/]",
    "[@click=app.quit]x[/]",
    "[bold]b[/bold]",
    "$var",
    "x[0]",
    "[link=file:///etc/passwd]y[/link]",
    "[/foo]",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_markup_is_text_wherever_it_stands_and_clicking_does_nothing(text: str) -> None:
    entries: list[Entry] = [
        UserEntry(text, at=text, label=text),
        FoldEntry(text, text, glyph=text, aside=text, sections=[(text, text)]),
        AnswerEntry(
            text, f"{text}\n\n`{text}`\n\n```{text}\n{text}\n```\n\n| {text} |\n|---|\n| {text} |\n", finished=True
        ),
    ]
    app = TranscriptApp(TranscriptDocument(entries))
    async with app.run_test(size=(100, 40)) as pilot:
        shown = app.shown()
        assert sum(text in row for row in shown) >= 8
        for y in [y for y, row in enumerate(shown) if text in row]:
            await pilot.click(app.transcript, offset=(4, y))
        assert app.is_running and app.return_value is None
        assert not [message for message in app.posted if isinstance(message, Transcript.LinkClicked)]


async def test_a_resize_renders_only_what_is_in_view() -> None:
    document = TranscriptDocument(answers(5_000))
    app = TranscriptApp(document)
    async with app.run_test(size=(60, 20)) as pilot:
        rendered = document.rendered_parts
        await pilot.resize_terminal(90, 30)
        await pilot.pause()
        assert app.shown()[-1] == "  • two"
        assert len(app.shown()) == 30
        assert document.rendered_parts - rendered < 100


async def test_a_change_of_theme_paints_anew() -> None:
    app = TranscriptApp(TranscriptDocument(answers(5)))
    async with app.run_test(size=(60, 20)) as pilot:
        before = app.transcript._painted[0]
        app.theme = "textual-light"
        await pilot.pause()
        after = app.transcript._painted[0]
        assert before.text == after.text
        assert [segment.style for segment in before] != [segment.style for segment in after]


async def test_focus_and_hovering_render_nothing_anew() -> None:
    document = TranscriptDocument(answers(5))
    app = TranscriptApp(document)
    async with app.run_test(size=(60, 20)) as pilot:
        rendered, painted = document.rendered_parts, app.transcript._painted
        app.transcript.focus()
        await pilot.hover(app.transcript, offset=(4, 4))
        app.screen.set_focus(None)
        await pilot.pause()
        assert document.rendered_parts == rendered
        assert all(new is old for new, old in zip(app.transcript._painted, painted, strict=True))


async def test_documents_are_swapped_at_the_place_they_were_left() -> None:
    first, second = TranscriptDocument(answers(50)), TranscriptDocument(answers(50, first=100))
    app = TranscriptApp(first)
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.focus()
        await pilot.press("pageup", "pageup")
        left = app.shown()
        app.transcript.show(second)
        await pilot.pause()
        assert "answer 149" in " ".join(app.shown())
        frames = app.transcript.frames
        first.append(AnswerEntry("bot", "while you were away", finished=True))
        await pilot.pause()
        assert app.transcript.frames == frames, "a hidden document must cost nothing"
        app.transcript.show(first)
        await pilot.pause()
        assert app.shown() == left
        assert app.transcript.has_new_below


async def test_a_selection_is_shown_and_copied_without_gutter() -> None:
    app = TranscriptApp(TranscriptDocument([AnswerEntry("bot", "hello world\n\n- item", finished=True)]))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.mouse_down(app.transcript, offset=(8, 1))
        await pilot.hover(app.transcript, offset=(6, 3))
        await pilot.mouse_up(app.transcript, offset=(6, 3))
        await pilot.pause()
        assert app.screen.get_selected_text() == "world\n\nite"
        selected = app.transcript.render_lines(app.transcript.scrollable_content_region.reset_offset)[1]
        styles = {segment.text.strip(): segment.style for segment in selected}
        assert styles["world"] != styles["hello"]


async def test_a_selection_survives_older_entries() -> None:
    document = TranscriptDocument([AnswerEntry("bot", "hello world", finished=True)])
    app = TranscriptApp(document)
    async with app.run_test(size=(60, 20)) as pilot:
        key = app.transcript._rows[1].place.key()
        app.screen.selections = {app.transcript: Selection(Offset(2, key), Offset(7, key))}
        document.insert_before([UserEntry("earlier")])
        await pilot.pause()
        assert app.screen.get_selected_text() == "hello"


async def test_an_empty_document_is_blank() -> None:
    app = TranscriptApp(TranscriptDocument())
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.focus()
        await pilot.press("up", "down", "pageup", "home", "end", "alt+up", "enter")
        assert set(app.shown()) == {""}
        app.transcript.document.append(UserEntry("hello"))
        await pilot.pause()
        assert app.shown()[:2] == ["▌ you", "▌ hello"]


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (4, 3), (8, 2), (20, 1)])
async def test_any_size_is_survived(size: tuple[int, int]) -> None:
    entries: list[Entry] = [
        UserEntry("hello there", "09:14"),
        FoldEntry("tool", "detail", aside="1 s", sections=[("r", "text")]),
        AnswerEntry("bot", "# a\n\n> - b\n>   1. c\n\n|d|e|\n|-|-|\n|f|g|\n\n```py\nh\n```\n", finished=True),
    ]
    app = TranscriptApp(TranscriptDocument(entries))
    async with app.run_test(size=size) as pilot:
        app.transcript.focus()
        await pilot.press("home", "down", "end", "alt+up", "enter")
        assert app.is_running


async def test_text_that_cannot_be_parsed_in_one_go_comes_in_slices() -> None:
    answer = AnswerEntry("bot", "word " * 100_000 + "\n\nthe end", finished=True)
    app = TranscriptApp(TranscriptDocument([answer]))
    async with app.run_test(size=(60, 20)) as pilot:
        while answer.behind:
            await pilot.pause()
        await pilot.pause()
        assert app.shown()[-1] == "  the end"
