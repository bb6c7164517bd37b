"""The backup a profile makes by itself: one a day, the newest seven kept."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from hector_tui.errors import HectorError, ProfileError
from hector_tui.paths import Profile
from hector_tui.sessions.backup import Backup, Stopped, make_backup, new_name, stamp_of
from hector_tui.sessions.database import read_only
from hector_tui.sessions.owner import locked

KEPT = 7
"""Daily backups that are kept; copies before migrations and those made by hand are not among them."""
DAY_S = 24 * 3600.0
FIRST_S = 1.0
"""Seconds after the start: what the person sees first comes first."""
LOOK_S = 3600.0
"""Seconds between two looks at whether one is due, for a program that stays open for weeks."""
_DAILY = re.compile(r"sessions-\d{8}-\d{6}(-\d+)?\.db")

logger = logging.getLogger(__name__)


async def keep_daily_backups(profile: Profile, tell: Callable[[str], None], *, first_s: float = FIRST_S) -> None:
    """Make a backup whenever one is due, until cancelled; then nothing of an unfinished one is left.

    Args:
        profile: Whose database.
        tell: Called with a sentence when a backup could not be made; not again before one was made.
        first_s: Seconds until the first look.
    """
    is_told = False
    await asyncio.sleep(first_s)
    while True:
        try:
            if await _in_thread(lambda stop: make_daily_backup(profile, stop=stop)) is not None:
                is_told = False
        except HectorError as error:
            logger.warning("no backup was made: %s", error)
            if not is_told:
                is_told = True
                tell(f"No backup of the conversations could be made: {error}")
        except Exception:
            # Whatever it is, it must not end the program that this only takes care of.
            logger.exception("the daily backup failed")
        await asyncio.sleep(LOOK_S)


def make_daily_backup(
    profile: Profile, *, stop: threading.Event | None = None, clock: Callable[[], float] = time.time
) -> Backup | None:
    """Make today's backup if it is due and there is something to keep, and remove those beyond the newest seven.

    Raises:
        StoreError: It could not be made.
        Stopped: `stop` was set.
    """
    try:
        with locked(profile.locks / "backup", timeout_s=0.0):
            for leftover in profile.backups.glob(".*.part-*"):
                leftover.unlink(missing_ok=True)
            if not _is_due(daily_backups(profile.backups), clock()) or not _has_content(profile.database):
                return None
            made = make_backup(profile.database, new_name(profile.backups), stop=stop)
            for old in daily_backups(profile.backups)[KEPT:]:
                old.unlink(missing_ok=True)
            return made
    except ProfileError as error:
        logger.info("another process makes the backup: %s", error)
        return None


def daily_backups(folder: Path) -> list[Path]:
    """The copies that were made by themselves, the newest first."""
    found = [path for path in folder.glob("sessions-*.db") if _DAILY.fullmatch(path.name)]
    return sorted(found, key=lambda path: (stamp_of(path.name) or 0.0, path.name), reverse=True)


def _is_due(made: Sequence[Path], now: float) -> bool:
    """Whether none is of the last 24 hours; one from the future, made by a wrong clock, says nothing."""
    return not any(0 <= now - (stamp_of(path.name) or 0.0) < DAY_S for path in made)


def _has_content(database: Path) -> bool:
    try:
        with read_only(database) as connection:
            (found,) = connection.execute(
                "SELECT EXISTS(SELECT 1 FROM turns) OR EXISTS(SELECT 1 FROM memories)"
            ).fetchone()
            return bool(found)
    except sqlite3.Error:
        return True  # making the backup tells what is wrong


async def _in_thread(work: Callable[[threading.Event], Backup | None]) -> Backup | None:
    """Run the work in a thread; cancelled, tell it to stop and wait until it has cleaned up."""
    stop = threading.Event()
    running = asyncio.ensure_future(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait({running})
        if not running.cancelled() and (error := running.exception()) and not isinstance(error, Stopped):
            logger.info("the backup ended with %s", error)
        raise
