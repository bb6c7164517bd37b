"""What a person does with sessions: open, switch, send, close. Between the screen and the engine; draws nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from hector_tui.domain.addressing import addressed, split_address
from hector_tui.domain.approvals import ApprovalRequest, Decision
from hector_tui.domain.files import AttachedFile
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.messages import FilePart
from hector_tui.domain.models import ChosenModel
from hector_tui.domain.turns import SessionInfo, TabInfo, Turn, TurnStatus
from hector_tui.engine.host import Engine
from hector_tui.engine.queueing import QueuedMessage, SessionQueue
from hector_tui.engine.thread import EngineThread
from hector_tui.engine.views import AgentView, SessionActivity
from hector_tui.errors import SessionError, UnknownSession
from hector_tui.ui.conversation import Conversation
from hector_tui.ui.kept_files import KeptFile, kept_of
from hector_tui.ui.shelf import Shelf
from hector_tui.ui.widgets.tab_layout import TabState
from hector_tui.ui.workspace import Workspace, state_of

T = TypeVar("T")


class Desk:
    """The open conversations and the commands on them.

    Attributes:
        workspace: What is open.
        agents: Every agent by its id, once the engine is open.
        preferred: The agent a person prefers; empty for none.
        new_policy: What a new session does with a message that comes while an answer does.
        shelf: All sessions, open or not.
    """

    def __init__(self, engine: EngineThread) -> None:
        self.workspace = Workspace()
        self.agents: Mapping[str, AgentView] = {}
        self.preferred = ""
        self.new_policy = ""
        self._engine = engine
        self.shelf = Shelf(engine)
        self._closed: list[str] = []

    def name_of(self, agent_id: str) -> str:
        """What the screen calls an agent."""
        agent = self.agents.get(agent_id)
        return agent.name if agent is not None else agent_id

    def label_of(self, agent_id: str, model: str) -> str:
        """Who answers, as the transcript says it: `assistant · gpt-4o`.

        Args:
            agent_id: The agent.
            model: The model that answered; empty for the agent's own of now.
        """
        agent = self.agents.get(agent_id)
        model = model or (agent.model if agent is not None else "")
        return f"{self.name_of(agent_id)} · {model}" if model else agent_id

    def own_model(self, agent_id: str) -> str:
        """The model of an agent where its session chose none."""
        agent = self.agents.get(agent_id)
        return agent.model if agent is not None else ""

    def activity(self, session_id: str) -> SessionActivity:
        """What goes on in a session."""
        return self._engine.engine.chat.activity(session_id)

    def preferred_agent(self) -> str:
        """The agent a person is offered: the one they prefer, else the guide, else the first that is ready."""
        if self.preferred in self.agents:
            return self.preferred
        if "guide" in self.agents:
            return "guide"
        return next((agent.agent_id for agent in self.agents.values() if agent.readiness == "ready"), "")

    def listener(self) -> str:
        """Who hears what is said to nobody in particular: the agent a person prefers, else one with a model."""
        assistant = self.agents.get("assistant")
        has_model = assistant is not None and assistant.readiness == "ready" and assistant.model != "offline"
        return "assistant" if has_model and self.preferred not in self.agents else self.preferred_agent()

    async def load_agents(self) -> None:
        """Ask the engine which agents there are."""
        engine = await self._engine.opened()
        self.agents = {agent.agent_id: agent for agent in engine.chat.agents()}
        for conversation in self.workspace:
            await self.refresh_info(conversation)

    async def restore(self) -> None:
        """Open the tabs that stood open last, with their drafts."""
        tabs = await self._engine.call(lambda engine: engine.chat.open_tabs())
        for tab in tabs:
            conversation = await self._open(tab.session_id, tab)
            if tab.active:
                self.workspace.activate(conversation)
            elif tab.beside:
                self.workspace.put_beside(conversation)
        if self.workspace.active is None and len(self.workspace):
            self.workspace.activate(next(iter(self.workspace)))
            self.workspace.put_beside(None)

    async def begin(self, agent_id: str, session_id: str | None = None) -> Conversation:
        """Begin a session with an agent in a new tab and show it.

        Raises:
            AgentError: There is no such agent, or it is disabled.
            StoreError: It was not stored.
        """
        info = await self._engine.call(lambda engine: engine.chat.create_session(agent_id, session_id=session_id))
        conversation = await self.open(info.session_id)
        if self.new_policy and conversation.is_empty:
            await self.set_policy(conversation, self.new_policy)
        return conversation

    async def open(self, session_id: str) -> Conversation:
        """Show a session, in its tab or in a new one.

        Raises:
            UnknownSession: There is none with that id.
        """
        conversation = self.workspace.find(session_id)
        if conversation is None:
            conversation = await self._open(session_id, await self._tab(session_id))
        self.workspace.activate(conversation)
        await self.save()
        return conversation

    async def show(self, conversation: Conversation) -> None:
        """Show an open conversation and remember that it is the one."""
        self.workspace.activate(conversation)
        await self.save()

    async def close(self, conversation: Conversation) -> None:
        """Close a tab; what runs in it goes on."""
        session_id = conversation.info.session_id
        await self.save_draft(conversation)
        self.workspace.close(conversation)
        self._closed.append(session_id)
        await self.save()
        await self._engine.call(lambda engine: engine.chat.close_tab(session_id))

    async def reopen(self) -> Conversation | None:
        """Open the tab closed last; a session that was deleted with it is brought back."""
        while self._closed:
            session_id = self._closed.pop()
            try:
                await self.shelf.undelete([session_id])
                return await self.open(session_id)
            except UnknownSession:
                continue
        return None

    async def send(self, conversation: Conversation, text: str, files: Sequence[AttachedFile] = ()) -> None:
        """Send a message with files; it is on disk when this returns.

        A message that begins with `@agent ` goes to that agent, in the same session.

        Raises:
            AgentError: There is no such agent, or it is disabled.
            SessionError: The session refuses.
            StoreError: It was not stored.
        """
        key, words = self.addressed(conversation, text)
        if not words and not files:
            raise SessionError(
                f"there is nothing to send to {key.agent_id!r}", hint="Write a question behind its name."
            )
        await self._engine.call(lambda engine: engine.chat.send(key, words, files))
        await self.refresh_info(conversation)

    async def repeat(self, turn: Turn) -> None:
        """Send a question once more, to the same agent and with the same files.

        Raises:
            AgentError, SessionError, StoreError: As `send` does.
        """

        async def repeat(engine: Engine) -> None:
            files = await engine.chat.files_of(turn.key, turn.files)
            await engine.chat.send(turn.key, turn.text, files)

        await self._engine.call(repeat)

    async def files_of(self, key: SessionKey, parts: Sequence[FilePart]) -> Sequence[AttachedFile]:
        """What was attached to a message, with its content; what the database lost is not there."""
        return await self._engine.call(lambda engine: engine.chat.files_of(key, parts))

    def addressed(self, conversation: Conversation, text: str) -> tuple[SessionKey, str]:
        """Whom a message goes to, and its words without the address."""
        agent_id, words = split_address(text, self.agents)
        return (SessionKey(conversation.info.session_id, agent_id) if agent_id else conversation.key), words

    def watched(self, conversation: Conversation, draft: str) -> tuple[SessionKey, str]:
        """Whose state is shown: that of who answers now, else of who would be asked; with the words of the draft."""
        key, words = self.addressed(conversation, draft)
        live = conversation.live_agent_id
        return (SessionKey(key.session_id, live) if live else key), words

    async def waiting(self, conversation: Conversation) -> Sequence[QueuedMessage]:
        """The messages that wait in a session, in the order they will be answered."""
        session_id = conversation.info.session_id

        async def waiting(engine: Engine) -> Sequence[QueuedMessage]:
            return engine.chat.queue.messages(session_id)

        return await self._engine.call(waiting)

    async def take_back(self, conversation: Conversation, message: QueuedMessage) -> tuple[str, tuple[KeptFile, ...]]:
        """Make a waiting message the draft; returns it as it is written in the prompt, and the files it was sent with.

        Raises:
            SessionError: It is not waiting any more.
            StoreError: Nothing was changed.
        """
        # Before it is dropped: with it goes what was attached to it.
        files = await self.files_of(message.key, message.files)
        home = conversation.agent_id
        draft = await self.change_queue(
            conversation,
            lambda queue, session_id: queue.take_back(
                session_id, message.turn_id, lambda words: addressed(words, message.key.agent_id, home)
            ),
        )
        return draft, kept_of(draft, files)

    async def change_queue(self, conversation: Conversation, change: Callable[[SessionQueue, str], Awaitable[T]]) -> T:
        """Change what waits in a session; `change` is given the queue and the session's id.

        Raises:
            SessionError: The message is not waiting any more.
            StoreError: It was not stored.
        """
        session_id = conversation.info.session_id
        return await self._engine.call(lambda engine: change(engine.chat.queue, session_id))

    async def decide(self, request: ApprovalRequest, decision: Decision) -> None:
        """Let a tool call that waits run, or not.

        Raises:
            SessionError: It does not wait any more.
            StoreError: What was allowed for the session could not be stored.
        """
        session_id, request_id = request.key.session_id, request.request_id
        await self._engine.call(lambda engine: engine.chat.decide(session_id, request_id, decision))

    async def ask_again(self, conversation: Conversation) -> int:
        """Forget which tools were allowed for the rest of a session; returns how many there were.

        Raises:
            StoreError: Nothing has changed.
        """
        session_id = conversation.info.session_id
        return await self._engine.call(lambda engine: engine.chat.ask_again(session_id))

    async def set_policy(self, conversation: Conversation, policy: str) -> None:
        """What happens to a message sent to this session while a turn runs.

        Raises:
            SessionError: There is no such policy.
        """
        session_id = conversation.info.session_id
        await self._engine.call(lambda engine: engine.chat.set_queue_policy(session_id, policy))

    async def stop(self, conversation: Conversation) -> int:
        """Stop what is being answered; returns how many runs that were."""
        session_id = conversation.info.session_id
        return await self._engine.call(lambda engine: engine.chat.cancel(session_id))

    async def delete(self, conversation: Conversation) -> None:
        """Delete a session and close its tab; `reopen` brings it back.

        Raises:
            StoreError: Nothing was deleted.
        """
        session_id = conversation.info.session_id
        await self.save_draft(conversation)
        await self.delete_all([session_id])
        self._closed.append(session_id)

    async def delete_all(self, session_ids: Sequence[str]) -> None:
        """Delete sessions and close their tabs; the shelf's `undelete` brings them back.

        Raises:
            StoreError: Nothing was deleted.
        """
        await self.shelf.delete(session_ids)
        await self.put_tabs_away(session_ids)

    async def put_tabs_away(self, session_ids: Sequence[str]) -> None:
        """Close the tabs of sessions, as far as they have some; what runs in them goes on."""
        for session_id in session_ids:
            if (conversation := self.workspace.find(session_id)) is not None:
                self.workspace.close(conversation)
        await self.save()

    async def open_behind(self, session_ids: Sequence[str]) -> None:
        """Open sessions in tabs without showing them; those that are gone are left out."""
        for session_id in session_ids:
            if self.workspace.find(session_id) is None:
                with suppress(UnknownSession):
                    await self._open(session_id, await self._tab(session_id))
        if self.workspace.active is None and len(self.workspace):
            self.workspace.activate(next(iter(self.workspace)))
        await self.save()

    async def open_all(self, session_ids: Sequence[str]) -> None:
        """Open sessions in tabs and show the last of them.

        Raises:
            UnknownSession: The last one is gone.
        """
        await self.open_behind(session_ids[:-1])
        await self.open(session_ids[-1])

    def needing_without_tab(self) -> str:
        """A session whose tab was closed and whose tool call waits for the person; empty when there is none."""
        needing = self._engine.engine.chat.needing()
        return next((name for name in needing if self.workspace.find(name) is None), "")

    def state_of(self, session_id: str, last_status: TurnStatus | None) -> TabState:
        """What a session is doing, open or not; `last_status` is how its newest turn stands in the database."""
        return state_of(self.activity(session_id), last_status)

    async def rename(self, conversation: Conversation, title: str) -> None:
        """Give a session a title.

        Raises:
            SessionError: The title is empty.
        """
        session_id = conversation.info.session_id
        await self._engine.call(lambda engine: engine.chat.rename_session(session_id, title))
        await self.refresh_info(conversation)

    async def refresh_info(self, conversation: Conversation) -> None:
        """Read a session's row again, for its title and its model."""
        conversation.info, conversation.chosen = await self._info(conversation.info.session_id)

    async def _info(self, session_id: str) -> tuple[SessionInfo, ChosenModel | None]:
        async def info(engine: Engine) -> tuple[SessionInfo, ChosenModel | None]:
            found = await engine.chat.session(session_id)
            return found, engine.models.chosen(found)

        return await self._engine.call(info)

    async def choose_model(self, conversation: Conversation, named: str) -> ChosenModel | None:
        """Let another model answer in a session; `default` for its agent's own.

        Raises:
            SessionError: No provider here has it.
        """
        session_id = conversation.info.session_id
        await self._engine.call(lambda engine: engine.chat.choose_model(session_id, named))
        await self.refresh_info(conversation)
        return conversation.chosen

    async def save(self) -> None:
        """Store which tabs are open, and which of them are shown."""
        order = self.workspace.session_ids
        active, beside = (
            shown.info.session_id if shown is not None else ""
            for shown in (self.workspace.active, self.workspace.beside)
        )
        await self._engine.call(lambda engine: engine.chat.save_tabs(order, active, beside))

    async def save_draft(self, conversation: Conversation) -> None:
        """Store what stands in a prompt."""
        session_id, draft = conversation.info.session_id, conversation.draft
        await self._engine.call(lambda engine: engine.chat.save_draft(session_id, draft))

    async def mark_seen(self, conversation: Conversation) -> None:
        """Remember that everything drawn was looked at."""
        if conversation.last_ordinal > conversation.seen_ordinal:
            conversation.seen_ordinal = conversation.last_ordinal
            session_id, ordinal = conversation.info.session_id, conversation.seen_ordinal
            await self._engine.call(lambda engine: engine.chat.save_seen(session_id, ordinal))

    async def recent(self, limit: int = 100) -> Sequence[SessionInfo]:
        """Sessions, last used first."""
        return await self._engine.call(lambda engine: engine.chat.sessions(limit))

    async def _tab(self, session_id: str) -> TabInfo:
        return await self._engine.call(lambda engine: engine.chat.tab(session_id))

    async def _open(self, session_id: str, tab: TabInfo) -> Conversation:
        info, chosen = await self._info(session_id)
        newest = await self._engine.call(lambda engine: engine.chat.history(session_id, limit=1))
        conversation = Conversation(self._engine, info, self.label_of)
        conversation.chosen = chosen
        conversation.stored = newest[-1].turn if newest else None
        conversation.draft = tab.draft
        conversation.seen_ordinal = tab.seen_ordinal
        self.workspace.add(conversation)
        return conversation
