"""The usage panel: what this session, this agent and the last days have spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from hector_tui.domain.spending import Spending
from hector_tui.domain.usage import Usage
from hector_tui.ui.numbers import counted, money_text
from hector_tui.ui.text import clean_line
from hector_tui.ui.widgets.status_layout import compact_number

_NAME_CELLS = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageView:
    """What the panel shows.

    Attributes:
        turn: Of the newest turn.
        session: All of this session's turns; None while none is stored.
        models: This session's, by model.
        agents: All sessions', by agent.
        days: All sessions', the newest day first.
    """

    turn: Usage
    session: Spending | None
    models: Sequence[Spending]
    agents: Sequence[Spending]
    days: Sequence[Spending]


def usage_lines(view: UsageView | None, names: dict[str, str]) -> list[Content]:
    """The panel's lines.

    Args:
        view: What was spent; None while it is not known.
        names: What the screen calls the agents.
    """
    if view is None:
        return [_dim("nothing is known yet")]
    lines = [_title("last turn"), *_details(view.turn), Content(""), _title("this session")]
    if view.session is None:
        lines.append(_dim("nothing was spent yet"))
    else:
        lines += _details(view.session.usage)
        if view.session.unpriced:
            turns = counted(view.session.unpriced, "turn")
            lines.append(_dim(f"{turns} without a price;"))
            lines.append(_dim("`prices` in a configuration sets them"))
    for title, sums in (("by model, here", view.models), ("by agent", view.agents), ("by day", view.days)):
        if sums:
            lines += [Content(""), _title(title), *(_row(entry, names.get(entry.name, entry.name)) for entry in sums)]
    return lines


def _details(usage: Usage) -> list[Content]:
    about = "~" if usage.estimated else ""
    rows = [
        ("input", usage.input_tokens, "cached", usage.cached_tokens),
        ("output", usage.output_tokens, "thinking", usage.reasoning_tokens),
    ]
    lines = []
    for name, count, part, of_it in rows:
        extra = f"  {part} {compact_number(of_it)}" if of_it else ""
        lines.append(Content.assemble(f"{name:<8}{about + compact_number(count):>8}", (extra, "$chat-dim")))
    if usage.cost is not None:
        lines.append(Content.assemble(f"{'cost':<8}", (f"{money_text(usage.cost, usage.estimated):>8}", "bold")))
    return lines


def _row(entry: Spending, name: str) -> Content:
    about = "~" if entry.usage.estimated else ""
    cost = money_text(entry.usage.cost, entry.usage.estimated) if entry.usage.cost is not None else ""
    return Content.assemble(
        f"{clean_line(name or '(unknown)', _NAME_CELLS):<{_NAME_CELLS}}",
        (f"{about + compact_number(entry.usage.total_tokens):>8}", ""),
        (f"{cost:>10}", "$chat-dim"),
    )


def _title(text: str) -> Content:
    return Content.styled(text, "$chat-agent bold")


def _dim(text: str) -> Content:
    return Content.styled(text, "$chat-dim")
