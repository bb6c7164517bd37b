"""Where the block cursor and the keys for questions go next."""

from __future__ import annotations

from hector_tui.ui.transcript.blocks import Stop, inner_stops
from hector_tui.ui.transcript.entries import UserEntry
from hector_tui.ui.transcript.flow import GAP, Budget, Flow, Place, Slot

_BUDGET = 65_536
"""Characters parsed to find the blocks of an answer the cursor comes to from below."""


def next_stop(flow: Flow, slot: Slot, stop: Stop, step: int) -> Stop:
    """The stop after one (1) or before it (-1); the same one at either end.

    Args:
        flow: The entries.
        slot: Where the stop's entry stands among them.
        stop: Where the cursor is.
        step: 1 or -1.
    """
    stops = _stops(flow, slot)
    index = next((index for index, other in enumerate(stops) if other.first == stop.first), 0)
    if 0 <= index + step < len(stops):
        return stops[index + step]
    place = flow.index(slot.order) + step
    if not 0 <= place < len(flow.slots):
        return stops[index]
    neighbour = flow.slots[place]
    return Stop(neighbour.entry) if step > 0 else _stops(flow, neighbour)[-1]


def _stops(flow: Flow, slot: Slot) -> list[Stop]:
    """An entry, then the blocks inside it."""
    flow.ready(slot, Budget(_BUDGET))
    return [Stop(slot.entry), *inner_stops(slot.entry)]


def next_question(flow: Flow, here: Place, step: int) -> Slot | None:
    """The question after a place (1) or before it (-1); None when none is loaded there."""
    first = flow.index(here.order)
    if step > 0:
        found = (slot for slot in flow.slots[max(0, first) :] if _begins(slot) > here)
    else:
        found = (slot for slot in reversed(flow.slots[: first + 1]) if _begins(slot) < here)
    return next((slot for slot in found if isinstance(slot.entry, UserEntry)), None)


def _begins(slot: Slot) -> Place:
    return Place(slot.order, GAP if slot.gap else 0, 0)
