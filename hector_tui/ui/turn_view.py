"""One turn in a transcript: its events become entries, whether they come live or from the database."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable

from hector_tui.domain.deltas import joined
from hector_tui.domain.events import (
    ApprovalDecided,
    ApprovalRequested,
    MemoryRecalled,
    MemoryWritten,
    Notice,
    OutputEvent,
    RunCancelled,
    RunFailed,
    RunFinished,
    StateChanged,
    TextDelta,
    ThinkingDelta,
    ToolCallFinished,
    ToolCallOutput,
    ToolCallStarted,
    UsageUpdated,
)
from hector_tui.domain.replay import replay
from hector_tui.domain.turns import Turn, TurnRecord, TurnStatus
from hector_tui.ui.numbers import counted, score_text, size_text
from hector_tui.ui.text import Cleaner, clean, clean_line
from hector_tui.ui.times import ago, clock
from hector_tui.ui.transcript.entries import AnswerEntry, Entry, NoticeEntry, UserEntry
from hector_tui.ui.transcript.folds import FoldEntry, FoldState
from hector_tui.ui.waiting import Wait

_SUMMARY_CHARACTERS = 60
"""Of a tool's arguments and result, in its one line."""
_OFFER = "\n/continue goes on with it, /retry asks again; or just say something else."
_STOPPED_EARLY = {
    "length": "The answer was cut at the model's length limit.",
    "refusal": "The model declined to answer.",
}


class TurnView:
    """Draws one turn as entries. Two turns of different agents may grow at once; each entry says whose it is.

    Args:
        add: Puts an entry where the turn is drawn. It is kept: what it holds lives as long as the turn is on screen.
        turn: The turn; its question becomes the first entry.
        label: Names who answers, such as `assistant · gpt-4o`.
        to: Whom the question was addressed to, when that is not the session's own agent.
    """

    __slots__ = (
        "_add_entry",
        "_answer",
        "_cleaner",
        "_label",
        "_thinking",
        "_tools",
        "entry_ids",
        "finished",
        "phase",
        "recall",
        "turn",
        "usage",
        "wait",
    )

    def __init__(self, add: Callable[[Entry], None], turn: Turn, label: str, *, to: str = "") -> None:
        self.turn = turn
        self.finished = False
        self.phase: str = ""
        self.usage = turn.usage
        self.entry_ids: list[str] = []
        """The names of the entries it has drawn; a set of two is three times as large as the list."""
        self.recall: MemoryRecalled | None = None
        self.wait: Wait | None = None
        """The wait before the model is asked again; None when nothing failed."""
        self._add_entry = add
        self._label = label
        self._answer: AnswerEntry | None = None
        self._thinking: FoldEntry | None = None
        self._cleaner = Cleaner()
        self._tools: dict[str, tuple[FoldEntry, ToolCallStarted]] = {}
        self._add(
            UserEntry(_question(turn), at=clock(turn.created_at), label=f"you → {clean_line(to)}" if to else "you")
        )

    @classmethod
    def of_record(cls, add: Callable[[Entry], None], record: TurnRecord, label: str, *, to: str = "") -> TurnView:
        """A stored turn, drawn as far as it is stored."""
        view = cls(add, record.turn, label, to=to)
        view.apply(replay(record))
        return view

    def apply(self, events: Iterable[OutputEvent]) -> None:
        """Draw events; neighbouring deltas are drawn as one."""
        for event in joined(events):
            self._apply(event)

    def tick(self) -> None:
        """Move what counts down."""
        if self.wait is not None:
            self.wait.tick(time.time())

    def _enter(self, event: StateChanged) -> None:
        self.phase = event.phase
        if event.phase == "model":
            self._end_step()
        elif event.phase == "retrying":
            self._begin_wait(event.until, event.reason)

    def _begin_wait(self, until: float, reason: str) -> None:
        if self.wait is not None:
            self.wait.begin(until, reason, time.time())
            return
        self.wait = Wait(until, reason, time.time())
        self._add(self.wait.entry)

    def _end_wait(self, event: OutputEvent) -> None:
        """Whatever is said after a wait ends it."""
        if self.wait is None or isinstance(event, StateChanged):
            return
        if isinstance(event, RunCancelled) and self.wait.left_s(time.time()):
            self.wait.stop()
        else:
            self.wait.end()
        self.wait = None
        if self.phase == "retrying":
            self.phase = "model"

    def _apply(self, event: OutputEvent) -> None:
        self._end_wait(event)
        match event:
            case TextDelta(text):
                self._text(text)
            case ThinkingDelta(text):
                self._think(text)
            case MemoryRecalled():
                self.recall = event
                self._add(_recall_entry(event))
            case MemoryWritten(_, text):
                self._add(FoldEntry("remembered", _short(text), glyph="◆", sections=(("", clean(text)),)))
            case Notice(level, text):
                self._add(NoticeEntry(level, clean(text)))
            case StateChanged():
                self._enter(event)
            case UsageUpdated(usage):
                self.usage = usage
            case _:
                self._apply_tool(event)

    def _apply_tool(self, event: OutputEvent) -> None:
        match event:
            case ToolCallStarted():
                self._tool_started(event)
            case ToolCallOutput(call_id, text):
                self._tool_said(call_id, text)
            case ToolCallFinished():
                self._tool_finished(event)
            case ApprovalRequested(call_id):
                self._tool_becomes(call_id, FoldState.WAITING)
                self.phase = "approval"
            case ApprovalDecided(call_id):
                self._tool_becomes(call_id, FoldState.RUNNING)
                self.phase = "tools"
            case _:
                self._apply_end(event)

    def _apply_end(self, event: OutputEvent) -> None:
        match event:
            case RunFinished(stop_reason):
                self._end(stopped=_STOPPED_EARLY.get(stop_reason, ""))
            case RunFailed(error):
                self._end(failed=error)
            case RunCancelled(reason):
                offer = _OFFER if self.turn.status is TurnStatus.INTERRUPTED else ""
                self._end(stopped=f"{reason or 'Stopped.'}{offer}")
            case _:
                pass

    def _add(self, entry: Entry) -> None:
        self.entry_ids.append(entry.id)
        self._add_entry(entry)

    def _text(self, text: str) -> None:
        self._end_thinking()
        if self._answer is None:
            self._answer = AnswerEntry(label=self._label)
            self._cleaner = Cleaner()
            self._add(self._answer)
        self._answer.append(self._cleaner.feed(text))

    def _think(self, text: str) -> None:
        if not text:  # a provider that keeps its model's thoughts to itself sends only the proof of them
            return
        self._end_answer()
        if self._thinking is None:
            self._thinking = FoldEntry("thinking", state=FoldState.RUNNING, glyph="✻")
            self._cleaner = Cleaner()
            self._add(self._thinking)
        self._thinking.append_section("", self._cleaner.feed(text))

    def _tool_started(self, event: ToolCallStarted) -> None:
        self._end_step()
        entry = FoldEntry(
            clean_line(event.name),
            _arguments(event.arguments),
            FoldState.RUNNING,
            sections=(("arguments", _pretty(event.arguments)),),
        )
        self._tools[event.call_id] = (entry, event)
        self._add(entry)

    def _tool_said(self, call_id: str, text: str) -> None:
        if (known := self._tools.get(call_id)) is not None:
            known[0].append_section("output", clean(text))

    def _tool_becomes(self, call_id: str, state: FoldState) -> None:
        if (known := self._tools.get(call_id)) is not None:
            known[0].update(state=state)

    def _tool_finished(self, event: ToolCallFinished) -> None:
        known = self._tools.pop(event.call_id, None)
        if known is None:
            return
        entry, started = known
        entry.set_section("error" if event.is_error else "result", clean(event.text))
        entry.update(
            detail=f"{_arguments(started.arguments)} → {_short(event.text)}",
            state=FoldState.FAILED if event.is_error else FoldState.DONE,
            aside=f"{event.duration_s:.2f} s",
        )

    def _end_step(self) -> None:
        self._end_answer()
        self._end_thinking()

    def _end_answer(self) -> None:
        if self._answer is not None:
            self._answer.append(self._cleaner.finish())
            self._answer.finish()
            self._answer = None

    def _end_thinking(self) -> None:
        if self._thinking is not None:
            self._thinking.append_section("", self._cleaner.finish())
            self._thinking.update(state=FoldState.DONE)
            self._thinking = None

    def _end(self, *, failed: str = "", stopped: str = "") -> None:
        self._end_step()
        for entry, _ in self._tools.values():
            entry.update(state=FoldState.FAILED if failed else FoldState.CANCELLED)
        self._tools.clear()
        if failed:
            self._add(NoticeEntry("error", clean(failed)))
        elif stopped:
            self._add(NoticeEntry("warning", clean(stopped)))
        self.finished = True


