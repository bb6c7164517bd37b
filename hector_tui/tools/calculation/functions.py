"""The functions and constants an expression may name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from hector_tui.tools.calculation import arithmetic, transcendental
from hector_tui.tools.calculation.arithmetic import CalculationError, Number, exact, inexact, to_decimal, whole

_LN_2 = math.log(2)


@dataclass(frozen=True, slots=True)
class Function:
    """What a name in front of parentheses does.

    Attributes:
        most: The largest number of arguments; None means any number.
    """

    call: Callable[[Sequence[Number]], Number]
    least: int = 1
    most: int | None = 1

    @property
    def arity(self) -> str:
        """How many arguments it takes, in words."""
        if self.most is None:
            return f"at least {self.least} argument{'s' if self.least > 1 else ''}"
        if self.least == self.most:
            return f"{self.least} argument{'s' if self.least > 1 else ''}"
        return f"{self.least} or {self.most} arguments"


def square_root(value: Number) -> Number:
    """Square root, exact for squares.

    Raises:
        CalculationError: The number is negative.
    """
    if value < 0:
        raise CalculationError("the square root of a negative number is not a real number")
    found = arithmetic.root(value, 2) if isinstance(value, Fraction) else None
    return found if found is not None else inexact(lambda: to_decimal(value).sqrt())


def cube_root(value: Number) -> Number:
    """Cube root, exact for cubes; negative numbers have one."""
    if value < 0:
        return arithmetic.negate(cube_root(arithmetic.negate(value)))
    found = arithmetic.root(value, 3) if isinstance(value, Fraction) else None
    return found if found is not None else inexact(lambda: to_decimal(value) ** (Decimal(1) / 3))


def factorial(value: Number) -> Number:
    """Product of the whole numbers up to this one.

    Raises:
        CalculationError: It is negative, not whole, or its factorial is too long.
    """
    number = whole(value, "a factorial")
    if number < 0:
        raise CalculationError("a factorial needs a number that is not negative")
    if number > arithmetic.MAX_DIGITS or math.lgamma(number + 1) > arithmetic.MAX_BITS * _LN_2:
        raise arithmetic.too_long()
    return Fraction(math.factorial(number))


def _round(values: Sequence[Number]) -> Number:
    """Half away from zero: what people learn at school, and not Python's half to even."""
    digits = whole(values[1], "the second argument of round") if len(values) == 2 else 0
    if abs(digits) > arithmetic.MAX_DIGITS:
        raise arithmetic.too_long()
    scale = Fraction(10) ** digits
    value = arithmetic.bounded(exact(values[0]) * scale)
    away = math.floor(abs(value) + Fraction(1, 2))
    return arithmetic.bounded((away if value >= 0 else -away) / scale)


def _floor(values: Sequence[Number]) -> Number:
    return Fraction(math.floor(exact(values[0])))


def _ceil(values: Sequence[Number]) -> Number:
    return Fraction(math.ceil(exact(values[0])))


def _absolute(values: Sequence[Number]) -> Number:
    return arithmetic.negate(values[0]) if values[0] < 0 else values[0]


def _smallest(values: Sequence[Number]) -> Number:
    return min(values, key=exact)


def _largest(values: Sequence[Number]) -> Number:
    return max(values, key=exact)


def _sum(values: Sequence[Number]) -> Number:
    total: Number = Fraction(0)
    for value in values:
        total = arithmetic.add(total, value)
    return total


def _mean(values: Sequence[Number]) -> Number:
    return arithmetic.divide(_sum(values), Fraction(len(values)))


def _hypot(values: Sequence[Number]) -> Number:
    return square_root(_sum([arithmetic.multiply(value, value) for value in values]))


def _gcd(values: Sequence[Number]) -> Number:
    return Fraction(math.gcd(*(whole(value, "gcd") for value in values)))


def _lcm(values: Sequence[Number]) -> Number:
    result = Fraction(1)
    for value in values:
        result = arithmetic.bounded(Fraction(math.lcm(result.numerator, whole(value, "lcm"))))
    return result


def _comb(values: Sequence[Number]) -> Number:
    items, taken = _selection(values, "comb")
    if taken > items:
        return Fraction(0)
    taken = min(taken, items - taken)
    _refuse_large_selection(items, taken, math.lgamma(taken + 1) / _LN_2 if taken <= arithmetic.MAX_BITS else 0)
    return arithmetic.bounded(Fraction(math.comb(items, taken)))


def _perm(values: Sequence[Number]) -> Number:
    items, taken = _selection(values, "perm") if len(values) == 2 else (whole(values[0], "perm"),) * 2
    if items < 0:
        raise CalculationError("perm needs numbers that are not negative")
    if taken > items:
        return Fraction(0)
    _refuse_large_selection(items, taken, 0)
    return arithmetic.bounded(Fraction(math.perm(items, taken)))


