"""The dialog that chooses a session's model: every model of every provider here, searchable, fetched as it opens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from hector_tui.domain.models import Listing, ModelChoice, SourceView
from hector_tui.ui.guarded import run_guarded
from hector_tui.ui.screens.dialog import Dialog
from hector_tui.ui.text import clean_line
from hector_tui.ui.widgets.line_input import LineInput
from hector_tui.ui.widgets.status_line import compact_number

DEFAULT = "default"
"""The answer that goes back to the agent's own model."""
_NAME_CELLS = 56

Fetch = Callable[[str, bool], Awaitable[Listing]]
"""Lists a source's models by its id; True asks the source again."""


class ModelPicker(Dialog[str | None]):
    """Asks for a model; the answer is `source/model`, `default`, or None when the person left.

    Args:
        sources: Where models come from.
        fetch: Lists one source.
        current: The session's choice, `source/model`; empty while its agent's model answers.
        own: The agent's own model, for the first row.
    """

    AUTO_FOCUS = "LineInput"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step('cursor_up')", "Up", show=False, priority=True, id="models.up"),
        Binding("down", "step('cursor_down')", "Down", show=False, priority=True, id="models.down"),
        Binding("pageup", "step('page_up')", "Page up", show=False, priority=True, id="models.page_up"),
        Binding("pagedown", "step('page_down')", "Page down", show=False, priority=True, id="models.page_down"),
        Binding("ctrl+r", "fetch_again", "Ask again", show=False, priority=True, id="models.refresh"),
    ]

    def __init__(self, sources: Sequence[SourceView], fetch: Fetch, *, current: str, own: str) -> None:
        super().__init__()
        self._sources = sources
        self._fetch = fetch
        self._current = current
        self._own = own
        self._listings: dict[str, Listing] = {}

    def compose(self) -> ComposeResult:
        """The search field, the models and the keys."""
        with Vertical(classes="dialog -list"):
            yield Static("Model for this session", classes="dialog-title", markup=False)
            yield LineInput(placeholder="search, or write provider/model")
            yield OptionList(id="model-list", classes="list-rows", compact=True, markup=False)
            keys = self.key_line(
                ("models.up models.down", "choose"),
                ("enter", "take"),
                ("models.refresh", "ask again"),
                ("dialog.leave", "leave"),
            )
            yield Static(keys, classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        """Ask every source at once; each shows what it has as soon as it says so."""
        self.query_one("#model-list").can_focus = False
        self._show()
        self._fetch_all(fresh=False)

    def action_fetch_again(self) -> None:
        """Ask every source again."""
        self._listings.clear()
        self._show()
        self._fetch_all(fresh=True)

    def _fetch_all(self, *, fresh: bool) -> None:
        for source in self._sources:
            run_guarded(self, partial(self._fetch_one, source.source_id, fresh), group="models")

    async def _fetch_one(self, source_id: str, fresh: bool) -> None:
        self._listings[source_id] = await self._fetch(source_id, fresh)
        self._show()

    @on(Input.Changed)
    def _searched(self) -> None:
        self._show(keep=False)

    @on(Input.Submitted)
    def _entered(self, message: Input.Submitted) -> None:
        message.stop()
        models = self.query_one("#model-list", OptionList)
        if models.highlighted is not None:
            models.action_select()

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self.answer(message.option_id)

    def action_step(self, action: str) -> None:
        """Move in the list while the search field keeps the keys."""
        getattr(self.query_one("#model-list", OptionList), f"action_{action}")()

    def _show(self, *, keep: bool = True) -> None:
        """Draw the rows the search leaves; the highlight stays on its model, or goes to the first that matches."""
        models = self.query_one("#model-list", OptionList)
        highlighted = models.highlighted_option.id if keep and models.highlighted_option is not None else None
        written = self.query_one(LineInput).value.strip()
        words = written.lower().split()
        rows = list(self._rows(words))
        if words and not any(row.id for row in rows) and ModelChoice.parse(written) is not None:
            rows.append(Option(Content.assemble("Take ", (clean_line(written), "bold"), " as written"), id=written))
        if not rows:
            rows.append(Option(Content.styled("No model has these words.", "$text-muted"), disabled=True))
        models.set_options(rows)
        ids = [row.id for row in rows]
        wanted = highlighted or (None if words else self._current or DEFAULT)
        first = next((place for place, row in enumerate(rows) if not row.disabled), None)
        models.highlighted = ids.index(wanted) if wanted is not None and wanted in ids else first

    def _rows(self, words: Sequence[str]) -> list[Option]:
        rows = []
        if all(word in f"default {self._own}".lower() for word in words):
            mark = "" if self._current else "  ·  now"
            own = Content.assemble("The agent's own  ", (clean_line(self._own), "$text-muted"), mark)
            rows.append(Option(own, id=DEFAULT))
        for source in self._sources:
            rows += self._rows_of(source, words)
        return rows

    def _rows_of(self, source: SourceView, words: Sequence[str]) -> list[Option]:
        """A source's heading and models; nothing when the search leaves none of them."""
        listing = self._listings.get(source.source_id)
        named = f"{source.source_id}/ {source.label}".lower()
        models = listing.models if listing is not None else ()
        left = [model for model in models if all(word in f"{named} {model.name}".lower() for word in words)]
        problem = listing.problem if listing is not None else "asking …"
        if not left and (words and not all(word in named for word in words)):
            return []
        heading = Content.assemble(
            (clean_line(source.label, 40), "bold"), ("  ", ""), (clean_line(source.detail, 60), "$text-muted")
        )
        rows = [Option(heading, disabled=True)]
        if problem:
            style = "$text-muted" if listing is None else "$text-warning"
            rows.append(Option(Content.assemble("  ", (clean_line(problem, 200), style)), disabled=True))
        for model in left:
            choice = str(ModelChoice(source.source_id, model.name))
            window = f"  {compact_number(model.context_window)}" if model.context_window else ""
            mark = "  ·  now" if choice == self._current else ""
            name = clean_line(model.name, _NAME_CELLS)
            rows.append(Option(Content.assemble("  ", name, (window, "$text-muted"), mark), id=choice))
        return rows
