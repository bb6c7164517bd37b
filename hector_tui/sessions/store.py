"""A profile's database with its tables and this process's claim on it."""

from __future__ import annotations

from dataclasses import dataclass

from hector_tui.domain.turns import Turn
from hector_tui.paths import Profile
from hector_tui.sessions.database import Database
from hector_tui.sessions.memories import MemoryTable
from hector_tui.sessions.owner import Owner
from hector_tui.sessions.service import SessionService
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
        owner = Owner(profile.locks)
        try:
            database = await Database.open(profile.database, profile.backups)
        except BaseException:
            owner.close()
            raise
        sessions = SessionService(database, owner.owner_id)
        try:
            interrupted = await sessions.recover(owner.is_gone)
        except BaseException:
            await database.aclose()
            owner.close()
            raise
        return cls(
            database=database,
            owner=owner,
            sessions=sessions,
            tabs=TabTable(database),
            memories=MemoryTable(database),
            interrupted=tuple(interrupted),
            notices=database.notices,
        )

    async def aclose(self) -> None:
        """Close the database and give up the claim; safe to call twice."""
        await self.database.aclose()
        self.owner.close()
