"""`hector-tui sessions`: what conversations there are, and what was said in one."""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import asdict

from hector_tui.cli.main import EXIT_DONE
from hector_tui.cli.output import say, say_json
from hector_tui.cli.setup import open_engine
from hector_tui.domain.messages import Message, Role, ToolCallPart, ToolResultPart
from hector_tui.domain.turns import SessionInfo, TurnRecord
from hector_tui.engine.host import Engine

_PAGE = 200


def run_sessions(options: argparse.Namespace) -> int:
    """List sessions or show one."""
    return asyncio.run(_list(options) if options.action == "list" else _show(options))


async def _list(options: argparse.Namespace) -> int:
    async with open_engine(options) as engine:
        for info in await engine.chat.sessions(options.limit):
            if options.json:
                say_json(asdict(info))
            else:
                say(_line(info))
    return EXIT_DONE


def _line(info: SessionInfo) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(info.updated_at))
    turns = "1 turn" if info.turns == 1 else f"{info.turns} turns"
    return f"{info.session_id}  {when}  {info.agent_id:<14} {turns:>9}  {info.title}"


async def _show(options: argparse.Namespace) -> int:
    async with open_engine(options) as engine:
        info = await engine.chat.session(options.session_id)
        if not options.json:
            say(f"# {info.title or '(no title)'}\n{_line(info)}\n")
        for record in await _all_turns(engine, info.session_id):
            _show_turn(record, as_json=options.json)
    return EXIT_DONE


async def _all_turns(engine: Engine, session_id: str) -> list[TurnRecord]:
    """Every turn, oldest first, read page by page from the end."""
    records: list[TurnRecord] = []
    before: int | None = None
    while page := await engine.chat.history(session_id, before=before, limit=_PAGE):
        records[:0] = page
        before = page[0].turn.ordinal
    return records


def _show_turn(record: TurnRecord, *, as_json: bool) -> None:
    turn = record.turn
    if not record.messages:
        # A turn that waits has no message row yet; what was sent is shown all the same.
        _show_message(turn.key.agent_id, turn.status.value, None, "user", turn.text, turn.turn_id, as_json=as_json)
    for stored in record.messages:
        text = _text(stored.message)
        role = stored.message.role.value
        _show_message(turn.key.agent_id, turn.status.value, stored.seq, role, text, turn.turn_id, as_json=as_json)
    if not as_json and turn.error:
        say(f"[{turn.status.value}: {turn.error}]\n")


def _show_message(
    agent_id: str, status: str, seq: int | None, role: str, text: str, turn_id: str, *, as_json: bool
) -> None:
    if as_json:
        say_json({"role": role, "text": text, "seq": seq, "agent_id": agent_id, "status": status, "turn_id": turn_id})
    else:
        say(f"── {role if role != Role.ASSISTANT else agent_id}\n{text}\n")


def _text(message: Message) -> str:
    """The words of a message; tool calls and results as they were written."""
    lines = [message.text] if message.text else []
    for part in message.parts:
        match part:
            case ToolCallPart(_, name, arguments):
                lines.append(f"[tool call] {name} {arguments}")
            case ToolResultPart(_, name, text, is_error):
                lines.append(f"[{'tool error' if is_error else 'tool result'}] {name}: {text}")
            case _:
                pass
    return "\n".join(lines)
