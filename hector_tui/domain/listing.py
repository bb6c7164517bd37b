"""What a list of sessions asks for, and what it is given: a page at a time, never everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hector_tui.domain.excerpts import Excerpt
from hector_tui.domain.messages import FilePart, Message, TextPart, ToolCallPart, ToolResultPart
from hector_tui.domain.turns import SessionInfo, TurnStatus

SortBy = Literal["used", "created", "title", "agent", "turns"]
"""`used` is by the time something was last said or answered."""

SessionView = Literal["current", "archived", "deleted"]
"""Which sessions: those in use, those put away, or those in the trash."""

NO_MATCH = Excerpt("")
TRASH_DAYS = 7
"""Days for which a deleted session can be brought back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionQuery:
    """Which sessions are wanted, in which order.

    Attributes:
        text: What a person typed; looked for in titles and in what was said. Empty for every session.
        reverse: The other way round than a person expects of the order.
        with_empty: Also sessions in which nothing was said, which are open tabs or the draft of one.
    """

    text: str = ""
    view: SessionView = "current"
    sort: SortBy = "used"
    reverse: bool = False
    with_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session in a list.

    Attributes:
        unread: Turns that ended after the person looked last.
        last_status: How its newest turn stands; None when there is none.
        hits: Messages that match the text, within the newest that were looked at.
        match: The newest of them; empty without one, also when only the title matches.
        match_turn: The ordinal of its turn; 0 without one.
    """

    info: SessionInfo
    unread: int = 0
    last_status: TurnStatus | None = None
    hits: int = 0
    match: Excerpt = NO_MATCH
    match_turn: int = 0


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Some sessions of a list.

    Attributes:
        offset: The place of the first of them, from 0.
        total: How many sessions the query has altogether.
        is_cut: There are more messages than were looked at: the oldest matches may be missing.
    """

    rows: tuple[SessionRow, ...]
    offset: int
    total: int
    is_cut: bool = False


def searched_text(message: Message) -> str:
    """The words of a message that the index holds (sessions/schema.py)."""
    texts = []
    for part in message.parts:
        match part:
            case TextPart(text) | ToolResultPart(text=text):
                texts.append(text)
            case ToolCallPart(arguments=arguments):
                texts.append(arguments)
            case FilePart(name=name):
                texts.append(name)
            case _:
                pass
    return "\n".join(texts)
