"""Pastes: big ones fold to a short label, and what a terminal types right after one is part of it."""

from __future__ import annotations

import re

FOLD_LINES = 10
"""A paste with more lines folds: it would push the draft out of a prompt of ten rows."""

FOLD_CHARACTERS = 1_000
"""A paste with more characters folds."""

_LABEL = re.compile(r"\[Pasted #[0-9]+ · [0-9,]+ (?:lines|characters)\]")


def is_big(text: str, *, lines: int = FOLD_LINES, characters: int = FOLD_CHARACTERS) -> bool:
    """Whether a text is too long to be shown in the prompt as it is."""
    return len(text) > characters or text.count("\n") + 1 > lines


class PasteFolds:
    """Texts that stand in a draft as labels such as `[Pasted #1 · 42 lines]`.

    The label is the only link: copying it copies the paste, and undo brings a paste back with its label. Nothing is
    forgotten before `clear`, because any label may come back by undo.
    """

    __slots__ = ("_count", "_texts")

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._texts)

    def fold(self, text: str) -> str:
        """Keep a text and give the label that stands for it."""
        self._count += 1
        lines = text.rstrip("\n").count("\n") + 1
        size = f"{lines:,} lines" if lines > 1 else f"{len(text):,} characters"
        label = f"[Pasted #{self._count} · {size}]"
        self._texts[label] = text
        return label

    def expand(self, shown: str) -> str:
        """A draft with every label replaced by the text it stands for."""
        if not self._texts:
            return shown
        return _LABEL.sub(lambda label: self._texts.get(label[0], label[0]), shown)

    def spans(self, line: str) -> list[tuple[int, int]]:
        """Where labels stand in a line: the columns of their first character and after their last."""
        if not self._texts:
            return []
        return [label.span() for label in _LABEL.finditer(line) if label[0] in self._texts]

    def clear(self) -> None:
        """Forget every text and count from 1 again."""
        self._texts.clear()
        self._count = 0


class PasteGuard:
    """Recognises keys that no hand pressed: those that follow a paste within a moment, and each other within one.

    A paste may hold the sequence that ends a bracketed paste. The terminal's parser then reports the rest of it as
    keys, and a line break among them as Enter, which would send what somebody else wrote. Times are those the parser
    stamped on the events, so a slow screen does not stretch the moment.

    Args:
        moment_s: Seconds between two events that belong together. Keyboards repeat no faster than every 0.03 s, but a
            parser that shares the interpreter can be held up for longer; people take 0.1 s and more to reach Enter.
    """

    __slots__ = ("_moment_s", "_until")

    def __init__(self, moment_s: float = 0.05) -> None:
        self._moment_s = moment_s
        self._until = float("-inf")

    def pasted(self, at: float) -> None:
        """A paste ended; `at` is in seconds of a monotonic clock."""
        self._until = at + self._moment_s

    def belongs_to_paste(self, at: float) -> bool:
        """Whether a key at this time is still part of the paste; if so, the moment starts again."""
        if at > self._until:
            return False
        self._until = at + self._moment_s
        return True
