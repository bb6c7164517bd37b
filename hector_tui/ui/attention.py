"""What happened in sessions since one last looked: an answer came to its end, or a tool call waits for the person."""

from __future__ import annotations

from dataclasses import dataclass

from hector_tui.domain.turns import TurnStatus
from hector_tui.engine.views import SessionActivity
from hector_tui.ui.notifications import Kind, News

_ENDS = {TurnStatus.DONE: Kind.DONE, TurnStatus.FAILED: Kind.FAILED}
_NAMELESS = "A closed session"


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a session stood: its newest turn, and the calls that waited."""

    ordinal: int = 0
    status: TurnStatus | None = None
    asked: frozenset[str] = frozenset()


class Attention:
    """Remembers how each session stood, so that every change is news once."""

    def __init__(self) -> None:
        self._stood: dict[str, _Standing] = {}
        self._names: dict[str, str] = {}

    def look(self, activity: SessionActivity, name: str) -> News | None:
        """What is new in a session.

        Args:
            activity: How it stands now.
            name: Its title; empty when its tab is closed, and then the last one counts.
        """
        session_id = activity.session_id
        if name:
            self._names[session_id] = name
        before = self._stood.get(session_id, _Standing())
        asked = frozenset(request.request_id for request in activity.approvals)
        now = _Standing(activity.last_ordinal, activity.last_status, asked)
        self._stood[session_id] = now
        kind = _news(before, now)
        return News(session_id, self._names.get(session_id, _NAMELESS), kind) if kind is not None else None


def _news(before: _Standing, now: _Standing) -> Kind | None:
    # Not by the status: while one turn waits for the person, the newest one may still be queued behind it.
    if now.asked - before.asked:
        return Kind.WAITING
    if (before.ordinal, before.status) == (now.ordinal, now.status) or now.status is None:
        return None
    return _ENDS.get(now.status)
