"""Writing what is on screen to a file: from the transcript itself, so that it works when the database does not."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import AnswerEntry, NoticeEntry, UserEntry
from hector_tui.ui.transcript.folds import FoldEntry

_NOT_IN_A_NAME = re.compile(r"[^\w-]+")
_NAME_CHARACTERS = 48


def as_markdown(title: str, document: TranscriptDocument) -> str:
    """A conversation as Markdown: what was said, the tools as quotations."""
    parts = [f"# {title}"]
    for entry in document.entries:
        match entry:
            case UserEntry(text=text, at=at):
                parts.append(f"## You, {at}\n\n{text}")
            case AnswerEntry(label=label, text=text):
                parts.append(f"## {label}\n\n{text}")
            case FoldEntry() | NoticeEntry():
                parts.append("\n".join(f"> {line}" for line in entry.source_text().splitlines()))
            case _:
                pass
    return "\n\n".join(parts) + "\n"


def write_export(title: str, text: str, named: str = "") -> Path:
    """Write to the file a person named, else to one in the working folder that is named after the title.

    A file that exists is never overwritten.

    Returns:
        The file.

    Raises:
        OSError: It cannot be written, or exists already.
    """
    path = Path(named).expanduser() if named else Path(_file_name(title))
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path.absolute()


def _file_name(title: str) -> str:
    stem = _NOT_IN_A_NAME.sub("-", title).strip("-")[:_NAME_CHARACTERS] or "conversation"
    number = 1
    while Path(name := f"{stem}{f'-{number}' if number > 1 else ''}.md").exists():
        number += 1
    return name
