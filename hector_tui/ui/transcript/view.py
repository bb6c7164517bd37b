"""Paints the rows of one document, and owns its scroll position.

Textual's own scrolling wants to know how high the content is, and lays the whole screen out when that changes: 5 to
12 ms for every line an answer grows by. Here the document knows the reader's place; each frame compares the rows in
view with those of the frame before, and only rows that differ are painted. The scrollbar is told once in a screenful,
not with every line: its own repaint would cost more bytes than the answer.
"""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.theme import Theme
from textual.widget import Widget

from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.flow import Place, Row
from hector_tui.ui.transcript.painting import Highlights, row_strip, selected
from hector_tui.ui.transcript.parts import GUTTER
from hector_tui.ui.transcript.search import Shown, TranscriptSearch
from hector_tui.ui.transcript.styles import TranscriptStyles

WHEEL_ROWS = 3
"""Rows a notch of the mouse wheel moves."""


class _Wanted(Message):
    """The transcript needs what only its screen can load."""

    def __init__(self, transcript: TranscriptView, document: TranscriptDocument) -> None:
        super().__init__()
        self.transcript = transcript
        self.document = document

    @property
    def control(self) -> TranscriptView:
        """The transcript that asks."""
        return self.transcript


class TranscriptView(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows one `TranscriptDocument` at a time; `Transcript` adds what a person does with it.

    Args:
        max_width: Cells of the text column at most; longer lines are hard to read.
        name: The widget's name.
        id: The widget's id in the DOM.
        classes: Its CSS classes.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"transcript--match", "transcript--match-current"}

    DEFAULT_CSS = """
    TranscriptView {
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

        /* By attributes first: with the terminal's own palette, or without any colour, they are all there is. */
        & > .transcript--match { text-style: bold underline; color: $text-warning; }
        & > .transcript--match-current { text-style: bold reverse; color: $text-warning; }
    }
    """

    ALLOW_MAXIMIZE = False

    has_new_below: reactive[bool] = reactive(False, repaint=False)
    """Something was added below the view since the reader left the end."""

    class OlderWanted(_Wanted, namespace="transcript"):
        """The top of what is loaded comes near; answer with `document.insert_before(...)`."""

    class OldestWanted(_Wanted, namespace="transcript"):
        """The reader wants to see the very first row; answer by loading all there is and scrolling home again."""

    class QuestionWanted(_Wanted, namespace="transcript"):
        """The reader wants the question before those that are loaded; answer with a page and `action_question(-1)`."""

    class NewBelow(Message, namespace="transcript"):
        """`has_new_below` changed."""

        def __init__(self, transcript: TranscriptView, value: bool) -> None:
            super().__init__()
            self.transcript = transcript
            self.value = value

        @property
        def control(self) -> TranscriptView:
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
        self._search: TranscriptSearch | None = None
        self._highlights: Highlights | None = None
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
            self.highlight(None)
        document.on_change = self._document_changed
        self._scrollbar_total = -1
        self._frame()

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
        if self._document.on_change != self._document_changed:
            # Another widget shows the document, at another width: a pager over this screen.
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
        stop = self._document.settled_stop()
        blank = Strip.blank(size.width, styles.base)
        self._painted = [
            row_strip(row, size.width, styles, marked=stop is not None and stop.marks(row)) for row in rows
        ]
        if self._highlights is not None:
            self._painted = self._highlights.painted(rows, self._painted)
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

    # Highlights

    @property
    def searched(self) -> TranscriptSearch | None:
        """What is highlighted."""
        return self._search

    def highlight(self, search: TranscriptSearch | None) -> None:
        """Highlight the occurrences of a text, or none any more."""
        self._search = search
        self._highlights = None
        if search is not None:
            self._highlights = Highlights(
                search,
                self.get_component_rich_style("transcript--match", partial=True),
                self.get_component_rich_style("transcript--match-current", partial=True),
            )
        self._document_changed()

    def show_hit(self) -> Shown | None:
        """Move the view so that the current occurrence stands in it; where it is drawn, None without one."""
        if self._search is None or self._highlights is None or self._search.current is None:
            return None
        shown = self._search.find(self._search.current)
        self._highlights.current = shown
        self._document.reveal(shown.place, self.scrollable_content_region.height)
        self._scrolled()
        return shown

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
        """One row; Textual asks for single rows only under the mouse."""
        if not 0 <= y < len(self._painted):
            return Strip.blank(max(1, self.size.width), self._theme_styles().base)
        return self._painted[y]

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
        """Go to the oldest row, and ask for what is older still."""
        self.scroll_home()
        if self._document.has_older:
            self.post_message(self.OldestWanted(self, self._document))

    def action_scroll_end(self) -> None:
        """Go to the newest row."""
        self.scroll_end()

    @property
    def first_place(self) -> Place | None:
        """The first row in view."""
        return self._rows[0].place if self._rows else None

    @property
    def last_place(self) -> Place | None:
        """The last row in view."""
        return self._rows[-1].place if self._rows else None

    def rows_moved(self) -> None:
        """Draw again: the document was told to show another place."""
        self._scrolled()

    def _scrolled(self) -> None:
        self._scrollbar_total = -1
        self._frame()
