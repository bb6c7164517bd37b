"""Reading the database back after a benchmark, and counting what is wrong with it by what it says, not by its status.

It opens a connection of its own and trusts no column that the engine could have filled in by mistake: whose a message
is follows from the nonce it holds.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hector_tui.bench.heard import Ending, Heard
from hector_tui.bench.plan import Plan, Prompt, descents
from hector_tui.bench.script import NOTHING, numbers_said, said_after
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.messages import Message, Role, part_from_dict
from hector_tui.sessions.database import read_only

_FINDINGS = 20
"""Findings that are described; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a database holds of a plan. The first seven are faults; a right engine has none of them.

    Attributes:
        lost: Accepted turns of which the row, the question, a word of the answer or a memory is missing.
        duplicated: Turns of which one of these stands there more than once.
        misordered: Turns and messages that stand right behind one that was sent later, in their session or SessionKey.
        leaked: Appearances of a nonce where it does not belong: in another turn's answer, in another SessionKey's
            messages or memories, or anywhere although its prompt was refused.
        stale: Answers that were given without sight of the turn before.
        mismatched: Answers whose stored words are not those a reader was given, and streams without exactly one end.
        failed: Turns whose run ended with a failure.
        messages, memories: Rows.
        unconfirmed: Answers of a language model without the nonce it was asked to write.
        findings: The first faults in words.
    """

    lost: int = 0
    duplicated: int = 0
    misordered: int = 0
    leaked: int = 0
    stale: int = 0
    mismatched: int = 0
    failed: int = 0
    messages: int = 0
    memories: int = 0
    unconfirmed: int = 0
    findings: tuple[str, ...] = ()


def audit(database: Path, plan: Plan, heard: Mapping[str, Heard]) -> Counts:
    """Count what a database holds of a plan.

    Args:
        database: The file; it may be open elsewhere.
        plan: What was to be sent.
        heard: What became of each prompt on the sender's side, by nonce.

    Raises:
        sqlite3.Error: The database cannot be read.
    """
    with read_only(database) as connection:
        connection.execute("BEGIN")  # one snapshot for all that is read
        return _Audit(plan, heard).counts(connection)


@dataclass(slots=True)
class _Trace:
    """What was found of one prompt: how many rows of each kind, and each word of its answer."""

    rows: int = 0
    questions: int = 0
    answers: list[str] = field(default_factory=list)
    words: Counter[int] = field(default_factory=Counter)
    question_memories: int = 0
    remembered: Counter[int] = field(default_factory=Counter)


class _Audit:
    def __init__(self, plan: Plan, heard: Mapping[str, Heard]) -> None:
        self._plan = plan
        self._heard = heard
        self._traces = {prompt.nonce: _Trace() for prompt in plan.prompts}
        self._tally: Counter[str] = Counter()
        self._findings: list[str] = []
        self._turns: dict[str, Prompt] = {}
        self._order: dict[SessionKey, list[Prompt]] = defaultdict(list)

    def counts(self, connection: sqlite3.Connection) -> Counts:
        self._read_turns(connection)
        self._read_messages(connection)
        self._read_memories(connection)
        for prompt in self._plan.prompts:
            if self._was_accepted(prompt):
                self._judge(prompt)
        for order in self._order.values():
            self._judge_sight(order)
        return Counts(findings=tuple(self._findings), **self._tally)

    # Reading

    def _read_turns(self, connection: sqlite3.Connection) -> None:
        order: dict[object, list[int]] = defaultdict(list)
        for turn_id, session_id, agent_id, text in connection.execute(
            "SELECT turn_id, session_id, agent_id, text FROM turns ORDER BY session_id, ordinal"
        ):
            for prompt in self._owned(SessionKey(session_id, agent_id), text, "a turn"):
                self._turns[turn_id] = prompt
                trace = self._traces[prompt.nonce]
                trace.rows += 1
                if trace.rows == 1:
                    order[f"{session_id}, process {prompt.sender}"].append(prompt.position)
        self._count_descents(order, "turns")
        self._note_order()

    def _note_order(self) -> None:
        """The order in which each SessionKey was sent to: the plan's, or where two processes sent, that of the rows.

        Each of the two is in the plan's order among the rows, or has been counted as misordered.
        """
        rows = {prompt.nonce: place for place, prompt in enumerate(self._turns.values())}
        for prompt in self._plan.prompts:
            if self._was_accepted(prompt):
                self._order[prompt.key].append(prompt)
        for key, prompts in self._order.items():
            if self._plan.is_shared(key.session_id):
                prompts.sort(key=lambda prompt: rows.get(prompt.nonce, 0))

    def _read_messages(self, connection: sqlite3.Connection) -> None:
        places = {prompt.nonce: 2 * place for prompts in self._order.values() for place, prompt in enumerate(prompts)}
        order: dict[object, list[int]] = defaultdict(list)
        for session_id, agent_id, turn_id, role, parts in connection.execute(
            "SELECT session_id, agent_id, turn_id, role, parts FROM messages ORDER BY session_id, agent_id, seq"
        ):
            self._tally["messages"] += 1
            key = SessionKey(session_id, agent_id)
            text = _text_of(role, parts)
            if role == Role.USER:
                for prompt in self._owned(key, text, "a question"):
                    trace = self._traces[prompt.nonce]
                    trace.questions += 1
                    if trace.questions == 1:
                        order[key].append(places[prompt.nonce])
            elif (answered := self._answered(key, turn_id, text)) is not None:
                trace = self._traces[answered.nonce]
                trace.answers.append(text)
                trace.words.update(numbers_said(text, answered.nonce))
                if len(trace.answers) == 1:
                    order[key].append(places[answered.nonce] + 1)
        self._count_descents(order, "messages")

    def _read_memories(self, connection: sqlite3.Connection) -> None:
        for session_id, agent_id, role, text in connection.execute(
            "SELECT session_id, agent_id, role, text FROM memories ORDER BY row"
        ):
            self._tally["memories"] += 1
            owned = self._owned(SessionKey(session_id, agent_id), text, "a memory")
            for prompt in {prompt.nonce: prompt for prompt in owned}.values():
                trace = self._traces[prompt.nonce]
                if role == Role.USER:
                    trace.question_memories += 1
                else:
                    trace.remembered.update(numbers_said(text, prompt.nonce))

    def _owned(self, key: SessionKey, text: str, what: str) -> Iterator[Prompt]:
        """The prompts a text of a SessionKey speaks of; those of others, and refused ones, are leaks."""
        for prompt in self._plan.prompts_in(text):
            if prompt.key == key and self._was_accepted(prompt):
                yield prompt
            else:
                self._find("leaked", f"{what} of {key} holds turn {prompt.number} of {prompt.key}")

    def _answered(self, key: SessionKey, turn_id: str, text: str) -> Prompt | None:
        """The prompt an answer belongs to: the one of its SessionKey it speaks of most."""
        said = Counter(prompt.nonce for prompt in self._owned(key, text, "an answer"))
        scripted = self._plan.load.is_scripted
        if not said:
            if not scripted and turn_id in self._turns:
                self._tally["unconfirmed"] += 1
                return self._turns[turn_id]
            return None
        nonce = max(said, key=lambda known: said[known])
        if scripted:  # a language model may quote the earlier turns of its own conversation
            for other in said:
                if other != nonce:
                    self._find("leaked", f"an answer of {key} holds the nonces of two turns", said[other])
        return self._plan.prompt(nonce)

    # Judging

    def _judge(self, prompt: Prompt) -> None:
        trace = self._traces[prompt.nonce]
        heard = self._heard.get(prompt.nonce)
        where = f"turn {prompt.number} of {prompt.key}"
        if heard is not None and heard.ending is Ending.FAILED:
            self._find("failed", f"{where} failed")
        if missing := self._missing(prompt, trace):
            self._find("lost", f"{where} lacks {missing}")
        if more := _repeated(trace):
            self._find("duplicated", f"{where} has more than one {more}")
        if heard is None or not heard.tells(trace.answers):
            self._find("mismatched", f"{where} was read differently from what is stored")

    def _judge_sight(self, order: Sequence[Prompt]) -> None:
        """Whether each answer of a SessionKey was given with the turn before it in sight."""
        previous = NOTHING
        for prompt in order:
            for text in self._traces[prompt.nonce].answers:
                if (after := said_after(text)) is not None and after != previous:
                    self._find("stale", f"turn {prompt.number} of {prompt.key} followed {after} and not {previous}")
            previous = prompt.number

    def _missing(self, prompt: Prompt, trace: _Trace) -> str:
        if not trace.rows:
            return "its row"
        if not trace.questions:
            return "its question"
        if prompt.nonce in self._plan.interruptible:
            return ""
        if not trace.answers:
            return "its answer"
        if not trace.question_memories:
            return "the memory of its question"
        wanted = prompt.words if self._plan.load.is_scripted else 0
        if len(trace.words) < wanted:
            return f"{wanted - len(trace.words)} words of its answer"
        return "words in the memory of its answer" if len(trace.remembered) < wanted else ""

    def _was_accepted(self, prompt: Prompt) -> bool:
        heard = self._heard.get(prompt.nonce)
        return heard is None or heard.ending not in (Ending.REFUSED, Ending.UNSENT)

    def _count_descents(self, order: Mapping[object, list[int]], what: str) -> None:
        for place, ranks in order.items():
            if count := descents(ranks):
                self._find("misordered", f"{what} of {place} are out of order", count)

    def _find(self, kind: str, text: str, count: int = 1) -> None:
        self._tally[kind] += count
        if len(self._findings) < _FINDINGS:
            self._findings.append(f"{kind}: {text}")


def _repeated(trace: _Trace) -> str:
    if trace.rows > 1:
        return "row"
    if trace.questions > 1:
        return "question"
    if len(trace.answers) > 1:
        return "answer"
    if any(count > 1 for count in trace.words.values()):
        return "of a word in its answer"
    if trace.question_memories > 1 or any(count > 1 for count in trace.remembered.values()):
        return "memory"
    return ""


def _text_of(role: str, parts: str) -> str:
    return Message(Role(role), tuple(part_from_dict(part) for part in json.loads(parts))).text
