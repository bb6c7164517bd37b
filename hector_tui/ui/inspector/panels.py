"""What each panel says, as styled lines; functions of what the engine told and of nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from hector_tui.domain.context import ContextKind, ContextView
from hector_tui.domain.events import MemoryRecalled
from hector_tui.domain.memories import Memory
from hector_tui.domain.messages import (
    FilePart,
    Part,
    StoredMessage,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from hector_tui.domain.turns import TurnRecord, TurnStatus
from hector_tui.ui.inspector.wrapping import Wrapper
from hector_tui.ui.numbers import counted, score_text
from hector_tui.ui.text import clean_line
from hector_tui.ui.times import ago, clock
from hector_tui.ui.widgets.status_layout import compact_number

if TYPE_CHECKING:
    from hector_tui.engine.views import MemoryView

Lines = list[Content]

_METER_CELLS = 20
_METER_WORDS = 23
"""Cells of the meter's row that words and numbers take."""
_PART_STYLES: dict[ContextKind, str] = {
    "system": "$primary",
    "memory": "$secondary",
    "tools": "$warning",
    "form": "$foreground",
    "history": "$accent",
    "turn": "$success",
    "draft": "$success",
}
_STATUS_GLYPHS = {
    TurnStatus.QUEUED: "◔",
    TurnStatus.RUNNING: "●",
    TurnStatus.WAITING: "!",
    TurnStatus.DONE: "✓",
    TurnStatus.FAILED: "✗",
    TurnStatus.CANCELLED: "⊘",
    TurnStatus.INTERRUPTED: "⊘",
}
_TEXT_LINES = 4
"""Lines of one message in the History panel; the transcript has the whole."""
_MEMORY_LINES = 2
"""Lines of a memory the cursor does not stand on."""


def context_lines(view: ContextView | None, wrapper: Wrapper) -> Lines:
    """The next request, or the last one of a running turn: its shares, then its exact text."""
    if view is None:
        return [_dim("nothing would be sent yet")]
    lines: Lines = [_meter(view, wrapper.width), Content("")]
    total = max(1, view.tokens)
    for part in view.parts:
        share = f"{100 * part.tokens / total:3.0f} %"
        lines.append(
            Content.assemble(
                ("▇ ", _PART_STYLES[part.kind]),
                f"{part.title:<10}",
                (f"{'~' + compact_number(part.tokens):>8}  {share}", "$chat-dim"),
            )
        )
    if view.dropped_turns:
        turns = counted(view.dropped_turns, "older turn")
        lines.append(_dim(f"{turns} left out by working memory"))
    sent = f"model call {view.iteration}, sent {clock(view.at)}" if view.iteration else "what Enter would send now"
    lines += [Content(""), _dim(f"{sent} · {clean_line(view.model)}")]
    for part in view.parts:
        lines += [Content(""), _heading(part.title, _PART_STYLES[part.kind], wrapper.width)]
        lines += [Content(line) for line in wrapper.lines(part.text)]
    return lines


def history_lines(records: Sequence[TurnRecord], wrapper: Wrapper) -> Lines:
    """The stored rows of a session, newest turn last."""
    lines: Lines = []
    for record in records:
        turn = record.turn
        glyph = _STATUS_GLYPHS[turn.status]
        lines.append(
            Content.assemble(
                (f"{glyph} turn {turn.ordinal}", "bold"),
                (
                    f"  {turn.status.value} · {clock(turn.created_at)} · {clean_line(turn.key.agent_id, 16)}",
                    "$chat-dim",
                ),
            )
        )
        if not record.messages:
            lines += _message_lines("–", "user", turn.text, wrapper)
        for stored in record.messages:
            lines += _stored_lines(stored, wrapper)
        if turn.error:
            lines += [Content.styled(line, "$chat-error") for line in wrapper.lines(turn.error, indent=2)]
        lines.append(Content(""))
    return lines or [_dim("no messages yet")]


