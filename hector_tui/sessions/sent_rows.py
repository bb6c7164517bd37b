"""Finding what a person sent, in whichever session."""

from __future__ import annotations

import sqlite3

from hector_tui.domain.addressing import addressed
from hector_tui.domain.turns import SentPrompt

NEWEST = 20_000
"""Turns that are looked at: what somebody wants to send again is seldom older than that."""
SHOWN = 2_000
"""Characters of a message that a list may need; a folded paste can have a million."""
_MOST_WORDS = 8

_SEARCH = f"""
SELECT turn_id, head, newest.agent_id, sessions.agent_id AS home, title, max(newest.created_at) AS created_at
FROM (
    SELECT turn_id, session_id, agent_id, created_at, text, substr(text, 1, {SHOWN}) AS head, length(text) AS length
    FROM turns ORDER BY created_at DESC LIMIT {NEWEST}
) AS newest JOIN sessions USING (session_id)
WHERE text <> '' {{conditions}}
GROUP BY head, length, iif(newest.agent_id = sessions.agent_id, '', newest.agent_id)
ORDER BY max(newest.created_at) DESC LIMIT ?
"""


def search(words: str, limit: int) -> tuple[str, tuple[object, ...]]:
    """The statement that finds messages with all of these words, newest first, each text once, with its values.

    SQLite's LIKE knows upper and lower case of ASCII letters only, so a word with others is looked for in three ways.
    """
    conditions: list[str] = []
    values: list[object] = []
    for word in words.split()[:_MOST_WORDS]:
        spellings = list(dict.fromkeys((word, word.lower(), word.upper(), word.capitalize())))
        ways = spellings if not word.isascii() else spellings[:1]
        conditions.append("AND (" + " OR ".join(["text LIKE ? ESCAPE '\\'"] * len(ways)) + ")")
        values += [f"%{_literal(way)}%" for way in ways]
    return _SEARCH.format(conditions=" ".join(conditions)), (*values, limit)


def sent_of(row: sqlite3.Row) -> SentPrompt:
    """A row of `search`."""
    return SentPrompt(
        turn_id=row["turn_id"],
        text=addressed(row["head"], row["agent_id"], row["home"]),
        session_title=row["title"],
        created_at=row["created_at"],
    )


def _literal(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
