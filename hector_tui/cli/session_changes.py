"""`hector-tui sessions search|archive|delete|undelete|fork|export`: the same things the sessions screen does."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict

from hector_tui.cli.new_file import new_file
from hector_tui.cli.output import counted, say, say_json, warn
from hector_tui.cli.setup import expanded, open_store
from hector_tui.cli.statuses import EXIT_DONE, EXIT_FAILED
from hector_tui.domain.listing import TRASH_DAYS, SessionQuery, SessionRow
from hector_tui.domain.messages import Role, StoredMessage, ToolCallPart, ToolResultPart
from hector_tui.domain.turns import SessionInfo, TurnRecord, TurnStatus
from hector_tui.sessions.library import NEWEST
from hector_tui.sessions.service import SessionService
from hector_tui.sessions.store import Store

_PAGE = 200


async def search(options: argparse.Namespace) -> int:
    """Sessions whose title or messages hold all the words, last used first; 1 when there is none."""
    async with open_store(options) as store:
        query = SessionQuery(text=" ".join(options.words))
        page = await store.library.page(query, 0, options.limit)
    for row in page.rows:
        if options.json:
            match = {"text": row.match.text, "marks": row.match.marks, "turn": row.match_turn}
            say_json({**asdict(row.info), "hits": row.hits, "match": match if row.hits else None})
        else:
            say(_line(row))
    if page.is_cut:
        warn("Only the newest messages were looked at, because there are so many; a further word may find older ones.")
    return EXIT_DONE if page.rows else EXIT_FAILED


def _line(row: SessionRow) -> str:
    info = row.info
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(info.updated_at))
    title = " ".join(info.title.split())
    head = f"{info.session_id}  {when}  {info.agent_id:<14} {counted(info.turns, 'turn'):>9}  {title}"
    return f"{head}\n    {counted(row.hits, 'hit')}, turn {row.match_turn}: {row.match.text}" if row.hits else head


async def archive(options: argparse.Namespace) -> int:
    """Put sessions away, or with `--undo` back into the list."""
    async with open_store(options) as store:
        await _must_be_there(store, options.session_ids)
        changed = await store.library.archive(options.session_ids, not options.undo)
    say(f"{'Back in the list' if options.undo else 'Archived'}: {counted(changed, 'session')}.")
    return EXIT_DONE


async def delete(options: argparse.Namespace) -> int:
    """Put sessions into the trash, or with `--forever` delete them for good, from the trash too."""
    async with open_store(options) as store:
        if options.forever:
            gone = await store.library.purge(options.session_ids)
            await store.library.sweep()
        else:
            gone = await store.library.delete(options.session_ids)
    if gone:
        way_back = "" if options.forever else f" For {TRASH_DAYS} days `hector-tui sessions undelete ID` brings back."
        say(f"Deleted{' for good' if options.forever else ''}: {counted(len(gone), 'session')}.{way_back}")
    return _told_missing(options.session_ids, gone, "there is no session")


async def undelete(options: argparse.Namespace) -> int:
    """Bring sessions back from the trash."""
    async with open_store(options) as store:
        back = await store.library.undelete(options.session_ids)
    if back:
        say(f"Brought back: {counted(len(back), 'session')}.")
    return _told_missing(options.session_ids, back, "there is no deleted session")


async def fork(options: argparse.Namespace) -> int:
    """Begin a session with what was said in another one; prints the new session's id."""
    async with open_store(options) as store:
        up_to = NEWEST if options.turn is None else options.turn
        forked = await store.sessions.get(await store.library.fork(options.session_id, up_to))
    if options.json:
        say_json(asdict(forked))
    else:
        say(f"{forked.session_id}  {counted(forked.turns, 'turn')}  {' '.join(forked.title.split())}")
    return EXIT_DONE


async def export(options: argparse.Namespace) -> int:
    """A stored session as Markdown, on standard output or in a file that is not there yet."""
    async with open_store(options) as store:
        info = await store.sessions.get(options.session_id)
        pieces = [_head(info)]
        after = 0
        while records := await _page_after(store.sessions, info.session_id, after):
            pieces += [_exported(record) for record in records]
            after = records[-1].turn.ordinal
    text = "\n\n".join(piece for piece in pieces if piece) + "\n"
    if options.file is None:
        say(text.rstrip("\n"))
        return EXIT_DONE
    path = expanded(options.file)
    with new_file(path) as file:
        file.write(text)
    say(f"Exported to {path.absolute()}")
    return EXIT_DONE


async def _page_after(sessions: SessionService, session_id: str, after: int) -> Sequence[TurnRecord]:
    """The next turns behind an ordinal, oldest first; empty at the end."""
    newest = await sessions.history(session_id, limit=1)
    last = newest[-1].turn.ordinal if newest else 0
    while after < last:
        # A page is a range of ordinals: by `limit` alone the newest turns would come first.
        records = await sessions.history(session_id, after=after, before=after + _PAGE + 1, limit=_PAGE)
        if records:
            return records
        after += _PAGE
    return ()


def _head(info: SessionInfo) -> str:
    return f"# {' '.join(info.title.split()) or '(no title)'}"


def _exported(record: TurnRecord) -> str:
    """A turn as the interface exports it: what was said, and the tools as quotations."""
    turn = record.turn
    at = time.strftime("%Y-%m-%d %H:%M", time.localtime(turn.created_at))
    parts = [f"## You, {at}\n\n{turn.text}"]
    parts += [_said(turn.key.agent_id, stored) for stored in record.messages if stored.message.role is not Role.USER]
    if turn.status is not TurnStatus.DONE:
        parts.append(f"> {turn.status.value}{f': {turn.error}' if turn.error else ''}")
    return "\n\n".join(part for part in parts if part)


def _said(agent_id: str, stored: StoredMessage) -> str:
    quoted = []
    for part in stored.message.parts:
        match part:
            case ToolCallPart(_, name, arguments):
                quoted.append(f"{name} {arguments}")
            case ToolResultPart(_, name, text, is_error):
                quoted.append(f"{name} {'failed' if is_error else 'answered'}: {text}")
            case _:
                pass
    quotation = "\n".join(f"> {line}" for text in quoted for line in text.splitlines())
    words = stored.message.text
    answer = f"## {agent_id}\n\n{words}" if words and stored.message.role is Role.ASSISTANT else ""
    return "\n\n".join(part for part in (answer, quotation) if part)


async def _must_be_there(store: Store, session_ids: Sequence[str]) -> None:
    for session_id in session_ids:
        await store.sessions.get(session_id)


def _told_missing(wanted: Sequence[str], found: Sequence[str], reason: str) -> int:
    missing = [session_id for session_id in dict.fromkeys(wanted) if session_id not in found]
    for session_id in missing:
        warn(f"{reason} {session_id!r}")
    return EXIT_FAILED if missing else EXIT_DONE
