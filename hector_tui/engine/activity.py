"""What goes on in the sessions, as values that any thread can read."""

from __future__ import annotations

from collections.abc import Sequence

from hector_tui.engine.run import Run
from hector_tui.engine.views import SessionActivity

QUIET_KEPT = 1_000
"""Sessions without a run that are remembered; what is known of an older one stands in the database."""


class ActivityBoard:
    """The activity of every session with a run, and of those that had one last.

    Written on the engine's loop and read from any thread: a dictionary's single operations are atomic in CPython.

    Args:
        quiet_kept: How many sessions without a run are remembered.
    """

    def __init__(self, quiet_kept: int = QUIET_KEPT) -> None:
        self._quiet_kept = quiet_kept
        self._activities: dict[str, SessionActivity] = {}
        self._quiet: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._activities)

    def of(self, session_id: str) -> SessionActivity:
        """What goes on in a session."""
        return self._activities.get(session_id) or SessionActivity(session_id=session_id)

    def needing(self) -> list[str]:
        """The sessions in which a tool call waits for a person."""
        return [activity.session_id for activity in list(self._activities.values()) if activity.approvals]

    def note(self, run: Run, live: Sequence[Run]) -> None:
        """A run was queued, started or has ended.

        Args:
            run: The one that changed.
            live: Every run of its session that has not ended.
        """
        session_id = run.key.session_id
        before = self.of(session_id)
        newest = run if run.turn.ordinal >= before.last_ordinal else None
        self._activities[session_id] = SessionActivity(
            session_id=session_id,
            running=tuple(other.key for other in live if other.started_at is not None),
            queued=sum(1 for other in live if other.started_at is None),
            approvals=tuple(request for other in live for request in other.approvals.requests),
            last_ordinal=newest.turn.ordinal if newest else before.last_ordinal,
            last_status=newest.status if newest else before.last_status,
        )
        self._quiet.pop(session_id, None)
        if not live:
            self._quiet[session_id] = None
            if len(self._quiet) > self._quiet_kept:
                self.forget(next(iter(self._quiet)))

    def forget(self, session_id: str) -> None:
        """Nobody looks at a session any more; one with a run is remembered until that has ended."""
        if session_id in self._quiet:
            del self._quiet[session_id]
            del self._activities[session_id]
