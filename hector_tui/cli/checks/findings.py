"""What a check found: plain values that are printed as text or JSON."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_UNITS = ("KiB", "MiB", "GiB", "TiB")


class State(StrEnum):
    """How much a finding matters."""

    FACT = "fact"
    """Neither good nor bad."""
    GOOD = "good"
    REMARK = "remark"
    """Something the person may want to change; the program works."""
    BROKEN = "broken"
    """The program, or a main part of it, does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line.

    Attributes:
        name: What was looked at; part of the JSON, so it stays as it is.
        text: What was found, for people; foreign text in it is not cleaned yet.
        value: The same for programs, of JSON's types; None when the text says it all.
    """

    name: str
    state: State
    text: str
    value: object = None

    def as_json(self) -> dict[str, object]:
        """The finding as a JSON object."""
        data: dict[str, object] = {"name": self.name, "state": self.state.value, "text": self.text}
        return data if self.value is None else {**data, "value": self.value}


@dataclass(frozen=True, slots=True)
class Section:
    """The findings about one thing."""

    title: str
    findings: tuple[Finding, ...]


def fact(name: str, text: str, value: object = None) -> Finding:
    """Something worth knowing."""
    return Finding(name, State.FACT, text, value)


def good(name: str, text: str, value: object = None) -> Finding:
    """Something that works."""
    return Finding(name, State.GOOD, text, value)


def remark(name: str, text: str, value: object = None) -> Finding:
    """Something that works less well than it could."""
    return Finding(name, State.REMARK, text, value)


def broken(name: str, text: str, value: object = None) -> Finding:
    """Something that does not work."""
    return Finding(name, State.BROKEN, text, value)


def size_text(size: int) -> str:
    """A number of bytes for people: `0 bytes`, `112 KiB`, `1.5 GiB`."""
    if size < 1024:
        return f"{size} bytes"
    power = min((size.bit_length() - 1) // 10, len(_UNITS))
    amount = size / 1024**power
    return f"{amount:.0f} {_UNITS[power - 1]}" if amount >= 10 else f"{amount:.1f} {_UNITS[power - 1]}"
