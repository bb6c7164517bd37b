"""Lists of sessions, a page at a time, and the search through titles and what was said.

The full-text index is asked for the newest messages and for no more than `LOOKED_AT` of them: ranking every message
that holds a common word takes a third of a second at 200,000 messages, the newest 5,000 take a few milliseconds.

An index of words finds nothing inside the sentences of scripts without spaces. There the texts themselves are read, of
the newest `SCANNED` messages; FTS5's trigrams would find three characters and more, and most words there have two.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence

from hector_tui.domain.excerpts import Excerpt, SearchWords, excerpt, fold, search_words
from hector_tui.domain.listing import SessionPage, SessionQuery, SessionRow, SessionView, SortBy, searched_text
from hector_tui.domain.turns import TurnStatus
from hector_tui.errors import StoreCorrupt
from hector_tui.sessions.database import Database, placeholders
from hector_tui.sessions.rows import message_of, session_of, storable

LOOKED_AT = 5_000
"""Matching messages that are looked at, the newest ones."""
SCANNED = 20_000
"""Messages that are read where the index does not help, the newest ones."""
_LEAST_LETTERS = 2
"""Letters of a beginning that are looked for; the index keeps no list of what begins with one letter."""

_VIEWS: dict[SessionView, str] = {
    "current": "s.deleted_at IS NULL AND NOT s.archived",
    "archived": "s.deleted_at IS NULL AND s.archived",
    "deleted": "s.deleted_at IS NOT NULL",
}
_ORDERS: dict[SortBy, tuple[str, str]] = {
    "used": ("s.updated_at DESC", "s.updated_at"),
    "created": ("s.created_at DESC", "s.created_at"),
    "title": ("s.title COLLATE NOCASE", "s.title COLLATE NOCASE DESC"),
    "agent": ("s.agent_id, s.updated_at DESC", "s.agent_id DESC, s.updated_at DESC"),
    "turns": ("s.turns DESC", "s.turns"),
}
"""As a person expects it, and the other way round; every order ends with the id, or pages would overlap."""

_INDEXED = "SELECT rowid AS found FROM messages_fts WHERE messages_fts MATCH ? ORDER BY rowid DESC LIMIT ?"
_NEWEST = "SELECT message_id FROM messages ORDER BY message_id DESC LIMIT ?"
_HITS = (
    "WITH hits AS MATERIALIZED (SELECT m.session_id, m.message_id FROM ({found})"
    " JOIN messages m ON m.message_id = found),"
    " best AS (SELECT session_id, max(message_id) AS newest, count(*) AS hits FROM hits GROUP BY session_id) "
)
_SETTLED = "status IN ('done','failed','cancelled','interrupted')"


class SessionListing:
    """Reads lists of sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, query: SessionQuery, offset: int, limit: int) -> SessionPage:
        """Some sessions of a list, pinned ones first.

        Args:
            query: Which, and in which order. No text a person can type is an error; text without letters finds nothing.
            offset: The place of the first, from 0.
            limit: How many at most.

        Raises:
            StoreError: The database could not be read.
        """
        words = search_words(query.text)
        if query.text.strip() and not words:
            return SessionPage((), offset, 0)
        found = await self._read(query, words, offset, limit)
        if not found and offset:
            first = await self._read(query, words, 0, 1)
            return SessionPage((), offset, first[0]["total"] if first else 0)
        if not found:
            return SessionPage((), offset, 0, is_cut=words.is_unspaced and await self._is_cut())
        rows = await self._complete(found, words)
        return SessionPage(rows, offset, found[0]["total"], is_cut=bool(found[0]["is_cut"]))

    async def _is_cut(self) -> bool:
        return bool((await self._database.rows(f"SELECT {_more_than(SCANNED)}"))[0][0])

    async def _read(self, query: SessionQuery, words: SearchWords, offset: int, limit: int) -> Sequence[sqlite3.Row]:
        order = "s.deleted_at DESC" if query.view == "deleted" and query.sort == "used" else ""
        order = order or _ORDERS[query.sort][query.reverse]
        conditions = [_VIEWS[query.view]]
        if not query.with_empty:
            conditions.append("s.turns > 0")
        values: list[object] = []
        before, columns, joined = "", "0 AS hits, NULL AS newest, 0 AS is_cut", ""
        if words:
            found, values, is_cut = _finding(words)
            in_title = [storable(fold(" ".join(phrase))) for phrase in words.phrases]
            titles = " AND ".join("instr(folded(s.title), ?) > 0" for _ in in_title)
            if found:
                before = _HITS.format(found=found)
                columns = f"coalesce(b.hits, 0) AS hits, b.newest, {is_cut} AS is_cut"
                joined = " LEFT JOIN best b ON b.session_id = s.session_id"
                conditions.append(f"(b.session_id IS NOT NULL OR ({titles}))")
            else:
                conditions.append(f"({titles})")
            values += in_title
        return await self._database.rows(
            f"{before}SELECT s.*, {columns}, count(*) OVER () AS total FROM sessions s{joined}"
            f" WHERE {' AND '.join(conditions)} ORDER BY s.pinned DESC, {order}, s.session_id LIMIT ? OFFSET ?",
            (*values, limit, offset),
        )

    async def _complete(self, found: Sequence[sqlite3.Row], words: SearchWords) -> tuple[SessionRow, ...]:
        ids = [row["session_id"] for row in found]
        states = {
            row["session_id"]: row
            for row in await self._database.rows(
                "SELECT s.session_id,"
                " coalesce((SELECT seen_ordinal FROM tabs WHERE session_id = s.session_id), 0) AS seen,"
                f" coalesce((SELECT ordinal FROM turns WHERE session_id = s.session_id AND {_SETTLED}"
                " ORDER BY ordinal DESC LIMIT 1), 0) AS settled,"
                " (SELECT status FROM turns WHERE session_id = s.session_id ORDER BY ordinal DESC LIMIT 1) AS status"
                f" FROM sessions s WHERE s.session_id IN ({placeholders(ids)})",
                ids,
            )
        }
        matches = await self._matches([row["newest"] for row in found if row["newest"] is not None], words)
        rows = []
        for row in found:
            state = states.get(row["session_id"])
            match, turn = matches.get(row["newest"], (Excerpt(""), 0))
            rows.append(
                SessionRow(
                    info=session_of(row),
                    unread=max(0, state["settled"] - state["seen"]) if state is not None else 0,
                    last_status=TurnStatus(state["status"]) if state is not None and state["status"] else None,
                    hits=row["hits"],
                    match=match,
                    match_turn=turn,
                )
            )
        return tuple(rows)

    async def _matches(self, message_ids: Sequence[int], words: SearchWords) -> dict[int, tuple[Excerpt, int]]:
        if not message_ids:
            return {}
        rows = await self._database.rows(
            "SELECT m.*, t.ordinal AS ordinal FROM messages m JOIN turns t USING (turn_id)"
            f" WHERE m.message_id IN ({placeholders(message_ids)})",
            message_ids,
        )
        return {row["message_id"]: (self._excerpt(row, words), row["ordinal"]) for row in rows}

    def _excerpt(self, row: sqlite3.Row, words: SearchWords) -> Excerpt:
        try:
            with self._database.noting_damage():
                message = message_of(row)
        except StoreCorrupt:  # noted for the next start; the rest of the list is worth showing
            return Excerpt("")
        return excerpt(searched_text(message.message), words)


