"""Trigonometry to 50 digits, which the decimal module does not have.

Angles are brought into ±π/4 and summed as Taylor series with 20 digits to spare; arc functions go through the
half-angle identity atan(x) = 2 atan(x / (1 + √(1 + x²))), which makes any argument small enough for its series.
"""

from __future__ import annotations

import decimal
from decimal import Decimal

from hector_tui.tools.calculation.arithmetic import PRECISION, CalculationError

PI = Decimal(
    "3.1415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253421170679821480865132823066"
)
"""120 digits: the largest angle loses 40 of them when it is brought into ±π/4."""

_LARGEST_ANGLE = Decimal("1e40")
ARGUMENTS = decimal.Context(prec=PRECISION + 50, Emax=10_000, Emin=-10_000)
"""How an exact argument is rounded: an angle of 1e40 needs 40 digits before the first one that matters."""

_WORKING = decimal.Context(prec=120, Emax=10_000, Emin=-10_000)
_SERIES = decimal.Context(prec=PRECISION + 20, Emax=10_000, Emin=-10_000)
_SERIES_END = Decimal(10) ** -(PRECISION + 20)
_HALVINGS = 3
# An angle of 50 digits is known to this part of itself; a sine smaller than that is an angle that should have hit zero.
_ANGLE_ERROR = Decimal(10) ** -(PRECISION - 3)
_SMALL_ANGLE = Decimal("1e-3")


def sine(angle: Decimal) -> Decimal:
    """Sine of an angle in radians.

    Raises:
        CalculationError: The angle is beyond 1e40.
    """
    rest, quadrant = _reduce(angle)
    value = _sine_series(rest) if quadrant % 2 == 0 else _cosine_series(rest)
    return _snapped(value.copy_negate() if quadrant >= 2 else value, angle)


def cosine(angle: Decimal) -> Decimal:
    """Cosine of an angle in radians.

    Raises:
        CalculationError: The angle is beyond 1e40.
    """
    rest, quadrant = _reduce(angle)
    value = _cosine_series(rest) if quadrant % 2 == 0 else _sine_series(rest)
    return _snapped(value.copy_negate() if quadrant in (1, 2) else value, angle)


def tangent(angle: Decimal) -> Decimal:
    """Tangent of an angle in radians.

    Raises:
        CalculationError: The angle is an odd multiple of π/2, or beyond 1e40.
    """
    below = cosine(angle)
    if below == 0:
        raise CalculationError("tan is not defined at odd multiples of π/2")
    return _SERIES.divide(sine(angle), below)


def arc_tangent(value: Decimal) -> Decimal:
    """The angle between -π/2 and π/2, in radians, that has this tangent."""
    with decimal.localcontext(_SERIES):
        if abs(value) > 1:
            return (PI / 2).copy_sign(value) - arc_tangent(1 / value)
        for _ in range(_HALVINGS):
            value = value / (1 + (1 + value * value).sqrt())
        square = value * value
        power, total, divisor = value, value, 1
        while abs(power) > _SERIES_END * abs(value):
            power *= -square
            divisor += 2
            total += power / divisor
        return total * Decimal(2**_HALVINGS)


def arc_sine(value: Decimal) -> Decimal:
    """The angle between -π/2 and π/2, in radians, that has this sine.

    Raises:
        CalculationError: The value is not between -1 and 1.
    """
    if abs(value) > 1:
        raise CalculationError("asin needs a number between -1 and 1")
    with decimal.localcontext(_SERIES):
        if abs(value) == 1:
            return (PI / 2).copy_sign(value)
        return arc_tangent(value / (1 - value * value).sqrt())


def arc_cosine(value: Decimal) -> Decimal:
    """The angle between 0 and π, in radians, that has this cosine.

    Raises:
        CalculationError: The value is not between -1 and 1.
    """
    if abs(value) > 1:
        raise CalculationError("acos needs a number between -1 and 1")
    with decimal.localcontext(_SERIES):
        return PI / 2 - arc_sine(value)


def _reduce(angle: Decimal) -> tuple[Decimal, int]:
    """The angle within ±π/4 and the quadrant, 0 to 3, it was brought from."""
    if abs(angle) > _LARGEST_ANGLE:
        raise CalculationError("the angle is too large; at most 1e40 is computed")
    with decimal.localcontext(_WORKING):
        quarters = (angle / (PI / 2)).to_integral_value(decimal.ROUND_HALF_EVEN)
        return angle - quarters * (PI / 2), int(quarters) % 4


def _sine_series(angle: Decimal) -> Decimal:
    with decimal.localcontext(_SERIES):
        return _alternating(angle, angle * angle, first_divisor=2)


def _cosine_series(angle: Decimal) -> Decimal:
    with decimal.localcontext(_SERIES):
        return _alternating(Decimal(1), angle * angle, first_divisor=1)


def _alternating(term: Decimal, square: Decimal, *, first_divisor: int) -> Decimal:
    total, divisor, smallest = term, first_divisor, _SERIES_END * abs(term)
    while abs(term) > smallest:
        term *= -square / (divisor * (divisor + 1))
        total += term
        divisor += 2
    return total


def _snapped(value: Decimal, angle: Decimal) -> Decimal:
    """Zero when the value is only the rounding error of its angle: sin(pi) is 0, not 5.8e-51."""
    known_to = _ANGLE_ERROR * max(Decimal(1), abs(angle))
    return Decimal(0) if abs(angle) > _SMALL_ANGLE and abs(value) < known_to else value
