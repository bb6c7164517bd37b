"""Which conversations are open, in which order, and which one is shown. Pure state; no widget, no engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hector_tui.domain.turns import TurnStatus
from hector_tui.engine.views import SessionActivity
from hector_tui.ui.conversation import Conversation
from hector_tui.ui.widgets.tab_layout import TabItem, TabState, urgency_of


class Workspace:
    """The open conversations, left to right.

    Attributes:
        room_beside: Whether the screen is wide enough for two conversations.
    """

    def __init__(self) -> None:
        self._open: list[Conversation] = []
        self._active: Conversation | None = None
        self._recent: list[Conversation] = []
        self._beside: Conversation | None = None
        self.room_beside = False

    def __iter__(self) -> Iterator[Conversation]:
        return iter(self._open)

    def __len__(self) -> int:
        return len(self._open)

    @property
    def active(self) -> Conversation | None:
        """The conversation that is shown; None when no tab is open."""
        return self._active

    @property
    def session_ids(self) -> list[str]:
        """The open sessions, left to right."""
        return [conversation.info.session_id for conversation in self._open]

    def find(self, session_id: str) -> Conversation | None:
        """The open conversation of a session, if there is one."""
        return next((found for found in self._open if found.info.session_id == session_id), None)

    def add(self, conversation: Conversation) -> None:
        """Open a conversation in a new tab, right of the others."""
        self._open.append(conversation)

    @property
    def beside(self) -> Conversation | None:
        """The conversation that is to be shown beside the active one, also while there is no room for it."""
        return self._beside

    @property
    def shown_beside(self) -> Conversation | None:
        """The conversation that is shown beside the active one."""
        return self._beside if self.room_beside else None

    def put_beside(self, conversation: Conversation | None) -> None:
        """Show another open conversation beside the active one; None for none any more."""
        self._beside = conversation if conversation is not self._active else None

    def is_shown(self, conversation: Conversation) -> bool:
        """Whether a person sees it: it is the active one, or stands beside it."""
        return conversation is self._active or conversation is self.shown_beside

    def activate(self, conversation: Conversation) -> None:
        """Show an open conversation; with the one that stands beside, the active one changes places."""
        if conversation is self._beside:
            self._beside = self._active
        self._active = conversation
        self._recent = [conversation, *(other for other in self._recent if other is not conversation)]

    @property
    def recent(self) -> list[Conversation]:
        """The open conversations, the one shown last first; those never shown at the end."""
        return [*self._recent, *(other for other in self._open if other not in self._recent)]

    def close(self, conversation: Conversation) -> None:
        """Close a tab; when it was shown, its right neighbour is shown, else its left one."""
        place = self._open.index(conversation)
        self._open.remove(conversation)
        self._recent = [other for other in self._recent if other is not conversation]
        if self._beside is conversation:
            self._beside = None
        if self._active is conversation:
            self._active = None
            if self._open:
                self.activate(self._open[min(place, len(self._open) - 1)])

    def step(self, by: int) -> Conversation | None:
        """The tab so many places to the right of the active one, around the end."""
        if not self._open or self._active is None:
            return None
        return self._open[(self._open.index(self._active) + by) % len(self._open)]

    def move(self, by: int) -> None:
        """Move the active tab to the right or, with a negative number, to the left."""
        if self._active is None:
            return
        place = self._open.index(self._active)
        self._open.remove(self._active)
        self._open.insert(max(0, min(len(self._open), place + by)), self._active)

    def move_to(self, conversation: Conversation, before: Conversation) -> None:
        """Put a tab where another one stands, which makes room for it."""
        if conversation is before:
            return
        place = self._open.index(before)
        self._open.remove(conversation)
        self._open.insert(place, conversation)

    def next_that_needs(self, activity: Callable[[str], SessionActivity]) -> Conversation | None:
        """The hidden tab that needs the person most: one that waits for an answer, then a failed, then a finished one.

        Among equals the next to the right, around the end. A tab that was looked at needs nothing more.
        """
        at = self._open.index(self._active) if self._active is not None else -1
        items = dict(zip(self._open, self.tab_items(activity), strict=True))
        others = [*self._open[at + 1 :], *self._open[: max(at, 0)]]
        needing = [(urgency, other) for other in others if (urgency := urgency_of(items[other])) is not None]
        return min(needing, key=lambda pair: pair[0])[1] if needing else None

    def nth(self, number: int) -> Conversation | None:
        """The tab at a place, from 1."""
        return self._open[number - 1] if 1 <= number <= len(self._open) else None

    def tab_items(self, activity: Callable[[str], SessionActivity]) -> tuple[TabItem, ...]:
        """What the tab strip shows."""
        return tuple(
            self._tab_item(conversation, activity(conversation.info.session_id)) for conversation in self._open
        )

    def _tab_item(self, conversation: Conversation, activity: SessionActivity) -> TabItem:
        hidden = not self.is_shown(conversation)
        stored = conversation.stored
        last = activity.last_ordinal or (stored.ordinal if stored is not None else 0)
        unread = max(0, last - conversation.seen_ordinal) if hidden and not activity.running else 0
        return TabItem(
            session_id=conversation.info.session_id,
            title=conversation.info.title or conversation.agent_id,
            state=state_of(activity, stored.status if stored is not None else None),
            unread=unread,
            queued=activity.queued,
        )


def state_of(activity: SessionActivity, stored: TurnStatus | None) -> TabState:
    """What a tab's glyph says; of a session this engine has not touched, how its newest turn ended."""
    if activity.approvals:
        return "needs_you"
    if activity.running:
        return "working"
    if activity.queued:
        return "waiting"
    if (activity.last_status or stored) in (TurnStatus.FAILED, TurnStatus.INTERRUPTED):
        return "failed"
    return "idle"
