"""A text or a whole conversation on the whole screen, with the keys of `less`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from hector_tui.ui.clipboard import copy_text
from hector_tui.ui.guarded import run_guarded
from hector_tui.ui.keymap import bindings_of, key_line, keys_of
from hector_tui.ui.text import clean_line
from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.widget import Transcript
from hector_tui.ui.widgets.search_bar import LoadOlder, SearchBar

_WIDEST = 10_000
"""Cells of the text column of a plain text: all there are."""


class PagerTranscript(Transcript):
    """A transcript that is only read: its keys are those of a pager."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b,pageup,ctrl+b,shift+space", "scroll_pages(-1)", "Page up", id="pager.page_up", show=False),
        Binding("space,pagedown,f", "scroll_pages(1)", "Page down", id="pager.page_down", show=False),
        Binding("ctrl+u,u", "half_page(-1)", "Half a page up", id="pager.half_up", show=False),
        Binding("ctrl+d,d", "half_page(1)", "Half a page down", id="pager.half_down", show=False),
        Binding("enter,o", "toggle_fold", "Open or close", id="pager.toggle", show=False),
    ]

    def action_half_page(self, by: int) -> None:
        """Scroll by half a screen."""
        self.action_scroll_rows(by * max(1, self.scrollable_content_region.height // 2))


_KEY_PARTS = (
    ("pager.leave", "leave"),
    ("pager.page_down pager.page_up", "page"),
    ("pager.search", "search"),
    ("transcript.next_match transcript.previous_match", "matches"),
    ("transcript.previous_question transcript.next_question", "questions"),
    ("transcript.home transcript.end", "ends"),
    ("transcript.copy", "copy"),
)
"""What the bottom row names, the most wanted first."""


class PagerScreen(Screen[None]):
    """Shows a document until the person leaves.

    The document may be the one of the screen below: this one draws it meanwhile, and what streams into it is seen.

    Args:
        title: What is shown.
        document: The text.
        copied: Where a copy goes when no clipboard is sure to take it.
        load_older: Loads what the document does not hold yet; None when it holds all.
        conversation: The document is a conversation, not one plain text.
        open_link: What a click on a link does; None for nothing.
    """

    CSS = """
    PagerScreen { background: $background; color: $foreground; }
    #pager-title { height: 1; padding: 0 1; background: $panel; text-style: bold; }
    PagerScreen.-narrow #search-keys { display: none; }
    #pager-keys { height: 1; padding: 0 1; background: $panel; color: $text-muted; }
    """

    AUTO_FOCUS = "PagerTranscript"
    # Textual annotates it as an instance variable, so that a ClassVar is a type error here.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (120, "-wide")]  # noqa: RUF012

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape,ctrl+t", "leave", "Leave", id="pager.leave", show=False),
        Binding("ctrl+f", "search", "Search", id="pager.search", show=False),
        Binding("ctrl+o", "folds", "Open or close all tools and thinking", id="pager.folds", show=False),
        Binding("ctrl+c", "copy_text", "Copy the selection", id="pager.copy", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        document: TranscriptDocument,
        *,
        copied: Path,
        load_older: LoadOlder | None = None,
        conversation: bool = False,
        open_link: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._document = document
        self._copied = copied
        self._load_older = load_older
        self._conversation = conversation
        self._open_link = open_link

    def compose(self) -> ComposeResult:
        """The title, the text, the search bar and the keys."""
        yield Static(clean_line(self._title), id="pager-title", markup=False)
        if self._conversation:
            yield PagerTranscript(self._document, id="pager")
        else:
            yield PagerTranscript(self._document, max_width=_WIDEST, id="pager")
        yield SearchBar(forward=True, id="pager-search")
        yield Static(id="pager-keys", markup=False)

    def on_resize(self) -> None:
        """Name as many keys as there is room for; how to leave is the first."""
        bindings = [*bindings_of(PagerTranscript), *bindings_of(type(self))]
        for count in range(len(_KEY_PARTS), 0, -1):
            line = key_line(keys_of(self.app), bindings, _KEY_PARTS[:count])
            if cell_len(line) <= self.size.width - 2:
                break
        self.query_one("#pager-keys", Static).update(line)

    @property
    def transcript(self) -> PagerTranscript:
        """What is read."""
        return self.query_one(PagerTranscript)

    @property
    def _bar(self) -> SearchBar:
        return self.query_one(SearchBar)

    def action_leave(self) -> None:
        """Go back."""
        if self.transcript.searched is not None:
            self.transcript.highlight(None)
        elif self.transcript.selected_text:
            self.transcript.select(None)
        elif self.is_active:
            self.dismiss()

    def _key_escape(self) -> None:
        """Nothing: Textual drops the selection before the binding of Esc runs, which would then do the next thing."""

    def action_search(self) -> None:
        """Ask what to search for."""
        self._bar.open(self.transcript, self._load_older)

    def action_match(self, by: int) -> None:
        """Go to the next match or the one before."""
        self._bar.step(self.transcript, by)

    def action_folds(self) -> None:
        """Open all that can be opened, or close it."""
        self.transcript.toggle_folds()

    def action_copy_text(self) -> None:
        """Copy the selection."""
        if text := self.transcript.selected_text:
            self._copy(text, "selection")

    def _copy(self, text: str, what: str) -> None:
        run_guarded(self, partial(copy_text, self.app, text, what, self._copied), group="copy")

    @on(SearchBar.Closed)
    def _search_closed(self) -> None:
        self.transcript.focus()

    @on(Transcript.CopyWanted)
    def _copy_wanted(self, message: Transcript.CopyWanted) -> None:
        message.stop()
        self._copy(message.text, message.what)

    @on(Transcript.LinkClicked)
    def _link_clicked(self, message: Transcript.LinkClicked) -> None:
        message.stop()
        if self._open_link is not None:
            self._open_link(message.url)

    @on(Transcript.OlderWanted)
    def _older_wanted(self, message: Transcript.OlderWanted) -> None:
        message.stop()
        if self._load_older is not None:
            run_guarded(self, self._load_older, group="older")

    @on(Transcript.QuestionWanted)
    def _question_wanted(self, message: Transcript.QuestionWanted) -> None:
        message.stop()
        run_guarded(self, self._go_to_question, group="older")

    async def _go_to_question(self) -> None:
        if self._load_older is not None and await self._load_older():
            self.transcript.action_question(-1)

    @on(Transcript.OldestWanted)
    def _oldest_wanted(self, message: Transcript.OldestWanted) -> None:
        message.stop()
        run_guarded(self, self._go_to_oldest, group="older")

    async def _go_to_oldest(self) -> None:
        while self._load_older is not None and await self._load_older():
            pass
        self.transcript.scroll_home()
