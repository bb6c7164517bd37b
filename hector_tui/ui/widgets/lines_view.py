"""A scrolling view of styled lines that can be set several times a second and draws only what differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style

from hector_tui.ui.text import clean

Line = Content | Text


class LinesView(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows lines as they are, without wrapping, and keeps its place when they change.

    Setting lines that are equal to those shown costs a comparison and draws nothing; lines of the same number and
    fitting width are drawn again without a layout. The bindings are not inherited: those of Textual's scroll
    containers have no id, and would take Ctrl+PageUp and Ctrl+PageDown from the tabs.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Line up", show=False, id="lines.up"),
        Binding("down,j", "scroll_down", "Line down", show=False, id="lines.down"),
        Binding("left,h", "scroll_left", "Left", show=False, id="lines.left"),
        Binding("right,l", "scroll_right", "Right", show=False, id="lines.right"),
        Binding("pageup,ctrl+u", "page_up", "Page up", show=False, id="lines.page_up"),
        Binding("pagedown,ctrl+d,space", "page_down", "Page down", show=False, id="lines.page_down"),
        Binding("home,g", "scroll_home", "First line", show=False, id="lines.home"),
        Binding("end,G", "scroll_end", "Last line", show=False, id="lines.end"),
    ]

    DEFAULT_CSS = """
    LinesView {
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._given: list[Line] = []
        self._contents: list[Content] = []
        self._strips: dict[int, Strip] = {}

    @property
    def line_count(self) -> int:
        """How many lines are shown, in and out of view."""
        return len(self._given)

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show these lines instead of the present ones.

        Args:
            lines: One object per line. A line object is compared by text and styles, so do not change one in place.
        """
        given = list(lines)
        kept = min(len(given), len(self._given))
        changed = [y for y in range(kept) if not _same_line(self._given[y], given[y])]
        if not changed and len(given) == len(self._given):
            return
        changed += range(kept, len(given))
        removed = range(len(given), len(self._given))
        self._given = given
        del self._contents[len(given) :]
        for y in changed:
            self._contents[y : y + 1] = [_shown(given[y])]
        for y in (*changed, *removed):
            self._strips.pop(y, None)
        self._fit_virtual_size()
        self._refresh_visible((*changed, *removed))

    def _fit_virtual_size(self) -> None:
        """Tell Textual how far to scroll; an unchanged size causes no layout."""
        width = max((content.cell_length for content in self._contents), default=0)
        # Lines that fit all count as one width, or each digit more in a counter would lay out the whole screen.
        self.virtual_size = Size(width if width > self.size.width else 0, len(self._given))

    def _on_resize(self, event: events.Resize) -> None:
        self._fit_virtual_size()

    def _refresh_visible(self, lines: Sequence[int]) -> None:
        top = self.scroll_offset.y
        for y in lines:
            if top <= y < top + self.size.height:
                self.refresh_line(y)

    def notify_style_update(self) -> None:
        """Forget what was drawn in the styles of before."""
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """Render one visible line."""
        scroll_x, scroll_y = self.scroll_offset
        style, width = self.rich_style, self.size.width
        line = scroll_y + y
        if line >= len(self._contents):
            return Strip.blank(width, style)
        return self._strip(line).crop_extend(scroll_x, scroll_x + width, style).apply_offsets(scroll_x, line)

    def _strip(self, y: int) -> Strip:
        selection = self.text_selection
        span = selection.get_span(y) if selection is not None else None
        if span is not None:
            start, end = span
            selected = Style.from_styles(self.screen.get_component_styles("screen--selection"))
            return self._rendered(self._contents[y].stylize(selected, start, None if end < 0 else end))
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self._rendered(self._contents[y])
        return strip

    def _rendered(self, content: Content) -> Strip:
        return Strip(content.render_segments(self.visual_style), content.cell_length)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text and what ends it, for copying."""
        return selection.extract("\n".join(content.plain for content in self._contents)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw again; the selection grew or went."""
        self.refresh()


def _same_line(old: Line, new: Line) -> bool:
    # Both classes call two objects equal that differ in style only.
    if old is new:
        return True
    match old, new:
        case Content(), Content():
            return old.plain == new.plain and list(old.spans) == list(new.spans)
        case Text(), Text():
            return old.plain == new.plain and old.style == new.style and old.spans == new.spans
    return False


def _shown(line: Line) -> Content:
    """Return the line as clean content on one line, its styles where they were."""
    content = Content.from_rich_text(line) if isinstance(line, Text) else line
    text = clean(content.plain).replace("\n", "⏎").replace("\t", " ")
    if text == content.plain:
        return content
    # A surrogate pair is the one thing that changes offsets; its line is shown without styles.
    return Content(text, list(content.spans) if len(text) == len(content.plain) else None)
