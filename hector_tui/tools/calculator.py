"""The `calculator` tool: arithmetic a language model should not do in its head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hector_tui.domain.tools import ToolOutcome, ToolSpec
from hector_tui.tools.arguments import only_known, required_text
from hector_tui.tools.base import ToolContext
from hector_tui.tools.calculation.functions import CONSTANTS, FUNCTIONS
from hector_tui.tools.calculation.parser import MAX_CHARACTERS, calculate

_DESCRIPTION = (
    "Compute an arithmetic expression exactly. Operators: + - * / // (floor) % (remainder) ^ or ** (power) ! "
    "(factorial); percentages: 15% of 80, 80 + 15%. "
    f"Functions: {' '.join(FUNCTIONS)} (log is natural, log(x, base) has a base; angles are in radians). "
    f"Constants: {' '.join(CONSTANTS)}. "
    "Write every multiplication as *. The answer is exact unless it is marked with ≈."
)


class CalculatorTool:
    """Computes an expression with exact numbers and bounded work."""

    spec = ToolSpec(
        name="calculator",
        description=_DESCRIPTION,
        parameters={
            "type": "object",
            "properties": {
                "expression": {
                    "type": "string",
                    "description": 'For example "(3/8 + 5/12) * 2", "sqrt(2)", "1,250 + 19%".',
                    "maxLength": MAX_CHARACTERS,
                }
            },
            "required": ["expression"],
            "additionalProperties": False,
        },
    )

    async def call(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        """The value of the argument `expression`.

        Raises:
            ToolError: It cannot be read or computed; the text names the place.
        """
        only_known(arguments, ("expression",))
        return ToolOutcome(calculate(required_text(arguments, "expression", max_chars=MAX_CHARACTERS)))
