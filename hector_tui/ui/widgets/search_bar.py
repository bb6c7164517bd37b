"""One row to search a transcript with: matches light up while one types, older turns are loaded as they are needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from hector_tui.ui.guarded import run_guarded
from hector_tui.ui.keymap import bindings_of, key_line, keys_of
from hector_tui.ui.text import clean_line
from hector_tui.ui.transcript.document import Bookmark
from hector_tui.ui.transcript.entries import Entry
from hector_tui.ui.transcript.flow import Place
from hector_tui.ui.transcript.search import TranscriptSearch
from hector_tui.ui.transcript.widget import Transcript
from hector_tui.ui.widgets.line_input import LineInput

LoadOlder = Callable[[], Awaitable[bool]]
"""Loads a page of older turns; False when there is none."""

_LOOK_S = 0.25
"""Seconds between two looks at what an answer that streams has brought."""
_LONGEST = 200


class SearchBar(Horizontal):
    """Searches the transcript it is opened for; hidden until then.

    Args:
        forward: Begin with the first match below the top of the view, and Enter ends the typing, as in a pager.
            Otherwise begin with the last one in view, and Enter goes to older ones, as in a chat.
    """

    DEFAULT_CSS = """
    SearchBar {
        display: none;
        height: 1;
        padding: 0 1;
        background: $panel;

        &.-open { display: block; }
        & #search-label { width: auto; color: $text-primary; text-style: bold; }
        & LineInput { width: 1fr; height: 1; border: none; padding: 0 1; background: $panel; }
        & LineInput:focus { border: none; }
        & #search-count { width: auto; min-width: 12; content-align: right middle; }
        & #search-keys { width: auto; padding: 0 0 0 2; color: $text-muted; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", "Match above", id="search.up", show=False),
        Binding("down,shift+enter", "step(1)", "Match below", id="search.down", show=False),
        Binding("tab", "stay", "Read on at the match", id="search.stay", show=False),
        Binding("escape", "leave", "Back to where one was", id="search.leave", show=False),
    ]

    class Closed(Message):
        """The bar is gone; `stay` when the reader wants to go on at the match."""

        def __init__(self, bar: SearchBar, transcript: Transcript, *, stay: bool) -> None:
            super().__init__()
            self.bar = bar
            self.transcript = transcript
            self.stay = stay

        @property
        def control(self) -> SearchBar:
            """The bar."""
            return self.bar

    def __init__(self, *, forward: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._forward = forward
        self._transcript: Transcript | None = None
        self._load_older: LoadOlder | None = None
        self._bookmark: Bookmark | None = None
        self._from: Place | None = None
        self._opened: list[Entry] = []
        """Rows that were opened to show a match."""
        self._searching = False
        self._around = ""

    def compose(self) -> ComposeResult:
        """The label, the field, the count and the keys."""
        yield Static("find", id="search-label", markup=False)
        yield LineInput(max_length=_LONGEST, id="search-text")
        yield Static("", id="search-count", markup=False)
        yield Static(id="search-keys", markup=False)

    @property
    def is_open(self) -> bool:
        """Whether it is shown."""
        return self._transcript is not None

    @property
    def _field(self) -> LineInput:
        return self.query_one("#search-text", LineInput)

    def open(
        self, transcript: Transcript, load_older: LoadOlder | None, text: str = "", *, label: str = "find"
    ) -> None:
        """Show the bar and search a transcript.

        Args:
            transcript: The transcript.
            load_older: Loads what its document does not hold yet; None when it holds all.
            text: What to search for at once.
            label: What is said before the field.
        """
        if transcript is not self._transcript and not self._field.has_focus:
            self._end(stay=False, restore=True)
        if self._transcript is None:
            self.query_one("#search-label", Static).update(clean_line(label, 40))
            self.query_one("#search-keys", Static).update(self._keys())
            self._transcript, self._load_older = transcript, load_older
            self._bookmark = transcript.document.bookmark()
            self._from = transcript.first_place if self._forward else transcript.last_place
            self._opened.clear()
            self.add_class("-open")
        if text:
            self._field.value = text
        # At once: `focus()` waits for the next turn of the loop, and what is typed meanwhile would go into the prompt.
        self.screen.set_focus(self._field)
        if self._field.value:
            self._field.action_select_all()
            self._begin(self._field.value)

    def close(self, *, stay: bool = False, restore: bool = True) -> None:
        """Hide the bar.

        Args:
            stay: Leave the view and the highlights where they are.
            restore: Otherwise put the view back; not when its document is not the same any more.
        """
        if (transcript := self._end(stay=stay, restore=restore)) is not None:
            self.post_message(self.Closed(self, transcript, stay=stay))

    def _end(self, *, stay: bool, restore: bool) -> Transcript | None:
        """Hide the bar; returns what was searched, None when nothing was."""
        transcript, self._transcript = self._transcript, None
        if transcript is None:
            return None
        self.workers.cancel_node(self)
        self.remove_class("-open")
        if stay:
            if transcript.searched is not None and transcript.searched.current is not None:
                transcript.document.put_cursor(transcript.searched.current.entry)
        else:
            transcript.highlight(None)
            if restore and self._bookmark is not None:
                self._close_opened()
                transcript.document.go_to(self._bookmark)
                transcript.rows_moved()
        return transcript

    def _keys(self) -> str:
        """What the keys do, as they are now."""
        parts = [("enter", "ok")] if self._forward else [("search.up", "older"), ("search.down", "newer")]
        if not self._forward:
            parts.append(("search.stay", "stay"))
        return key_line(keys_of(self.app), bindings_of(type(self)), [*parts, ("search.leave", "back")])

    # Searching

    @on(Input.Changed)
    def _changed(self, message: Input.Changed) -> None:
        message.stop()
        if self.is_open:
            self._begin(message.value)

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        if self._forward:
            self.action_stay()
        else:
            self.action_step(-1)

    def _begin(self, text: str) -> None:
        transcript = self._transcript
        if transcript is None:
            return
        search = TranscriptSearch(transcript.document, text)
        transcript.highlight(search if text.strip() else None)
        self._around = ""
        self._searching = bool(text.strip())
        run_guarded(self, partial(self._search, transcript, search), group="search", exclusive=True)

    async def _search(self, transcript: Transcript, search: TranscriptSearch) -> None:
        """Look through what is loaded, then through what is not, then at what comes."""
        if not search.text.strip():
            self._tell(search)
            return
        while True:
            while not search.scan():
                self._found(transcript, search)
                await asyncio.sleep(0)
            self._found(transcript, search)
            if search.full or self._load_older is None or not await self._load_older():
                break
        self._searching = False
        self._found(transcript, search)
        while True:
            await asyncio.sleep(_LOOK_S)
            if search.look_again() or not search.scan():
                self._tell(search)

    def _found(self, transcript: Transcript, search: TranscriptSearch) -> None:
        """Go to the match nearest to the reader, as soon as there is one."""
        if search.current is None and search.total and self._from is not None:
            if search.nearest(self._from, forward=self._forward) is not None:
                self._show(transcript, search)
        else:
            self._tell(search)

    def _show(self, transcript: Transcript, search: TranscriptSearch) -> None:
        hit = search.current
        self._close_opened(but=None if hit is None else hit.entry)
        if hit is not None and hit.text and hit.entry.foldable and not hit.entry.opened and hit.entry.toggle():
            self._opened.append(hit.entry)
        transcript.show_hit()
        self._tell(search)

    def _close_opened(self, *, but: Entry | None = None) -> None:
        """Close the rows again that were opened to show a match."""
        for entry in self._opened:
            if entry is not but and entry.opened:
                entry.toggle()
        self._opened = [entry for entry in self._opened if entry is but]

    def _tell(self, search: TranscriptSearch) -> None:
        """How many there are. Nothing is laid out for it: the count has room for what it will become."""
        if not search.text.strip():
            words = ""
        elif not search.total:
            words = "searching …" if self._searching else "no match"
        else:
            more = "+" if search.full else " …" if self._searching else ""
            words = f"{self._around}{search.number:,}/{search.total:,}{more}"
        self.query_one("#search-count", Static).update(words)

    def action_step(self, by: int) -> None:
        """Go to the match above (-1) or below (1); after the last one, around."""
        transcript = self._transcript
        if transcript is not None:
            self.step(transcript, by)

    def step(self, transcript: Transcript, by: int) -> None:
        """Go to another match of what was searched last, also once the bar is gone."""
        search = transcript.searched
        if search is None:
            return
        before = search.number
        if search.step(by) is not None:
            after = search.number
            around = before and ((by > 0 and after <= before) or (by < 0 and after >= before))
            self._around = "↻ " if around else ""
            self._show(transcript, search)

    def action_stay(self) -> None:
        """Read on at the match."""
        self.close(stay=True)

    def action_leave(self) -> None:
        """Go back to where one was."""
        self.close()
