"""Sums over the usage of turns, made by SQLite: a profile may hold a hundred thousand of them."""

from __future__ import annotations

from collections.abc import Sequence

from hector_tui.domain.spending import Spending, SpendingBy
from hector_tui.domain.usage import Usage
from hector_tui.sessions.database import Database

_NAME_OF = {
    "day": "date(coalesce(finished_at, created_at), 'unixepoch', 'localtime')",
    "agent": "agent_id",
    "model": "model",
    "session": "session_id",
}
_NUMBERS = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "cost")
_TOKENS = "coalesce(json_extract(usage, '$.input_tokens'), 0) + coalesce(json_extract(usage, '$.output_tokens'), 0)"


class SpendingTable:
    """Reads what was spent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spent(
        self, by: SpendingBy, *, session_id: str = "", since: float = 0.0, limit: int = 100
    ) -> Sequence[Spending]:
        """Sums of turns that spent anything; days newest first, the others by their tokens, most first.

        Args:
            by: What to sum over.
            session_id: Of one session only; empty for all.
            since: Seconds since the epoch, UTC; turns created earlier are left out.
            limit: The most sums.
        """
        sums = ", ".join(f"sum(json_extract(usage, '$.{name}')) AS {name}" for name in _NUMBERS)
        rows = await self._database.rows(
            f"SELECT {_NAME_OF[by]} AS name, count(*) AS turns, {sums},"
            " max(coalesce(json_extract(usage, '$.estimated'), 0)) AS estimated,"
            " sum(json_extract(usage, '$.cost') IS NULL) AS unpriced"
            f" FROM turns WHERE created_at >= ? AND (? = '' OR session_id = ?) AND {_TOKENS} > 0"
            f" GROUP BY 1 ORDER BY {'name' if by == 'day' else f'sum({_TOKENS})'} DESC LIMIT ?",
            (since, session_id, session_id, limit),
        )
        return [
            Spending(
                name=row["name"],
                turns=row["turns"],
                usage=Usage(
                    input_tokens=row["input_tokens"] or 0,
                    output_tokens=row["output_tokens"] or 0,
                    cached_tokens=row["cached_tokens"] or 0,
                    reasoning_tokens=row["reasoning_tokens"] or 0,
                    estimated=bool(row["estimated"]),
                    cost=row["cost"],
                ),
                unpriced=row["unpriced"],
            )
            for row in rows
        ]
