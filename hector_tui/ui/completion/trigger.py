"""What is being written at the cursor: a command's name, its argument, or an `@` with an agent or a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

_COMMAND = re.compile(r"(?P<before>\s*)/(?P<name>[^\s/]*)")
_MENTION_BEFORE = re.compile(r"""(?:^|(?<=[\s(\[{]))@(?:"(?P<quoted>[^"]*)|(?P<plain>(?:\\.|[^\s"\\])*\\?))\Z""")
_PLAIN_AFTER = re.compile(r"""(?:\\.|[^\s"\\])*""")
_QUOTED_AFTER = re.compile(r"""[^"\s]*"?""")
_LONGEST = 1_024
"""Characters before the cursor in which a word may begin."""
_ESCAPED = re.compile(r"\\(.)")


class TriggerKind(Enum):
    """What can be completed."""

    COMMAND = auto()
    ARGUMENT = auto()
    MENTION = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A word that can be completed.

    Attributes:
        row: Its line, from 0.
        start, end: Its first column and the one after its last, in characters; this is what a suggestion replaces.
        query: What of it stands before the cursor, without its mark, quotes and backslashes.
        command: The name of the command whose argument it is; empty otherwise.
        leads: Whether it begins the message, where an agent can be addressed.
    """

    kind: TriggerKind
    row: int
    start: int
    end: int
    query: str
    command: str = ""
    leads: bool = False

    @property
    def place(self) -> tuple[TriggerKind, int, int]:
        """What stays the same while the word is being typed."""
        return self.kind, self.row, self.start


def find_trigger(lines: Sequence[str], row: int, column: int) -> Trigger | None:
    """The word at the cursor that can be completed, if there is one.

    Args:
        lines: The text; a command stands alone on the only one.
        row: Of the cursor, from 0.
        column: Of the cursor, in characters.
    """
    line = lines[row]
    if len(lines) == 1 and (command := _COMMAND.match(line)) is not None:
        after = line[command.end() :]
        # A second slash makes it a path, which is a message.
        if not after.startswith("/"):
            return _command_trigger(line, column, command)
    mention = _MENTION_BEFORE.search(line, max(0, column - _LONGEST), column)
    if mention is None:
        return None
    quoted = mention["quoted"] is not None
    rest = (_QUOTED_AFTER if quoted else _PLAIN_AFTER).match(line, column)
    return Trigger(
        kind=TriggerKind.MENTION,
        row=row,
        start=mention.start(),
        end=rest.end() if rest is not None else column,
        query=mention["quoted"] if quoted else unescaped(mention["plain"]),
        leads=row == 0 and mention.start() == 0 and not quoted,
    )


def unescaped(word: str) -> str:
    r"""A typed word without the backslashes that keep its spaces in it: `my\ file` is `my file`."""
    return _ESCAPED.sub(r"\1", word)


def _command_trigger(line: str, column: int, command: re.Match[str]) -> Trigger | None:
    name, start = command["name"], command.start("name") - 1
    if column <= start:
        return None
    if column <= command.end():
        return Trigger(
            kind=TriggerKind.COMMAND,
            row=0,
            start=start,
            end=command.end(),
            query=line[start + 1 : column],
        )
    argument = command.end() + 1
    return Trigger(
        kind=TriggerKind.ARGUMENT,
        row=0,
        start=argument,
        end=len(line),
        query=line[argument:column].lstrip(),
        command=name.lower(),
    )
