"""`hector-tui sessions export --json` and `sessions import`: whole sessions as documents, to keep or to take along."""

from __future__ import annotations

import argparse
import os
import stat
import sys
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import BinaryIO

from hector_tui.cli.checks.findings import size_text
from hector_tui.cli.new_file import new_file
from hector_tui.cli.output import counted, say, say_json, warn
from hector_tui.cli.setup import expanded, open_store
from hector_tui.cli.statuses import EXIT_DONE
from hector_tui.errors import DocumentError
from hector_tui.sessions.documents.document import MAX_BYTES, SessionDocument
from hector_tui.sessions.documents.reader import read_document
from hector_tui.sessions.documents.writer import SessionWriter

_STDIN = "-"


async def export_json(options: argparse.Namespace) -> int:
    """A stored session as one JSON document, on standard output or in a file that is not there yet."""
    async with open_store(options) as store:
        await store.sessions.get(options.session_id)
        writer = store.documents.writer(options.session_id)
        size = 0
        async with aclosing(writer.lines()) as lines:
            if options.file is None:
                async for line in lines:
                    print(line)
                    size += len(line) + 1
            else:
                path = expanded(options.file)
                with new_file(path) as file:
                    async for line in lines:
                        size += file.write(f"{line}\n")
                say(f"Exported to {path.absolute()}")
    _tell(writer, size)
    return EXIT_DONE


def _tell(writer: SessionWriter, size: int) -> None:
    """What a reader of the document might not expect."""
    if writer.left_out:
        warn(f"{counted(writer.left_out, 'turn')} left out, which {'is' if writer.left_out == 1 else 'are'} not over.")
    if writer.lost:
        warn(f"The content of {counted(writer.lost, 'attached file')} is not in the database any more.")
    if size > MAX_BYTES:
        warn(f"It has {size_text(size)}, more than the {size_text(MAX_BYTES)} that `sessions import` takes.")


async def import_(options: argparse.Namespace) -> int:
    """Store exported sessions as new ones: every file is read and checked before the first of them is stored.

    Raises:
        DocumentError: A file is no exported session, or cannot be read; nothing was stored.
    """
    documents = _read_all(options.files)
    async with open_store(options) as store:
        imported = await store.documents.store(documents)
    for info, document in zip(imported, documents, strict=True):
        if options.json:
            say_json({**asdict(info), "memories": len(document.memories)})
        else:
            memories = counted(len(document.memories), "memory", "memories")
            title = " ".join(info.title.split())
            say(f"{info.session_id}  {counted(info.turns, 'turn')}  {memories}  {title}")
    return EXIT_DONE


def _read_all(names: Sequence[str]) -> list[SessionDocument]:
    documents = []
    left = MAX_BYTES
    for name in names:
        content = _content(name, left)
        left -= len(content)
        documents.append(read_document(content, name))
    return documents


def _content(name: str, most: int) -> bytes:
    """All of a file, or of standard input; never more than is taken, whatever the file is."""
    try:
        if name == _STDIN:
            return _bounded(sys.stdin.buffer, name, most) if sys.stdin is not None else b""
        with open(expanded(name), "rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode) and status.st_size > most:
                raise _too_large(name)
            return _bounded(file, name, most)
    except (OSError, ValueError) as error:  # a name with a NUL in it is a ValueError
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DocumentError(f"it cannot be read ({reason})", where=name, hint="Nothing was imported.") from None


def _bounded(file: BinaryIO, name: str, most: int) -> bytes:
    content = file.read(most + 1)
    if len(content) > most:
        raise _too_large(name)
    return content


def _too_large(name: str) -> DocumentError:
    return DocumentError(
        f"it is too large: the files of one import may have {size_text(MAX_BYTES)} together",
        where=name,
        hint="Nothing was imported.",
    )
