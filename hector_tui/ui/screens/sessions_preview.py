"""What the sessions screen shows of the chosen session: its facts, and the exchange that matters."""

from __future__ import annotations

from textual.content import Content

from hector_tui.domain.excerpts import SearchWords, find_marks
from hector_tui.domain.listing import SessionRow, searched_text
from hector_tui.domain.messages import Message, Role
from hector_tui.domain.turns import TurnRecord, TurnStatus
from hector_tui.ui.numbers import counted
from hector_tui.ui.text import clean, clean_line
from hector_tui.ui.times import ago, clock

_QUESTION_CHARACTERS = 600
_ANSWER_CHARACTERS = 2_400
_BEFORE = 200
"""Characters kept before the first match of a long text."""


def preview(row: SessionRow, record: TurnRecord | None, words: SearchWords, *, is_brief: bool = False) -> Content:
    """The chosen session.

    Args:
        row: Its row.
        record: The turn with the newest match, else the last one; None when nothing was said.
        words: What is searched for.
        is_brief: Leave out the facts, where there are few rows.
    """
    if is_brief and record is not None:
        return Content("\n").join(_exchange(record, words))
    info = row.info
    turns = counted(info.turns, "turn")
    lines = [
        Content.styled(clean_line(info.title) or "(nothing said yet)", "$chat-heading bold"),
        Content.styled(f"{clean_line(info.agent_id)} · {turns} · begun {clock(info.created_at)}", "$chat-dim"),
        Content.styled(_where(row), "$chat-dim"),
        Content(""),
    ]
    if record is not None:
        lines += _exchange(record, words)
    return Content("\n").join(lines)


def _where(row: SessionRow) -> str:
    info = row.info
    parts = [f"deleted {ago(info.deleted_at)}" if info.deleted_at is not None else f"used {ago(info.updated_at)}"]
    if info.archived:
        parts.append("archived")
    if row.hits:
        parts.append(f"{counted(row.hits, 'hit')}, the newest in turn {row.match_turn}")
    return " · ".join(parts)


def _exchange(record: TurnRecord, words: SearchWords) -> list[Content]:
    turn = record.turn
    lines = [Content.styled("you", "$chat-user bold"), _passage(turn.text, words, _QUESTION_CHARACTERS), Content("")]
    answers = [stored.message for stored in record.messages if stored.message.role is not Role.USER]
    said = "\n\n".join(text for message in answers if (text := _words_of(message, words)))
    if said:
        lines += [Content.styled(clean_line(turn.key.agent_id), "$chat-agent bold")]
        lines += [_passage(said, words, _ANSWER_CHARACTERS)]
    if turn.status is not TurnStatus.DONE:
        reason = f"{turn.status.value}: {turn.error}" if turn.error else turn.status.value
        lines += [Content.styled(clean_line(reason, 300), "$chat-dim")]
    return lines


def _words_of(message: Message, words: SearchWords) -> str:
    """What was said; what tools were asked and answered only where the search found something in it."""
    if message.text:
        return message.text
    text = searched_text(message)
    return text if find_marks(text, words) else ""


def _passage(text: str, words: SearchWords, limit: int) -> Content:
    """A piece of a text with the first match in it, every match marked."""
    shown = clean(text)
    marks = find_marks(shown, words)
    start = max(0, marks[0][0] - _BEFORE) if marks and marks[0][1] > limit else 0
    piece = shown[start : start + limit]
    head, tail = "…" if start else "", "…" if start + limit < len(shown) else ""
    content = Content(f"{head}{piece}{tail}")
    shift = len(head) - start
    for first, last in marks:
        if first >= start and last <= start + limit:
            content = content.stylize("$tab-needs-you bold underline", first + shift, last + shift)
    return content
