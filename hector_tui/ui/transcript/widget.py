"""The transcript widget: paints the rows of one document, and owns its scroll position.

Textual's own scrolling wants to know how high the content is, and lays the whole screen out when that changes: 5 to
12 ms for every line an answer grows by. Here the document knows the reader's place; each frame compares the rows in
view with those of the frame before, and only rows that differ are painted. The scrollbar is told once in a screenful,
not with every line: its own repaint would cost more bytes than the answer.
"""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.theme import Theme
from textual.widget import Widget

from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import Entry
from hector_tui.ui.transcript.flow import Place, Row
from hector_tui.ui.transcript.inline import URL_KEY
from hector_tui.ui.transcript.painting import links, row_strip, selected
from hector_tui.ui.transcript.parts import GUTTER
from hector_tui.ui.transcript.styles import TranscriptStyles

WHEEL_ROWS = 3
"""Rows a notch of the mouse wheel moves."""


class Transcript(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows one `TranscriptDocument` at a time.

    Args:
        max_width: Cells of the text column at most; longer lines are hard to read.
        name: The widget's name.
        id: The widget's id in the DOM.
        classes: Its CSS classes.
    """

    DEFAULT_CSS = """
    Transcript {
        width: 1fr;
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        scrollbar-background: $background;
        scrollbar-background-hover: $background;
        scrollbar-background-active: $background;
        background: $background;
        color: $foreground;
    }
    """

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
        Binding("enter,space", "toggle_fold", "Open or close", id="transcript.toggle", show=False),
    ]

    ALLOW_MAXIMIZE = False

    has_new_below: reactive[bool] = reactive(False, repaint=False)
    """Something was added below the view since the reader left the end."""

    class OlderWanted(Message):
        """The top of what is loaded comes near; answer with `document.insert_before(...)`."""

        def __init__(self, transcript: Transcript, document: TranscriptDocument) -> None:
            super().__init__()
            self.transcript = transcript
            self.document = document

        @property
        def control(self) -> Transcript:
            """The transcript that asks."""
            return self.transcript

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

    class NewBelow(Message):
        """`has_new_below` changed."""

        def __init__(self, transcript: Transcript, value: bool) -> None:
            super().__init__()
            self.transcript = transcript
            self.value = value

        @property
        def control(self) -> Transcript:
            """The transcript it changed in."""
            return self.transcript

    def __init__(
        self,
        document: TranscriptDocument | None = None,
        *,
        max_width: int = 100,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._max_width = max_width
        self._document = document or TranscriptDocument()
        self._styles: TranscriptStyles | None = None
        self._styles_made_of: tuple[Theme, Style] | None = None
        self._rows: list[Row] = []
        self._painted: list[Strip] = []
        self._frame_due = False
        self._scrollbar_total = -1
        self.frames = 0
        """How many times the rows in view were put together: for tests and benchmarks."""

    # The document

    @property
    def document(self) -> TranscriptDocument:
        """What is shown."""
        return self._document

    def show(self, document: TranscriptDocument) -> None:
        """Show another document, at the place it was left. The one before keeps its place and forgets its rows."""
        if document is not self._document:
            self._document.on_change = None
            self._document.release()
            self._document = document
            self.clear_selection()
        document.on_change = self._document_changed
        self._scrollbar_total = -1
        self._frame()

    def last_answer_text(self) -> str:
        """The Markdown of the last answer; empty when there is none."""
        return self._document.last_answer_text()

    def cursor_text(self) -> str:
        """The text of the entry under the block cursor; empty without one."""
        cursor = self._document.cursor
        return "" if cursor is None else cursor.source_text()

    def visible_links(self) -> list[str]:
        """The addresses of the links in view, from top to bottom, each once: for opening links by key."""
        return links(self._rows)

    def clear_selection(self) -> None:
        """Drop the text selection of this widget, if there is one."""
        if self.is_attached and self.text_selection is not None:
            self.screen.clear_selection()

    # Frames

    def _document_changed(self) -> None:
        """Something was appended: put the view together once, however many changes come before that."""
        if not self._frame_due and self.is_attached:
            self._frame_due = True
            self.call_next(self._frame)

    def _frame(self) -> None:
        """Put the rows in view together, and paint those that differ from the frame before."""
        self._frame_due = False
        size = self.scrollable_content_region.size
        if not self.is_attached or size.width <= GUTTER + 1 or size.height < 1:
            return
        self.frames += 1
        document = self._document
        document.set_layout(self._theme_styles(), min(self._max_width, size.width - GUTTER - 1))
        view = document.view(size.height)
        self._paint(view.rows, size)
        self._update_scrollbar(size, at_end=view.at_end)
        if self.has_new_below != document.new_below:
            self.has_new_below = document.new_below
            self.post_message(self.NewBelow(self, document.new_below))
        if document.has_older and not document.older_asked and document.top_row() < size.height:
            document.older_asked = True
            self.post_message(self.OlderWanted(self, document))
        if document.behind:
            # A long answer is parsed in slices; keys and painting come in between.
            self.call_after_refresh(self._document_changed)

    def _paint(self, rows: list[Row], size: Size) -> None:
        """Take over new rows, and have those repainted that look different."""
        former = self._painted
        self._rows = rows
        styles = self._theme_styles()
        cursor = self._document.cursor
        blank = Strip.blank(size.width, styles.base)
        self._painted = [row_strip(row, size.width, styles, marked=row.entry is cursor) for row in rows]
        self._painted += [blank] * (size.height - len(rows))
        if len(former) != len(self._painted):
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(former, self._painted, strict=True)) if old is not new]
        regions: list[Region] = []
        for y in changed:
            if regions and regions[-1].bottom == y:
                regions[-1] = regions[-1]._replace(height=regions[-1].height + 1)
            else:
                regions.append(Region(0, y, size.width, 1))
        if regions:
            self.refresh(*regions)

    def _theme_styles(self) -> TranscriptStyles:
        made_of = (self.app.current_theme, self.rich_style)
        if self._styles is None or made_of != self._styles_made_of:
            self._styles = TranscriptStyles.from_theme(self.app.theme_variables, self.rich_style)
            self._styles_made_of = made_of
        return self._styles

    def _update_scrollbar(self, size: Size, *, at_end: bool, exact: bool = False) -> None:
        """Tell the scrollbar where the view is; while the end is followed only once in a screenful."""
        document = self._document
        total = document.total_rows
        if (
            at_end
            and not exact
            and abs(total - self._scrollbar_total) < size.height
            and self._scrollbar_total > size.height
        ):
            return
        self._scrollbar_total = total
        # What Textual reads when it lays the screen out for another reason; setting it as usual would lay it out now.
        self.set_reactive(Widget.virtual_size, Size(size.width, max(total, size.height)))
        position = document.top_row()
        self.set_reactive(Widget.scroll_y, position)
        self.set_reactive(Widget.scroll_target_y, position)
        scrollbar = self.vertical_scrollbar
        scrollbar.window_virtual_size = max(total, size.height)
        scrollbar.window_size = size.height
        scrollbar.position = position

    # Rendering, called by Textual

    def render_lines(self, crop: Region) -> list[Strip]:
        """The strips in view; the same objects as in the frame before, where nothing changed."""
        painted = self._painted
        width = self.scrollable_content_region.width
        blank = Strip.blank(max(1, width), self._theme_styles().base)
        strips = [painted[y] if y < len(painted) else blank for y in crop.line_range]
        selection = self.text_selection
        if selection is not None:
            style = self.screen.get_component_rich_style("screen--selection")
            for index, y in enumerate(crop.line_range):
                if y < len(self._rows):
                    strips[index] = selected(strips[index], self._rows[y], selection, style)
        _, background = self.background_colors
        for line_filter in self.get_line_filters():
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        if crop.column_span != (0, width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """A row with the offsets text selection needs; Textual asks for single rows only under the mouse."""
        if not 0 <= y < len(self._rows):
            return Strip.blank(max(1, self.size.width), self._theme_styles().base)
        return self._painted[y].apply_offsets(0, self._rows[y].place.key())

    @property
    def allow_select(self) -> bool:
        """Text can be selected with the mouse."""
        return True

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text as the author wrote its lines: without gutter and bars, wrapped rows joined."""
        start = None if selection.start is None else (Place.from_key(selection.start.y), selection.start.x)
        end = None if selection.end is None else (Place.from_key(selection.end.y), selection.end.x)
        return self._document.text_between(start, end), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Textual changed the selection."""
        self.refresh()

    # Events

    def on_mount(self) -> None:
        """Start to show the document."""
        self.show(self._document)

    def on_resize(self) -> None:
        """The room changed: what is in view is rendered again, the rest when somebody looks."""
        self._scrollbar_total = -1
        self._frame()

    def on_unmount(self) -> None:
        """Leave the document alone; another widget may show it."""
        if self._document.on_change == self._document_changed:
            self._document.on_change = None

    def notify_style_update(self) -> None:
        """The theme, the widget's CSS, or only the focus changed; new styles are made if they came out different."""
        super().notify_style_update()
        self._document_changed()

    def on_click(self, event: events.Click) -> None:
        """Follow a link, or open a fold."""
        if self.text_selection is not None:
            # The end of a drag: the mouse was used to select, not to press.
            return
        y = event.get_content_offset_capture(self).y
        url = event.style.meta.get(URL_KEY)
        if url is not None:
            event.stop()
            self.post_message(self.LinkClicked(self, str(url)))
        elif event.chain == 1 and 0 <= y < len(self._rows):
            row = self._rows[y]
            if row.entry.foldable and row.place.part == 0:
                event.stop()
                self._toggle(row.entry)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        self._wheel(event, WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        self._wheel(event, -WHEEL_ROWS)

    def _wheel(self, event: events.MouseEvent, rows: int) -> None:
        event.stop()
        event.prevent_default()
        self.action_scroll_rows(rows)

    # Scrolling

    def scroll_to(self, x: float | None = None, y: float | None = None, **options: object) -> None:
        """Scroll to a row, at once: what Textual calls when the scrollbar is dragged. Only `y` has a meaning here."""
        if y is None:
            return
        rows = round(y) - self._document.top_row()
        height = self.scrollable_content_region.height
        # Near rows are counted, far ones looked up: heights in between may be guesses.
        if abs(rows) <= 2 * height:
            self._document.scroll(rows)
        else:
            self._document.scroll_to(round(y))
        self._scrolled()

    def scroll_end(self, **options: object) -> None:
        """Go to the end, and stay there while it grows."""
        self._document.scroll_end()
        self._scrolled()

    def scroll_home(self, **options: object) -> None:
        """Go to the oldest row that is loaded."""
        self._document.scroll_home()
        self._scrolled()

    def action_scroll_rows(self, rows: int) -> None:
        """Scroll by rows."""
        self._document.scroll(rows)
        self._scrolled()

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by screens, two rows of the old one staying in view."""
        self.action_scroll_rows(pages * max(1, self.scrollable_content_region.height - 2))

    def action_scroll_home(self) -> None:
        """Go to the oldest row."""
        self.scroll_home()

    def action_scroll_end(self) -> None:
        """Go to the newest row."""
        self.scroll_end()

    def _scrolled(self) -> None:
        self._scrollbar_total = -1
        self._frame()

    # Blocks

    def action_move_cursor(self, step: int) -> None:
        """Move the block cursor."""
        self._document.move_cursor(step, self.scrollable_content_region.height)
        self._scrolled()

    def action_toggle_fold(self) -> None:
        """Open or close the entry under the block cursor."""
        cursor = self._document.cursor
        if cursor is not None:
            self._toggle(cursor)

    def _toggle(self, entry: Entry) -> None:
        # The row that was clicked stays under the mouse; the view follows again when the end is still in it.
        self._document.hold()
        entry.toggle()
        self._scrolled()
