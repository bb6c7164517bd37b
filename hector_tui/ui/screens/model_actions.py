"""What a person does with models: choosing one for a session, connecting and disconnecting providers."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial

from hector_tui.domain.models import Connected, ConnectOption, Listing
from hector_tui.ui.conversation import Conversation
from hector_tui.ui.screens.approval_actions import ApprovalActions
from hector_tui.ui.screens.connect import ConnectForm, ProviderPicker
from hector_tui.ui.screens.dialogs import Confirm
from hector_tui.ui.screens.model_picker import ModelPicker
from hector_tui.ui.text import clean


class ModelActions(ApprovalActions):
    """The commands `/model`, `/connect` and `/disconnect`."""

    @abstractmethod
    def refresh_status(self) -> None:
        """Draw the status line again."""

    @abstractmethod
    def refresh_inspector(self) -> None:
        """Fetch what the inspector shows."""

    # Choosing

    def action_model(self) -> None:
        """Choose a model for the shown session."""
        conversation = self.active
        if conversation is None:
            self.tell("A model is chosen for a session: begin one first.")
            return
        self.run_command(partial(self._pick_model, conversation), group="models")

    async def _pick_model(self, conversation: Conversation) -> None:
        """Look whether a server came or went, then offer what there is."""
        await self.engine.call(lambda engine: engine.models.look())
        picker = ModelPicker(
            self.engine.engine.chat.models.sources(),
            self._listing,
            current=conversation.info.model,
            own=self.desk.own_model(conversation.agent_id),
        )
        self.app.push_screen(picker, lambda answer: self.choose_model(conversation, answer) if answer else None)

    async def _listing(self, source_id: str, fresh: bool) -> Listing:
        return await self.engine.call(lambda engine: engine.models.listing(source_id, fresh=fresh))

    def choose_model(self, conversation: Conversation, named: str) -> None:
        """Let another model answer in a session from its next message on."""
        self.run_command(partial(self._choose_model, conversation, named))

    async def _choose_model(self, conversation: Conversation, named: str) -> None:
        chosen = await self.desk.choose_model(conversation, named)
        if chosen is None:
            self.tell(f"This session uses its agent's own model again: {self.desk.own_model(conversation.agent_id)}.")
        else:
            self.tell(f"{chosen.label} answers in this session from the next message on. /model default goes back.")
        self.refresh_status()
        self.refresh_inspector()

    # Connecting

    def action_connect(self) -> None:
        """Choose what to connect, then give its key or address."""
        if not self.desk.agents:
            return
        picker = ProviderPicker(self.engine.engine.models.options())
        self.app.push_screen(picker, self._ask_connection)

    def connect_named(self, named: str) -> None:
        """Connect what was named; a key is never taken from the prompt, where it could be read and recalled."""
        wanted = named.strip().lower()
        for option in self.engine.engine.models.options():
            if wanted in (option.option_id, option.label.lower()):
                self._ask_connection(option)
                return
        self.app.notify(
            "There is no such provider. If that was a key: it was not kept; /connect alone asks for it unseen.",
            severity="warning",
            timeout=8,
            markup=False,
        )

    def _ask_connection(self, option: ConnectOption | None) -> None:
        if option is None:
            return

        async def connect(key: str, address: str) -> Connected:
            return await self.engine.call(
                lambda engine: engine.models.connect(option.option_id, key=key, address=address)
            )

        self.app.push_screen(ConnectForm(option, connect), self._connected)

    def _connected(self, connected: Connected | None) -> None:
        if connected is None:
            return
        kept = f" Its key is in the {connected.kept}." if connected.kept else ""
        shadowed = f" But {connected.shadowed}." if connected.shadowed else ""
        text = f"{connected.label} works.{kept}{shadowed} Now {connected.auto} /model chooses for one session."
        self.app.notify(clean(text), timeout=10, markup=False)

    def action_disconnect(self) -> None:
        """Choose which connection to forget."""
        if not self.desk.agents:
            return
        stored = [option for option in self.engine.engine.models.options() if option.is_stored]
        if not stored:
            self.tell("Nothing is connected here. A key in the environment is taken away where it was set.")
            return
        picker = ProviderPicker(stored, title="Forget which connection?")
        self.app.push_screen(picker, self._confirm_disconnect)

    def _confirm_disconnect(self, option: ConnectOption | None) -> None:
        if option is None:
            return
        name = option.label if option.asks_address else option.option_id
        text = f"{option.label}\n\nIts key is deleted here; at the provider it stays valid until you revoke it there."
        dialog = Confirm("Forget this connection?", text, yes="Forget", no="Keep")
        self.app.push_screen(dialog, lambda sure: self.disconnect(name) if sure else None)

    def disconnect(self, name: str) -> None:
        """Forget a connection and its key."""

        async def disconnect() -> None:
            await self.engine.call(lambda engine: engine.models.disconnect(name))
            self.tell(f"{name} is forgotten, with its key.")

        self.run_command(disconnect)
