"""Stored files that go with a draft: a question that is asked again, or taken back, goes with what it was sent with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hector_tui.domain.files import AttachedFile
from hector_tui.ui.completion.mentions import mentioned, readings


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file with its content, whatever has become of it on the disk.

    Attributes:
        mention: What stands behind the `@` that names it in the draft; taken out there, the file does not go. Empty
            for a file that nothing names.
    """

    file: AttachedFile
    mention: str


def kept_of(text: str, files: Sequence[AttachedFile]) -> tuple[KeptFile, ...]:
    """The files of a message, each with the mention in its text that named it."""
    names = mentioned(text)
    kept = []
    for file in files:
        mention = next((name for name in names if _is_of(name, file)), "")
        if mention:
            # Two folders can have a file of the same name: each mention names one.
            names.remove(mention)
        kept.append(KeptFile(file, mention))
    return tuple(kept)


def still_named(kept: Sequence[KeptFile], text: str) -> Sequence[KeptFile]:
    """Those that go with a draft as it is now."""
    names = set(mentioned(text))
    return [each for each in kept if not each.mention or each.mention in names]


def _is_of(name: str, file: AttachedFile) -> bool:
    return any(Path(reading).name == file.name for reading in readings(name))
