"""`ChatService`: the one door to the engine, for the interface, the command line and, later, a server.

Its coroutines run on the engine's loop; callers on another loop reach them through `EngineThread.call`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import get_args

from hector_tui.agents.agent import QueuePolicy
from hector_tui.agents.registry import AgentRegistry
from hector_tui.domain.approvals import Decision
from hector_tui.domain.files import AttachedFile
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.messages import FilePart
from hector_tui.domain.models import ChosenModel
from hector_tui.domain.turns import SentPrompt, SessionInfo, TabInfo, TurnRecord, TurnStatus
from hector_tui.engine.activity import ActivityBoard
from hector_tui.engine.feed import ENGINE, ChangeFeed, ChangeReader
from hector_tui.engine.insight import Insight
from hector_tui.engine.library import Library
from hector_tui.engine.model_desk import ModelDesk
from hector_tui.engine.queueing import SessionQueue
from hector_tui.engine.run import Run
from hector_tui.engine.runner import Runner
from hector_tui.engine.views import AgentView, SessionActivity, agent_view
from hector_tui.errors import EngineClosed, SessionBusy, SessionError, UnknownSession
from hector_tui.memory.service import MemoryService
from hector_tui.sessions.approvals import ApprovalTable
from hector_tui.sessions.library import LibraryTable
from hector_tui.sessions.service import SessionService
from hector_tui.sessions.spending import SpendingTable
from hector_tui.sessions.tabs import TabTable

_ANNOUNCEMENTS = 50
"""Kept until somebody takes them; headless nobody does."""

_ENDED_KEPT = 8
"""Ended runs whose output can still be read."""


class ChatService:
    """Everything a person can do.

    Attributes:
        models: Choosing and connecting models.

    Args:
        make_runner: Builds the runner; it is given what to call when a run changes.
    """

    def __init__(
        self,
        *,
        registry: AgentRegistry,
        models: ModelDesk,
        sessions: SessionService,
        tabs: TabTable,
        approvals: ApprovalTable,
        spending: SpendingTable,
        library: LibraryTable,
        memory: MemoryService,
        feed: ChangeFeed,
        make_runner: Callable[[Callable[[Run], None]], Runner],
    ) -> None:
        self._registry = registry
        self.models = models
        self._sessions = sessions
        self._tabs = tabs
        self._approvals = approvals
        self._memory = memory
        self._feed = feed
        self._activity = ActivityBoard()
        self._problems: dict[str, str] = {}
        self._announcements: deque[str] = deque(maxlen=_ANNOUNCEMENTS)
        self._accepting: set[SessionKey] = set()
        self._ended: deque[Run] = deque(maxlen=_ENDED_KEPT)
        self.runner = make_runner(self._run_changed)
        self.queue = SessionQueue(sessions, self.runner)
        self.insight = Insight(
            agent_of=lambda agent_id: self._registry.get(agent_id),
            sessions=sessions,
            models=models,
            runner=self.runner,
            memory=memory,
            spending=spending,
        )
        self.library = Library(
            table=library,
            sessions=sessions,
            runner=self.runner,
            memory=memory,
            feed=feed,
            forget=self._activity.forget,
        )

    # Agents

    @property
    def registry(self) -> AgentRegistry:
        """The shared agents."""
        return self._registry

    def replace_agents(self, registry: AgentRegistry) -> None:
        """Let other instances of the same agents answer from now on; what works goes on with those it began with."""
        self._registry = registry
        for run in self.runner.all_runs():
            entry = next((entry for entry in registry if entry.agent_id == run.key.agent_id), None)
            if run.started_at is None and entry is not None and entry.agent is not None:
                run.adopt(entry.agent, self.models.renewed(run.state.model))
        self._feed.mark(ENGINE)

    def agents(self) -> tuple[AgentView, ...]:
        """Every agent of the configuration, usable or not; safe from any thread."""
        return tuple(agent_view(entry) for entry in self._registry)

    # Sessions

    async def create_session(self, agent_id: str, *, session_id: str | None = None) -> SessionInfo:
        """Begin a session with an agent; an id that exists already gives that session.

        Raises:
            AgentError: There is no such agent, or it is disabled.
            StoreError: It was not stored.
        """
        self._registry.get(agent_id)
        return await self._sessions.create(agent_id, session_id=session_id)

    async def session(self, session_id: str) -> SessionInfo:
        """One session.

        Raises:
            UnknownSession: There is none with that id.
        """
        return await self._sessions.get(session_id)

    async def sessions(self, limit: int = 200) -> Sequence[SessionInfo]:
        """Sessions in use in which something was said, last used first."""
        return [info for info in await self._sessions.latest(limit) if info.turns]

    async def rename_session(self, session_id: str, title: str) -> None:
        """Give a session a title.

        Raises:
            SessionError: The title is empty, or there is no such session.
        """
        if not title.strip():
            raise SessionError("a title needs at least one character")
        await self._sessions.rename(session_id, title.strip())
        self._feed.mark(session_id)

    async def set_queue_policy(self, session_id: str, policy: str) -> None:
        """What happens to a message sent to this session while a turn runs; empty means as the agent's file says.

        Raises:
            SessionError: There is no such policy.
        """
        if policy not in ("", *get_args(QueuePolicy)):
            raise SessionError(f"there is no queue policy {policy!r}", hint="enqueue, interrupt or reject.")
        await self._sessions.set_queue_policy(session_id, policy)

    async def choose_model(self, session_id: str, text: str) -> ChosenModel | None:
        """Let another model answer in this session alone; the next message goes to it.

        Args:
            session_id: The session.
            text: `source/model`, a model's name that one source alone lists, or `default` for its agent's own.

        Raises:
            SessionError: No source, or more than one, has such a model.
            StoreError: It was not stored.
        """
        if text.strip().lower() in ("", "default"):
            await self._sessions.set_model(session_id, "")
        else:
            choice = await self.models.choice_of(text)
            await self._sessions.set_model(session_id, str(choice), choice.context_window)
        self._feed.mark(session_id)
        return self.models.chosen(await self._sessions.get(session_id))

    async def delete_session(self, session_id: str) -> None:
        """Stop a session's runs, then delete it; `library.undelete` brings it back, `library.purge` ends it for good.

        Raises:
            UnknownSession: There is none with that id.
            StoreError: Nothing was deleted.
        """
        if not await self.library.delete([session_id]):
            raise UnknownSession(f"there is no session {session_id!r}")

    async def history(
        self, session_id: str, *, before: int | None = None, after: int = 0, limit: int = 50
    ) -> Sequence[TurnRecord]:
        """The last turns of a session, oldest first, between two ordinals."""
        return await self._sessions.history(session_id, before=before, after=after, limit=limit)

    async def sent_prompts(self, words: str = "", limit: int = 100) -> Sequence[SentPrompt]:
        """What was sent in any session with all of these words in it, newest first, each text once."""
        return await self._sessions.sent_prompts(words, limit)

    async def sent_text(self, turn_id: str) -> str:
        """All of a message that `sent_prompts` found.

        Raises:
            StoreError: Its session was deleted meanwhile.
        """
        return await self._sessions.sent_text(turn_id)

    # Turns

    async def send(self, key: SessionKey, text: str, files: Sequence[AttachedFile] = ()) -> Run:
        """Accept a message: it is on disk when this returns, and its run can be watched.

        Args:
            key: Who is asked, and where.
            text: What is said; may be empty when something is attached.
            files: What is attached.

        Raises:
            AgentError: There is no such agent, or it is disabled.
            SessionBusy: The agent's policy is `reject` and a turn is running.
            EngineClosed: The program ends.
            SessionError: There is nothing to send, no such session, or it has as many turns as its agent allows.
            StoreError: Nothing was stored.
        """
        agent = self._registry.get(key.agent_id)
        if self.runner.is_closing:
            raise EngineClosed("hector-tui is closing", hint="Send it again after the next start.")
        if not text.strip() and not files:
            raise SessionError("there is nothing to send")
        info = await self._sessions.get(key.session_id)
        policy = info.queue_policy or agent.queue_policy
        if policy == "reject" and (key in self._accepting or self._live(key)):
            raise SessionBusy(f"{agent.name} is still answering", hint="Wait, or stop it with Esc Esc.")
        self._accepting.add(key)
        # A caller that leaves in the middle must not leave a stored turn behind that nobody runs.
        return await asyncio.shield(self._accept(key, text, files, info, interrupt=policy == "interrupt"))

    async def files_of(self, key: SessionKey, parts: Sequence[FilePart]) -> Sequence[AttachedFile]:
        """What was attached to an earlier message, with its content, so that it can be sent again."""
        found = await self._sessions.files(key, {part.file_id for part in parts})
        return [
            AttachedFile(part.name, part.media_type, found[part.file_id]) for part in parts if part.file_id in found
        ]

    def runs(self, session_id: str) -> list[Run]:
        """The live runs of a session; call it on the engine's loop, read the runs' output from any."""
        return self.runner.runs(session_id)

    def watchable(self, session_id: str) -> list[Run]:
        """The runs of a session that have begun, those that ended a moment ago too.

        A quick answer can end before anyone has attached to it; its output says more than the rows it left.
        """
        ended = [run for run in self._ended if run.key.session_id == session_id]
        return [run for run in (*ended, *self.runner.runs(session_id)) if run.started_at is not None]

    async def cancel(self, session_id: str) -> int:
        """Stop what is being answered in a session; queued turns stay. Returns how many were stopped."""
        running = [run for run in self.runner.runs(session_id) if run.started_at is not None]
        chosen = running or self.runner.runs(session_id)[:1]
        for run in chosen:
            self.runner.cancel(run, "stopped by you")
        return len(chosen)

    async def decide(self, session_id: str, request_id: str, decision: Decision) -> None:
        """Let a tool call that waits run, or not.

        Raises:
            SessionError: It does not wait any more.
            StoreError: What was allowed for the session could not be stored; the call still waits.
        """
        for run in self.runner.runs(session_id):
            if any(request.request_id == request_id for request in run.approvals.requests):
                await run.approvals.decide(request_id, decision)
                self._run_changed(run)
                return
        raise SessionError("this tool call does not wait for a decision any more")

    async def ask_again(self, session_id: str) -> int:
        """Forget which tools were allowed for the rest of a session; returns how many there were.

        Raises:
            StoreError: Nothing has changed.
        """
        return await self._approvals.withdraw(session_id)

    def activity(self, session_id: str) -> SessionActivity:
        """What goes on in a session; safe from any thread."""
        return self._activity.of(session_id)

    def needing(self) -> Sequence[str]:
        """The sessions in which a tool call waits for a person, with a tab or without; safe from any thread."""
        return self._activity.needing()

    def changes(self) -> ChangeReader:
        """A reader that hears which sessions changed; `ENGINE` among them stands for the engine itself."""
        return self._feed.reader()

    def unsubscribe(self, reader: ChangeReader) -> None:
        """A reader wants to hear nothing more; safe from any thread."""
        self._feed.detach(reader)

    # The workspace

    async def open_tabs(self) -> Sequence[TabInfo]:
        """The tabs that stood open last, left to right."""
        return await self._tabs.open_tabs()

    async def tab(self, session_id: str) -> TabInfo:
        """The draft and reading place of a session."""
        return await self._tabs.get(session_id)

    async def save_tabs(self, session_ids: Sequence[str], active: str, beside: str = "") -> None:
        """Store which tabs are open, which one is shown, and which one beside it; empty for none.

        Raises:
            StoreError: Nothing was stored.
        """
        await self._tabs.save_order(session_ids, active, beside)

    async def save_draft(self, session_id: str, draft: str) -> None:
        """Store what stands in a prompt.

        Raises:
            StoreError: It was not stored.
        """
        await self._tabs.save_draft(session_id, draft)

    async def save_seen(self, session_id: str, ordinal: int) -> None:
        """Store up to which turn a session was looked at.

        Raises:
            StoreError: It was not stored.
        """
        await self._tabs.save_seen(session_id, ordinal)

    async def close_tab(self, session_id: str) -> None:
        """A tab was closed: its pending memories are indexed now, and a session nobody used goes away.

        Raises:
            StoreError: The database refused.
        """
        self._activity.forget(session_id)
        info = await self._sessions.get(session_id)
        tab = await self._tabs.get(session_id)
        if not info.turns and not tab.draft.strip():
            await self._sessions.delete(session_id)
            return
        for agent_id in await self._sessions.agents_of(session_id):
            self._memory.notify(SessionKey(session_id, agent_id), at_once=True)

    # Problems of the engine itself

    def report(self, subject: str, reason: str) -> None:
        """Note a problem that concerns every session, or with an empty reason that it is over."""
        if reason:
            self._problems[subject] = reason
        else:
            self._problems.pop(subject, None)
        self._feed.mark(ENGINE)

    def announce(self, text: str) -> None:
        """Tell the person something once, whichever session they look at."""
        self._announcements.append(text)
        self._feed.mark(ENGINE)

    def take_announcements(self) -> Sequence[str]:
        """What is to be told since the last call; safe from any thread."""
        taken = []
        while self._announcements:
            taken.append(self._announcements.popleft())
        return taken

    def problems(self) -> Mapping[str, str]:
        """What is wrong with the engine, by subject; safe from any thread."""
        return dict(self._problems)

    async def _accept(
        self, key: SessionKey, text: str, files: Sequence[AttachedFile], info: SessionInfo, *, interrupt: bool
    ) -> Run:
        """Store a message and queue its run; nothing is awaited between the two, so runs queue in stored order."""
        try:
            agent = self._registry.get(key.agent_id)
            turn = await self._sessions.accept(key, text, files=files, max_turns=agent.limits.max_turns)
        finally:
            self._accepting.discard(key)
        if interrupt:
            for run in self._live(key):
                self.runner.cancel(run, "a newer message came")
        # Looked up after the store: a key that was connected meanwhile has replaced all agents.
        return self.runner.submit(turn, self._registry.get(key.agent_id), self.models.model_for(info))

    def _live(self, key: SessionKey) -> list[Run]:
        return [run for run in self.runner.runs(key.session_id) if run.key == key]

    def _run_changed(self, run: Run) -> None:
        if run.output.ended:
            self._ended.append(run)
            if run.status is TurnStatus.FAILED:
                self.models.doubt()
        self._activity.note(run, self.runner.runs(run.key.session_id))
        self._feed.mark(run.key.session_id)
