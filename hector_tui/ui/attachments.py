"""The files a draft names: what will go with it, and reading them when it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hector_tui.domain.files import MAX_FILES, AttachedFile, look_at_file, read_file
from hector_tui.errors import FileRefused
from hector_tui.ui.completion.background import DiskThread
from hector_tui.ui.completion.mentions import resolved
from hector_tui.ui.numbers import size_text

_MOST_S = 10.0
"""Seconds the disk gets; a network drive that is gone would hold a message for ever."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One file as the prompt shows it.

    Attributes:
        name: Without its folder.
        detail: Its size, or why it will not go with the message.
        is_refused: Whether the message cannot be sent as long as it is named.
        is_attached: Whether it will go with the message.
    """

    name: str
    detail: str
    is_refused: bool = False
    is_attached: bool = True


class Attachments:
    """Looks for and reads the files that messages name.

    Args:
        folder: Where relative paths begin.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._disk = DiskThread()

    async def look(self, names: Sequence[str]) -> Sequence[Chip]:
        """What would go with a message that names these; a name that is no file's is not in it."""
        return await self._disk.run(partial(self._look, tuple(names)))

    async def read(self, names: Sequence[str], *, besides: int = 0) -> tuple[AttachedFile, ...]:
        """The files a message names, with their content; a name that is no file's, or a folder's, is left out.

        Args:
            names: What could be files.
            besides: Files that go with the message already.

        Raises:
            FileRefused: One of them cannot be attached, there are too many, or the disk does not answer.
        """
        if not names:
            return ()
        try:
            async with asyncio.timeout(_MOST_S):
                return await self._disk.run(partial(self._read, tuple(names), besides))
        except TimeoutError:
            raise FileRefused(
                f"the files of this message could not be read within {_MOST_S:.0f} s", hint="Is a drive not there?"
            ) from None

    def _look(self, names: tuple[str, ...]) -> Sequence[Chip]:
        chips = []
        attached = 0
        for path in self._paths(names):
            if path.is_dir():
                chips.append(Chip(f"{path.name}/", "a folder, not attached", is_attached=False))
                continue
            attached += 1
            try:
                look = look_at_file(path)
            except FileRefused as error:
                chips.append(Chip(path.name, error.message, is_refused=True))
            else:
                over = attached > MAX_FILES
                detail = f"too many, at most {MAX_FILES}" if over else size_text(look.size)
                chips.append(Chip(path.name, detail, is_refused=over))
        return chips

    def _read(self, names: tuple[str, ...], besides: int) -> tuple[AttachedFile, ...]:
        paths = [path for path in self._paths(names) if not path.is_dir()]
        if (count := len(paths) + besides) > MAX_FILES:
            raise FileRefused(f"{count} files are too many for one message", hint=f"At most {MAX_FILES} go with one.")
        return tuple(read_file(path) for path in paths)

    def _paths(self, names: tuple[str, ...]) -> list[Path]:
        """What the names mean, each file once."""
        found = (resolved(name, self._folder) for name in names)
        return list(dict.fromkeys(path for path in found if path is not None))
