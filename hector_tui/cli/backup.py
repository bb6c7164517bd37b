"""`hector-tui backup` and `hector-tui restore`: a copy of the conversations, and back."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hector_tui.cli.checks.findings import size_text
from hector_tui.cli.output import counted, say, say_json
from hector_tui.cli.setup import expanded, prepared_profile, profile_of
from hector_tui.cli.statuses import EXIT_DONE
from hector_tui.errors import StoreError

if TYPE_CHECKING:
    from hector_tui.paths import Profile
    from hector_tui.sessions.backup import Backup

_MADE_BY_HAND = "manual"


def run_backup(options: argparse.Namespace) -> int:
    """Make a backup now and say where it is.

    Raises:
        StoreError: There is nothing to copy, or it cannot be read or written.
        ProfileError: The profile cannot be used.
    """
    from hector_tui.sessions.backup import make_backup

    profile = profile_of(options)
    if not profile.database.is_file():
        raise StoreError("there is no database yet", where=str(profile.database), hint="The first start makes it.")
    prepared_profile(options)
    made = make_backup(profile.database, _target(options.file, profile))
    say(f"{made.path}  {size_text(made.size)}, {_content(made)}, checked")
    return EXIT_DONE


def _target(named: str | None, profile: Profile) -> Path:
    from hector_tui.sessions.backup import new_name

    if named is None:
        return new_name(profile.backups, _MADE_BY_HAND)
    path = expanded(named).absolute()
    return new_name(path) if path.is_dir() else path


def run_restore(options: argparse.Namespace) -> int:
    """List the backups, or bring one back and say how to undo that.

    Raises:
        StoreError: The backup cannot be used, or a process uses the profile.
        ProfileError: The profile cannot be used.
    """
    from hector_tui.sessions.backup import restore

    if options.file == "list":
        return _list(options)
    profile = profile_of(options)
    chosen = _newest(profile) if options.file == "latest" else expanded(options.file).absolute()
    restored = restore(prepared_profile(options), chosen, salvages=options.salvage)
    say(f"Restored from {restored.backup.path}")
    say(f"of {_when(restored.backup)}, with {_content(restored.backup)}.")
    if restored.aside is not None:
        say(f"What was there before is kept as {restored.aside}.")
        say(f"To undo this: hector-tui restore {restored.aside}")
    say("Long-term memory is indexed again at the next start.")
    return EXIT_DONE


def _newest(profile: Profile) -> Path:
    from hector_tui.sessions.backup import newest_good

    found = newest_good(profile.backups)
    if found is None:
        raise StoreError("there is no backup that can be used", where=str(profile.backups))
    return found.path


def _list(options: argparse.Namespace) -> int:
    from hector_tui.sessions.backup import list_backups

    profile = profile_of(options)
    found = list_backups(profile.backups)
    for backup in found:
        if options.json:
            say_json(
                {
                    "path": str(backup.path),
                    "made_at": backup.made_at,
                    "size": backup.size,
                    "sessions": backup.sessions,
                    "turns": backup.turns,
                    "problem": backup.problem,
                }
            )
        else:
            say(f"{_when(backup)}  {size_text(backup.size):>9}  {backup.problem or _content(backup)}  {backup.path}")
    if not found and not options.json:
        say(f"There is no backup in {profile.backups} yet; `hector-tui backup` makes one.")
    return EXIT_DONE


def _when(backup: Backup) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(backup.made_at))


def _content(backup: Backup) -> str:
    return f"{counted(backup.sessions, 'session')} and {counted(backup.turns, 'turn')}"
