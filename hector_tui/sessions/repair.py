"""What a start does with a damaged database: keep the file, carry over what can be read, say so.

Nothing is ever deleted. The damaged file gets another name, with its companions, byte for byte as it was found.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from hector_tui.domain.keys import new_id
from hector_tui.errors import StoreCorrupt, StoreError
from hector_tui.sessions.damage import NOTED_LIMIT_S, UNCLEAN_LIMIT_S, find_damage, has_log, note_of
from hector_tui.sessions.salvage import LIMIT_S, Salvage, salvage

Alone = Callable[[], AbstractContextManager[bool]]
"""Holds others off and tells whether nobody else uses the profile (`Owner.alone`)."""
COMPANIONS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file; left behind, it would be played into the next file of that name."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A damaged file was replaced.

    Attributes:
        reason: What was wrong with it.
        aside: Where it is now.
        salvaged: What the new database begins with.
    """

    reason: str
    aside: Path
    salvaged: Salvage

    def __str__(self) -> str:
        kept = f"it is kept as {self.aside.name}"
        if not self.salvaged:
            return f"The database could not be read ({self.reason}); {kept}, and a new one was begun."
        saved = self.salvaged
        counts = (
            f"{counted(saved.sessions, 'session')}, {counted(saved.turns, 'turn')},"
            f" {counted(saved.messages, 'message')} and {counted(saved.memories, 'memory', 'memories')}"
        )
        cut = " It is so large that only the newest part was read." if saved.is_cut else ""
        return f"The database was damaged ({self.reason}); {kept}. Saved into a new one: {counts}.{cut}"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 turn`, `2 turns`, `1,200 memories`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def nobody_else() -> AbstractContextManager[bool]:
    """For a database that no other process can have open."""
    return nullcontext(True)


def repair_if_damaged(path: Path, alone: Alone = nobody_else, *, limit_s: float = LIMIT_S) -> Repair | None:
    """Look at a database before it is opened, and replace it when it is damaged.

    Raises:
        StoreCorrupt: It is damaged and another process uses it.
        StoreError: It is damaged and no new one can be made; nothing was changed.
        ProfileError: Another process works on it for too long.
    """
    note = note_of(path)
    if note.exists():
        limit = NOTED_LIMIT_S
    elif has_log(path):
        with alone() as is_alone:
            limit = UNCLEAN_LIMIT_S if is_alone else 0.0
    else:
        limit = 0.0
    reason = find_damage(path, limit_s=limit)
    repaired = replace_damaged(path, reason, alone, limit_s=limit_s) if reason else None
    note.unlink(missing_ok=True)
    return repaired


def replace_damaged(path: Path, reason: str, alone: Alone = nobody_else, *, limit_s: float = LIMIT_S) -> Repair | None:
    """Put a new database in the place of a damaged one, with what could be read; None when another process just did.

    Raises:
        StoreCorrupt: Another process uses it.
        StoreError: No new one can be made; nothing was changed.
    """
    with alone() as is_alone:
        if not is_alone:
            raise StoreCorrupt(
                f"the database is damaged ({reason})",
                where=str(path),
                hint="Close every other hector-tui, then start again: what can be read is carried over.",
            )
        for leftover in path.parent.glob(f"{path.name}.salvage-*"):
            leftover.unlink(missing_ok=True)
        fresh = path.with_name(f"{path.name}.salvage-{new_id()}")
        try:
            salvaged = salvage(path, fresh, limit_s=limit_s)
            aside = put_in_place(fresh, path, "damaged")
        except (OSError, sqlite3.Error) as error:
            fresh.unlink(missing_ok=True)
            raise StoreError(
                f"the database is damaged ({reason}) and no new one can be made ({error})",
                where=str(path),
                hint="Check that the folder is writable and the disk not full; the damaged file is untouched.",
            ) from error
    repair = Repair(reason=reason, aside=aside, salvaged=salvaged)
    logger.warning("%s: %s", path, repair)
    return repair


def put_in_place(fresh: Path, path: Path, word: str) -> Path:
    """Put a complete file in the place of a database; returns the name under which the old one is kept.

    Whenever this is interrupted, a file stands in the place: the old one gets its second name first.

    Args:
        fresh: The complete new file, in the same folder; it takes the place.
        path: The place. Whatever is there is kept, a folder too.
        word: Why, for the name: `<path>.<word>-<date>-<time>`.

    Raises:
        OSError: The folder refused.
    """
    aside = free_name(path, word)
    sync(fresh)
    try:
        _move_companions(path, aside)
        if path.exists():
            try:
                os.link(path, aside)
            except OSError:  # a folder, or a file system without links
                path.rename(aside)
        os.replace(fresh, path)
    finally:
        sync(path.parent)
    return aside


def _move_companions(path: Path, aside: Path) -> None:
    """SQLite would play a log it finds beside the new file into it. An empty one, and its index, are of no use."""
    companions = {suffix: path.with_name(path.name + suffix) for suffix in COMPANIONS}
    is_logged = has_log(path)
    for suffix, companion in companions.items():
        if not companion.exists():
            continue
        if is_logged or (suffix == "-journal" and companion.stat().st_size):
            companion.rename(aside.with_name(aside.name + suffix))
        else:
            companion.unlink()


def free_name(path: Path, word: str) -> Path:
    """A name for what is kept; two that are kept within a second get different ones."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.name}.{word}-{stamp}")
    number = 1
    while any(aside.with_name(aside.name + suffix).exists() for suffix in ("", *COMPANIONS)):
        number += 1
        aside = path.with_name(f"{path.name}.{word}-{stamp}-{number}")
    return aside


def sync(path: Path) -> None:
    """Have a file or a folder on the disk, as far as the file system knows how."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
