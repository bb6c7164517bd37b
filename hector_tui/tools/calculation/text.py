"""Writing a result: exact when that is readable, and marked with ≈ when it is not exact."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from fractions import Fraction

from hector_tui.tools.calculation.arithmetic import CalculationError, Number, to_decimal

MAX_RESULT_DIGITS = 2_000
"""Digits of the longest whole number that is written out."""

_READABLE_DIGITS = 60
_INEXACT_DIGITS = 21
_APPROXIMATION_DIGITS = 16
_SCIENTIFIC_FROM = 21
_SCIENTIFIC_BELOW = -7


def number_text(value: Number, *, as_decimal: bool = False) -> str:
    """A number as text.

    Args:
        value: The number.
        as_decimal: Write `0.3` and not `3/10 (0.3)`: for expressions that spoke in decimals themselves.

    Raises:
        CalculationError: It is a whole number of more than `MAX_RESULT_DIGITS` digits.
    """
    if isinstance(value, Decimal):
        return f"≈ {_rounded(value, _INEXACT_DIGITS)}"
    if value.denominator == 1:
        return _whole_text(value)
    decimals = _exact_decimal(value)
    if decimals is not None and as_decimal:
        return _decimal_text(decimals)
    if _digits(value.numerator) + _digits(value.denominator) > _READABLE_DIGITS:
        return f"≈ {_rounded(value, _INEXACT_DIGITS)}"
    if decimals is not None and len(decimals.as_tuple().digits) <= _INEXACT_DIGITS:
        return f"{value} ({_decimal_text(decimals)})"
    return f"{value} (≈ {_rounded(value, _APPROXIMATION_DIGITS)})"


def _whole_text(value: Fraction) -> str:
    # The estimate may be one digit short, never more: it only guards the slow conversion.
    if _digits(value.numerator) <= MAX_RESULT_DIGITS + 1:
        text = str(value.numerator)
        if len(text.lstrip("-")) <= MAX_RESULT_DIGITS:
            return text
    raise CalculationError(
        f"the result ≈ {_rounded(value, _INEXACT_DIGITS)} has more than the {MAX_RESULT_DIGITS:,} digits that are shown"
    )


def _digits(number: int) -> int:
    """Decimal digits, from the bits: exact or one too many."""
    return 1 + math.floor(abs(number).bit_length() * math.log10(2))


def _exact_decimal(value: Fraction) -> Decimal | None:
    """The value as a decimal when it ends within a readable number of digits: 2 and 5 alone divide its denominator."""
    rest, twos, fives = value.denominator, 0, 0
    if rest.bit_length() > _READABLE_DIGITS * 4:
        return None
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or _digits(value.numerator) + places - _digits(value.denominator) > _READABLE_DIGITS:
        return None
    digits = value.numerator * 10**places // value.denominator
    return Decimal(digits).scaleb(-places, decimal.Context(prec=_READABLE_DIGITS * 4))


def _rounded(value: Number, digits: int) -> str:
    context = decimal.Context(prec=digits, rounding=decimal.ROUND_HALF_EVEN, Emax=10_000, Emin=-10_000)
    return _decimal_text(to_decimal(value, context))


def _decimal_text(value: Decimal) -> str:
    if value == 0:
        return "0"
    # A sign, digits and an exponent, taken apart: normalize() and format() round to the context's precision.
    sign, digit_tuple, _ = value.as_tuple()
    digits = "".join(map(str, digit_tuple)).rstrip("0")
    minus = "-" if sign else ""
    magnitude = value.adjusted()
    if not _SCIENTIFIC_BELOW < magnitude < _SCIENTIFIC_FROM and len(digits) <= _SCIENTIFIC_FROM:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{minus}{digits[0]}{fraction}e{magnitude}"
    if magnitude < 0:
        return f"{minus}0.{'0' * (-magnitude - 1)}{digits}"
    digits = digits.ljust(magnitude + 1, "0")
    whole, fraction = digits[: magnitude + 1], digits[magnitude + 1 :]
    return f"{minus}{whole}.{fraction}" if fraction else f"{minus}{whole}"
