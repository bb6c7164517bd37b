from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hector_tui.domain.approvals import ApprovalRequest
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.turns import TurnStatus
from hector_tui.engine.views import SessionActivity
from hector_tui.ui.attention import Attention
from hector_tui.ui.notifications import BELL, Announcer, Channel, Kind, News, desktop_sequence, find_channel, summary
from hector_tui.ui.settings_schema import UiSettings

KITTY = {"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}


# The terminal


@pytest.mark.parametrize(
    ("env", "form"),
    [
        ({"TERM_PROGRAM": "iTerm.app"}, "osc9"),
        ({"LC_TERMINAL": "iTerm2", "TERM": "xterm-256color"}, "osc9"),
        ({"TERM_PROGRAM": "WezTerm"}, "osc9"),
        ({"TERM_PROGRAM": "ghostty"}, "osc9"),
        (KITTY, "osc9"),
        ({"TERM": "foot"}, "osc777"),
        ({"TERM": "foot-extra"}, "osc777"),
        ({"TERM": "rxvt-unicode-256color"}, "osc777"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "osc777"),
        ({"TERM": "xterm-256color"}, ""),
        ({"TERM": "linux"}, ""),
        ({"TERM_PROGRAM": "Apple_Terminal", "TERM": "xterm-256color"}, ""),
        ({}, ""),
        ({**KITTY, "STY": "1.x"}, ""),
        ({**KITTY, "ZELLIJ": "0"}, ""),
    ],
)
def test_a_terminal_is_told_by_its_environment(env: Mapping[str, str], form: str) -> None:
    assert find_channel(env).form == form
    assert not find_channel(env).through_tmux


def test_within_tmux_the_sequence_is_wrapped_for_the_terminal_around_it() -> None:
    channel = find_channel({**KITTY, "TERM": "tmux-256color", "TERM_PROGRAM": "tmux", "TMUX": "/tmp/tmux,1,0"})
    assert channel.form == "osc9" and channel.through_tmux and not channel.is_certain
    assert desktop_sequence(channel, "done") == "\x1bPtmux;\x1b\x1b]9;hector-tui: done\x07\x1b\\"


def test_each_form_is_what_its_terminals_read() -> None:
    assert desktop_sequence(Channel("osc9"), "Plans: done") == "\x1b]9;hector-tui: Plans: done\x07"
    assert desktop_sequence(Channel("osc777"), "Plans: done") == "\x1b]777;notify;hector-tui;Plans: done\x07"
    assert desktop_sequence(Channel(), "Plans: done") == ""


HOSTILE = "a\x1b]52;c;aGk=\x07b\x9c\x9b31m;c\x1b\\d\r\ne\x00\u202ef"


@given(st.text() | st.just(HOSTILE))
def test_nothing_in_a_title_ends_the_sequence_or_begins_another(text: str) -> None:
    for form in ("osc9", "osc777"):
        sequence = desktop_sequence(Channel(form), text)
        body = sequence[len("\x1b]777;notify;hector-tui;") if form == "osc777" else len("\x1b]9;hector-tui: ") : -1]
        assert sequence.endswith(BELL)
        assert re.search(r"[\x00-\x1f\x7f-\x9f;\u202a-\u202e]", body) is None
        assert len(body) <= 200


# What is said


def news(number: int, kind: Kind = Kind.DONE) -> News:
    return News(f"s{number}", f"Session {number}", kind)


def test_news_is_one_line_with_what_needs_the_person_first() -> None:
    assert summary([news(1)]) == "Session 1: the answer is done"
    assert summary([news(1, Kind.WAITING)]) == "Session 1: waits for you"
    many = [*(news(number) for number in range(1, 17)), news(17, Kind.FAILED), news(18, Kind.WAITING)]
    assert summary(many) == (
        "Session 18: waits for you · Session 17: the answer failed · "
        "16 answers are done: Session 1, Session 2, Session 3 and 13 more"
    )


class Desk:
    """What an announcer writes and tells, and a clock that a test turns."""

    def __init__(self, env: Mapping[str, str] = KITTY, settings: UiSettings | None = None) -> None:
        self.written: list[str] = []
        self.told: list[str] = []
        self.seen: set[str] = set()
        self.now = 100.0
        self._due: list[tuple[float, Callable[[], None]]] = []
        self.announcer = Announcer(
            env,
            write=self.written.append,
            tell=self.told.append,
            after=self._after,
            is_seen=self.seen.__contains__,
            clock=lambda: self.now,
        )
        self.announcer.settings = settings or UiSettings()

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        self._due.append((self.now + seconds, call))

    def let(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        due = [one for one in self._due if one[0] <= self.now]
        self._due = [one for one in self._due if one[0] > self.now]
        for _, call in due:
            call()


def test_sixteen_that_end_together_are_one_announcement() -> None:
    desk = Desk()
    for number in range(16):
        desk.announcer.announce(news(number), away=True)
    desk.let(1)
    assert len(desk.written) == 1 and "16 answers are done" in desk.written[0]
    desk.let(60)
    assert len(desk.written) == 1


def test_what_comes_soon_after_is_told_together_later() -> None:
    desk = Desk()
    for second in range(16):
        desk.announcer.announce(news(second), away=True)
        desk.let(1)
    desk.let(60)
    assert len(desk.written) <= 4
    told = "".join(desk.written)
    assert "Session 0: the answer is done" in told


def test_what_the_person_has_seen_meanwhile_is_not_told() -> None:
    desk = Desk()
    desk.announcer.announce(news(1), away=False)
    desk.seen.add("s1")
    desk.let(1)
    assert (desk.written, desk.told) == ([], [])


def test_only_what_needs_the_person_is_told_in_the_app() -> None:
    desk = Desk()
    desk.announcer.announce(news(1), away=False)
    desk.announcer.announce(news(2, Kind.FAILED), away=False)
    desk.let(1)
    assert desk.told == ["Session 2: the answer failed"]
    assert desk.written == ["\x1b]9;hector-tui: Session 2: the answer failed · Session 1: the answer is done\x07"]


NOTHING: list[str] = []
OSC9 = "\x1b]9;hector-tui: Session 1: the answer is done\x07"
OSC777 = "\x1b]777;notify;hector-tui;Session 1: the answer is done\x07"


@pytest.mark.parametrize(
    ("env", "changed", "away", "written"),
    [
        (KITTY, UiSettings(), False, [OSC9]),
        (KITTY, UiSettings(notifications="off"), True, NOTHING),
        (KITTY, UiSettings(notifications="attention"), True, NOTHING),
        (KITTY, UiSettings(notify_when="away"), False, NOTHING),
        (KITTY, UiSettings(notify_when="away"), True, [OSC9]),
        (KITTY, UiSettings(bell="always"), True, [OSC9, BELL]),
        (KITTY, UiSettings(desktop="off"), True, [BELL]),
        (KITTY, UiSettings(desktop="off", bell="off"), True, NOTHING),
        ({}, UiSettings(), True, [BELL]),
        ({}, UiSettings(bell="off"), True, NOTHING),
        ({}, UiSettings(desktop="osc777"), True, [OSC777]),
        ({**KITTY, "TMUX": "x"}, UiSettings(), True, [f"\x1bPtmux;\x1b{OSC9}\x1b\\", BELL]),
    ],
)
def test_each_switch_does_what_it_says(
    env: Mapping[str, str], changed: UiSettings, away: bool, written: list[str]
) -> None:
    desk = Desk(env, changed)
    desk.announcer.announce(news(1), away=away)
    desk.let(1)
    assert desk.written == written


# What happened


def activity(status: TurnStatus, ordinal: int = 1, asked: Sequence[str] = ()) -> SessionActivity:
    key = SessionKey("s1", "echo")
    requests = tuple(
        ApprovalRequest(request_id=name, key=key, turn_id="t1", call_id="c1", name="run", arguments="{}", asked_at=0.0)
        for name in asked
    )
    return SessionActivity(session_id="s1", last_ordinal=ordinal, last_status=status, approvals=requests)


def test_every_end_and_every_question_is_news_once() -> None:
    attention = Attention()
    steps: list[tuple[SessionActivity, Kind | None]] = [
        (activity(TurnStatus.QUEUED), None),
        (activity(TurnStatus.RUNNING), None),
        (activity(TurnStatus.WAITING, asked=["a"]), Kind.WAITING),
        (activity(TurnStatus.WAITING, asked=["a"]), None),
        (activity(TurnStatus.QUEUED, 2, asked=["a", "b"]), Kind.WAITING),
        (activity(TurnStatus.QUEUED, 2, asked=["b"]), None),
        (activity(TurnStatus.RUNNING, 2), None),
        (activity(TurnStatus.DONE, 2), Kind.DONE),
        (activity(TurnStatus.DONE, 2), None),
        (activity(TurnStatus.DONE, 3), Kind.DONE),
        (activity(TurnStatus.CANCELLED, 4), None),
        (activity(TurnStatus.FAILED, 5), Kind.FAILED),
    ]
    for step, (stands, kind) in enumerate(steps):
        found = attention.look(stands, "Plans")
        assert (found.kind if found else None) is kind, step


def test_a_session_whose_tab_is_closed_goes_by_its_last_name() -> None:
    attention = Attention()
    attention.look(activity(TurnStatus.RUNNING), "Plans")
    found = attention.look(activity(TurnStatus.DONE), "")
    assert found == News("s1", "Plans", Kind.DONE)
    other = Attention().look(replace(activity(TurnStatus.DONE), session_id="s2"), "")
    assert other is not None and other.name == "A closed session"
