"""JSON values that know where they stand, and turn into Python values only when they are what they should be."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from hector_tui.errors import DocumentError
from hector_tui.sessions.rows import storable

MAX_BRACKETS = 8_000_000
"""Opening brackets, those within texts included: three bytes of empty arrays become sixty-four in memory."""
_SHOWN = 60
"""Characters of a wrong value that a message quotes."""
NOT_ONE = "Nothing was imported; `hector-tui sessions export --json ID FILE` writes such files."
"""What to do about a file that is no document of ours at all."""
_MEND = "Nothing was imported. Export it again, or mend that place."
_LARGEST = 10**15
"""The largest whole number; what adds up a million of them still fits into SQLite's integers."""


def parse(content: bytes, where: str) -> Place:
    """The value a JSON document holds.

    Raises:
        DocumentError: It is no JSON document in UTF-8, or one that readers understand differently.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"it is no text in UTF-8 (byte {error.start + 1:,})", where=where, hint=NOT_ONE) from None
    if text.count("[") + text.count("{") > MAX_BRACKETS:
        raise DocumentError("it has too many objects and arrays to be a session", where=where, hint=NOT_ONE)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        message = f"it is no JSON ({error.msg}: line {error.lineno:,}, column {error.colno:,})"
        raise DocumentError(message, where=where, hint=NOT_ONE) from None
    except ValueError as error:
        raise DocumentError(f"it is no JSON that can be read ({error})", where=where, hint=NOT_ONE) from None
    except (RecursionError, MemoryError):
        raise DocumentError("it is nested too deeply or too large", where=where, hint=NOT_ONE) from None
    return Place(value, "", where)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has {_quoted(twice)} twice")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


@dataclass(frozen=True, slots=True)
class Place:
    """A value of a document.

    Attributes:
        value: As `json` read it.
        path: Such as `turns[2].status`; empty for the document itself. Counted from 0, as JSON tools do.
        where: The document.
    """

    value: object
    path: str
    where: str

    def refuse(self, reason: str) -> NoReturn:
        """Say what is wrong here.

        Raises:
            DocumentError: Always.
        """
        raise DocumentError(f"{self.path or 'the document'} {reason}", where=self.where, hint=_MEND)

    def fields(self, *names: str, optional: Collection[str] = ()) -> dict[str, Place]:
        """The members of an object, exactly these; an optional one may be missing.

        Raises:
            DocumentError: It is no object, lacks one, or has another one.
        """
        if not isinstance(self.value, dict):
            self._wrong("an object")
        for name in names:
            if name not in self.value:
                self.refuse(f"lacks {_quoted(name)}")
        for name in self.value:
            if name not in names and name not in optional:
                self.refuse(f"has {_quoted(name)}, which means nothing here")
        return {name: self._member(name, value) for name, value in self.value.items()}

    def member(self, name: str) -> Place | None:
        """One member of what may be an object; None when there is none."""
        if isinstance(self.value, dict) and name in self.value:
            return self._member(name, self.value[name])
        return None

    def items(self, most: int) -> Sequence[Place]:
        """The elements of an array.

        Raises:
            DocumentError: It is no array, or has more than `most` elements.
        """
        if not isinstance(self.value, list):
            self._wrong("an array")
        if len(self.value) > most:
            self.refuse(f"has {len(self.value):,} elements, and may have {most:,}")
        return [Place(value, f"{self.path}[{number}]", self.where) for number, value in enumerate(self.value)]

    def words(self) -> str:
        """A text of any length, as it is.

        Raises:
            DocumentError: It is none.
        """
        if not isinstance(self.value, str):
            self._wrong("a text")
        return self.value

    def text(self) -> str:
        """A text of any length, as a column of the database takes it.

        Raises:
            DocumentError: It is none.
        """
        return storable(self.words())

    def name(self, most: int, *, may_be_empty: bool = True) -> str:
        """A short text.

        Raises:
            DocumentError: It is none, is longer than `most`, or blank where it may not be.
        """
        text = self.text()
        if len(text) > most:
            self.refuse(f"has {len(text):,} characters, and may have {most:,}")
        if not may_be_empty and not text.strip():
            self.refuse("is blank")
        return text

    def one_of(self, choices: Collection[str]) -> str:
        """One of some texts.

        Raises:
            DocumentError: It is another value.
        """
        if not isinstance(self.value, str) or self.value not in choices:
            self.refuse(f"is {_quoted(self.value)}, and must be one of {', '.join(map(_quoted, choices))}")
        return self.value

    def flag(self) -> bool:
        """True or false.

        Raises:
            DocumentError: It is neither.
        """
        if not isinstance(self.value, bool):
            self._wrong("true or false")
        return self.value

    def whole(self, least: int = 0, most: int = _LARGEST) -> int:
        """A whole number.

        Raises:
            DocumentError: It is none, or out of bounds.
        """
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            self._wrong("a whole number")
        if not least <= self.value <= most:
            self.refuse(f"is {_quoted(self.value)}, and must be from {least:,} to {most:,}")
        return self.value

    def number(self, most: float) -> float:
        """A number from 0 on.

        Raises:
            DocumentError: It is none, or out of bounds.
        """
        if not isinstance(self.value, (int, float)) or isinstance(self.value, bool):
            self._wrong("a number")
        # Compared before it is converted: an integer can be too large for a float.
        if not 0 <= self.value <= most or not math.isfinite(self.value):
            self.refuse(f"is {_quoted(self.value)}, and must be from 0 to {most:,.0f}")
        return float(self.value)

    def is_null(self) -> bool:
        """Whether it is `null`."""
        return self.value is None

    def _member(self, name: str, value: object) -> Place:
        return Place(value, f"{self.path}.{name}" if self.path else name, self.where)

    def _wrong(self, wanted: str) -> NoReturn:
        self.refuse(f"is {_quoted(self.value)}, and must be {wanted}")


def numbered(places: Sequence[tuple[Place, int]]) -> Iterator[Place]:
    """The places whose numbers are not 1, 2, 3 ... in some order: those that come twice, or lie beyond the last."""
    seen: set[int] = set()
    for place, number in places:
        if number > len(places) or number in seen:
            yield place
        seen.add(number)


def _quoted(value: object) -> str:
    """A value as JSON writes it, cut, with nothing in it that acts on a terminal."""
    match value:
        case dict():
            return "an object"
        case list():
            return "an array"
        case str():
            text = json.dumps(value[: _SHOWN + 1])
        case int() if not isinstance(value, bool) and abs(value) >= 10**_SHOWN:
            return "a number of very many digits"
        case _:
            text = json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
