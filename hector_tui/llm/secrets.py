"""Values that must not be seen: a wrapper that prints as stars, and the removal of such a value from foreign text."""

from __future__ import annotations

from typing import NoReturn

from hector_tui.redaction import MASK, forms_of


class Secret:
    """A string that shows itself only when asked to; `str`, `repr` and f-strings give stars."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value, for the one place that sends it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"Secret({MASK!r})" if self._value else "Secret('')"

    def __str__(self) -> str:
        return MASK if self._value else ""

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")


def redacted(text: str, secret: Secret) -> str:
    """A text without the secret, which a provider or a proxy may have repeated in its error message."""
    for form in sorted(forms_of(secret.reveal()), key=len, reverse=True):
        text = text.replace(form, MASK)
    return text
