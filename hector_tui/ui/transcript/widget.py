"""The transcript widget: what a person does with the rows, by mouse and by key."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.message import Message
from textual.selection import Selection
from textual.timer import Timer

from hector_tui.ui.transcript.blocks import Stop
from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import Entry
from hector_tui.ui.transcript.flow import Place
from hector_tui.ui.transcript.inline import URL_KEY
from hector_tui.ui.transcript.painting import links
from hector_tui.ui.transcript.search import TranscriptSearch
from hector_tui.ui.transcript.selecting import Caret, Range, index_at, moved, part_range, row_ends, stop_range, word_at
from hector_tui.ui.transcript.view import TranscriptView

_DRAG_SCROLL_S = 0.05
"""Seconds between two steps of the view while a drag is held beyond its edge."""
_DRAG_MOST = 4
"""Rows of such a step at most; the further away the pointer is, the more."""


class Transcript(TranscriptView):
    """Shows one `TranscriptDocument` at a time; see `TranscriptView` for its arguments."""

    BINDING_GROUP_TITLE = "Transcript"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_rows(-1)", "Up", id="transcript.up", show=False),
        Binding("down,j", "scroll_rows(1)", "Down", id="transcript.down", show=False),
        Binding("pageup,ctrl+u", "scroll_pages(-1)", "Page up", id="transcript.page_up", show=False),
        Binding("pagedown,ctrl+d", "scroll_pages(1)", "Page down", id="transcript.page_down", show=False),
        Binding("home,g", "scroll_home", "Oldest", id="transcript.home", show=False),
        Binding("end,G", "scroll_end", "Newest", id="transcript.end", show=False),
        Binding("alt+up", "move_cursor(-1)", "Previous block", id="transcript.previous_block", show=False),
        Binding("alt+down", "move_cursor(1)", "Next block", id="transcript.next_block", show=False),
        Binding(
            "left_curly_bracket", "question(-1)", "Previous question", id="transcript.previous_question", show=False
        ),
        Binding("right_curly_bracket", "question(1)", "Next question", id="transcript.next_question", show=False),
        Binding("enter", "block_actions", "What can be done with the block", id="transcript.actions", show=False),
        Binding("space", "toggle_fold", "Open or close", id="transcript.toggle", show=False),
        Binding("y,c", "copy", "Copy the selection or the block", id="transcript.copy", show=False),
        Binding("slash", "screen.search", "Search", id="transcript.search", show=False),
        Binding("n", "screen.match(1)", "Next match", id="transcript.next_match", show=False),
        Binding("N", "screen.match(-1)", "Previous match", id="transcript.previous_match", show=False),
        Binding("e", "screen.edit_question", "Edit the question, send again", id="transcript.edit", show=False),
        Binding("greater_than_sign", "screen.quote", "Quote into the prompt", id="transcript.quote", show=False),
        Binding("v", "select_block", "Select the block", id="transcript.select_block", show=False),
        Binding("shift+up", "select('up')", "Select up", id="transcript.select_up", show=False),
        Binding("shift+down", "select('down')", "Select down", id="transcript.select_down", show=False),
        Binding("shift+left", "select('left')", "Select left", id="transcript.select_left", show=False),
        Binding("shift+right", "select('right')", "Select right", id="transcript.select_right", show=False),
        Binding("shift+home", "select('home')", "Select to the row's start", id="transcript.select_home", show=False),
        Binding("shift+end", "select('end')", "Select to the row's end", id="transcript.select_end", show=False),
        Binding("shift+pageup", "select_pages('up')", "Select a page up", id="transcript.select_page_up", show=False),
        Binding(
            "shift+pagedown", "select_pages('down')", "Select a page down", id="transcript.select_page_down", show=False
        ),
    ]

    class LinkClicked(Message):
        """A link was clicked; nothing was opened."""

        def __init__(self, transcript: Transcript, url: str) -> None:
            super().__init__()
            self.transcript = transcript
            self.url = url

        @property
        def control(self) -> Transcript:
            """The transcript it was clicked in."""
            return self.transcript

    class CopyWanted(Message):
        """Something is to be copied."""

        def __init__(self, transcript: Transcript, text: str, what: str) -> None:
            super().__init__()
            self.transcript = transcript
            self.text = text
            self.what = what

        @property
        def control(self) -> Transcript:
            """The transcript it stands in."""
            return self.transcript

    class ActionsWanted(Message):
        """The person wants to know what can be done with the block under the cursor."""

        def __init__(self, transcript: Transcript, block: Stop) -> None:
            super().__init__()
            self.transcript = transcript
            self.block = block

        @property
        def control(self) -> Transcript:
            """The transcript it stands in."""
            return self.transcript

    _range: Range | None = None
    _pressed: Caret | None = None
    """Where the mouse button went down; None while it is up."""
    _drag_timer: Timer | None = None
    _drag_rows = 0

    # The document

    def show(self, document: TranscriptDocument) -> None:
        """Show another document, at the place it was left. The one before keeps its place and forgets its rows."""
        if document is not self._document:
            self._end_drag()
            self.clear_selection()
            self._document.pin(False)
        super().show(document)

    def last_answer_text(self) -> str:
        """The Markdown of the last answer; empty when there is none."""
        return self._document.last_answer_text()

    def cursor_text(self) -> str:
        """The text of the block under the cursor, as it was written; empty without one."""
        stop = self._document.settled_stop()
        return "" if stop is None else stop.text

    def visible_links(self) -> list[str]:
        """The addresses of the links in view, from top to bottom, each once: for opening links by key."""
        return links(self._rows)

    def highlight(self, search: TranscriptSearch | None) -> None:
        """Highlight the occurrences of a text, or none any more; the view stands still while it does."""
        super().highlight(search)
        self._pin()

    # The selection

    @property
    def allow_select(self) -> bool:
        """Not by Textual: `hector_tui.ui.transcript.selecting` says why."""
        return False

    @property
    def selected_text(self) -> str:
        """The selected text; empty when nothing is selected here."""
        selection = self.text_selection if self.is_attached else None
        found = None if selection is None else self.get_selection(selection)
        return "" if found is None else found[0]

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text as the author wrote its lines: without gutter and bars, wrapped rows joined."""
        start = None if selection.start is None else (Place.from_key(selection.start.y), selection.start.x)
        end = None if selection.end is None else (Place.from_key(selection.end.y), selection.end.x)
        return self._document.text_between(start, end), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """The selection changed, perhaps because something else on the screen was selected."""
        if selection is None:
            self._range = None
            self._pin()
        self.refresh()

    def clear_selection(self) -> None:
        """Drop the text selection of this widget, if there is one."""
        if self.is_attached and self.text_selection is not None:
            self.screen.clear_selection()
        self._range = None

    def select(self, selected: Range | None) -> None:
        """Select some text instead of whatever is selected on the screen."""
        self._range = selected
        if selected is None:
            self.clear_selection()
        else:
            self.screen.selections = {self: selected.selection(self._document)}
        self._pin()

    def _pin(self) -> None:
        """Let the view stand still while somebody needs it to."""
        busy = self._range is not None or self._pressed is not None or self._search is not None
        self._document.pin(busy)
        self._document_changed()

    def _frame(self) -> None:
        if self._range is not None:
            settled = self._range.settled(self._document)
            if settled != self._range:
                self.select(settled)
        super()._frame()

    def action_select_block(self) -> None:
        """Select what the block cursor stands on."""
        stop = self._document.settled_stop()
        if stop is not None:
            self.select(stop_range(self._document, stop))

    def action_select(self, where: str, rows: int = 1) -> None:
        """Extend the selection; without one, begin with the row of the block cursor, or the one nearest in view."""
        if not self._rows:
            return
        if self._range is None:
            self.select(self._first_range(where))
        else:
            self.select(moved(self._document, self._range, where, rows))
        if self._range is not None:
            self._document.reveal(self._range.head.place, self.scrollable_content_region.height)
            self._scrolled()

    def action_select_pages(self, where: str) -> None:
        """Extend the selection by a screen."""
        self.action_select(where, max(1, self.scrollable_content_region.height - 2))

    def _first_range(self, where: str) -> Range | None:
        stop = self._document.settled_stop()
        if stop is not None and any(stop.marks(row) for row in self._rows):
            whole = stop_range(self._document, stop)
            place = None if whole is None else whole.anchor.place
        else:
            place = self._rows[-1 if where == "up" else 0].place
        line = None if place is None else self._document.line_at(place)
        if place is None or line is None:
            return None
        first, last = row_ends(place, line)
        match where:
            case "up" | "home":
                return Range(last, first)
            case "left" | "right":
                return Range(first, first)
            case _:
                return Range(first, last)

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to select."""
        if event.button == 1 and self._rows:
            self._pressed = self._caret(event.get_content_offset_capture(self))
            self.capture_mouse()
            self._pin()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Extend the selection to the pointer; beyond an edge, the view follows it."""
        if self._pressed is None:
            return
        offset = event.get_content_offset_capture(self)
        height = self.scrollable_content_region.height
        beyond = offset.y if offset.y < 0 else max(0, offset.y - height + 1)
        self._drag_rows = max(-_DRAG_MOST, min(_DRAG_MOST, beyond))
        if self._drag_rows and self._drag_timer is None:
            self._drag_timer = self.set_interval(_DRAG_SCROLL_S, self._drag_on)
        elif not self._drag_rows:
            self._stop_drag_timer()
        self._drag_to(self._caret(offset))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """The selection stands."""
        self._end_drag()

    def _drag_on(self) -> None:
        self.action_scroll_rows(self._drag_rows)
        if self._rows:
            self._drag_to(self._caret(Offset(0 if self._drag_rows < 0 else self.size.width, self._drag_rows * 1_000)))

    def _drag_to(self, caret: Caret) -> None:
        if self._pressed is not None and (self._range is not None or caret != self._pressed):
            self.select(Range(self._pressed, caret))

    def _end_drag(self) -> None:
        self._stop_drag_timer()
        if self._pressed is not None:
            self._pressed = None
            self.release_mouse()
            self._pin()

    def _stop_drag_timer(self) -> None:
        if self._drag_timer is not None:
            self._drag_timer.stop()
            self._drag_timer = None

    def _caret(self, offset: Offset) -> Caret:
        """The character nearest to a cell of the view."""
        row = self._rows[max(0, min(offset.y, len(self._rows) - 1))]
        first = row.line.decoration
        if offset.y < 0:
            return Caret(row.place, first)
        last = first + len(row.line.said)
        index = last if offset.y >= len(self._rows) else index_at(row.line.text, max(0, offset.x))
        return Caret(row.place, max(first, min(index, last)))

    def on_click(self, event: events.Click) -> None:
        """Follow a link, or open a fold; two clicks select a word, three what it belongs to."""
        if self.text_selection is not None:
            # The end of a drag: the mouse was used to select, not to press.
            return
        offset = event.get_content_offset_capture(self)
        url = event.style.meta.get(URL_KEY)
        if event.chain > 1 and 0 <= offset.y < len(self._rows):
            event.stop()
            self._select_around(self._caret(offset), whole_part=event.chain > 2)
        elif url is not None:
            event.stop()
            self.post_message(self.LinkClicked(self, str(url)))
        elif 0 <= offset.y < len(self._rows):
            row = self._rows[offset.y]
            if row.entry.foldable and row.place.part == 0:
                event.stop()
                self._toggle(row.entry)

    def _select_around(self, caret: Caret, *, whole_part: bool) -> None:
        line = self._document.line_at(caret.place)
        if whole_part:
            self.select(part_range(self._document, caret.place))
        elif line is not None:
            self.select(word_at(caret.place, line, caret.at))

    # Blocks

    def action_move_cursor(self, step: int) -> None:
        """Move the block cursor."""
        self._document.move_cursor(step, self.scrollable_content_region.height)
        self._scrolled()

    def drop_cursor(self) -> None:
        """Take the block cursor away."""
        if self._document.stop is not None:
            self._document.stop = None
            self._document_changed()

    def action_question(self, step: int) -> None:
        """Go to the next question or the one before; after the last one, to the end."""
        if self._document.go_to_question(step, self.scrollable_content_region.height):
            self._scrolled()
        elif step > 0:
            self.scroll_end()
        elif self._document.has_older:
            self.post_message(self.QuestionWanted(self, self._document))

    def action_toggle_fold(self) -> None:
        """Open or close the entry under the block cursor."""
        cursor = self._document.cursor
        if cursor is not None:
            self._toggle(cursor)

    def toggle_folds(self) -> bool | None:
        """Open every row that opens, or close all when one is open; whether they are open now, None without any."""
        folds = [entry for entry in self._document.entries if entry.foldable]
        opened = [entry for entry in folds if entry.opened]
        self._document.hold()
        changed = [entry.toggle() for entry in opened or folds]
        self._scrolled()
        return not opened if any(changed) else None

    def action_block_actions(self) -> None:
        """Ask for what can be done with the block under the cursor; without a cursor, set it first."""
        if self._document.stop is None:
            self.action_move_cursor(-1)
        elif (stop := self._document.settled_stop()) is not None:
            self.post_message(self.ActionsWanted(self, stop))

    def action_copy(self) -> None:
        """Copy the selection, else the block under the cursor."""
        stop = self._document.settled_stop()
        if selected := self.selected_text:
            self.post_message(self.CopyWanted(self, selected, "selection"))
        elif stop is not None:
            self.post_message(self.CopyWanted(self, stop.copied, stop.kind))

    def _toggle(self, entry: Entry) -> None:
        # The row that was clicked stays under the mouse; the view follows again when the end is still in it.
        self._document.hold()
        entry.toggle()
        self._scrolled()
