"""When the prompt's popup is open, what it offers, and what choosing does."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.widgets import TextArea

from hector_tui.ui.completion.suggestion import CompletionSource, Suggestion
from hector_tui.ui.completion.trigger import Trigger, TriggerKind, find_trigger
from hector_tui.ui.guarded import run_guarded
from hector_tui.ui.widgets.completion import CompletionPopup


class PromptCompletion:
    """Completes the word at the cursor of a text area.

    It opens by typing alone: a draft that is shown again, or a sent prompt that is walked to, opens nothing.

    Args:
        area: Where one writes.
        popup: Shows the rows.
        source: Knows what could be meant.
    """

    def __init__(self, area: TextArea, popup: CompletionPopup, source: CompletionSource) -> None:
        self._area = area
        self._popup = popup
        self._source = source
        self._trigger: Trigger | None = None
        self._dismissed: tuple[TriggerKind, int, int] | None = None
        popup.choose = self._clicked

    @property
    def is_open(self) -> bool:
        """Whether there is something to choose from."""
        return self._trigger is not None and bool(self._popup.rows)

    def typed(self) -> None:
        """The text was changed: offer what fits now."""
        trigger = self._find()
        if trigger is None or trigger.place != self._dismissed:
            self._dismissed = None
        if trigger is None or self._dismissed is not None:
            self.close()
        else:
            self._offer(trigger)

    def moved(self) -> None:
        """The cursor went elsewhere: go on within the same word, else close."""
        if self._trigger is None:
            return
        trigger = self._find()
        if trigger is None or trigger.place != self._trigger.place:
            self.close()
        elif trigger != self._trigger:
            self._offer(trigger)

    def move(self, by: int) -> bool:
        """Choose another row; returns False when nothing is open."""
        if not self.is_open:
            return False
        self._popup.move(by)
        return True

    def enter(self) -> bool:
        """Write the chosen row; returns False when the line is to be sent now."""
        chosen = self._popup.chosen if self.is_open else None
        if chosen is None or self._is_written(chosen):
            self.close()
            return False
        self._write(chosen)
        return not chosen.runs

    def complete(self) -> bool:
        """Write the chosen row, else the first, or open what was closed; returns False when there is nothing."""
        if self.is_open:
            self._write(self._popup.chosen or self._popup.rows[0])
            return True
        self._dismissed = None
        trigger = self._find()
        if trigger is None:
            return False
        self._offer(trigger)
        return True

    def dismiss(self) -> bool:
        """Close until another word is begun; returns False when nothing is open."""
        if not self.is_open:
            return False
        assert self._trigger is not None
        self._dismissed = self._trigger.place
        self.close()
        return True

    def close(self) -> None:
        """Offer nothing."""
        self._trigger = None
        self._popup.show((), None)

    def place(self) -> None:
        """Put the popup right above the text area, which stands at the end of their common parent."""
        self._popup.rise(self._area.size.height)

    def _find(self) -> Trigger | None:
        if not self._area.selection.is_empty:
            return None
        row, column = self._area.cursor_location
        return find_trigger(self._area.document.lines, row, column)

    def _offer(self, trigger: Trigger) -> None:
        self._trigger = trigger
        self._show(trigger, self._source.at_once(trigger))
        run_guarded(self._area, partial(self._offer_later, trigger), group="completion", exclusive=True)

    async def _offer_later(self, trigger: Trigger) -> None:
        rows = await self._source.later(trigger)
        if rows is not None and trigger == self._trigger:
            self._show(trigger, rows)

    def _show(self, trigger: Trigger, rows: Sequence[Suggestion]) -> None:
        # A command's argument can be left out: then Enter must not choose the first for the person.
        nothing_chosen = trigger.kind is TriggerKind.ARGUMENT and not trigger.query
        if trigger.kind is TriggerKind.MENTION and len(rows) == 1 and self._is_written(rows[0]):
            # A list of what stands there already would only be in the way.
            rows = ()
        if rows and not self._popup.rows:
            self.place()
        self._popup.show(rows, None if nothing_chosen else 0)

    def _is_written(self, suggestion: Suggestion) -> bool:
        """Whether the line says already what the row would write."""
        trigger = self._trigger
        assert trigger is not None
        written = self._area.document[trigger.row][trigger.start : trigger.end]
        return written.strip() == suggestion.insert.strip()

    def _write(self, suggestion: Suggestion) -> None:
        trigger = self._trigger
        assert trigger is not None
        line = self._area.document[trigger.row]
        insert = suggestion.insert
        if insert.endswith(" ") and line[trigger.end : trigger.end + 1] == " ":
            insert = insert[:-1]
        if self._area.read_only:
            return
        self.close()
        self._area.replace(
            insert, (trigger.row, trigger.start), (trigger.row, trigger.end), maintain_selection_offset=False
        )

    def _clicked(self, suggestion: Suggestion) -> None:
        if self.is_open:
            self._write(suggestion)
            self._area.focus()
