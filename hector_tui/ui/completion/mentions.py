r"""Files named in a message: `@notes.md`, `@"my file.txt"`, `@my\ file.txt`, `@~/notes.md`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from hector_tui.ui.completion.trigger import unescaped

_MENTION = re.compile(r"""(?:^|(?<=[\s(\[{]))@(?:"([^"\n]+)"|((?:\\.|[^\s"\\])+))""")
_PUNCTUATION = ".,;:!?)]}"
_NEEDS_QUOTES = re.compile(r"""[\s"'\\]""")
LONGEST = 4_096
"""Characters of a path; what is longer is no file on any system."""


def mentioned(text: str) -> list[str]:
    """What stands behind each `@` of a text, in order and once each; not every one is a file."""
    names = (quoted or unescaped(plain) for quoted, plain in _MENTION.findall(text))
    return list(dict.fromkeys(name for name in names if len(name) <= LONGEST))


def mention_of(path: str) -> str:
    """A path as it is written in a message."""
    if not _NEEDS_QUOTES.search(path):
        return f"@{path}"
    if '"' not in path:
        return f'@"{path}"'
    return "@" + re.sub(r"""([\s"'\\])""", r"\\\1", path)


def resolved(name: str, folder: Path) -> Path | None:
    """The file or folder that a mention means, if there is one.

    Punctuation behind it belongs to the sentence unless there is a file of that very name. It asks the disk: not for
    the loop that draws.

    Args:
        name: What stands behind the `@`.
        folder: What a relative path begins at.
    """
    for candidate in readings(name):
        try:
            path = folder / Path(candidate).expanduser()
            if path.exists():
                return path
        except (OSError, RuntimeError, ValueError):
            # An unreadable folder on the way, an unknown `~user`, a NUL: then it is no file one could attach.
            continue
    return None


def readings(name: str) -> Iterable[str]:
    """What a mention can mean, likeliest first: as it stands, and without the punctuation behind it."""
    yield name
    shorter = name
    while shorter and shorter[-1] in _PUNCTUATION:
        shorter = shorter[:-1]
    if shorter and shorter != name:
        yield shorter
