"""How a tool is described to a model, and what comes back from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool as a model sees it.

    Attributes:
        name: `[A-Za-z0-9_-]{1,64}`, the strictest of the providers' rules.
        parameters: JSON Schema of the arguments object.
    """

    name: str
    description: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What a tool answered: text for the model, shown to the person as it is."""

    text: str
    is_error: bool = False
