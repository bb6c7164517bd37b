"""Anything a person can do to sessions, in any order, with restarts and crashes between, against a simple model.

`HECTOR_TUI_LONG=1` tries thousands of steps; without it a few hundred, always the same ones.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hector_tui.domain.events import RunCancelled
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.listing import SessionQuery, SessionView
from hector_tui.domain.turns import TurnStatus
from hector_tui.engine.run import Run
from hector_tui.errors import SessionBusy, UnknownSession
from tests.support.acting import KINDS, Actors, Kind, whole_answer
from tests.support.engine import Config, ending, query, start_engine, streamed
from tests.support.memory import until
from tests.support.model import Said, Talk, check_record, chosen, crash

T = TypeVar("T")
IS_LONG = os.environ.get("HECTOR_TUI_LONG") == "1"
AGENTS = ("left", "right")
CONFIG: Config = {
    "agents": {
        name: {
            "llm": "offline",
            "memory": {"strategy": "buffer_window", "window_size": 40, "long_term": {"recall_scope": "session"}},
        }
        for name in AGENTS
    },
}
TABLES = ("sessions", "turns", "messages", "journal", "tabs", "memories")
PICK = st.integers(0, 999)
"""Which of several things; taken modulo how many there are."""
STEPS = st.integers(0, 60)
"""Turns of the event loop between two things that happen at almost the same time."""


class Sessions(RuleBasedStateMachine):
    """The rules, and what must be true between any two of them."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.root = Path(self._folder.name)
        self.loop = asyncio.Runner()
        self.talks: dict[str, Talk] = {}
        self.deleted: list[str] = []
        self.trash: dict[str, Talk] = {}
        self.names = 0
        self.started: list[Said] = []
        self.open()

    def teardown(self) -> None:
        self.do(self.engine.aclose())
        self.loop.close()
        self._folder.cleanup()

    # Opening and closing

    @rule()
    def reopen(self) -> None:
        self.do(self.engine.aclose())
        for item in self.live():
            assert isinstance(ending(item.run), RunCancelled)
            item.settle(TurnStatus.INTERRUPTED)
        self.open()

    @rule(steps=STEPS, saved=st.booleans())
    def crash(self, steps: int, saved: bool) -> None:
        """Between two savings of the journal, or right after one."""

        async def happen() -> None:
            if saved:
                await self.engine._journal.save()
            for _ in range(steps):
                await asyncio.sleep(0)
            await crash(self.engine)

        self.do(happen())
        self.expect_interrupted(streamed if saved else None)
        self.open()

    # Sessions

    @initialize()
    def begin(self) -> None:
        self.create(again=False)
        self.create(again=False)

    @rule(again=st.booleans())
    def create(self, again: bool) -> None:
        if len(self.talks) == 4:
            return
        if again and self.trash:
            session_id = next(iter(self.trash))
            self.drop_talk(session_id)
        elif again and self.deleted:
            session_id = self.deleted.pop()
        else:
            self.names += 1
            session_id = f"session-{self.names}"
        self.do(self.engine.chat.create_session(AGENTS[0], session_id=session_id))
        self.do(self.engine.chat.rename_session(session_id, session_id))
        self.talks[session_id] = Talk(session_id)

    @rule(pick=PICK)
    def delete(self, pick: int) -> None:
        talk = self.talk(pick)
        live = [item for agent_id in AGENTS for item in talk.lane(agent_id)]
        self.do(self.engine.chat.delete_session(talk.session_id))
        self.trash[talk.session_id] = self.talks.pop(talk.session_id)
        self.expect_cancelled(live)
        with pytest.raises(UnknownSession):
            self.do(self.engine.chat.send(SessionKey(talk.session_id, AGENTS[0]), "nobody is there"))

    @rule(pick=PICK)
    def undelete(self, pick: int) -> None:
        if not self.trash:
            self.delete(pick)
        session_id = chosen(list(self.trash), pick)
        assert self.do(self.engine.chat.library.undelete([session_id])) == [session_id]
        self.talks[session_id] = self.trash.pop(session_id)

    @rule(pick=PICK)
    def purge(self, pick: int) -> None:
        """For good, out of the trash or with runs in it."""
        everything = [*self.talks.values(), *self.trash.values()]
        talk = chosen(everything, pick) if everything else self.talk(pick)
        live = [item.run for agent_id in AGENTS for item in talk.lane(agent_id)]
        assert self.do(self.engine.chat.library.purge([talk.session_id])) == [talk.session_id]
        assert all(isinstance(ending(run), RunCancelled) for run in live)
        self.forget(talk)

    @rule(pick=PICK, archived=st.booleans())
    def archive(self, pick: int, archived: bool) -> None:
        talk = self.talk(pick)
        self.do(self.engine.chat.library.archive([talk.session_id], archived=archived))
        talk.archived = archived

    @rule(pick=PICK, keep=st.one_of(st.none(), st.integers(0, 4)))
    def fork(self, pick: int, keep: int | None) -> None:
        """Up to one of the first turns, or with everything; what is live stays where it is."""
        if len(self.talks) == 5:
            return
        talk = self.talk(pick)
        ordinals = [record.turn.ordinal for record in self.do(self.engine.chat.history(talk.session_id, limit=10_000))]
        up_to = None if keep is None or keep >= len(ordinals) else ordinals[keep]
        forked = self.do(self.engine.chat.library.fork(talk.session_id, up_to))
        copy = Talk(forked.session_id, policy=talk.policy)
        copies: dict[int, Said] = {}
        for item, ordinal in zip(talk.said, ordinals, strict=True):
            if item.status.is_live or (up_to is not None and ordinal > up_to):
                continue
            key = SessionKey(forked.session_id, item.key.agent_id)
            self.actors.copied.setdefault(item.nonce, set()).add(key)
            copies[id(item)] = replace(item, key=key, copied_to=f"{forked.session_id}-{ordinal}")
            copy.said.append(copies[id(item)])
        self.started += [copies[id(item)] for item in list(self.started) if id(item) in copies]
        self.talks[forked.session_id] = copy

    @rule(pick=PICK)
    def close_tab(self, pick: int) -> None:
        talk = self.talk(pick)
        self.do(self.engine.chat.close_tab(talk.session_id))
        if not talk.said:
            self.forget(talk)

    @rule(pick=PICK, policy=st.sampled_from(("", "enqueue", "interrupt", "reject")))
    def set_policy(self, pick: int, policy: str) -> None:
        talk = self.talk(pick)
        self.do(self.engine.chat.set_queue_policy(talk.session_id, policy))
        talk.policy = policy

    # Messages

    @rule(pick=PICK, agent_id=st.sampled_from(AGENTS), kind=st.sampled_from(KINDS))
    def send(self, pick: int, agent_id: str, kind: Kind) -> None:
        self.say(self.talk(pick), agent_id, kind, self.nonce())

    @rule(pick=PICK, agent_id=st.sampled_from(AGENTS), kinds=st.lists(st.sampled_from(KINDS), min_size=2, max_size=4))
    def send_several(self, pick: int, agent_id: str, kinds: list[Kind]) -> None:
        for kind in kinds:
            self.send(pick, agent_id, kind)

    @rule(pick=PICK)
    def retry(self, pick: int) -> None:
        item = self.some_settled(pick)
        # In a fork the words are others: those of the first session must not be told from its own by their nonce.
        nonce = self.nonce() if item.copied_to else item.nonce
        self.say(self.talks[item.key.session_id], item.key.agent_id, item.kind, nonce)

    @rule(pick=PICK, agent_id=st.sampled_from(AGENTS), kind=st.sampled_from(KINDS), steps=STEPS)
    def send_and_crash(self, pick: int, agent_id: str, kind: Kind, steps: int) -> None:
        """What was accepted is there, however soon the end came."""
        talk = self.talk(pick)
        if self.refuses(talk, agent_id):
            return
        interrupted = talk.lane(agent_id) if talk.policy == "interrupt" else []

        async def happen() -> None:
            await self.accept(talk, agent_id, kind, self.nonce())
            for _ in range(steps):
                await asyncio.sleep(0)
            await crash(self.engine)

        self.do(happen())
        for item in interrupted:
            if item.run.output.ended:
                item.settle(TurnStatus.CANCELLED)
        self.expect_interrupted(may_be=TurnStatus.CANCELLED if interrupted else None)
        self.open()

    @rule(pick=PICK)
    def let_go(self, pick: int) -> None:
        item = self.some_running(pick)
        self.actors.let_go(item.nonce)
        self.do(item.run.wait())
        item.settle(TurnStatus.FAILED if item.kind == "fail" else TurnStatus.DONE)
        if item.kind != "fail":
            assert item.answer == whole_answer(item.kind, item.nonce)
        self.rest()

    @rule(pick=PICK, steps=STEPS, by=st.sampled_from(("cancel", "crash")))
    def let_go_and_stop(self, pick: int, steps: int, by: str) -> None:
        """A stop races the end of an answer: whichever wins, what was said to be stored is what is stored."""
        item = self.some_running(pick)
        ends = TurnStatus.FAILED if item.kind == "fail" else TurnStatus.DONE

        async def happen() -> None:
            self.actors.let_go(item.nonce)
            for _ in range(steps):
                await asyncio.sleep(0)
            if by == "crash":
                await crash(self.engine)
            else:
                self.engine.chat.runner.cancel(item.run, "stopped by you")
                await item.run.wait()

        self.do(happen())
        if item.run.output.ended:
            stopped = isinstance(ending(item.run), RunCancelled)
            item.settle(TurnStatus.CANCELLED if stopped else ends)
        if by == "crash":
            self.expect_interrupted(may_be=ends)
            self.open()
        else:
            self.rest()

    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        talk = self.talk(pick)
        if not any(len(talk.lane(agent_id)) > 1 for agent_id in AGENTS):
            self.set_policy(pick, "")
            self.send_several(pick, chosen(AGENTS, pick), list(KINDS))
        running = [lane[0] for agent_id in AGENTS if (lane := talk.lane(agent_id))]
        assert self.do(self.engine.chat.cancel(talk.session_id)) == len(running)
        self.expect_cancelled(running)

    # What waits

    @rule(pick=PICK)
    def cancel_waiting(self, pick: int) -> None:
        item = self.some_waiting(pick)

        async def happen() -> None:
            self.engine.chat.runner.cancel(item.run, "not needed")

        self.do(happen())
        self.expect_cancelled([item])

    @rule(pick=PICK, kind=st.sampled_from(KINDS))
    def edit(self, pick: int, kind: Kind) -> None:
        item = self.some_waiting(pick)
        nonce = self.nonce()
        self.actors.owners[nonce] = item.key
        self.do(self.engine.chat.queue.edit(item.key.session_id, item.run.turn.turn_id, f"{kind} {nonce}"))
        item.kind, item.nonce = kind, nonce

    @rule(pick=PICK)
    def drop(self, pick: int) -> None:
        item = self.some_waiting(pick)
        turn_id = item.run.turn.turn_id
        assert self.do(self.engine.chat.queue.drop(item.key.session_id, turn_id)) == item.text
        assert ending(item.run) == RunCancelled("taken out of the queue", stored=False)
        self.talks[item.key.session_id].said.remove(item)

    @rule(pick=PICK, by=st.integers(-3, 3))
    def move(self, pick: int, by: int) -> None:
        item = self.some_waiting(pick)
        self.do(self.engine.chat.queue.move(item.key.session_id, item.run.turn.turn_id, by))
        self.place(item, by)

    @rule(pick=PICK)
    def send_now(self, pick: int) -> None:
        item = self.some_waiting(pick)
        running = self.talks[item.key.session_id].lane(item.key.agent_id)[0]
        self.do(self.engine.chat.queue.send_now(item.key.session_id, item.run.turn.turn_id))
        self.place(item, -999)
        self.expect_cancelled([running])

    # What must be true

    @invariant()
    def the_database_has_what_was_said_and_nothing_else(self) -> None:
        assert self.actors.problems == []
        known = query(self.root, "SELECT session_id FROM sessions")
        assert {session_id for (session_id,) in known} == {*self.talks, *self.trash}
        left = "SELECT count(*) FROM journal JOIN turns USING (turn_id) WHERE status NOT IN ('running', 'waiting')"
        assert query(self.root, left) == [(0,)]
        for table in TABLES:
            for session_id in self.deleted:
                found = query(self.root, f"SELECT count(*) FROM {table} WHERE session_id = ?", session_id)
                assert found == [(0,)], (table, session_id)
        for talk in self.talks.values():
            records = self.do(self.engine.chat.history(talk.session_id, limit=10_000))
            assert [(record.turn.text, record.turn.status) for record in records] == [
                (item.text, item.status) for item in talk.said
            ]
            assert self.do(self.engine.chat.session(talk.session_id)).turns == len(talk.said)
            for record, item in zip(records, talk.said, strict=True):
                check_record(record, item)
            for agent_id in AGENTS:
                self.check_order(talk, agent_id)

    @invariant()
    def every_list_and_search_has_what_it_should(self) -> None:
        def listed(view: SessionView, text: str = "") -> set[str]:
            query = SessionQuery(view=view, text=text, with_empty=True)
            return {row.info.session_id for row in self.do(self.engine.chat.library.page(query)).rows}

        current = {talk.session_id for talk in self.talks.values() if not talk.archived}
        assert listed("current") == current
        assert listed("archived") == set(self.talks) - current
        assert listed("deleted") == set(self.trash)
        for item in self.started[-3:]:
            holding = {other.key.session_id for other in self.started if other.nonce == item.nonce}
            assert listed("current", item.nonce) == holding & current
            assert listed("deleted", item.nonce) == holding & set(self.trash)

    @invariant()
    def the_engine_says_the_same(self) -> None:
        chat = self.engine.chat
        for talk in self.talks.values():
            lanes = [lane for agent_id in AGENTS if (lane := talk.lane(agent_id))]
            activity = chat.activity(talk.session_id)
            assert set(activity.running) == {lane[0].key for lane in lanes}
            assert activity.queued == sum(len(lane) - 1 for lane in lanes)
            waiting = {message.turn_id: message for message in chat.queue.messages(talk.session_id)}
            for agent_id in AGENTS:
                shown = [message.text for message in waiting.values() if message.key.agent_id == agent_id]
                assert shown == [item.text for item in talk.lane(agent_id)[1:]]
        assert len(chat.runner.all_runs()) == len(self.live())
        assert len(chat.runner._lanes) == len({item.key for item in self.live()})
        assert chat.problems() == {}

    def check_order(self, talk: Talk, agent_id: str) -> None:
        """Messages are numbered without a gap, and those that were answered stand in the order they were."""
        rows = query(
            self.root,
            "SELECT seq, role, turn_id FROM messages WHERE session_id = ? AND agent_id = ? ORDER BY seq",
            talk.session_id,
            agent_id,
        )
        assert [seq for seq, _, _ in rows] == list(range(1, len(rows) + 1))
        asked = [turn_id for _, role, turn_id in rows if role == "user"]
        ours = [item for item in self.started if item.key.agent_id == agent_id and item in talk.said]
        assert asked == [item.turn_id for item in ours]

    # Helpers

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run(asyncio.wait_for(work, 20.0))

    def open(self) -> None:
        self.actors = getattr(self, "actors", None) or Actors()
        self.engine = self.do(start_engine(self.root, CONFIG, script=self.actors.script, tools=[self.actors.tool]))

    # Rules draw alike whatever there is, and make what they need: which there is depends on races, and Hypothesis
    # demands that what it draws does not.

    def talk(self, pick: int) -> Talk:
        if not self.talks:
            self.create(again=False)
        return chosen(list(self.talks.values()), pick)

    def some_running(self, pick: int) -> Said:
        if not self.running():
            self.send(pick, chosen(AGENTS, pick), chosen(KINDS, pick))
        return chosen(self.running(), pick)

    def some_waiting(self, pick: int) -> Said:
        if not self.waiting():
            self.set_policy(pick, "")
            self.send_several(pick, chosen(AGENTS, pick), list(KINDS))
        return chosen(self.waiting(), pick)

    def some_settled(self, pick: int) -> Said:
        if not self.settled():
            self.let_go(pick)
        return chosen(self.settled(), pick)

    def nonce(self) -> str:
        return f"{0xC0DE0000 + len(self.actors.owners):08x}"

    def live(self) -> list[Said]:
        return [item for talk in self.talks.values() for item in talk.said if item.status.is_live]

    def running(self) -> list[Said]:
        return [item for item in self.live() if item.status is TurnStatus.RUNNING]

    def waiting(self) -> list[Said]:
        return [item for item in self.live() if item.status is TurnStatus.QUEUED]

    def settled(self) -> list[Said]:
        return [item for talk in self.talks.values() for item in talk.said if not item.status.is_live]

    def refuses(self, talk: Talk, agent_id: str) -> bool:
        return talk.policy == "reject" and bool(talk.lane(agent_id))

    def forget(self, talk: Talk) -> None:
        self.drop_talk(talk.session_id)
        self.deleted.append(talk.session_id)

    def drop_talk(self, session_id: str) -> None:
        """Nothing of a session is left, in the trash or elsewhere."""
        self.talks.pop(session_id, None)
        self.trash.pop(session_id, None)
        self.started = [item for item in self.started if item.key.session_id != session_id]

    async def accept(self, talk: Talk, agent_id: str, kind: Kind, nonce: str) -> None:
        key = SessionKey(talk.session_id, agent_id)
        self.actors.owners.setdefault(nonce, key)
        run = await self.engine.chat.send(key, f"{kind} {nonce}")
        talk.archived = False
        talk.said.append(Said(key, kind, nonce, run))

    def say(self, talk: Talk, agent_id: str, kind: Kind, nonce: str) -> None:
        if self.refuses(talk, agent_id):
            with pytest.raises(SessionBusy):
                self.do(self.accept(talk, agent_id, kind, nonce))
            return
        interrupted = talk.lane(agent_id) if talk.policy == "interrupt" else []
        self.do(self.accept(talk, agent_id, kind, nonce))
        self.expect_cancelled(interrupted)

    def place(self, item: Said, by: int) -> None:
        """Move a waiting message among those to its agent, which take each other's places on the screen."""
        talk = self.talks[item.key.session_id]
        lane = talk.lane(item.key.agent_id)[1:]
        places = [talk.said.index(other) for other in lane]
        at = lane.index(item)
        lane.remove(item)
        lane.insert(max(0, min(len(lane), at + by)), item)
        for place, other in zip(places, lane, strict=True):
            talk.said[place] = other

    def expect_cancelled(self, items: list[Said]) -> None:
        """These end as cancelled, and whoever waits behind them begins."""
        for item in items:
            self.do(item.run.wait())
            assert isinstance(ending(item.run), RunCancelled)
            item.settle(TurnStatus.CANCELLED)
        self.rest()

    def expect_interrupted(
        self, answer: Callable[[Run], str] | None = None, *, may_be: TurnStatus | None = None
    ) -> None:
        """Everything live was interrupted; `may_be` is how some may have ended first, unsaid."""
        for item in self.live():
            turn_id = item.run.turn.turn_id
            ((status, began),) = query(self.root, "SELECT status, started_at FROM turns WHERE turn_id = ?", turn_id)
            if began is not None and item not in self.started:
                self.started.append(item)
            item.status = TurnStatus.INTERRUPTED if TurnStatus(status).is_live else TurnStatus(status)
            assert item.status in (TurnStatus.INTERRUPTED, may_be)
            item.answer = answer(item.run) if answer is not None else None

    def rest(self) -> None:
        """Until the first of every lane stands still, and nothing else moves."""
        heads = [lane[0] for talk in self.talks.values() for agent_id in AGENTS if (lane := talk.lane(agent_id))]
        self.do(until(lambda: set(self.actors.standing) == {item.nonce for item in heads}))
        for item in heads:
            if item.status is TurnStatus.QUEUED:
                item.status = TurnStatus.RUNNING
                self.started.append(item)


@pytest.mark.timeout(3600 if IS_LONG else 300)
def test_sessions_keep_their_promises_whatever_is_done_to_them() -> None:
    run_state_machine_as_test(
        Sessions,
        settings=settings(
            max_examples=150 if IS_LONG else 15,
            stateful_step_count=80 if IS_LONG else 40,
            derandomize=not IS_LONG,
            # Without: the steps to a failure are many, but they are there after seconds instead of minutes.
            phases=tuple(Phase) if IS_LONG else (Phase.explicit, Phase.reuse, Phase.generate),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
