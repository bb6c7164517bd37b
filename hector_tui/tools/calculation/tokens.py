"""Splitting an expression into numbers, names and operators."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from hector_tui.errors import ToolError
from hector_tui.tools.calculation.arithmetic import MAX_DIGITS


class Kind(Enum):
    """What a token is."""

    NUMBER = "number"
    NAME = "name"
    OPERATOR = "operator"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression.

    Attributes:
        text: A number as it was written, a name in lower case, or the plain form of an operator (`*` for `×`).
        at: The place of its first character, counted from 1.
        value: The value of a number, and the exponent of a superscript (`²`, whose text is `superscript`).
    """

    kind: Kind
    text: str
    at: int
    value: Fraction = Fraction(0)

    @property
    def shown(self) -> str:
        """The token as an error message names it."""
        if self.kind is Kind.END:
            return "the end"
        return f'"{self.text if len(self.text) <= 20 else self.text[:20] + "…"}"'


SUPERSCRIPT = "superscript"
"""The text of an operator token that is a run of superscript digits."""

_SPACE = re.compile(r"\s+")
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_EXPONENT = r"(?:[eE](?P<exponent>[+-]?[0-9]+))?"
_NUMBER = re.compile(rf"(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS}){_EXPONENT}")
_GROUPED = re.compile(rf"[0-9]{{1,3}}(?:,[0-9]{{3}})+(?![0-9])(?:\.(?:{_DIGITS})?)?{_EXPONENT}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|[πτ]")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SUPERSCRIPT_RUN = re.compile("⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_OPERATORS = ("**", "//", "+", "-", "*", "/", "%", "^", "!", "(", ")", ",", "√", "∛")
_ALIASES = {"×": "*", "·": "*", "⋅": "*", "∙": "*", "÷": "/", "∕": "/", "⁄": "/", "−": "-", "–": "-", "^": "**"}


def at(position: int, message: str, *, hint: str = "") -> ToolError:
    """The error at a place of the expression."""
    return ToolError(message, where=f"at character {position}", hint=hint)


def tokenize(text: str) -> list[Token]:
    """The tokens of an expression; the last one is always `Kind.END`.

    A comma separates arguments inside the parentheses of a function and groups thousands everywhere else.

    Raises:
        ToolError: There is a character that belongs to no expression, or a number that cannot be read.
    """
    tokens: list[Token] = []
    in_call: list[bool] = []
    place = 0
    while place < len(text):
        if space := _SPACE.match(text, place):
            place = space.end()
            continue
        commas_separate = bool(in_call) and in_call[-1]
        token, place = _token_at(text, place, commas_separate)
        if token.text == "(":
            in_call.append(bool(tokens) and tokens[-1].kind is Kind.NAME)
        elif token.text == ")" and in_call:
            in_call.pop()
        tokens.append(token)
    tokens.append(Token(Kind.END, "", len(text) + 1))
    return tokens


def _token_at(text: str, place: int, commas_separate: bool) -> tuple[Token, int]:
    position = place + 1
    pattern = _NUMBER if commas_separate else _GROUPED
    if number := pattern.match(text, place) or _NUMBER.match(text, place):
        _check_commas(text, number, commas_separate)
        return Token(Kind.NUMBER, number[0], position, _value(number, position)), number.end()
    if name := _NAME.match(text, place):
        return Token(Kind.NAME, name[0].casefold(), position), name.end()
    if run := _SUPERSCRIPT_RUN.match(text, place):
        if len(run[0]) > len(str(MAX_DIGITS)) + 1:
            raise at(position, "the exponent is too big")
        return Token(Kind.OPERATOR, SUPERSCRIPT, position, Fraction(run[0].translate(_SUPERSCRIPTS))), run.end()
    for operator in _OPERATORS:
        if text.startswith(operator, place):
            return Token(Kind.OPERATOR, _ALIASES.get(operator, operator), position), place + len(operator)
    if (character := text[place]) in _ALIASES:
        return Token(Kind.OPERATOR, _ALIASES[character], position), place + 1
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    raise at(position, f'"{shown}" does not belong in an expression')


def _check_commas(text: str, number: re.Match[str], commas_separate: bool) -> None:
    """Refuse a comma whose meaning a reader would have to guess."""
    before, after = number.start() - 1, number.end()
    if commas_separate:
        if before >= 0 and text[before] == "," and re.match(r"0[0-9]", number[0]):
            raise at(before + 1, "a comma separates arguments here", hint="Write 1000 or 1_000 for a thousand")
    elif re.match(r",[0-9]", text[after : after + 2]):
        raise at(
            after + 1,
            "a comma may only group three digits, as in 1,000",
            hint="Decimals are written with a point: 3.14",
        )


def _value(number: re.Match[str], position: int) -> Fraction:
    """The exact value of a number, with its exponent looked at before it is computed."""
    exponent = number["exponent"] or "0"
    if len(exponent.lstrip("+-0")) > len(str(MAX_DIGITS)) or abs(int(exponent)) > MAX_DIGITS:
        raise at(position, f"the exponent of the number is too big; at most {MAX_DIGITS:,} is allowed")
    return Fraction(number[0].replace(",", "").replace("_", ""))
