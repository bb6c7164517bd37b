"""What is wrong with a configuration, and exactly where."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

KeyPath = tuple[str | int, ...]
"""Keys and list positions from the top of the configuration, such as `("agents", "coder", "tools", 0)`."""

_PLAIN_KEY = re.compile(r"[\w.\-]+")
_LONGEST_TEXT = 80
_MOST_CHOICES = 200


class Severity(StrEnum):
    """Whether something cannot be used, or only deserves to be known."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file.

    Args:
        file: The file, as it was named to the loader.
        line: Counted from 1; 0 means the file as a whole.
        column: Counted from 1 in characters; 0 means the file as a whole.
    """

    file: Path
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else str(self.file)


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing wrong with a configuration.

    Its text is one line: `file:line:column: key: message (expected ...; did you mean 'x'?)`.

    Args:
        file: The file, as it was named to the loader.
        line: Counted from 1; 0 when the file as a whole is meant.
        column: Counted from 1 in characters; 0 when the file as a whole is meant.
        path: The dotted key, such as `agents.coder.tools[0]`; empty for the file as a whole.
        message: What is wrong, in one line.
        expected: What would be right; empty when the message says it.
        suggestion: The nearest valid key or value; empty when nothing is near.
        severity: An error makes something unusable; a warning does not.
    """

    file: Path
    line: int
    column: int
    path: str
    message: str
    expected: str = ""
    suggestion: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{one_line(str(self.mark))}: {self.text}"

    @property
    def mark(self) -> Mark:
        """Where it is."""
        return Mark(self.file, self.line, self.column)

    @property
    def text(self) -> str:
        """The problem without its place: `key: message (expected ...; did you mean 'x'?)`."""
        hints = [f"expected {self.expected}"] if self.expected else []
        if self.suggestion:
            hints.append(f"did you mean {self.suggestion!r}?")
        text = f"{self.path}: {self.message}" if self.path else self.message
        return one_line(f"{text} ({'; '.join(hints)})" if hints else text)

    @property
    def is_error(self) -> bool:
        """Whether something cannot be used because of it."""
        return self.severity is Severity.ERROR


class ProblemLog:
    """Collects problems while a configuration is read.

    Every step of the loader adds to one log and goes on, because a person wants all the problems of a file at once.
    """

    def __init__(self) -> None:
        # A dict keeps the order and drops repetitions: a node shared by an anchor is looked at once for each place
        # it stands in, and one line about it is enough.
        self._found: dict[ConfigProblem, None] = {}
        self._by_definition: dict[KeyPath, dict[ConfigProblem, None]] = {}
        self._error_marks: set[Mark] = set()
        self._file_order: dict[Path, int] = {}

    def order(self, files: Iterable[Path]) -> None:
        """Say in which order files come; others come in the order of their first problem."""
        for file in files:
            self._file_order.setdefault(file, len(self._file_order))

    def error(self, mark: Mark, path: KeyPath, message: str, *, expected: str = "", suggestion: str = "") -> None:
        """Note something that cannot be used."""
        self._error_marks.add(mark)
        self._add(mark, path, message, expected, suggestion, Severity.ERROR)

    def warning(self, mark: Mark, path: KeyPath, message: str, *, expected: str = "", suggestion: str = "") -> None:
        """Note something that deserves to be known."""
        self._add(mark, path, message, expected, suggestion, Severity.WARNING)

    def _add(self, mark: Mark, path: KeyPath, message: str, expected: str, suggestion: str, severity: Severity) -> None:
        place = (mark.file, mark.line, mark.column)
        problem = ConfigProblem(*place, dotted(path), message, expected, suggestion, severity)
        self.order((mark.file,))
        self._found[problem] = None
        self._by_definition.setdefault(path[:2], {})[problem] = None

    def of(self, block: str, identifier: str) -> tuple[ConfigProblem, ...]:
        """The problems of one definition, such as `agents.coder`, in the order of the files and lines."""
        return self._ordered(self._by_definition.get((block, identifier), ()))

    def all(self) -> tuple[ConfigProblem, ...]:
        """Every problem, file by file, then by line."""
        return self._ordered(self._found)

    def has_error_at(self, mark: Mark) -> bool:
        """Whether an error was noted at exactly that place."""
        return mark in self._error_marks

    def _ordered(self, problems: Iterable[ConfigProblem]) -> tuple[ConfigProblem, ...]:
        order = self._file_order
        return tuple(sorted(problems, key=lambda problem: (order[problem.file], problem.line, problem.column)))


def dotted(path: KeyPath) -> str:
    """A path the way people write it: `agents.coder.tools[0]`; a key with odd characters is quoted."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        else:
            key = step if _PLAIN_KEY.fullmatch(step) else repr(shortened(step))
            parts.append(f".{key}" if parts else key)
    return "".join(parts)


def nearest(word: str, choices: Iterable[str]) -> str:
    """The choice a person most likely meant, or an empty text; with very many choices it is not looked for."""
    listed = list(choices)
    if len(word) > _LONGEST_TEXT or len(listed) > _MOST_CHOICES:
        return ""
    found = difflib.get_close_matches(word, listed, n=1)
    return found[0] if found else ""


def one_of(choices: Iterable[str]) -> str:
    """Choices as the `expected` part of a problem says them: `one of a, b, c`."""
    return f"one of {', '.join(choices)}"


def one_line(text: str) -> str:
    """The text with line breaks and unprintable characters written as escapes, so that a file cannot fake a line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def shortened(text: str) -> str:
    """The text, cut to a length that fits into a message."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