def _finding(words: SearchWords) -> tuple[str, list[object], str]:
    """How messages that hold all words are found; empty when no message is looked for.

    Returns:
        A query, its values, and an expression for whether there are more messages than it looks at.
    """
    if words.is_unspaced:
        texts = [f"%{_as_typed(phrase)}%" for phrase in words.phrases]
        conditions = " AND ".join("words LIKE ? ESCAPE '\\'" for _ in texts)
        return (
            f"SELECT message_id AS found FROM message_words WHERE message_id IN ({_NEWEST}) AND {conditions}",
            [SCANNED, *texts],
            _more_than(SCANNED),
        )
    match = match_expression(words)
    return (_INDEXED, [match, LOOKED_AT], f"(SELECT count(*) >= {LOOKED_AT} FROM hits)") if match else ("", [], "")


def _more_than(messages: int) -> str:
    return f"EXISTS (SELECT 1 FROM messages LIMIT 1 OFFSET {messages})"


def _as_typed(phrase: Sequence[str]) -> str:
    return re.sub(r"([%_\\])", r"\\\1", storable(" ".join(phrase)))


def match_expression(words: SearchWords) -> str:
    """An FTS5 expression for messages that hold all words; empty when there is nothing to look for.

    Every word is quoted, so that nothing a person types is an operator of FTS5's query language.
    """
    parts = []
    for number, phrase in enumerate(words.phrases):
        quoted = '"' + " ".join(storable(word) for word in phrase) + '"'
        if words.last_is_open and number == len(words.phrases) - 1:
            if len(phrase[-1]) < _LEAST_LETTERS:
                continue
            quoted += "*"
        parts.append(quoted)
    return " AND ".join(parts)