def _selection(values: Sequence[Number], name: str) -> tuple[int, int]:
    items, taken = whole(values[0], name), whole(values[1], name)
    if items < 0 or taken < 0:
        raise CalculationError(f"{name} needs numbers that are not negative")
    return items, taken


def _refuse_large_selection(items: int, taken: int, saved_bits: float) -> None:
    """`taken` factors of at most `items` each, less what their division saves.

    The factors are twice what is allowed at most, because the smaller ones are shorter; the result is checked again.
    """
    if taken * items.bit_length() - saved_bits > 2 * arithmetic.MAX_BITS:
        raise arithmetic.too_long()


def _natural_log(value: Number) -> Number:
    if value <= 0:
        raise CalculationError("a logarithm needs a number above zero")
    return Fraction(0) if value == 1 else inexact(lambda: to_decimal(value).ln())


def _log_to(value: Number, base: Number) -> Number:
    """Logarithm to a base, exact when the value is a whole power of it: log10(1000) is 3."""
    if base == 1:
        raise CalculationError("a logarithm needs a base other than 1")
    above, below = _natural_log(value), _natural_log(base)
    quotient = arithmetic.divide(above, below)
    if isinstance(value, Fraction) and isinstance(base, Fraction):
        nearest = Fraction(round(quotient))
        if abs(exact(quotient) - nearest) < Fraction(1, 10**30) and arithmetic.power(base, nearest) == value:
            return nearest
    return quotient


def _log(values: Sequence[Number]) -> Number:
    return _natural_log(values[0]) if len(values) == 1 else _log_to(values[0], values[1])


def _exp(values: Sequence[Number]) -> Number:
    return Fraction(1) if values[0] == 0 else inexact(lambda: to_decimal(values[0]).exp())


def _exact_at(point: int, result: int, compute: Callable[[Decimal], Decimal]) -> Callable[[Sequence[Number]], Number]:
    """A transcendental function of one argument that is rational at one rational point."""

    def call(values: Sequence[Number]) -> Number:
        if values[0] == point:
            return Fraction(result)
        argument = to_decimal(values[0], transcendental.ARGUMENTS)
        return inexact(lambda: compute(argument))

    return call


def _degrees(values: Sequence[Number]) -> Number:
    return inexact(lambda: to_decimal(values[0]) * 180 / transcendental.PI)


def _radians(values: Sequence[Number]) -> Number:
    return inexact(lambda: to_decimal(values[0]) * transcendental.PI / 180)


FUNCTIONS: Mapping[str, Function] = {
    "sqrt": Function(lambda values: square_root(values[0])),
    "cbrt": Function(lambda values: cube_root(values[0])),
    "abs": Function(_absolute),
    "round": Function(_round, 1, 2),
    "floor": Function(_floor),
    "ceil": Function(_ceil),
    "min": Function(_smallest, 1, None),
    "max": Function(_largest, 1, None),
    "sum": Function(_sum, 1, None),
    "mean": Function(_mean, 1, None),
    "gcd": Function(_gcd, 1, None),
    "lcm": Function(_lcm, 1, None),
    "factorial": Function(lambda values: factorial(values[0])),
    "comb": Function(_comb, 2, 2),
    "perm": Function(_perm, 1, 2),
    "hypot": Function(_hypot, 1, None),
    "log": Function(_log, 1, 2),
    "ln": Function(lambda values: _natural_log(values[0])),
    "log10": Function(lambda values: _log_to(values[0], Fraction(10))),
    "log2": Function(lambda values: _log_to(values[0], Fraction(2))),
    "exp": Function(_exp),
    "sin": Function(_exact_at(0, 0, transcendental.sine)),
    "cos": Function(_exact_at(0, 1, transcendental.cosine)),
    "tan": Function(_exact_at(0, 0, transcendental.tangent)),
    "asin": Function(_exact_at(0, 0, transcendental.arc_sine)),
    "acos": Function(_exact_at(1, 0, transcendental.arc_cosine)),
    "atan": Function(_exact_at(0, 0, transcendental.arc_tangent)),
    "degrees": Function(_degrees),
    "radians": Function(_radians),
}


def constant(name: str) -> Number | None:
    """The value of `pi`, `e` or `tau` to 50 digits; None for any other name."""
    match name:
        case "pi" | "π":
            return arithmetic.CONTEXT.plus(transcendental.PI)
        case "tau" | "τ":
            return arithmetic.CONTEXT.multiply(transcendental.PI, Decimal(2))
        case "e":
            return arithmetic.CONTEXT.exp(Decimal(1))
        case _:
            return None


CONSTANTS = ("pi", "e", "tau")
