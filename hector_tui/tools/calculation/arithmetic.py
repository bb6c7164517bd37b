"""Exact arithmetic whose cost is known before it is paid.

A number is a `Fraction` as long as it is exact, and a `Decimal` of 50 digits once it cannot be. Binary floats never
occur, so 0.1 + 0.2 is 0.3. Every operation estimates the size of its result first: `9**9**9` is refused, not attempted.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

Number = Fraction | Decimal

MAX_DIGITS = 4_000
"""Digits that a number may have on the way to a result; twice what a result may show, so that 1400! / 1398! works."""

MAX_BITS = math.ceil(MAX_DIGITS * math.log2(10))
"""The same bound in bits, which Python gives without converting the number."""

MAX_WORK = 10_000_000
"""Products of 30-bit digits that one expression may cost: some 100 ms at most, while the engine waits."""

PRECISION = 50
"""Significant digits of an inexact number."""

CONTEXT = decimal.Context(
    prec=PRECISION,
    rounding=decimal.ROUND_HALF_EVEN,
    Emax=MAX_DIGITS,
    Emin=-MAX_DIGITS,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
"""How inexact numbers are rounded; its exponent range is what keeps `floor(exp(9000))` from growing."""


class CalculationError(Exception):
    """A number cannot be computed; the message is one line without a full stop, the position is added by the parser."""


class Workload:
    """Counts the work of one expression and ends it at a bound, whatever the expression is."""

    __slots__ = ("limit", "spent")

    def __init__(self, limit: int = MAX_WORK) -> None:
        self.limit = limit
        self.spent = 0

    def spend(self, *operands: Number) -> None:
        """Account for one operation on these numbers: quadratic in their size, like the gcd that reduces a fraction.

        Raises:
            CalculationError: The bound is passed.
        """
        size = 1 + max((_bits(operand) for operand in operands), default=0) // 30
        self.spent += size * size * max(1, len(operands))
        if self.spent > self.limit:
            raise CalculationError("this takes more work than one expression may cost")


def _bits(value: Number) -> int:
    if isinstance(value, Decimal):
        return PRECISION * 4
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def too_long() -> CalculationError:
    """The refusal of a number with too many digits."""
    return CalculationError(f"the number gets too long; at most {MAX_DIGITS:,} digits are computed")


def bounded(value: Fraction) -> Fraction:
    """The value itself, when it is small enough to go on with.

    Raises:
        CalculationError: It has more than `MAX_DIGITS` digits.
    """
    if _bits(value) > MAX_BITS:
        raise too_long()
    return value


def to_decimal(value: Number, context: decimal.Context = CONTEXT) -> Decimal:
    """The value to the digits of a context.

    Raises:
        CalculationError: It is beyond the context's range.
    """
    try:
        if isinstance(value, Decimal):
            return context.plus(value)
        return context.divide(Decimal(value.numerator), Decimal(value.denominator))
    except decimal.Overflow:
        raise too_long() from None


def inexact(compute: Callable[[], Decimal]) -> Decimal:
    """Run a computation with 50 digits and name what the decimal module refuses.

    Raises:
        CalculationError: The result is too long, or not a real number.
    """
    with decimal.localcontext(CONTEXT):
        try:
            return +compute()
        except decimal.Overflow:
            raise too_long() from None
        except decimal.DivisionByZero:
            raise CalculationError("division by zero") from None
        except decimal.InvalidOperation:
            raise CalculationError("the result is not a real number") from None


def add(left: Number, right: Number) -> Number:
    """Sum."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return bounded(left + right)
    return inexact(lambda: to_decimal(left) + to_decimal(right))


def negate(value: Number) -> Number:
    """The value with the other sign; Python's own minus would round a `Decimal` to the thread's 28 digits."""
    return value.copy_negate() if isinstance(value, Decimal) else -value


def subtract(left: Number, right: Number) -> Number:
    """Difference."""
    return add(left, negate(right))


def multiply(left: Number, right: Number) -> Number:
    """Product."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return bounded(left * right)
    return inexact(lambda: to_decimal(left) * to_decimal(right))


def divide(left: Number, right: Number) -> Number:
    """Quotient.

    Raises:
        CalculationError: The divisor is zero.
    """
    if right == 0:
        raise CalculationError("division by zero")
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return bounded(left / right)
    return inexact(lambda: to_decimal(left) / to_decimal(right))


def floor_divide(left: Number, right: Number) -> Number:
    """Quotient rounded down."""
    return Fraction(math.floor(exact(divide(left, right))))


def modulo(left: Number, right: Number) -> Number:
    """Remainder with the sign of the divisor, as in Python."""
    return subtract(left, multiply(floor_divide(left, right), right))


def power(base: Number, exponent: Number) -> Number:
    """Power, exact whenever the result is a fraction: `8 ** (2/3)` is 4.

    Raises:
        CalculationError: Zero to a negative power, a negative number to a broken power, or too long.
    """
    if base == 0 and exponent < 0:
        raise CalculationError("division by zero: zero to a negative power")
    if isinstance(base, Fraction) and isinstance(exponent, Fraction):
        if exponent.denominator == 1:
            return _whole_power(base, exponent.numerator)
        if base >= 0:
            exact_root = root(base, exponent.denominator)
            if exact_root is not None:
                return _whole_power(exact_root, exponent.numerator)
    if base < 0 and exact(exponent).denominator != 1:
        raise CalculationError("a negative number to a power that is not whole is not a real number; cbrt takes one")
    return inexact(lambda: to_decimal(base) ** to_decimal(exponent))


def _whole_power(base: Fraction, exponent: int) -> Fraction:
    if exponent == 0:
        return Fraction(1)
    if base in (0, 1, -1):  # These stay small whatever the exponent is.
        return abs(base) if exponent % 2 == 0 else base
    # A number of n bits is at least 2 ** (n - 1): this bound refuses nothing that would have fitted.
    if (_bits(base) - 1) * abs(exponent) > MAX_BITS:
        raise too_long()
    return bounded(base**exponent)


def root(value: Fraction, degree: int) -> Fraction | None:
    """The non-negative root of a non-negative number when it is a fraction, else None."""
    numerator = _whole_root(value.numerator, degree)
    if numerator is None:
        return None
    denominator = _whole_root(value.denominator, degree)
    return None if denominator is None else Fraction(numerator, denominator)


def _whole_root(value: int, degree: int) -> int | None:
    if value < 2:
        return value
    if degree >= value.bit_length():
        return None  # The root lies between 1 and 2.
    # Newton's iteration from above, in whole numbers: it falls until it reaches the floor of the root.
    guess = 1 << -(-value.bit_length() // degree)
    while True:
        better = ((degree - 1) * guess + value // guess ** (degree - 1)) // degree
        if better >= guess:
            break
        guess = better
    return guess if guess**degree == value else None


def exact(value: Number) -> Fraction:
    """The number a value stands for, digit by digit."""
    return value if isinstance(value, Fraction) else Fraction(value)


def whole(value: Number, what: str) -> int:
    """A value that must be a whole number.

    Raises:
        CalculationError: It is not; `what` names who needs one.
    """
    fraction = exact(value)
    if fraction.denominator != 1:
        raise CalculationError(f"{what} needs whole numbers")
    return fraction.numerator
