"""Everything that can be reached from an object, as values that can be compared."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Set
from typing import Any

_PLAIN = (str, bytes, int, float, complex, bool, type(None))
_CODE = (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType, types.MethodType)


def snapshot(root: object, *, stop_at: Iterable[object] = ()) -> dict[str, str]:
    """The object graph behind an object: for every path the identity and, of plain values, the value.

    Attributes in slots and dicts, items of mappings, sequences and sets are followed. Code is not: functions, classes
    and modules are the program, not its state.

    Args:
        root: Where to begin.
        stop_at: Objects that are named and not entered.
    """
    return _Walk({id(item) for item in stop_at}).walk(root)


class _Walk:
    def __init__(self, stops: set[int]) -> None:
        self._stops = stops
        self._found: dict[str, str] = {}
        # Ids are only worth something while the object lives, so all of them are kept until the end.
        self._seen: dict[int, tuple[str, object]] = {}

    def walk(self, root: object) -> dict[str, str]:
        waiting = [("agent", root)]
        while waiting:
            path, value = waiting.pop()
            if isinstance(value, _PLAIN):
                self._found[path] = f"{type(value).__name__} {value!r}"
            elif isinstance(value, _CODE):
                self._found[path] = f"code {getattr(value, '__qualname__', value)!r}"
            elif id(value) in self._stops:
                self._found[path] = f"{type(value).__name__} at {id(value)}, not entered"
            elif id(value) in self._seen:
                self._found[path] = f"the same as {self._seen[id(value)][0]}"
            else:
                self._seen[id(value)] = (path, value)
                parts = dict(_parts(value))
                self._found[path] = f"{type(value).__qualname__} at {id(value)} with {len(parts)} parts"
                waiting.extend((f"{path}{step}", part) for step, part in parts.items())
        return self._found


def _parts(value: Any) -> Iterable[tuple[str, object]]:
    """The parts of an object, each with its step in the path."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield f"[{key!r}]", item
    elif isinstance(value, Set):
        for item in sorted(value, key=repr):
            yield f"{{{item!r}}}", item
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield f"[{number}]", item
    for name in dict.fromkeys(name for kind in type(value).__mro__ for name in _slots(kind)):
        if hasattr(value, name):
            yield f".{name}", getattr(value, name)
    for name, item in getattr(value, "__dict__", {}).items():
        yield f".{name}", item


def _slots(kind: type) -> tuple[str, ...]:
    """The slots of a class; private names as they are stored."""
    names = kind.__dict__.get("__slots__", ())
    names = (names,) if isinstance(names, str) else tuple(names)
    private = f"_{kind.__name__.lstrip('_')}"
    return tuple(
        f"{private}{name}" if name.startswith("__") and not name.endswith("__") else name
        for name in names
        if name not in ("__dict__", "__weakref__")
    )
