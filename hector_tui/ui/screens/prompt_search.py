"""The search among everything a person ever sent, in whichever session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from hector_tui.domain.turns import SentPrompt
from hector_tui.ui.completion.suggestion import Suggestion
from hector_tui.ui.guarded import run_guarded
from hector_tui.ui.screens.dialog import Dialog
from hector_tui.ui.text import clean, clean_line
from hector_tui.ui.times import ago
from hector_tui.ui.widgets.completion import CompletionPopup
from hector_tui.ui.widgets.line_input import LineInput

Search = Callable[[str], Awaitable[Sequence[SentPrompt]]]

_PAUSE_S = 0.05
"""Seconds without a key before the database is asked."""
_ROW_CHARACTERS = 300
_TALL_ROWS = 20
"""Rows of a terminal in which the chosen prompt is shown with its lines below the list."""


class PromptSearch(Dialog[str | None]):
    """Asks which prompt to write again; the answer is its turn's id, or None when the person left.

    Args:
        search: Finds prompts with some words in them, newest first.
        words: What is looked for first.
    """

    AUTO_FOCUS = "LineInput"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", "Newer", show=False, priority=True, id="prompt_search.newer"),
        Binding("down,ctrl+r", "choose(1)", "Older", show=False, priority=True, id="prompt_search.older"),
    ]

    def __init__(self, search: Search, words: str = "") -> None:
        super().__init__()
        self._search = search
        self._words = words
        self._found: Sequence[SentPrompt] = ()

    def compose(self) -> ComposeResult:
        """The field, what was found, and the whole of the chosen one."""
        with Vertical(classes="dialog"):
            yield Static("Search what you sent, in every session", classes="dialog-title", markup=False)
            yield LineInput(self._words, placeholder="words of it")
            yield CompletionPopup()
            yield Static(id="prompt-search-whole", markup=False)
            keys = self.key_line(
                ("enter", "write it again"),
                ("prompt_search.newer prompt_search.older", "choose"),
                ("dialog.leave", "leave"),
            )
            yield Static(keys, classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        """Begin with the newest."""
        self._list.choose = self._clicked
        self._look_for(self._words)

    def action_choose(self, by: int) -> None:
        """Choose an older one, or with a negative number a newer one."""
        self._list.move(by)
        self._show_whole()

    @on(Input.Changed)
    def _changed(self, message: Input.Changed) -> None:
        message.stop()
        self._look_for(message.value)

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        if self._list.chosen is not None:
            self.answer(self._list.chosen.insert)

    @property
    def _list(self) -> CompletionPopup:
        return self.query_one(CompletionPopup)

    def _clicked(self, row: Suggestion) -> None:
        self.answer(row.insert)

    def _look_for(self, words: str) -> None:
        run_guarded(self, partial(self._find, words), group="search", exclusive=True)

    async def _find(self, words: str) -> None:
        await asyncio.sleep(_PAUSE_S)
        self._found = await self._search(words)
        self._list.show([_row(prompt, words) for prompt in self._found], 0)
        self._show_whole()

    def _show_whole(self) -> None:
        """The chosen prompt with its lines, or that there is none."""
        chosen = self._list.chosen
        text = next((found.text for found in self._found if chosen and found.turn_id == chosen.insert), None)
        whole = self.query_one("#prompt-search-whole", Static)
        whole.display = text is None or ("\n" in text and self.app.size.height >= _TALL_ROWS)
        whole.update(clean(text).strip("\n") if text is not None else "Nothing you sent has these words.")


def _row(prompt: SentPrompt, words: str) -> Suggestion:
    label = clean_line(prompt.text[:_ROW_CHARACTERS])
    folded = label.lower()
    places: set[int] = set()
    for word in words.lower().split():
        if (place := folded.find(word)) >= 0:
            places.update(range(place, min(place + len(word), len(label))))
    return Suggestion(
        label=label,
        insert=prompt.turn_id,
        aside=f"{clean_line(prompt.session_title or '(no title)', 24)} · {ago(prompt.created_at)}",
        matched=tuple(sorted(places)),
    )
