"""The dialog that shows what waits in a session, and changes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from hector_tui.domain.addressing import addressed
from hector_tui.engine.queueing import QueuedMessage, SessionQueue
from hector_tui.ui.conversation import Conversation
from hector_tui.ui.desk import Desk
from hector_tui.ui.guarded import Work, run_guarded
from hector_tui.ui.numbers import counted
from hector_tui.ui.screens.dialog import Dialog
from hector_tui.ui.screens.dialogs import EditText
from hector_tui.ui.text import clean_line

_REFRESH_S = 0.5
"""Seconds between two looks at the queue while the dialog is open: its first message may begin to be answered."""


_KEYS = (
    ("queue.up queue.down", "choose"),
    ("queue.edit_message", "edit"),
    ("queue.drop", "take out"),
    ("queue.write_again", "back into the prompt"),
    ("queue.earlier queue.later", "move"),
    ("queue.now", "ask now, stop the answer"),
    ("dialog.leave", "leave"),
)


class QueueScreen(Dialog[QueuedMessage | None]):
    """Lists the waiting messages of a session, first to be answered on top; the answer is one to write again.

    Args:
        desk: Does what is asked.
        conversation: The session.
    """

    AUTO_FOCUS = ""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "select(-1)", "Up", id="queue.up", show=False),
        Binding("down,j", "select(1)", "Down", id="queue.down", show=False),
        Binding("e,enter", "edit", "Edit", id="queue.edit_message", show=False),
        Binding("p", "write_again", "Back into the prompt", id="queue.write_again", show=False),
        Binding("d,delete", "drop", "Take out", id="queue.drop", show=False),
        Binding("K,shift+up", "move(-1)", "Earlier", id="queue.earlier", show=False),
        Binding("J,shift+down", "move(1)", "Later", id="queue.later", show=False),
        Binding("n", "send_now", "Ask now", id="queue.now", show=False),
    ]

    def __init__(self, desk: Desk, conversation: Conversation) -> None:
        super().__init__()
        self._desk = desk
        self._conversation = conversation
        self._messages: Sequence[QueuedMessage] = ()
        self._shown: list[str] = []
        self._selected = 0

    def compose(self) -> ComposeResult:
        """The messages and the keys."""
        with Vertical(classes="dialog -tall"):
            yield Static("Waiting messages", classes="dialog-title", markup=False)
            yield OptionList(id="queue-list", classes="list-rows", compact=True, markup=False)
            yield Static(classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        """Show what waits, and keep it right."""
        self.query_one("#queue-list").can_focus = False
        self._do(self._look)
        self.set_interval(_REFRESH_S, lambda: self._do(self._look))

    def action_select(self, by: int) -> None:
        """Choose another message."""
        if self._messages:
            self._selected = max(0, min(len(self._messages) - 1, self._selected + by))
            self._show()

    def action_edit(self) -> None:
        """Give the chosen message other words."""
        if (message := self._chosen) is None:
            return
        dialog = EditText("Edit the message", message.text)

        def answered(text: str | None) -> None:
            if text:
                self._change(lambda queue, session_id: queue.edit(session_id, message.turn_id, text))

        self.app.push_screen(dialog, answered)

    def action_drop(self) -> None:
        """Take the chosen message out, as if it had never been sent."""
        if (message := self._chosen) is not None:
            self._change(lambda queue, session_id: queue.drop(session_id, message.turn_id))

    def action_write_again(self) -> None:
        """Take the chosen message out and put it back into the prompt."""
        self.answer(self._chosen)

    @on(OptionList.OptionSelected)
    def _clicked(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self._selected = message.option_index

    def action_move(self, by: int) -> None:
        """Let the chosen message be answered earlier or later."""
        if (message := self._chosen) is not None:
            self._change(lambda queue, session_id: queue.move(session_id, message.turn_id, by))
            self._selected = max(0, min(len(self._messages) - 1, self._selected + by))

    def action_send_now(self) -> None:
        """Stop what is being answered and ask the chosen message."""
        if (message := self._chosen) is not None:
            self._change(lambda queue, session_id: queue.send_now(session_id, message.turn_id))

    @property
    def _chosen(self) -> QueuedMessage | None:
        return self._messages[self._selected] if self._selected < len(self._messages) else None

    def _as_sent(self, message: QueuedMessage) -> str:
        return addressed(message.text, message.key.agent_id, self._conversation.agent_id)

    def _change(self, change: Callable[[SessionQueue, str], Awaitable[object]]) -> None:
        async def work() -> None:
            await self._desk.change_queue(self._conversation, change)
            await self._look()

        self._do(work)

    def _do(self, work: Work) -> None:
        run_guarded(self, work, group="queue")

    async def _look(self) -> None:
        self._messages = await self._desk.waiting(self._conversation)
        self._selected = max(0, min(self._selected, len(self._messages) - 1))
        self._show()

    def _show(self) -> None:
        rows = self.query_one("#queue-list", OptionList)
        digits = len(str(len(self._messages)))
        shown = [f"{number:>{digits}}  {self._row(message)}" for number, message in enumerate(self._messages, start=1)]
        if shown != self._shown or not rows.option_count:
            self._shown = shown
            empty = Option(Content.styled("Nothing waits.", "$text-muted"), disabled=True)
            rows.set_options([Option(row) for row in shown] or [empty])
        rows.highlighted = self._selected if shown else None
        self.query_one(".dialog-keys", Static).update(self.key_line(*(_KEYS if shown else _KEYS[-1:])))

    def _row(self, message: QueuedMessage) -> str:
        files = f"  ⊕ {counted(len(message.files), 'file')}" if message.files else ""
        room = max(20, self.query_one("#queue-list").content_size.width - 6 - len(files))
        return f"{clean_line(self._as_sent(message), room)}{files}"