def memory_lines(
    view: MemoryView | None, recalled: MemoryRecalled | None, selected: str, wrapper: Wrapper
) -> tuple[Lines, dict[str, int]]:
    """What an agent remembers, and the line each memory begins at.

    Args:
        view: None while the engine has not answered.
        recalled: What the last turn recalled.
        selected: The id of the memory the cursor stands on.
        wrapper: For this width.
    """
    if view is None:
        return [_dim("…")], {}
    lines = _memory_head(view, wrapper)
    if recalled is not None:
        lines.append(Content.styled(f"recalled for the last turn ({len(recalled.hits)})", "bold"))
        for hit in recalled.hits:
            origin = (
                f"{clean_line(hit.session_title or hit.session_id, 24)} · {ago(hit.created_at)} · by {hit.found_by}"
            )
            score = (f"{score_text(hit.score):>4} ", "$chat-tool")
            lines.append(Content.assemble(score, clean_line(hit.text, wrapper.width - 6)))
            lines.append(_dim(f"     {origin}"))
        lines.append(Content(""))
    lines.append(Content.styled("remembered", "bold"))
    places: dict[str, int] = {}
    for memory in view.latest:
        places[memory.memory_id] = len(lines)
        lines += _one_memory(memory, memory.memory_id == selected, wrapper)
    if not view.latest:
        lines.append(_dim("nothing yet"))
    return lines, places


def _memory_head(view: MemoryView, wrapper: Wrapper) -> Lines:
    status = view.status
    waiting = f"pending batch {view.pending}/{view.batch_size}" if view.pending else "nothing pending"
    memories = counted(view.total, "memory", "memories")
    lines: Lines = [
        Content.assemble((memories, "bold"), (f" · scope {view.scope.value}", "$chat-dim")),
        _dim(f"{waiting} · indexed {status.indexed} · {status.state}"),
    ]
    if status.detail:
        lines += [Content.styled(line, "$warning") for line in wrapper.lines(status.detail)]
    if status.state == "rebuilding":
        lines.append(_dim(f"rebuilding {100 * status.progress:.0f} %"))
    return [*lines, Content("")]


def _one_memory(memory: Memory, selected: bool, wrapper: Wrapper) -> Lines:
    glyph = "◆" if memory.role == "note" else "·"
    marks = f"{'' if memory.indexed else ' · pending'}{' · pinned' if memory.pinned else ''}"
    head = f"{'▶' if selected else ' '}{glyph} {memory.role:<9} {ago(memory.created_at)}{marks}"
    style = "$chat-tool bold" if selected else "$chat-dim"
    body = wrapper.lines(memory.text, indent=2)
    shown = body if selected else body[:_MEMORY_LINES]
    lines = [Content.styled(head, style), *(Content(line) for line in shown)]
    if len(shown) < len(body):
        lines.append(_dim(f"  … {len(body) - len(shown)} more lines"))
    return lines


def _meter(view: ContextView, width: int) -> Content:
    used = compact_number(view.tokens)
    if not view.window:
        return Content.assemble(("ctx ", "bold"), f"~{used} tokens", (" · window unknown", "$chat-dim"))
    share = view.tokens / view.window
    cells = max(4, min(_METER_CELLS, width - _METER_WORDS))
    filled = min(cells, round(share * cells))
    level = "low" if share < 0.6 else "mid" if share < 0.85 else "high"
    return Content.assemble(
        ("ctx ", "bold"),
        ("▇" * filled, f"$meter-{level}"),
        ("▁" * (cells - filled), "$chat-dim"),
        f" {100 * share:.0f} %",
        (f"  ~{used}/{compact_number(view.window)}", "$chat-dim"),
    )


def _stored_lines(stored: StoredMessage, wrapper: Wrapper) -> Lines:
    texts = [_part_text(part) for part in stored.message.parts]
    return _message_lines(str(stored.seq), stored.message.role.value, "\n".join(filter(None, texts)), wrapper)


def _message_lines(seq: str, role: str, text: str, wrapper: Wrapper) -> Lines:
    body = wrapper.lines(text, indent=5)
    lines: Lines = [Content.assemble((f"{'#' + seq:>4} ", "$chat-tool"), (role, "$chat-dim"))]
    lines += [Content(line) for line in body[:_TEXT_LINES]]
    if len(body) > _TEXT_LINES:
        lines.append(_dim(f"     … {len(body) - _TEXT_LINES} more lines"))
    return lines


def _part_text(part: Part) -> str:
    match part:
        case TextPart(text):
            return text
        case ThinkingPart(text):
            return f"✻ {text or '[only its provider can read it]'}"
        case FilePart(name=name):
            return f"⊕ {name}"
        case ToolCallPart(_, name, arguments):
            return f"▸ {name} {arguments}"
        case ToolResultPart(_, name, text, is_error):
            return f"{'✗' if is_error else '→'} {name}: {text}"


def _heading(title: str, style: str, width: int) -> Content:
    rule = "─" * max(0, width - len(title) - 4)
    return Content.assemble(("── ", "$chat-dim"), (title, f"{style} bold"), (f" {rule}", "$chat-dim"))


def _dim(text: str) -> Content:
    return Content.styled(text, "$chat-dim")
