"""Reading an expression: a Pratt parser (V. Pratt, "Top Down Operator Precedence", 1973) that computes while it reads.

There is no tree: a value is known when its text has been read, so a long chain such as 1+1+1+... needs no recursion,
and what recursion is left, for parentheses, signs and powers, is counted. Nothing here can reach Python's own `eval`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from hector_tui.errors import ToolError
from hector_tui.tools.calculation import arithmetic
from hector_tui.tools.calculation.arithmetic import CalculationError, Number, Workload
from hector_tui.tools.calculation.functions import (
    CONSTANTS,
    FUNCTIONS,
    Function,
    constant,
    cube_root,
    factorial,
    square_root,
)
from hector_tui.tools.calculation.text import number_text
from hector_tui.tools.calculation.tokens import SUPERSCRIPT, Kind, Token, at, tokenize

MAX_CHARACTERS = 1_000
MAX_NESTING = 100

# Binding powers: a higher one takes its operands first. A sign stands below a power, so -2**2 is -4 and 2**-1 is 1/2.
_SUM, _PRODUCT, _SIGN, _POWER, _POSTFIX = 10, 20, 30, 40, 50

_BINARY: Mapping[str, tuple[int, Callable[[Number, Number], Number]]] = {
    "+": (_SUM, arithmetic.add),
    "-": (_SUM, arithmetic.subtract),
    "*": (_PRODUCT, arithmetic.multiply),
    "of": (_PRODUCT, arithmetic.multiply),
    "/": (_PRODUCT, arithmetic.divide),
    "//": (_PRODUCT, arithmetic.floor_divide),
    "%": (_PRODUCT, arithmetic.modulo),
    "**": (_POWER, arithmetic.power),
}
_HUNDRED = Fraction(100)


@dataclass(frozen=True, slots=True)
class _Operand:
    """A value, and whether it is a bare percentage: 80 + 15% is 92, but 80 + 0.15 is not."""

    value: Number
    percent: bool = False


def calculate(expression: str, workload: Workload | None = None) -> str:
    """The value of an expression as text.

    Args:
        expression: At most `MAX_CHARACTERS` characters.
        workload: Counts the work; a new one with the default bound when left out.

    Raises:
        ToolError: It cannot be read or computed; the text says where and why.
    """
    if len(expression) > MAX_CHARACTERS:
        raise ToolError(f"the expression has {len(expression):,} characters; at most {MAX_CHARACTERS:,} are allowed")
    parser = _Parser(tokenize(expression), workload or Workload())
    value = parser.parse()
    try:
        return number_text(value, as_decimal=parser.speaks_in_decimals)
    except CalculationError as error:
        raise ToolError(str(error)) from None


class _Parser:
    def __init__(self, tokens: Sequence[Token], workload: Workload) -> None:
        self._tokens = tokens
        self._next = 0
        self._nesting = 0
        self._workload = workload
        self.speaks_in_decimals = False

    def parse(self) -> Number:
        """The value of the whole text."""
        if self._peek().kind is Kind.END:
            raise at(1, "expected a number, found nothing")
        result = self._expression(0)
        if self._peek().kind is not Kind.END:
            raise self._expected("an operator")
        return result.value

    def _peek(self, ahead: int = 0) -> Token:
        return self._tokens[min(self._next + ahead, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._peek()
        self._next += 1
        return token

    def _expected(self, what: str) -> ToolError:
        token = self._peek()
        hint = ""
        if what == "an operator" and (token.kind in (Kind.NUMBER, Kind.NAME) or token.text in ("(", "√", "∛")):
            hint = "Write * to multiply"
        return at(token.at, f"expected {what}, found {token.shown}", hint=hint)

    def _apply(self, token: Token, compute: Callable[..., Number], *operands: Number) -> Number:
        """Compute, with the place of the operator in whatever goes wrong."""
        try:
            self._workload.spend(*operands)
            return compute(*operands)
        except CalculationError as error:
            raise at(token.at, str(error)) from None

    def _expression(self, least_power: int) -> _Operand:
        """The value of what follows, up to an operator that binds less than `least_power`."""
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise at(self._peek().at, f"the expression is nested more than {MAX_NESTING} levels deep")
        left = self._prefix()
        while (power := self._power_of_next()) > least_power:
            left = self._postfix(left) if power == _POSTFIX else self._infix(left, power)
        self._nesting -= 1
        return left

    def _power_of_next(self) -> int:
        """How strongly the operator that comes next binds; 0 when none comes."""
        token = self._peek()
        if token.text in ("!", SUPERSCRIPT) and token.kind is Kind.OPERATOR:
            return _POSTFIX
        if token.text == "%" and not self._begins_operand(self._peek(1)):
            return _POSTFIX
        if token.kind is Kind.OPERATOR or token.text == "of":
            return _BINARY[token.text][0] if token.text in _BINARY else 0
        return 0

    @staticmethod
    def _begins_operand(token: Token) -> bool:
        """Whether `%` before this token divides; `15% of 80`, `15% + 1` and `15%` are percentages."""
        if token.kind is Kind.NAME:
            return token.text != "of"
        return token.kind is Kind.NUMBER or token.text in ("(", "√", "∛")

    def _prefix(self) -> _Operand:
        token = self._take()
        match token.kind:
            case Kind.NUMBER:
                self.speaks_in_decimals |= not token.text.replace(",", "").replace("_", "").isdigit()
                return _Operand(token.value)
            case Kind.NAME:
                return _Operand(self._named(token))
            case Kind.OPERATOR:
                match token.text:
                    case "-":
                        operand = self._expression(_SIGN)
                        return _Operand(arithmetic.negate(operand.value), operand.percent)
                    case "+":
                        return self._expression(_SIGN)
                    case "(":
                        inner = self._expression(0)
                        self._close(token)
                        return _Operand(inner.value)
                    case "√":
                        return _Operand(self._apply(token, square_root, self._expression(_POWER).value))
                    case "∛":
                        return _Operand(self._apply(token, cube_root, self._expression(_POWER).value))
        self._next -= 1
        raise self._expected("a number")

    def _close(self, opened: Token) -> None:
        if self._peek().kind is Kind.END:
            raise at(self._peek().at, f'expected ")" for the "(" at character {opened.at}, found the end')
        if self._peek().text != ")":
            raise self._expected('an operator or ")"')
        self._take()

    def _postfix(self, left: _Operand) -> _Operand:
        token = self._take()
        match token.text:
            case "!":
                return _Operand(self._apply(token, factorial, left.value))
            case "%":
                self.speaks_in_decimals = True
                return _Operand(self._apply(token, arithmetic.divide, left.value, _HUNDRED), percent=True)
            case _:
                return _Operand(self._apply(token, arithmetic.power, left.value, token.value))

    def _infix(self, left: _Operand, power: int) -> _Operand:
        token = self._take()
        # A power takes the powers to its right first: 2**3**2 is 2**9.
        right = self._expression(power - 1 if power == _POWER else power)
        value = right.value
        if power == _SUM and right.percent and not left.percent:
            value = self._apply(token, arithmetic.multiply, left.value, value)
        both_percent = power == _SUM and left.percent and right.percent
        return _Operand(self._apply(token, _BINARY[token.text][1], left.value, value), both_percent)

    def _named(self, token: Token) -> Number:
        function = FUNCTIONS.get(token.text)
        if function is not None:
            return self._call(token, function)
        value = constant(token.text)
        if value is not None:
            return value
        near = difflib.get_close_matches(token.text, [*FUNCTIONS, *CONSTANTS], n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Functions are: {', '.join(FUNCTIONS)}"
        raise at(token.at, f"unknown name {token.shown}", hint=hint)

    def _call(self, name: Token, function: Function) -> Number:
        opened = self._peek()
        if opened.text != "(":
            raise self._expected(f'"(" after {name.text}')
        self._take()
        arguments: list[Number] = []
        if self._peek().text != ")":
            arguments.append(self._expression(0).value)
            while self._peek().text == ",":
                self._take()
                arguments.append(self._expression(0).value)
        self._close(opened)
        if len(arguments) < function.least or (function.most is not None and len(arguments) > function.most):
            raise at(name.at, f"{name.text} takes {function.arity}, not {len(arguments)}")
        return self._apply(name, lambda *values: function.call(values), *arguments)
