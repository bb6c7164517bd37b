"""Showing the inspector, and what a person does with memories in it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import partial

from textual import on
from textual.message import Message

from hector_tui.ui.conversation import Conversation
from hector_tui.ui.inspector.widget import PANELS, Inspector, PanelName
from hector_tui.ui.screens.dialogs import AskText, Confirm
from hector_tui.ui.screens.session_actions import SessionActions
from hector_tui.ui.widgets.prompt import Prompt

_WIDE = 120
"""Columns from which the inspector stands beside the conversation unless the person put it away."""


class InspectorActions(SessionActions):
    """The commands of the inspector."""

    @dataclass
    class InspectorToggled(Message):
        """The person chose whether wide terminals show the inspector."""

        shown: bool

    inspector_wanted: bool

    @property
    @abstractmethod
    def prompt(self) -> Prompt:
        """Where a person types."""

    @property
    def inspector(self) -> Inspector:
        """What the agent knows."""
        return self.query_one("#inspector", Inspector)

    @abstractmethod
    def refresh_inspector(self) -> None:
        """Fetch what the inspector shows."""

    def action_toggle_inspector(self) -> None:
        """Show or hide the inspector; what was chosen is kept for wide terminals."""
        if self.active is None:
            return
        shown = not self.has_class("-inspector")
        self.set_class(shown, "-inspector")
        if self.size.width >= _WIDE:
            self.inspector_wanted = shown
            self.app.post_message(self.InspectorToggled(shown))
        if not shown:
            self.prompt.focus()
            return
        self.refresh_inspector()
        if self.has_class("-narrow"):
            self.inspector.query_one("#inspector-lines").focus()

    def uncover_prompt(self) -> None:
        """Take the inspector away where it lies over the whole conversation, and nobody would see what they type."""
        if self.has_class("-narrow"):
            self.set_class(False, "-inspector")

    def action_inspect(self, panel: PanelName) -> None:
        """Show one panel of the inspector and go there."""
        if self.active is None:
            return
        self.set_class(True, "-inspector")
        self.inspector.panel = panel
        self.inspector.query_one("#inspector-lines").focus()
        self.refresh_inspector()

    def inspect_named(self, name: str) -> None:
        """Show the panel of a name, as somebody typed it."""
        panel = next((each for each in PANELS if each == name.lower()), None)
        if panel is None:
            self.tell(f"There is no panel {name!r}: {', '.join(PANELS)}.")
        else:
            self.action_inspect(panel)

    def forget(self, memory_id: str, text: str) -> None:
        """Delete a memory after a question."""
        dialog = Confirm("Forget this memory?", text, yes="Forget", no="Keep")
        self.app.push_screen(dialog, lambda sure: self.run_command(partial(self._forget, memory_id)) if sure else None)

    async def _forget(self, memory_id: str) -> None:
        await self.engine.call(lambda engine: engine.chat.insight.forget([memory_id]))
        self.refresh_inspector()

    def action_remember(self) -> None:
        """Ask for a note to remember."""
        conversation = self.active
        if conversation is not None:
            dialog = AskText("Remember for this agent", hint="a fact in one sentence", max_chars=1_000)
            self.app.push_screen(dialog, lambda text: self._remember(conversation, text) if text else None)

    def _remember(self, conversation: Conversation, text: str) -> None:
        async def remember() -> None:
            await self.engine.call(lambda engine: engine.chat.insight.remember(conversation.key, text))
            self.tell("Remembered.")
            self.refresh_inspector()

        self.run_command(remember)

    @on(Inspector.PanelChanged)
    def _panel_changed(self) -> None:
        self.refresh_inspector()

    @on(Inspector.ForgetRequested)
    def _forget_requested(self, message: Inspector.ForgetRequested) -> None:
        self.forget(message.memory_id, message.text)

    @on(Inspector.Left)
    def _inspector_left(self) -> None:
        self.uncover_prompt()
        self.prompt.focus()
