"""Finding arithmetic in sentences, and not finding it in dates, ranges and ratios."""

from __future__ import annotations

import pytest

from hector_tui.llm.arithmetic import find_expression
from hector_tui.tools.calculation.parser import calculate


@pytest.mark.parametrize(
    ("text", "expression", "value"),
    [
        ("What is 12*(3+4)?", "12*(3+4)", "84"),
        ("3/8 + 5/12 as a fraction", "3/8 + 5/12", "19/24"),
        ("17 times 23", "17 * 23", "391"),
        ("square root of 2", "sqrt(2)", "≈ 1.41421"),
        ("√16 + 1", "sqrt(16) + 1", "5"),
        ("15% of 80", "15 / 100 * 80", "12"),
        ("What is 15 percent of 80 plus 3?", "15 / 100 * 80 + 3", "15"),
        ("1,234,567 * 2", "1234567 * 2", "2469134"),
        ("2^10", "2 ** 10", "1024"),
        ("what's 7 squared?", "7 ** 2", "49"),
        ("I need 12*(3+4) tonight.", "12*(3+4)", "84"),
        ("Hello!\nThe list is long.\nHow much is 2 + 2?\nThanks", "2 + 2", "4"),
        ("(what is 3+4)", "3+4", "7"),
        ("compute 100 / 7, please", "100 / 7", "100/7"),
        ("10 minus 4 =", "10 - 4", "6"),
        ("was ist 3 mal 4?", "3 * 4", "12"),
        ("How many MiB? Calculate 50000000 / 1024 / 1024", "50000000 / 1024 / 1024", "390625/8192"),
        ("what is -3 * 2", "-3 * 2", "-6"),
        ("what is 1/2 as a decimal", "1/2", "1/2"),
    ],
)
def test_arithmetic_is_found_and_the_calculator_takes_it(text: str, expression: str, value: str) -> None:
    assert find_expression(text) == expression
    assert calculate(expression).startswith(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "What is WAL?",
        "meet me on 2024-10-15",
        "what is on 12/10/2024?",
        "24/7 support",
        "what is 24/7 support",
        "5-10 people",
        "Python 3.11-3.13",
        "1) one 2) two 3) three",
        "- 3 apples\n- 4 pears",
        "the year 2024 - a good one",
        "I have 3 cats, 2 dogs",
        "call 555-1234",
        "f(3) = 4",
        "x*y",
        "what is __import__('os')",
        "7 " * 100_000,
        "(" * 1_000 + "1+1",
    ],
)
def test_numbers_that_are_no_arithmetic_are_left_alone(text: str) -> None:
    assert find_expression(text) is None
