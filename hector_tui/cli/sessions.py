"""`hector-tui sessions`: what conversations there are, what was said in one, and what can be done with them."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import asdict

from hector_tui.cli import session_changes, session_documents
from hector_tui.cli.output import counted, prints_unicode, say, say_json
from hector_tui.cli.setup import open_store
from hector_tui.cli.statuses import EXIT_DONE
from hector_tui.domain.listing import SessionQuery
from hector_tui.domain.messages import FilePart, Message, Role, StoredMessage, ToolCallPart, ToolResultPart
from hector_tui.domain.turns import SessionInfo, Turn, TurnRecord, TurnStatus
from hector_tui.sessions.service import SessionService

_PAGE = 200


def run_sessions(options: argparse.Namespace) -> int:
    """List sessions, show one, or change some.

    Raises:
        UnknownSession: There is none with that id.
        HectorError: The profile or its database cannot be used.
    """
    actions: dict[str, Callable[[argparse.Namespace], Coroutine[None, None, int]]] = {
        "list": _list,
        "show": _show,
        "search": session_changes.search,
        "archive": session_changes.archive,
        "delete": session_changes.delete,
        "undelete": session_changes.undelete,
        "fork": session_changes.fork,
        "export": _export,
        "import": session_documents.import_,
    }
    return asyncio.run(actions[options.action](options))


async def _export(options: argparse.Namespace) -> int:
    return await (session_documents.export_json if options.json else session_changes.export)(options)


async def _list(options: argparse.Namespace) -> int:
    async with open_store(options) as store:
        page = await store.library.page(SessionQuery(view=options.view), 0, options.limit)
    for info in (row.info for row in page.rows):
        if options.json:
            say_json(asdict(info))
        else:
            say(_line(info))
    return EXIT_DONE


def _line(info: SessionInfo) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(info.updated_at))
    return f"{info.session_id}  {when}  {info.agent_id:<14} {counted(info.turns, 'turn'):>9}  {info.title}"


async def _show(options: argparse.Namespace) -> int:
    async with open_store(options) as store:
        info = await store.sessions.get(options.session_id)
        if not options.json:
            say(f"# {info.title or '(no title)'}\n{_line(info)}\n")
        async for record in _turns(store.sessions, info.session_id):
            if options.json:
                _print_json(record)
            else:
                _print_text(record)
    return EXIT_DONE


async def _turns(sessions: SessionService, session_id: str) -> AsyncIterator[TurnRecord]:
    """Every turn, oldest first, a page at a time, so that the first lines do not wait for the last."""
    after = 0
    newest = await sessions.history(session_id, limit=1)
    last = newest[-1].turn.ordinal if newest else 0
    while after < last:
        # A page is a range of ordinals, which a withdrawn turn leaves shorter; by `limit` the newest would come first.
        for record in await sessions.history(session_id, after=after, before=after + _PAGE + 1, limit=_PAGE):
            yield record
        after += _PAGE


def _print_json(record: TurnRecord) -> None:
    turn = record.turn
    if not record.messages:
        # A turn that waits has no message row yet; what was sent is shown all the same.
        say_json(_object(turn, Role.USER, turn.text, None, turn.created_at))
    for stored in record.messages:
        message = stored.message
        data = _object(turn, message.role, _words(message), stored.seq, stored.created_at)
        if message.tool_calls:
            data["tool_calls"] = [
                {"call_id": call.call_id, "name": call.name, "arguments": call.arguments} for call in message.tool_calls
            ]
        say_json(data)


def _object(turn: Turn, role: Role, text: str, seq: int | None, created_at: float) -> dict[str, object]:
    return {
        "role": role.value,
        "text": text,
        "seq": seq,
        "agent_id": turn.key.agent_id,
        "status": turn.status.value,
        "turn_id": turn.turn_id,
        "session_id": turn.key.session_id,
        "created_at": created_at,
    }


def _words(message: Message) -> str:
    """What was said, and for a tool what it answered."""
    if message.role is Role.TOOL:
        return "\n".join(part.text for part in message.parts if isinstance(part, ToolResultPart))
    return message.text


def _print_text(record: TurnRecord) -> None:
    turn = record.turn
    rule = "──" if prints_unicode() else "--"
    if not record.messages:
        say(f"{rule} {Role.USER.value}\n{turn.text}\n")
    for stored in record.messages:
        say(f"{rule} {_speaker(turn, stored)}\n{_written(stored.message)}\n")
    if turn.error:
        say(f"[{turn.status.value}: {turn.error}]\n")
    elif turn.status is not TurnStatus.DONE:
        say(f"[{turn.status.value}]\n")


def _speaker(turn: Turn, stored: StoredMessage) -> str:
    role = stored.message.role
    return turn.key.agent_id if role is Role.ASSISTANT else role.value


def _written(message: Message) -> str:
    """The words of a message; tool calls and results as they were written."""
    lines = [message.text] if message.text else []
    for part in message.parts:
        match part:
            case FilePart(name=name, media_type=media_type):
                lines.append(f"[file] {name} ({media_type})")
            case ToolCallPart(_, name, arguments):
                lines.append(f"[tool call] {name} {arguments}")
            case ToolResultPart(_, name, text, is_error):
                lines.append(f"[{'tool error' if is_error else 'tool result'}] {name}: {text}")
            case _:
                pass
    return "\n".join(lines)
