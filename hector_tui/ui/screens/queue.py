"""The dialog that shows what waits in a session, and changes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from hector_tui.domain.addressing import addressed
from hector_tui.engine.queueing import QueuedMessage, SessionQueue
from hector_tui.ui.conversation import Conversation
from hector_tui.ui.desk import Desk
from hector_tui.ui.guarded import Work, run_guarded
from hector_tui.ui.screens.dialog import Dialog
from hector_tui.ui.screens.dialogs import AskText
from hector_tui.ui.text import clean_line

_REFRESH_S = 0.5
"""Seconds between two looks at the queue while the dialog is open: its first message may begin to be answered."""
_LONGEST = 100_000
"""Characters of a message that can be edited here; Up in the empty prompt takes longer ones back."""


class QueueScreen(Dialog[None]):
    """Lists the waiting messages of a session, first to be answered on top.

    Args:
        desk: Does what is asked.
        conversation: The session.
    """

    AUTO_FOCUS = ""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "select(-1)", "Up", id="queue.up", show=False),
        Binding("down,j", "select(1)", "Down", id="queue.down", show=False),
        Binding("e,enter", "edit", "Edit", id="queue.edit_message", show=False),
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
        self._selected = 0

    def compose(self) -> ComposeResult:
        """The messages and the keys."""
        with Vertical(classes="dialog -tall"):
            yield Static("Waiting messages", classes="dialog-title", markup=False)
            with VerticalScroll(id="queue-list", classes="dialog-message", can_focus=False):
                yield Static(id="queue-lines", markup=False)
            keys = self.key_line(
                ("queue.edit_message", "edit"),
                ("queue.drop", "take out"),
                ("queue.earlier queue.later", "move"),
                ("queue.now", "ask now, stopping the answer"),
                ("dialog.leave", "leave"),
            )
            yield Static(keys, classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        """Show what waits, and keep it right."""
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
        dialog = AskText("Edit the message", value=clean_line(message.text), max_chars=_LONGEST)

        def answered(text: str | None) -> None:
            if text:
                self._change(lambda queue, session_id: queue.edit(session_id, message.turn_id, text))

        self.app.push_screen(dialog, answered)

    def action_drop(self) -> None:
        """Take the chosen message out, as if it had never been sent."""
        if (message := self._chosen) is not None:
            self._change(lambda queue, session_id: queue.drop(session_id, message.turn_id))

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
        width = max(20, self.query_one("#queue-list").size.width - 6)
        lines = [
            Content.styled(
                f"{'▶' if place == self._selected else ' '} {place + 1}  {clean_line(self._as_sent(message), width)}",
                "bold" if place == self._selected else "",
            )
            for place, message in enumerate(self._messages)
        ]
        self.query_one("#queue-lines", Static).update(
            Content("\n").join(lines) if lines else Content.styled("Nothing waits.", "$text-muted")
        )
