"""The calculator: exact values, clear refusals, and work that is bounded for any text at all."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hector_tui.domain.keys import SessionKey
from hector_tui.errors import ToolError
from hector_tui.tools.base import ToolContext, ToolSet
from hector_tui.tools.calculation import transcendental
from hector_tui.tools.calculation.arithmetic import MAX_WORK, Workload
from hector_tui.tools.calculation.functions import FUNCTIONS
from hector_tui.tools.calculation.parser import calculate
from hector_tui.tools.calculation.text import number_text
from hector_tui.tools.calculator import CalculatorTool

_CONTEXT = ToolContext(key=SessionKey("s", "a"), turn_id="t", call_id="c", emit=lambda event: None)


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("12 * 7", "84"),
        ("0.1 + 0.2", "0.3"),
        ("1/3 + 1/6", "1/2 (0.5)"),
        ("3/8 + 5/12", "19/24 (≈ 0.7916666666666667)"),
        ("1/2**60", "1/1152921504606846976 (≈ 8.673617379884035e-19)"),
        ("-2**2", "-4"),
        ("(-2)**2", "4"),
        ("2**-1", "1/2 (0.5)"),
        ("2^3^2", "512"),
        ("2 - 3 - 4", "-5"),
        ("100 / 10 / 2", "5"),
        ("2 + 3 * 4", "14"),
        ("+-+3", "-3"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("7 % (-3)", "-2"),
        ("10 % 3", "1"),
        ("0**0", "1"),
        ("1.50 * 2", "3"),
        (".5 + 5.", "5.5"),
        ("1.5e-3 * 2", "0.003"),
        ("0.1**30", "1e-30"),
        ("1e3", "1000"),
        ("1,000 + 1_000", "2000"),
        ("1,234,567.5", "1234567.5"),
        ("max(1,100,200)", "200"),
        ("max((1,000), 2)", "1000"),
        ("12 × 7 ÷ 3 − 1", "27"),
        ("2³ + 2⁻¹", "17/2 (8.5)"),
        ("√16 + ∛27", "7"),
        ("4·π/π", "≈ 4"),
        ("PI - pi", "≈ 0"),
        ("5!", "120"),
        ("3!!", "720"),
        ("-3!", "-6"),
        ("2^3!", "64"),
        ("1400! / 1398!", "1958600"),
        ("8 ** (2/3)", "4"),
        ("(4/9) ** 0.5", "2/3 (≈ 0.6666666666666667)"),
        ("(-1) ** (10**30 + 1)", "-1"),
        ("(-1) ** 4", "1"),
        ("0 ** 5", "0"),
    ],
)
def test_exact_arithmetic(expression: str, answer: str) -> None:
    assert calculate(expression) == answer


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("15%", "0.15"),
        ("15% of 80", "12"),
        ("80 + 15%", "92"),
        ("80 - 15%", "68"),
        ("80 * 15%", "12"),
        ("200 / 50%", "400"),
        ("10% + 5%", "0.15"),
        ("10% + 5% + 3%", "0.18"),
        ("80 + -15%", "68"),
        ("80 + (15%)", "80.15"),
        ("50% of 50% of 100", "25"),
        ("100 + 10% + 10%", "121"),
    ],
)
def test_percentages(expression: str, answer: str) -> None:
    assert calculate(expression) == answer


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("sqrt(16)", "4"),
        ("sqrt(9/4)", "3/2 (1.5)"),
        ("sqrt(2)", "≈ 1.4142135623730950488"),
        ("cbrt(-8)", "-2"),
        ("cbrt(2)", "≈ 1.25992104989487316477"),
        ("abs(-3)", "3"),
        ("abs(-pi)", "≈ 3.14159265358979323846"),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("round(2.675, 2)", "2.68"),
        ("round(1250, -2)", "1300"),
        ("floor(-2.5)", "-3"),
        ("ceil(-2.5)", "-2"),
        ("min(3, 1, 2)", "1"),
        ("max(1/3, 0.3)", "1/3 (≈ 0.3333333333333333)"),
        ("max(pi, 3)", "≈ 3.14159265358979323846"),
        ("sum(1, 2, 3)", "6"),
        ("mean(1, 2, 4)", "7/3 (≈ 2.333333333333333)"),
        ("gcd(12, 18)", "6"),
        ("lcm(4, 6, 10)", "60"),
        ("factorial(20)", "2432902008176640000"),
        ("comb(5, 2)", "10"),
        ("comb(2, 5)", "0"),
        ("perm(5, 2)", "20"),
        ("perm(5)", "120"),
        ("hypot(3, 4)", "5"),
        ("log(e)", "≈ 1"),
        ("ln(1)", "0"),
        ("log(8, 2)", "3"),
        ("log10(1000)", "3"),
        ("log10(1/100)", "-2"),
        ("log2(10)", "≈ 3.32192809488736234787"),
        ("exp(0)", "1"),
        ("exp(1) - e", "≈ 0"),
        ("sin(0)", "0"),
        ("sin(pi)", "≈ 0"),
        ("sin(pi/6)", "≈ 0.5"),
        ("cos(pi)", "≈ -1"),
        ("tan(pi/4)", "≈ 1"),
        ("degrees(asin(1))", "≈ 90"),
        ("acos(1)", "0"),
        ("degrees(atan(-1))", "≈ -45"),
        ("sin(radians(30))", "≈ 0.5"),
        ("sin(1e-30)", "≈ 1e-30"),
        ("tau / pi", "≈ 2"),
    ],
)
def test_functions(expression: str, answer: str) -> None:
    assert calculate(expression) == answer


def test_every_function_is_tried_above() -> None:
    source = "".join(str(mark.args) for mark in test_functions.pytestmark)  # type: ignore[attr-defined]
    assert [name for name in FUNCTIONS if f"{name}(" not in source] == []


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("", "at character 1: expected a number, found nothing"),
        ("1 +", "at character 4: expected a number, found the end"),
        ("1 + * 2", 'at character 5: expected a number, found "*"'),
        ("(1 + 2", 'at character 7: expected ")" for the "(" at character 1, found the end'),
        ("1 + 2)", 'at character 6: expected an operator, found ")"'),
        ("(1 2)", 'at character 4: expected an operator or ")", found "2"'),
        ("2 pi", 'at character 3: expected an operator, found "pi". Write * to multiply'),
        ("2(3)", 'at character 2: expected an operator, found "(". Write * to multiply'),
        ("sqr(4)", 'at character 1: unknown name "sqr". Did you mean sqrt?'),
        ("sqrt 4", 'at character 6: expected "(" after sqrt, found "4"'),
        ("sqrt()", "at character 1: sqrt takes 1 argument, not 0"),
        ("min()", "at character 1: min takes at least 1 argument, not 0"),
        ("round(1, 2, 3)", "at character 1: round takes 1 or 2 arguments, not 3"),
        ("$5", 'at character 1: "$" does not belong in an expression'),
        ("1\x1b[2J", 'at character 2: "U+001B" does not belong in an expression'),
        ("3,14", "at character 2: a comma may only group three digits, as in 1,000"),
        ("max(1,000, 2)", "at character 6: a comma separates arguments here"),
        ("1 / 0", "at character 3: division by zero"),
        ("1 % (2 - 2)", "at character 3: division by zero"),
        ("0 ** -1", "at character 3: division by zero: zero to a negative power"),
        ("sqrt(-1)", "at character 1: the square root of a negative number is not a real number"),
        ("(-8) ** (1/3)", "at character 6: a negative number to a power that is not whole"),
        ("ln(0)", "at character 1: a logarithm needs a number above zero"),
        ("log(2, 1)", "at character 1: a logarithm needs a base other than 1"),
        ("asin(2)", "at character 1: asin needs a number between -1 and 1"),
        ("acos(-2)", "at character 1: acos needs a number between -1 and 1"),
        ("tan(pi/2)", "at character 1: tan is not defined"),
        ("factorial(-1)", "at character 1: a factorial needs a number that is not negative"),
        ("2.5!", "at character 4: a factorial needs whole numbers"),
        ("gcd(1/2, 3)", "at character 1: gcd needs whole numbers"),
        ("comb(-1, 2)", "at character 1: comb needs numbers that are not negative"),
        ("__import__('os')", 'at character 12: "\'" does not belong in an expression'),
    ],
)
def test_an_error_names_the_place_and_what_was_expected(expression: str, error: str) -> None:
    with pytest.raises(ToolError) as caught:
        calculate(expression)
    assert str(caught.value).startswith(error)


@pytest.mark.parametrize(
    "bomb",
    [
        "9**9**9",
        "9**9**9**9**9**9",
        "2**(2**(2**20))",
        "(1/7)**5000",
        "1/7**5000",
        "0.5**1000000",
        "10**2500",
        "factorial(10**6)",
        "factorial(10**300)",
        "9!!!!",
        "comb(10**6, 5*10**5)",
        "comb(10**300, 10**299)",
        "perm(10**6)",
        "lcm(1300!, 7**3000)",
        "round(1, 10**9)",
        "round(1/3, 10**9)",
        "exp(10**9)",
        "10**3999 * 10**3999",
        "1e4001",
        "1e-999999999999",
        "2" + "⁹" * 50,
        "sin(10**41)",
        "(" * 500 + "1" + ")" * 490,
        "-" * 999 + "1",
        "sqrt(" * 150 + "1" + ")" * 150,
        "**".join(["1"] * 200),
        "+".join(["√1400!"] * 140),
    ],
)
def test_a_bomb_is_refused_and_not_attempted(bomb: str) -> None:
    workload = Workload()
    with pytest.raises(ToolError, match=r"too long|too big|too large|nested|more work|digits that are shown"):
        calculate(bomb, workload)
    assert workload.spent < 2 * MAX_WORK


def test_a_result_may_have_two_thousand_digits_and_no_more() -> None:
    assert calculate("10**1999") == str(10**1999)
    assert calculate("-10**1999") == str(-(10**1999))
    with pytest.raises(ToolError, match="≈ 1e2000 has more than the 2,000 digits"):
        calculate("10**2000")


def test_an_expression_may_have_a_thousand_characters_and_no_more() -> None:
    assert calculate("1" + "+1" * 499) == "500"
    with pytest.raises(ToolError, match="1,001 characters"):
        calculate(" " * 1_001)


def test_a_hundred_parentheses_are_fine() -> None:
    assert calculate("(" * 99 + "1" + ")" * 99) == "1"


_PIECES = st.sampled_from(
    [*"0123456789.+-*/%^!(),_ eπ√²⁻×", "**", "//", "of", "1e", "999", "pi", *(f"{name}(" for name in FUNCTIONS)]
)


@given(st.one_of(st.lists(_PIECES, max_size=200).map("".join), st.text(max_size=1_000)).map(lambda text: text[:1_000]))
def test_any_text_gives_an_answer_or_a_tool_error_within_the_bound(expression: str) -> None:
    workload = Workload()
    try:
        answer = calculate(expression, workload)
    except ToolError as error:
        assert str(error)
    else:
        assert 0 < len(answer) <= 2_001
    # The operation that passes the bound is counted before it is refused; it is never larger than the bound itself.
    assert workload.spent < 2 * MAX_WORK


_NUMBERS = st.integers(min_value=-50, max_value=50)


@given(
    st.recursive(
        _NUMBERS.map(str),
        lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "%", "/"]), inner).map(
            lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
        ),
        max_leaves=12,
    )
)
def test_it_agrees_with_pythons_own_fractions(expression: str) -> None:
    exact = expression
    for number in range(50, -1, -1):
        exact = exact.replace(f"({number})", f"(F[{number}])").replace(f"(-{number})", f"(-F[{number}])")
    try:
        expected = Fraction(eval(exact, {"F": [Fraction(number) for number in range(51)]}))
    except ZeroDivisionError:
        with pytest.raises(ToolError, match="division by zero"):
            calculate(expression)
    else:
        assert calculate(expression) == number_text(expected)


@given(st.floats(min_value=-1e6, max_value=1e6))
def test_trigonometry_agrees_with_the_mathematics_library(angle: float) -> None:
    for ours, reference in ((transcendental.sine, math.sin), (transcendental.cosine, math.cos)):
        assert math.isclose(float(ours(Decimal(angle))), reference(angle), rel_tol=1e-12, abs_tol=1e-12)
    assert math.isclose(float(transcendental.arc_tangent(Decimal(angle))), math.atan(angle), rel_tol=1e-12)


def test_pi_is_right_to_its_last_digit() -> None:
    """Machin's formula, which shares nothing with the constant."""
    with localcontext() as context:
        context.prec = 140

        def arc_tangent_of_inverse(number: int) -> Decimal:
            power = total = Decimal(1) / number
            for divisor in range(3, 400, 2):
                power /= -(number * number)
                total += power / divisor
            return total

        machin = 4 * (4 * arc_tangent_of_inverse(5) - arc_tangent_of_inverse(239))
        assert abs(machin - transcendental.PI) < Decimal(10) ** -115


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1e-7"), "≈ 1e-7"),
        (Decimal("1.5e300"), "≈ 1.5e300"),
        (Decimal("-123456.70"), "≈ -123456.7"),
        (Decimal("0E+5"), "≈ 0"),
        (Decimal("100"), "≈ 100"),
        (Fraction(1, 3**200), "≈ 3.76486194959902641988e-96"),
    ],
)
def test_numbers_are_written_for_people(value: Decimal | Fraction, text: str) -> None:
    assert number_text(value) == text


async def test_the_tool_answers_through_a_tool_set() -> None:
    tools = ToolSet([CalculatorTool()])
    answer = await tools.call("calculator", '{"expression": "12 * 7"}', _CONTEXT)
    assert (answer.text, answer.is_error) == ("84", False)
    refused = await tools.call("calculator", '{"expression": "1/0"}', _CONTEXT)
    assert (refused.text, refused.is_error) == ("at character 2: division by zero", True)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("{}", 'the argument "expression" is missing; it must be text'),
        ('{"expression": 5}', 'the argument "expression" must be text, not a number'),
        ('{"expression": "  "}', 'the argument "expression" is empty'),
        ('{"expresion": "1"}', 'unknown argument "expresion". Did you mean "expression"?'),
        ('{"zzz": "1"}', 'unknown argument "zzz". This tool takes "expression"'),
    ],
)
async def test_wrong_arguments_are_named(arguments: str, error: str) -> None:
    outcome = await ToolSet([CalculatorTool()]).call("calculator", arguments, _CONTEXT)
    assert (outcome.text, outcome.is_error) == (error, True)
