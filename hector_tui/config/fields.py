"""The kinds of values a configuration has, as pydantic types.

The loader hands pydantic `ScalarNode`s, and not plain values, so that a field can decide what a text with an
environment variable in it becomes: `${PORT:-6334}` is a whole number where one is wanted, and text where text is
wanted. Everything else is strict: `"5"` is no number and `yes` is not true. Plain Python values are accepted too, for
code that builds a configuration itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    Strict,
    model_validator,
)
from pydantic_core import PydanticCustomError

from hector_tui.config.nodes import ScalarNode, core_value

T = TypeVar("T")

_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|ms|s|m|h))+", re.ASCII)
_DURATION_PART = re.compile(r"([0-9.]+)([a-zµ]+)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def _as_text(value: object) -> object:
    return value.value if isinstance(value, ScalarNode) else value


def _as_written(value: object) -> object:
    if not isinstance(value, ScalarNode):
        return value
    return value.value if value.value is None or isinstance(value.value, bool) else value.text


def _as_typed(value: object) -> object:
    if not isinstance(value, ScalarNode):
        return value
    return core_value(value.text) if value.expanded else value.value


def _as_seconds(value: object) -> object:
    value = _as_typed(value)
    if not isinstance(value, str):
        return value
    if not _DURATION.fullmatch(value):
        raise PydanticCustomError("duration", "not a duration")
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(value))


def _as_plain(value: object) -> object:
    match value:
        case ScalarNode():
            return value.value
        case Mapping():
            return MappingProxyType({str(key): _as_plain(item) for key, item in value.items()})
        case list() | tuple():
            return tuple(_as_plain(item) for item in value)
        case _:
            return value


def _as_json(value: object) -> object:
    match value:
        case Mapping():
            return {key: _as_json(item) for key, item in value.items()}
        case tuple():
            return [_as_json(item) for item in value]
        case _:
            return value


AS_TEXT = BeforeValidator(_as_text)
"""For `Literal` fields: compares the text."""

Text = Annotated[str, Strict(), AS_TEXT]
"""Text; a bare number is not text."""

Written = Annotated[str, Strict(), BeforeValidator(_as_written)]
"""Text that people write like a number, such as `version: 1.10`: kept as it was written."""

Whole = Annotated[int, Strict(), BeforeValidator(_as_typed)]
"""A whole number."""

Count = Annotated[Whole, Field(ge=1)]
"""A whole number from 1."""

CountOrZero = Annotated[Whole, Field(ge=0)]
"""A whole number from 0."""

Port = Annotated[Whole, Field(ge=1, le=65535)]
"""A TCP port."""

Number = Annotated[float, Strict(), Field(allow_inf_nan=False), BeforeValidator(_as_typed)]
"""A number."""

Share = Annotated[Number, Field(ge=0, le=1)]
"""A number from 0 to 1."""

Flag = Annotated[bool, Strict(), BeforeValidator(_as_typed)]
"""true or false; nothing else, and false stays false."""

Seconds = Annotated[float, Strict(), Field(gt=0, allow_inf_nan=False), BeforeValidator(_as_seconds)]
"""Seconds, as a number or as a Go duration such as `1m30s`."""

SecondsOrZero = Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False), BeforeValidator(_as_seconds)]
"""Seconds as above, or 0."""

Secret = Annotated[SecretStr, BeforeValidator(_as_written)]
"""A credential: never shown, never part of a fingerprint."""

Texts = tuple[Text, ...]
"""A list of texts."""

FrozenMap = Annotated[Mapping[str, T], AfterValidator(MappingProxyType), PlainSerializer(dict)]
"""A mapping from ids to values, which cannot be changed after it is read."""

# Any: the values are whatever JSON can hold; nothing here looks inside.
FreeMap = Annotated[Mapping[str, Any], BeforeValidator(_as_plain), AfterValidator(_as_plain), PlainSerializer(_as_json)]
"""A mapping whose content is the business of someone else, such as a JSON Schema."""


def empty_map() -> Mapping[str, Any]:
    """An empty mapping, for defaults."""
    return MappingProxyType({})


class Block(BaseModel):
    """Base of every block of the configuration: strict about keys, and never changed after it is read."""

    # defer_build: a block is compiled when it is first used, as a part of the block it stands in.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, validate_default=False)

    @model_validator(mode="before")
    @classmethod
    def _absent_keys_keep_their_defaults(cls, data: object) -> object:
        if not isinstance(data, Mapping):
            return data
        known = cls.yaml_keys()
        return {
            key: value
            for key, value in data.items()
            if not (key in known and (value is None or (isinstance(value, ScalarNode) and value.is_absent)))
        }

    @classmethod
    def yaml_keys(cls) -> tuple[str, ...]:
        """The keys of this block as they are written in YAML."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())
