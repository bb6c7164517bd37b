"""How well a few typed letters fit a name.

Textual's own matcher tries every way to spread the letters over the name: twelve times `a` in a long path takes
minutes. This one looks for the letters in one piece first and then from left to right, and is linear.
"""

from __future__ import annotations

from dataclasses import dataclass

_EXACT, _BEGINS, _WORD, _WITHIN, _SCATTERED = 5.0, 4.0, 3.0, 2.0, 1.0
_SEPARATORS = frozenset(" /_-.:·")


@dataclass(frozen=True, slots=True)
class Fit:
    """How a query fits a name.

    Attributes:
        score: Higher is better.
        places: Where the query's letters stand in the name.
    """

    score: float
    places: tuple[int, ...] = ()


def fit(query: str, name: str) -> Fit | None:
    """Say how a query fits a name, whatever its case; None when it does not.

    The letters in one piece go before the same letters scattered, at the beginning before a later word, a short name
    before a long one.
    """
    if not query:
        return Fit(0.0)
    wanted, offered = _folded(query), _folded(name)
    place = _best_piece(wanted, offered)
    shortness = len(wanted) / max(1, len(offered))
    if place >= 0:
        kind = _EXACT if wanted == offered else _BEGINS if place == 0 else _WITHIN
        if kind == _WITHIN and offered[place - 1] in _SEPARATORS:
            kind = _WORD
        return Fit(kind + shortness, tuple(range(place, place + len(wanted))))
    places = _scattered(wanted, offered)
    if places is None:
        return None
    starts = sum(1 for place in places if place == 0 or offered[place - 1] in _SEPARATORS)
    span = places[-1] - places[0] + 1
    # Of letters far apart most fits are chance: they need to begin words, or to stand close together.
    if starts < 2 and span > 3 * len(wanted):
        return None
    return Fit(_SCATTERED * starts / len(wanted) + shortness, places)


def _folded(text: str) -> str:
    """Lower case of the same length: `İ` would become two characters, and places would no longer fit."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text


def _best_piece(wanted: str, offered: str) -> int:
    """Where the query stands in one piece, at the beginning of a word if it does anywhere; -1 when nowhere."""
    first = place = offered.find(wanted)
    while place > 0 and offered[place - 1] not in _SEPARATORS:
        place = offered.find(wanted, place + 1)
    return place if place >= 0 else first


def _scattered(wanted: str, offered: str) -> tuple[int, ...] | None:
    """Places of the letters in their order, from the right, where file names stand; None when one is missing."""
    places: list[int] = []
    end = len(offered)
    for letter in reversed(wanted):
        end = offered.rfind(letter, 0, end)
        if end < 0:
            return None
        places.append(end)
    return tuple(reversed(places))
