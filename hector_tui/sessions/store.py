"""A profile's database with its tables and this process's claim on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from hector_tui.domain.turns import Turn
from hector_tui.errors import StoreCorrupt
from hector_tui.paths import Profile
from hector_tui.sessions.approvals import ApprovalTable
from hector_tui.sessions.backup import newest_good
from hector_tui.sessions.database import Database
from hector_tui.sessions.documents.table import DocumentTable
from hector_tui.sessions.library import LibraryTable
from hector_tui.sessions.memories import MemoryTable
from hector_tui.sessions.owner import Owner
from hector_tui.sessions.repair import Repair, counted
from hector_tui.sessions.service import SessionService
from hector_tui.sessions.spending import SpendingTable
from hector_tui.sessions.tabs import TabTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Everything that reads and writes the database of a profile.

    Attributes:
        interrupted: Turns that were live when their process ended, found at this opening.
        notices: What the person should know about the opening.
    """

    database: Database
    owner: Owner
    sessions: SessionService
    tabs: TabTable
    memories: MemoryTable
    approvals: ApprovalTable
    spending: SpendingTable
    library: LibraryTable
    documents: DocumentTable
    interrupted: tuple[Turn, ...]
    notices: tuple[str, ...]

    @classmethod
    async def open(cls, profile: Profile) -> Store:
        """Open the database of a profile and settle what ended processes left behind.

        Raises:
            ProfileError: The folder cannot be used.
            StoreError: The database cannot be opened.
        """
        profile.prepare()
        # In a thread: making an owner waits while another process restores a backup.
        owner = await asyncio.to_thread(Owner, profile.locks)
        try:
            return await cls._open_with_recovery(profile, owner)
        except BaseException:
            owner.close()
            raise

    @classmethod
    async def _open_with_recovery(cls, profile: Profile, owner: Owner) -> Store:
        """Open the database and settle what ended processes left; when that meets damage, repair and open again."""
        notices: list[str] = []
        has_failed = False
        while True:
            database = await Database.open(profile.database, profile.backups, owner.alone)
            sessions = SessionService(database, owner.owner_id)
            interrupted: Sequence[Turn] = ()
            try:
                notices += await asyncio.to_thread(_tell_repair, profile, database.repaired)
                interrupted = await sessions.recover(owner.is_gone)
            except StoreCorrupt as error:
                if not has_failed:
                    has_failed = True
                    await database.aclose()
                    continue
                notices.append(f"Turns that were cut off cannot be settled: {error}")
            except BaseException:
                await database.aclose()
                raise
            break
        return cls(
            database=database,
            owner=owner,
            sessions=sessions,
            tabs=TabTable(database),
            memories=MemoryTable(database),
            approvals=ApprovalTable(database),
            spending=SpendingTable(database),
            library=LibraryTable(database),
            documents=DocumentTable(database, sessions),
            interrupted=tuple(interrupted),
            notices=tuple(notices),
        )

    async def aclose(self) -> None:
        """Close the database and give up the claim; safe to call twice."""
        try:
            await self.database.aclose()
        finally:
            self.owner.close()


def _tell_repair(profile: Profile, repaired: Repair | None) -> list[str]:
    """What was done with a damaged database, and which backup could take its place; the vectors are made anew."""
    if repaired is None:
        return []
    for mark in profile.vector_marks:
        mark.unlink(missing_ok=True)
    backup = newest_good(profile.backups)
    if backup is None:
        return [f"{repaired} There is no backup."]
    made_at = time.strftime("%Y-%m-%d %H:%M", time.localtime(backup.made_at))
    return [
        f"{repaired} The newest backup is of {made_at}, with {counted(backup.sessions, 'session')} and"
        f" {counted(backup.turns, 'turn')}: `hector-tui restore latest` brings it back instead."
    ]