def _question(turn: Turn) -> str:
    """What the person said, under the names of what they attached."""
    attached = [f"⊕ {clean_line(file.name)} · {size_text(file.size)}" for file in turn.files]
    return "\n".join([*attached, clean(turn.text)] if turn.text or not attached else attached)


def _recall_entry(event: MemoryRecalled) -> FoldEntry:
    lines = [
        f"{score_text(hit.score)}  {clean_line(hit.text, 200)}\n"
        f"     {ago(hit.created_at)} · {clean_line(hit.session_title or hit.session_id, 60)} · by {hit.found_by}"
        for hit in event.hits
    ]
    return FoldEntry(
        f"recalled {counted(len(event.hits), 'memory', 'memories')}",
        _short(event.hits[0].text) if event.hits else "",
        glyph="◇",
        sections=(("", "\n".join(lines)),),
    )


def _arguments(arguments: str) -> str:
    """A tool's arguments on one line: the value itself when there is one, else `name: value`."""
    try:
        values = json.loads(arguments or "{}")
    except ValueError:
        return _short(arguments)
    if not isinstance(values, dict):
        return _short(arguments)
    if len(values) == 1:
        return _short(str(next(iter(values.values()))))
    return _short(", ".join(f"{name}: {value}" for name, value in values.items()))


def _pretty(arguments: str) -> str:
    try:
        return clean(json.dumps(json.loads(arguments or "{}"), indent=2, ensure_ascii=False))
    except ValueError:
        return clean(arguments)


def _short(text: str) -> str:
    return clean_line(text, _SUMMARY_CHARACTERS)
